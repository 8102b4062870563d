//! Sound as it is heard: as many frames come out as went in, however the file is laid out.
#![cfg(feature = "native")]
#![allow(clippy::unwrap_used, reason = "tests state what they expect by unwrapping")]

mod foreign;

use std::path::{Path, PathBuf};
use std::process::Command;

use foreign::{ffmpegs, newer_ffmpeg};
use reelwright::Asset;

/// No multiple of a packet's 1024: the last one is padded.
const FRAMES: usize = 96_240;

/// The first channel of the only track.
fn heard(path: &Path) -> Vec<f32> {
    let asset = Asset::open(path).unwrap();
    let movie = asset.movie();
    let mut out = Vec::new();
    for buffer in asset.sound(movie.tracks[0].id).open().unwrap() {
        out.extend(&buffer.unwrap().planes()[0]);
    }
    out
}

#[test]
fn padding_is_not_heard_in_fragments_either() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let plain = folder.join("heard_plain.mp4");
    let tone = ["-f", "lavfi", "-i", "sine=f=440:r=48000:d=2.005", "-c:a", "aac"];
    let Some(ffmpeg) = ffmpegs().into_iter().next() else { return };
    let run = |arguments: &[&str], out: &Path| {
        let run = Command::new(&ffmpeg).args(["-v", "error", "-y"]).args(arguments).arg(out).status();
        assert!(run.unwrap().success(), "ffmpeg {arguments:?}");
    };
    run(&tone, &plain);
    let expected = heard(&plain);
    assert_eq!(expected.len(), FRAMES);
    if let Some(newer) = newer_ffmpeg() {
        assert_eq!(foreign::sound(&newer, &plain, 1)[0].len(), FRAMES);
    }
    let kinds = [
        // An edit list that cuts the priming off, and can't say where the media ends.
        ("run", "frag_keyframe+delay_moov", 0),
        // The same with a fragment for each packet: the last states its length for all of its samples.
        ("single", "frag_every_frame+delay_moov+default_base_moof", 0),
        // No edit list: the priming is heard.
        ("unedited", "frag_keyframe+empty_moov", 1024),
    ];
    for (name, flags, primed) in kinds {
        let path = folder.join(format!("heard_{name}.mp4"));
        run(&["-i", plain.to_str().unwrap(), "-c", "copy", "-movflags", flags], &path);
        let heard = heard(&path);
        assert_eq!(heard.len(), FRAMES + primed, "{name}");
        assert!(heard[primed..] == expected, "{name}");
    }
}
