//! Samples that the index lists but the file doesn't hold.

use std::sync::Arc;

use reelwright_media::{Missing, Movie, ReadAt};

use super::cursor::{Cursor, TrackData};

/// Counts what isn't there of each track and adds a warning for it. Sound files cost a look at their tables; only damaged
/// ones are walked.
pub(super) fn find(
    source: &Arc<dyn ReadAt>,
    movie: &mut Movie,
    tracks: &[Arc<TrackData>],
) -> Vec<(u32, Missing)> {
    let length = source.len();
    let mut found = Vec::new();
    for track in tracks {
        if !(track.table.reaches_beyond(length) || track.fragments.reach > length) {
            continue;
        }
        let mut cursor = Cursor::new(source.clone(), track.clone());
        let mut end = None;
        // What else is wrong is told to whoever reads the samples.
        while let Ok(Some(sample)) = cursor.next_sample() {
            end = end.max(Some(sample.pts.saturating_add(sample.duration)));
        }
        let Some((samples, from)) = cursor.passed_over() else { continue };
        let held = cursor.position().saturating_sub(samples);
        movie.warnings.push(format!(
            "the file ends at byte {length}: track {} lacks {samples} of {} samples, the first at {from}",
            track.id,
            samples + held
        ));
        found.push((track.id, Missing { samples, from, end: end.unwrap_or(from), held }));
    }
    found
}
