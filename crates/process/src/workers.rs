use std::num::NonZeroUsize;

/// How many threads a session lends to its picture work.
///
/// The parts of a picture are worked on by short-lived scoped threads, the first part by the caller's own. Starting a
/// thread costs some 20 µs, a hundredth of the work on one 1080p picture, and in return nothing idles, nothing must be
/// shut down and nothing outlives a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Workers {
    threads: NonZeroUsize,
}

impl Workers {
    /// Work on at most `threads` threads, the caller's included; 0 counts as 1.
    pub fn new(threads: usize) -> Self {
        Self { threads: NonZeroUsize::new(threads.min(256)).unwrap_or(NonZeroUsize::MIN) }
    }

    /// As many threads as the machine runs at once.
    pub fn available() -> Self {
        Self { threads: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN) }
    }

    /// The number of threads.
    pub fn threads(&self) -> usize {
        self.threads.get()
    }

    /// Runs `work` on every part, side by side; returns when all are done.
    pub(crate) fn run<T: Send>(&self, parts: Vec<T>, work: impl Fn(T) + Sync) {
        let mut parts = parts.into_iter();
        let Some(first) = parts.next() else { return };
        std::thread::scope(|scope| {
            for part in parts {
                scope.spawn(|| work(part));
            }
            work(first);
        });
    }
}

impl Default for Workers {
    fn default() -> Self {
        Self::available()
    }
}
