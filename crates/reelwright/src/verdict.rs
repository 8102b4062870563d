//! Whether a track can be copied at all, the same for every way of copying.

use reelwright_media::{MediaType, Movie, Track, listed};

use crate::{FileType, Reason};

/// Why nothing can be made of a track, whatever the output; `None` where something can.
pub(crate) fn unusable(track: &Track) -> Option<Reason> {
    if track.formats.is_empty() {
        return Some(Reason::NoDescription);
    }
    if track.handler.0 == *b"hint" {
        return Some(Reason::Hint);
    }
    track.formats.iter().any(|format| format.is_encrypted()).then_some(Reason::Encrypted)
}

/// Why a track can't be copied into a file of this type; `None` where it can.
pub(crate) fn uncopiable(track: &Track, file_type: FileType) -> Option<Reason> {
    unusable(track).or_else(|| {
        let refusal = track.formats.iter().find_map(|format| file_type.accepts(format).err())?;
        Some(Reason::Refused(refusal.message().to_owned()))
    })
}

/// Why nothing is left of any track, as one sentence.
pub(crate) fn why_none<'a>(dropped: impl Iterator<Item = (&'a Track, &'a Reason)>) -> String {
    let mut dropped = dropped.peekable();
    if dropped.peek().is_none() {
        return "the input has no tracks".to_owned();
    }
    listed(dropped.map(|(track, reason)| format!("track {} ({}): {reason}", track.id, track.media)))
}

/// Tracks that are disabled in `movie` but must not be in a file of those that are `kept`: where an enabled one of their
/// kind is left out and no other is, players would present none.
pub(crate) fn stand_ins(movie: &Movie, kept: &[u32]) -> Vec<u32> {
    let stand_in = |media: MediaType| {
        let mut alike = movie.tracks.iter().filter(|track| track.media == media);
        let was_enabled = alike.clone().any(|track| track.enabled);
        let is_kept = |track: &&Track| kept.contains(&track.id);
        let still_enabled = alike.clone().any(|track| track.enabled && is_kept(&track));
        let first = alike.find(is_kept);
        first.filter(|_| was_enabled && !still_enabled).map(|track| track.id)
    };
    [MediaType::Video, MediaType::Audio].into_iter().filter_map(stand_in).collect()
}
