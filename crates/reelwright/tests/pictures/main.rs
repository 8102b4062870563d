//! What becomes of pictures that aren't plain when they are encoded: interlaced, transparent, captioned, of other layouts or
//! odd sizes. Inputs are made by ffmpeg, results judged by ffprobe and ffmpeg.
#![allow(clippy::unwrap_used, reason = "tests state what they expect by unwrapping")]
#![cfg(feature = "native")]

mod captions;
#[path = "../folder/mod.rs"]
mod folder;
#[path = "../foreign/mod.rs"]
mod foreign;
mod interlaced;
mod layouts;
mod sizes;
mod transparency;

use std::path::{Path, PathBuf};
use std::process::Command;

use folder::Folder;
use reelwright::media::{Omission, Omitted};
use reelwright::{Asset, ExportOptions, ExportSession, Fate, FileType, Preset, TrackPlan, VideoPlan};

/// A file made by ffmpeg; `None`, said loudly, where there is no ffmpeg or it lacks what is needed.
fn made(folder: &Folder, name: &str, arguments: &[&str]) -> Option<PathBuf> {
    let path = folder.file(name);
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-y", "-v", "error"]).args(arguments).arg(&path);
    match command.output() {
        Ok(output) if output.status.success() => Some(path),
        Ok(output) => {
            reelwright_judges::skip!("ffmpeg {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
            None
        }
        Err(_) => {
            reelwright_judges::skip!("ffmpeg is not installed");
            None
        }
    }
}

/// Encodes, and returns how that was planned.
fn encoded(input: &Path, output: &Path, preset: &str) -> VideoPlan {
    let kind = match output.extension().and_then(|extension| extension.to_str()) {
        Some("mov") => FileType::Mov,
        _ => FileType::Mp4,
    };
    let mut options = ExportOptions::new(preset.parse::<Preset>().unwrap());
    (options.overwrite, options.reencode) = (reelwright::Overwrite::Replace, true);
    let asset = Asset::open(input).unwrap();
    let plan =
        ExportSession::new(&asset, options.clone()).registry(reelwright::all_codecs()).plan(kind).unwrap();
    ExportSession::new(&asset, options).registry(reelwright::all_codecs()).export(output, kind).unwrap();
    let encodes =
        |track: TrackPlan| if let Fate::EncodeVideo(plan) = track.fate { Some(*plan) } else { None };
    plan.tracks.into_iter().find_map(encodes).unwrap()
}

/// What of the pictures the plan says is lost, of what goes with them.
fn lost(input: &Path, preset: &str) -> Vec<String> {
    let mut options = ExportOptions::new(preset.parse::<Preset>().unwrap());
    options.reencode = true;
    let session =
        ExportSession::new(&Asset::open(input).unwrap(), options).registry(reelwright::all_codecs());
    let plan = session.plan(FileType::Mov).unwrap();
    let side_data = |omission: &Omission| match &omission.what {
        Omitted::SideData(what) => Some(what.clone()),
        _ => None,
    };
    plan.tracks.iter().flat_map(|track| &track.losses).filter_map(side_data).collect()
}
