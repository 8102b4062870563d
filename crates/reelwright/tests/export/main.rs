//! Exports as a caller sees them: how they run and end, and what each preset makes, judged by ffprobe and ffmpeg.
#![allow(clippy::unwrap_used, reason = "tests state what they expect by unwrapping")]
#![cfg(feature = "native")]

mod color;
mod geometry;
mod hooked;
#[cfg(feature = "libav")]
mod libav;
mod planning;
mod plans;
mod presets;
mod running;

use std::path::{Path, PathBuf};

use reelwright::media::{CancelToken, Size, Time};
use reelwright::{Asset, FileType, TestMovie, TestSound};

/// A folder of its own for each test, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("export-{name}"));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The names of all files there, in order.
    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A test movie of 30 frames a second.
fn generated(path: &Path, size: Size, seconds: i64, sound: TestSound) -> Asset {
    let movie = TestMovie { duration: Time::from_secs(seconds), size, sound, ..TestMovie::new() };
    movie.write(path, FileType::Mov, &CancelToken::new()).unwrap();
    Asset::open(path).unwrap()
}
