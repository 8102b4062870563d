//! What foreign tools make of a file. Where one isn't installed, a test says so and goes without.

// Each test uses what it needs of this.
#![allow(dead_code)]

use std::path::{Path, PathBuf};
use std::process::Command;

/// The ffmpeg of PyPI's imageio-ffmpeg. (FFmpeg 5.1 doesn't trim the last packet.)
pub(crate) fn newer_ffmpeg() -> Option<PathBuf> {
    let question = "import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())";
    let output = Command::new("python3").args(["-c", question]).output().ok();
    let output = output.filter(|output| output.status.success());
    let path = output.map(|output| PathBuf::from(String::from_utf8(output.stdout).unwrap().trim()));
    let path = path.filter(is_there);
    if path.is_none() {
        eprintln!("SKIPPED: no newer ffmpeg: pip install imageio-ffmpeg");
    }
    path
}

/// The ffmpeg commands that are installed.
pub(crate) fn ffmpegs() -> Vec<PathBuf> {
    let found: Vec<PathBuf> =
        [Some("ffmpeg".into()), newer_ffmpeg()].into_iter().flatten().filter(is_there).collect();
    if found.is_empty() {
        eprintln!("SKIPPED: ffmpeg is not installed");
    }
    found
}

fn is_there(ffmpeg: &PathBuf) -> bool {
    Command::new(ffmpeg).arg("-version").output().is_ok()
}

/// The sound an ffmpeg decodes, per channel; it must not complain.
pub(crate) fn sound(ffmpeg: &Path, path: &Path, channels: usize) -> Vec<Vec<f32>> {
    let run = Command::new(ffmpeg)
        .args(["-nostdin", "-v", "warning", "-xerror", "-err_detect", "explode", "-i"])
        .arg(path)
        .args(["-map", "0:a", "-f", "f32le", "-"])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&run.stderr), "", "{}", path.display());
    let samples: Vec<f32> =
        run.stdout.chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect();
    (0..channels).map(|channel| samples.iter().skip(channel).step_by(channels).copied().collect()).collect()
}

/// What ffprobe says, one `name=value` a line; `None` without it. It must not complain.
pub(crate) fn probe(path: &Path, entries: &str) -> Option<Vec<String>> {
    let run = Command::new("ffprobe")
        .args(["-v", "error", "-of", "default=noprint_wrappers=1", "-show_entries", entries])
        .arg(path)
        .output();
    let Ok(run) = run else {
        eprintln!("SKIPPED: ffprobe is not installed");
        return None;
    };
    assert!(run.stderr.is_empty(), "{}", String::from_utf8_lossy(&run.stderr));
    Some(String::from_utf8(run.stdout).unwrap().lines().map(str::to_owned).collect())
}
