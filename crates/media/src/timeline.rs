use crate::{Edit, Rounding, Time, TimeRange, Timescale, Track};

/// A track's edit list read as a map from the presentation's timeline to the media (`elst`, ISO/IEC 14496-12, 8.6.6).
///
/// An empty list shows all of the media at its own times. An edit that states no length goes on to the end of the media:
/// fragmented files can't know it.
#[derive(Clone, Debug)]
pub struct EditTimeline {
    stretches: Vec<Stretch>,
    movie: Timescale,
    track: Timescale,
    /// Where the presentation of the track ends, where that is known.
    end: Option<Time>,
}

/// One edit, placed on the timeline.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    shown: TimeRange,
    /// `None` shows nothing.
    media_start: Option<Time>,
    rate: i32,
    /// Whether it goes on to the end of the media.
    open: bool,
}

/// A stretch of media shown on the timeline, after edit list and range have been applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Where it is shown, zero being the start of the range.
    pub shown: TimeRange,
    /// The first media time of it.
    pub media_start: Time,
    /// The media time after it.
    pub media_end: Time,
    /// Playback rate as 16.16 fixed point; 0 holds one picture.
    pub rate: i32,
    /// By how much less than this the end may cut a sample short that it means to show whole: edits are counted in the
    /// movie's ticks, which are coarser than the media's. Zero where something follows.
    pub slack: Time,
}

impl Span {
    /// Where media time `time` is shown; times outside the span land outside of [`Self::shown`].
    pub fn shown_at(&self, time: Time) -> Time {
        let offset = time.saturating_sub(self.media_start);
        self.shown.start.saturating_add(self.unscaled(offset))
    }

    /// A length of media as a length of the timeline.
    pub fn unscaled(&self, length: Time) -> Time {
        match self.rate {
            Edit::NORMAL_RATE => length,
            0 => self.shown.duration,
            rate => length.scaled_by(i64::from(Edit::NORMAL_RATE), i64::from(rate)).unwrap_or(length),
        }
    }
}

impl EditTimeline {
    /// The timeline of `track` in a movie of `movie` ticks per second.
    pub fn of(track: &Track, movie: Timescale) -> Self {
        let end = Some(track.range.end()).filter(|_| !track.range.is_empty());
        Self { end, ..Self::new(&track.edits, movie, track.timescale) }
    }

    /// The timeline that `edits` make, their media times counted in `track` ticks per second. Files round the lengths of
    /// edits to `movie` ticks per second.
    pub fn new(edits: &[Edit], movie: Timescale, track: Timescale) -> Self {
        const WHOLE: Edit = Edit::showing(0, Time::ZERO);
        let edits = if edits.is_empty() { &[WHOLE] } else { edits };
        let mut at = Time::new(0, movie);
        let place = |edit: &Edit| {
            let open = edit.duration.is_zero() && edit.media_time.is_some();
            let shown = TimeRange::new(at, if open { endless(movie) } else { edit.duration });
            at = shown.end();
            let media_start = edit.media_time.map(|ticks| Time::new(ticks, track));
            Stretch { shown, media_start, rate: edit.rate, open }
        };
        Self { stretches: edits.iter().map(place).collect(), movie, track, end: None }
    }

    /// All of a presentation of this timescale, however long.
    pub fn everything(movie: Timescale) -> TimeRange {
        TimeRange::new(Time::new(0, movie), endless(movie))
    }

    /// The part of the timeline the track covers, its media being shown up to `media_end`. Without an edit that shows
    /// something, that is the media after all empty edits.
    pub fn covered(&self, media_end: Time) -> TimeRange {
        let leading = self.stretches.iter().find(|stretch| stretch.media_start.is_some());
        let Some(first) = leading else {
            let start = self.stretches.last().map_or(Time::ZERO, |stretch| stretch.shown.end());
            return TimeRange::new(start, media_end);
        };
        let end = self.stretches.iter().fold(Time::new(0, self.movie), |end, stretch| {
            let length = match stretch.media_start {
                Some(from) if stretch.open => media_end.saturating_sub(from).max(Time::new(0, self.movie)),
                _ => stretch.shown.duration,
            };
            end.saturating_add(length)
        });
        TimeRange::between(first.shown.start, end)
    }

    /// What to add to a sample's time to find it on the timeline, as far as the first edits tell: enough to keep tracks
    /// together.
    pub fn shift(&self) -> Time {
        let first =
            self.stretches.iter().find_map(|stretch| Some((stretch.shown.start, stretch.media_start?)));
        first.map_or(Time::ZERO, |(shown, media)| shown.saturating_sub(media))
    }

    /// The media that `range` of the presentation shows, in order. Empty edits leave gaps.
    pub fn spans(&self, range: TimeRange) -> Vec<Span> {
        let mut spans = Vec::new();
        let last = self.stretches.len().saturating_sub(1);
        for (index, stretch) in self.stretches.iter().enumerate() {
            let visible = stretch.shown.intersection(range);
            let Some(media_start) = stretch.media_start.filter(|_| !visible.is_empty()) else { continue };
            let scaled = |length: Time| match stretch.rate {
                Edit::NORMAL_RATE => length,
                rate => length.scaled_by(i64::from(rate), i64::from(Edit::NORMAL_RATE)).unwrap_or(length),
            };
            let skipped = visible.start.saturating_sub(stretch.shown.start);
            let media_start = media_start.saturating_add(scaled(skipped));
            let whole_end = index == last && visible.end() == stretch.shown.end();
            spans.push(Span {
                shown: TimeRange::new(visible.start.saturating_sub(range.start), visible.duration),
                media_start,
                media_end: media_start.saturating_add(scaled(visible.duration)),
                rate: stretch.rate,
                slack: Time::new(i64::from(whole_end), self.movie),
            });
        }
        spans
    }

    /// The edits that show `range` of the presentation and nothing else; their media times are the track's own.
    pub fn cut(&self, range: TimeRange) -> Vec<Edit> {
        let known = self
            .end
            .map_or(range, |end| TimeRange::between(range.start, range.end().min(end).max(range.start)));
        let mut edits = Vec::new();
        let mut at = Time::ZERO;
        for span in self.spans(known) {
            if span.shown.start > at {
                edits.push(Edit::empty(span.shown.start.saturating_sub(at)));
            }
            let media_time = span.media_start.ticks_in(self.track, Rounding::Nearest);
            edits.push(Edit { duration: span.shown.duration, media_time, rate: span.rate });
            at = span.shown.end();
        }
        edits
    }
}

/// Longer than any movie, yet far from overflow.
const fn endless(movie: Timescale) -> Time {
    Time::new(1 << 48, movie)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOVIE: Timescale = Timescale::or_one(600);
    const MEDIA: Timescale = Timescale::or_one(48_000);

    fn edit(duration: i64, media_time: Option<i64>) -> Edit {
        Edit { duration: Time::new(duration, MOVIE), media_time, rate: Edit::NORMAL_RATE }
    }

    fn seconds(start: i64, end: i64) -> TimeRange {
        TimeRange::between(Time::from_secs(start), Time::from_secs(end))
    }

    #[test]
    fn no_edits_show_everything_at_its_own_time() {
        let timeline = EditTimeline::new(&[], MOVIE, MEDIA);
        let spans = timeline.spans(EditTimeline::everything(MOVIE));
        assert_eq!(spans.len(), 1);
        assert_eq!(spans[0].shown_at(Time::from_secs(7)), Time::from_secs(7));
        assert_eq!(timeline.shift(), Time::ZERO);
        assert_eq!(timeline.covered(Time::from_secs(9)), seconds(0, 9));
    }

    #[test]
    fn a_delayed_start_and_hidden_priming() {
        let timeline = EditTimeline::new(&[edit(600, None), edit(0, Some(2112))], MOVIE, MEDIA);
        assert_eq!(timeline.shift(), Time::new(48_000 - 2112, MEDIA));
        let covered = timeline.covered(Time::new(2112 + 96_000, MEDIA));
        assert_eq!((covered.start, covered.end()), (Time::from_secs(1), Time::from_secs(3)));
    }

    #[test]
    fn a_cut_across_edits_keeps_their_gaps_and_rates() {
        let fast = Edit { rate: 2 * Edit::NORMAL_RATE, ..edit(1200, Some(480_000)) };
        let edits = [edit(1200, Some(0)), edit(600, None), fast];
        let timeline = EditTimeline::new(&edits, MOVIE, MEDIA);
        let cut = timeline.cut(seconds(1, 4));
        let rest = Edit { duration: Time::from_secs(1), ..fast };
        assert_eq!(cut, [edit(600, Some(48_000)), edit(600, None), rest]);
        // Two media seconds for each second shown.
        let span = timeline.spans(seconds(4, 5))[0];
        assert_eq!((span.media_start, span.media_end), (Time::from_secs(12), Time::from_secs(14)));
    }

    #[test]
    fn a_cut_from_before_the_first_picture_begins_with_nothing() {
        let timeline = EditTimeline::new(&[edit(600, None), edit(600, Some(0))], MOVIE, MEDIA);
        assert_eq!(timeline.cut(seconds(0, 2)), [edit(600, None), edit(600, Some(0))]);
        assert_eq!(timeline.cut(seconds(5, 6)), []);
    }
}
