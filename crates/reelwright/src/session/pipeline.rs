use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use reelwright_media::{Error, ErrorKind, Result, Time};

use super::{Accepted, Answer, Output};

/// A codec as the pipeline sees it: `I` goes in, `P` comes out, found again by time.
pub(super) trait Engine<I, P>: Send {
    /// Feeds one input.
    fn feed(&mut self, input: I, out: &mut dyn FnMut(Time, P)) -> Result<()>;

    /// Puts out what is still inside; more may be fed afterwards.
    fn drain(&mut self, out: &mut dyn FnMut(Time, P)) -> Result<()>;

    /// Whether an error ends the session: an encoder's does, a decoder's may concern one sample alone.
    fn errors_are_final(&self) -> bool;
}

/// A thread that feeds a codec and answers.
pub(super) struct Pipeline<I, T> {
    shared: Arc<Shared<I, T>>,
    worker: Option<JoinHandle<()>>,
    capacity: usize,
    drop_when_full: bool,
}

struct Shared<I, T> {
    state: Mutex<State<I, T>>,
    changed: Condvar,
}

struct State<I, T> {
    jobs: VecDeque<Job<I>>,
    /// What has been accepted and not answered, in the order of acceptance.
    waiting: Vec<Waiting<T>>,
    stop: bool,
    /// The worker is gone.
    dead: bool,
    failure: Option<Error>,
    drains_asked: u64,
    drains_done: u64,
}

struct Waiting<T> {
    time: Time,
    token: T,
    /// The codec has seen it.
    fed: bool,
}

enum Job<I> {
    Feed(I, Time),
    Drop(Time),
    /// Put out everything up to this time, or everything.
    Drain(Option<Time>),
}

impl<I: Send + 'static, T: Send + 'static> Pipeline<I, T> {
    /// Starts the thread.
    pub(super) fn new<P: Send + 'static>(
        name: &str,
        capacity: usize,
        drop_when_full: bool,
        engine: impl Engine<I, P> + 'static,
        answer: impl FnMut(Output<T, P>) + Send + 'static,
    ) -> Result<Self> {
        let state = State {
            jobs: VecDeque::new(),
            waiting: Vec::new(),
            stop: false,
            dead: false,
            failure: None,
            drains_asked: 0,
            drains_done: 0,
        };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() });
        let end = WorkerEnd(shared.clone());
        let worker = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || work(&end.0, engine, answer))
            .map_err(|cause| Error::io("can't start a thread for the session", cause))?;
        Ok(Self { shared, worker: Some(worker), capacity, drop_when_full })
    }

    /// Accepts an input, waiting for room in the queue where that isn't left out in its stead.
    ///
    /// # Errors
    ///
    /// The failure of the session; then there is no answer.
    pub(super) fn accept(&self, input: I, time: Time, token: T) -> Result<Accepted> {
        let mut state = self.shared.lock();
        let inside = self.is_worker();
        loop {
            state.check()?;
            // From inside the callback nobody could make room.
            if state.jobs.len() < self.capacity || self.drop_when_full || inside {
                break;
            }
            state = self.shared.wait(state);
        }
        let dropped = self.drop_when_full && state.jobs.len() >= self.capacity;
        state.waiting.push(Waiting { time, token, fed: false });
        state.jobs.push_back(if dropped { Job::Drop(time) } else { Job::Feed(input, time) });
        drop(state);
        self.shared.changed.notify_all();
        Ok(Accepted { dropped })
    }

    /// Waits until everything up to `until` (or everything) is answered.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misuse`] from inside the callback; the failure of the session.
    pub(super) fn complete(&self, until: Option<Time>) -> Result<()> {
        if self.is_worker() {
            return Err(Error::misuse("a session can't be completed from inside its own callback"));
        }
        let mut state = self.shared.lock();
        state.drains_asked += 1;
        let mine = state.drains_asked;
        state.jobs.push_back(Job::Drain(until));
        self.shared.changed.notify_all();
        while state.drains_done < mine && !state.dead {
            state = self.shared.wait(state);
        }
        state.check()
    }

    /// Accepted and not yet answered.
    pub(super) fn pending(&self) -> usize {
        self.shared.lock().waiting.len()
    }

    /// Stops without answering what is pending, and hands the tokens back in the order of acceptance.
    pub(super) fn invalidate(&mut self) -> Vec<T> {
        let tokens = {
            let mut state = self.shared.lock();
            state.stop = true;
            state.jobs.clear();
            std::mem::take(&mut state.waiting).into_iter().map(|waiting| waiting.token).collect()
        };
        self.shared.changed.notify_all();
        if let Some(worker) = self.worker.take()
            && worker.thread().id() != std::thread::current().id()
        {
            // A panic in the callback was its owner's; there is nobody left to tell.
            let _ = worker.join();
        }
        tokens
    }

    fn is_worker(&self) -> bool {
        self.worker.as_ref().is_some_and(|worker| worker.thread().id() == std::thread::current().id())
    }
}

impl<I, T> Drop for Pipeline<I, T> {
    fn drop(&mut self) {
        {
            let mut state = self.shared.lock();
            state.stop = true;
            state.jobs.clear();
        }
        self.shared.changed.notify_all();
        if let Some(worker) = self.worker.take()
            && worker.thread().id() != std::thread::current().id()
        {
            // As in `invalidate`.
            let _ = worker.join();
        }
    }
}

impl<I, T> Shared<I, T> {
    fn lock(&self) -> MutexGuard<'_, State<I, T>> {
        // Nothing is half changed when a callback panics: it runs without the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State<I, T>>) -> MutexGuard<'a, State<I, T>> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }
}

impl<I, T> State<I, T> {
    fn check(&self) -> Result<()> {
        match &self.failure {
            Some(failure) => Err(failure.clone()),
            None if self.dead => Err(Error::new(ErrorKind::Bug, "the session's callback or codec panicked")),
            None => Ok(()),
        }
    }

    fn take(&mut self, time: Time) -> Option<T> {
        let index = self.waiting.iter().position(|waiting| waiting.time == time)?;
        Some(self.waiting.remove(index).token)
    }
}

/// Marks the worker as gone and wakes who waits for it, also after a panic.
struct WorkerEnd<I, T>(Arc<Shared<I, T>>);

impl<I, T> Drop for WorkerEnd<I, T> {
    fn drop(&mut self) {
        self.0.lock().dead = true;
        self.0.changed.notify_all();
    }
}

fn work<I, T, P>(shared: &Shared<I, T>, mut engine: impl Engine<I, P>, mut answer: impl FnMut(Output<T, P>)) {
    loop {
        let mut state = shared.lock();
        let job = loop {
            if state.stop {
                return;
            }
            match state.jobs.pop_front() {
                Some(job) => break job,
                None => state = shared.wait(state),
            }
        };
        if let Job::Feed(_, time) = &job
            && let Some(waiting) =
                state.waiting.iter_mut().find(|waiting| waiting.time == *time && !waiting.fed)
        {
            waiting.fed = true;
        }
        drop(state);
        shared.changed.notify_all();
        run(shared, &mut engine, job, &mut answer);
    }
}

fn run<I, T, P>(
    shared: &Shared<I, T>,
    engine: &mut impl Engine<I, P>,
    job: Job<I>,
    answer: &mut impl FnMut(Output<T, P>),
) {
    let mut reply = |time, result| {
        let token = shared.lock().take(time);
        // Torn down in the meantime, or a picture nobody asked for.
        if let Some(token) = token {
            answer(Output { token, result });
        }
    };
    match job {
        Job::Drop(time) => reply(time, Ok(Answer::Dropped)),
        Job::Feed(input, time) => {
            let result = engine.feed(input, &mut |time, product| reply(time, Ok(Answer::Done(product))));
            if let Err(error) = result {
                // A codec with threads of its own may report an earlier sample's fault.
                let culprit =
                    error.place().time.filter(|culprit| shared.is_waiting(*culprit)).unwrap_or(time);
                if engine.errors_are_final() {
                    shared.lock().failure = Some(error.clone());
                }
                reply(culprit, Err(error));
            }
        }
        Job::Drain(until) => {
            if shared.holds_back(until) {
                let result = engine.drain(&mut |time, product| reply(time, Ok(Answer::Done(product))));
                let failure = result.err();
                if let Some(error) = failure.as_ref().filter(|_| engine.errors_are_final()) {
                    shared.lock().failure = Some(error.clone());
                }
                // Whatever the codec has seen and not put out by now never comes: because of the error, unless that
                // is about one sample alone.
                for time in shared.fed() {
                    let about = |error: &Error| error.place().time.is_none_or(|culprit| culprit == time);
                    let error = failure.clone().filter(|error| engine.errors_are_final() || about(error));
                    reply(time, error.map_or(Ok(Answer::Dropped), Err));
                }
            }
            shared.lock().drains_done += 1;
            shared.changed.notify_all();
        }
    }
}

impl<I, T> Shared<I, T> {
    fn is_waiting(&self, time: Time) -> bool {
        self.lock().waiting.iter().any(|waiting| waiting.time == time && waiting.fed)
    }

    /// Whether the codec has seen something up to `until` that isn't answered.
    fn holds_back(&self, until: Option<Time>) -> bool {
        let wanted = |waiting: &Waiting<T>| waiting.fed && until.is_none_or(|until| waiting.time <= until);
        self.lock().waiting.iter().any(wanted)
    }

    fn fed(&self) -> Vec<Time> {
        self.lock().waiting.iter().filter(|waiting| waiting.fed).map(|waiting| waiting.time).collect()
    }
}
