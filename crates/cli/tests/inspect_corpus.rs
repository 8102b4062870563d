//! `reel inspect --json` beside ffprobe on every file of the corpus: tracks, codecs, sizes, rotation, counts, times,
//! sample rates, channels, colour. Where they differ, `docs/inspect-differences.md` says why; what it doesn't list
//! fails, and so does what it lists without need. `REEL_MEDIA=folder` takes other files.
#![allow(clippy::unwrap_used, reason = "tests state what they expect by unwrapping")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The ffprobe the table is about.
const JUDGE: &str = "ffprobe version 5.1";

/// File, track and field.
type Place = (String, String, String);
/// What `reel` and what ffprobe says.
type Sayings = (String, String);

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What differs in one file.
struct Differences {
    file: String,
    found: BTreeMap<Place, Sayings>,
}

impl Differences {
    fn note(&mut self, track: &str, field: &str, ours: impl ToString, theirs: impl ToString) {
        let sayings = (ours.to_string(), theirs.to_string());
        if sayings.0 != sayings.1 {
            self.found.insert((self.file.clone(), track.to_owned(), field.to_owned()), sayings);
        }
    }

    /// As [`Self::note`], for times that may be a tick apart, rounding being what it is.
    fn note_time(&mut self, track: &str, field: &str, ours: Fraction, theirs: Fraction) {
        if !ours.is_within_a_tick_of(theirs) {
            self.note(track, field, ours, theirs);
        }
    }
}

/// `value` ticks of `scale` a second.
#[derive(Clone, Copy)]
struct Fraction {
    value: i128,
    scale: i128,
}

impl Fraction {
    fn ours(time: &Value) -> Option<Self> {
        Some(Self { value: time["value"].as_i64()?.into(), scale: time["timescale"].as_i64()?.into() })
    }

    fn theirs(ticks: &Value, base: &Value) -> Option<Self> {
        let (num, den) = base.as_str()?.split_once('/')?;
        let num: i128 = num.parse().ok()?;
        Some(Self { value: i128::from(ticks.as_i64()?) * num, scale: den.parse().ok()? })
    }

    fn is_within_a_tick_of(self, other: Self) -> bool {
        let apart = (self.value * other.scale - other.value * self.scale).abs();
        apart <= self.scale.max(other.scale)
    }
}

impl std::fmt::Display for Fraction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.6} s", self.value as f64 / self.scale as f64)
    }
}

fn ffprobe(path: &Path, more: &[&str]) -> Value {
    let output = Command::new("ffprobe")
        .args(["-v", "error", "-show_streams", "-of", "json"])
        .args(more)
        .arg(path)
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
}

/// The streams that are tracks: covers are metadata here.
fn streams(probed: &Value) -> Vec<Value> {
    let streams = probed["streams"].as_array().cloned().unwrap_or_default();
    streams.into_iter().filter(|stream| stream["disposition"]["attached_pic"] != 1).collect()
}

fn inspect(path: &Path) -> Value {
    let reel = Command::new(
        std::env::var_os("REEL").map_or_else(|| env!("CARGO_BIN_EXE_reel").into(), PathBuf::from),
    )
    .args(["inspect", "--json"])
    .arg(path)
    .output();
    let output = reel.unwrap();
    if output.status.success() { serde_json::from_slice(&output.stdout).unwrap() } else { Value::Null }
}

/// The stream that stands for the track with ID `id`, the `index`th.
fn matching(streams: &[Value], id: u64, index: usize) -> Option<&Value> {
    let numbered = |stream: &&Value| {
        let stated =
            stream["id"].as_str().and_then(|id| u64::from_str_radix(id.strip_prefix("0x")?, 16).ok());
        stated == Some(id)
    };
    if streams.iter().all(|stream| stream["id"].is_string()) {
        streams.iter().find(numbered)
    } else {
        streams.get(index)
    }
}

fn compare(path: &Path) -> Differences {
    let file = path.file_name().unwrap().to_string_lossy().into_owned();
    let mut differences = Differences { file, found: BTreeMap::new() };
    let ours = inspect(path);
    let probed = streams(&ffprobe(path, &[]));
    let boxes = ours["container"] == "QuickTime" || !ours["major_brand"].is_null();
    let media: &[&str] =
        if boxes { &["-count_packets", "-ignore_editlist", "1"] } else { &["-count_packets"] };
    let media = streams(&ffprobe(path, media));
    let none = Vec::new();
    let tracks = ours["tracks"].as_array().unwrap_or(&none);
    let count = |count: usize, opened: bool| if opened { count.to_string() } else { "refused".into() };
    let (opened, accepted) = (!ours.is_null(), !probed.is_empty() || ours["tracks"] == Value::Array(vec![]));
    differences.note("-", "tracks", count(tracks.len(), opened), count(probed.len(), accepted));
    for (index, track) in tracks.iter().enumerate() {
        let id = track["id"].as_u64().unwrap();
        let name = id.to_string();
        let Some(stream) = matching(&probed, id, index) else {
            if accepted {
                differences.note(&name, "track", track["kind"].as_str().unwrap(), "none");
            }
            continue;
        };
        what(&mut differences, &name, track, stream, boxes);
        match stream["codec_type"].as_str() {
            Some("video") => picture(&mut differences, &name, track, stream),
            Some("audio") => sound(&mut differences, &name, track, stream),
            _ => {}
        }
        times(&mut differences, &name, track, stream);
        if let Some(stream) = matching(&media, id, index) {
            whole_media(&mut differences, &name, track, stream);
        }
    }
    differences
}

/// Kind, codec and language.
fn what(differences: &mut Differences, name: &str, track: &Value, stream: &Value, boxes: bool) {
    let kind = match track["kind"].as_str().unwrap() {
        kind @ ("video" | "audio") => kind,
        // Text is a subtitle to ffprobe where it knows the format, data where it doesn't.
        _ => match stream["codec_type"].as_str() {
            Some("subtitle") => "subtitle",
            _ => "data",
        },
    };
    differences.note(name, "kind", kind, stream["codec_type"].as_str().unwrap_or("none"));
    if boxes {
        let tag = stream["codec_tag_string"].as_str().unwrap_or("none");
        differences.note(name, "code", track["codec"].as_str().unwrap_or("none"), tag);
    }
    if matches!(kind, "video" | "audio") {
        let theirs = stream["codec_name"].as_str().unwrap_or("none");
        let ours = track["codec_name"].as_str().unwrap_or("none");
        differences.note(name, "codec", codec(ours, theirs), theirs);
    }
    let language = stream["tags"]["language"].as_str().unwrap_or("und");
    differences.note(name, "language", track["language"].as_str().unwrap(), language);
}

/// Our name of a codec as ffprobe spells it.
fn codec(name: &str, theirs: &str) -> String {
    let spelled = match name {
        "H.264" => "h264",
        "Apple Lossless" => "alac",
        "MPEG-4 Visual" => "mpeg4",
        "MPEG-2 video" => "mpeg2video",
        "JPEG" => "mjpeg",
        "AC-3" => "ac3",
        "E-AC-3" => "eac3",
        "AMR-NB" => "amr_nb",
        "AMR-WB" => "amr_wb",
        "IMA ADPCM" => "adpcm_ima_qt",
        // The packing isn't part of the codec's name here, nor is USAC a codec of its own there.
        "AAC" if theirs == "aac_latm" => theirs,
        "xHE-AAC" => "aac",
        "PCM" if theirs.starts_with("pcm_") => theirs,
        other => return other.to_lowercase(),
    };
    spelled.to_owned()
}

fn picture(differences: &mut Differences, name: &str, track: &Value, stream: &Value) {
    let number = |value: &Value| value.as_i64().unwrap_or(0);
    differences.note(name, "width", number(&track["coded_width"]), number(&stream["width"]));
    differences.note(name, "height", number(&track["coded_height"]), number(&stream["height"]));
    let none = Vec::new();
    let sides = stream["side_data_list"].as_array().unwrap_or(&none);
    // ffprobe counts anticlockwise; of a mirrored picture it gives an angle that depends on the axis.
    let turned = sides.iter().find_map(|side| side["rotation"].as_i64()).unwrap_or(0);
    if track["mirrored"] == false {
        differences.note(name, "rotation", number(&track["rotation"]), (-turned).rem_euclid(360));
    }
    let color = &track["color"];
    let word = |value: &Value| value.as_str().unwrap_or("unknown").to_owned();
    differences.note(name, "primaries", word(&color["primaries"]), word(&stream["color_primaries"]));
    differences.note(name, "transfer", word(&color["transfer"]), word(&stream["color_transfer"]));
    differences.note(name, "matrix", word(&color["matrix"]), word(&stream["color_space"]));
    let range = match color["range"].as_str().unwrap() {
        "video" => "tv",
        "full" => "pc",
        other => other,
    };
    differences.note(name, "range", range, word(&stream["color_range"]));
}

fn sound(differences: &mut Differences, name: &str, track: &Value, stream: &Value) {
    let rate = stream["sample_rate"].as_str().unwrap_or("0");
    differences.note(name, "sample rate", track["sample_rate"].as_u64().unwrap_or(0), rate);
    let channels = stream["channels"].as_u64().unwrap_or(0);
    differences.note(name, "channels", track["channels"].as_u64().unwrap_or(0), channels);
}

/// Start and length on the movie's timeline.
fn times(differences: &mut Differences, name: &str, track: &Value, stream: &Value) {
    let base = &stream["time_base"];
    for (field, ours, theirs) in [("start", "start", "start_pts"), ("duration", "duration", "duration_ts")] {
        let sayings = Fraction::ours(&track[ours]).zip(Fraction::theirs(&stream[theirs], base));
        if let Some((ours, theirs)) = sayings {
            differences.note_time(name, field, ours, theirs);
        }
    }
}

/// What the media holds, whatever the edit list shows of it.
fn whole_media(differences: &mut Differences, name: &str, track: &Value, stream: &Value) {
    let samples = track["samples"].as_u64().unwrap();
    if let Some(frames) = stream["nb_frames"].as_str() {
        differences.note(name, "samples", samples, frames);
    }
    let is_pcm = stream["codec_name"].as_str().is_some_and(|codec| codec.starts_with("pcm_"));
    if let (Some(packets), false) = (stream["nb_read_packets"].as_str(), is_pcm) {
        differences.note(name, "packets", samples, packets);
    }
    let theirs = Fraction::theirs(&stream["duration_ts"], &stream["time_base"]);
    if let Some((ours, theirs)) = Fraction::ours(&track["media_duration"]).zip(theirs) {
        differences.note_time(name, "media duration", ours, theirs);
    }
}

/// The rows of the table: file, track, field, ours, theirs, why.
fn listed(text: &str) -> BTreeMap<Place, (Sayings, String)> {
    let rows = text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| file"));
    rows.map(|row| {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
        let [file, track, field, ours, theirs, why] = <[String; 6]>::try_from(cells).unwrap();
        ((file, track, field), ((ours, theirs), why))
    })
    .collect()
}

/// What differs in all of `files`.
fn compare_all(files: &[PathBuf]) -> BTreeMap<Place, Sayings> {
    let mut found = BTreeMap::new();
    std::thread::scope(|scope| {
        let (first, second) = files.split_at(files.len() / 2);
        let halves = [first, second]
            .map(|half| scope.spawn(|| half.iter().flat_map(|path| compare(path).found).collect::<Vec<_>>()));
        for half in halves {
            found.extend(half.join().unwrap());
        }
    });
    found
}

#[test]
fn inspect_agrees_with_ffprobe_or_says_why_not() {
    let corpus =
        std::env::var_os("REEL_MEDIA").map_or_else(|| here().join("../../../shared/media"), PathBuf::from);
    let Ok(folder) = std::fs::read_dir(&corpus) else {
        reelwright_judges::skip!("{} is not there", corpus.display());
        return;
    };
    let version = Command::new("ffprobe").arg("-version").output();
    if !version.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).starts_with(JUDGE)) {
        reelwright_judges::skip!("{JUDGE} is not installed, and the table is about no other");
        return;
    }
    let mut files: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension != "tsv"));
    let found = compare_all(&files);
    let table = std::fs::read_to_string(here().join("../../docs/inspect-differences.md")).unwrap();
    let listed = listed(&table);
    let mut wrong = Vec::new();
    for ((file, track, field), (ours, theirs)) in &found {
        let place = (file.clone(), track.clone(), field.clone());
        match listed.get(&place) {
            Some((sayings, why)) if *sayings == (ours.clone(), theirs.clone()) && !why.is_empty() => {}
            _ => wrong.push(format!("not listed: | {file} | {track} | {field} | {ours} | {theirs} | ? |")),
        }
    }
    for (place, (sayings, _)) in &listed {
        if found.get(place) != Some(sayings) {
            wrong.push(format!("listed, but not so: {place:?} {sayings:?}"));
        }
    }
    eprintln!("{} files compared, {} differences", files.len(), found.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
