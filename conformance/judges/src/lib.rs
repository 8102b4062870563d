//! The foreign commands that judge what Reelwright makes, and what a test does where one is missing.
//!
//! A test that can't be judged passes, and says so, unless `REELWRIGHT_REQUIRE=all` is set: then it fails. What a machine
//! can't be given (hardware, a kernel, a file system) never fails a test. Both are listed in the file that `REELWRIGHT_SKIPS`
//! names, since a test runner shows nothing of what passing tests print.
#![forbid(unsafe_code)]

use std::fmt::Arguments;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Says that something isn't judged because an input or a command that could be installed is missing. Takes what `format!`
/// takes; fails the test where `REELWRIGHT_REQUIRE=all` is set.
#[macro_export]
macro_rules! skip {
    ($($reason:tt)*) => { $crate::skipped(format_args!($($reason)*)) };
}

/// Says that something isn't judged because this machine can't do it: hardware, kernel, file system. Takes what `format!`
/// takes.
#[macro_export]
macro_rules! lacks {
    ($($reason:tt)*) => { $crate::lacking(format_args!($($reason)*)) };
}

/// What [`skip!`] calls.
///
/// # Panics
///
/// Where `REELWRIGHT_REQUIRE=all` is set.
pub fn skipped(reason: Arguments<'_>) {
    let required = std::env::var("REELWRIGHT_REQUIRE").is_ok_and(|what| what == "all");
    assert!(!required, "not judged, and REELWRIGHT_REQUIRE=all: {reason}");
    record("skipped", reason);
}

/// What [`lacks!`] calls.
pub fn lacking(reason: Arguments<'_>) {
    record("not on this machine", reason);
}

fn record(kind: &str, reason: Arguments<'_>) {
    eprintln!("SKIPPED ({kind}): {reason}");
    let Some(path) = std::env::var_os("REELWRIGHT_SKIPS") else { return };
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a thread of a test").to_owned();
    let file = OpenOptions::new().create(true).append(true).open(path);
    // One write a line: tests run side by side.
    let line = format!("{kind}: {test}: {reason}\n");
    if let Err(error) = file.and_then(|mut file| file.write_all(line.as_bytes())) {
        eprintln!("the list of skips can't be written: {error}");
    }
}

/// An ffmpeg of version 6 or later, which trims the last packet of sound as the edit list says (5.1 doesn't): the one that
/// `FFMPEG9` names, or that of Python's `imageio_ffmpeg`, as `conformance/setup` installs it.
pub fn newer_ffmpeg() -> Option<PathBuf> {
    let named = std::env::var_os("FFMPEG9").map(PathBuf::from);
    named.or_else(from_python).filter(|ffmpeg| runs(ffmpeg))
}

fn from_python() -> Option<PathBuf> {
    let question = "import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())";
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let pythons = [root.join("conformance/.python/bin/python"), "python3".into()];
    pythons.iter().find_map(|python| {
        let output = Command::new(python).args(["-c", question]).stderr(Stdio::null()).output().ok()?;
        let path = String::from_utf8(output.stdout).ok()?.trim().to_owned();
        (output.status.success() && !path.is_empty()).then(|| path.into())
    })
}

/// Whether a command of ffmpeg's can be run.
pub fn runs(command: impl AsRef<Path>) -> bool {
    let version = Command::new(command.as_ref()).arg("-version").output();
    version.is_ok_and(|output| output.status.success())
}
