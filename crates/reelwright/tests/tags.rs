//! What other containers say of a recording, as foreign readers find it in MP4, M4A and MOV.

#![allow(clippy::unwrap_used)]

mod folder;
mod foreign;

use std::path::Path;
use std::process::Command;

use folder::Folder;
use foreign::probe;
use reelwright::{Asset, FileType, Overwrite, Remux};

/// What people tag their music with, by ffmpeg's names.
const TAGS: [(&str, &str); 16] = [
    ("title", "Ein Titel"),
    ("artist", "Künstler"),
    ("album", "Album"),
    ("album_artist", "Viele"),
    ("track", "3/12"),
    ("disc", "1/2"),
    ("date", "2021-05-06"),
    ("genre", "Jazz"),
    ("composer", "Komponist"),
    ("comment", "Notiz"),
    ("copyright", "© jemand"),
    ("compilation", "1"),
    ("TBPM", "120"),
    ("publisher", "Verlag"),
    ("artist-sort", "Kuenstler"),
    ("grouping", "Gruppe"),
];

/// A second of a tone with these tags.
fn tone(path: &Path, tags: &[(&str, &str)], more: &[&str]) -> Option<()> {
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-v", "error", "-f", "lavfi", "-i", "sine=d=1:r=44100"]);
    for (key, value) in tags {
        command.args(["-metadata", &format!("{key}={value}")]);
    }
    let Ok(output) = command.args(more).arg(path).output() else {
        reelwright_judges::skip!("ffmpeg is not installed");
        return None;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(())
}

fn remux(from: &Path, to: &Path) {
    let kind = FileType::from_extension(to.extension().unwrap().to_str().unwrap()).unwrap();
    let asset = Asset::open(from).unwrap();
    let remux = Remux { overwrite: Overwrite::Replace, ..Remux::new(kind) };
    let report = remux.to_path(&asset, to).unwrap();
    assert_eq!(report.dropped_metadata, [], "{}", to.display());
}

/// ffmpeg's tags of the format that differ from `wanted`.
fn differing(path: &Path, wanted: &[(&str, &str)]) -> Vec<String> {
    let lines = probe(path, "format_tags").unwrap();
    let is_there = |(key, value): &&(&str, &str)| {
        let apple = match *key {
            "date" => "year",
            "LABEL" => "publisher",
            key => key,
        };
        let wanted = [format!("TAG:{key}={value}"), format!("TAG:com.apple.quicktime.{apple}={value}")];
        wanted.iter().any(|line| lines.contains(line))
    };
    let missing = wanted.iter().filter(|pair| !is_there(pair));
    let missing: Vec<_> = missing.map(|(key, value)| format!("no {key}={value} among")).collect();
    if missing.is_empty() { missing } else { [missing, lines].concat() }
}

#[test]
fn tags_of_every_container_reach_mp4_and_mov_and_come_back() {
    let folder = Folder::new("everywhere");
    let sources: [(&str, &[&str], &str); 6] = [
        ("v3.mp3", &["-id3v2_version", "3", "-write_id3v1", "1"], "mp4"),
        ("v4.mp3", &["-id3v2_version", "4"], "m4a"),
        ("v.flac", &[], "mp4"),
        ("tone.mka", &["-c:a", "aac"], "m4a"),
        ("tone.aiff", &["-write_id3v2", "1"], "mov"),
        ("tone.m4a", &["-c:a", "alac"], "m4a"),
    ];
    // What ffmpeg itself writes into each of these.
    let unwritten = |name: &str, key: &str| match name {
        "tone.m4a" => ["publisher", "artist-sort", "TBPM"].contains(&key),
        _ => false,
    };
    for (name, more, kind) in sources {
        let source = folder.file(name);
        if tone(&source, &TAGS, more).is_none() {
            return;
        }
        let wanted = TAGS.into_iter().filter(|(key, _)| !unwritten(name, key));
        // ffmpeg has names of its own, and none for the tempo before version 6.
        let wanted: Vec<_> = wanted
            .filter(|(key, _)| *key != "TBPM")
            .map(|(key, value)| match key {
                "artist-sort" => ("sort_artist", value),
                "publisher" if name.ends_with("mp3") || name.ends_with("aiff") => ("LABEL", value),
                "comment" if name == "v.flac" => ("description", value),
                "publisher" if name == "tone.mka" => ("PUBLISHER", value),
                key => (key, value),
            })
            .collect();
        let out = folder.file(&format!("{name}.{kind}"));
        remux(&source, &out);
        assert_eq!(differing(&out, &wanted), [""; 0], "{name}");
        if name != "v.flac" {
            let (there, back) = (folder.file("there.mov"), folder.file(&format!("back.{kind}")));
            remux(&out, &there);
            remux(&there, &back);
            let numbers: Vec<_> = wanted
                .iter()
                .filter(|(key, _)| ["track", "disc", "compilation"].contains(key))
                .copied()
                .collect();
            assert_eq!(differing(&there, &numbers), [""; 0], "{name} in MOV");
            if kind != "mov" {
                assert_eq!(differing(&back, &numbers), [""; 0], "{name} back");
            }
        }
    }
}

/// mediainfo prints what ffprobe doesn't.
#[test]
fn the_tempo_is_a_number() {
    let folder = Folder::new("tempo");
    let (source, out) = (folder.file("tone.flac"), folder.file("tone.mp4"));
    let tags =
        [("BPM", "127.6"), ("TRACKNUMBER", "03"), ("TRACKTOTAL", "9"), ("DISCTOTAL", "2"), ("ISRC", "X1")];
    if tone(&source, &tags, &[]).is_none() {
        return;
    }
    remux(&source, &out);
    assert_eq!(differing(&out, &[("track", "3/9"), ("disc", "0/2"), ("ISRC", "X1")]), [""; 0]);
    let Ok(output) = Command::new("mediainfo").arg("--Inform=General;%BPM%").arg(&out).output() else {
        reelwright_judges::skip!("mediainfo is not installed");
        return;
    };
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), "128");
}

#[test]
fn artwork_crosses_between_mp4_and_mov() {
    let folder = Folder::new("artwork");
    let (cover, source) = (folder.file("cover.jpg"), folder.file("tone.m4a"));
    let picture = ["-f", "lavfi", "-i", "testsrc2=s=64x64:d=1:r=1", "-map", "1:v", "-frames:v", "1"];
    if tone(&cover, &[], &picture).is_none() {
        return;
    }
    let cover = cover.to_str().unwrap();
    let attach =
        ["-i", cover, "-map", "0:a", "-map", "1:v", "-c:v", "copy", "-disposition:v", "attached_pic"];
    tone(&source, &[], &attach).unwrap();
    let (mov, mp4, again) = (folder.file("a.mov"), folder.file("b.mp4"), folder.file("c.mov"));
    remux(&source, &mov);
    remux(&mov, &mp4);
    remux(&mp4, &again);
    let pictures = probe(&mp4, "stream=codec_name,width:stream_disposition=attached_pic").unwrap();
    assert!(pictures.contains(&"codec_name=mjpeg".to_owned()), "{pictures:?}");
    assert!(pictures.contains(&"DISPOSITION:attached_pic=1".to_owned()), "{pictures:?}");
    let artwork = |path: &Path| {
        let asset = Asset::open(path).unwrap();
        let items = asset.movie().metadata.iter().filter(|item| item.key.common() == Some("artwork"));
        items.map(|item| item.value.clone()).collect::<Vec<_>>()
    };
    let bytes = std::fs::read(cover).unwrap().into();
    let wanted = reelwright_media::MetadataValue::Data { kind: 13, bytes };
    assert_eq!((artwork(&mp4), artwork(&again)), (vec![wanted.clone()], vec![wanted]));
}
