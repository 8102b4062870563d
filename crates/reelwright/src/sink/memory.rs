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
        let place = usize::try_from(offset).ok().and_then(|start| {
            let end = start.checked_add(bytes.len())?;
            self.bytes.get_mut(start..end)
        });
        match place {
            Some(place) => place.copy_from_slice(&bytes),
            None => return Err(past_end(offset)),
        }
        Ok(())
    }

    fn move_range(&mut self, from: u64, to: u64, len: u64) -> Result<()> {
        let end =
            to.checked_add(len).and_then(|end| usize::try_from(end).ok()).ok_or_else(|| past_end(to))?;
        let known = self.bytes.len();
        let from = usize::try_from(from).map_err(|_| past_end(from))?;
        let (to, len) = (end.saturating_sub(len as usize), len as usize);
        if from.checked_add(len).is_none_or(|end| end > known) {
            return Err(past_end(from as u64));
        }
        self.bytes.resize(end.max(known), 0);
        self.bytes.copy_within(from..from + len, to);
        Ok(())
    }
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
