//! The account in `docs/avfoundation.md` may only name what exists, the table in `docs/presets.md` only what is true.
#![allow(clippy::unwrap_used)] // A test states what it expects by unwrapping, its own small functions included.

use std::path::{Path, PathBuf};

use reelwright::codec::VideoProfile;
use reelwright::media::{AudioCodec, VideoCodec};
use reelwright::{FileType, PRESETS, PresetRow};

/// Every Rust source of the workspace's crates.
fn sources() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut folders: Vec<PathBuf> = vec![root];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && path.components().any(|part| part.as_os_str() == "src")
            {
                sources.push(std::fs::read_to_string(path).unwrap());
            }
        }
    }
    sources
}

/// Whether `word` stands in `text` with nothing of a name behind it.
fn stands(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let next = text[at + word.len()..].chars().next();
        !next.is_some_and(|next| next.is_alphanumeric() || next == '_')
    })
}

fn exists(sources: &[String], item: &str) -> bool {
    let (name, method) = item.split_once("::").map_or((item, None), |(name, method)| (name, Some(method)));
    let kinds = ["struct", "enum", "trait", "const", "fn"];
    let declared = |text: &String| {
        kinds.iter().any(|kind| stands(text, &format!("pub {kind} {name}")))
            || stands(text, &format!("\n    {name}")) && text.contains("cicp! {")
    };
    match method {
        None => sources.iter().any(declared),
        Some(method) => sources.iter().any(|text| {
            let owner = ["impl ", "impl<T> ", "impl<T: Send> "]
                .iter()
                .any(|start| stands(text, &format!("{start}{name}")));
            let owner = owner || text.lines().any(|line| line.starts_with("impl") && stands(line, name));
            let declared = ["pub fn ", "pub const fn ", "pub async fn "]
                .iter()
                .any(|start| stands(text, &format!("{start}{method}")));
            owner && declared
        }),
    }
}

#[test]
fn every_item_that_is_claimed_exists() {
    let account = include_str!("../../../docs/avfoundation.md");
    let sources = sources();
    let mut claimed = 0;
    let mut missing = Vec::new();
    for line in account
        .lines()
        .filter(|line| line.starts_with("| ") && (line.ends_with("| done |") || line.ends_with("| partly |")))
    {
        let cells: Vec<_> = line.trim_matches('|').rsplitn(3, '|').map(str::trim).collect();
        let item = cells[1].trim_matches('`');
        claimed += 1;
        if item.is_empty() || !exists(&sources, item) {
            missing.push(format!("{} names {item}", &line[2..5]));
        }
    }
    assert!(claimed > 50, "the account was not read: {claimed} rows");
    assert!(missing.is_empty(), "{missing:#?}");
    assert!(!exists(&sources, "NoSuchThing") && !exists(&sources, "AssetWriter::no_such_method"));
}

/// A preset's row as the table has it.
fn cells(row: &PresetRow) -> [String; 7] {
    let rate = |bits: u32| match bits {
        ..1_000_000 => format!("{} kbit/s", bits / 1000),
        _ => format!("{} Mbit/s", f64::from(bits) / 1e6),
    };
    let video = match row.video {
        Some(VideoCodec::Hevc) => "HEVC",
        Some(VideoCodec::ProRes) => match row.profile {
            Some(VideoProfile::ProRes4444) => "ProRes 4444",
            _ => "ProRes 422",
        },
        Some(_) => "H.264",
        None if row.audio.is_some() => "none",
        None => "copied",
    };
    let mut size = row.max_size.map_or_else(|| "source size".to_owned(), |size| size.to_string());
    let mut video_rate = rate(row.video_rate);
    match (row.video, row.max_size) {
        (None, _) => (size, video_rate) = Default::default(),
        (_, None) => video_rate += " at 1080p",
        (_, Some(_)) => {}
    }
    size += &if row.align > 2 { format!(", multiples of {}", row.align) } else { String::new() };
    size += &row.max_frame_rate.map_or_else(String::new, |rate| format!(", at most {} fps", rate.num));
    let sound = match row.audio {
        None => "copied".to_owned(),
        Some(AudioCodec::Lpcm) => "PCM 24 bit".to_owned(),
        Some(_) => format!("AAC {}", rate(row.audio_rate)),
    };
    let files: Vec<_> = row.file_types.iter().map(|kind: &FileType| kind.extensions()[0]).collect();
    let apple = row.apple.strip_prefix("AVAssetExportPreset").unwrap();
    [format!("`{}`", row.name), apple.into(), video.into(), size, video_rate, sound, files.join(", ")]
}

#[test]
fn the_table_of_presets_is_true() {
    let table = include_str!("../../../docs/presets.md");
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    let written: Vec<Vec<String>> = rows
        .map(|row| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect())
        .collect();
    assert_eq!(written.len(), PRESETS.len());
    for (mut written, row) in written.into_iter().zip(PRESETS) {
        let apple = written[1].trim_matches(['`', '.']).trim_start_matches("AVAssetExportPreset").to_owned();
        written[1] = apple;
        assert_eq!(written, cells(row));
    }
}
