//! `AssetWriter` from the outside: order, sessions, failures, waiting.

#![allow(clippy::unwrap_used)]

mod executor;
mod folder;
mod foreign;
mod generated;

use std::path::Path;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use executor::block_on;
use folder::Folder;
use generated::{RATE, frames, pcm, pcm_format};
use reelwright::{
    AssetWriter, AssetWriterBuilder, FileSink, FileType, IndexPlace, Input, InputConfig, MemorySink,
    Overwrite, Readiness, Sink, TryAppend,
};
use reelwright_media::{
    AudioCodec, AudioFormat, CancelToken, Error, ErrorKind, FormatDescription, Payload, Result, SampleBuffer,
    Time,
};
use reelwright_mux::{Capabilities, Op, Outcome};

fn in_memory(
    change: impl FnOnce(AssetWriterBuilder) -> AssetWriterBuilder,
    feed: impl FnOnce(&AssetWriter, Input, Input),
) -> Bytes {
    let (sink, output) = MemorySink::new();
    let mut builder = change(AssetWriter::create_on(sink, FileType::Mov));
    let first = builder.add_input(InputConfig::copy(pcm_format())).unwrap();
    let second = builder.add_input(InputConfig::copy(pcm_format())).unwrap();
    let writer = builder.start().unwrap();
    writer.start_session(Time::ZERO).unwrap();
    feed(&writer, first, second);
    writer.finish().unwrap();
    output.take().unwrap()
}

fn feed_all(mut input: Input, seconds: i64) {
    let format = input.format().clone();
    for start in (0..seconds * i64::from(RATE)).step_by(1024) {
        input.append(pcm(&format, start, 1024)).unwrap();
    }
    input.finish().unwrap();
}

#[test]
fn the_file_does_not_depend_on_who_is_faster() {
    let plain = |builder: AssetWriterBuilder| builder;
    let one = in_memory(plain, |_, first, second| {
        feed_all(first, 5);
        feed_all(second, 5);
    });
    let other = in_memory(plain, |_, first, second| {
        feed_all(second, 5);
        feed_all(first, 5);
    });
    let both = in_memory(plain, |_, first, second| {
        let thread = std::thread::spawn(move || feed_all(second, 5));
        feed_all(first, 5);
        thread.join().unwrap();
    });
    assert!(one == other && one == both);
}

#[test]
fn one_track_before_the_other_never_hangs() {
    // Twenty seconds of PCM are four megabytes: far more than the writer may hold.
    let bytes = in_memory(
        |builder| builder.memory(256 << 10),
        |_, first, second| {
            feed_all(first, 20);
            feed_all(second, 20);
        },
    );
    assert!(bytes.len() > 2 * 20 * 4 * 48_000);
}

#[test]
fn a_pause_that_quicktimes_table_of_frames_cannot_tell_is_refused() {
    let FormatDescription::Audio(pcm) = pcm_format().as_ref().clone() else { panic!("no sound") };
    let adpcm = AudioFormat { codec: AudioCodec::Ima4, bytes_per_packet: 68, frames_per_packet: 64, ..pcm };
    let format = Arc::new(FormatDescription::Audio(adpcm));
    for pause in [0, 4800] {
        let (sink, output) = MemorySink::new();
        let mut builder = AssetWriter::create_on(sink, FileType::Mov);
        let mut input = builder.add_input(InputConfig::copy(format.clone())).unwrap();
        let writer = builder.start().unwrap();
        writer.start_session(Time::ZERO).unwrap();
        let at = |start| SampleBuffer {
            payload: Payload::from(vec![0; 1024 / 64 * 68]),
            ..generated::pcm(&format, start, 1024)
        };
        let fed = [0, 1024 + pause].into_iter().try_for_each(|start| input.append(at(start)));
        let finished = fed.and_then(|()| input.finish()).and_then(|()| writer.finish());
        match pause {
            0 => assert!(finished.is_ok() && output.take().is_some()),
            _ => {
                let error = finished.unwrap_err();
                assert_eq!(
                    (error.kind(), error.place().time),
                    (ErrorKind::Unsupported, Some(frames(1024 + pause)))
                );
                assert!(error.message().contains("0:00.100"), "{error}");
            }
        }
    }
}

/// Started with an input that nothing is appended to.
fn with_an_input(mut builder: AssetWriterBuilder) -> Result<AssetWriter> {
    builder.add_input(InputConfig::copy(pcm_format()))?;
    builder.start()
}

/// A thread that panics leaves its recording halfway: the file must not look finished.
#[test]
fn an_input_dropped_by_a_panic_fails_the_writer() {
    let folder = Folder::new("panic");
    let path = folder.file("out.mov");
    let mut builder = AssetWriter::create(&path, FileType::Mov);
    let mut first = builder.add_input(InputConfig::copy(pcm_format())).unwrap();
    let mut second = builder.add_input(InputConfig::copy(pcm_format())).unwrap();
    let writer = builder.start().unwrap();
    writer.start_session(Time::ZERO).unwrap();
    let thread = std::thread::spawn(move || {
        second.append(pcm(&pcm_format(), 0, 1024)).unwrap();
        // As `panic!` does, without words on the standard error.
        std::panic::resume_unwind(Box::new("the camera caught fire"));
    });
    assert!(thread.join().is_err());
    let refused = first.append(pcm(&pcm_format(), 0, 1024)).unwrap_err();
    assert_eq!((refused.kind(), refused.place().track), (ErrorKind::Abandoned, Some(2)));
    assert_eq!(writer.finish().unwrap_err().kind(), ErrorKind::Abandoned);
    assert_eq!(folder.names().len(), 0);
}

/// What was finished before is not what the panic interrupted.
#[test]
fn an_input_finished_before_a_panic_is_finished() {
    let (sink, output) = MemorySink::new();
    let mut builder = AssetWriter::create_on(sink, FileType::Mov);
    let mut input = builder.add_input(InputConfig::copy(pcm_format())).unwrap();
    let writer = builder.start().unwrap();
    writer.start_session(Time::ZERO).unwrap();
    let thread = std::thread::spawn(move || {
        input.append(pcm(&pcm_format(), 0, 1024)).unwrap();
        input.finish().unwrap();
        std::panic::resume_unwind(Box::new("too late to matter"));
    });
    assert!(thread.join().is_err());
    assert_eq!(writer.finish().unwrap().tracks[0].samples, 1024);
    assert!(output.take().is_some());
}

/// Start and length of each stream as ffprobe sees them, or `None` without ffprobe.
fn probe(path: &Path) -> Option<Vec<(f64, f64)>> {
    let lines = foreign::table(path, "stream=start_time,duration")?;
    let numbers = lines.iter().map(|line| {
        let mut fields = line.split(',').map(|field| field.parse().unwrap());
        (fields.next().unwrap(), fields.next().unwrap())
    });
    Some(numbers.collect())
}

#[test]
fn sessions_cut_and_delay() {
    let folder = Folder::new("session");
    let path = folder.file("out.mov");
    let mut builder = AssetWriter::create(&path, FileType::Mov);
    let mut early = builder.add_input(InputConfig::copy(pcm_format())).unwrap();
    let mut late = builder.add_input(InputConfig::copy(pcm_format())).unwrap();
    let writer = builder.start().unwrap();
    let format = pcm_format();
    assert_eq!(early.append(pcm(&format, 0, 1024)).unwrap_err().kind(), ErrorKind::Misuse);
    writer.start_session(Time::from_secs(10)).unwrap();
    assert_eq!(writer.start_session(Time::ZERO).unwrap_err().kind(), ErrorKind::Misuse);
    for second in 9..14 {
        early.append(pcm(&format, second * i64::from(RATE), i64::from(RATE))).unwrap();
    }
    let before = early.append(pcm(&format, 0, 1024)).unwrap_err();
    assert_eq!((before.kind(), before.place().track), (ErrorKind::Misuse, Some(1)));
    late.append(pcm(&format, 11 * i64::from(RATE), i64::from(RATE))).unwrap();
    writer.end_session(Time::from_secs(13)).unwrap();
    assert_eq!(early.append(pcm(&format, 14 * i64::from(RATE), 1024)).unwrap_err().kind(), ErrorKind::Misuse);
    let report = writer.finish().unwrap();
    assert_eq!(report.duration, Time::from_secs(3));
    assert_eq!(report.tracks[0].samples, u64::from(RATE) * 5);
    let Some(streams) = probe(&path) else { return };
    assert_eq!(streams, [(0.0, 3.0), (1.0, 1.0)]);
}

#[test]
fn names_are_kept_until_the_file_is_complete() {
    let folder = Folder::new("names");
    let path = folder.file("out.mov");
    std::fs::write(&path, "precious").unwrap();
    let start =
        |path: &Path, overwrite| with_an_input(AssetWriter::create(path, FileType::Mov).overwrite(overwrite));
    let exists = start(&path, Overwrite::Never).unwrap_err();
    assert_eq!((exists.kind(), exists.code()), (ErrorKind::Exists, -11823));
    let writer = start(&path, Overwrite::Replace).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"precious");
    writer.cancel();
    assert_eq!(std::fs::read(&path).unwrap(), b"precious");
    assert_eq!(folder.names().len(), 1);
    start(&path, Overwrite::Replace).unwrap().finish().unwrap();
    assert_eq!(&std::fs::read(&path).unwrap()[4..12], b"ftypqt  ");
    let missing = start(&folder.file("no/such/folder.mov"), Overwrite::Never).unwrap_err();
    assert!(missing.hint().unwrap().to_string().contains("folder"));
    assert_eq!(folder.names().len(), 1);
}

#[cfg(unix)]
#[test]
fn a_link_stays_and_its_target_is_replaced() {
    let folder = Folder::new("link");
    let (target, link) = (folder.file("target.mov"), folder.file("link.mov"));
    std::os::unix::fs::symlink("target.mov", &link).unwrap();
    with_an_input(AssetWriter::create(&link, FileType::Mov)).unwrap().finish().unwrap();
    assert!(link.symlink_metadata().unwrap().is_symlink());
    assert!(target.metadata().unwrap().is_file());
}

#[test]
fn somebody_else_may_be_faster() {
    let folder = Folder::new("race");
    let path = folder.file("out.mov");
    let writer = with_an_input(AssetWriter::create(&path, FileType::Mov)).unwrap();
    std::fs::write(&path, "theirs").unwrap();
    assert_eq!(writer.finish().unwrap_err().kind(), ErrorKind::Exists);
    assert_eq!(std::fs::read(&path).unwrap(), b"theirs");
    assert_eq!(folder.names().len(), 1);
}

/// Fails at the operation with this number.
struct Failing {
    inner: FileSink,
    at: usize,
    seen: Arc<Mutex<usize>>,
}

impl Sink for Failing {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn run(&mut self, op: Op, cancel: &CancelToken) -> Outcome {
        let mut seen = self.seen.lock().unwrap();
        *seen += 1;
        if *seen == self.at {
            let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
            return Outcome::Failed(Error::io("can't write the output", full));
        }
        self.inner.run(op, cancel)
    }

    fn len(&self) -> u64 {
        self.inner.len()
    }
}

#[test]
fn a_failing_write_leaves_nothing_wherever_it_happens() {
    let folder = Folder::new("fault");
    let path = folder.file("out.mov");
    let write = |at: usize, index: IndexPlace| -> (Result<()>, usize) {
        let seen = Arc::new(Mutex::new(0));
        let inner = FileSink::create(&path, Overwrite::Never).unwrap();
        let sink = Failing { inner, at, seen: seen.clone() };
        let mut builder = AssetWriter::create_on(sink, FileType::Mov).index(index).sync(true);
        let mut input = builder.add_input(InputConfig::copy(pcm_format())).unwrap();
        let writer = builder.start().unwrap();
        writer.start_session(Time::ZERO).unwrap();
        let format = pcm_format();
        let mut result = Ok(());
        for start in (0..i64::from(RATE) * 60).step_by(8192) {
            result = result.and_then(|()| input.append(pcm(&format, start, 8192)));
        }
        drop(input);
        let finished = writer.finish().map(|_| ());
        // Whichever call met the failure first, the last one tells of it too.
        assert_eq!(result.is_err() || finished.is_err(), finished.is_err());
        let count = *seen.lock().unwrap();
        (finished, count)
    };
    for index in [IndexPlace::Last, IndexPlace::First] {
        let (result, operations) = write(usize::MAX, index);
        result.unwrap();
        std::fs::remove_file(&path).unwrap();
        for at in 1..=operations {
            let (result, _) = write(at, index);
            let error = result.unwrap_err();
            assert_eq!((error.kind(), error.code()), (ErrorKind::NoSpace, -11807));
            assert_eq!(folder.names().len(), 0, "operation {at} of {operations}");
        }
    }
}

#[test]
fn cancelling_leaves_nothing() {
    let folder = Folder::new("cancel");
    let token = CancelToken::new();
    let mut builder = AssetWriter::create(folder.file("out.mov"), FileType::Mov).cancel_token(token.clone());
    let mut input = builder.add_input(InputConfig::copy(pcm_format())).unwrap();
    let writer = builder.start().unwrap();
    writer.start_session(Time::ZERO).unwrap();
    let format = pcm_format();
    input.append(pcm(&format, 0, 48_000)).unwrap();
    token.cancel();
    assert_eq!(input.append(pcm(&format, 48_000, 48_000)).unwrap_err().kind(), ErrorKind::Cancelled);
    assert_eq!(writer.finish().unwrap_err().kind(), ErrorKind::Cancelled);
    assert_eq!(folder.names().len(), 0);
}

#[test]
fn an_index_that_comes_first_moves_media_that_did_not_fit_memory() {
    let folder = Folder::new("first");
    let write = |index: IndexPlace, seconds: i64| {
        let path = folder.file("out.mov");
        let mut builder =
            AssetWriter::create(&path, FileType::Mov).index(index).overwrite(Overwrite::Replace);
        let input = builder.add_input(InputConfig::copy(pcm_format())).unwrap();
        let writer = builder.start().unwrap();
        writer.start_session(Time::ZERO).unwrap();
        feed_all(input, seconds);
        assert_eq!(writer.finish().unwrap().index, index);
        let frames = foreign::ffmpeg(&path, &["-c", "copy", "-f", "framehash"]);
        (std::fs::read(&path).unwrap(), frames)
    };
    // 8 MiB may be held back: 43 s of this PCM.
    for seconds in [5, 60] {
        let (first, first_frames) = write(IndexPlace::First, seconds);
        let (_, last_frames) = write(IndexPlace::Last, seconds);
        assert_eq!(&first[24..28], b"moov", "{seconds} s");
        let (Some(first), Some(last)) = (first_frames, last_frames) else { return };
        assert!(!first.is_empty() && first == last);
    }
}

/// A pipe: bytes in order, nothing else.
struct Pipe(Arc<Mutex<Vec<u8>>>);

impl Sink for Pipe {
    fn capabilities(&self) -> Capabilities {
        Capabilities::STREAM
    }

    fn run(&mut self, op: Op, _: &CancelToken) -> Outcome {
        match op {
            Op::Append(payload) => {
                self.0.lock().unwrap().extend_from_slice(&payload.load().unwrap());
                Outcome::Done
            }
            Op::Finish => Outcome::Done,
            _ => Outcome::Unsupported,
        }
    }

    fn len(&self) -> u64 {
        self.0.lock().unwrap().len() as u64
    }
}

#[test]
fn a_pipe_gets_the_index_first_or_a_reason() {
    let write = |seconds: i64| {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let mut builder = AssetWriter::create_on(Pipe(bytes.clone()), FileType::Mov);
        let mut input = builder.add_input(InputConfig::copy(pcm_format())).unwrap();
        let writer = builder.start().unwrap();
        writer.start_session(Time::ZERO).unwrap();
        let format = pcm_format();
        for second in 0..seconds {
            if input.append(pcm(&format, second * i64::from(RATE), i64::from(RATE))).is_err() {
                break;
            }
        }
        drop(input);
        writer.finish().map(|report| (report.index, bytes.lock().unwrap().clone()))
    };
    let (index, bytes) = write(5).unwrap();
    assert_eq!((index, &bytes[24..28]), (IndexPlace::First, &b"moov"[..]));
    let error = write(90).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
    assert!(error.hint().is_some());
}

#[test]
fn readiness_names_the_starving_track_and_waiting_is_a_future() {
    let (sink, output) = MemorySink::new();
    let mut builder = AssetWriter::create_on(sink, FileType::Mov).memory(1 << 20);
    let mut input = builder.add_input(InputConfig::copy(pcm_format())).unwrap();
    let starving = builder.add_input(InputConfig::copy(pcm_format())).unwrap();
    let writer = builder.start().unwrap();
    writer.start_session(Time::ZERO).unwrap();
    let format = pcm_format();
    let second = |second: i64| pcm(&format, second * i64::from(RATE), i64::from(RATE));
    // The writer's thread may keep up for a while; then it waits for the other track.
    let mut fed = 0;
    let mut waiting = None;
    while waiting.is_none() {
        assert!(fed < 1000, "there was always room, or nothing was waited for");
        match input.try_append(second(fed)).unwrap() {
            TryAppend::Taken => fed += 1,
            TryAppend::Full { waiting_for, .. } => {
                waiting = waiting_for;
                std::thread::yield_now();
            }
        }
    }
    assert_eq!(waiting, Some(starving.track_id()));
    for number in fed..fed + 60 {
        block_on(input.append_async(second(number))).unwrap();
    }
    assert!(!matches!(input.readiness(), Readiness::Failed(_)));
    drop((input, starving));
    writer.finish().unwrap();
    let seconds = usize::try_from(fed).unwrap() + 60;
    assert_eq!(output.take().unwrap().len() / (4 * 48_000), seconds);
}

#[test]
fn files_and_memory_hold_the_same() {
    let folder = Folder::new("same");
    let path = folder.file("out.mov");
    let mut builder = AssetWriter::create(&path, FileType::Mov);
    let first = builder.add_input(InputConfig::copy(pcm_format())).unwrap();
    let second = builder.add_input(InputConfig::copy(pcm_format())).unwrap();
    let writer = builder.start().unwrap();
    writer.start_session(frames(0)).unwrap();
    feed_all(first, 3);
    feed_all(second, 3);
    let report = writer.finish().unwrap();
    let memory = in_memory(
        |builder| builder,
        |_, first, second| {
            feed_all(first, 3);
            feed_all(second, 3);
        },
    );
    let file = std::fs::read(&path).unwrap();
    assert_eq!(report.bytes, file.len() as u64);
    assert!(file == memory);
}

#[test]
fn beyond_4_gib_sizes_and_offsets_take_64_bits() {
    let folder = Folder::new("large");
    let path = folder.file("out.mov");
    for index in [IndexPlace::Last, IndexPlace::First] {
        let mut builder =
            AssetWriter::create(&path, FileType::Mov).index(index).overwrite(Overwrite::Replace);
        let mut input = builder.add_input(InputConfig::copy(pcm_format())).unwrap();
        let writer = builder.start().unwrap();
        writer.start_session(Time::ZERO).unwrap();
        let format = pcm_format();
        // Zeros are a payload, and a file need not hold them: nothing of these 4.8 GB is stored.
        for block in 0..25 {
            let mut sample = pcm(&format, block * 1000 * i64::from(RATE), 0);
            sample.duration = Time::from_secs(1000);
            sample.payload = reelwright_media::Payload::zeros(1000 * 4 * u64::from(RATE));
            input.append(sample).unwrap();
        }
        drop(input);
        let report = writer.finish().unwrap();
        assert!(report.bytes > u64::from(u32::MAX));
        assert_eq!((report.index, report.duration), (index, Time::from_secs(25_000)));
        let asked = ["-read_intervals", "24999.9", "-show_entries", "packet=pos,size:format=duration"];
        let Some(said) = foreign::ffprobe(&path, &[&asked[..], &["-of", "csv=p=0"]].concat()) else { return };
        let [.., packet, duration] = &said[..] else { panic!("{said:?}") };
        assert_eq!(duration, "25000.000000");
        let packet: Vec<u64> = packet.split(',').map(|field| field.parse().unwrap()).collect();
        // The last packet ends where the media does.
        let end = packet.iter().sum::<u64>();
        assert!(end > u64::from(u32::MAX) && end <= report.bytes, "{said:?}");
        if index == IndexPlace::First {
            assert_eq!(end, report.bytes);
        }
    }
}
