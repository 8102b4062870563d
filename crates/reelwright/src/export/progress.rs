use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use reelwright_media::{Error, ErrorKind, Rounding, Time, TimeRange, Timescale};

/// How far an export is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// From 0 to 1, finalising included; 1 only when the file is closed.
    pub fraction: f64,
    /// Pictures (or copied video samples) handed to the writer.
    pub frames: u64,
    /// How much of the output's timeline is done.
    pub time: Time,
    /// Bytes of media handed to the writer.
    pub bytes: u64,
    /// How long the rest takes if it goes on as so far; `None` while too little is done to tell.
    pub remaining: Option<Duration>,
}

/// What an export is doing. `AVAssetExportSession.State`; it has no end: that is what the export returns.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum ExportState {
    /// It is being planned, and nothing has been written.
    Pending,
    /// It runs.
    Exporting(Progress),
}

/// Where an export stands. `AVAssetExportSession.Status`; its `waiting` (1) doesn't occur, since no export waits for
/// another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExportStatus {
    /// It is being planned. Apple's `unknown`.
    Idle,
    /// It runs.
    Exporting,
    /// The file is closed and readable.
    Completed,
    /// It failed, and left nothing behind.
    Failed,
    /// It was cancelled, and left nothing behind.
    Cancelled,
}

impl ExportStatus {
    /// Apple's raw value.
    pub const fn code(self) -> i32 {
        match self {
            Self::Idle => 0,
            Self::Exporting => 2,
            Self::Completed => 3,
            Self::Failed => 4,
            Self::Cancelled => 5,
        }
    }

    /// Whether nothing comes after it.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

/// What the stages count and anyone may read.
#[derive(Default)]
pub(super) struct Meter {
    frames: AtomicU64,
    bytes: AtomicU64,
    /// In [`TICKS`].
    time: AtomicI64,
    total: AtomicI64,
    /// Whether a future waits for progress.
    awaited: AtomicBool,
    phase: Mutex<Phase>,
    changed: Condvar,
}

/// What only changes when the export begins and ends, and the futures that wait.
#[derive(Default)]
struct Phase {
    begun: Option<Instant>,
    /// Once it is over: nothing, or why it failed.
    end: Option<Option<Error>>,
    wakers: Vec<Waker>,
    /// Up to where the output had come when they were last woken, in [`TICKS`].
    woken_at: i64,
}

const TICKS: Timescale = Timescale::or_one(1_000_000);

/// Futures are woken so many times over the length of an export, at most.
const STEPS: i64 = 100;

/// What remains for writing the index once all media is there.
const FINAL_SHARE: f64 = 0.01;

impl Meter {
    /// States the length of the whole: it runs now.
    pub(super) fn begin(&self, range: TimeRange) {
        self.total.store(range.duration.ticks_in(TICKS, Rounding::Up).unwrap_or(0).max(1), Ordering::Relaxed);
        self.phase().begun = Some(Instant::now());
        self.tell();
    }

    /// Counts one picture or sample that ends at `end`, and its bytes where it has some already.
    pub(super) fn count(&self, frames: u64, bytes: u64, end: Time) {
        self.frames.fetch_add(frames, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        let end = end.ticks_in(TICKS, Rounding::Down).unwrap_or(0);
        let before = self.time.fetch_max(end, Ordering::Relaxed);
        if self.awaited.load(Ordering::Relaxed) {
            let step = self.total.load(Ordering::Relaxed) / STEPS;
            if end.max(before).saturating_sub(self.phase().woken_at) >= step {
                self.tell();
            }
        }
    }

    /// It is over: the file is closed, or `failure` says why there is none. Only the first end counts.
    pub(super) fn end(&self, failure: Option<Error>) {
        self.phase().end.get_or_insert(failure);
        self.tell();
    }

    /// Wakes everyone who waits for a change.
    fn tell(&self) {
        let mut phase = self.phase();
        let wakers = std::mem::take(&mut phase.wakers);
        phase.woken_at = self.time.load(Ordering::Relaxed);
        self.awaited.store(false, Ordering::Relaxed);
        drop(phase);
        self.changed.notify_all();
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Whether it is over; else `waker` is woken when it is.
    pub(super) fn ended_or_wakes(&self, waker: &Waker) -> bool {
        let mut phase = self.phase();
        if phase.end.is_none() {
            phase.wakes(waker);
        }
        phase.end.is_some()
    }

    /// What it is doing if that is another phase than `before`, or it got on by a hundredth since `seen`; else `waker` is
    /// woken when it is. `None` at the end.
    pub(super) fn poll_next(
        &self,
        before: ExportStatus,
        seen: f64,
        waker: &Waker,
    ) -> Poll<Option<ExportState>> {
        let mut phase = self.phase();
        let same = phase.is(before);
        drop(phase);
        if !same || self.progress().fraction >= seen + 1.0 / STEPS as f64 {
            return Poll::Ready(self.state_after(before));
        }
        phase = self.phase();
        // It may have gone on in between.
        if !phase.is(before) {
            drop(phase);
            return Poll::Ready(self.state_after(before));
        }
        phase.wakes(waker);
        self.awaited.store(true, Ordering::Relaxed);
        Poll::Pending
    }

    /// Sleeps for `interval` (without one for as long as it takes), at most until what comes after `before`; what it is
    /// doing then, or `None` at the end.
    pub(super) fn next(&self, before: ExportStatus, interval: Option<Duration>) -> Option<ExportState> {
        let same = |phase: &mut Phase| phase.is(before);
        let phase = match interval {
            None => self.changed.wait_while(self.phase(), same).unwrap_or_else(PoisonError::into_inner),
            Some(interval) => {
                let waited = self.changed.wait_timeout_while(self.phase(), interval, same);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
        };
        drop(phase);
        self.state_after(before)
    }

    /// What it is doing, where the state before was of the phase `before`; `None` at the end.
    fn state_after(&self, before: ExportStatus) -> Option<ExportState> {
        let phase = self.phase();
        let (begun, over) = (phase.begun.is_some(), phase.end.is_some());
        drop(phase);
        match (begun, over) {
            // Even an export that is over by now did run, which is a change.
            (true, true) if before == ExportStatus::Idle => Some(ExportState::Exporting(self.progress())),
            (_, true) => None,
            (false, false) => Some(ExportState::Pending),
            (true, false) => Some(ExportState::Exporting(self.progress())),
        }
    }

    pub(super) fn status(&self) -> ExportStatus {
        let phase = self.phase();
        match &phase.end {
            None if phase.begun.is_none() => ExportStatus::Idle,
            None => ExportStatus::Exporting,
            Some(None) => ExportStatus::Completed,
            Some(Some(error)) if error.kind() == ErrorKind::Cancelled => ExportStatus::Cancelled,
            Some(Some(_)) => ExportStatus::Failed,
        }
    }

    pub(super) fn error(&self) -> Option<Error> {
        self.phase().end.clone().flatten()
    }

    pub(super) fn progress(&self) -> Progress {
        let (time, total) = (self.time.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed));
        let share = if total > 0 { (time as f64 / total as f64).clamp(0.0, 1.0) } else { 0.0 };
        let done = self.status() == ExportStatus::Completed;
        let fraction = if done { 1.0 } else { share * (1.0 - FINAL_SHARE) };
        let begun = self.phase().begun.filter(|_| fraction > 0.01);
        let left = |begun: Instant| begun.elapsed().mul_f64((1.0 - fraction) / fraction);
        Progress {
            fraction,
            remaining: begun.map(left),
            frames: self.frames.load(Ordering::Relaxed),
            time: Time::new(time, TICKS),
            bytes: self.bytes.load(Ordering::Relaxed),
        }
    }

    fn phase(&self) -> MutexGuard<'_, Phase> {
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Phase {
    /// Whether it runs and is, seen from outside, in the phase `status`.
    fn is(&self, status: ExportStatus) -> bool {
        self.end.is_none() && self.begun.is_some() == (status == ExportStatus::Exporting)
    }

    fn wakes(&mut self, waker: &Waker) {
        if !self.wakers.iter().any(|known| known.will_wake(waker)) {
            self.wakers.push(waker.clone());
        }
    }
}
