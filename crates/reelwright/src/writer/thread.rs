use std::sync::Arc;
use std::sync::mpsc;

use reelwright_media::{CancelToken, Error, ErrorKind, Result, Stage, Time};
use reelwright_mux::{Muxer, Session};

use super::queue::{Message, Queue};
use crate::drive::run_ready;
use crate::parameter_sets::ParameterSets;
use crate::sink::Sink;

/// The one thread that runs a writer's operations.
pub(super) struct Worker {
    pub(super) muxer: Muxer,
    pub(super) sink: Box<dyn Sink>,
    pub(super) queue: Arc<Queue>,
    pub(super) cancel: CancelToken,
    pub(super) budget: u64,
    pub(super) sets: ParameterSets,
}

/// What is left when the file is complete.
pub(super) struct Finished {
    pub(super) muxer: Muxer,
    pub(super) bytes: u64,
    /// What readers may stumble over, in plain sentences.
    pub(super) warnings: Vec<String>,
}

/// Memory stored before those who wait for room are told.
const TELL_EVERY: u64 = 1 << 20;

impl Worker {
    /// Starts the thread; what it ends with comes through the channel.
    pub(super) fn spawn(self) -> Result<mpsc::Receiver<Result<Finished>>> {
        let (sender, receiver) = mpsc::sync_channel(1);
        let work = move || {
            let queue = self.queue.clone();
            let result = self.run();
            queue.close(result.as_ref().err().cloned());
            // Whoever dropped the writer doesn't want to know.
            let _ = sender.send(result);
        };
        std::thread::Builder::new()
            .name("reelwright-writer".into())
            .spawn(work)
            .map_err(|cause| Error::io("can't start the writer's thread", cause).at_stage(Stage::Write))?;
        Ok(receiver)
    }

    fn run(mut self) -> Result<Finished> {
        let mut batch = Vec::new();
        loop {
            let last = self.queue.take(&mut batch)?;
            self.store(&mut batch)?;
            if last {
                break;
            }
        }
        let (start, end) = self.queue.session();
        self.muxer.set_session(Session { start: start.unwrap_or(Time::ZERO), end });
        let warnings = self.sets.settle(&mut self.muxer);
        self.muxer.finish()?;
        run_ready(&mut self.muxer, self.sink.as_mut(), &self.cancel)?;
        Ok(Finished { warnings, bytes: self.sink.len(), muxer: self.muxer })
    }

    fn store(&mut self, batch: &mut Vec<Message>) -> Result<()> {
        let total: u64 = batch.iter().map(cost).sum();
        let mut left = total;
        let mut told = total;
        for message in batch.drain(..) {
            left -= cost(&message);
            match message {
                Message::Sample(track, sample) => {
                    self.sets.look(track, &sample);
                    self.muxer.push(track, sample)?;
                }
                Message::Finished(track) => self.muxer.finish_track(track)?,
            }
            run_ready(&mut self.muxer, self.sink.as_mut(), &self.cancel)?;
            if self.muxer.held() > self.budget / 4 * 3 {
                self.muxer.cut()?;
                run_ready(&mut self.muxer, self.sink.as_mut(), &self.cancel)?;
            }
            if told - left >= TELL_EVERY {
                told = left;
                self.queue.set_held(left + self.muxer.held(), self.muxer.waiting_for());
            }
        }
        self.queue.set_held(self.muxer.held(), self.muxer.waiting_for());
        Ok(())
    }
}

fn cost(message: &Message) -> u64 {
    match message {
        Message::Sample(_, sample) => reelwright_mux::sample_cost(sample),
        Message::Finished(_) => 0,
    }
}

/// What a thread that vanished without a word is reported as.
pub(super) fn vanished() -> Error {
    Error::new(ErrorKind::Bug, "the writer's thread ended without a result").at_stage(Stage::Write)
}
