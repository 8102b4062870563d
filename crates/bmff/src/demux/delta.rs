//! What durations of samples say that can't be meant: `stts` and `trun` state them unsigned, and writers put negative ones
//! into them.

use reelwright_media::Timescale;

/// A sample that states to last so many seconds or more, by a number that is negative when read as signed, was given a
/// negative length: no sound file holds a sample for an hour whose ticks come within seconds of 2^32.
pub(super) const LONG: i64 = 3600;

/// A sample that lasts at least so many seconds is looked at twice where the media's stated length contradicts it.
const DOUBTFUL: i64 = 60;

/// Steps back of so many seconds are believed whatever stands in front of them.
const STEP_BACK: i64 = 10;

/// "As long as it takes", in writers that don't know.
const FOREVER: u32 = 0x7FFF_FFFF;

/// Reads durations as they were meant.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deltas {
    /// Ticks a second.
    timescale: Timescale,
    /// Ticks of the samples around whose durations are beyond doubt: no step back is longer.
    around: i64,
    /// Whether the media's stated length is the sum of the durations as they stand.
    adds_up: bool,
}

impl Deltas {
    /// Durations below this are what they say.
    pub(super) const SUSPECT: u32 = FOREVER;

    pub(super) const fn new(timescale: Timescale, around: i64, adds_up: bool) -> Self {
        Self { timescale, around, adds_up }
    }

    /// The duration as it was meant, in ticks; `None` where it means nothing.
    pub(super) fn read(&self, stored: u32) -> Option<i64> {
        let seconds = |seconds: i64| seconds.saturating_mul(self.timescale.ticks().into());
        let unsigned = i64::from(stored);
        if stored == FOREVER && unsigned >= seconds(LONG) {
            return None;
        }
        let signed = i64::from(stored.cast_signed());
        let long = unsigned >= seconds(if self.adds_up { LONG } else { DOUBTFUL });
        let back = -signed <= self.around.max(seconds(STEP_BACK));
        Some(if signed < 0 && long && back { signed } else { unsigned })
    }

    /// The duration as it was meant, in ticks; of the last sample, which nothing follows, `None` where that is negative.
    pub(super) fn read_last(&self, stored: u32) -> Option<i64> {
        self.read(stored).filter(|ticks| *ticks >= 0)
    }
}

/// The length of media in ticks: `stated` in its header, zero for unknown, unless its samples end an hour or more before:
/// that length was added up from durations that were never meant.
pub(super) fn length(stated: i64, listed: i64, timescale: Timescale) -> i64 {
    let most = i64::from(timescale.ticks()).saturating_mul(LONG);
    let is_meant = listed == 0 || stated.saturating_sub(listed) < most;
    if is_meant { stated.max(listed) } else { listed }
}

/// When samples are decoded: the sum of the durations before, but for negative ones. After those the next samples come a
/// tick apart until the sum has caught up, so that time never runs backwards.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct DecodeClock {
    /// The sum.
    sum: i64,
    /// The earliest the next sample can come, while the sum is behind.
    least: Option<i64>,
}

impl DecodeClock {
    /// When the next sample is decoded.
    pub(super) fn now(&self) -> i64 {
        self.least.map_or(self.sum, |least| least.max(self.sum))
    }

    /// Whether the sum of durations is what counts.
    pub(super) const fn is_regular(&self) -> bool {
        self.least.is_none()
    }

    /// Moves past `count` samples of this duration.
    pub(super) fn advance(&mut self, count: u64, delta: i64) {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        let now = self.now();
        self.sum = self.sum.saturating_add(count.saturating_mul(delta));
        if delta < 0 || self.least.is_some() {
            // Samples without length don't wait for the sum either.
            let least = now.saturating_add(count);
            self.least = (self.sum < least).then_some(least);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCALE: Timescale = Timescale::or_one(15_360);

    fn times(deltas: &[(u64, i64)]) -> Vec<i64> {
        let mut clock = DecodeClock::default();
        let mut times = Vec::new();
        for &(count, delta) in deltas {
            for _ in 0..count {
                times.push(clock.now());
                clock.advance(1, delta);
            }
        }
        times
    }

    #[test]
    fn time_catches_up_after_a_step_back() {
        assert_eq!(times(&[(2, 512), (1, -256), (1, 1280), (1, 512)]), [0, 512, 1024, 1025, 2048]);
        assert_eq!(times(&[(1, 10), (2, -5), (3, 4), (1, 4)]), [0, 10, 11, 12, 13, 14, 15]);
        assert_eq!(times(&[(2, 0), (1, 3), (1, 0)]), [0, 0, 0, 3]);
    }

    #[test]
    fn many_samples_at_once_are_as_many_one_by_one() {
        for deltas in [[(3, 512), (2, -300), (9, 700)], [(4, 0), (1, -3), (7, 1)], [(2, 5), (3, -1), (2, 0)]]
        {
            let (mut once, mut steps) = (DecodeClock::default(), DecodeClock::default());
            for (count, delta) in deltas {
                once.advance(count, delta);
                (0..count).for_each(|_| steps.advance(1, delta));
                assert_eq!((once.now(), once.is_regular()), (steps.now(), steps.is_regular()), "{deltas:?}");
            }
        }
    }

    #[test]
    fn what_is_negative_is_told_from_what_is_long() {
        let minus_256 = u32::MAX - 255;
        let plain = Deltas::new(SCALE, 30 * 512, false);
        assert_eq!((plain.read(minus_256), plain.read_last(minus_256)), (Some(-256), None));
        assert_eq!((plain.read(512), plain.read_last(512)), (Some(512), Some(512)));
        assert_eq!(plain.read(FOREVER), None);
        // Where even the header was written from it.
        assert_eq!(Deltas::new(SCALE, 0, true).read(minus_256), Some(-256));
        // A still of three seconds in nanoseconds, a timecode sample of 50 minutes in microseconds.
        let still = Deltas::new(Timescale::or_one(1_000_000_000), 0, false);
        assert_eq!(still.read(3_000_000_000), Some(3_000_000_000));
        let timecode = Deltas::new(Timescale::or_one(1_000_000), 0, true);
        assert_eq!(timecode.read(3_000_000_000), Some(3_000_000_000));
    }
}
