//! Where the bytes of a new file go: a file that appears when it is complete, memory, a pipe.

mod copy;
mod file;
mod memory;
mod place;
mod stream;
mod write_behind;

use reelwright_media::CancelToken;

pub use file::{FileSink, Overwrite};
pub use memory::{MemoryOutput, MemorySink};
pub(crate) use place::temporary_in;
pub use reelwright_mux::{Capabilities, Op, Outcome};
pub use stream::{WriterOutput, WriterSink};

/// Runs the operations of a muxer.
///
/// A sink that is dropped before [`Op::Finish`] has succeeded leaves nothing behind.
pub trait Sink: Send {
    /// What it can do; asked once, before the first operation.
    fn capabilities(&self) -> Capabilities;

    /// Runs one operation. Long ones look at `cancel` at least every 8 MiB.
    fn run(&mut self, op: Op, cancel: &CancelToken) -> Outcome;

    /// The length of the output so far, in bytes.
    fn len(&self) -> u64;

    /// Whether nothing has been written yet.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Sink for Box<dyn Sink> {
    fn capabilities(&self) -> Capabilities {
        (**self).capabilities()
    }

    fn run(&mut self, op: Op, cancel: &CancelToken) -> Outcome {
        (**self).run(op, cancel)
    }

    fn len(&self) -> u64 {
        (**self).len()
    }
}
