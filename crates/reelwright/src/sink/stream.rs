use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use reelwright_media::{CancelToken, Error, Payload, Piece, Result, Stage};
use reelwright_mux::{Capabilities, Op, Outcome};

use super::Sink;

/// Writes a file from its first byte to its last into anything that takes bytes: a pipe, a socket, the standard output.
///
/// What can't be written by position has its index first, and the index is known when all samples are: media that is in
/// memory is held back until then, up to [`AssetWriterBuilder::hold_back`](crate::AssetWriterBuilder::hold_back); beyond,
/// the writer fails. Media copied from files isn't held in memory, however much it is.
///
/// What has gone out when a write fails or is cancelled can't be taken back.
#[derive(Debug)]
pub struct WriterSink<W> {
    writer: Option<W>,
    /// Bytes not put out yet.
    gathered: Vec<u8>,
    len: u64,
    output: WriterOutput<W>,
}

/// Where a [`WriterSink`] leaves what it wrote to.
#[derive(Debug)]
pub struct WriterOutput<W>(Arc<Mutex<Option<W>>>);

/// Small pieces are gathered into writes of this size.
const GATHER: usize = 256 << 10;

impl<W> WriterOutput<W> {
    /// What was written to; `None` until the file is complete, and after it has been taken.
    pub fn take(&self) -> Option<W> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl<W> Clone for WriterOutput<W> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<W: Write + Send> WriterSink<W> {
    /// Writes to `writer`, which is flushed and left in [`Self::output`] at the end.
    pub fn new(writer: W) -> Self {
        let output = WriterOutput(Arc::default());
        Self { writer: Some(writer), gathered: Vec::new(), len: 0, output }
    }

    /// Where the writer will be found once the file is complete: a `Vec<u8>`, a socket that is used on.
    pub fn output(&self) -> WriterOutput<W> {
        self.output.clone()
    }

    fn append(&mut self, payload: &Payload, cancel: &CancelToken) -> Result<()> {
        for piece in payload.pieces() {
            match piece {
                Piece::Bytes(bytes) => self.put(bytes)?,
                Piece::Zeros(len) => self.put_steps(*len, cancel, |_, len| Ok(vec![0; len]))?,
                Piece::Range { source, offset, len } => self.put_steps(*len, cancel, |at, len| {
                    let range = Piece::Range { source: source.clone(), offset: offset + at, len: len as u64 };
                    Ok(Payload::from(range).load()?.to_vec())
                })?,
            }
        }
        cancel.check()
    }

    /// Puts `len` bytes that `load` gives a step at a time.
    fn put_steps(
        &mut self,
        len: u64,
        cancel: &CancelToken,
        load: impl Fn(u64, usize) -> Result<Vec<u8>>,
    ) -> Result<()> {
        let mut done = 0;
        while done < len {
            cancel.check()?;
            let step = (len - done).min(GATHER as u64);
            self.put(&load(done, step as usize)?)?;
            done += step;
        }
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.len += bytes.len() as u64;
        if self.gathered.len() + bytes.len() < GATHER {
            self.gathered.extend_from_slice(bytes);
            return Ok(());
        }
        self.put_out()?;
        self.write(|writer| writer.write_all(bytes))
    }

    fn put_out(&mut self) -> Result<()> {
        let gathered = std::mem::take(&mut self.gathered);
        self.write(|writer| writer.write_all(&gathered))
    }

    fn write(&mut self, run: impl FnOnce(&mut W) -> io::Result<()>) -> Result<()> {
        let gone = || Err(Error::misuse("the output is complete").at_stage(Stage::Write));
        let Some(writer) = &mut self.writer else { return gone() };
        run(writer).map_err(|cause| {
            Error::io("can't write the output", cause).at_stage(Stage::Write).at_offset(self.len)
        })
    }

    fn finish(&mut self) -> Result<()> {
        self.put_out()?;
        self.write(W::flush)?;
        *self.output.0.lock().unwrap_or_else(PoisonError::into_inner) = self.writer.take();
        Ok(())
    }
}

impl<W: Write + Send> Sink for WriterSink<W> {
    fn capabilities(&self) -> Capabilities {
        Capabilities::STREAM
    }

    fn run(&mut self, op: Op, cancel: &CancelToken) -> Outcome {
        let done = cancel.check().and_then(|()| match op {
            Op::Append(payload) => self.append(&payload, cancel).map(|()| Outcome::Done),
            Op::WriteAt { .. } | Op::MoveRange { .. } => Ok(Outcome::Unsupported),
            // What is at the other end is out of reach.
            Op::Sync => self.put_out().and_then(|()| self.write(W::flush)).map(|()| Outcome::Done),
            Op::Finish => self.finish().map(|()| Outcome::Done),
        });
        done.unwrap_or_else(Outcome::Failed)
    }

    fn len(&self) -> u64 {
        self.len
    }
}
