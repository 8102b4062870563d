use reelwright_media::{Rounding, Time, Timescale};

/// Gives audio packets exact times in the sample rate where the container rounds them: packets follow each other
/// without gaps unless the container's time differs by more than its rounding explains.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AudioClock {
    rate: Timescale,
    tolerance: i64,
    next: Option<i64>,
    /// What comes next is another stream: only rounding is forgiven, and it may begin before the one before ends.
    anew: bool,
}

impl AudioClock {
    /// A clock that ticks in `rate` and forgives stated times that are off by `tolerance`.
    pub(crate) fn new(rate: Timescale, tolerance: Time) -> Self {
        let tolerance = tolerance.ticks_in(rate, Rounding::Up).unwrap_or(0).max(1);
        Self { rate, tolerance, next: None, anew: false }
    }

    /// Another stream follows, which begins where it says: perhaps before the end of the one before, which is then cut.
    pub(crate) fn begin_anew(&mut self) {
        self.anew = true;
    }

    /// The tick of a packet that lasts `frames` ticks and for which the container states `time`, or nothing.
    pub(crate) fn place(&mut self, time: Option<Time>, frames: u32) -> i64 {
        let stated = time.and_then(|time| time.ticks_in(self.rate, Rounding::Nearest));
        let anew = std::mem::take(&mut self.anew);
        let ticks = i64::from(self.rate.ticks());
        // Two ticks of 90 kHz; a stream that overlaps by more than a second is damaged.
        let tolerance = if anew { ticks / 45_000 + 1 } else { self.tolerance };
        let earliest = |next: i64| if anew { next.saturating_sub(ticks) } else { next };
        let tick = match (self.next, stated) {
            (Some(next), Some(stated)) if (stated.saturating_sub(next)).saturating_abs() <= tolerance => next,
            // Going back in time would break the order of samples: rather late than twice.
            (Some(next), Some(stated)) if stated < earliest(next) => next,
            (Some(_), Some(stated)) => stated,
            (Some(next), None) => next,
            (None, stated) => stated.unwrap_or(0),
        };
        self.next = Some(tick.saturating_add(frames.into()));
        tick
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_is_undone_and_gaps_are_kept() {
        let mut clock = AudioClock::new(Timescale::or_one(44_100), Time::from_millis(1));
        let times = [0, 23, 46, 70, 93, 200];
        let ticks = times.map(|time| clock.place(Some(Time::from_millis(time)), 1024));
        assert_eq!(ticks, [0, 1024, 2048, 3072, 4096, 8820]);
        assert_eq!(clock.place(None, 1024), 9844);
        // Another stream begins 0.8 ms later, which would be none within one.
        clock.begin_anew();
        assert_eq!(clock.place(Some(Time::new(10_904, Timescale::or_one(44_100))), 1024), 10_904);
        assert_eq!(clock.place(Some(Time::new(11_950, Timescale::or_one(44_100))), 1024), 11_928);
        // It may begin earlier too, a stream that goes on may not.
        let early = Some(Time::new(12_000, Timescale::or_one(44_100)));
        assert_eq!(clock.place(early, 1024), 12_952);
        clock.begin_anew();
        assert_eq!(clock.place(early, 1024), 12_000);
    }
}
