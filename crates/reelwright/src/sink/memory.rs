use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use reelwright_media::{CancelToken, Error, ErrorKind, Payload, Result};
use reelwright_mux::{Capabilities, Op, Outcome};

use super::Sink;

/// Collects a file in memory.
#[derive(Debug)]
pub struct MemorySink {
    bytes: Vec<u8>,
    output: MemoryOutput,
}

/// Where a [`MemorySink`] leaves the finished file.
#[derive(Clone, Debug, Default)]
pub struct MemoryOutput(Arc<Mutex<Option<Bytes>>>);

impl MemoryOutput {
    /// The finished file; `None` until it is finished, and after it has been taken.
    pub fn take(&self) -> Option<Bytes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl MemorySink {
    /// An empty sink, and the place where the finished file will be found.
    pub fn new() -> (Self, MemoryOutput) {
        let output = MemoryOutput::default();
        (Self { bytes: Vec::new(), output: output.clone() }, output)
    }

    fn write(&mut self, offset: u64, payload: &Payload) -> Result<()> {
        let bytes = payload.load()?;
        let place = range(offset, bytes.len() as u64).and_then(|range| self.bytes.get_mut(range));
        place.ok_or_else(|| past_end(offset))?.copy_from_slice(&bytes);
        Ok(())
    }

    fn move_range(&mut self, from: u64, to: u64, len: u64) -> Result<()> {
        let source = range(from, len).filter(|range| range.end <= self.bytes.len());
        let source = source.ok_or_else(|| past_end(from))?;
        let target = range(to, len).ok_or_else(|| past_end(to))?;
        self.bytes.resize(target.end.max(self.bytes.len()), 0);
        self.bytes.copy_within(source, target.start);
        Ok(())
    }
}

/// The places of `len` bytes from `offset` on, where memory can have them.
fn range(offset: u64, len: u64) -> Option<Range<usize>> {
    let start = usize::try_from(offset).ok()?;
    Some(start..start.checked_add(usize::try_from(len).ok()?)?)
}

fn past_end(offset: u64) -> Error {
    Error::new(ErrorKind::Bug, "an operation reaches past the end of the output").at_offset(offset)
}

impl Sink for MemorySink {
    fn capabilities(&self) -> Capabilities {
        Capabilities::FULL
    }

    fn run(&mut self, op: Op, cancel: &CancelToken) -> Outcome {
        let done = cancel.check().and_then(|()| match op {
            Op::Append(payload) => payload.pieces().iter().try_for_each(|piece| {
                self.bytes.extend_from_slice(&Payload::from(piece.clone()).load()?);
                cancel.check()
            }),
            Op::WriteAt { offset, payload } => self.write(offset, &payload),
            Op::MoveRange { from, to, len } => self.move_range(from, to, len),
            Op::Sync => Ok(()),
            Op::Finish => {
                let bytes = Bytes::from(std::mem::take(&mut self.bytes));
                *self.output.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(bytes);
                Ok(())
            }
        });
        done.map_or_else(Outcome::Failed, |()| Outcome::Done)
    }

    fn len(&self) -> u64 {
        self.bytes.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(sink: &mut MemorySink, op: Op) {
        assert!(matches!(sink.run(op, &CancelToken::new()), Outcome::Done));
    }

    #[test]
    fn operations_change_the_bytes() {
        let (mut sink, output) = MemorySink::new();
        run(&mut sink, Op::Append(Payload::from(b"headbody".to_vec())));
        run(&mut sink, Op::MoveRange { from: 4, to: 6, len: 4 });
        run(&mut sink, Op::WriteAt { offset: 4, payload: Payload::from(b"++".to_vec()) });
        assert!(output.take().is_none());
        run(&mut sink, Op::Finish);
        assert_eq!(&output.take().unwrap()[..], b"head++body");
    }

    #[test]
    fn nothing_reaches_past_the_end() {
        let (mut sink, _) = MemorySink::new();
        let op = Op::WriteAt { offset: 0, payload: Payload::from(b"x".to_vec()) };
        assert!(matches!(sink.run(op, &CancelToken::new()), Outcome::Failed(_)));
        let op = Op::MoveRange { from: 1, to: u64::MAX, len: 2 };
        assert!(matches!(sink.run(op, &CancelToken::new()), Outcome::Failed(_)));
    }
}
