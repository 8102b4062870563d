use std::path::PathBuf;
use std::sync::Arc;

use reelwright_media::{CancelToken, Error, ErrorKind, Result, Stage, Time};
use reelwright_mux::{Muxer, Session};

use super::FinishReport;
use super::input::Lane;
use super::queue::{Message, Queue};
use crate::operations::run_ready;
use crate::parameter_sets::ParameterSets;
use crate::sink::Sink;
use crate::trace::stage;

/// The one thread that runs a writer's operations.
pub(super) struct Worker {
    pub(super) muxer: Muxer,
    pub(super) sink: Box<dyn Sink>,
    pub(super) queue: Arc<Queue>,
    pub(super) lanes: Vec<Arc<Lane>>,
    pub(super) path: Option<PathBuf>,
    pub(super) cancel: CancelToken,
    pub(super) budget: u64,
    pub(super) sets: ParameterSets,
}

/// Memory stored before those who wait for room are told.
const TELL_EVERY: u64 = 1 << 20;

/// Closes the queue, whatever happens to the thread.
struct Closing(Option<Arc<Queue>>);

impl Closing {
    fn with(mut self, outcome: Result<FinishReport>) {
        if let Some(queue) = self.0.take() {
            queue.close(outcome);
        }
    }
}

impl Drop for Closing {
    fn drop(&mut self) {
        if let Some(queue) = self.0.take() {
            let error = Error::new(ErrorKind::Bug, "the writer's thread panicked").at_stage(Stage::Write);
            queue.close(Err(error));
        }
    }
}

impl Worker {
    /// Starts the thread; the queue is closed with what it ends with.
    pub(super) fn spawn(self) -> Result<()> {
        let work = move || {
            let closing = Closing(Some(self.queue.clone()));
            // By its end the sink has removed what it wrote in vain.
            let outcome = self.run();
            closing.with(outcome);
        };
        std::thread::Builder::new()
            .name("reelwright-writer".into())
            .spawn(work)
            .map(drop)
            .map_err(|cause| Error::io("can't start the writer's thread", cause).at_stage(Stage::Write))
    }

    fn run(mut self) -> Result<FinishReport> {
        stage!("mux", tracks = self.lanes.len());
        let mut batch = Vec::new();
        while !self.queue.take(&mut batch)? {
            self.store(&mut batch)?;
        }
        self.store(&mut batch)?;
        for lane in &self.lanes {
            lane.finish(&self.queue)?;
        }
        self.queue.take(&mut batch)?;
        self.store(&mut batch)?;
        let (start, end) = self.queue.session();
        self.muxer.set_session(Session { start: start.unwrap_or(Time::ZERO), end });
        let warnings = self.sets.settle(&mut self.muxer);
        stage!("finish");
        self.muxer.finish()?;
        run_ready(&mut self.muxer, self.sink.as_mut(), &self.cancel)?;
        let summary = self.muxer.summary();
        Ok(FinishReport {
            path: self.path.take(),
            bytes: self.sink.len(),
            duration: summary.duration,
            index: summary.index,
            dropped_metadata: summary.dropped_metadata,
            tracks: summary.tracks,
            sound_gaps: self.lanes.iter().filter_map(|lane| lane.gaps()).collect(),
            warnings,
        })
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
