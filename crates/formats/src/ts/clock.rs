/// Places the times of all streams on one timeline. What follows a jump back, as in files that were put one behind the
/// other, goes on where the part before it ended, and all streams of it are moved alike: what belongs together stays so.
#[derive(Debug, Default)]
pub(super) struct Clock {
    /// The time last heard of in any stream, as the stream states it.
    pub(super) near: Option<i64>,
    /// What is added to stated times.
    shift: i64,
    /// What was before the last jump: packets of the streams stand in turns, so some of the old part come later.
    before: i64,
    /// Where what has come so far ends.
    end: i64,
    /// How often time jumped back.
    pub(super) jumps: u32,
}

/// Half a second: more than any reordering, less than any cut.
const JUMP: i64 = 45_000;

impl Clock {
    /// The earliest that a stream which begins now can begin, if it is of the same part: a picture may wait ten seconds in
    /// a receiver (ISO/IEC 13818-1, 2.4.2.6), so others may be as far ahead.
    pub(super) fn earliest(&self) -> i64 {
        self.end - 10 * 90_000 + JUMP
    }

    /// Where `time` lies on the timeline, for a stream that got to `last` before, or that begins on the way and not before
    /// `earliest`; one that `leads` decides what a jump is.
    pub(super) fn place(&mut self, time: i64, last: Option<i64>, earliest: Option<i64>, leads: bool) -> i64 {
        let near = |shift: &i64| (time + shift - self.end).abs();
        let shift = [self.shift, self.before].into_iter().min_by_key(near).unwrap_or(self.shift);
        let mut placed = time + shift;
        if leads && last.or(earliest).is_some_and(|last| placed < last - JUMP) {
            (self.before, self.shift) = (self.shift, self.end - time);
            self.jumps += 1;
            placed = self.end;
        }
        if leads {
            // As long as the one before it, if nothing is missing between them.
            let length = last.map_or(0, |last| placed - last).clamp(0, JUMP);
            self.end = self.end.max(placed + length);
        }
        placed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_jump_together() {
        let mut clock = Clock::default();
        let (mut pictures, mut sound) = (None, None);
        let mut place = |last: &mut Option<i64>, time| {
            let placed = clock.place(time, *last, None, true);
            *last = Some(placed);
            placed
        };
        for time in [900_000, 903_600, 907_200] {
            assert_eq!(place(&mut pictures, time), time);
            assert_eq!(place(&mut sound, time - 1000), time - 1000);
        }
        // The pictures of another part, the last sound of the first one, and the sound of the other.
        assert_eq!(place(&mut pictures, 126_000), 910_800);
        assert_eq!(place(&mut sound, 909_000), 909_000);
        assert_eq!(place(&mut sound, 125_000), 909_800);
        assert_eq!(place(&mut pictures, 129_600), 914_400);
        assert_eq!(clock.jumps, 1);
    }
}
