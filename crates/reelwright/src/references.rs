//! References from one track to others (`tref`) in files that have other tracks than their source.

use reelwright_media::{Movie, Track, TrackReference};

use crate::chapters;

/// The references of `track`, with the IDs its targets have in the output, which `renamed` tells; `None` for tracks that
/// are left out, and references to those go with them.
pub(crate) fn carried(
    movie: &Movie,
    track: &Track,
    renamed: impl Fn(u32) -> Option<u32>,
) -> Vec<TrackReference> {
    let mut references = track.references.clone();
    chapters::keep_list(&mut references, movie, track, |id| renamed(id).is_some());
    for reference in &mut references {
        reference.tracks = reference.tracks.iter().filter_map(|id| renamed(*id)).collect();
    }
    references.retain(|reference| !reference.tracks.is_empty());
    references
}
