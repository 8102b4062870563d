//! Bringing to the disk what has been written, while more is being written.

use std::fs::File;
use std::io;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};

/// A thread that syncs a file in steps, so that the disk works from the start and the last sync has little to do.
#[derive(Debug)]
pub(super) struct WriteBehind {
    step_written: SyncSender<()>,
    thread: JoinHandle<io::Result<()>>,
    /// Bytes since the thread was last told.
    written: u64,
}

/// Bytes written between two syncs.
pub(super) const STEP: u64 = 32 << 20;

impl WriteBehind {
    /// Begins on what `file` holds by now. Fails where there can't be another thread: then one sync at the end does.
    pub(super) fn start(file: &File) -> io::Result<Self> {
        let file = file.try_clone()?;
        let (step_written, steps) = sync_channel(1);
        let thread = Builder::new().name("reelwright-sync".into()).spawn(move || {
            // Errors of the disk are reported once: they are kept for whoever asks in the end.
            steps.iter().try_for_each(|()| file.sync_data())
        })?;
        let mut this = Self { step_written, thread, written: 0 };
        this.wrote(STEP);
        Ok(this)
    }

    /// So many more bytes are in the file.
    pub(super) fn wrote(&mut self, bytes: u64) {
        self.written += bytes;
        // A thread that is still busy gets at all of it the next time.
        if self.written >= STEP && self.step_written.try_send(()).is_ok() {
            self.written = 0;
        }
    }

    /// Waits for the syncs begun, and says what failed. What was written since isn't synced.
    pub(super) fn finish(self) -> io::Result<()> {
        drop(self.step_written);
        self.thread.join().unwrap_or_else(|_| Err(io::Error::other("the thread that syncs panicked")))
    }
}
