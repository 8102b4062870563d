use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use reelwright_media::{Rounding, Time, TimeRange, Timescale};

/// How far an export is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// From 0 to 1, finalising included.
    pub fraction: f64,
    /// Pictures (or copied video samples) handed to the writer.
    pub frames: u64,
    /// How much of the output's timeline is done.
    pub time: Time,
    /// Bytes of media handed to the writer.
    pub bytes: u64,
}

/// What the stages count and anyone may read.
#[derive(Default)]
pub(super) struct Meter {
    frames: AtomicU64,
    bytes: AtomicU64,
    /// In [`TICKS`].
    time: AtomicI64,
    total: AtomicI64,
    finished: AtomicBool,
    bell: (Mutex<bool>, Condvar),
}

const TICKS: Timescale = Timescale::or_one(1_000_000);

/// What remains for writing the index once all media is there.
const FINAL_SHARE: f64 = 0.01;

impl Meter {
    /// States the length of the whole.
    pub(super) fn begin(&self, range: TimeRange) {
        self.total.store(range.duration.ticks_in(TICKS, Rounding::Up).unwrap_or(0).max(1), Ordering::Relaxed);
    }

    /// Counts one picture or sample that ends at `end`, and its bytes where it has some already.
    pub(super) fn count(&self, frames: u64, bytes: u64, end: Time) {
        self.frames.fetch_add(frames, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.time.fetch_max(end.ticks_in(TICKS, Rounding::Down).unwrap_or(0), Ordering::Relaxed);
    }

    /// The file is closed.
    pub(super) fn finish(&self) {
        self.finished.store(true, Ordering::Relaxed);
        *self.bell.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.bell.1.notify_all();
    }

    /// Sleeps for `interval`, or until the end.
    pub(super) fn wait(&self, interval: Duration) {
        let rung = self.bell.0.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.bell.1.wait_timeout_while(rung, interval, |rung| !*rung));
    }

    pub(super) fn progress(&self) -> Progress {
        let (time, total) = (self.time.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed));
        let share = if total > 0 { (time as f64 / total as f64).clamp(0.0, 1.0) } else { 0.0 };
        let fraction = if self.finished.load(Ordering::Relaxed) { 1.0 } else { share * (1.0 - FINAL_SHARE) };
        Progress {
            fraction,
            frames: self.frames.load(Ordering::Relaxed),
            time: Time::new(time, TICKS),
            bytes: self.bytes.load(Ordering::Relaxed),
        }
    }
}
