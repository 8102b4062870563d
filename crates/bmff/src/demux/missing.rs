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
        let is_elsewhere = track.elsewhere.contains(&true);
        if !(track.table.reaches_beyond(length) || track.fragments.reach > length || is_elsewhere) {
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
        let why = match is_elsewhere {
            true => "other files hold them".to_owned(),
            false => format!("the file ends at byte {length}"),
        };
        let (track, all) = (track.id, samples + held);
        movie
            .warnings
            .push(format!("{why}: track {track} lacks {samples} of {all} samples, the first at {from}"));
        found.push((track, Missing { samples, from, end: end.unwrap_or(from), held }));
    }
    found
}
