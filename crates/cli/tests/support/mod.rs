//! `reel` run as a person runs it, and what ffprobe says of the result.

// Each test uses what it needs of this.
#![allow(dead_code)]

#[path = "../../../reelwright/tests/folder/mod.rs"]
mod folder;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

pub(crate) use folder::Folder;

pub(crate) fn reel(args: &[&str], files: &[&Path]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_reel")).args(args).args(files).output().unwrap()
}

pub(crate) fn succeed(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

pub(crate) fn json(output: Output) -> Value {
    serde_json::from_str(&succeed(output)).unwrap()
}

/// What ffprobe says of the first stream of a kind; `None`, said loudly, where it isn't installed.
pub(crate) fn probe(file: &Path, kind: &str, entries: &str) -> Option<Vec<String>> {
    let mut command = Command::new("ffprobe");
    command.args([
        "-v",
        "error",
        "-count_frames",
        "-select_streams",
        kind,
        "-show_entries",
        entries,
        "-of",
        "csv=p=0",
    ]);
    match command.arg(file).output() {
        Ok(output) => {
            let text = String::from_utf8(output.stdout).unwrap();
            Some(text.trim().trim_end_matches(',').split(',').map(str::to_owned).collect())
        }
        Err(_) => {
            reelwright_judges::skip!("ffprobe is not installed");
            None
        }
    }
}

/// A short movie to work on.
pub(crate) fn generated(folder: &Folder, name: &str, more: &[&str]) -> PathBuf {
    let file = folder.file(name);
    let args = [&["generate", "--quiet", "--duration", "2", "--size", "320x180"], more].concat();
    succeed(reel(&args, &[&file]));
    file
}
