//! Reading a movie as it is presented: `AVAssetReader`.

mod audio;
mod captions;
mod damage;
mod frames;
mod look;
mod picture;
mod samples;
mod sound;
mod video;

use std::sync::Arc;

use reelwright_media::{Error, FormatDescription, Result, Track};

use crate::Asset;

pub use audio::{SoundBuffers, SoundBuilder};
pub use damage::Damage;
pub(crate) use frames::FrameReader;
pub(crate) use look::{Look, has_captions};
pub use samples::Samples;
pub(crate) use sound::SoundReader;
pub use video::{Frames, FramesBuilder};

/// The track with this ID, whose samples must be `what`.
fn track_of(asset: &Asset, id: u32, what: &str, fits: impl Fn(&FormatDescription) -> bool) -> Result<Track> {
    let track = asset.movie().track(id).ok_or_else(|| Error::misuse(format!("there is no track {id}")))?;
    if !track.formats.first().is_some_and(|format| fits(format)) {
        return Err(Error::misuse(format!("track {id} is not {what}")).at_track(id));
    }
    Ok(track.clone())
}

/// Whether a decoder opened for `a` serves samples of `b`: mostly the very same, which spares the comparison.
fn same_format(a: &Arc<FormatDescription>, b: &Arc<FormatDescription>) -> bool {
    Arc::ptr_eq(a, b) || a == b
}
