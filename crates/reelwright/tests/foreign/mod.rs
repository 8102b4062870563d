//! What foreign tools make of a file. Where one isn't installed, a test says so and goes without.

// Each test uses what it needs of this.
#![allow(dead_code)]

use std::path::{Path, PathBuf};
use std::process::Command;

/// A newer ffmpeg than Debian's 5.1, which doesn't trim the last packet; `None`, said loudly, where there is none.
pub(crate) fn newer_ffmpeg() -> Option<PathBuf> {
    let found = reelwright_judges::newer_ffmpeg();
    if found.is_none() {
        reelwright_judges::skip!("no newer ffmpeg: pip install imageio-ffmpeg, or name one in FFMPEG9");
    }
    found
}

/// The ffmpeg commands that are installed.
pub(crate) fn ffmpegs() -> Vec<PathBuf> {
    let found: Vec<PathBuf> = [Some("ffmpeg".into()), newer_ffmpeg()]
        .into_iter()
        .flatten()
        .filter(|command| reelwright_judges::runs(command))
        .collect();
    if found.is_empty() {
        reelwright_judges::skip!("ffmpeg is not installed");
    }
    found
}

/// What a tool puts out, which must succeed and have nothing to complain of; `None`, said loudly, where it isn't there.
fn run(command: &mut Command) -> Option<Vec<u8>> {
    let Ok(output) = command.output() else {
        reelwright_judges::skip!("{} is not installed", command.get_program().display());
        return None;
    };
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && complaint.is_empty(), "{command:?}: {}, {complaint}", output.status);
    Some(output.stdout)
}

/// What ffmpeg makes of a file: the arguments say what, and it goes to its standard output.
pub(crate) fn ffmpeg(path: &Path, arguments: &[&str]) -> Option<Vec<u8>> {
    let mut command = Command::new("ffmpeg");
    run(command.args(["-nostdin", "-v", "error", "-i"]).arg(path).args(arguments).arg("-"))
}

/// The sound an ffmpeg decodes, per channel; it must not even warn.
pub(crate) fn sound(ffmpeg: &Path, path: &Path, channels: usize) -> Vec<Vec<f32>> {
    let mut command = Command::new(ffmpeg);
    command.args(["-nostdin", "-v", "warning", "-xerror", "-err_detect", "explode", "-i"]);
    let bytes = run(command.arg(path).args(["-map", "0:a", "-f", "f32le", "-"])).unwrap();
    let samples: Vec<f32> =
        bytes.chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect();
    (0..channels).map(|channel| samples.iter().skip(channel).step_by(channels).copied().collect()).collect()
}

/// What ffprobe says, a line an entry.
pub(crate) fn ffprobe(path: &Path, arguments: &[&str]) -> Option<Vec<String>> {
    let mut command = Command::new("ffprobe");
    let text = String::from_utf8(run(command.args(["-v", "error"]).args(arguments).arg(path))?).unwrap();
    let lines = text.lines().map(|line| line.trim_end_matches(',')).filter(|line| !line.is_empty());
    Some(lines.map(str::to_owned).collect())
}

/// What ffprobe says of `entries`, one `name=value` a line.
pub(crate) fn probe(path: &Path, entries: &str) -> Option<Vec<String>> {
    ffprobe(path, &["-of", "default=noprint_wrappers=1", "-show_entries", entries])
}

/// What ffprobe says of `entries`, a line each, the values alone with commas between.
pub(crate) fn table(path: &Path, entries: &str) -> Option<Vec<String>> {
    ffprobe(path, &["-count_packets", "-of", "csv=p=0", "-show_entries", entries])
}

/// What mediainfo answers to `question`, in its own words: `Section;%Field%`.
pub(crate) fn mediainfo(path: &Path, question: &str) -> Option<String> {
    let mut command = Command::new("mediainfo");
    let bytes = run(command.arg(format!("--Output={question}")).arg(path))?;
    Some(String::from_utf8(bytes).unwrap())
}
