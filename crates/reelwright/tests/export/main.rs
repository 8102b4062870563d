//! Exports as a caller sees them: how they run and end, and what each preset makes, judged by ffprobe and ffmpeg.
#![allow(clippy::unwrap_used, reason = "tests state what they expect by unwrapping")]
#![cfg(feature = "native")]

mod beside;
mod coding;
mod color;
#[path = "../corner/mod.rs"]
mod corner;
#[path = "../executor/mod.rs"]
mod executor;
mod flow;
#[path = "../folder/mod.rs"]
mod folder;
mod geometry;
mod hooked;
#[cfg(feature = "libav")]
mod libav;
mod losses;
mod planning;
mod plans;
mod presets;
mod running;

use std::path::Path;

use folder::Folder;
use reelwright::media::{CancelToken, Size, Time};
use reelwright::{Asset, FileType, TestMovie, TestSound};

/// A test movie of 30 frames a second.
fn generated(path: &Path, size: Size, seconds: i64, sound: TestSound) -> Asset {
    let movie = TestMovie { duration: Time::from_secs(seconds), size, sound, ..TestMovie::new() };
    movie.write(path, FileType::Mov, &CancelToken::new()).unwrap();
    Asset::open(path).unwrap()
}
