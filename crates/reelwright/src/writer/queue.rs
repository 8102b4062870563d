//! What inputs and the writer thread share.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use reelwright_media::{CancelToken, Error, ErrorKind, Result, SampleBuffer, Time};
use reelwright_mux::sample_cost;

use super::FinishReport;

/// Whether an input takes more. `isReadyForMoreMediaData`, and why not.
#[derive(Clone, Debug)]
pub enum Readiness {
    /// It does.
    Ready,
    /// The budget of the writer is used up; it frees itself as samples are stored.
    Full {
        /// The ID of the track the others wait for, if it isn't the disk they wait for.
        waiting_for: Option<u32>,
    },
    /// The writer has failed: with this error.
    Failed(Error),
}

/// Where a writer stands. `AVAssetWriter.Status`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum WriterStatus {
    /// It takes samples.
    Writing,
    /// Nothing more comes; what was appended is being stored.
    Finishing,
    /// The file is complete.
    Completed,
    /// It has failed with this error; nothing is left of the file.
    Failed(Error),
    /// It was cancelled; nothing is left of the file once it has ended.
    Cancelled,
}

/// What goes through the queue.
#[derive(Debug)]
pub(super) enum Message {
    Sample(usize, SampleBuffer),
    Finished(usize),
}

pub(super) struct Queue {
    state: Mutex<State>,
    /// Something for the writer thread to do.
    work: Condvar,
    /// Something for those who wait to look at again.
    change: Condvar,
}

/// What a writer ends with.
pub(super) type Outcome = Result<FinishReport>;

struct State {
    messages: Vec<Message>,
    /// Memory of what is queued.
    queued: u64,
    /// Memory of what the writer thread has taken and not stored yet.
    held: u64,
    waiting_for: Option<u32>,
    wakers: Vec<Waker>,
    phase: Phase,
    session_start: Option<Time>,
    session_end: Option<Time>,
    error: Option<Error>,
    /// What the writer thread ended with.
    outcome: Option<Outcome>,
    /// To be told of it.
    on_end: Option<Box<dyn FnOnce(Outcome) + Send>>,
    thread_waits: bool,
    cancel: CancelToken,
    budget: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Open,
    /// Nothing more comes: complete the file.
    Finishing,
    /// Done, one way or the other.
    Closed,
}

impl State {
    fn is_full(&self) -> bool {
        self.queued + self.held >= self.budget
    }

    fn check(&self) -> Result<()> {
        match (&self.error, self.phase) {
            (Some(error), _) => Err(error.clone()),
            (None, Phase::Open) => self.cancel.check(),
            (None, _) => Err(Error::misuse("the writer has been finished")),
        }
    }

    /// As [`Self::check`], for what an encoder still holds when the writer is finished.
    fn check_unfinished(&self) -> Result<()> {
        if self.phase == Phase::Finishing && self.error.is_none() {
            return self.cancel.check();
        }
        self.check()
    }

    fn check_session(&self) -> Result<()> {
        self.check()?;
        if self.session_start.is_none() {
            return Err(Error::misuse("no session has been started").with_hint("call start_session first"));
        }
        if self.session_end.is_some() {
            return Err(Error::misuse("the session has ended"));
        }
        Ok(())
    }
}

impl State {
    /// Calls this waker at the next change.
    fn remember(&mut self, waker: &Waker) {
        if !self.wakers.iter().any(|known| known.will_wake(waker)) {
            self.wakers.push(waker.clone());
        }
    }
}

impl Queue {
    pub(super) fn new(budget: u64) -> Self {
        let state = State {
            messages: Vec::new(),
            queued: 0,
            held: 0,
            waiting_for: None,
            wakers: Vec::new(),
            phase: Phase::Open,
            session_start: None,
            session_end: None,
            error: None,
            outcome: None,
            on_end: None,
            thread_waits: false,
            cancel: CancelToken::new(),
            budget,
        };
        Self { state: Mutex::new(state), work: Condvar::new(), change: Condvar::new() }
    }

    pub(super) fn set_budget(&self, budget: u64) {
        self.lock().budget = budget;
    }

    pub(super) fn set_cancel_token(&self, cancel: CancelToken) {
        self.lock().cancel = cancel;
    }

    pub(super) fn cancel_token(&self) -> CancelToken {
        self.lock().cancel.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing here can panic halfway through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn readiness(&self) -> Readiness {
        let state = self.lock();
        match state.check() {
            Err(error) => Readiness::Failed(error),
            Ok(()) if state.is_full() => Readiness::Full { waiting_for: state.waiting_for },
            Ok(()) => Readiness::Ready,
        }
    }

    /// Whether anything can be appended, room or not.
    pub(super) fn check_session(&self) -> Result<()> {
        self.lock().check_session()
    }

    /// Waits for room, without taking it: others may be faster.
    pub(super) fn wait_for_room(&self) -> Result<()> {
        let mut state = self.lock();
        loop {
            state.check_session()?;
            if !state.is_full() {
                return Ok(());
            }
            state = self.change.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    pub(super) fn poll_room(&self, waker: &Waker) -> Poll<Result<()>> {
        let mut state = self.lock();
        if let Err(error) = state.check_session() {
            return Poll::Ready(Err(error));
        }
        if !state.is_full() {
            return Poll::Ready(Ok(()));
        }
        state.remember(waker);
        Poll::Pending
    }

    /// Puts a sample in, room or not.
    pub(super) fn push(&self, track: usize, sample: SampleBuffer) -> Result<()> {
        let mut state = self.lock();
        state.check_session()?;
        self.enqueue(&mut state, track, sample);
        Ok(())
    }

    /// Puts in what an encoder held back, though the session may have ended.
    pub(super) fn push_unchecked(&self, track: usize, sample: SampleBuffer) -> Result<()> {
        let mut state = self.lock();
        state.check_unfinished()?;
        self.enqueue(&mut state, track, sample);
        Ok(())
    }

    pub(super) fn finish_track(&self, track: usize) {
        let mut state = self.lock();
        state.messages.push(Message::Finished(track));
        self.call_thread(&state);
    }

    pub(super) fn start_session(&self, start: Time) -> Result<()> {
        let mut state = self.lock();
        state.check()?;
        if state.session_start.is_some() {
            return Err(Error::misuse("the session was started before: a writer has one"));
        }
        state.session_start = Some(start);
        Ok(())
    }

    pub(super) fn end_session(&self, end: Time) -> Result<()> {
        let mut state = self.lock();
        state.check_session()?;
        if state.session_start.is_some_and(|start| end < start) {
            return Err(Error::misuse("the session can't end before it starts").at_time(end));
        }
        state.session_end = Some(end);
        Ok(())
    }

    pub(super) fn session(&self) -> (Option<Time>, Option<Time>) {
        let state = self.lock();
        (state.session_start, state.session_end)
    }

    /// Nothing more comes.
    pub(super) fn finish(&self) {
        let mut state = self.lock();
        if state.phase == Phase::Open {
            state.phase = Phase::Finishing;
        }
        self.call_thread(&state);
    }

    /// What has come since, and whether nothing more will; waits while there is neither.
    pub(super) fn take(&self, batch: &mut Vec<Message>) -> Result<bool> {
        let mut state = self.lock();
        while state.messages.is_empty()
            && state.phase == Phase::Open
            && state.error.is_none()
            && !state.cancel.is_cancelled()
        {
            state.thread_waits = true;
            state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.thread_waits = false;
        }
        state.cancel.check()?;
        if let Some(error) = &state.error {
            return Err(error.clone());
        }
        std::mem::swap(batch, &mut state.messages);
        state.held += std::mem::take(&mut state.queued);
        Ok(state.phase != Phase::Open)
    }

    /// So much memory is still held by the writer thread.
    pub(super) fn set_held(&self, held: u64, waiting_for: Option<u32>) {
        let mut state = self.lock();
        state.held = held;
        state.waiting_for = waiting_for;
        if !state.is_full() {
            self.wake(&mut state);
        }
    }

    /// The writer thread has ended like this.
    pub(super) fn close(&self, outcome: Outcome) {
        let mut state = self.lock();
        state.phase = Phase::Closed;
        let outcome = match outcome {
            Ok(report) => Ok(report),
            // What failed first is why it ended.
            Err(error) => Err(state.error.get_or_insert(error).clone()),
        };
        state.messages.clear();
        let on_end = state.on_end.take();
        state.outcome = Some(outcome.clone());
        self.wake(&mut state);
        drop(state);
        if let Some(on_end) = on_end {
            on_end(outcome);
        }
    }

    /// Waits for the end of the writer thread.
    pub(super) fn wait(&self) -> Outcome {
        let mut state = self.lock();
        loop {
            if let Some(outcome) = &state.outcome {
                return outcome.clone();
            }
            state = self.change.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// What the writer thread ended with, once it has; else `waker` is called then.
    pub(super) fn poll_outcome(&self, waker: &Waker) -> Poll<Outcome> {
        let mut state = self.lock();
        match &state.outcome {
            Some(outcome) => Poll::Ready(outcome.clone()),
            None => {
                state.remember(waker);
                Poll::Pending
            }
        }
    }

    /// Calls `on_end` with what the writer thread ends with; at once where it has.
    pub(super) fn when_ended(&self, on_end: Box<dyn FnOnce(Outcome) + Send>) {
        let mut state = self.lock();
        match state.outcome.clone() {
            Some(outcome) => {
                drop(state);
                on_end(outcome);
            }
            None => state.on_end = Some(on_end),
        }
    }

    pub(super) fn status(&self) -> WriterStatus {
        let state = self.lock();
        match (&state.outcome, &state.error) {
            (Some(Ok(_)), _) => WriterStatus::Completed,
            (Some(Err(error)), _) | (None, Some(error)) if error.kind() != ErrorKind::Cancelled => {
                WriterStatus::Failed(error.clone())
            }
            (Some(_), _) | (_, Some(_)) => WriterStatus::Cancelled,
            _ if state.cancel.is_cancelled() => WriterStatus::Cancelled,
            _ if state.phase == Phase::Open => WriterStatus::Writing,
            _ => WriterStatus::Finishing,
        }
    }

    /// Makes `error` the one every later call returns, unless there is one already.
    pub(super) fn fail(&self, error: Error) {
        let mut state = self.lock();
        state.error.get_or_insert(error);
        self.call_thread(&state);
        self.wake(&mut state);
    }

    /// Whether samples that an encoder holds can still come.
    pub(super) fn is_open(&self) -> bool {
        self.lock().check_unfinished().is_ok()
    }

    /// Wakes the writer thread to look at the cancel token.
    pub(super) fn cancel(&self) {
        let state = self.lock();
        state.cancel.cancel();
        self.call_thread(&state);
    }

    pub(super) fn error(&self) -> Option<Error> {
        self.lock().error.clone()
    }

    pub(super) fn budget(&self) -> u64 {
        self.lock().budget
    }

    fn enqueue(&self, state: &mut State, track: usize, sample: SampleBuffer) {
        state.queued += sample_cost(&sample);
        state.messages.push(Message::Sample(track, sample));
        self.call_thread(state);
    }

    fn call_thread(&self, state: &State) {
        if state.thread_waits {
            self.work.notify_one();
        }
    }

    fn wake(&self, state: &mut State) {
        self.change.notify_all();
        state.wakers.drain(..).for_each(Waker::wake);
    }
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let state = self.lock();
        f.debug_struct("Queue")
            .field("queued", &state.queued)
            .field("held", &state.held)
            .field("phase", &state.phase)
            .field("error", &state.error)
            .finish_non_exhaustive()
    }
}
