//! What is done with every hostile input: it is opened, looked at and copied. Shared with the fuzz targets.
#![allow(unreachable_pub)] // They use it from another crate.

use std::fmt;
use std::hash::{DefaultHasher, Hasher};
use std::sync::Arc;

use reelwright::media::{Error, ErrorKind, ReadAt, Result, Time};
use reelwright::{Asset, FileType, MemorySink, Remux, TrackOutcome, TrackStatistics, display_size, rfc6381};

/// How far an input got; every step it took was sound.
pub enum Verdict {
    /// It could not be opened, or looked at.
    Refused(Error),
    /// It could be looked at, but not copied.
    NotCopied(Error),
    /// The copy holds the samples of so many tracks, byte for byte.
    Copied(usize),
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(error) => write!(f, "refused: {error:?}"),
            Self::NotCopied(error) => write!(f, "not copied: {error:?}"),
            Self::Copied(tracks) => write!(f, "{tracks} tracks copied"),
        }
    }
}

/// Opens `source`, looks at everything `reel inspect` shows, and copies it into a `file_type`.
///
/// # Panics
///
/// Where the result is neither an error nor right: that is what is looked for.
pub fn exercise(source: Arc<dyn ReadAt>, file_type: FileType) -> Verdict {
    let asset = match inspect(&source) {
        Ok(asset) => asset,
        Err(error) => return Verdict::Refused(checked(error)),
    };
    match copy(&asset, file_type) {
        Ok(tracks) => Verdict::Copied(tracks),
        Err(error) => Verdict::NotCopied(checked(error)),
    }
}

/// Opens `source` and works out what `reel inspect` prints of it, boxes included.
pub fn inspect(source: &Arc<dyn ReadAt>) -> Result<Asset> {
    reelwright_bmff::dump(source.as_ref(), &mut Nowhere)?;
    let asset = Asset::from_source(source.clone())?;
    let movie = asset.movie().clone();
    for track in &movie.tracks {
        TrackStatistics::measure(&asset, track)?;
        display_size(track);
        let mut cursor = asset.cursor(track.id)?;
        for seconds in [1, i64::MAX] {
            cursor.seek(Time::from_secs(seconds))?;
        }
        let names = track.formats.iter().map(|format| rfc6381(format));
        assert!(names.flatten().all(|name| name.len() < 1000), "an endless codec string");
    }
    Ok(asset)
}

/// Copies every track that fits, and compares every sample of the copy with the input's.
fn copy(asset: &Asset, file_type: FileType) -> Result<usize> {
    let (mut sink, output) = MemorySink::new();
    let report = Remux::new(file_type).to_sink(asset, &mut sink)?;
    drop(sink);
    let made = Asset::from_source(Arc::new(output.take().expect("a finished copy is there")))
        .unwrap_or_else(|error| panic!("the copy can't be opened: {error}"));
    let mut copied = 0;
    for track in &report.tracks {
        if let TrackOutcome::Copied(_) = track.outcome {
            let (before, after) = (Samples::of(asset, track.id)?, made.movie().track(track.id));
            let Some(after) = after else { panic!("track {} is not in the copy", track.id) };
            let after = Samples::of(&made, after.id)
                .unwrap_or_else(|error| panic!("the copy of track {} can't be read: {error}", track.id));
            let format =
                |asset: &Asset| asset.movie().track(track.id)?.formats.first().map(|format| format.tag());
            // Texts of Matroska become timed text.
            let is_text =
                format(&made).is_some_and(|tag| &tag.0 == b"tx3g") && format(asset) != format(&made);
            // What couldn't be copied as it is is said to be so.
            let is_mended = track.damaged.is_some();
            assert!(
                before == after || is_text || is_mended,
                "track {} differs in the copy: {before:?} {after:?}",
                track.id
            );
            copied += 1;
        }
    }
    Ok(copied)
}

/// What the samples of a track add up to.
#[derive(Debug, PartialEq, Eq)]
struct Samples {
    bytes: u64,
    /// Of all payloads in decode order.
    digest: u64,
}

impl Samples {
    fn of(asset: &Asset, track: u32) -> Result<Self> {
        let mut cursor = asset.cursor(track)?;
        let (mut bytes, mut digest) = (0, DefaultHasher::new());
        while let Some(sample) = cursor.next_sample()? {
            bytes += sample.payload.len();
            digest.write(&sample.payload.load()?);
        }
        Ok(Self { bytes, digest: digest.finish() })
    }
}

/// An error a person can act on.
fn checked(error: Error) -> Error {
    assert_ne!(error.kind(), ErrorKind::Bug, "{error}");
    let text = error.to_string();
    assert!(text.len() < 20_000, "an endless message: {}", &text[..400]);
    error
}

/// Text that is made but not kept.
pub struct Nowhere;

impl fmt::Write for Nowhere {
    fn write_str(&mut self, _: &str) -> fmt::Result {
        Ok(())
    }
}
