//! Ranges of time written as Rust writes ranges.

use std::ops::{Range, RangeFrom, RangeFull, RangeTo};

use crate::{Time, TimeRange, Timescale};

/// The latest instant in ticks of `scale`.
const fn latest(scale: Timescale) -> Time {
    Time::new(i64::MAX, scale)
}

impl From<Range<Time>> for TimeRange {
    fn from(range: Range<Time>) -> Self {
        Self::between(range.start, range.end)
    }
}

impl From<RangeFrom<Time>> for TimeRange {
    fn from(range: RangeFrom<Time>) -> Self {
        Self::between(range.start, latest(range.start.scale()))
    }
}

impl From<RangeTo<Time>> for TimeRange {
    /// From time zero.
    fn from(range: RangeTo<Time>) -> Self {
        Self::between(Time::new(0, range.end.scale()), range.end)
    }
}

impl From<RangeFull> for TimeRange {
    /// From time zero, without end.
    fn from(_: RangeFull) -> Self {
        Self::new(Time::ZERO, latest(Time::ZERO.scale()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_of_rust_is_the_range_of_time() {
        let second = Time::from_secs;
        assert_eq!(TimeRange::from(second(1)..second(3)), TimeRange::new(second(1), second(2)));
        assert!(TimeRange::from(second(3)..second(1)).is_empty());
        assert_eq!(TimeRange::from(..second(2)), TimeRange::new(Time::ZERO, second(2)));
        let open = TimeRange::from(second(1)..);
        assert!(open.contains(second(1 << 40)) && !open.contains(Time::ZERO));
        assert!(TimeRange::from(..).contains(Time::ZERO));
    }
}
