//! Part of a movie, copied: what ffmpeg decodes of it are the frames the source shows in that time, bit for bit, and all
//! sound of it to the sample.

#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::process::Command;

use reelwright::{Asset, ExportOptions, ExportSession, FileType, Preset};
use reelwright_media::{Time, TimeRange};

/// File, range in milliseconds, frames of its video before the range, frames in it, samples of 16-bit stereo sound in it.
const CUTS: [(&str, (i64, i64), usize, usize, Option<usize>); 4] = [
    // Across the borders of its three edits.
    ("media/elst_three_segments.mov", (500, 2000), 12, 36, None),
    ("media/elst_three_segments.mov", (1250, 1500), 30, 6, None),
    ("bench/bench_20s.mp4", (1300, 2600), 39, 39, Some(62_400)),
    ("bench/bench_20s.mp4", (0, 1000), 0, 30, Some(48_000)),
];

fn hashes(path: &Path) -> Option<Vec<String>> {
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-i"])
        .arg(path)
        .args(["-t", "3", "-map", "0:v", "-vsync", "passthrough", "-f", "framemd5", "-"])
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
    for (index, (name, (from, to), before, count, sound)) in CUTS.into_iter().enumerate() {
        let source = shared.join(name);
        let Some(all) = source.exists().then(|| hashes(&source)).flatten() else {
            eprintln!("SKIPPED: {name}: the file or ffmpeg is not here");
            continue;
        };
        let copy = folder.join(format!("cut_{index}.mov"));
        let range = TimeRange::between(Time::from_millis(from), Time::from_millis(to));
        let options =
            ExportOptions { range: Some(range), overwrite: true, ..ExportOptions::new(Preset::Passthrough) };
        let asset = Asset::open(&source).unwrap();
        let report = ExportSession::new(&asset, options).export(&copy, FileType::Mov).unwrap();
        assert_eq!(report.duration, range.duration, "{name}");
        assert_eq!(hashes(&copy).unwrap(), all[before..before + count], "{name} from {from} to {to}");
        if let Some(sound) = sound {
            // The decoder's last packet may not be cut short by older versions.
            let got = sound_frames(&copy);
            assert!((sound..sound + 1024).contains(&got), "{name}: {got} for {sound}");
        }
    }
}
