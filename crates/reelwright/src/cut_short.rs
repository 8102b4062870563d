//! Tracks as they are copied: of inputs that were cut short as far as they are there, and so that players take them.

use reelwright_media::{Edit, Missing, Movie, Rounding, Time, Timescale, Track};

use crate::Reason;

/// The next step where an input holds less than its index says.
pub(crate) const COPY_AGAIN: &str =
    "the input was cut short or its index is wrong: copy it again from where it came from";

/// `track` of `movie` without what it presents of samples that aren't there: media and edits end where those that are
/// there do.
pub(crate) fn present_part(movie: &Movie, track: &Track, missing: Option<Missing>) -> Track {
    let mut held = track.clone();
    let Some(missing) = missing else { return held };
    held.media_duration = track.media_duration.min(missing.end);
    held.edits = track.edits.iter().filter_map(|edit| shortened(movie, track, *edit, missing.end)).collect();
    if !held.edits.iter().any(|edit| edit.media_time.is_some()) {
        held.edits.clear();
    }
    held
}

/// `track` with its ticks as the frames of its first format, where its sound changes its rate and an edit begins within the
/// media: FFmpeg takes the ticks of such an edit for frames, and may play nothing. Otherwise ticks stay those in which the
/// frames of every rate are whole.
pub(crate) fn counted_in_frames(mut track: Track) -> Track {
    let rates = || track.formats.iter().filter_map(|format| Some(format.as_audio()?.sample_rate));
    let Some(first) = rates().next().and_then(Timescale::new) else { return track };
    let changes = rates().any(|rate| rate != first.ticks());
    if !changes || !track.edits.iter().any(|edit| edit.media_time.is_some_and(|time| time != 0)) {
        return track;
    }
    for edit in &mut track.edits {
        let counted = |ticks| Time::new(ticks, track.timescale).ticks_in(first, Rounding::Nearest);
        edit.media_time = edit.media_time.map(|ticks| counted(ticks).unwrap_or(ticks));
    }
    track.media_duration =
        track.media_duration.rescale(first, Rounding::Nearest).unwrap_or(track.media_duration);
    track.timescale = first;
    track
}

/// Why nothing can be made of a track of which the input holds no sample, though its index lists some; `None` where it does
/// hold one.
pub(crate) fn nothing_present(missing: Option<Missing>) -> Option<Reason> {
    let missing = missing.filter(|missing| missing.held == 0)?;
    Some(Reason::NothingPresent(missing.samples))
}

/// The edit up to the media time `end`; `None` where nothing of it is left.
fn shortened(movie: &Movie, track: &Track, edit: Edit, end: Time) -> Option<Edit> {
    let Some(start) = edit.media_time else { return Some(edit) };
    let left = end.saturating_sub(Time::new(start, track.timescale));
    let left = match edit.rate {
        Edit::NORMAL_RATE | 0 => left,
        rate => left.scaled_by(i64::from(Edit::NORMAL_RATE), i64::from(rate)).unwrap_or(left),
    };
    let left = left.rescale(movie.timescale, Rounding::Nearest).filter(|left| *left > Time::ZERO)?;
    // A held picture needs no more media than itself.
    let duration = if edit.rate == 0 { edit.duration } else { edit.duration.min(left) };
    Some(Edit { duration, ..edit })
}
