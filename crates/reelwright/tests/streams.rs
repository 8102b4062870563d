//! Files written from the first byte to the last: into a pipe, a vector, anything that takes bytes.
#![allow(clippy::unwrap_used)] // A test states what it expects by unwrapping, its own small functions included.

mod generated;

use std::io::{self, Write};
use std::process::{Command, Stdio};

use generated::{RATE, pcm, pcm_format};
use reelwright::media::{CancelToken, ErrorKind, Result, Time};
use reelwright::sink::{Capabilities, Op, Outcome};
use reelwright::{
    AssetWriter, FileType, FinishReport, IndexPlace, InputConfig, MemorySink, Sink, WriterSink,
};

/// Writes so many seconds of PCM.
fn write(sink: impl Sink + 'static, seconds: i64, hold_back: u64) -> Result<FinishReport> {
    let mut builder =
        AssetWriter::create_on(sink, FileType::Mov).index(IndexPlace::First).hold_back(hold_back);
    let mut input = builder.add_input(InputConfig::copy(pcm_format()))?;
    let writer = builder.start()?;
    writer.start_session(Time::ZERO)?;
    for start in (0..seconds * i64::from(RATE)).step_by(4800) {
        input.append(pcm(&pcm_format(), start, 4800))?;
    }
    drop(input);
    writer.finish()
}

#[test]
fn a_vector_holds_what_memory_does() {
    let sink = WriterSink::new(Vec::new());
    let output = sink.output();
    let report = write(sink, 5, 8 << 20).unwrap();
    let bytes = output.take().unwrap();
    let (sink, memory) = MemorySink::new();
    write(sink, 5, 8 << 20).unwrap();
    assert!(bytes == memory.take().unwrap() && report.bytes == bytes.len() as u64);
    assert!(output.take().is_none());
}

#[test]
fn more_than_may_be_held_back_is_an_error_that_says_so() {
    // Ten seconds are 1.9 MB.
    let sink = WriterSink::new(Vec::new());
    let output = sink.output();
    let error = write(sink, 10, 1 << 20).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
    assert!(
        error.message().contains("1048576 bytes") && error.hint().unwrap().to_string().contains("allow more"),
        "{error}"
    );
    assert!(output.take().is_none());
    assert_eq!(write(WriterSink::new(io::sink()), 10, 4 << 20).unwrap().index, IndexPlace::First);
}

/// Takes so many bytes and no more, a few at a time.
struct Narrow(usize);

impl Write for Narrow {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(1000).min(self.0);
        self.0 -= taken;
        if taken == 0 { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(taken) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_pipe_that_breaks_fails_the_writer_with_the_place() {
    let error = write(WriterSink::new(Narrow(500_000)), 5, 8 << 20).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.place().offset.is_some_and(|offset| offset >= 500_000), "{error}");
    write(WriterSink::new(Narrow(5_000_000)), 5, 8 << 20).unwrap();
}

/// What a reader at the other end of a pipe makes of it, without ever going back.
#[test]
fn ffmpeg_reads_it_from_a_pipe() {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-i", "-", "-f", "s16le", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let Ok(mut reader) = command.spawn() else {
        reelwright_judges::skip!("ffmpeg is not installed");
        return;
    };
    let sink = WriterSink::new(reader.stdin.take().unwrap());
    let output = sink.output();
    let writing = std::thread::spawn(move || {
        write(sink, 5, 8 << 20).unwrap();
        // The pipe's end.
        drop(output.take());
    });
    let read = reader.wait_with_output().unwrap();
    writing.join().unwrap();
    assert!(read.status.success());
    assert_eq!(read.stdout.len(), 5 * RATE as usize * 4);
}

/// A sink of somebody else's: every type it needs has a name.
struct Counting(u64);

impl Sink for Counting {
    fn capabilities(&self) -> Capabilities {
        Capabilities { seek: false, read_back: false }
    }

    fn run(&mut self, op: Op, _: &CancelToken) -> Outcome {
        match op {
            Op::Append(payload) => self.0 += payload.len(),
            Op::WriteAt { .. } | Op::MoveRange { .. } => return Outcome::Unsupported,
            Op::Sync | Op::Finish => {}
        }
        Outcome::Done
    }

    fn len(&self) -> u64 {
        self.0
    }
}

#[test]
fn a_sink_can_be_made_outside() {
    let report = write(Counting(0), 1, 8 << 20).unwrap();
    assert!(report.bytes > u64::from(RATE) * 4);
}
