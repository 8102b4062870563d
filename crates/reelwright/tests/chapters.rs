//! Chapters of every container that has them, as foreign readers find them in every kind of file.
#![cfg(feature = "native")]
#![allow(clippy::unwrap_used, reason = "tests state what they expect by unwrapping")]

mod folder;
mod foreign;

use std::path::{Path, PathBuf};
use std::process::Command;

use folder::Folder;
use foreign::ffprobe;
use reelwright::media::{Time, TimeRange};
use reelwright::{Asset, ExportOptions, ExportSession, FileType, Overwrite, Preset, Remux};

/// Start and end in milliseconds, and title.
type Listed = (i64, i64, String);

const KINDS: [FileType; 4] = [FileType::Mov, FileType::Mp4, FileType::M4a, FileType::M4b];

const LIST: &str = ";FFMETADATA1
[CHAPTER]
TIMEBASE=1/1000
START=0
END=1500
title=Eins
[CHAPTER]
TIMEBASE=1/1000
START=1500
END=3250
title=Zwei äö 二
[CHAPTER]
TIMEBASE=1/1000
START=3250
END=5000
title=Drei
";

/// Five seconds with these chapters; `None`, said loudly, without ffmpeg.
fn made(folder: &Folder, name: &str, more: &[&str]) -> Option<PathBuf> {
    let (list, path) = (folder.file("list.txt"), folder.file(name));
    std::fs::write(&list, LIST).unwrap();
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=64x64:r=10:d=5"]);
    command.args(["-f", "lavfi", "-i", "sine=d=5:r=44100", "-i"]).arg(&list);
    let Ok(output) = command.args(more).arg(&path).output() else {
        reelwright_judges::skip!("ffmpeg is not installed");
        return None;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(path)
}

/// The chapters ffprobe finds.
fn listed(path: &Path) -> Vec<Listed> {
    let entries = ["-of", "csv=p=0", "-show_entries", "chapter=start_time,end_time:chapter_tags=title"];
    let lines = ffprobe(path, &entries).unwrap();
    let read = |line: &String| {
        let mut fields = line.splitn(3, ',');
        let mut time = || (fields.next().unwrap().parse::<f64>().unwrap() * 1000.0).round() as i64;
        let (start, end) = (time(), time());
        (start, end, fields.next().unwrap_or_default().to_owned())
    };
    lines.iter().map(read).collect()
}

fn remux(from: &Path, to: &Path, kind: FileType) {
    let asset = Asset::open(from).unwrap();
    let remux = Remux { overwrite: Overwrite::Replace, ..Remux::new(kind) };
    remux.to_path(&asset, to).unwrap();
}

fn export(from: &Path, to: &Path, kind: FileType, range: Option<TimeRange>) {
    let audio = matches!(kind, FileType::M4a | FileType::M4b);
    let preset = if audio { Preset::AppleM4a } else { Preset::LowQuality };
    let options = ExportOptions::from(preset).overwrite(reelwright::Overwrite::Replace).range(range);
    let asset = Asset::open(from).unwrap();
    let session = ExportSession::new(&asset, options);
    assert!(!session.plan(kind).unwrap().chapters.is_empty(), "{} as {kind:?}", from.display());
    session.export(to, kind).unwrap();
}

/// What chapters are from 1 to 4 s of the presentation.
fn cut(chapters: &[Listed]) -> Vec<Listed> {
    let clip = |time: i64| (time - 1000).clamp(0, 3000);
    let clipped = chapters.iter().map(|(start, end, title)| (clip(*start), clip(*end), title.clone()));
    clipped.filter(|(start, end, _)| start < end).collect()
}

/// Each last chapter may end with its film a few milliseconds off: with a packet of sound, or a picture.
#[track_caller]
fn same(found: &[Listed], wanted: &[Listed], what: &str) {
    let plain =
        |list: &[Listed]| list.iter().map(|(start, _, title)| (*start, title.clone())).collect::<Vec<_>>();
    assert_eq!(plain(found), plain(wanted), "{what}");
    for (found, wanted) in found.iter().zip(wanted) {
        assert!((found.1 - wanted.1).abs() <= 100, "{what}: {found:?}, not {wanted:?}");
    }
}

fn every_kind_gets(source: &Path, chapters: &[Listed], copies: bool) {
    let range = TimeRange::between(Time::from_secs(1), Time::from_secs(4));
    let out = source.with_extension("out");
    for kind in KINDS {
        let what = format!("{} as {}", source.display(), kind.name());
        if copies {
            remux(source, &out, kind);
            same(&listed(&out), chapters, &format!("{what}, copied"));
        }
        export(source, &out, kind, None);
        same(&listed(&out), chapters, &format!("{what}, exported"));
        export(source, &out, kind, Some(range));
        same(&listed(&out), &cut(chapters), &format!("{what}, cut"));
    }
}

#[test]
fn chapters_of_every_container_reach_every_kind_of_file() {
    let folder = Folder::new("kinds");
    let map = ["-map_chapters", "2"];
    let film = ["-map", "0", "-map", "1", "-c:v", "mjpeg", "-c:a", "aac"];
    let film = [&map[..], &film].concat();
    let sound = [&map[..], &["-map", "1", "-c:a"]].concat();
    let comments: Vec<String> =
        [("1", "00.000", "Eins"), ("2", "01.500", "Zwei äö 二"), ("3", "03.250", "Drei")]
            .into_iter()
            .flat_map(|(number, start, title)| {
                let key = format!("CHAPTER00{number}");
                [
                    "-metadata".into(),
                    format!("{key}=00:00:{start}"),
                    "-metadata".into(),
                    format!("{key}NAME={title}"),
                ]
            })
            .collect();
    let comments: Vec<&str> = comments.iter().map(String::as_str).collect();
    let comments = [&["-map", "1", "-map_chapters", "-1"][..], &comments].concat();
    let sources: [(&str, Vec<&str>, bool); 6] = [
        ("film.mkv", film.clone(), true),
        ("film.mov", film.clone(), true),
        ("film.mp4", film, true),
        ("sound.mp3", [&sound[..], &["libmp3lame"]].concat(), true),
        ("book.m4a", [&sound[..], &["aac"]].concat(), true),
        // No FLAC in MOV.
        ("sound.flac", comments, false),
    ];
    for (name, arguments, copies) in sources {
        let Some(source) = made(&folder, name, &arguments) else { return };
        let read = |start, end, title: &str| (start, end, title.to_owned());
        let wanted = [read(0, 1500, "Eins"), read(1500, 3250, "Zwei äö 二"), read(3250, 5000, "Drei")];
        every_kind_gets(&source, &wanted, copies);
    }
}

/// The first chapter of one begins at 1 s.
#[test]
fn chapters_from_the_field_arrive() {
    let folder = Folder::new("field");
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    for name in ["field/f25_chap.mkv", "field/f20_book.m4b"] {
        let (path, source) = (shared.join(name), folder.file(name.split('/').next_back().unwrap()));
        if std::fs::copy(&path, &source).is_err() {
            reelwright_judges::skip!("{name} is not in ../shared");
            continue;
        }
        let mut wanted = listed(&source);
        let end = Asset::open(&source).unwrap().movie().duration.to_seconds_lossy();
        for (_, last, _) in &mut wanted {
            *last = (*last).min((end * 1000.0) as i64);
        }
        every_kind_gets(&source, &wanted, true);
    }
}

/// A copied list is not written a second time.
#[test]
fn one_list_is_enough() {
    let folder = Folder::new("once");
    let arguments = ["-map_chapters", "2", "-map", "0", "-map", "1", "-c:v", "mjpeg", "-c:a", "aac"];
    let Some(source) = made(&folder, "film.mov", &arguments) else { return };
    let out = folder.file("out.mp4");
    for range in [None, Some(TimeRange::between(Time::from_secs(1), Time::from_secs(4)))] {
        export(&source, &out, FileType::Mp4, range);
        let tracks =
            Asset::open(&out).unwrap().movie().tracks.iter().map(|track| track.handler).collect::<Vec<_>>();
        let texts = tracks.iter().filter(|handler| &handler.0 == b"text").count();
        assert_eq!((texts, tracks.len()), (1, 3), "{range:?}");
    }
}

/// Nero's list (`chpl`) without a track beside it, as recorders of broadcasts leave it.
#[test]
fn a_list_without_a_track_becomes_one() {
    let folder = Folder::new("nero");
    let Some(plain) = made(&folder, "plain.mp4", &["-map", "1", "-map_chapters", "2", "-c:a", "aac"]) else {
        return;
    };
    let mut bytes = std::fs::read(&plain).unwrap();
    // A reference to nothing is none.
    let at = bytes.windows(4).position(|four| four == b"chap").unwrap();
    bytes[at..at + 4].copy_from_slice(b"free");
    let at = bytes.windows(8).position(|eight| eight == b"\0\0\0\0text").unwrap();
    bytes[at + 4..at + 8].copy_from_slice(b"hint");
    let source = folder.file("nero.mp4");
    std::fs::write(&source, bytes).unwrap();
    let asset = Asset::open(&source).unwrap();
    assert_eq!(asset.movie().chapters.len(), 3, "{:?}", asset.movie().tracks);
    every_kind_gets(&source, &listed(&plain), true);
}
