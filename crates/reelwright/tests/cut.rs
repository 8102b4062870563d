//! Part of a movie, copied: what ffmpeg decodes of it are the frames the source shows in that time, bit for bit, and all
//! sound of it to the sample.

#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::process::Command;

use reelwright::{Asset, ExportOptions, ExportSession, FileType, Preset, Reason};
use reelwright_media::{Time, TimeRange};

struct Cut {
    file: &'static str,
    /// In milliseconds.
    range: (i64, i64),
    /// Frames the source shows before it.
    before: usize,
    /// Frames in it.
    frames: usize,
    /// Frames of sound in it, where there is sound.
    sound: Option<usize>,
}

// The first two cross the borders of the file's three edits.
const CUTS: [Cut; 4] = [
    Cut { file: "media/elst_three_segments.mov", range: (500, 2000), before: 12, frames: 36, sound: None },
    Cut { file: "media/elst_three_segments.mov", range: (1250, 1500), before: 30, frames: 6, sound: None },
    Cut { file: "bench/bench_20s.mp4", range: (1300, 2600), before: 39, frames: 39, sound: Some(62_400) },
    Cut { file: "bench/bench_20s.mp4", range: (0, 1000), before: 0, frames: 30, sound: Some(48_000) },
];

fn hashes(path: &Path) -> Option<Vec<String>> {
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-i"])
        .arg(path)
        .args(["-t", "3", "-map", "0:v", "-fps_mode", "passthrough", "-f", "framemd5", "-"])
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).unwrap();
    let frames = text.lines().filter(|line| !line.starts_with('#'));
    Some(frames.map(|line| line.rsplit(',').next().unwrap().trim().to_owned()).collect())
}

fn sound_frames(path: &Path) -> usize {
    let raw = ["-map", "0:a", "-ac", "2", "-f", "s16le", "-"];
    let output = Command::new("ffmpeg").args(["-v", "error", "-i"]).arg(path).args(raw).output().unwrap();
    output.stdout.len() / 4
}

#[test]
fn a_copied_range_shows_what_the_source_shows_then() {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    for (index, cut) in CUTS.into_iter().enumerate() {
        let (name, (from, to)) = (cut.file, cut.range);
        let source = shared.join(name);
        let Some(all) = source.exists().then(|| hashes(&source)).flatten() else {
            reelwright_judges::skip!("{name}: the file or ffmpeg is not here");
            continue;
        };
        let copy = folder.join(format!("cut_{index}.mov"));
        let range = TimeRange::between(Time::from_millis(from), Time::from_millis(to));
        let options = ExportOptions::new(Preset::Passthrough)
            .range(Some(range))
            .overwrite(reelwright::Overwrite::Replace);
        let asset = Asset::open(&source).unwrap();
        let report = ExportSession::new(&asset, options).export(&copy, FileType::Mov).unwrap();
        assert_eq!(report.duration, range.duration, "{name}");
        assert_eq!(
            hashes(&copy).unwrap(),
            all[cut.before..cut.before + cut.frames],
            "{name} from {from} to {to}"
        );
        if let Some(sound) = cut.sound {
            // The decoder's last packet may not be cut short by older versions.
            let got = sound_frames(&copy);
            assert!((sound..sound + 1024).contains(&got), "{name}: {got} for {sound}");
        }
    }
}

/// Fragments can't say where the media ends: their edit goes on to the last picture shown, not to the last decoded.
#[test]
fn fragments_are_copied_to_the_last_picture_shown() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let (source, copy) = (folder.join("fragments.mp4"), folder.join("fragments_copied.mp4"));
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=1", "-c:v", "libx264"])
        .args(["-bf", "2", "-movflags", "frag_keyframe+delay_moov"])
        .arg(&source)
        .status();
    if made.is_err() {
        reelwright_judges::skip!("ffmpeg is not here");
        return;
    }
    let asset = Asset::open(&source).unwrap();
    assert!(asset.movie().tracks[0].edits.iter().any(|edit| edit.duration.is_zero()));
    let options = ExportOptions::new(Preset::Passthrough).overwrite(reelwright::Overwrite::Replace);
    ExportSession::new(&asset, options).export(&copy, FileType::Mp4).unwrap();
    let shown = hashes(&source).unwrap();
    assert_eq!((shown.len(), hashes(&copy).unwrap()), (25, shown));
}

#[test]
fn a_track_of_which_the_input_holds_nothing_is_dropped() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/media/bad_empty_stsc.mp4");
    if !source.exists() {
        reelwright_judges::skip!("{} is not here", source.display());
        return;
    }
    let copy = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("held.mp4");
    let options = ExportOptions::new(Preset::Passthrough).overwrite(reelwright::Overwrite::Replace);
    let session = ExportSession::new(&Asset::open(&source).unwrap(), options);
    let report = session.export(&copy, FileType::Mp4).unwrap();
    let [picture, sound] = &report.tracks[..] else { panic!("two tracks") };
    assert_eq!((picture.fate, picture.counts.written, sound.fate, sound.output), ("copy", 1, "drop", None));
    assert_eq!(sound.reason, Reason::NothingPresent(1952));
    assert_eq!(report.omissions.len(), 2, "{:?}", report.omissions);
    assert_eq!(Asset::open(&copy).unwrap().movie().tracks.len(), 1);
}
