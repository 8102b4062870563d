//! Where movies come from and go to besides files: folders, pipes, standard input and output, devices.
#![cfg(all(feature = "native", unix))]
#![allow(clippy::unwrap_used)] // A test states what it expects by unwrapping, its own small functions included.

mod support;

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use support::{Folder, generated, json, probe, reel, succeed};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn refused(output: Output, code: i32, said: &[&str]) {
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{message}");
    assert!(output.stdout.is_empty());
    for words in said {
        assert!(message.contains(words), "{words}: {message}");
    }
}

/// `reel` with `input` brought by a pipe.
fn piped(args: &[&str], input: &[u8]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reel"));
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        // A command that doesn't read leaves a broken pipe.
        scope.spawn(move || drop(pipe.write_all(input)));
        child.wait_with_output().unwrap()
    })
}

#[test]
fn a_folder_keeps_the_name_and_takes_the_presets_extension() {
    let folder = Folder::new("folder");
    let source = generated(&folder, "in.mov", &[]);
    fs::create_dir(folder.file("sub")).unwrap();
    let sub = folder.file("sub/");
    for (args, name) in [
        (&["export"][..], "in.mp4"),
        (&["export", "--audio-only"], "in.m4a"),
        (&["export", "--preset", "m4a", "--overwrite"], "in.m4a"),
        (&["export", "--format", "m4v"], "in.m4v"),
        (&["remux"], "in.mov"),
        (&["remux", "--format", "mp4", "--overwrite"], "in.mp4"),
    ] {
        let report = json(reel(&[args, &["--json"]].concat(), &[&source, &sub]));
        let made = Path::new(report["output"].as_str().unwrap()).to_owned();
        assert_eq!(made, folder.file("sub").join(name), "{args:?}");
        assert!(made.is_file());
        fs::remove_file(made).unwrap();
    }
    // Without the slash it is a folder all the same.
    succeed(reel(&["export", "--quiet"], &[&source, &folder.file("sub")]));
    assert!(folder.file("sub/in.mp4").is_file());
    let again = reel(&["export"], &[&source, &sub]);
    refused(again, 1, &["in.mp4 exists already", "--overwrite"]);
    // Never over the input.
    let before = fs::read(&source).unwrap();
    let here = folder.file("");
    refused(reel(&["remux", "--overwrite"], &[&source, &here]), 2, &["the same file", "try:"]);
    refused(reel(&["export", "--format", "mov", "--overwrite"], &[&source, &here]), 2, &["the same file"]);
    assert_eq!(fs::read(&source).unwrap(), before);
    refused(reel(&["export"], &[&source, &folder.file("none/")]), 1, &["none", "folder"]);
    succeed(reel(&["generate", "--quiet", "--duration", "1f"], &[&sub]));
    assert!(folder.file("sub/test.mp4").is_file());
    // A folder has nothing to read.
    for args in [&["export"][..], &["inspect"], &["inspect", "--boxes"], &["presets"]] {
        let refusal = reel(args, &[&sub]);
        assert!(!text(&refusal.stderr).contains("by position"), "{}", text(&refusal.stderr));
        refused(refusal, 1, &["is a folder", "try:"]);
    }
}

#[test]
fn standard_output_takes_a_movie() {
    let folder = Folder::new("stdout");
    let source = generated(&folder, "in.mov", &["--audio", "pcm"]);
    for (args, file) in [
        (&["export", "--format", "mp4", "--size", "160x90", "--json", "--progress", "plain"][..], "a.mp4"),
        (&["remux", "--format", "mov", "--json"], "b.mov"),
    ] {
        // Into a pipe, no --overwrite.
        let path = source.to_str().unwrap();
        let piped = Command::new(env!("CARGO_BIN_EXE_reel")).args(args).args([path, "-"]).output().unwrap();
        assert!(piped.status.success(), "{}", text(&piped.stderr));
        let made = folder.file(file);
        fs::write(&made, &piped.stdout).unwrap();
        // The report is JSON beside the progress, not among the movie.
        let report = text(&piped.stderr);
        let report = &report[report.find("{\n").unwrap()..];
        let report: serde_json::Value = serde_json::from_str(report).unwrap();
        assert_eq!(report["output"], "-");
        assert_eq!(report["bytes"], piped.stdout.len());
        let said = json(reel(&["inspect", "--json"], &[&made]));
        assert_eq!(said["tracks"][0]["frames"], 60, "{said}");
        if let Some(frames) = probe(&made, "v:0", "stream=nb_read_frames") {
            assert_eq!(frames, ["60"]);
        }
        // Into a file the shell opened: the same bytes, where it begins.
        let redirected = folder.file("redirected");
        let mut into = File::create(&redirected).unwrap();
        into.write_all(b"before").unwrap();
        let status = Command::new(env!("CARGO_BIN_EXE_reel"))
            .args(args)
            .args([path, "-"])
            .stdout(into)
            .stderr(Stdio::null())
            .status();
        assert!(status.unwrap().success());
        assert_eq!(fs::read(&redirected).unwrap()[6..], piped.stdout);
    }
    let output = reel(&["generate", "--format", "mp4", "--duration", "1f", "--audio", "none", "-"], &[]);
    assert!(output.status.success() && output.stdout[4..8] == *b"ftyp", "{}", text(&output.stderr));
    refused(reel(&["export"], &[&source, Path::new("-")]), 2, &["standard output", "--format mp4"]);
    refused(reel(&["remux", "--format", "avi"], &[&source, Path::new("-")]), 2, &["mov", "mp4"]);
    // A failure leaves no JSON among the movie either.
    let failed = reel(&["remux", "--format", "mp4", "--json"], &[&folder.file("none.mov"), Path::new("-")]);
    assert!(failed.status.code() == Some(1) && failed.stdout.is_empty());
    let failure: serde_json::Value = serde_json::from_slice(&failed.stderr).unwrap();
    assert_eq!(failure["error"]["kind"], "input/output");
}

#[test]
fn devices_and_named_pipes_are_written_where_that_is_meant() {
    let folder = Folder::new("devices");
    let source = generated(&folder, "in.mov", &[]);
    let null = Path::new("/dev/null");
    refused(reel(&["export"], &[&source, null]), 2, &["--format"]);
    refused(reel(&["export", "--format", "mp4"], &[&source, null]), 1, &["device", "--overwrite"]);
    succeed(reel(&["export", "--format", "mp4", "--overwrite", "--quiet"], &[&source, null]));
    let stdout = Path::new("/dev/stdout");
    refused(reel(&["remux", "--format", "mp4"], &[&source, stdout]), 1, &["--overwrite"]);
    let output = reel(&["remux", "--format", "mp4", "--overwrite"], &[&source, stdout]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(output.stdout[4..8], *b"ftyp");
    let whole = folder.file("whole.mp4");
    fs::write(&whole, &output.stdout).unwrap();
    assert_eq!(json(reel(&["inspect", "--json"], &[&whole]))["size"], output.stdout.len());
    let fifo = folder.file("pipe.mp4");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    refused(reel(&["remux"], &[&source, &fifo]), 1, &["pipe", "--overwrite"]);
    let bytes = std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut bytes = Vec::new();
            File::open(&fifo).unwrap().read_to_end(&mut bytes).unwrap();
            bytes
        });
        succeed(reel(&["remux", "--overwrite", "--quiet"], &[&source, &fifo]));
        reader.join().unwrap()
    });
    assert_eq!(bytes, output.stdout);
    // Disks are no place for a movie, asked for or not.
    let disk = fs::read_dir("/dev").unwrap().filter_map(Result::ok).find(|entry| {
        use std::os::unix::fs::FileTypeExt;
        entry.file_type().is_ok_and(|kind| kind.is_block_device())
    });
    match disk {
        Some(disk) => {
            refused(
                reel(&["remux", "--format", "mp4", "--overwrite"], &[&source, &disk.path()]),
                2,
                &["disk"],
            );
        }
        None => reelwright_judges::skip!("there is no block device here"),
    }
}

#[test]
fn standard_input_is_a_movie() {
    let folder = Folder::new("stdin");
    let source = generated(&folder, "in.mov", &[]);
    let bytes = fs::read(&source).unwrap();
    let wanted = json(reel(&["inspect", "--json"], &[&source]));
    // From a pipe, from a file, and from a file that was read in part.
    assert_eq!(json(piped(&["inspect", "--json", "-"], &bytes)), wanted);
    let from_file = |file: File| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_reel"));
        command.args(["inspect", "--json", "-"]).stdin(file).output().unwrap()
    };
    assert_eq!(json(from_file(File::open(&source).unwrap())), wanted);
    let longer = folder.file("longer");
    fs::write(&longer, [b"a line before\n", &bytes[..]].concat()).unwrap();
    let mut half_read = File::open(&longer).unwrap();
    half_read.read_exact(&mut [0; 14]).unwrap();
    assert_eq!(json(from_file(half_read)), wanted);
    let boxes = succeed(reel(&["inspect", "--boxes"], &[&source]));
    assert_eq!(succeed(piped(&["inspect", "--boxes", "-"], &bytes)), boxes);
    assert_eq!(
        succeed(piped(&["inspect", "--samples", "-"], &bytes)),
        succeed(reel(&["inspect", "--samples"], &[&source]))
    );
    assert!(succeed(piped(&["inspect", "-"], &bytes)).starts_with("standard input: QuickTime"));
    assert_eq!(
        json(piped(&["presets", "--json", "-"], &bytes)),
        json(reel(&["presets", "--json"], &[&source]))
    );
    // Named pipes and /dev/stdin likewise.
    assert_eq!(json(piped(&["inspect", "--json", "/dev/stdin"], &bytes)), wanted);
    // Through, from one pipe into another.
    let out = folder.file("out.mp4");
    let copy = piped(&["remux", "--format", "mov", "-", "-"], &bytes);
    assert!(copy.status.success(), "{}", text(&copy.stderr));
    fs::write(&out, &copy.stdout).unwrap();
    assert_eq!(json(reel(&["inspect", "--json"], &[&out]))["tracks"][0]["frames"], 60);
    succeed(piped(&["export", "--quiet", "--overwrite", "-", out.to_str().unwrap()], &bytes));
    // What went wrong is said of standard input.
    refused(piped(&["inspect", "-"], b"no movie at all"), 1, &["standard input", "no container"]);
    refused(piped(&["inspect", "-"], b""), 1, &["standard input", "0 bytes"]);
    refused(piped(&["export", "-"], &bytes), 2, &["standard input has no name", "try:"]);
    let device = reel(&["inspect"], &[Path::new("/dev/zero")]);
    refused(device, 1, &["a device", "try:"]);
    let names = folder.names();
    assert_eq!(names, ["in.mov", "longer", "out.mp4"]);
}
