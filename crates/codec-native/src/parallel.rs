//! Groups of pictures decoded side by side: for decoders that use one thread, in streams cut into groups that need
//! nothing of each other.
//!
//! Each group goes to one worker, sample by sample as they arrive; pictures come out in order. A worker ahead of its
//! turn waits once the pictures nobody has taken yet fill the budget, so memory is bounded however long the groups are;
//! half a group per worker is enough to keep all of them busy.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use reelwright_codec::{PictureWork, VideoDecoder, VideoDecoderSettings};
use reelwright_media::{CancelToken, Error, ErrorKind, PixelBuffer, Result, SampleBuffer, VideoFrame};

use crate::nal::guarded;

/// Bytes of decoded pictures that may wait for those before them, where nobody says.
const PICTURE_BUDGET: usize = 128 << 20;

/// Pictures the group whose turn it is may have waiting, whatever the others hold.
const FRONT_PICTURES: usize = 4;

/// Bytes of samples that may wait for a worker.
const SAMPLE_BUDGET: u64 = 32 << 20;

/// A stream that falls into groups.
pub(crate) trait Groups: Send {
    /// A decoder for one group after the other.
    fn decoder(&self) -> Result<Box<dyn VideoDecoder>>;

    /// Loads a sample and says whether a group begins with it that needs nothing of what was before. What a group
    /// needs of earlier ones all the same (parameter sets) is put into its first sample.
    fn prepare(&mut self, sample: &SampleBuffer) -> Result<(SampleBuffer, bool)>;
}

/// A decoder made of several, one to a group at a time.
pub(crate) struct ParallelGops<G> {
    groups: G,
    threads: usize,
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
    /// The first damage found since the end began.
    damage: Option<Error>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    /// Bytes of pictures that may wait.
    budget: usize,
    /// Done to a picture before it waits.
    early: Option<PictureWork>,
    cancel: CancelToken,
}

#[derive(Default)]
struct State {
    /// The groups not yet put out, oldest first.
    groups: VecDeque<Group>,
    /// The number of the oldest.
    first: u64,
    /// The number of the next group a worker takes.
    next: u64,
    /// Bytes of pictures waiting.
    held: usize,
    /// Bytes of samples waiting.
    queued: u64,
    /// The decoder is gone: give up.
    stop: bool,
}

#[derive(Default)]
struct Group {
    samples: VecDeque<SampleBuffer>,
    /// No more samples will come.
    closed: bool,
    pictures: VecDeque<Result<VideoFrame>>,
    /// No more pictures will come.
    done: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // A poisoned state is one a worker left in the middle of decoding, never in the middle of a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the workers are to give up.
    fn is_over(&self, state: &State) -> bool {
        state.stop || self.cancel.is_cancelled()
    }
}

impl State {
    fn group(&mut self, number: u64) -> Option<&mut Group> {
        let index = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.groups.get_mut(index)
    }

    /// Whether group `number` may add a picture of `bytes`.
    fn has_room(&self, number: u64, bytes: usize, budget: usize) -> bool {
        let front = number == self.first
            && self.groups.front().is_some_and(|group| group.pictures.len() < FRONT_PICTURES);
        front || self.held.saturating_add(bytes) <= budget
    }
}

impl<G: Groups> ParallelGops<G> {
    /// A decoder on up to `threads` threads, started as they are needed.
    pub(crate) fn new(groups: G, threads: usize, settings: &VideoDecoderSettings) -> Self {
        let budget = if settings.memory_budget == 0 { PICTURE_BUDGET } else { settings.memory_budget };
        let shared = Shared {
            state: Mutex::default(),
            changed: Condvar::new(),
            budget,
            early: settings.early.clone(),
            cancel: settings.cancel.clone(),
        };
        Self { groups, threads: threads.max(1), shared: Arc::new(shared), workers: Vec::new(), damage: None }
    }

    /// Whether enough waits in it.
    fn is_full(&self) -> impl Fn(&State) -> bool + use<G> {
        let most = self.threads + 1;
        move |state| state.groups.len() > most || state.queued > SAMPLE_BUDGET
    }

    /// Gives a sample to its group, and a thread to a group that has none.
    fn hand_in(&mut self, sample: SampleBuffer, starts: bool) -> Result<()> {
        let mut state = self.shared.lock();
        let open = state.groups.back().is_some_and(|group| !group.closed);
        if starts || !open {
            if let Some(last) = state.groups.back_mut() {
                last.closed = true;
            }
            state.groups.push_back(Group::default());
        }
        state.queued += sample.payload.len();
        if let Some(group) = state.groups.back_mut() {
            group.samples.push_back(sample);
        }
        let wanted = state.groups.len().min(self.threads);
        drop(state);
        self.shared.changed.notify_all();
        while self.workers.len() < wanted {
            let decoder = self.groups.decoder()?;
            let shared = self.shared.clone();
            let name = format!("decode {}", self.workers.len());
            let thread = std::thread::Builder::new().name(name).spawn(move || work(&shared, decoder));
            match thread {
                Ok(thread) => self.workers.push(thread),
                // Fewer threads will do, but one it must be.
                Err(_) if !self.workers.is_empty() => break,
                Err(cause) => return Err(Error::io("can't start a decoding thread", cause)),
            }
        }
        Ok(())
    }

    /// Puts out what is ready, in order, and waits while `more` says so.
    fn put_out(
        &self,
        more: impl Fn(&State) -> bool,
        out: &mut dyn FnMut(VideoFrame) -> Result<()>,
    ) -> Result<()> {
        while let Some(frame) = self.next(&more)? {
            out(frame)?;
        }
        Ok(())
    }

    /// The next picture if it is ready, or once it is while `more` says so.
    fn next(&self, more: impl Fn(&State) -> bool) -> Result<Option<VideoFrame>> {
        let mut state = self.shared.lock();
        loop {
            let front = state.groups.front_mut();
            let (picture, over) =
                front.map_or((None, false), |group| (group.pictures.pop_front(), group.done));
            // A group may be over because its worker gave up: looked at after that.
            self.shared.cancel.check()?;
            match picture {
                Some(picture) => {
                    if let Ok(frame) = &picture {
                        state.held = state.held.saturating_sub(size(&frame.pixels));
                    }
                    drop(state);
                    self.shared.changed.notify_all();
                    return picture.map(Some);
                }
                None if over => {
                    state.groups.pop_front();
                    state.first += 1;
                    self.shared.changed.notify_all();
                }
                None if more(&state) => state = self.shared.wait(state),
                None => return Ok(None),
            }
        }
    }
}

impl<G: Groups> VideoDecoder for ParallelGops<G> {
    fn decode(&mut self, sample: &SampleBuffer, out: &mut dyn FnMut(VideoFrame) -> Result<()>) -> Result<()> {
        self.put_out(self.is_full(), out)?;
        let (sample, starts) = self.groups.prepare(sample)?;
        self.hand_in(sample, starts)?;
        self.put_out(|_| false, out)
    }

    fn catch_up(&mut self, out: &mut dyn FnMut(VideoFrame) -> Result<()>) -> Result<bool> {
        let frame = self.next(self.is_full())?;
        frame.map_or(Ok(false), |frame| out(frame).map(|()| true))
    }

    fn finish(&mut self, out: &mut dyn FnMut(VideoFrame) -> Result<()>) -> Result<()> {
        while self.drain(out)? {}
        Ok(())
    }

    fn drain(&mut self, out: &mut dyn FnMut(VideoFrame) -> Result<()>) -> Result<bool> {
        if let Some(last) = self.shared.lock().groups.back_mut() {
            last.closed = true;
        }
        self.shared.changed.notify_all();
        match self.next(|state| !state.groups.is_empty()) {
            Ok(Some(frame)) => out(frame).map(|()| true),
            Ok(None) => self.damage.take().map_or(Ok(false), Err),
            Err(error) if error.kind() == ErrorKind::Cancelled => Err(error),
            // The first damage is reported, but everything comes out before, so that nothing is left for later calls.
            Err(error) => {
                self.damage.get_or_insert(error);
                Ok(true)
            }
        }
    }
}

impl<G> Drop for ParallelGops<G> {
    fn drop(&mut self) {
        self.shared.lock().stop = true;
        self.shared.changed.notify_all();
        for worker in self.workers.drain(..) {
            // It has nothing left to tell.
            let _ = worker.join();
        }
    }
}

/// Decodes one group after the other until it is over.
fn work(shared: &Shared, mut decoder: Box<dyn VideoDecoder>) {
    loop {
        let mut state = shared.lock();
        while !shared.is_over(&state) && state.group_to_take().is_none() {
            state = shared.wait(state);
        }
        if shared.is_over(&state) {
            drop(state);
            // Whoever waits for the group this leaves must see that it is over.
            shared.changed.notify_all();
            return;
        }
        let number = state.next;
        state.next += 1;
        drop(state);
        if let Err(error) = guarded("a decoding thread", || decode_group(shared, decoder.as_mut(), number)) {
            push(shared, number, Err(error));
        }
        let mut state = shared.lock();
        if let Some(group) = state.group(number) {
            group.done = true;
            let dropped: u64 = group.samples.drain(..).map(|sample| sample.payload.len()).sum();
            state.queued = state.queued.saturating_sub(dropped);
        }
        drop(state);
        shared.changed.notify_all();
    }
}

impl State {
    fn group_to_take(&mut self) -> Option<&mut Group> {
        self.group(self.next)
    }
}

fn decode_group(shared: &Shared, decoder: &mut dyn VideoDecoder, number: u64) {
    let mut put = |frame: VideoFrame| {
        shared.cancel.check()?;
        let frame = match &shared.early {
            Some(work) => work(frame.pixels).map(|pixels| VideoFrame { pixels, ..frame }),
            None => Ok(frame),
        };
        push(shared, number, frame).then_some(()).ok_or_else(Error::cancelled)
    };
    while let Some(sample) = next_sample(shared, number) {
        match decoder.decode(&sample, &mut put) {
            Err(error) if error.kind() == ErrorKind::Cancelled => return,
            Err(error) => drop(push(shared, number, Err(error))),
            Ok(()) => {}
        }
    }
    match decoder.finish(&mut put) {
        Err(error) if error.kind() == ErrorKind::Cancelled => {}
        Err(error) => drop(push(shared, number, Err(error))),
        Ok(()) => {}
    }
}

/// The next sample of a group, waiting for it; `None` at its end.
fn next_sample(shared: &Shared, number: u64) -> Option<SampleBuffer> {
    let mut state = shared.lock();
    loop {
        if shared.is_over(&state) {
            return None;
        }
        let group = state.group(number)?;
        if let Some(sample) = group.samples.pop_front() {
            state.queued = state.queued.saturating_sub(sample.payload.len());
            drop(state);
            shared.changed.notify_all();
            return Some(sample);
        }
        if group.closed {
            return None;
        }
        state = shared.wait(state);
    }
}

/// Queues a picture of a group, waiting for room; false where nobody wants it any more.
fn push(shared: &Shared, number: u64, picture: Result<VideoFrame>) -> bool {
    let bytes = picture.as_ref().map_or(0, |frame| size(&frame.pixels));
    let mut state = shared.lock();
    while !shared.is_over(&state) && !state.has_room(number, bytes, shared.budget) {
        state = shared.wait(state);
    }
    let stop = shared.is_over(&state);
    if let Some(group) = state.group(number).filter(|_| !stop) {
        group.pictures.push_back(picture);
        state.held += bytes;
        drop(state);
        shared.changed.notify_all();
    }
    !stop
}

fn size(picture: &PixelBuffer) -> usize {
    picture.planes().iter().map(|plane| plane.stride.saturating_mul(plane.rows)).sum()
}
