//! What `reel` answers to a program: failures as JSON, progress as lines, exit codes.
#![cfg(feature = "native")]
#![allow(clippy::unwrap_used)] // A test states what it expects by unwrapping, its own small functions included.

mod support;

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use support::{Folder, generated, reel};

/// The failure of a command that was asked for JSON: on standard output, with the text for people beside it.
fn failure(output: Output, code: i32) -> Value {
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(output.status.code(), Some(code), "{out}{err}");
    assert!(err.contains("error"), "{err}");
    let answer: Value = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out:?}"));
    let failure = answer["error"].clone();
    assert_eq!(failure["exit_code"], code, "{answer}");
    failure
}

#[test]
fn failures_are_json_where_json_was_asked_for() {
    let folder = Folder::new("failures");
    let source = generated(&folder, "in.mov", &[]);
    let broken = folder.file("broken.mp4");
    let out = folder.file("out.mp4");
    std::fs::write(&broken, b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom\0\0\0\x14moov\0\0\0\x0cmvhd\0\0\0\0")
        .unwrap();
    let none = folder.file("none.mov");
    for (args, files) in [
        (&["export", "--json"][..], &[&*none, &out][..]),
        (&["remux", "--json"], &[&none, &out]),
        (&["inspect", "--json"], &[&none]),
        (&["presets", "--json"], &[&none]),
    ] {
        let failure = failure(reel(args, files), 1);
        assert_eq!((&failure["kind"], &failure["stage"]), (&"input/output".into(), &"opening".into()));
        assert!(failure["path"].as_str().unwrap().ends_with("none.mov"), "{failure}");
        assert!(failure["message"].is_string() && failure["hint"].as_str().unwrap().contains("name"));
        assert!(failure["cause"].as_str().unwrap().contains("No such file"), "{failure}");
    }
    let damaged = failure(reel(&["inspect", "--json"], &[&broken]), 1);
    assert_eq!((&damaged["kind"], &damaged["byte"]), (&"truncated media".into(), &44.into()), "{damaged}");
    assert_eq!(damaged["box_path"], "moov/mvhd");
    let exists = failure(reel(&["generate", "--json"], &[&source]), 1);
    assert_eq!(exists["kind"], "file exists");
    let range = failure(reel(&["export", "--json", "--from", "10"], &[&source, &out]), 2);
    assert_eq!((&range["kind"], &range["stage"]), (&"misuse".into(), &"planning".into()));
}

#[test]
fn a_bad_command_line_is_json_too() {
    for args in [
        &["export", "--json"][..],
        &["export", "in.mov", "--fps", "0", "--json"],
        &["inspect", "--json", "in.mov", "--boxes"],
        &["encoders", "--json", "--no-such-flag"],
        &["no-such-verb", "--json"],
    ] {
        let failure = failure(reel(args, &[]), 2);
        assert_eq!(failure["kind"], "misuse");
        assert!(!failure["message"].as_str().unwrap().contains("\u{1b}["), "{failure}");
    }
    // Help is no failure.
    let help = reel(&["export", "--json", "--help"], &[]);
    assert!(help.status.success() && help.stdout.starts_with(b"Make the movie"));
}

#[test]
fn values_that_begin_with_a_hyphen_are_explained() {
    let message = |args: &[&str]| {
        let output = reel(args, &[]);
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    for (flag, value, said) in [
        ("--fps", "-5", "'-5' is not a frame rate"),
        ("--from", "-5", "'-5' is not a time"),
        ("--quality", "-0.5", "'-0.5' is not a quality"),
        ("--video-bitrate", "-3", "'-3' is not a bit rate"),
        ("--keyint", "-3", "'-3'"),
    ] {
        let text = message(&["export", "in.mov", "out.mp4", flag, value]);
        assert!(text.contains(said) && !text.contains("-- -"), "{text}");
    }
    let text = message(&["export", "in.mov", "out.mp4", "--from", "-1:30"]);
    assert!(text.contains("--from=-1:30") && !text.contains("-- -"), "{text}");
    let text = message(&["export", "in.mov", "--preset", "-x"]);
    assert!(text.contains("--preset=-x") && !text.contains("-- -"), "{text}");
}

/// The fields of a line `key=value key=value`.
fn fields(line: &str) -> std::collections::HashMap<&str, &str> {
    line.split(' ').map(|field| field.split_once('=').unwrap_or_else(|| panic!("{line}"))).collect()
}

#[test]
fn progress_can_be_followed_without_a_terminal() {
    let folder = Folder::new("progress");
    let source = folder.file("in.mov");
    let length = ["--duration", "12", "--size", "640x360"];
    support::succeed(reel(&[&["generate", "--quiet"], &length[..]].concat(), &[&source]));
    let run = |progress: &str, args: &[&str], name: &str| {
        let arguments = [args, &["--progress", progress]].concat();
        let output = reel(&arguments, &[&source, &folder.file(name)]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stderr).unwrap()
    };
    for (args, name) in
        [(&["export", "--reencode", "--quiet"][..], "a"), (&["remux"], "b"), (&["export", "--json"], "c")]
    {
        let plain = run("plain", args, &format!("{name}1.mp4"));
        let lines: Vec<_> = plain.lines().map(fields).collect();
        assert!(lines.len() >= 2, "{plain}");
        let (end, updates) = lines.split_last().unwrap();
        assert!(updates.iter().all(|line| line["progress"] == "continue"), "{plain}");
        assert_eq!((end["progress"], end["status"], end["fraction"]), ("end", "done", "1.0000"));
        assert_eq!(end["frames"], "360", "{plain}");
        let fractions: Vec<f64> = lines.iter().map(|line| line["fraction"].parse().unwrap()).collect();
        assert!(fractions.is_sorted() && fractions.iter().all(|f| (0.0..=1.0).contains(f)), "{plain}");
        for field in ["time", "bytes", "speed", "remaining"] {
            assert!(lines.iter().all(|line| line.contains_key(field)), "{field}: {plain}");
        }
        let json = run("json", args, &format!("{name}2.mp4"));
        let lines: Vec<Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let end = lines.last().unwrap();
        assert_eq!((&end["progress"], &end["status"]), (&"end".into(), &"done".into()));
        assert_eq!((&end["fraction"], &end["frames"]), (&1.0.into(), &360.into()));
        assert!(
            (end["time"].as_f64().unwrap() - 12.0).abs() < 0.1 && end["bytes"].as_u64().unwrap() > 10_000
        );
        assert_eq!(run("off", args, &format!("{name}3.mp4")), "");
        // Without a terminal nobody asked for.
        assert_eq!(run("auto", args, &format!("{name}4.mp4")), "");
    }
}

#[test]
fn an_export_that_fails_ends_its_progress() {
    let folder = Folder::new("failing-progress");
    let source = generated(&folder, "in.mp4", &[]);
    let full = Path::new("/dev/full");
    if !full.exists() {
        return;
    }
    let args = ["export", "--overwrite", "--format", "mp4", "--progress", "json"];
    let output = reel(&args, &[&source, full]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr).unwrap();
    let end = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).next_back().unwrap();
    assert_eq!((&end["progress"], &end["status"]), (&"end".into(), &"failed".into()), "{text}");
}

/// A bad file is no bad command line, whatever is wrong with it.
#[test]
fn bad_input_never_exits_with_2() {
    let folder = Folder::new("bad-input");
    let source = generated(&folder, "in.mp4", &[]);
    let bytes = std::fs::read(&source).unwrap();
    let boxes = String::from_utf8(reel(&["inspect", "--boxes"], &[&source]).stdout).unwrap();
    assert!(boxes.contains("stts"));
    // Every byte of the tables that say when and where, made large, small, or another.
    let tables: Vec<usize> =
        [&b"stts"[..], b"ctts", b"stsc", b"stsz", b"stco", b"elst", b"mdhd", b"tkhd", b"stsd", b"mvhd"]
            .iter()
            .flat_map(|name| {
                bytes.windows(4).enumerate().filter(move |(_, four)| four == name).map(|(at, _)| at)
            })
            .collect();
    let damaged = folder.file("damaged.mp4");
    let mut tried = 0;
    for at in tables {
        for (offset, value) in [(8, 0xFF), (11, 0), (12, 0xFF), (15, 0), (16, 0x80), (23, 0xFF), (24, 0x7F)] {
            let mut changed = bytes.clone();
            changed[at + offset] = value;
            std::fs::write(&damaged, &changed).unwrap();
            for args in [&["export", "--reencode", "--size", "64x64"][..], &["remux"], &["inspect", "--json"]]
            {
                let mut command = Command::new(env!("CARGO_BIN_EXE_reel"));
                command.args(args).arg(&damaged);
                if args[0] != "inspect" {
                    command.arg(folder.file("out.mp4")).arg("--overwrite");
                }
                let output = command.output().unwrap();
                let text = String::from_utf8_lossy(&output.stderr);
                assert!(matches!(output.status.code(), Some(0 | 1)), "{args:?} at {at}+{offset}: {text}");
                tried += 1;
            }
        }
    }
    assert!(tried > 100);
}
