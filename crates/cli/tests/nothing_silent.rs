//! What ffprobe finds in a source is in the copy too, or the report says that it isn't: tracks, chapters, tags, side data,
//! languages and marks, for every file of `../shared/media` and `../shared/field` copied to MP4 and MOV.
#![allow(clippy::unwrap_used, reason = "tests state what they expect by unwrapping")]

mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use support::{Folder, reel};

/// Files, words of a difference, and why it is none.
const EXPLAINED: &[(&str, &str, &str)] = &[
    (
        "dvb_hevc_latm.ts",
        "data epg",
        "ffprobe lists the programme guide of the network as a stream of the programme",
    ),
    ("f16_zero_matrix.mp4", "Display Matrix", "a matrix of zeros shows nothing; it is mended"),
    ("matrix_mirror_rot.mp4", "location", "there are two; both are kept, and ffprobe shows the last"),
    ("opus_frag.mp4", "language", "what stands there is no language"),
    (
        "sony_a7m3_avchd.mts",
        "field_order",
        "top field first in the words of QuickTime, which ffprobe takes for another order, and mediainfo doesn't",
    ),
];

/// What ffprobe says of a file.
struct Seen {
    streams: Vec<Value>,
    chapters: Vec<Value>,
    tags: Vec<(String, String)>,
}

impl Seen {
    fn of(path: &Path) -> Option<Self> {
        let arguments = ["-v", "quiet", "-show_streams", "-show_chapters", "-show_format", "-of", "json"];
        let output = Command::new("ffprobe").args(arguments).arg(path).output().ok()?;
        let seen: Value = serde_json::from_slice(&output.stdout).ok()?;
        let list = |name: &str| seen[name].as_array().cloned().unwrap_or_default();
        let tags = seen["format"]["tags"].as_object().cloned().unwrap_or_default();
        let tags = tags.into_iter().filter_map(|(key, value)| Some((key, value.as_str()?.to_owned())));
        Some(Self { streams: list("streams"), chapters: list("chapters"), tags: tags.collect() })
    }

    /// How many streams there are of each kind and codec; what ffprobe can't name goes by its tag.
    fn kinds(&self) -> BTreeMap<String, usize> {
        let mut kinds = BTreeMap::new();
        for stream in &self.streams {
            *kinds.entry(kind(stream)).or_default() += 1;
        }
        kinds
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or("")
}

/// Kind and codec of a stream.
fn kind(stream: &Value) -> String {
    let codec = match (text(stream, "codec_name"), text(stream, "codec_tag_string")) {
        // One thing in other bytes, or under a name that not every ffprobe knows.
        (_, "ipcm" | "fpcm") => "pcm",
        (name, _) if name.starts_with("pcm_") => "pcm",
        ("mp1" | "mp2" | "mp3", _) => "mpeg audio",
        ("aac_latm", _) => "aac",
        ("subrip" | "ass" | "ssa" | "webvtt" | "text", _) => "mov_text",
        // WebVTT of Matroska, which not every ffprobe knows.
        ("" | "none", "[0][0][0][0]") if text(stream, "codec_type") == "subtitle" => "mov_text",
        ("" | "none", tag) => tag,
        (name, _) => name,
    };
    format!("{} {codec}", text(stream, "codec_type"))
}

/// A tag that says how the file was made, not what it holds.
fn is_technical(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    ["encoder", "major_brand", "minor_version", "compatible_brands", "creation_time", "duration"]
        .contains(&key.as_str())
}

/// What of `before` is not in `after`, a line each with the kind of omission that would explain it.
fn differences(before: &Seen, after: &Seen) -> Vec<(&'static str, String)> {
    let mut lost = Vec::new();
    let kinds = after.kinds();
    for (kind, count) in before.kinds() {
        let left = kinds.get(&kind).copied().unwrap_or(0);
        lost.extend((left..count).map(|_| ("track", kind.clone())));
    }
    let chapters = |seen: &Seen| -> Vec<String> {
        let title = |chapter: &Value| text(&chapter["tags"], "title").to_owned();
        seen.chapters
            .iter()
            .map(|chapter| format!("{} {}", text(chapter, "start_time"), title(chapter)))
            .collect()
    };
    if before.chapters.len() > after.chapters.len() {
        lost.push(("chapters", format!("{:?} became {:?}", chapters(before), chapters(after))));
    }
    for (key, value) in before.tags.iter().filter(|(key, _)| !is_technical(key)) {
        if !after.tags.iter().any(|(_, kept)| kept.contains(value.trim()) || value.contains(kept.trim())) {
            lost.push(("metadata", format!("{key}={value}")));
        }
    }
    // Streams of one kind and codec stand in one order on both sides.
    for kind in before.kinds().keys() {
        let of_kind = |seen: &Seen| -> Vec<Value> {
            seen.streams.iter().filter(|stream| self::kind(stream) == *kind).cloned().collect()
        };
        let (before, after) = (of_kind(before), of_kind(after));
        if before.len() != after.len() {
            continue;
        }
        for (before, after) in before.iter().zip(&after) {
            lost.extend(changed(before, after).map(|(what, change)| (what, format!("{kind}: {change}"))));
        }
    }
    lost
}

/// What of one stream is not in its copy.
fn changed(before: &Value, after: &Value) -> impl Iterator<Item = (&'static str, String)> {
    let mut lost = Vec::new();
    let language = |stream: &Value| match text(&stream["tags"], "language") {
        "" | "und" => "und".to_owned(),
        // Matroska writes the bibliographic codes of ISO 639-2, MP4 the terminological ones.
        "ger" => "deu".to_owned(),
        "fre" => "fra".to_owned(),
        language => language.to_owned(),
    };
    if language(before) != "und" && language(before) != language(after) {
        lost.push(("language", format!("{} became {}", language(before), language(after))));
    }
    for key in
        ["width", "height", "sample_rate", "channels", "sample_aspect_ratio", "color_transfer", "field_order"]
    {
        let (was, is) = (&before[key], &after[key]);
        let says_nothing = was.is_null() || was == "unknown" || was == "N/A" || was == "1:1";
        if !says_nothing && was != is {
            lost.push(("value", format!("{key} {was} became {is}")));
        }
    }
    let sides = |stream: &Value| -> Vec<String> {
        let list = stream["side_data_list"].as_array().cloned().unwrap_or_default();
        list.iter().map(|side| text(side, "side_data_type").to_owned()).collect()
    };
    let kept = sides(after);
    // What ffprobe works out itself is no side data of the file.
    let lost_sides =
        sides(before).into_iter().filter(|side| !kept.contains(side) && side != "CPB properties");
    lost.extend(lost_sides.map(|side| ("side-data", side)));
    lost.into_iter()
}

/// Copies a file and returns what was lost without a word.
fn silent(source: &Path, output: &Path) -> Vec<String> {
    let report = reel(&["remux", "--json", "--overwrite"], &[source, output]);
    let Ok(report) = serde_json::from_slice::<Value>(&report.stdout) else { return Vec::new() };
    let Some(omissions) = report["omissions"].as_array() else { return Vec::new() };
    let (Some(before), Some(after)) = (Seen::of(source), Seen::of(output)) else { return Vec::new() };
    let mut said: BTreeMap<&str, usize> = BTreeMap::new();
    for omission in omissions {
        *said.entry(text(omission, "what")).or_default() += 1;
    }
    // What has no samples is left out, and nothing is lost with it.
    let tracks = report["tracks"].as_array().unwrap();
    let empty = tracks.iter().filter(|track| text(track, "reason") == "it has no samples").count();
    *said.entry("track").or_default() += empty;
    let mut silent = Vec::new();
    for (what, difference) in differences(&before, &after) {
        match said.get_mut(what).filter(|count| **count > 0) {
            Some(count) => *count -= 1,
            None => silent.push(format!("{what}: {difference}")),
        }
    }
    silent
}

#[test]
fn copies_lose_nothing_in_silence() {
    if !reelwright_judges::runs("ffprobe") {
        reelwright_judges::skip!("ffprobe is not installed");
        return;
    }
    let folder = Folder::new("silent");
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let mut files: Vec<PathBuf> = Vec::new();
    for name in ["media", "field"] {
        let Ok(entries) = std::fs::read_dir(shared.join(name)) else {
            reelwright_judges::skip!("../shared/{name} is not there");
            continue;
        };
        files.extend(entries.map(|entry| entry.unwrap().path()));
    }
    files.sort();
    let mut faults = Vec::new();
    for source in &files {
        let name = source.file_name().unwrap().to_string_lossy();
        for extension in ["mp4", "mov"] {
            for fault in silent(source, &folder.file(&format!("out.{extension}"))) {
                let known = |(file, words, _): &&(&str, &str, &str)| *file == name && fault.contains(words);
                if !EXPLAINED.iter().any(|row| known(&row)) {
                    faults.push(format!("{name} -> {extension}: {fault}"));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{} differences:\n{}", faults.len(), faults.join("\n"));
}
