//! What an application may rely on of the types themselves.
#![allow(clippy::unwrap_used, reason = "tests state what they expect by unwrapping")]

use std::fmt::{Debug, Display};
use std::str::FromStr;

use reelwright::codec::{Choice, EncoderSpecification, Lack, Licence, QualityClass, Registry, SpeedClass};
use reelwright::media::{AudioCodec, CancelToken, Hint, Language, SampleFlags, VideoCodec};
use reelwright::*;

fn printed<T: Debug + Send>() {}
fn shown<T: Display>() {}
fn read<T: FromStr<Err = reelwright::media::Error>>() {}
fn made<T: Default>() {}

#[test]
fn types_print_are_read_and_move_between_threads() {
    printed::<Asset>();
    printed::<FramesBuilder>();
    printed::<Frames>();
    printed::<SoundBuilder>();
    printed::<SoundBuffers>();
    printed::<Samples>();
    printed::<AssetWriterBuilder>();
    printed::<AssetWriter>();
    printed::<Input>();
    printed::<InputConfig>();
    printed::<ExportSession>();
    printed::<ExportHandle>();
    printed::<ExportFuture>();
    printed::<ExportStates>();
    printed::<CompressionSession<u32>>();
    printed::<DecompressionSession<u32>>();
    printed::<Registry>();
    printed::<Remux>();
    printed::<FileSink>();
    printed::<MemorySink>();
    printed::<MemoryOutput>();
    printed::<Plan>();
    printed::<Report>();
    shown::<FileType>();
    shown::<VideoCodec>();
    shown::<AudioCodec>();
    shown::<Language>();
    shown::<Preset>();
    shown::<EncoderSpecification>();
    shown::<Choice>();
    shown::<Lack>();
    shown::<Licence>();
    shown::<SpeedClass>();
    shown::<QualityClass>();
    shown::<Hint>();
    shown::<reelwright::media::Time>();
    read::<FileType>();
    read::<Language>();
    read::<Preset>();
    made::<SampleFlags>();
    made::<EncoderSpecification>();
    made::<Language>();
    made::<Registry>();
}

/// Counts what it is asked to do, and keeps nothing.
#[derive(Debug, Default)]
struct Counting {
    length: u64,
    finished: bool,
}

impl Sink for Counting {
    fn capabilities(&self) -> Capabilities {
        Capabilities::STREAM
    }

    fn run(&mut self, op: Op, _: &CancelToken) -> Outcome {
        match op {
            Op::Append(payload) => self.length += payload.len(),
            Op::Finish => self.finished = true,
            _ => return Outcome::Unsupported,
        }
        Outcome::Done
    }

    fn len(&self) -> u64 {
        self.length
    }
}

#[test]
#[cfg(feature = "native")]
fn a_sink_of_one_s_own_gets_the_whole_file() {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("api-in.mov");
    let movie = TestMovie { duration: media::Time::from_secs(1), overwrite: true, ..TestMovie::new() };
    movie.write(&path, FileType::Mov, &CancelToken::new()).unwrap();
    let asset = Asset::open(&path).unwrap();
    let mut sink = Counting::default();
    let report =
        Remux { index: IndexPlace::First, ..Remux::new(FileType::Mp4) }.to_sink(&asset, &mut sink).unwrap();
    assert!(sink.finished);
    assert_eq!(sink.length, report.bytes);
}
