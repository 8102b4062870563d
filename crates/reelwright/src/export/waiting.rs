use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use reelwright_media::Result;

use super::progress::Meter;
use super::{ExportHandle, ExportState, ExportStatus, Report};

/// The end of an export that is awaited. Dropped before, it cancels the export. Made by awaiting an [`ExportHandle`].
#[derive(Debug)]
#[must_use = "dropped, it cancels the export"]
pub struct ExportFuture(pub(super) Option<ExportHandle>);

impl Future for ExportFuture {
    type Output = Result<Report>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.0.take_if(|handle| handle.meter.ended_or_wakes(context.waker())) {
            Some(handle) => Poll::Ready(handle.wait()),
            None => Poll::Pending,
        }
    }
}

impl Drop for ExportFuture {
    fn drop(&mut self) {
        if let Some(handle) = &self.0 {
            handle.cancel();
        }
    }
}

/// What an export is doing, one state after the other, until it is over. Made by [`ExportHandle::states`].
pub struct ExportStates {
    meter: Arc<Meter>,
    interval: Option<Duration>,
    /// The phase of the last state, and how far it was.
    before: Option<(ExportStatus, f64)>,
}

impl ExportStates {
    pub(super) fn new(meter: Arc<Meter>, interval: Option<Duration>) -> Self {
        Self { meter, interval, before: None }
    }

    /// The next state, on any executor: every change, and between them one for each hundredth of the whole. `None` when the
    /// export is over.
    pub async fn next_state(&mut self) -> Option<ExportState> {
        poll_fn(|context| self.poll_state(context)).await
    }

    /// As [`Self::next_state`], for streams of one's own.
    pub fn poll_state(&mut self, context: &mut Context<'_>) -> Poll<Option<ExportState>> {
        let polled = match self.before {
            None => Poll::Ready(Some(ExportState::Pending)),
            Some((before, seen)) => self.meter.poll_next(before, seen, context.waker()),
        };
        if let Poll::Ready(Some(state)) = polled {
            self.note(state);
        }
        polled
    }

    fn note(&mut self, state: ExportState) {
        self.before = Some(match state {
            ExportState::Pending => (ExportStatus::Idle, 0.0),
            ExportState::Exporting(progress) => (ExportStatus::Exporting, progress.fraction),
        });
    }
}

impl Iterator for ExportStates {
    type Item = ExportState;

    fn next(&mut self) -> Option<ExportState> {
        let state = match self.before {
            None => ExportState::Pending,
            Some((before, _)) => self.meter.next(before, self.interval)?,
        };
        self.note(state);
        Some(state)
    }
}

impl std::fmt::Debug for ExportStates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ExportStates({:?})", self.before)
    }
}
