//! What only the first picture says of a track's format: colour in a ProRes frame header, parameter sets that travel
//! with the samples, the range of JPEG.

use std::sync::Arc;

use reelwright_media::{FormatDescription, Movie, ReadAt, VideoCodec, VideoFormat};

use super::cursor::{Cursor, TrackData};
use crate::entry;

/// Headers and parameter sets stand in front; whatever is further back isn't looked for.
const LONGEST: u64 = 16 << 10;

/// Fills the gaps in the formats of the tracks' first samples, in `movie` and in what cursors hand out alike.
pub(super) fn complete(source: &Arc<dyn ReadAt>, movie: &mut Movie, tracks: &mut [Arc<TrackData>]) {
    for (track, data) in movie.tracks.iter_mut().zip(tracks) {
        let wanting = |format: &Arc<FormatDescription>| format.as_video().is_some_and(is_wanting);
        if !track.formats.iter().any(wanting) {
            continue;
        }
        let mut cursor = Cursor::new(source.clone(), data.clone());
        let Ok(Some(sample)) = cursor.next_sample() else { continue };
        drop(cursor);
        let Some(bytes) = sample.payload.source_offset().and_then(|offset| {
            let length = usize::try_from(sample.payload.len().min(LONGEST)).ok()?;
            let mut bytes = vec![0; length];
            source.read_exact_at(&mut bytes, offset).ok()?;
            Some(bytes)
        }) else {
            continue;
        };
        let FormatDescription::Video(video) = sample.format.as_ref() else { continue };
        let mut completed = video.clone();
        entry::complete_video_from_sample(&mut completed, &bytes);
        if completed == *video {
            continue;
        }
        let completed = Arc::new(FormatDescription::Video(completed));
        let replace = |formats: &mut Vec<Arc<FormatDescription>>| {
            formats.iter_mut().filter(|format| ***format == *sample.format).for_each(|format| {
                *format = completed.clone();
            });
        };
        replace(&mut track.formats);
        if let Some(data) = Arc::get_mut(data) {
            replace(&mut data.formats);
        }
    }
}

/// Whether a look at a picture may tell what the sample entry doesn't.
fn is_wanting(video: &VideoFormat) -> bool {
    match video.codec {
        VideoCodec::Jpeg => true,
        _ if video.color.is_described() => false,
        VideoCodec::ProRes => true,
        // Where the parameter sets are known, the depth is.
        VideoCodec::H264 => video.bit_depth.is_none(),
        // Their configuration has the depth without parameter sets; most of these state the range.
        VideoCodec::Hevc | VideoCodec::Av1 => video.color.range.is_none(),
        _ => false,
    }
}
