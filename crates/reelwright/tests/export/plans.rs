//! What is said before an export and what comes of it are the same.

use std::path::PathBuf;

use reelwright::media::Size;
use reelwright::{
    Asset, ExportOptions, ExportSession, Fate, FileType, PRESETS, Plan, Preset, Reason, Report, SizeClass,
    TestSound,
};

use super::hooked::native;
use super::{Folder, generated};

const TYPES: [FileType; 4] = [FileType::Mov, FileType::Mp4, FileType::M4v, FileType::M4a];

/// Small files of cameras and encoders, sound and whole; none where they aren't at hand.
fn small_files() -> Vec<(String, Asset)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/media");
    let names = [
        "aac_10ms.m4a",
        "ac3_51.mp4",
        "alac.m4a",
        "h264_baseline_vfr.mp4",
        "mpeg4_amr.3gp",
        "pasp_2x1.mp4",
        "prores_gray_aac.mov",
        "stpp_prog.mp4",
        "wvtt.mp4",
    ];
    let opened =
        names.iter().filter_map(|name| Some(((*name).to_owned(), Asset::open(folder.join(name)).ok()?)));
    let files: Vec<_> = opened.collect();
    if files.len() < names.len() {
        reelwright_judges::skip!(
            "{} of {} files are not in ../shared/media",
            names.len() - files.len(),
            names.len()
        );
    }
    files
}

/// A source track's ID, what becomes of it, why, and with which encoder.
type Row = (u32, &'static str, Reason, Option<String>);

fn planned(plan: &Plan) -> Vec<Row> {
    let encoder = |fate: &Fate| match fate {
        Fate::EncodeVideo(video) => Some(video.encoder.id.clone()),
        Fate::EncodeAudio(audio) => Some(audio.encoder.id.clone()),
        _ => None,
    };
    let tracks = plan.tracks.iter();
    tracks
        .map(|track| (track.source, track.fate.name(), track.reason.clone(), encoder(&track.fate)))
        .collect()
}

fn reported(report: &Report) -> Vec<Row> {
    let tracks = report.tracks.iter();
    tracks.map(|track| (track.source, track.fate, track.reason.clone(), track.encoder.clone())).collect()
}

/// The options alone decide, whatever preset they started from.
#[test]
fn the_kinds_of_file_are_those_of_the_options() {
    let folder = Folder::new("kinds");
    let asset = generated(&folder.file("in.mov"), Size::new(64, 64), 1, TestSound::Aac(1));
    let plan =
        |options: ExportOptions, kind| ExportSession::new(&asset, options).registry(native()).plan(kind);
    let options = ExportOptions::new(Preset::H264(SizeClass::Hd720));
    plan(options.clone(), FileType::Mov).unwrap();
    let mp4 = options.clone().file_types(vec![FileType::Mp4]);
    plan(mp4.clone(), FileType::Mp4).unwrap();
    let refused = plan(mp4.clone(), FileType::Mov).unwrap_err();
    assert!(refused.message().ends_with("only as MP4"), "{refused}");
    assert_eq!(ExportSession::new(&asset, mp4).compatible_file_types(), [FileType::Mp4]);
    // The preset's name is all that is left of another one.
    plan(options.preset(Preset::AppleM4a), FileType::Mov).unwrap();
}

#[test]
fn check_and_plan_say_what_an_export_does() {
    let folder = Folder::new("plans");
    let mut files = small_files();
    let both = generated(&folder.file("both.mov"), Size::new(64, 64), 1, TestSound::Pcm(1));
    let silent = generated(&folder.file("silent.mov"), Size::new(64, 64), 1, TestSound::None);
    files.extend([("both.mov".to_owned(), both), ("silent.mov".to_owned(), silent)]);
    let (mut made, mut refused) = (0, 0);
    for (name, asset) in &files {
        for (preset, kind) in PRESETS.iter().flat_map(|row| TYPES.map(|kind| (row.preset, kind))) {
            let check = preset.check_with(asset, Some(kind), &native());
            let session = || ExportSession::new(asset, preset).registry(native());
            let path = folder.file("out");
            // The same file under another name.
            if kind == FileType::M4v {
                assert_eq!(check.is_ok(), session().plan(kind).is_ok(), "{name}: {preset} as {kind:?}");
                continue;
            }
            match session().export(&path, kind) {
                Ok(report) => {
                    check.unwrap();
                    let plan = session().plan(kind).unwrap();
                    assert_eq!(planned(&plan), reported(&report), "{name}: {preset} as {kind:?}");
                    std::fs::remove_file(&path).unwrap();
                    made += 1;
                }
                Err(error) => {
                    let refusal = check.unwrap_err();
                    assert_eq!(
                        (refusal.kind(), refusal.message()),
                        (error.kind(), error.message()),
                        "{name}: {preset} as {kind:?}"
                    );
                    assert!(!path.exists());
                    refused += 1;
                }
            }
        }
        for row in PRESETS {
            let any = TYPES.iter().any(|kind| row.preset.check_with(asset, Some(*kind), &native()).is_ok());
            assert_eq!(row.preset.check_with(asset, None, &native()).is_ok(), any, "{name}: {}", row.name);
        }
    }
    assert!(files.len() < 10 || made >= 100 && refused >= 100, "{made} made, {refused} refused");
}

#[test]
fn copies_are_estimated_within_a_hundredth() {
    let folder = Folder::new("estimates");
    let path = folder.file("out");
    let corpus = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/media");
    let Ok(entries) = std::fs::read_dir(corpus) else {
        reelwright_judges::skip!("../shared/media is not there");
        return;
    };
    let (mut files, mut wrong) = (0, Vec::new());
    for entry in entries {
        let entry = entry.unwrap();
        // Where headers are most of the file, a hundredth of it is less than a name.
        if !(100_000..4_000_000).contains(&entry.metadata().unwrap().len()) {
            continue;
        }
        let Ok(asset) = Asset::open(entry.path()) else { continue };
        // What is damaged isn't all there.
        let whole = |id| asset.demuxer().missing(id).is_none();
        if !asset.movie().tracks.iter().all(|track| whole(track.id)) || !asset.movie().warnings.is_empty() {
            continue;
        }
        for kind in [FileType::Mov, FileType::Mp4] {
            let session = || ExportSession::new(&asset, ExportOptions::new(Preset::Passthrough));
            let Ok(plan) = session().plan(kind) else { continue };
            let Ok(report) = session().export(&path, kind) else { continue };
            std::fs::remove_file(&path).unwrap();
            files += 1;
            let ratio = plan.estimated_bytes as f64 / report.bytes as f64;
            if (ratio - 1.0).abs() > 0.01 && report.bytes > 100_000 {
                let (estimate, bytes) = (plan.estimated_bytes, report.bytes);
                wrong.push(format!("{:?} as {kind:?}: {estimate} of {bytes}, {ratio:.3}", entry.file_name()));
            }
        }
    }
    assert!(files > 20 && wrong.is_empty(), "{files} files: {wrong:#?}");
}
