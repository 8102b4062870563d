use std::cmp::Ordering;
use std::fmt;
use std::num::NonZeroU32;

/// Ticks per second, never zero. `CMTimeScale`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timescale(NonZeroU32);

impl Timescale {
    /// One tick a second.
    pub const SECONDS: Self = Self(NonZeroU32::MIN);

    /// `ticks` a second, or `None` for zero.
    pub const fn new(ticks: u32) -> Option<Self> {
        match NonZeroU32::new(ticks) {
            Some(ticks) => Some(Self(ticks)),
            None => None,
        }
    }

    /// `ticks` a second, one for zero: for headers that say nothing sensible.
    pub const fn or_one(ticks: u32) -> Self {
        match NonZeroU32::new(ticks) {
            Some(ticks) => Self(ticks),
            None => Self::SECONDS,
        }
    }

    /// Ticks per second.
    pub const fn ticks(self) -> u32 {
        self.0.get()
    }
}

impl fmt::Debug for Timescale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1/{}", self.0)
    }
}

impl fmt::Display for Timescale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// How a time that falls between two ticks of the new scale is placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// Towards minus infinity.
    Down,
    /// Towards plus infinity.
    Up,
    /// To the nearest tick, halves away from zero.
    Nearest,
}

/// An exact instant or length: `value / scale` seconds. `CMTime` without its invalid and infinite states, which are
/// `Option`s here.
///
/// Equality, order and hashing go by the instant, not by its spelling: 1/2 equals 15/30.
#[derive(Clone, Copy)]
pub struct Time {
    value: i64,
    scale: Timescale,
}

impl Time {
    /// Zero seconds.
    pub const ZERO: Self = Self { value: 0, scale: Timescale::SECONDS };

    /// `value / scale` seconds.
    pub const fn new(value: i64, scale: Timescale) -> Self {
        Self { value, scale }
    }

    /// `value / scale` seconds, or `None` where `scale` is zero.
    pub const fn from_ratio(value: i64, scale: u32) -> Option<Self> {
        match Timescale::new(scale) {
            Some(scale) => Some(Self { value, scale }),
            None => None,
        }
    }

    /// Whole seconds.
    pub const fn from_secs(seconds: i64) -> Self {
        Self { value: seconds, scale: Timescale::SECONDS }
    }

    /// Whole milliseconds.
    pub const fn from_millis(millis: i64) -> Self {
        Self { value: millis, scale: Timescale::or_one(1000) }
    }

    /// Ticks of [`Self::scale`].
    pub const fn value(self) -> i64 {
        self.value
    }

    /// Ticks per second of [`Self::value`].
    pub const fn scale(self) -> Timescale {
        self.scale
    }

    /// Whether this is before zero.
    pub const fn is_negative(self) -> bool {
        self.value < 0
    }

    /// Whether this is exactly zero.
    pub const fn is_zero(self) -> bool {
        self.value == 0
    }

    /// The ticks of this instant in `scale`, or `None` where they don't fit 64 bits.
    pub fn ticks_in(self, scale: Timescale, rounding: Rounding) -> Option<i64> {
        if self.scale == scale {
            return Some(self.value);
        }
        let numerator = i128::from(self.value) * i128::from(scale.ticks());
        let ticks = divide(numerator, i128::from(self.scale.ticks()), rounding);
        i64::try_from(ticks).ok()
    }

    /// The same instant in `scale`, rounded; `None` where it doesn't fit 64 bits.
    pub fn rescale(self, scale: Timescale, rounding: Rounding) -> Option<Self> {
        self.ticks_in(scale, rounding).map(|value| Self { value, scale })
    }

    /// The exact sum, in the least common scale; `None` where value or scale overflow.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.combine(other, i128::checked_add)
    }

    /// The exact difference, in the least common scale; `None` where value or scale overflow.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.combine(other, i128::checked_sub)
    }

    /// The sum, exact where it can be said in a 32-bit scale, else rounded to the finer of the two scales;
    /// saturates at the ends of 64 bits.
    pub fn saturating_add(self, other: Self) -> Self {
        self.checked_add(other).unwrap_or_else(|| self.rounded(other, i64::saturating_add))
    }

    /// The difference, exact where it can be said in a 32-bit scale, else rounded to the finer of the two scales;
    /// saturates at the ends of 64 bits.
    pub fn saturating_sub(self, other: Self) -> Self {
        self.checked_sub(other).unwrap_or_else(|| self.rounded(other, i64::saturating_sub))
    }

    /// This length times `numerator / denominator`, rounded to the nearest tick of its own scale.
    pub fn scaled_by(self, numerator: i64, denominator: i64) -> Option<Self> {
        if denominator == 0 {
            return None;
        }
        let (numerator, denominator) = if denominator < 0 {
            (-i128::from(numerator), -i128::from(denominator))
        } else {
            (numerator.into(), denominator.into())
        };
        let product = i128::from(self.value).checked_mul(numerator)?;
        let value = i64::try_from(divide(product, denominator, Rounding::Nearest)).ok()?;
        Some(Self { value, scale: self.scale })
    }

    /// Seconds as a float, for display, statistics and rate control only: never for timing.
    #[allow(clippy::cast_precision_loss)]
    pub fn to_seconds_lossy(self) -> f64 {
        self.value as f64 / f64::from(self.scale.ticks())
    }

    fn combine(self, other: Self, op: fn(i128, i128) -> Option<i128>) -> Option<Self> {
        if self.scale == other.scale {
            let value = i64::try_from(op(self.value.into(), other.value.into())?).ok()?;
            return Some(Self { value, scale: self.scale });
        }
        let (a, b) = (u64::from(self.scale.ticks()), u64::from(other.scale.ticks()));
        let common = a / gcd(a, b) * b;
        let scale = Timescale::new(u32::try_from(common).ok()?)?;
        let left = i128::from(self.value) * i128::from(common / a);
        let right = i128::from(other.value) * i128::from(common / b);
        Some(Self { value: i64::try_from(op(left, right)?).ok()?, scale })
    }

    fn rounded(self, other: Self, op: fn(i64, i64) -> i64) -> Self {
        let scale = self.scale.max(other.scale);
        let ticks = |time: Self| {
            let saturated = if time.value < 0 { i64::MIN } else { i64::MAX };
            time.ticks_in(scale, Rounding::Nearest).unwrap_or(saturated)
        };
        Self { value: op(ticks(self), ticks(other)), scale }
    }
}

impl PartialEq for Time {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Time {}

impl std::hash::Hash for Time {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        let scale = u64::from(self.scale.ticks());
        let divisor = gcd(self.value.unsigned_abs(), scale).max(1);
        (i128::from(self.value) / i128::from(divisor)).hash(state);
        (scale / divisor).hash(state);
    }
}

impl PartialOrd for Time {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Time {
    fn cmp(&self, other: &Self) -> Ordering {
        let left = i128::from(self.value) * i128::from(other.scale.ticks());
        let right = i128::from(other.value) * i128::from(self.scale.ticks());
        left.cmp(&right)
    }
}

impl Default for Time {
    fn default() -> Self {
        Self::ZERO
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{} ({self})", self.value, self.scale.ticks())
    }
}

impl fmt::Display for Time {
    /// `h:mm:ss.mmm`, the hours left out below one: for people. `{:?}` has the exact value before it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = divide(i128::from(self.value) * 1000, i128::from(self.scale.ticks()), Rounding::Nearest);
        let sign = if millis < 0 { "-" } else { "" };
        let millis = millis.unsigned_abs();
        let (hours, minutes, seconds) = (millis / 3_600_000, millis / 60_000 % 60, millis / 1000 % 60);
        if hours > 0 {
            write!(f, "{sign}{hours}:{minutes:02}:{seconds:02}.{:03}", millis % 1000)
        } else {
            write!(f, "{sign}{minutes}:{seconds:02}.{:03}", millis % 1000)
        }
    }
}

/// A half-open stretch of a timeline: `start` belongs to it, `end` doesn't. `CMTimeRange`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimeRange {
    /// The first instant.
    pub start: Time,
    /// The length; not negative.
    pub duration: Time,
}

impl TimeRange {
    /// From `start`, for `duration`.
    pub const fn new(start: Time, duration: Time) -> Self {
        Self { start, duration }
    }

    /// From `start` up to, not including, `end`; empty where `end` is before `start`.
    pub fn between(start: Time, end: Time) -> Self {
        let duration = if end > start { end.saturating_sub(start) } else { Time::new(0, start.scale()) };
        Self { start, duration }
    }

    /// The first instant after the range.
    pub fn end(self) -> Time {
        self.start.saturating_add(self.duration)
    }

    /// Whether `time` lies in the range.
    pub fn contains(self, time: Time) -> bool {
        time >= self.start && time < self.end()
    }

    /// Whether the range holds no instant at all.
    pub fn is_empty(self) -> bool {
        self.duration.value() <= 0
    }

    /// What both ranges share; empty where they share nothing.
    pub fn intersection(self, other: Self) -> Self {
        Self::between(self.start.max(other.start), self.end().min(other.end()))
    }
}

const fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// `numerator / denominator` for a positive denominator.
fn divide(numerator: i128, denominator: i128, rounding: Rounding) -> i128 {
    let (quotient, remainder) = (numerator.div_euclid(denominator), numerator.rem_euclid(denominator));
    let up = match rounding {
        Rounding::Down => false,
        Rounding::Up => remainder > 0,
        Rounding::Nearest => {
            let twice = remainder * 2;
            twice > denominator || (twice == denominator && numerator > 0)
        }
    };
    quotient + i128::from(up)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(value: i64, scale: u32) -> Time {
        Time::from_ratio(value, scale).unwrap()
    }

    #[test]
    fn order_and_equality_go_by_the_instant() {
        assert_eq!(time(1, 2), time(15, 30));
        assert!(time(1001, 30000) > time(1, 30));
        assert!(time(-1, 30) < Time::ZERO);
    }

    #[test]
    fn rounding_is_symmetric_and_exact() {
        let scale = Timescale::new(10).unwrap();
        assert_eq!(time(1, 4).ticks_in(scale, Rounding::Nearest), Some(3));
        assert_eq!(time(-1, 4).ticks_in(scale, Rounding::Nearest), Some(-3));
        assert_eq!(time(-1, 4).ticks_in(scale, Rounding::Down), Some(-3));
        assert_eq!(time(-1, 4).ticks_in(scale, Rounding::Up), Some(-2));
        assert_eq!(time(i64::MAX, 1).ticks_in(scale, Rounding::Down), None);
    }

    #[test]
    fn a_day_of_ntsc_frames_beside_44100_ends_within_a_tick() {
        let frames = 24 * 3600 * 30_000 / 1001;
        let video = time(frames * 1001, 30_000);
        let audio = video.rescale(Timescale::new(44_100).unwrap(), Rounding::Nearest).unwrap();
        let difference = video.checked_sub(audio).unwrap();
        assert!(difference < time(1, 44_100) && difference > time(-1, 44_100));
    }

    #[test]
    fn sums_are_exact_or_refused() {
        assert_eq!(time(1, 3).checked_add(time(1, 6)), Some(time(1, 2)));
        assert_eq!(time(1, 4_294_967_291).checked_add(time(1, 4_294_967_279)), None);
        assert_eq!(time(i64::MAX, 1).saturating_add(time(1, 1)), time(i64::MAX, 1));
    }

    #[test]
    fn ranges_are_half_open() {
        let range = TimeRange::between(time(1, 1), time(2, 1));
        assert!(range.contains(time(1, 1)) && !range.contains(time(2, 1)));
        assert!(range.intersection(TimeRange::between(time(2, 1), time(3, 1))).is_empty());
    }

    #[test]
    fn prints_for_people() {
        assert_eq!(time(3_723_500, 1000).to_string(), "1:02:03.500");
        assert_eq!(time(-1, 2).to_string(), "-0:00.500");
    }
}
