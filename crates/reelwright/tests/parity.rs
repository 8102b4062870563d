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
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                sources.push(std::fs::read_to_string(path).unwrap());
            }
        }
    }
    sources
}

/// Whether `word` stands in `text` with nothing of a name around it.
fn stands(text: &str, word: &str) -> bool {
    let is_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    text.match_indices(word).any(|(at, _)| {
        !text[..at].chars().next_back().is_some_and(is_name)
            && !text[at + word.len()..].chars().next().is_some_and(is_name)
    })
}

/// Whether an application can name `item`, a type or a type's method, and it is there.
fn exists(sources: &[String], item: &str) -> bool {
    let roots = [
        include_str!("../src/lib.rs"),
        include_str!("../../codec/src/lib.rs"),
        include_str!("../../media/src/lib.rs"),
        include_str!("../../process/src/lib.rs"),
    ];
    let exported = |name: &str| {
        let statements = roots.iter().flat_map(|root| root.split(';'));
        statements.filter(|statement| statement.contains("pub use ")).any(|statement| stands(statement, name))
    };
    match item.split_once("::") {
        None => exported(item),
        Some((name, method)) => exported(name) && sources.iter().any(|text| has_method(text, name, method)),
    }
}

/// Whether one of the `impl` blocks of `name` in `text` has a public method of this name.
fn has_method(text: &str, name: &str, method: &str) -> bool {
    text.match_indices("\nimpl").any(|(at, _)| {
        let block = &text[at + 1..];
        let block = &block[..block.find("\n}").unwrap_or(block.len())];
        let (head, body) = block.split_once('{').unwrap_or_default();
        let owner = head.rsplit(" for ").next().unwrap_or_default();
        let declared = ["pub fn ", "pub const fn ", "pub async fn "].iter().any(|start| {
            body.contains(&format!("{start}{method}(")) || body.contains(&format!("{start}{method}<"))
        });
        let set = body.split_once("setters! {").is_some_and(|(_, fields)| stands(fields, method));
        stands(owner, name) && (declared || set)
    })
}

/// What is wrong with the test a row names: nothing, if it is a test, and its file touches the row's item.
fn test_fault(sources: &[String], test: &str, item: &str) -> Option<String> {
    let word = item.rsplit("::").next().unwrap_or_default();
    let holders: Vec<_> = sources
        .iter()
        .filter(|text| {
            let declared = format!("fn {test}()");
            let before = text.find(&declared).map(|at| &text[..at]);
            // Nothing but other attributes between the mark and the function.
            before
                .and_then(|before| before.rsplit_once("#[test]"))
                .is_some_and(|(_, between)| !between.contains('}'))
        })
        .collect();
    match holders.as_slice() {
        [] => Some(format!("there is no test {test}")),
        texts if texts.iter().any(|text| stands(text, word)) => None,
        _ => Some(format!("the file of {test} doesn't touch {word}")),
    }
}

#[test]
fn every_item_that_is_claimed_exists_and_is_tested() {
    let account = include_str!("../../../docs/avfoundation.md");
    let sources = sources();
    let (mut counts, mut wrong) = ([0; 3], Vec::new());
    for line in account.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ID")) {
        let cells: Vec<_> =
            line.trim_matches('|').rsplitn(4, '|').map(|cell| cell.trim().trim_matches('`')).collect();
        let [test, state, item, head] = cells.as_slice() else { panic!("{line}") };
        let id = head.split('|').next().unwrap_or_default().trim();
        let place = ["done", "partly", "later"].iter().position(|known| known == state);
        counts[place.unwrap_or_else(|| panic!("{id} is {state}"))] += 1;
        if *state != "later" && !exists(&sources, item) {
            wrong.push(format!("{id} names {item}, which an application can't reach"));
        }
        if *state == "done" {
            wrong.extend(test_fault(&sources, test, item).map(|fault| format!("{id}: {fault}")));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let [done, partly, later] = counts;
    let sum = format!("{} rows: {done} done, {partly} partly, {later} later.", done + partly + later);
    assert!(account.contains(&sum), "{sum}");
    // The check can fail.
    for missing in ["NoSuchThing", "AssetWriter::no_such_method", "AssetWriter::select", "Lane"] {
        assert!(!exists(&sources, missing), "{missing}");
    }
    assert!(test_fault(&sources, "no_such_test", "Asset").is_some());
    assert!(test_fault(&sources, "reads_as_kind_message_place_and_cause", "CompressionSession").is_some());
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
