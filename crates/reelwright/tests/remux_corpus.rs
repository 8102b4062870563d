//! Every real file that opens, copied to MOV and MP4: what ffmpeg reads from the copy is what it reads from the source,
//! byte for byte and tick for tick.

#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::process::Command;

use reelwright::{Asset, FileType, Overwrite, Remux, TrackOutcome};
use reelwright_media::{ContainerKind, ErrorKind, MediaType};

/// Where the two may differ, and why that is right.
const DIFFERENT: [(&str, &str); 10] = [
    ("afconvert_heaac.m4a", "its priming is stated in iTunSMPB alone, in frames of unclear length"),
    ("annexb_in_mp4.mp4", "its start codes become lengths: the formats crate's tests compare its pictures"),
    ("cbcs_hls.mp4", "beside its encrypted track ffmpeg stops before the last caption"),
    ("mjpeg_multi_stsd.mov", "its samples are in another file"),
    ("bad_chunk_oor.mp4", "ffmpeg refuses to open it"),
    ("frag_rot90_5_1.mp4", "ffmpeg counts decoding times otherwise where fragments have signed offsets"),
    ("frag_avc3_overlap.mp4", "decoding times run backwards in it"),
    ("sowt_co64.mp4", "its index counts blocks of PCM as samples, the copy counts frames"),
    ("ipcm_24le_avc.mp4", "ffmpeg 5 takes its PCM for another kind"),
    ("fpcm_32be.mp4", "ffmpeg 5 takes its PCM for another kind"),
];

/// A packet as framehash prints it: stream, decoding and presentation time, size and hash.
#[derive(Clone, Debug, PartialEq)]
struct Packet {
    stream: usize,
    rest: [String; 4],
}

fn packets(path: &Path) -> Option<Vec<Packet>> {
    let output = Command::new("ffmpeg")
        .args(["-v", "quiet", "-i"])
        .arg(path)
        .args(["-map", "0", "-map", "-0:t?", "-c", "copy", "-f", "framehash", "-"])
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    Some(
        lines
            .map(|line| {
                let fields: Vec<_> = line.split(',').map(str::trim).collect();
                // The length of a packet (field 3) is guesswork where the index leaves it open.
                let rest = [1, 2, 4, 5].map(|field| fields[field].to_string());
                Packet { stream: fields[0].parse().unwrap(), rest }
            })
            .collect(),
    )
}

/// The packets of each stream, in order: how streams alternate is the copy's own affair.
fn by_stream(packets: &[Packet], stream: usize, from: usize) -> Vec<&[String]> {
    packets.iter().filter(|packet| packet.stream == stream).map(|packet| &packet.rest[from..]).collect()
}

fn copy_all(file_type: FileType) {
    let corpus = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/media");
    let Ok(folder) = std::fs::read_dir(&corpus) else {
        reelwright_judges::skip!("{} is not there", corpus.display());
        return;
    };
    let extension = file_type.extensions()[0];
    let output = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("remux-corpus.{extension}"));
    let (mut same, mut wrong) = (0, Vec::new());
    for path in folder.map(|entry| entry.unwrap().path()) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let Ok(source) = Asset::open(&path) else {
            continue;
        };
        let boxes = matches!(source.movie().container, ContainerKind::QuickTime | ContainerKind::Mp4);
        let remux = Remux { overwrite: Overwrite::Replace, ..Remux::new(file_type) };
        let _ = std::fs::remove_file(&output);
        let report = match remux.to_path(&source, &output) {
            Ok(report) => report,
            Err(error) => {
                let known = [ErrorKind::Truncated, ErrorKind::Malformed, ErrorKind::Unsupported];
                assert!(known.contains(&error.kind()), "{name}: {error:?}");
                assert!(!output.exists(), "{name} left something behind");
                continue;
            }
        };
        if DIFFERENT.iter().any(|(different, _)| *different == name) {
            continue;
        }
        if source.movie().container == ContainerKind::MpegTs {
            // Start codes become lengths and delimiters go: the bytes are others by design.
            continue;
        }
        let (Some(before), Some(after)) = (packets(&path), packets(&output)) else {
            reelwright_judges::skip!("ffmpeg is not installed");
            return;
        };
        let copied = report
            .tracks
            .iter()
            .enumerate()
            .filter(|(_, track)| matches!(track.outcome, TrackOutcome::Copied(_)));
        for (to, (from, track)) in copied.enumerate() {
            let stored = source.movie().track(track.id).and_then(|track| track.formats.first()).cloned();
            if !boxes
                && stored.is_some_and(|format| format.as_audio().is_some_and(|audio| audio.pcm.is_some()))
            {
                // ffmpeg cuts PCM into packets by rules of each container.
                continue;
            }
            // Other containers count time in other ticks: bytes and order are compared, not times.
            let keep = if boxes { 0 } else { 2 };
            let (before, after) = (by_stream(&before, from, keep), by_stream(&after, to, keep));
            // ffmpeg hands out what is left of the sample a file was cut in; the copy goes without it.
            let before =
                if track.missing.is_some() { &before[..before.len().min(after.len())] } else { &before[..] };
            if track.media == MediaType::Subtitle && !boxes {
                // A plain text becomes timed text: its length, then its bytes.
                let sizes = |packets: &[&[String]], more: u64| {
                    packets.iter().map(|packet| packet[0].parse::<u64>().unwrap() + more).collect::<Vec<_>>()
                };
                if sizes(before, 2) != sizes(&after, 0) {
                    wrong.push(format!("{name} track {}: {before:?} and {after:?}", track.id));
                }
                continue;
            }
            let first = before.iter().zip(&after).position(|(before, after)| before != after);
            if before.len() != after.len() || first.is_some() {
                wrong.push(format!(
                    "{name} track {}: {} and {} packets, the first different is {first:?}: {:?}",
                    track.id,
                    before.len(),
                    after.len(),
                    first.map(|first| (before[first], after[first])),
                ));
            }
        }
        same += 1;
    }
    eprintln!("{same} files compared");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn copies_to_mov_are_exact() {
    copy_all(FileType::Mov);
}

#[test]
fn copies_to_mp4_are_exact() {
    copy_all(FileType::Mp4);
}
