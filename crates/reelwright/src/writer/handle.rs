use std::future::poll_fn;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use reelwright_media::{Error, Result, Time};
use reelwright_mux::FileType;

use super::queue::{Queue, WriterStatus};
use super::{AssetWriterBuilder, FinishReport, Target};
use crate::sink::Sink;

/// Writes one file from the samples its inputs take. `AVAssetWriter`.
///
/// One thread of its own stores what is appended; inputs may be used from any thread. Dropped without
/// [`Self::finish`], it leaves nothing behind.
#[derive(Debug)]
pub struct AssetWriter {
    pub(super) queue: Arc<Queue>,
    pub(super) file_type: FileType,
    pub(super) path: Option<PathBuf>,
    /// Whoever drops it needn't stop it: it ends, or has ended, by itself.
    pub(super) finished: bool,
}

/// Looks at a writer, and stops it, from anywhere: a stop button, a thread that watches. Cheap to clone.
#[derive(Clone, Debug)]
pub struct WriterHandle {
    queue: Arc<Queue>,
}

impl WriterHandle {
    /// Stops the writer and removes what it has written, without waiting for either; its `finish` returns
    /// [`reelwright_media::ErrorKind::Cancelled`]. Raises the writer's cancel token. Without effect on a finished file.
    /// `cancelWriting()`.
    pub fn cancel(&self) {
        self.queue.cancel();
    }

    /// Where the writer stands. `status`.
    pub fn status(&self) -> WriterStatus {
        self.queue.status()
    }

    /// The failure that ended the writer, if one has. `error`.
    pub fn error(&self) -> Option<Error> {
        self.queue.error()
    }
}

impl AssetWriter {
    /// A file of this type that will be at `path`. Nothing is touched before [`AssetWriterBuilder::start`]. The
    /// extension of `path` doesn't matter.
    pub fn create(path: impl AsRef<Path>, file_type: FileType) -> AssetWriterBuilder {
        AssetWriterBuilder::new(Target::Path(path.as_ref().to_path_buf()), file_type)
    }

    /// A file of this type whose bytes go to `sink`.
    pub fn create_on(sink: impl Sink + 'static, file_type: FileType) -> AssetWriterBuilder {
        AssetWriterBuilder::new(Target::Sink(Box::new(sink)), file_type)
    }

    /// Opens the session: source time `start` becomes the movie's time zero. Once, before the first sample.
    /// `startSession(atSourceTime:)`.
    ///
    /// Samples before `start` are stored but not presented. Don't subtract it from their times as well.
    ///
    /// # Errors
    ///
    /// Misuse the second time; the writer's failure.
    pub fn start_session(&self, start: Time) -> Result<()> {
        self.queue.start_session(start)
    }

    /// Ends the session at source time `end`: what is later is stored but not presented. Nothing can be appended
    /// afterwards. Without it the session ends with the longest track. `endSession(atSourceTime:)`.
    ///
    /// # Errors
    ///
    /// Misuse without a session, the second time, or where `end` is before the start; the writer's failure.
    pub fn end_session(&self, end: Time) -> Result<()> {
        self.queue.end_session(end)
    }

    /// Finishes the inputs, completes the file and lets it appear under its name. Blocks until that is done.
    /// `finishWriting()`.
    ///
    /// # Errors
    ///
    /// The first failure of the writer; nothing is left behind then.
    pub fn finish(mut self) -> Result<FinishReport> {
        self.finished = true;
        self.queue.finish();
        self.queue.wait()
    }

    /// As [`Self::finish`], for whoever awaits it: the work is done by the writer's thread, and no particular executor is
    /// needed. Dropped before it is ready, the future cancels the writer. `finishWriting() async`.
    ///
    /// # Errors
    ///
    /// As [`Self::finish`].
    pub async fn finish_async(mut self) -> Result<FinishReport> {
        self.queue.finish();
        let outcome = poll_fn(|context| self.queue.poll_outcome(context.waker())).await;
        self.finished = true;
        outcome
    }

    /// As [`Self::finish`], without waiting: `done` is called once with what it would have returned, by the writer's
    /// thread, or at once where the writer has failed already. `finishWriting(completionHandler:)`.
    pub fn finish_then(mut self, done: impl FnOnce(Result<FinishReport>) + Send + 'static) {
        self.finished = true;
        self.queue.when_ended(Box::new(done));
        self.queue.finish();
    }

    /// Stops and removes what has been written; returns when that is done. Raises the writer's cancel token.
    /// `cancelWriting()`. [`WriterHandle::cancel`] does so from elsewhere.
    pub fn cancel(self) {
        drop(self);
    }

    /// Looks at this writer, and stops it, from anywhere.
    pub fn handle(&self) -> WriterHandle {
        WriterHandle { queue: self.queue.clone() }
    }

    /// Where the writer stands. `status`.
    pub fn status(&self) -> WriterStatus {
        self.queue.status()
    }

    /// The failure that ended the writer, if one has. `error`.
    pub fn error(&self) -> Option<Error> {
        self.queue.error()
    }

    /// Where the file will be; `None` for other sinks.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// The kind of file.
    pub fn file_type(&self) -> FileType {
        self.file_type
    }
}

impl Drop for AssetWriter {
    fn drop(&mut self) {
        if !self.finished {
            self.queue.cancel();
            // The thread removes what it wrote before it ends.
            let _ = self.queue.wait();
        }
    }
}
