//! Keeps a window of the stream under a ceiling: OpenH264's own maximum works by leaving out frames, which we don't.

use std::collections::VecDeque;

use reelwright_codec::RateLimit;
use reelwright_media::Time;

/// Below this share of the buffer the rate is lowered, in proportion. An average of two thirds of the ceiling, as people
/// ask for, is below it on the whole and isn't touched.
const RESERVE: f64 = 0.25;

/// The rate is never lowered to less than this share: pictures stay pictures.
const LOWEST: f64 = 0.02;

/// What the last window held, and the rate that follows from it.
pub(super) struct Ceiling {
    limit: RateLimit,
    /// The rate that is wanted while there is room, in bits per second as OpenH264 counts them.
    target: i32,
    current: i32,
    /// Seconds.
    window: f64,
    coded: VecDeque<(Time, u64)>,
    held: u64,
}

impl Ceiling {
    /// A ceiling over a stream whose encoder was started with `target`.
    pub(super) fn new(limit: RateLimit, target: i32) -> Self {
        let window = f64::from(limit.buffer) / f64::from(limit.max_rate.max(1));
        Self { limit, target, current: target, window, coded: VecDeque::new(), held: 0 }
    }

    /// Aims at another rate; the one to go on with for now.
    pub(super) fn aim(&mut self, target: i32) -> i32 {
        let share = f64::from(self.current) / f64::from(self.target.max(1));
        self.target = target;
        self.current = ((f64::from(target) * share) as i32).max(1);
        self.current
    }

    /// Takes note of a coded picture; the rate to go on with, where it changes.
    pub(super) fn note(&mut self, pts: Time, bits: u64) -> Option<i32> {
        self.coded.push_back((pts, bits));
        self.held += bits;
        while let Some(&(first, gone)) = self.coded.front()
            && pts.saturating_sub(first).to_seconds_lossy() >= self.window
        {
            self.coded.pop_front();
            self.held -= gone;
        }
        let room = 1.0 - self.held as f64 / f64::from(self.limit.buffer.max(1));
        let share = (room / RESERVE).clamp(LOWEST, 1.0);
        let wanted = (f64::from(self.target) * share) as i32;
        // Small changes aren't worth upsetting the encoder's plan.
        let changed = (wanted - self.current).unsigned_abs() > self.target.unsigned_abs() / 20
            || (wanted == self.target && wanted != self.current);
        changed.then(|| {
            self.current = wanted;
            wanted.max(1)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_falls_with_the_room_and_comes_back() {
        let mut ceiling = Ceiling::new(RateLimit { max_rate: 1000, buffer: 1000 }, 900);
        let at = |tenth: i64| Time::from_ratio(tenth, 10).unwrap();
        assert_eq!(ceiling.note(at(0), 100), None);
        assert_eq!(ceiling.note(at(1), 775), Some(450));
        assert_eq!(ceiling.note(at(2), 200), Some(18));
        assert_eq!(ceiling.note(at(10), 0), Some(90));
        assert_eq!(ceiling.note(at(11), 0), Some(900));
    }
}
