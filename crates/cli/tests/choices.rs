//! What a person chooses of a movie: its tags, its tracks, what is copied.
#![cfg(feature = "native")]
#![allow(clippy::unwrap_used)] // A test states what it expects by unwrapping, its own small functions included.

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use support::{Folder, generated, json, reel, succeed};

/// A movie with sound in English and German, the German disabled, and German subtitles; `None` where ffmpeg is not here.
fn bilingual(folder: &Folder) -> Option<PathBuf> {
    let (words, film) = (folder.file("words.srt"), folder.file("film.mov"));
    std::fs::write(&words, "1\n00:00:00,000 --> 00:00:01,000\nHallo\n").unwrap();
    let sound = |hertz: u32| format!("sine=f={hertz}:d=2:r=48000");
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-y", "-f", "lavfi", "-i", "testsrc=s=320x180:d=2:r=30"])
        .args(["-f", "lavfi", "-i", &sound(440), "-f", "lavfi", "-i", &sound(880), "-i"])
        .arg(&words)
        .args([
            "-map", "0", "-map", "1", "-map", "2", "-map", "3", "-c:v", "mjpeg", "-c:a", "aac", "-c:s",
            "mov_text",
        ])
        .args(["-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=ger"])
        .args(["-metadata:s:s:0", "language=ger", "-disposition:a:0", "default", "-disposition:a:1", "0"])
        .args([
            "-metadata",
            "title=Old",
            "-metadata",
            "artist=Somebody",
            "-metadata",
            "location=+48.2082+016.3738/",
        ])
        .args(["-metadata", "creation_time=2020-01-02T03:04:05Z"])
        .arg(&film)
        .status();
    if made.is_ok_and(|status| status.success()) {
        return Some(film);
    }
    reelwright_judges::skip!("ffmpeg doesn't make a movie here");
    None
}

/// What ffprobe says of the whole file.
fn ffprobe(file: &Path) -> Value {
    let args = ["-v", "error", "-show_format", "-show_streams", "-of", "json"];
    let output = Command::new("ffprobe").args(args).arg(file).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Kind, codec and language of each stream.
fn streams(file: &Path) -> Vec<String> {
    let said = ffprobe(file);
    let text = |value: &Value| value.as_str().unwrap_or("und").to_owned();
    let stream = |stream: &Value| {
        let parts = [&stream["codec_type"], &stream["codec_name"], &stream["tags"]["language"]];
        parts.map(text).join(" ")
    };
    said["streams"].as_array().unwrap().iter().map(stream).collect()
}

fn refused(args: &[&str], files: &[&Path], code: i32, said: &[&str]) {
    let output = reel(args, files);
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{args:?}: {message}");
    for words in said {
        assert!(message.contains(words), "{args:?}: {words}: {message}");
    }
    assert!(!files.last().unwrap().exists(), "{args:?}");
}

#[test]
fn tags_are_set_and_the_rest_stays() {
    let folder = Folder::new("tags");
    let Some(film) = bilingual(&folder) else { return };
    let set: &[&str] = &[
        "--title",
        "New",
        "--set",
        "date=2026-08-01",
        "--set",
        "album_artist=Band",
        "--set",
        "location=-33.8568,151.2153",
        "--set",
        "genre=Jazz",
        "--set",
        "com.example.key=mine",
    ];
    let copy = &["remux"][..];
    let encode = &["export", "--preset", "640x480", "--reencode"][..];
    for (verb, name) in [(copy, "a.mov"), (copy, "a.mp4"), (encode, "b.mov"), (encode, "b.mp4")] {
        let out = folder.file(name);
        succeed(reel(&[verb, set, &["--quiet"]].concat(), &[&film, &out]));
        let tags = ffprobe(&out)["format"]["tags"].clone();
        let tag = |names: &[&str]| {
            let found = names.iter().find_map(|name| tags.get(name));
            found.and_then(Value::as_str).unwrap_or_else(|| panic!("{names:?}: {tags}")).to_owned()
        };
        assert_eq!(tag(&["com.apple.quicktime.title", "title"]), "New", "{name}");
        assert_eq!(tag(&["com.apple.quicktime.creationdate", "date"]), "2026-08-01");
        assert_eq!(tag(&["com.apple.quicktime.artist", "artist"]), "Somebody");
        assert_eq!((tag(&["album_artist"]), tag(&["com.example.key"])), ("Band".into(), "mine".into()));
        assert_eq!(tag(&["com.apple.quicktime.genre", "genre"]), "Jazz");
        // Nothing of what was there before is said beside it.
        assert!(!tags.to_string().contains("Old") && !tags.to_string().contains("48.2082"), "{tags}");
        assert!(tag(&["com.apple.quicktime.location.ISO6709", "location"]).starts_with("-33.85"), "{tags}");
        let rows = json(reel(&["inspect", "--json"], &[&out]));
        let titles = rows["metadata"].as_array().unwrap().iter().filter(|row| row["meaning"] == "title");
        assert_eq!(titles.count(), 1, "{rows}");
        assert_eq!(rows["creation_time"], "2020-01-02T03:04:05Z");
        // Taken away again, and the last of two counts.
        let next = folder.file(&format!("next-{name}"));
        let more = ["remux", "--set", "genre=", "--set", "title=One", "--set", "title=Two"];
        succeed(reel(&[&more[..], &["--quiet"]].concat(), &[&out, &next]));
        let tags = ffprobe(&next)["format"]["tags"].to_string();
        assert!(tags.contains("Two") && tags.contains("Somebody"), "{tags}");
        assert!(!tags.contains("Jazz") && !tags.contains("One") && !tags.contains("New"), "{tags}");
    }
    // Nothing but what is set.
    for (verb, name) in [(copy, "c.mov"), (copy, "c.mp4"), (encode, "d.mp4")] {
        let out = folder.file(name);
        let args = [verb, &["--strip-metadata", "--set", "artist=Me", "--quiet"]].concat();
        succeed(reel(&args, &[&film, &out]));
        let said = json(reel(&["inspect", "--json"], &[&out]));
        let values: Vec<_> = said["metadata"].as_array().unwrap().iter().map(|row| &row["value"]).collect();
        assert_eq!((values, &said["creation_time"]), (vec![&"Me".into()], &Value::Null), "{name}");
        let bytes = std::fs::read(&out).unwrap();
        assert!(!bytes.windows(8).any(|eight| eight == b"Somebody" || eight == b"+48.2082"), "{name}");
        let created = ffprobe(&out).to_string();
        assert!(!created.contains("creation_time"), "{created}");
    }
    let none = folder.file("none.mp4");
    refused(&["export", "--set", "titel=x"], &[&film, &none], 2, &["'titel' is no tag", "title, artist"]);
    refused(&["export", "--set", "location=Vienna"], &[&film, &none], 2, &["'Vienna' is not a place"]);
    refused(&["remux", "--set", "title"], &[&film, &none], 2, &["write name=value"]);
}

#[test]
fn tracks_are_chosen_by_id_and_language() {
    let folder = Folder::new("tracks");
    let Some(film) = bilingual(&folder) else { return };
    let copied = |args: &[&str], name: &str| {
        let out = folder.file(name);
        succeed(reel(&[args, &["--quiet", "--overwrite"]].concat(), &[&film, &out]));
        streams(&out)
    };
    let (pictures, english, german, words) =
        ("video mjpeg eng", "audio aac eng", "audio aac deu", "subtitle mov_text deu");
    let pictures = [pictures, "video mjpeg und"].into_iter().find(|kind| streams(&film)[0] == *kind).unwrap();
    assert_eq!(streams(&film).len(), 4);
    assert_eq!(copied(&["remux", "--track", "1,3"], "a.mov"), [pictures, german]);
    assert_eq!(copied(&["remux", "--track", "3", "--track", "1"], "a.mov"), [pictures, german]);
    assert_eq!(copied(&["remux", "--track", "2"], "a.m4a"), [english]);
    for german_tag in ["de", "ger", "deu", "DE"] {
        assert_eq!(copied(&["remux", "--lang", german_tag], "a.mov"), [pictures, german, words]);
    }
    assert_eq!(copied(&["remux", "--lang", "en"], "a.mov"), [pictures, english]);
    assert_eq!(copied(&["remux", "--lang", "en,de"], "a.mov"), [pictures, english, german, words]);
    // The only sound is one that players play.
    let only = json(reel(&["inspect", "--json"], &[&folder.file("a.mov")]));
    assert_eq!(only["tracks"][1]["enabled"], true);
    copied(&["remux", "--lang", "de"], "b.mp4");
    let only = json(reel(&["inspect", "--json"], &[&folder.file("b.mp4")]));
    assert_eq!(
        (&only["tracks"][1]["language"], &only["tracks"][1]["enabled"]),
        (&"deu".into(), &true.into())
    );
    // What was disabled is encoded all the same where it is chosen, and nothing else is heard in it.
    let out = folder.file("c.mp4");
    let report = json(reel(&["export", "--reencode", "--lang", "de", "--json"], &[&film, &out]));
    assert_eq!(streams(&out)[1..], [german, words]);
    assert_eq!(
        (&report["tracks"][1]["fate"], &report["tracks"][2]["fate"]),
        (&"drop".into(), &"encode".into())
    );
    assert_eq!(report["tracks"][1]["reason"], "it was not asked for");
    assert_eq!(report["omissions"], Value::Array(vec![]));
    // Strictly, what isn't taken has to be left out by name, and the way out is spelled as a flag.
    let strictly = folder.file("strictly.mp4");
    let strict = &["export", "--reencode", "--strict"][..];
    refused(
        strict,
        &[&film, &strictly],
        1,
        &["track 3: the audio track is left out", "try: leave --strict away"],
    );
    succeed(reel(&[strict, &["--lang", "en", "--quiet"]].concat(), &[&film, &strictly]));
    // Leaving out what wasn't asked for loses nothing.
    succeed(reel(&["remux", "--strict", "--track", "1", "--quiet"], &[&film, &folder.file("d.mov")]));
    let none = folder.file("none.mp4");
    let there = "1 (video JPEG), 2 (audio AAC in eng), 3 (audio AAC in deu)";
    refused(&["export", "--track", "9"], &[&film, &none], 2, &["there is no track 9", "4 (text in deu)"]);
    refused(&["remux", "--lang", "fr"], &[&film, &none], 2, &["no track is in fra"]);
    let listed = String::from_utf8(reel(&["remux", "--lang", "fr"], &[&film, &none]).stderr).unwrap();
    assert!(listed.replace(" in eng", "").contains(&there.replace(" in eng", "")), "{listed}");
    refused(&["remux", "--lang", "english"], &[&film, &none], 2, &["'english' is not a language", "en-GB"]);
    refused(&["remux", "--lang", "de", "--track", "1"], &[&film, &none], 2, &["cannot be used with"]);
}

#[test]
fn pictures_and_sound_are_copied_where_that_is_asked_for() {
    let folder = Folder::new("copies");
    let Some(film) = bilingual(&folder) else { return };
    let fates = |args: &[&str], source: &Path, name: &str| -> Vec<String> {
        let arguments = [&["export", "--json", "--overwrite"], args].concat();
        let report = json(reel(&arguments, &[source, &folder.file(name)]));
        let tracks = report["tracks"].as_array().unwrap();
        tracks.iter().map(|track| track["fate"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(
        fates(&["--track", "1,2", "--reencode"], &film, "a.mov"),
        ["encode", "encode", "drop", "drop"]
    );
    let copied = ["copy", "encode", "drop", "drop"];
    assert_eq!(fates(&["--track", "1,2", "--copy-video", "--reencode"], &film, "a.mov"), copied);
    assert_eq!(streams(&folder.file("a.mov"))[0].split(' ').nth(1), Some("mjpeg"));
    let copied = ["encode", "copy", "copy", "copy"];
    assert_eq!(fates(&["--copy-audio", "--reencode"], &film, "b.mov"), copied);
    assert_eq!(streams(&folder.file("b.mov")).len(), 4);
    // What the container can't hold is refused, not left out.
    let pcm = folder.file("pcm.mov");
    let ulaw = ["-v", "error", "-f", "lavfi", "-i", "sine=d=1:r=8000", "-c:a", "pcm_mulaw"];
    assert!(Command::new("ffmpeg").args(ulaw).arg(&pcm).status().unwrap().success());
    let none = folder.file("none.mp4");
    let film_and_none: &[&Path] = &[&film, &none];
    refused(&["export", "--preset", "640x480", "--copy-audio"], &[&pcm, &none], 1, &["can't hold", "MOV"]);
    refused(&["export", "--copy-video", "--size", "64x64"], film_and_none, 2, &["--size means nothing"]);
    refused(
        &["export", "--copy-audio", "--audio-bitrate", "64k"],
        film_and_none,
        2,
        &["--audio-bitrate means"],
    );
    refused(&["export", "--copy-audio", "--no-audio"], film_and_none, 2, &["cannot be used with"]);
    refused(&["export", "--copy-video", "--track", "2"], film_and_none, 2, &["there is no video"]);
    let song = folder.file("none.m4a");
    refused(&["export", "--copy-video"], &[&film, &song], 2, &["--copy-video means nothing", "only sound"]);
}

#[test]
fn a_copy_that_was_not_asked_for_is_explained() {
    let folder = Folder::new("explained");
    let source = generated(&folder, "in.mov", &[]);
    let text = succeed(reel(&["export"], &[&source, &folder.file("a.mp4")]));
    assert!(text.contains("it fits the preset as it is") && text.contains("--reencode"), "{text}");
    let text = succeed(reel(&["export", "--dry-run"], &[&source, &folder.file("b.mp4")]));
    assert!(text.contains("--reencode"), "{text}");
    for args in [
        &["export", "--reencode"][..],
        &["export", "--copy-video"],
        &["export", "-p", "passthrough"],
        &["remux"],
    ] {
        let text = succeed(reel(&[args, &["--overwrite"]].concat(), &[&source, &folder.file("c.mp4")]));
        assert!(!text.contains("--reencode"), "{args:?}: {text}");
    }
}
