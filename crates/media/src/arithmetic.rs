//! Times added, subtracted, counted in frames, made of the standard library's durations.

use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};
use std::time::Duration;

use crate::{Ratio, Rounding, Time, Timescale};

impl Time {
    /// When frame `count` begins at so many frames a second, exactly: `Time::frames(90, 30)` is three seconds,
    /// `Time::frames(1, Ratio { num: 30_000, den: 1001 })` a frame of NTSC. A rate of no frames counts as one a second; saturates
    /// at the ends of 64 bits.
    pub fn frames(count: i64, rate: impl Into<Ratio>) -> Self {
        let Ratio { num, den } = rate.into();
        Self::new(count.saturating_mul(i64::from(den)), Timescale::or_one(num))
    }

    /// This length as the standard library has it, rounded to the nanosecond; `None` where it is negative.
    pub fn to_duration(self) -> Option<Duration> {
        let nanoseconds = Timescale::or_one(1_000_000_000);
        let seconds = self.ticks_in(Timescale::SECONDS, Rounding::Down)?;
        let rest = self.saturating_sub(Self::from_secs(seconds)).ticks_in(nanoseconds, Rounding::Nearest)?;
        let seconds = Duration::from_secs(u64::try_from(seconds).ok()?);
        seconds.checked_add(Duration::from_nanos(u64::try_from(rest).ok()?))
    }
}

/// Exact, as [`Time::saturating_add`]: never panics, saturates at the ends of 64 bits, and rounds where no 32-bit scale says the
/// sum exactly. [`Time::checked_add`] tells.
impl Add for Time {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        self.saturating_add(other)
    }
}

/// As [`Time::saturating_sub`]: never panics. [`Time::checked_sub`] tells where the difference isn't exact.
impl Sub for Time {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self.saturating_sub(other)
    }
}

impl AddAssign for Time {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Time {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

/// The same instant on the other side of zero; saturates.
impl Neg for Time {
    type Output = Self;

    fn neg(self) -> Self {
        Self::new(self.value().saturating_neg(), self.scale())
    }
}

/// Exact wherever it fits 64 bits, in the coarsest of seconds, milli-, micro- and nanoseconds that says it; beyond (292 years
/// of nanoseconds) rounded down to the next coarser.
impl From<Duration> for Time {
    fn from(duration: Duration) -> Self {
        let (seconds, nanoseconds) = (u128::from(duration.as_secs()), u128::from(duration.subsec_nanos()));
        let exact = |scale: u32| nanoseconds.is_multiple_of(u128::from(1_000_000_000 / scale));
        let ticks = |scale: u32| {
            let ticks = seconds * u128::from(scale) + nanoseconds / u128::from(1_000_000_000 / scale);
            i64::try_from(ticks).ok().map(|ticks| Self::new(ticks, Timescale::or_one(scale)))
        };
        let scales = [1, 1000, 1_000_000, 1_000_000_000];
        let coarsest = scales.into_iter().find(|scale| exact(*scale)).and_then(ticks);
        coarsest.or_else(|| scales.into_iter().rev().find_map(ticks)).unwrap_or(Self::from_secs(i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(value: i64, scale: u32) -> Time {
        Time::new(value, Timescale::or_one(scale))
    }

    #[test]
    fn operators_are_exact_and_never_panic() {
        assert_eq!(time(1, 3) + time(1, 6), time(1, 2));
        assert_eq!(time(1, 3) - time(1, 2), time(-1, 6));
        assert_eq!(time(i64::MAX, 1) + time(1, 1), time(i64::MAX, 1));
        assert_eq!(-time(i64::MIN, 1), time(i64::MAX, 1));
        let mut sum = Time::ZERO;
        (0..90).for_each(|_| sum += Time::frames(1, 30));
        sum -= Time::from_secs(1);
        assert_eq!(sum, Time::from_secs(2));
    }

    #[test]
    fn frames_are_counted_exactly() {
        assert_eq!(Time::frames(90, 30), Time::from_secs(3));
        let ntsc = Ratio { num: 30_000, den: 1001 };
        assert_eq!((Time::frames(1, ntsc).value(), Time::frames(1, ntsc).scale().ticks()), (1001, 30_000));
        assert_eq!(Time::frames(7, 0), Time::from_secs(7));
    }

    #[test]
    fn durations_go_both_ways() {
        for (duration, value, scale) in [
            (Duration::from_secs(3), 3, 1),
            (Duration::from_millis(1500), 1500, 1000),
            (Duration::from_nanos(1_000_000_001), 1_000_000_001, 1_000_000_000),
        ] {
            let made = Time::from(duration);
            assert_eq!((made.value(), made.scale().ticks()), (value, scale));
            assert_eq!(made.to_duration(), Some(duration));
        }
        assert_eq!(Time::from(Duration::MAX), Time::from_secs(i64::MAX));
        let centuries = Duration::new(10_000_000_000, 1);
        assert_eq!(Time::from(centuries), Time::from_secs(10_000_000_000));
        assert_eq!(time(1, 3).to_duration(), Some(Duration::from_nanos(333_333_333)));
        assert_eq!(time(-1, 1).to_duration(), None);
    }
}
