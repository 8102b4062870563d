//! Whatever a plan says yes to can be made, and comes out as planned; whatever it says no to is refused with the same words.
//!
//! Every file of `../shared/media` and `../shared/field`, its first fifth of a second where it is longer, copied and encoded
//! small; `REELWRIGHT_SWEEP=all` takes every preset and every kind of file (`scripts/sweep`).
#![allow(clippy::unwrap_used, reason = "tests state what they expect by unwrapping")]
#![cfg(feature = "native")]

#[path = "folder/mod.rs"]
mod folder;

use std::path::{Path, PathBuf};

use folder::Folder;
use reelwright::media::{Time, TimeRange};
use reelwright::{Asset, ExportOptions, ExportSession, FileType, Overwrite, PRESETS, Preset};

/// Files whose samples are damaged, which shows only where they are read, and words of what is said then.
const DAMAGED: &[(&str, &str)] = &[
    ("bad_empty_stsc.mp4", "decod"),
    ("bad_userdata.mp4", "not one sample"),
    ("co64_4gb_overflow.mov", "not one sample"),
    ("mp3_in_mp4.mp4", "mono at 384 kbit/s"),
];

/// The files to sweep over, in order.
fn files() -> Vec<PathBuf> {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let mut files = Vec::new();
    for folder in ["media", "field"] {
        let Ok(entries) = std::fs::read_dir(shared.join(folder)) else {
            reelwright_judges::skip!("../shared/{folder} is not there");
            continue;
        };
        files.extend(entries.map(|entry| entry.unwrap().path()));
    }
    files.sort();
    files
}

#[test]
fn what_is_planned_can_be_made() {
    let folder = Folder::new("sweep");
    let all = std::env::var("REELWRIGHT_SWEEP").is_ok_and(|which| which == "all");
    let few = [Preset::Passthrough, Preset::LowQuality, Preset::AppleM4a];
    let (mut made, mut refused, mut wrong) = (0, 0, Vec::new());
    for path in files() {
        let Ok(asset) = Asset::open(&path) else { continue };
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        for row in PRESETS.iter().filter(|row| all || few.contains(&row.preset)) {
            for &file_type in row.file_types.iter().take(if all { usize::MAX } else { 2 }) {
                match outcome(&asset, row.preset, file_type, &folder) {
                    Ok(true) => made += 1,
                    Ok(false) => refused += 1,
                    Err(what) => {
                        let known = DAMAGED.iter().any(|(file, words)| *file == name && what.contains(words));
                        refused += usize::from(known);
                        wrong.extend((!known).then(|| format!("{name} {} {file_type:?}: {what}", row.name)));
                    }
                }
            }
        }
    }
    eprintln!("{made} made, {refused} refused");
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), made + refused, wrong.join("\n"));
}

/// Whether it was made; where plan and export disagree, how.
fn outcome(asset: &Asset, preset: Preset, file_type: FileType, folder: &Folder) -> Result<bool, String> {
    let mut options = ExportOptions::new(preset).overwrite(Overwrite::Replace);
    let part = Time::from_millis(200);
    if asset.movie().duration > Time::from_millis(400) {
        options.range = Some(TimeRange::new(Time::ZERO, part));
    }
    let output = folder.file(&format!("out.{}", file_type.extensions()[0]));
    let plan = ExportSession::new(asset, options.clone()).plan(file_type);
    let report = ExportSession::new(asset, options).export(&output, file_type);
    match (plan, report) {
        (Ok(plan), Ok(report)) => {
            for (planned, done) in plan.tracks.iter().zip(&report.tracks) {
                let (planned, done) = ((planned.fate.name(), &planned.reason), (done.fate, &done.reason));
                if planned != done {
                    return Err(format!("planned {planned:?}, done {done:?}"));
                }
            }
            match plan.omissions().find(|omission| !report.omissions.contains(omission)) {
                Some(omission) => Err(format!("the report has not: {omission}")),
                None => Ok(true),
            }
        }
        (Err(plan), Err(export)) if plan.message() == export.message() => Ok(false),
        (Err(plan), Err(export)) => Err(format!("planned {plan}, but {export}")),
        (Err(plan), Ok(_)) => Err(format!("made, though planned {plan}")),
        (Ok(_), Err(export)) => Err(format!("planned, but {export}")),
    }
}
