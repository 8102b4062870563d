//! `reel` as a person uses it, its output judged by ffprobe and ffmpeg where they are installed.
#![allow(clippy::unwrap_used)] // A test states what it expects by unwrapping, its own small functions included.

mod support;

use std::path::Path;
use std::process::Command;

use support::{Folder, generated, json, probe, reel, succeed};

#[test]
fn a_generated_movie_is_what_it_says() {
    let folder = Folder::new("generate");
    let file = generated(&folder, "test.mp4", &["--rate", "29.97"]);
    let report = json(reel(&["inspect", "--json"], &[&file]));
    let (video, audio) = (&report["tracks"][0], &report["tracks"][1]);
    assert_eq!((&video["kind"], &video["frames"]), (&"video".into(), &60.into()));
    assert_eq!(video["average_frame_rate"], "30000/1001");
    assert_eq!((&audio["sample_rate"], &audio["channels"]), (&48_000.into(), &2.into()));
    assert_eq!(audio["duration"]["seconds"], 2.0);
    if let Some(facts) = probe(&file, "v:0", "stream=codec_name,width,height,r_frame_rate,nb_read_frames") {
        assert_eq!(facts, ["h264", "320", "180", "30000/1001", "60"]);
    }
    assert_eq!(folder.names(), ["test.mp4"]);
}

#[test]
fn an_export_scales_trims_and_keeps_its_plan() {
    let folder = Folder::new("export");
    let source = generated(&folder, "in.mov", &["--audio", "pcm"]);
    let target = folder.file("out.mp4");
    let flags = ["export", "--json", "--from", "0.5", "--to", "45f", "--size", "160x90"];
    let plan = json(reel(&[&flags[..], &["--dry-run"]].concat(), &[&source, &target]));
    assert!(!target.exists());
    let report = json(reel(&flags, &[&source, &target]));
    for index in 0..2 {
        assert_eq!(plan["tracks"][index]["fate"], report["tracks"][index]["fate"]);
        assert_eq!(plan["tracks"][index]["reason"], report["tracks"][index]["reason"]);
    }
    assert_eq!(report["tracks"][0]["written"], 30);
    assert_eq!(report["tracks"][1]["written"], 48_000);
    if let Some(facts) = probe(&target, "v:0", "stream=codec_name,width,height,start_pts,nb_read_frames") {
        assert_eq!(facts, ["h264", "160", "90", "0", "30"]);
    }
}

/// In memory that holds no zeros: libx265 forgets to clear what it counts the decode times of so few pictures from.
#[cfg(feature = "libav")]
#[test]
fn movies_of_a_few_pictures_are_decoded_in_time() {
    let folder = Folder::new("few");
    for (duration, wanted) in [("1f", "0,0"), ("2f", "0,0 100,100"), ("3f", "0,-200 200,-100 100,0")] {
        let length = ["--duration", duration, "--rate", "30", "--audio", "none"];
        let source = folder.file("in.mp4");
        succeed(reel(&[&["generate", "--quiet", "--overwrite"], &length[..]].concat(), &[&source]));
        for codec in ["h264", "hevc"] {
            let target = folder.file("out.mp4");
            let flags = ["export", "--quiet", "--reencode", "--overwrite", "--codec", codec];
            let mut export = Command::new(env!("CARGO_BIN_EXE_reel"));
            let output = export.env("MALLOC_PERTURB_", "165").args(flags).args([&source, &target]).output();
            succeed(output.unwrap());
            let Some(times) = probe(&target, "v:0", "packet=pts,dts") else { return };
            let times = times.join(",").replace(",\n", "\n").replace('\n', " ");
            assert_eq!(times, wanted, "{codec}, {duration}");
        }
    }
}

#[test]
fn a_remux_keeps_every_packet() {
    let folder = Folder::new("remux");
    let source = generated(&folder, "in.mp4", &[]);
    let target = folder.file("out.mov");
    succeed(reel(&["remux", "--network", "--quiet"], &[&source, &target]));
    let hashes = |file: &Path| {
        let args =
            ["-v", "error", "-i", file.to_str().unwrap(), "-map", "0", "-c", "copy", "-f", "framehash", "-"];
        let output = Command::new("ffmpeg").args(args).output().ok()?;
        let text = String::from_utf8(output.stdout).unwrap();
        Some(text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect::<Vec<_>>())
    };
    match hashes(&source) {
        Some(wanted) => assert_eq!(hashes(&target).unwrap(), wanted),
        None => reelwright_judges::skip!("ffmpeg is not installed"),
    }
    let boxes = succeed(reel(&["inspect", "--boxes"], &[&target]));
    assert!(boxes.find("moov").unwrap() < boxes.find("mdat").unwrap(), "{boxes}");
}

#[test]
fn an_existing_file_stays_until_its_successor_is_complete() {
    let folder = Folder::new("existing");
    let source = generated(&folder, "in.mp4", &[]);
    let target = folder.file("out.mp4");
    std::fs::write(&target, "precious").unwrap();
    let refused = reel(&["export"], &[&source, &target]);
    assert_eq!(refused.status.code(), Some(1));
    let message = String::from_utf8(refused.stderr).unwrap();
    assert!(message.contains("exists already") && message.contains("--overwrite"), "{message}");
    assert_eq!(std::fs::read(&target).unwrap(), b"precious");
    let broken = folder.file("broken.mp4");
    std::fs::write(&broken, &std::fs::read(&source).unwrap()[..20_000]).unwrap();
    assert_eq!(reel(&["export", "--overwrite"], &[&broken, &target]).status.code(), Some(1));
    assert_eq!(std::fs::read(&target).unwrap(), b"precious");
    assert_eq!(folder.names(), ["broken.mp4", "in.mp4", "out.mp4"]);
}

#[test]
fn errors_say_what_and_what_next() {
    let folder = Folder::new("errors");
    let cases: [(&str, &[u8], &str); 3] = [
        ("empty.mp4", b"", "0 bytes"),
        ("text.mov", b"just some words", "no container"),
        ("cut.mp4", b"\0\0\0\x18ftypmp42", "moov"),
    ];
    for (name, bytes, expected) in cases {
        let file = folder.file(name);
        std::fs::write(&file, bytes).unwrap();
        let output = reel(&["inspect"], &[&file]);
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(message.contains(expected) && message.contains("try:"), "{message}");
    }
    assert_eq!(reel(&["export", "--preset", "4711p", "x.mov"], &[]).status.code(), Some(2));
    let missing = reel(&["inspect"], &[&folder.file("missing.mov")]);
    assert!(String::from_utf8(missing.stderr).unwrap().contains("check the name"));
}

#[test]
fn encoders_and_presets_are_listed() {
    let encoders = json(reel(&["encoders", "--json"], &[]));
    assert!(
        encoders.as_array().unwrap().iter().any(|row| row["codec"] == "H.264" && row["licence"].is_string())
    );
    let folder = Folder::new("presets");
    let sound = generated(&folder, "in.mov", &["--audio", "mono"]);
    let presets = json(reel(&["presets", "--json"], &[&sound]));
    let row =
        |name: &str| presets.as_array().unwrap().iter().find(|row| row["name"] == name).cloned().unwrap();
    assert_eq!(row("1280x720")["compatible"], true);
    assert_eq!(row("m4a")["compatible"], true);
    assert_eq!(presets.as_array().unwrap().len(), 17);
}
