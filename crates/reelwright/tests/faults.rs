//! Faults of many kinds, put in at every stage: each is told for what it is, where it happened, and with a number.
#![allow(clippy::unwrap_used)] // A test states what it expects by unwrapping, its own small functions included.
#![cfg(feature = "native")]

mod generated;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use generated::{frames, pcm, pcm_format};
use reelwright::codec::{Codec, EncoderSpecification, Registry};
use reelwright::media::{
    CancelToken, Error, ErrorKind, ReadAt, Result, Size, Stage, Time, TimeRange, VideoCodec,
};
use reelwright::{
    Asset, AssetWriter, ExportOptions, ExportSession, FileType, InputConfig, MemorySink, Preset, Remux, Sink,
    SizeClass, TestMovie, TestSound,
};
use reelwright_mux::{Capabilities, Op, Outcome};

/// What was done wrong, what came of it, and what should have.
struct Fault {
    what: String,
    error: Error,
    kind: ErrorKind,
    stage: Stage,
}

#[derive(Default)]
struct Faults(Vec<Fault>);

impl Faults {
    fn expect<T>(&mut self, what: impl Into<String>, result: Result<T>, kind: ErrorKind, stage: Stage) {
        let what = what.into();
        match result {
            Ok(_) => panic!("{what}: nothing happened"),
            Err(error) => self.0.push(Fault { what, error, kind, stage }),
        }
    }

    /// Every fault is what it should be, says where, and has its number.
    fn check(self, least: usize) {
        let count = self.0.len();
        let mut wrong = Vec::new();
        for Fault { what, error, kind, stage } in self.0 {
            let place = error.place();
            let text = error.to_string();
            if (error.kind(), place.stage) != (kind, Some(stage)) || text.contains("unknown") {
                wrong.push(format!(
                    "{what}: {:?} while {:?}, not {kind:?} while {stage:?}: {text}",
                    error.kind(),
                    place.stage
                ));
            }
            assert!(text.len() > 20, "{what}: {text}");
        }
        assert!(wrong.is_empty(), "{} of {count}: {wrong:#?}", wrong.len());
        assert!(count >= least, "{count} faults");
    }
}

/// A folder of its own for each test, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("faults-{name}"));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Six seconds of pictures and a megabyte of sound, the index behind them.
fn movie(folder: &Folder) -> Bytes {
    let path = folder.0.join("movie.mov");
    let movie = TestMovie {
        duration: Time::from_secs(6),
        size: Size::new(64, 64),
        sound: TestSound::Pcm(2),
        ..TestMovie::new()
    };
    movie.write(&path, FileType::Mov, &CancelToken::new()).unwrap();
    let bytes = Bytes::from(std::fs::read(&path).unwrap());
    std::fs::remove_file(&path).unwrap();
    bytes
}

fn native() -> Registry {
    Registry::new().with(reelwright_codec_native::provider())
}

fn open(bytes: Bytes) -> Result<Asset> {
    Asset::from_source(Arc::new(bytes))
}

/// Encodes all of it anew.
fn export(asset: &Asset, path: &Path) -> Result<reelwright::Report> {
    let options = ExportOptions::new(Preset::HighestQuality).reencode(true);
    ExportSession::new(asset, options).registry(native()).export(path, FileType::Mp4)
}

/// A disk that can't read one byte.
#[derive(Debug)]
struct BadSector(Bytes, u64);

impl ReadAt for BadSector {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        if (offset..offset + buffer.len() as u64).contains(&self.1) {
            return Err(io::Error::other("the disk has a bad sector"));
        }
        self.0.read_at(buffer, offset)
    }

    fn len(&self) -> u64 {
        self.0.len() as u64
    }
}

/// The place of the first box of this type, behind its size.
fn place_of(bytes: &[u8], kind: &[u8; 4], nth: usize) -> usize {
    bytes.windows(4).enumerate().filter(|(_, window)| window == kind).nth(nth).unwrap().0
}

#[test]
fn what_cannot_be_read_is_told_by_where_it_was_needed() {
    let folder = Folder::new("reading");
    let (bytes, target) = (movie(&folder), folder.0.join("out.mp4"));
    let (media, index) = (place_of(&bytes, b"mdat", 0), place_of(&bytes, b"moov", 0));
    let mut faults = Faults::default();
    let bad = |at: usize| Asset::from_source(Arc::new(BadSector(bytes.clone(), at as u64)));
    for at in (index + 8..bytes.len()).step_by((bytes.len() - index) / 8) {
        let stage = if at < index + 12 { Stage::Open } else { Stage::Read };
        faults.expect(format!("byte {at} of the index"), bad(at), ErrorKind::Io, stage);
    }
    // Away from both ends, which opening reads too.
    for at in (media + 200_000..index - 100_000).step_by((index - media) / 12) {
        let asset = bad(at).unwrap();
        faults.expect(format!("byte {at}, encoded"), export(&asset, &target), ErrorKind::Io, Stage::Read);
        let copy = Remux::new(FileType::Mp4).to_path(&asset, &target);
        faults.expect(format!("byte {at}, copied"), copy, ErrorKind::Io, Stage::Read);
        assert!(!target.exists());
    }
    for length in [media + 20, (media + index) / 2, index - 4, index + 20, bytes.len() - 100] {
        faults.expect(
            format!("cut to {length} of {} bytes", bytes.len()),
            open(bytes.slice(..length)),
            ErrorKind::Truncated,
            Stage::Open,
        );
    }
    for name in [b"mvhd", b"trak", b"tkhd", b"mdia", b"mdhd", b"minf", b"stbl", b"stsd"] {
        // Less than a header, and more than its parent holds.
        for size in [4u32, 0x7FFF_FFFF] {
            let mut broken = bytes.to_vec();
            let at = place_of(&broken, name, 0) - 4;
            broken[at..at + 4].copy_from_slice(&size.to_be_bytes());
            let what = format!("{} of {size} bytes", String::from_utf8_lossy(name));
            match open(broken.into()) {
                // What can be read without it is read, and what is lost is said.
                Ok(asset) => assert!(
                    !(asset.movie().warnings.is_empty() && asset.movie().omissions.is_empty()),
                    "{what}"
                ),
                refused => faults.expect(what, refused, ErrorKind::Malformed, Stage::Open),
            }
        }
    }
    for text in ["just some words", "%PDF-1.7 and what follows", "<html><body></body></html>"] {
        faults.expect(text, open(text.into()), ErrorKind::Unsupported, Stage::Open);
    }
    faults.expect("no file", Asset::open(folder.0.join("none.mov")), ErrorKind::Io, Stage::Open);
    faults.expect("a folder", Asset::open(&folder.0), ErrorKind::Unsupported, Stage::Open);
    faults.check(40);
}

#[test]
fn what_cannot_be_planned_is_told_before_anything_is_written() {
    let folder = Folder::new("planning");
    let (asset, target) = (open(movie(&folder)).unwrap(), folder.0.join("out"));
    let mut faults = Faults::default();
    let try_it = |options: ExportOptions, kind| {
        let result = ExportSession::new(&asset, options).registry(native()).export(&target, kind);
        assert!(!target.exists());
        result
    };
    for preset in [
        Preset::HevcHighestQuality,
        Preset::Hevc(SizeClass::Hd1080),
        Preset::Hevc(SizeClass::Uhd2160),
        Preset::Hevc(SizeClass::Wide2160),
        Preset::Hevc(SizeClass::Uhd4320),
        Preset::ProRes422,
        Preset::ProRes4444,
    ] {
        let result = try_it(preset.into(), preset.file_types()[0]);
        faults.expect(preset.name(), result, ErrorKind::NoCodec, Stage::Plan);
        let wrong = FileType::M4a;
        faults.expect(
            format!("{preset} as M4A"),
            try_it(preset.into(), wrong),
            ErrorKind::Misuse,
            Stage::Plan,
        );
    }
    let with = |change: &dyn Fn(&mut ExportOptions)| {
        let mut options = ExportOptions::new(Preset::HighestQuality).reencode(true);
        change(&mut options);
        options
    };
    for id in ["libx246", "aac", ""] {
        let options = with(&|options| {
            options.video.as_encode_mut().unwrap().encoder = EncoderSpecification::with_id(id);
        });
        faults.expect(
            format!("encoder '{id}'"),
            try_it(options, FileType::Mp4),
            ErrorKind::NoCodec,
            Stage::Plan,
        );
    }
    for codec in [VideoCodec::Av1, VideoCodec::Vp9, VideoCodec::Jpeg] {
        let options = with(&|options| options.video.as_encode_mut().unwrap().codec = codec);
        faults.expect(codec.name(), try_it(options, FileType::Mp4), ErrorKind::NoCodec, Stage::Plan);
    }
    for (start, end) in [(6, 7), (10, 20), (1, 1)] {
        let range = Some(TimeRange::between(Time::from_secs(start), Time::from_secs(end)));
        let result = try_it(with(&|options| options.range = range), FileType::Mp4);
        faults.expect(format!("{start} to {end}"), result, ErrorKind::Misuse, Stage::Plan);
    }
    let strict = ExportOptions::new(Preset::Passthrough).strict(true);
    faults.expect("strict", try_it(strict, FileType::M4a), ErrorKind::Unsupported, Stage::Plan);
    let nothing =
        ExportSession::new(&asset, with(&|_| ())).registry(Registry::new()).export(&target, FileType::Mp4);
    faults.expect("no codecs at all", nothing, ErrorKind::NoCodec, Stage::Decode);
    let select =
        Registry::new().select(Codec::Video(VideoCodec::H264), &EncoderSpecification::default()).map(|_| ());
    assert_eq!(select.unwrap_err().kind(), ErrorKind::NoCodec);
    faults.check(24);
}

/// Fails at one operation.
struct Full {
    inner: MemorySink,
    operation: usize,
    cause: io::ErrorKind,
}

impl Sink for Full {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn run(&mut self, op: Op, cancel: &CancelToken) -> Outcome {
        match self.operation {
            0 => Outcome::Failed(Error::io("can't write the output", self.cause.into())),
            _ => {
                self.operation -= 1;
                self.inner.run(op, cancel)
            }
        }
    }

    fn len(&self) -> u64 {
        self.inner.len()
    }
}

#[test]
fn what_cannot_be_written_is_told_by_every_way_to_write() {
    let folder = Folder::new("writing");
    let asset = open(movie(&folder)).unwrap();
    let mut faults = Faults::default();
    for (cause, kind) in [
        (io::ErrorKind::StorageFull, ErrorKind::NoSpace),
        (io::ErrorKind::QuotaExceeded, ErrorKind::NoSpace),
        (io::ErrorKind::PermissionDenied, ErrorKind::Io),
    ] {
        for operation in 0..4 {
            let sink = || Full { inner: MemorySink::new().0, operation, cause };
            let copy = Remux::new(FileType::Mov).to_sink(&asset, &mut sink());
            faults.expect(format!("{cause:?} at {operation}, copied"), copy, kind, Stage::Write);
            let mut builder = AssetWriter::create_on(sink(), FileType::Mov);
            let mut input = builder.add_input(InputConfig::copy(pcm_format())).unwrap();
            let writer = builder.start().unwrap();
            writer.start_session(Time::ZERO).unwrap();
            let format = pcm_format();
            for second in 0..8 {
                let _ = input.append(pcm(&format, second * 48_000, 48_000));
            }
            drop(input);
            faults.expect(format!("{cause:?} at {operation}, written"), writer.finish(), kind, Stage::Write);
        }
    }
    let (missing, taken) = (folder.0.join("none").join("out.mp4"), folder.0.join("taken.mp4"));
    std::fs::write(&taken, "precious").unwrap();
    for (path, kind) in [(&missing, ErrorKind::Io), (&taken, ErrorKind::Exists), (&folder.0, ErrorKind::Io)] {
        let what = |how: &str| format!("{how} {}", path.display());
        faults.expect(what("export to"), export(&asset, path), kind, Stage::Write);
        let copy = Remux::new(FileType::Mp4).to_path(&asset, path);
        faults.expect(what("copy to"), copy, kind, Stage::Write);
        let mut builder = AssetWriter::create(path, FileType::Mov);
        let _input = builder.add_input(InputConfig::copy(pcm_format())).unwrap();
        faults.expect(what("write to"), builder.start(), kind, Stage::Write);
        let generated = TestMovie::new().write(path, FileType::Mp4, &CancelToken::new());
        faults.expect(what("generate"), generated, kind, Stage::Write);
    }
    assert_eq!(std::fs::read(&taken).unwrap(), b"precious");
    faults.check(36);
}

#[test]
fn a_refused_sample_is_no_failure_and_the_first_failure_is_kept() {
    let (sink, _output) = MemorySink::new();
    let mut builder = AssetWriter::create_on(sink, FileType::Mov);
    let mut input = builder.add_input(InputConfig::copy(pcm_format())).unwrap();
    let writer = builder.start().unwrap();
    assert!(writer.error().is_none());
    writer.start_session(Time::ZERO).unwrap();
    let format = pcm_format();
    input.append(pcm(&format, 48_000, 1024)).unwrap();
    // Refused, and nothing has changed: this is no failure.
    let backwards = input.append(pcm(&format, 0, 1024)).unwrap_err();
    assert_eq!((backwards.kind(), backwards.place().time), (ErrorKind::Misuse, Some(frames(0))));
    assert!(writer.error().is_none());
    input.append(pcm(&format, 49_024, 1024)).unwrap();
    drop(input);
    writer.finish().unwrap();
    let sink = Full { inner: MemorySink::new().0, operation: 0, cause: io::ErrorKind::StorageFull };
    let mut builder = AssetWriter::create_on(sink, FileType::Mov);
    let mut input = builder.add_input(InputConfig::copy(format.clone())).unwrap();
    let writer = builder.start().unwrap();
    writer.start_session(Time::ZERO).unwrap();
    let first = (0..600)
        .find_map(|block| {
            std::thread::sleep(std::time::Duration::from_millis(1));
            input.append(pcm(&format, block * 48_000, 48_000)).err()
        })
        .unwrap();
    let kept = writer.error().unwrap();
    let again = input.append(pcm(&format, 700 * 48_000, 48_000)).unwrap_err();
    let last = writer.finish().unwrap_err();
    for error in [&first, &kept, &again, &last] {
        assert_eq!((error.kind(), error.to_string()), (ErrorKind::NoSpace, first.to_string()));
    }
}
