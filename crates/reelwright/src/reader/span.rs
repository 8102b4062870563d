use reelwright_media::{Edit, Movie, Rounding, Time, TimeRange, Track};

/// A stretch of media shown on the exported timeline, after edit list and range have been applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// Where it is shown, zero being the start of the exported range.
    pub(crate) shown: TimeRange,
    /// The first media time of it.
    pub(crate) media_start: Time,
    /// The media time after it.
    pub(crate) media_end: Time,
    /// Playback rate as 16.16 fixed point; 0 holds one picture.
    pub(crate) rate: i32,
}

impl Span {
    /// Where media time `time` is shown; times outside the span land outside of [`Self::shown`].
    pub(crate) fn shown_at(&self, time: Time) -> Time {
        let offset = time.saturating_sub(self.media_start);
        self.shown.start.saturating_add(self.unscaled(offset))
    }

    /// A length of media as a length of the timeline.
    pub(crate) fn unscaled(&self, length: Time) -> Time {
        match self.rate {
            Edit::NORMAL_RATE => length,
            0 => self.shown.duration,
            rate => length.scaled_by(i64::from(Edit::NORMAL_RATE), i64::from(rate)).unwrap_or(length),
        }
    }
}

/// The media of `track` that `range` of the presentation shows, in order. Empty edits leave gaps.
pub(crate) fn spans(movie: &Movie, track: &Track, range: TimeRange) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut at = Time::new(0, movie.timescale);
    for edit in normalised(movie, track) {
        let shown = TimeRange::new(at, edit.duration);
        at = shown.end();
        let Some(media_start) = edit.media_start else { continue };
        let visible = shown.intersection(range);
        if visible.is_empty() {
            continue;
        }
        let skipped = visible.start.saturating_sub(shown.start);
        let scaled = |length: Time| match edit.rate {
            Edit::NORMAL_RATE => length,
            rate => length.scaled_by(i64::from(rate), i64::from(Edit::NORMAL_RATE)).unwrap_or(length),
        };
        let media_start = media_start.saturating_add(scaled(skipped));
        spans.push(Span {
            shown: TimeRange::new(visible.start.saturating_sub(range.start), visible.duration),
            media_start,
            media_end: media_start.saturating_add(scaled(visible.duration)),
            rate: edit.rate,
        });
    }
    spans
}

struct Stretch {
    duration: Time,
    media_start: Option<Time>,
    rate: i32,
}

/// The edit list with real lengths: no edits mean everything, and an end that only the movie's coarser ticks cut off
/// or overshoot is the media's end.
fn normalised(movie: &Movie, track: &Track) -> Vec<Stretch> {
    let media_length = track.media_duration;
    let tick = Time::new(1, movie.timescale);
    if track.edits.is_empty() {
        let zero = Time::new(0, track.timescale);
        return vec![Stretch { duration: media_length, media_start: Some(zero), rate: Edit::NORMAL_RATE }];
    }
    let last = track.edits.len() - 1;
    let stretch = |(index, edit): (usize, &Edit)| {
        let stated = Time::new(i64::try_from(edit.duration).unwrap_or(i64::MAX), movie.timescale);
        let media_start = edit.media_time.map(|ticks| Time::new(ticks, track.timescale));
        let mut duration = stated;
        if let Some(start) = media_start
            && edit.rate == Edit::NORMAL_RATE
        {
            let left = media_length.saturating_sub(start);
            let end_is_near = index == last && left > stated && left.saturating_sub(stated) < tick;
            // Zero means "to the end" in fragmented files, whose length the header can't know.
            if end_is_near || stated > left || stated.is_zero() {
                duration = left.max(Time::new(0, track.timescale));
            }
        }
        Stretch { duration, media_start, rate: edit.rate }
    };
    track.edits.iter().enumerate().map(stretch).collect()
}

/// The ticks of `time` in whole frames of `rate` per second.
pub(crate) fn frames_at(time: Time, rate: reelwright_media::Timescale) -> i64 {
    time.ticks_in(rate, Rounding::Nearest).unwrap_or(0)
}
