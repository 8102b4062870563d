use std::time::{Duration, Instant};

use reelwright_process::Workers;

/// With how many threads the picture stage works: one as long as it keeps up with its neighbours, else all it may.
///
/// Where the decoder or the encoder is the brake, cutting a picture into parts only takes turns away from them.
pub(super) struct Effort {
    most: Workers,
    now: Workers,
    since: Instant,
    working: Duration,
    pictures: u32,
}

/// After so many pictures the effort is thought over.
const PICTURES: u32 = 12;

impl Effort {
    /// Starts with one thread; never uses more than `most`.
    pub(super) fn up_to(most: Workers) -> Self {
        Self { most, now: Workers::new(1), since: Instant::now(), working: Duration::ZERO, pictures: 0 }
    }

    /// The threads for the next picture.
    pub(super) fn workers(&self) -> Workers {
        self.now
    }

    /// Takes note that a picture begun at `begun` is done.
    pub(super) fn worked_since(&mut self, begun: Instant) {
        self.working += begun.elapsed();
        self.pictures += 1;
        if self.pictures == PICTURES {
            self.think(self.since.elapsed());
            (self.since, self.working, self.pictures) = (Instant::now(), Duration::ZERO, 0);
        }
    }

    /// `elapsed` is all the time the last pictures took, that spent waiting for neighbours included.
    fn think(&mut self, elapsed: Duration) {
        let busy = self.working.as_secs_f64() / elapsed.as_secs_f64().max(1e-9);
        let threads = self.now.threads();
        // With several threads, what counts is the share of one thread it would have been.
        let overloaded = if threads == 1 { busy > 0.9 } else { busy * threads as f64 > 0.8 };
        self.now = if overloaded { self.most } else { Workers::new(1) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thought(effort: &mut Effort, busy: u64) -> usize {
        effort.working = Duration::from_millis(busy);
        effort.think(Duration::from_millis(100));
        effort.workers().threads()
    }

    #[test]
    fn one_thread_while_it_keeps_up_then_all_and_back() {
        let mut effort = Effort::up_to(Workers::new(4));
        assert_eq!(thought(&mut effort, 60), 1);
        assert_eq!(thought(&mut effort, 97), 4);
        // A third of the time with four threads is more than one thread could do.
        assert_eq!(thought(&mut effort, 33), 4);
        assert_eq!(thought(&mut effort, 10), 1);
    }

    #[test]
    fn a_single_thread_stays_one() {
        let mut effort = Effort::up_to(Workers::new(1));
        assert_eq!(thought(&mut effort, 100), 1);
    }
}
