use reelwright_bmff::EditRow;
use reelwright_media::{Edit, Rounding, Time, Timescale};

use crate::Session;

/// The stretch of a track's samples that is meant to be seen or heard, in its own ticks as fed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Presented {
    trimmed_until: Option<i64>,
    first: Option<i64>,
    last: i64,
    /// When the latest sample of unknown length is shown.
    untimed: Option<i64>,
}

impl Presented {
    /// Takes a sample into account: shown at `pts` for `duration` ticks, of which so many are trimmed at either end.
    pub(crate) fn add(&mut self, pts: i64, duration: u32, trim_start: i64, trim_end: i64) {
        if trim_start > 0 && self.trimmed_until.is_none() {
            self.trimmed_until = Some(pts.saturating_add(trim_start));
        }
        self.first = Some(self.first.map_or(pts, |first| first.min(pts)));
        let end = pts.saturating_add(duration.into()).saturating_sub(trim_end);
        if duration == 0 {
            self.untimed = self.untimed.max(Some(pts));
        }
        // Trimming the end is said by the last sample; one before it may reach further than what is left.
        self.last = if trim_end > 0 { end } else { self.last.max(end) };
    }

    /// Nothing more comes; samples of unknown length last as long as this.
    pub(crate) fn close(&mut self, usual: u32) {
        if let Some(pts) = self.untimed {
            self.last = self.last.max(pts.saturating_add(usual.into()));
        }
    }

    /// The first instant shown and the one after the last, trimming left aside at the start.
    pub(crate) fn untrimmed(&self) -> (i64, i64) {
        (self.first.unwrap_or(0), self.last)
    }

    fn start(&self) -> Option<i64> {
        self.first.map(|first| self.trimmed_until.map_or(first, |until| until.max(first)))
    }

    /// The instant after the last that is shown.
    pub(crate) fn end(&self) -> Option<i64> {
        self.first.map(|_| self.last)
    }
}

/// Where a track's ticks begin in the file and how they are counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    /// The track's timescale.
    pub(crate) track: Timescale,
    /// The movie's.
    pub(crate) movie: Timescale,
    /// The tick of the first decoded sample: the file counts from there.
    pub(crate) first_dts: i64,
    /// Ticks of all samples.
    pub(crate) duration: u64,
}

impl Clock {
    fn to_movie(self, ticks: i64) -> i64 {
        Time::new(ticks, self.track).ticks_in(self.movie, Rounding::Nearest).unwrap_or(i64::MAX)
    }
}

/// The edit list of a track that is presented as the session and its trims say (writer.md, 1.5).
///
/// `end` is the session's end in source time. An empty list means the track has no length at all.
pub(crate) fn of_session(presented: &Presented, clock: Clock, session: Session, end: Time) -> Vec<EditRow> {
    let length = end.saturating_sub(session.start);
    let length = length.ticks_in(clock.movie, Rounding::Nearest).unwrap_or(i64::MAX);
    let ticks = |time: Time| time.ticks_in(clock.track, Rounding::Nearest).unwrap_or(i64::MAX);
    let start = ticks(session.start);
    let shown = presented.start().zip(presented.end()).map(|(first, last)| {
        let last = match session.end {
            Some(end) => last.min(ticks(end)),
            None => last,
        };
        (first.max(start), last)
    });
    let Some((first, last)) = shown.filter(|(first, last)| first < last) else {
        return u64::try_from(length).ok().filter(|&ticks| ticks > 0).map(empty).into_iter().collect();
    };
    let begins = clock.to_movie(first - start).max(0).unsigned_abs();
    let ends = clock.to_movie(last - start).max(0).unsigned_abs();
    let media_time = first.saturating_sub(clock.first_dts);
    let media = EditRow { duration: ends - begins, media_time: Some(media_time), rate: Edit::NORMAL_RATE };
    if begins > 0 { vec![empty(begins), media] } else { vec![media] }
}

/// The edits of the source, for a file whose media begins at the first sample.
///
/// A source whose samples don't begin at zero and that has no edits shows each sample at its own time; so will this.
/// An edit without length goes on to the end of the media, as it does in fragmented files: to the end of the last sample
/// shown, which may lie behind that of the last decoded.
pub(crate) fn of_source(edits: &[Edit], presented: &Presented, clock: Clock) -> Vec<EditRow> {
    let total = i64::try_from(clock.duration).unwrap_or(i64::MAX);
    let media_end = clock.first_dts.saturating_add(total).max(presented.end().unwrap_or(i64::MIN));
    const WHOLE: Edit = Edit::showing(0, Time::ZERO);
    let edits = match edits {
        [] if clock.first_dts == 0 => return Vec::new(),
        [] => &[WHOLE],
        edits => edits,
    };
    let mut rows = Rows { rows: Vec::with_capacity(edits.len() + 1), end: Time::ZERO, movie: clock.movie };
    for &edit in edits {
        let Some(media_time) = edit.media_time else {
            rows.push(edit.duration, None, edit.rate);
            continue;
        };
        let mut duration = edit.duration;
        if duration.is_zero() && edit.rate == Edit::NORMAL_RATE {
            duration = Time::new(media_end.saturating_sub(media_time).max(0), clock.track);
        }
        let gap = Time::new(clock.first_dts.saturating_sub(media_time).max(0), clock.track).min(duration);
        if !gap.is_zero() {
            rows.push(gap, None, Edit::NORMAL_RATE);
        }
        let media_time = media_time.saturating_sub(clock.first_dts).max(0);
        rows.push(duration.saturating_sub(gap), Some(media_time), edit.rate);
    }
    rows.rows
}

/// Rows of an edit list, each rounded so that it ends on the tick next to where it should.
struct Rows {
    rows: Vec<EditRow>,
    /// Where the last one ends, exactly.
    end: Time,
    movie: Timescale,
}

impl Rows {
    fn push(&mut self, length: Time, media_time: Option<i64>, rate: i32) {
        let ticks = |time: Time| time.ticks_in(self.movie, Rounding::Nearest).unwrap_or(i64::MAX);
        let start = ticks(self.end);
        self.end = self.end.saturating_add(length);
        let duration = ticks(self.end).saturating_sub(start).max(0).unsigned_abs();
        // Without a length it would go on to the end of the media, and an empty edit of none says nothing.
        match media_time {
            Some(_) => {
                let least = u64::from(!length.is_zero());
                self.rows.push(EditRow { duration: duration.max(least), media_time, rate });
            }
            None if duration > 0 => self.rows.push(EditRow { duration, media_time, rate }),
            None => {}
        }
    }
}

const fn empty(duration: u64) -> EditRow {
    EditRow { duration, media_time: None, rate: Edit::NORMAL_RATE }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCALE: Timescale = Timescale::or_one(48_000);

    fn clock(first_dts: i64, duration: u64) -> Clock {
        Clock { track: SCALE, movie: Timescale::or_one(600), first_dts, duration }
    }

    fn media(duration: u64, media_time: i64) -> EditRow {
        EditRow { duration, media_time: Some(media_time), rate: Edit::NORMAL_RATE }
    }

    /// What `rows` say in a source of as many ticks per second.
    fn source(rows: &[EditRow]) -> Vec<Edit> {
        rows.iter().map(|row| row.edit(Timescale::or_one(600))).collect()
    }

    fn at(ticks: i64) -> Time {
        Time::new(ticks, SCALE)
    }

    #[test]
    fn priming_and_remainder_are_hidden() {
        let mut presented = Presented::default();
        presented.add(-2112, 1024, 2112, 0);
        for packet in 1..236 {
            presented.add(packet * 1024 - 2112, 1024, 0, 0);
        }
        presented.add(236 * 1024 - 2112, 1024, 0, 576);
        let edits = of_session(&presented, clock(-2112, 237 * 1024), Session::default(), at(240_000));
        assert_eq!(edits, [media(3000, 2112)]);
    }

    #[test]
    fn the_last_picture_lasts_as_long_as_the_one_before() {
        let mut presented = Presented::default();
        for pts in [0, 4800, 1600, 3200] {
            presented.add(pts, 0, 0, 0);
        }
        presented.close(1600);
        assert_eq!(presented.end(), Some(6400));
    }

    #[test]
    fn a_late_track_begins_with_an_empty_edit() {
        let mut presented = Presented::default();
        presented.add(48_000, 48_000, 0, 0);
        let session = Session { start: at(24_000), end: None };
        let edits = of_session(&presented, clock(48_000, 48_000), session, at(96_000));
        assert_eq!(edits, [empty(300), media(600, 0)]);
    }

    #[test]
    fn a_session_cuts_both_ends() {
        let mut presented = Presented::default();
        presented.add(0, 480_000, 0, 0);
        let session = Session { start: at(48_000), end: Some(at(96_000)) };
        assert_eq!(of_session(&presented, clock(0, 480_000), session, at(96_000)), [media(600, 48_000)]);
        let later = Session { start: at(480_000), end: Some(at(528_000)) };
        assert_eq!(of_session(&presented, clock(0, 480_000), later, at(528_000)), [empty(600)]);
    }

    #[test]
    fn edits_of_a_source_are_kept_as_they_are() {
        let edits = [empty(20), media(500, 0), media(100, 960)];
        let silent = Presented::default();
        assert_eq!(of_source(&source(&edits), &silent, clock(0, 48_000)), edits);
        assert_eq!(of_source(&[], &silent, clock(0, 48_000)), []);
    }

    #[test]
    fn edits_of_another_timescale_are_counted_anew() {
        let millis = |ticks: i64| Time::new(ticks, Timescale::or_one(1000));
        // A third of a second each: rounded one by one they would lose a tick in three.
        let edits =
            [Edit::empty(millis(334)), Edit::showing(0, millis(333)), Edit::showing(960, millis(334))];
        let expected = [empty(200), media(200, 0), media(201, 960)];
        assert_eq!(of_source(&edits, &Presented::default(), clock(0, 48_000)), expected);
        let short = [Edit::showing(0, Time::new(1, SCALE))];
        assert_eq!(of_source(&short, &Presented::default(), clock(0, 48_000)), [media(1, 0)]);
    }

    #[test]
    fn an_edit_without_length_goes_on_to_the_last_picture_shown() {
        let mut presented = Presented::default();
        // Shown two frames later than decoded.
        for pts in [3200, 8000, 4800, 6400] {
            presented.add(pts, 1600, 0, 0);
        }
        assert_eq!(of_source(&source(&[media(0, 3200)]), &presented, clock(0, 6400)), [media(80, 3200)]);
    }

    #[test]
    fn media_that_does_not_begin_at_zero_is_shown_at_its_own_time() {
        let silent = Presented::default();
        assert_eq!(of_source(&[], &silent, clock(480_000, 48_000)), [empty(6000), media(600, 0)]);
        assert_eq!(of_source(&[], &silent, clock(-480, 48_000)), [media(594, 480)]);
        assert_eq!(
            of_source(&source(&[media(0, 480_960)]), &silent, clock(480_000, 48_000)),
            [media(588, 960)]
        );
        assert_eq!(
            of_source(&source(&[media(600, 0)]), &silent, clock(24_000, 48_000)),
            [empty(300), media(300, 0)]
        );
    }
}
