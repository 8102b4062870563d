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
    /// By how much less than this the end may cut a sample short that it means to show whole: edits are counted in the
    /// movie's ticks, which are coarser than the media's. Zero where something follows.
    pub(crate) slack: Time,
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

/// All of a presentation, however long.
pub(crate) fn everything(movie: &Movie) -> TimeRange {
    TimeRange::new(Time::new(0, movie.timescale), endless(movie))
}

/// Longer than any movie, yet far from overflow.
fn endless(movie: &Movie) -> Time {
    Time::new(1 << 48, movie.timescale)
}

/// The media of `track` that `range` of the presentation shows, in order. Empty edits leave gaps.
pub(crate) fn spans(movie: &Movie, track: &Track, range: TimeRange) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut at = Time::new(0, movie.timescale);
    let stretches = stretches(movie, track);
    let last = stretches.len().saturating_sub(1);
    for (index, stretch) in stretches.into_iter().enumerate() {
        let shown = TimeRange::new(at, stretch.duration);
        at = shown.end();
        let Some(media_start) = stretch.media_start else { continue };
        let visible = shown.intersection(range);
        if visible.is_empty() {
            continue;
        }
        let skipped = visible.start.saturating_sub(shown.start);
        let scaled = |length: Time| match stretch.rate {
            Edit::NORMAL_RATE => length,
            rate => length.scaled_by(i64::from(rate), i64::from(Edit::NORMAL_RATE)).unwrap_or(length),
        };
        let media_start = media_start.saturating_add(scaled(skipped));
        let whole_end = index == last && visible.end() == shown.end();
        spans.push(Span {
            shown: TimeRange::new(visible.start.saturating_sub(range.start), visible.duration),
            media_start,
            media_end: media_start.saturating_add(scaled(visible.duration)),
            rate: stretch.rate,
            slack: Time::new(i64::from(whole_end), movie.timescale),
        });
    }
    spans
}

struct Stretch {
    duration: Time,
    media_start: Option<Time>,
    rate: i32,
}

/// The edit list as lengths; none means everything. What says zero ends with the media: fragmented files can't know.
fn stretches(movie: &Movie, track: &Track) -> Vec<Stretch> {
    let stretch = |edit: &Edit| {
        let stated = Time::new(i64::try_from(edit.duration).unwrap_or(i64::MAX), movie.timescale);
        let media_start = edit.media_time.map(|ticks| Time::new(ticks, track.timescale));
        let open = stated.is_zero() && media_start.is_some();
        Stretch { duration: if open { endless(movie) } else { stated }, media_start, rate: edit.rate }
    };
    if track.edits.is_empty() {
        let media_start = Some(Time::new(0, track.timescale));
        return vec![Stretch { duration: endless(movie), media_start, rate: Edit::NORMAL_RATE }];
    }
    track.edits.iter().map(stretch).collect()
}

/// The ticks of `time` in whole frames of `rate` per second.
pub(crate) fn frames_at(time: Time, rate: reelwright_media::Timescale) -> i64 {
    time.ticks_in(rate, Rounding::Nearest).unwrap_or(0)
}
