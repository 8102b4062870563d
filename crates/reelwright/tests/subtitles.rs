//! Texts of Matroska as foreign readers find them in MP4 and MOV.
#![cfg(feature = "native")]
#![allow(clippy::unwrap_used, reason = "tests state what they expect by unwrapping")]

mod folder;
mod foreign;

use std::path::{Path, PathBuf};
use std::process::Command;

use folder::Folder;
use foreign::{newer_ffmpeg, probe};
use reelwright::media::{Omitted, Time, TimeRange};
use reelwright::{Asset, ExportOptions, ExportSession, FileType, Overwrite, Preset, Remux};

const KINDS: [FileType; 2] = [FileType::Mp4, FileType::Mov];

const SUBRIP: &str = "1
00:00:00,500 --> 00:00:01,250
Grüße, <i>kursiv</i> & 1 < 2

2
00:00:02,000 --> 00:00:02,800
zwei
Zeilen

3
00:00:02,800 --> 00:00:03,001
gleich danach: <b>fett</b> <u>unter</u>
";

const SUBSTATION: &str = "[Script Info]
ScriptType: v4.00+
PlayResX: 384
PlayResY: 288

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 0,0:00:00.50,0:00:01.25,Default,,0,0,0,,{\\pos(10,10)}Hallo, {\\i1}du{\\i0}\\Nda
Dialogue: 0,0:00:02.00,0:00:03.00,Default,,0,0,0,,Ende
";

/// A film of four seconds with these texts in Matroska; `None`, said loudly, without ffmpeg.
fn film(folder: &Folder, texts: &[(&str, &str, &[&str])]) -> Option<PathBuf> {
    let path = folder.file("film.mkv");
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=10:d=4"]);
    for (name, text, _) in texts {
        let file = folder.file(name);
        std::fs::write(&file, text).unwrap();
        command.arg("-i").arg(file);
    }
    command.args(["-map", "0:v"]);
    for index in 1..=texts.len() {
        command.args(["-map", &format!("{index}:s")]);
    }
    command.args(texts.iter().flat_map(|(.., more)| more.iter()));
    let Ok(output) = command.args(["-c:v", "mjpeg", "-c:s", "copy"]).arg(&path).output() else {
        reelwright_judges::skip!("ffmpeg is not installed");
        return None;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(path)
}

/// The texts of a subtitle track as a newer ffmpeg writes them.
fn subrip(ffmpeg: &Path, path: &Path, index: usize) -> String {
    let mut command = Command::new(ffmpeg);
    command.args(["-nostdin", "-v", "error", "-i"]).arg(path);
    let output = command.args(["-map", &format!("0:s:{index}"), "-f", "srt", "-"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn remux(from: &Path, to: &Path, kind: FileType) {
    let asset = Asset::open(from).unwrap();
    let remux = Remux { overwrite: Overwrite::Replace, ..Remux::new(kind) };
    remux.to_path(&asset, to).unwrap();
}

fn export(from: &Path, to: &Path, kind: FileType, range: Option<TimeRange>) {
    let options =
        ExportOptions::from(Preset::LowQuality).overwrite(reelwright::Overwrite::Replace).range(range);
    ExportSession::new(&Asset::open(from).unwrap(), options).export(to, kind).unwrap();
}

#[test]
fn subrip_keeps_its_words_times_and_looks() {
    let folder = Folder::new("subrip");
    let language = ["-metadata:s:s:0", "language=deu", "-metadata:s:s:0", "title=Deutsch"];
    let (Some(source), Some(ffmpeg)) = (film(&folder, &[("a.srt", SUBRIP, &language)]), newer_ffmpeg())
    else {
        return;
    };
    let theirs = subrip(&ffmpeg, &source, 0);
    for kind in KINDS {
        let out = folder.file("out");
        remux(&source, &out, kind);
        assert_eq!(subrip(&ffmpeg, &out, 0), theirs, "{kind:?}");
        export(&source, &out, kind, None);
        assert_eq!(subrip(&ffmpeg, &out, 0), theirs, "{kind:?}, exported");
        let facts =
            probe(&out, "stream=codec_tag_string:stream_tags=language,title,name,handler_name").unwrap();
        for wanted in ["codec_tag_string=tx3g", "TAG:language=deu", "TAG:handler_name=Deutsch"] {
            assert!(facts.contains(&wanted.to_owned()), "{kind:?}: no {wanted} in {facts:?}");
        }
        let range = TimeRange::between(Time::from_secs(1), Time::from_millis(2500));
        export(&source, &out, kind, Some(range));
        let cut = subrip(&ffmpeg, &out, 0);
        let times: Vec<_> = cut.lines().filter(|line| line.contains("-->")).collect();
        let wanted = ["00:00:00,000 --> 00:00:00,250", "00:00:01,000 --> 00:00:01,500"];
        assert_eq!(times, wanted, "{kind:?}, cut");
    }
}

#[test]
fn substation_is_its_words() {
    let folder = Folder::new("substation");
    let (Some(source), Some(ffmpeg)) = (film(&folder, &[("a.ass", SUBSTATION, &[])]), newer_ffmpeg()) else {
        return;
    };
    for kind in KINDS {
        let out = folder.file("out");
        remux(&source, &out, kind);
        let texts = subrip(&ffmpeg, &out, 0);
        let wanted = "1\n00:00:00,500 --> 00:00:01,250\nHallo, <i>du</i>\nda\n\n2\n00:00:02,000 --> 00:00:03,000\nEnde\n\n";
        assert_eq!(texts, wanted, "{kind:?}");
    }
    let plan =
        ExportSession::new(&Asset::open(&source).unwrap(), Preset::Passthrough).plan(FileType::Mov).unwrap();
    let styles = plan.omissions().filter(|lost| matches!(lost.what, Omitted::SideData(_))).count();
    assert_eq!(styles, 1);
}

/// What is shown together is shown together, and what lies between is nothing.
#[test]
fn texts_that_overlap_are_shown_together() {
    let folder = Folder::new("overlap");
    let text = "1\n00:00:00,500 --> 00:00:02,000\noben\n\n2\n00:00:01,000 --> 00:00:03,000\nunten\n";
    let (Some(source), Some(ffmpeg)) = (film(&folder, &[("a.srt", text, &[])]), newer_ffmpeg()) else {
        return;
    };
    let out = folder.file("out");
    remux(&source, &out, FileType::Mp4);
    let wanted = "1\n00:00:00,500 --> 00:00:01,000\noben\n\n2\n00:00:01,000 --> 00:00:02,000\noben\nunten\n\n\
                  3\n00:00:02,000 --> 00:00:03,000\nunten\n\n";
    assert_eq!(subrip(&ffmpeg, &out, 0), wanted);
}

#[test]
fn forced_and_default_are_kept() {
    let folder = Folder::new("forced");
    let all: &[&str] = &["-disposition:s:0", "forced", "-disposition:s:1", "default+hearing_impaired"];
    let texts = [("a.srt", SUBRIP, all), ("b.srt", SUBRIP, &[][..])];
    let (Some(source), Some(ffmpeg)) = (film(&folder, &texts), newer_ffmpeg()) else { return };
    for kind in KINDS {
        let out = folder.file("out");
        remux(&source, &out, kind);
        let output = Command::new(&ffmpeg).args(["-hide_banner", "-i"]).arg(&out).output().unwrap();
        let facts = String::from_utf8(output.stderr).unwrap();
        let streams: Vec<_> = facts.lines().filter(|line| line.contains("Subtitle:")).collect();
        assert!(
            streams[0].contains("(forced)") && !streams[0].contains("(default)"),
            "{kind:?}: {streams:?}"
        );
        assert!(
            streams[1].contains("(default)") && !streams[1].contains("(forced)"),
            "{kind:?}: {streams:?}"
        );
        // QuickTime's own way: some and all samples forced.
        let bytes = std::fs::read(&out).unwrap();
        let entries: Vec<_> = bytes.windows(4).enumerate().filter(|(_, four)| *four == b"tx3g").collect();
        let flags: Vec<_> = entries.iter().map(|(at, _)| bytes[at + 12]).collect();
        assert_eq!(flags, [0xC0, 0], "{kind:?}");
        assert!(bytes.windows(27).any(|text| text == b"public.subtitles.forced-only"[..27].as_ref()));
    }
}
