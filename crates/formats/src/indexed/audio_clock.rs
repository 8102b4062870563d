use reelwright_media::{Rounding, Time, Timescale};

/// Gives audio packets exact times in the sample rate where the container rounds them: packets follow each other
/// without gaps unless the container's time differs by more than its rounding explains.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AudioClock {
    rate: Timescale,
    tolerance: i64,
    next: Option<i64>,
}

impl AudioClock {
    /// A clock that ticks in `rate` and forgives stated times that are off by `tolerance`.
    pub(crate) fn new(rate: Timescale, tolerance: Time) -> Self {
        let tolerance = tolerance.ticks_in(rate, Rounding::Up).unwrap_or(0).max(1);
        Self { rate, tolerance, next: None }
    }

    /// The tick of a packet of `frames` PCM frames for which the container states `time`, or nothing.
    pub(crate) fn place(&mut self, time: Option<Time>, frames: u32) -> i64 {
        let stated = time.and_then(|time| time.ticks_in(self.rate, Rounding::Nearest));
        let tick = match (self.next, stated) {
            (Some(next), Some(stated))
                if (stated.saturating_sub(next)).saturating_abs() <= self.tolerance =>
            {
                next
            }
            // Going back in time would break the order of samples: rather late than twice.
            (Some(next), Some(stated)) => stated.max(next),
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
    }
}
