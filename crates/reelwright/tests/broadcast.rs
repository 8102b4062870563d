//! Broadcasts and bare streams of sound: what their sound is, and what becomes of it in an export and in a copy.
#![cfg(feature = "native")]
#![allow(clippy::unwrap_used, reason = "tests state what they expect by unwrapping")]

mod folder;
mod foreign;

use std::path::{Path, PathBuf};
use std::process::Command;

use folder::Folder;
use reelwright::media::{MediaType, Omitted};
use reelwright::{Asset, ExportSession, FileType, Preset, Remux};

/// A file made for a fault, or `None`, loudly, where it isn't there.
fn field(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/field").join(name);
    let there = path.exists();
    if !there {
        eprintln!("SKIPPED: {name} is not in ../shared/field");
    }
    there.then_some(path)
}

/// Has ffmpeg make `path`; `false`, loudly, where it is missing or can't.
fn made(arguments: &[&str], path: &Path) -> bool {
    let output =
        Command::new("ffmpeg").args(["-nostdin", "-v", "error", "-y"]).args(arguments).arg(path).output();
    let done = output.as_ref().is_ok_and(|output| output.status.success());
    if !done {
        eprintln!("SKIPPED: ffmpeg {arguments:?}: {output:?}");
    }
    done
}

fn remux(source: &Path, target: &Path) {
    let asset = Asset::open(source).unwrap();
    Remux::new(FileType::Mp4).to_path(&asset, target).unwrap();
}

/// The tracks of a copy: kind, enabled, alternate group.
fn presented(path: &Path) -> Vec<(MediaType, bool, u16)> {
    let asset = Asset::open(path).unwrap();
    asset.movie().tracks.iter().map(|track| (track.media, track.enabled, track.alternate_group)).collect()
}

#[test]
fn one_of_two_languages_is_heard() {
    let folder = Folder::new("languages");
    let Some(source) = field("f03_two_lang.ts") else { return };
    let asset = Asset::open(&source).unwrap();
    let session = ExportSession::new(&asset, Preset::AppleM4a);
    let plan = session.plan(FileType::M4a).unwrap();
    let fates: Vec<_> = plan.tracks.iter().map(|track| (track.source, track.fate.name())).collect();
    assert_eq!(fates, [(256, "drop"), (257, "encode"), (258, "drop")]);

    let copy = folder.file("copy.mp4");
    remux(&source, &copy);
    use MediaType::{Audio, Video};
    assert_eq!(presented(&copy), [(Video, true, 0), (Audio, true, 1), (Audio, false, 1)]);
    let Some(said) = foreign::probe(&copy, "stream=codec_type:stream_disposition=default") else { return };
    let sound: Vec<_> =
        said.chunks(2).filter(|lines| lines[0].ends_with("audio")).map(|lines| &lines[1][..]).collect();
    assert_eq!(sound, ["DISPOSITION:default=1", "DISPOSITION:default=0"]);
}

/// A description for people who don't see comes first in the program, and is not what is played.
#[test]
fn sound_for_the_impaired_is_not_the_default() {
    let folder = Folder::new("impaired");
    let source = folder.file("described.ts");
    for disposition in ["visual_impaired", "hearing_impaired"] {
        let tones =
            ["-f", "lavfi", "-i", "sine=440:r=48000:d=1", "-f", "lavfi", "-i", "sine=660:r=48000:d=1"];
        let kinds = ["-map", "0:a", "-map", "1:a", "-c:a", "mp2", "-metadata:s:a:0", "language=eng"];
        let described = ["-metadata:s:a:1", "language=eng", "-disposition:a:0", disposition];
        if !made(&[&tones[..], &kinds, &described].concat(), &source) {
            return;
        }
        let tracks = presented(&source);
        assert_eq!(tracks, [(MediaType::Audio, false, 1), (MediaType::Audio, true, 1)], "{disposition}");
    }
}

/// The same sound twice, as MP2 and AC-3, would be mixed with itself.
#[test]
fn the_same_sound_in_two_codecs_is_heard_once() {
    let folder = Folder::new("codecs");
    let source = folder.file("twice.ts");
    let tone = ["-f", "lavfi", "-i", "sine=440:r=48000:d=1", "-map", "0:a", "-map", "0:a"];
    if !made(&[&tone[..], &["-c:a:0", "mp2", "-c:a:1", "ac3"]].concat(), &source) {
        return;
    }
    assert_eq!(presented(&source), [(MediaType::Audio, true, 1), (MediaType::Audio, false, 1)]);
}

#[test]
fn tracks_that_are_not_read_are_omissions() {
    let folder = Folder::new("omitted");
    let Some(matroska) = field("f38_truehd.mkv") else { return };
    let asset = Asset::open(&matroska).unwrap();
    let [omission] = &asset.movie().omissions[..] else { panic!("{:?}", asset.movie().omissions) };
    assert_eq!((&omission.what, omission.track), (&Omitted::Track(MediaType::Audio), Some(2)));
    assert!(omission.reason.contains("A_TRUEHD"), "{omission}");
    assert_eq!(asset.movie().warnings, [""; 0]);

    let source = folder.file("unread.ts");
    let inputs = ["-f", "lavfi", "-i", "sine=440:r=48000:d=1", "-f", "lavfi", "-i", "sine=660:r=48000:d=1"];
    let kinds = ["-map", "0:a", "-map", "1:a", "-c:a:0", "mp2", "-c:a:1", "dca", "-strict", "-2"];
    if !made(&[&inputs[..], &kinds].concat(), &source) {
        return;
    }
    let asset = Asset::open(&source).unwrap();
    let [omission] = &asset.movie().omissions[..] else { panic!("{:?}", asset.movie().omissions) };
    assert_eq!((&omission.what, omission.track), (&Omitted::Track(MediaType::Audio), Some(0x101)));
    assert!(omission.reason.contains("DTS"), "{omission}");
}
