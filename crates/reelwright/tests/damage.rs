//! Damaged and cut input: as much of it as is there comes out, and what is lost is counted.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use bytes::Bytes;
use reelwright::codec::Registry;
use reelwright::media::{CancelToken, ErrorKind, MediaType, Omission, Omitted, Size, Time};
use reelwright::{
    Asset, ExportOptions, ExportSession, FileType, MemorySink, Preset, Remux, Report, SizeClass, TestMovie,
};
use reelwright::{IndexPlace, TrackOutcome};

/// A file of the corpus, or a loud nothing.
fn corpus(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/media").join(name);
    if !path.exists() {
        reelwright_judges::skip!("{} is not there", path.display());
        return None;
    }
    Some(path)
}

/// A new name for each test.
fn output(name: &str) -> PathBuf {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("test");
    let path =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("damage-{}-{test}-{name}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    path
}

/// Picture and sound of so many seconds.
fn test_movie(seconds: i64, index: IndexPlace) -> Bytes {
    let path = output("source.mp4");
    let (duration, size) = (Time::from_secs(seconds), Size::new(640, 360));
    let movie = TestMovie { duration, size, index, overwrite: true, ..TestMovie::new() };
    movie.write(&path, FileType::Mp4, &CancelToken::new()).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    bytes.into()
}

fn sound_file() -> Bytes {
    test_movie(4, IndexPlace::First)
}

fn open(bytes: Bytes) -> Asset {
    Asset::from_source(Arc::new(bytes)).unwrap()
}

fn native() -> Registry {
    Registry::new().with(reelwright_codec_native::provider())
}

/// By the decoders of this project: the system's conceal much of what they can't decode, and say nothing.
fn export(asset: &Asset, name: &str) -> Result<Report, reelwright::media::Error> {
    let path = output(name);
    let mut options = ExportOptions::new(Preset::H264(SizeClass::Sd480));
    options.reencode = true;
    let report = ExportSession::new(asset, options).registry(native()).export(&path, FileType::Mp4);
    let written = Asset::open(&path).ok();
    let _ = std::fs::remove_file(&path);
    if let (Ok(report), Some(written)) = (&report, written) {
        let video = written.movie().tracks.iter().find(|track| track.media == MediaType::Video).unwrap();
        let counts = report.tracks.iter().find(|track| track.media == MediaType::Video).unwrap().counts;
        assert_eq!(video.sample_count, Some(counts.written));
    }
    report
}

/// Where the samples of the first track of `media` lie.
fn places(asset: &Asset, media: MediaType) -> Vec<(u64, u64)> {
    let track = asset.movie().tracks.iter().find(|track| track.media == media).unwrap().id;
    let mut cursor = asset.cursor(track).unwrap();
    let mut places = Vec::new();
    while let Some(sample) = cursor.next_sample().unwrap() {
        places.push((sample.payload.source_offset().unwrap(), sample.payload.len()));
    }
    places
}

#[test]
fn a_cut_file_is_copied_as_far_as_it_goes() {
    let whole = sound_file();
    let (pictures, packets) =
        (places(&open(whole.clone()), MediaType::Video), places(&open(whole.clone()), MediaType::Audio));
    let first = pictures.iter().chain(&packets).map(|(offset, _)| *offset).min().unwrap();
    let nothing = open(whole.slice(..usize::try_from(first).unwrap() + 1));
    let (mut sink, _) = MemorySink::new();
    let error = Remux::new(FileType::Mp4).to_sink(&nothing, &mut sink).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Truncated, "{error:?}");
    let cut = whole.len() * 6 / 10;
    let asset = open(whole.slice(..cut));
    let (mut sink, made) = MemorySink::new();
    let report = Remux::new(FileType::Mov).to_sink(&asset, &mut sink).unwrap();
    for (track, places) in report.tracks.iter().zip([&pictures, &packets]) {
        let held = places.iter().filter(|(offset, length)| offset + length <= cut as u64).count();
        let TrackOutcome::Copied(summary) = &track.outcome else { panic!("{track:?}") };
        assert_eq!(summary.samples, held as u64, "track {}", track.id);
        let missing = track.missing.unwrap();
        assert_eq!((missing.held, missing.samples), (held as u64, (places.len() - held) as u64));
        assert!(missing.from > Time::from_secs(1));
    }
    let copy = open(made.take().unwrap());
    // The copy is as long as what is there, not as the input says.
    for track in &copy.movie().tracks {
        let length = track.range.duration.to_seconds_lossy();
        assert!((1.0..3.9).contains(&length), "track {} lasts {length} s", track.id);
    }
    let report = export(&asset, "cut.mp4").unwrap();
    assert_eq!(report.omissions.len(), 2, "{:?}", report.omissions);
    assert!(report.tracks.iter().all(|track| track.damaged.is_none()));
}

#[test]
fn a_file_without_its_index_says_so() {
    let whole = test_movie(1, IndexPlace::Last);
    let error = Asset::from_source(Arc::new(whole.slice(..whole.len() / 2))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Truncated);
    assert!(error.message().contains("moov") && error.hint().is_some(), "{error:?}");
}

#[test]
fn damaged_pictures_are_left_out_and_counted() {
    let whole = sound_file();
    let pictures = places(&open(whole.clone()), MediaType::Video);
    let mut bytes = whole.to_vec();
    // The largest of each second and more, whichever encoder made them: small ones have little to hurt.
    for second in pictures[20..].chunks(37) {
        let &(offset, length) = second.iter().max_by_key(|(_, length)| *length).unwrap();
        let (start, end) = ((offset + length / 3) as usize, (offset + length) as usize);
        bytes[start..end].iter_mut().step_by(3).for_each(|byte| *byte ^= 0x55);
    }
    let report = export(&open(bytes.into()), "pictures.mp4").unwrap();
    let video = &report.tracks[0];
    let damaged = video.damaged.as_ref().unwrap();
    assert!(damaged.samples > 0 && damaged.samples >= damaged.left_out);
    assert_eq!(video.counts.written, pictures.len() as u64 - damaged.left_out);
    assert_eq!(report.omissions.len(), 1, "{:?}", report.omissions);
    assert!(report.tracks[1].damaged.is_none());
}

#[test]
fn damaged_sound_is_silent_for_as_long_as_it_was() {
    let whole = sound_file();
    let packets = places(&open(whole.clone()), MediaType::Audio);
    let sound = export(&open(whole.clone()), "sound.mp4").unwrap().tracks[1].counts.written;
    let mut bytes = whole.to_vec();
    for &(offset, length) in packets.iter().skip(10).step_by(23) {
        bytes[offset as usize + 1..(offset + length) as usize].iter_mut().for_each(|byte| *byte ^= 0x5A);
    }
    let report = export(&open(bytes.into()), "silence.mp4").unwrap();
    let audio = &report.tracks[1];
    assert!(audio.damaged.as_ref().unwrap().samples > 0);
    assert_eq!(audio.counts.written, sound, "as many frames of sound as without damage");
}

#[test]
fn a_track_that_does_not_decode_is_an_error() {
    let whole = sound_file();
    let mut bytes = whole.to_vec();
    for (offset, length) in places(&open(whole), MediaType::Video) {
        bytes[offset as usize + 4..(offset + length) as usize].fill(0xFF);
    }
    let path = output("broken.mp4");
    std::fs::write(&path, bytes).unwrap();
    let error = export(&Asset::open(&path).unwrap(), "nothing.mp4").unwrap_err();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(error.place().track, Some(1), "{error}");
    assert_eq!(error.place().path, Some(path.display().to_string()), "{error}");
}

#[test]
fn a_camera_recording_that_broke_off_is_exported() {
    let Some(path) = corpus("hikvision_truncated.mp4") else { return };
    let report = export(&Asset::open(&path).unwrap(), "camera.mp4").unwrap();
    let video = &report.tracks[0];
    let damaged = video.damaged.as_ref().unwrap();
    assert_eq!((damaged.samples, damaged.left_out, video.counts.written), (1, 0, 34));
    assert!(report.omissions.iter().any(|omission| omission.what == Omitted::Samples(187)));
    let theirs = Command::new("ffprobe")
        .args([
            "-v",
            "quiet",
            "-count_frames",
            "-select_streams",
            "v:0",
            "-show_entries",
            "stream=nb_read_frames",
        ])
        .args(["-of", "csv=p=0"])
        .arg(&path)
        .output();
    match theirs {
        Ok(theirs) => assert_eq!(String::from_utf8_lossy(&theirs.stdout).trim(), "34"),
        Err(_) => reelwright_judges::skip!("ffprobe is not installed"),
    }
}

#[test]
fn pictures_that_lack_those_before_are_counted() {
    let Some(path) = corpus("dvb_hevc_latm.ts") else { return };
    let report = export(&Asset::open(&path).unwrap(), "joined.mp4").unwrap();
    let video = report.tracks.iter().find(|track| track.media == MediaType::Video).unwrap();
    let left_out = video.counts.read - video.counts.written;
    assert_eq!(video.damaged.as_ref().map(|loss| loss.left_out), Some(left_out).filter(|count| *count > 0));
    let orphans = |omission: &Omission| omission.reason.contains("refer to pictures before the first");
    assert!(left_out > 0 && report.omissions.iter().any(orphans), "{:?}", report.omissions);
}
