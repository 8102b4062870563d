//! What `reel` makes of what it is asked for: options that show in the file, requests that make no sense, and being
//! stopped.
#![cfg(feature = "native")]
#![allow(clippy::unwrap_used)] // A test states what it expects by unwrapping, its own small functions included.

mod support;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use support::{Folder, generated, json, probe, reel, succeed};

/// What is wrong with the request, and what to ask instead.
fn refused(args: &[&str], files: &[&Path], code: i32, said: &[&str]) {
    let output = reel(args, files);
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{args:?}: {message}");
    assert!(output.stdout.is_empty(), "{args:?} printed something");
    for words in said {
        assert!(message.contains(words), "{args:?}: {message}");
    }
    assert!(!message.contains("misuse"), "{message}");
}

#[test]
fn requests_that_make_no_sense_are_refused_before_anything_is_written() {
    let folder = Folder::new("senseless");
    let source = generated(&folder, "in.mov", &[]);
    let (out, song) = (folder.file("out.mp4"), folder.file("out.m4a"));
    let both: &[&Path] = &[&source, &out];
    for (args, files, said) in [
        (&["--from", "1", "--to", "0.5"][..], both, &["--to 0:00.500 is not after --from 0:01"][..]),
        (&["--from", "10"], both, &["the movie runs from 0:00 to 0:02", "try:", "--from"]),
        (&["--preset", "passthrough", "--size", "64x64"], both, &["--size means nothing here", "try:"]),
        (&["--preset", "passthrough", "--audio-bitrate", "64k"], both, &["--audio-bitrate means nothing"]),
        (&["--preset", "passthrough", "--reencode"], both, &["--reencode means nothing here"]),
        (&["--preset", "1280x720"], &[&source, &song], &["can't be written as M4A", "try:", ".mp4"]),
        (&["--audio-only"], both, &["can't be written as MP4", ".m4a"]),
        (&["--video-bitrate", "3"], both, &["'3' is not a bit rate", "3M"]),
        (&["--fps", "0"], both, &["'0' is not a frame rate"]),
        (&["--quality", "2"], both, &["0 (worst) to 1 (best)"]),
        (&["--codec", "vp9"], both, &["h264, hevc"]),
        (&["--color", "red"], both, &["bt709", "hlg"]),
        (&["--buffer", "3M"], both, &["--max-rate"]),
        (&["--preset", "720p"], both, &["no preset named '720p'", "1280x720", "reel presets"]),
        (&[], &[&source, &folder.file("out.xyz")], &["which container", "try:", ".mov, .mp4"]),
        (&[], &[&source, &source], &["the same file", "another name"]),
    ] {
        refused(&[&["export"], args].concat(), files, 2, said);
    }
    refused(&["generate", "--duration", "0"], &[&out], 2, &["nothing to write"]);
    refused(&["export", "--encoder", "x265"], both, 1, &["no encoder 'x265'", "try:", "openh264"]);
    refused(&["export", "--encoder", "aac"], both, 1, &["encoder aac makes AAC, not H.264"]);
    refused(
        &["export"],
        &[&folder.file("none.mov"), &out],
        1,
        &["none.mov", "No such file", "check the name"],
    );
    refused(&["export"], &[&source, &folder.file("no/out.mp4")], 1, &["the folder must exist"]);
    refused(&["remux", "--strict"], &[&source, &song], 1, &["M4A can't hold H.264", "leave the track out"]);
    assert_eq!(folder.names(), ["in.mov"]);
}

#[test]
fn every_option_shows_in_the_file() {
    let folder = Folder::new("options");
    let source = generated(&folder, "in.mov", &["--audio", "pcm"]);
    let out = folder.file("out.mp4");
    let export =
        |args: &[&str]| json(reel(&[&["export", "--json", "--overwrite"], args].concat(), &[&source, &out]));
    let kbits = |kind: &str| {
        let rate = probe(&out, kind, "stream=bit_rate")?[0].parse::<u32>().unwrap();
        Some(rate / 1000)
    };
    let report = export(&["--size", "160x160", "--fps", "15", "--encoder", "openh264"]);
    assert_eq!(report["tracks"][0]["encoder"], "openh264");
    let Some(facts) = probe(&out, "v", "stream=codec_name,width,height,avg_frame_rate,nb_read_frames") else {
        return;
    };
    assert_eq!(facts, ["h264", "160", "90", "15/1", "30"]);
    export(&["--color", "bt601"]);
    let colors = probe(&out, "v", "stream=color_space,color_transfer,color_primaries").unwrap();
    assert_eq!(colors, ["smpte170m", "bt709", "smpte170m"]);
    export(&["--video-bitrate", "100k"]);
    let low = kbits("v").unwrap();
    export(&["--video-bitrate", "400k"]);
    let high = kbits("v").unwrap();
    assert!((70..=130).contains(&low) && high > 2 * low, "{low} and {high} kbit/s");
    export(&["--quality", "0.2"]);
    let low = kbits("v").unwrap();
    export(&["--quality", "0.8"]);
    let high = kbits("v").unwrap();
    assert!(high > 2 * low, "{low} and {high} kbit/s");
    export(&["--keyint", "10", "--no-audio", "--network"]);
    let keys = probe(&out, "v", "frame=key_frame").unwrap().join("");
    let keys: Vec<_> = keys.chars().filter(char::is_ascii_digit).collect();
    assert!(keys.chunks(10).all(|group| group[0] == '1'), "{keys:?}");
    assert_eq!(probe(&out, "a", "stream=codec_name").unwrap(), [""]);
    let boxes = succeed(reel(&["inspect", "--boxes"], &[&out]));
    assert!(boxes.find("moov").unwrap() < boxes.find("mdat").unwrap(), "{boxes}");
    // Noise takes all it is given.
    let (noise, song) = (folder.file("noise.wav"), folder.file("out.m4a"));
    let pattern = ["-f", "lavfi", "-i", "anoisesrc=d=3:c=pink:r=48000", "-ac", "2"];
    let made = Command::new("ffmpeg").args(["-v", "error"]).args(pattern).arg(&noise).status();
    if !made.is_ok_and(|status| status.success()) {
        reelwright_judges::skip!("ffmpeg doesn't make noise here");
        return;
    }
    for rate in [64, 128] {
        let asked = format!("{rate}k");
        succeed(reel(
            &["export", "--audio-only", "--overwrite", "--audio-bitrate", &asked],
            &[&noise, &song],
        ));
        assert_eq!(probe(&song, "a", "stream=codec_name").unwrap(), ["aac"]);
        let made = probe(&song, "a", "stream=bit_rate").unwrap()[0].parse::<u32>().unwrap() / 1000;
        assert!(made.abs_diff(rate) * 10 <= rate, "{made} of {rate} kbit/s");
    }
    succeed(reel(&["export", "--audio-only", "--overwrite"], &[&source, &song]));
    assert_eq!(probe(&song, "v", "stream=codec_name").unwrap(), [""]);
}

#[test]
fn presets_say_what_they_are_and_which_this_build_lacks() {
    let text = succeed(reel(&["presets"], &[]));
    assert!(text.starts_with("name") && text.contains("AVAssetExportPreset1280x720"), "{text}");
    let rows = json(reel(&["presets", "--json"], &[]));
    let hevc = rows.as_array().unwrap().iter().find(|row| row["name"] == "hevc-highest").unwrap();
    let line = text.lines().find(|line| line.starts_with("hevc-highest")).unwrap();
    assert_eq!(hevc["available"] == false, line.contains("not in this build"), "{line}");
    assert_eq!(hevc["available"] == false, hevc["why_not"].is_string());
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let folder = Folder::new("pipe");
    let source = generated(&folder, "in.mov", &[]);
    for args in [&["inspect", "--samples"][..], &["inspect", "--boxes"], &["inspect", "--json"], &["presets"]]
    {
        let mut child = Command::new(env!("CARGO_BIN_EXE_reel"))
            .args(args)
            .arg(&source)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        // Read one line, then close the pipe.
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty() && !line.is_empty(), "{args:?}");
    }
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_with_130_and_leaves_nothing() {
    let folder = Folder::new("interrupt");
    let source = folder.file("in.mov");
    succeed(reel(
        &["generate", "--quiet", "--duration", "120", "--rate", "1", "--audio", "none"],
        &[&source],
    ));
    let out = folder.file("out.mp4");
    for signal in ["-INT", "-TERM"] {
        // 120,000 pictures take their time. On a busy machine it may not have begun when the signal comes.
        let codes = [300, 1000, 3000].map(|wait| {
            let child = Command::new(env!("CARGO_BIN_EXE_reel"))
                .args(["export", "--fps", "1000", "--size", "320x180"])
                .args([&source, &out])
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            std::thread::sleep(Duration::from_millis(wait));
            let _ = Command::new("kill").args([signal, &child.id().to_string()]).status();
            let output = child.wait_with_output().unwrap();
            let message = String::from_utf8(output.stderr).unwrap();
            if output.status.code() == Some(130) {
                assert!(message.contains("nothing was left behind"), "{message}");
                assert_eq!(folder.names(), ["in.mov"]);
            }
            let _ = std::fs::remove_file(&out);
            output.status.code()
        });
        assert!(codes.contains(&Some(130)), "{signal}: {codes:?}");
    }
}
