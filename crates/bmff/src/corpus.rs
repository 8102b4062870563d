//! The test media, for tests.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use reelwright_media::{BoxFamily, FourCc, Result};

use crate::{BoxRef, Boxes, FileType, Handler, SampleDescriptions, boxes, known::is_container};

/// The MP4 and QuickTime files of the corpus; none, said aloud, where it is absent.
pub(crate) fn paths() -> Vec<PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/media");
    let Ok(entries) = std::fs::read_dir(folder) else {
        reelwright_judges::skip!("no test media at {folder}");
        return Vec::new();
    };
    let known = ["mp4", "mov", "m4a", "m4s", "cmfv", "3gp"];
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|e| known.iter().any(|k| e == *k)));
    paths.sort();
    paths
}

/// Every box that can be reached through containers, outermost first.
pub(crate) fn visit(boxes: Boxes<'_>, parent: Option<FourCc>, check: &mut impl FnMut(&BoxRef<'_>)) {
    for child in boxes.map_while(Result::ok) {
        check(&child);
        if is_container(child.kind(), parent) {
            visit(child.children(), Some(child.kind()), check);
        }
    }
}

/// The family of a whole file, by its major brand.
pub(crate) fn family(file: &Bytes) -> BoxFamily {
    let brand = boxes(file).find(b"ftyp").and_then(|ftyp| ftyp.read::<FileType>().ok());
    match brand {
        Some(ftyp) if ftyp.major_brand != FourCc::new(b"qt  ") => BoxFamily::Iso,
        _ => BoxFamily::QuickTime,
    }
}

/// Handler and sample entries of every track, in file order.
pub(crate) fn tracks(path: &Path) -> (BoxFamily, Vec<(FourCc, Vec<Bytes>)>) {
    let file = Bytes::from(std::fs::read(path).unwrap());
    let mut tracks: Vec<(FourCc, Vec<Bytes>)> = Vec::new();
    visit(boxes(&file), None, &mut |found| match &found.kind().0 {
        b"trak" => tracks.push((FourCc::default(), Vec::new())),
        b"hdlr" if found.path().codes().ends_with(&[FourCc::new(b"mdia"), FourCc::new(b"hdlr")]) => {
            tracks.last_mut().unwrap().0 = found.read::<Handler>().unwrap().handler;
        }
        b"stsd" => {
            if let (Ok(stsd), Some(track)) = (found.read::<SampleDescriptions>(), tracks.last_mut()) {
                track.1 = stsd.entries;
            }
        }
        _ => {}
    });
    (family(&file), tracks)
}

/// What ffprobe prints about `path` for `entries`, one `key=value` a line; `None`, said aloud, where it isn't there.
pub(crate) fn ffprobe(path: &Path, entries: &str) -> Option<Vec<String>> {
    let arguments = ["-v", "quiet", "-show_entries", entries, "-of", "default=nw=1"];
    match std::process::Command::new("ffprobe").args(arguments).arg(path).output() {
        Ok(output) => Some(String::from_utf8_lossy(&output.stdout).lines().map(str::to_string).collect()),
        Err(_) => {
            reelwright_judges::skip!("ffprobe is not installed");
            None
        }
    }
}

/// A file with one track of `entry` and no samples, `udta` and `meta` in its movie box.
pub(crate) fn file_of(entry: &[u8], handler: &[u8; 4], family: BoxFamily, extra: &[u8]) -> Vec<u8> {
    use crate::*;
    let brand = FourCc::new(if family == BoxFamily::QuickTime { b"qt  " } else { b"isom" });
    let mut w = Writer::new();
    w.put(&FileType { major_brand: brand, minor_version: 0, compatible_brands: vec![brand] });
    w.write_box(b"moov", |w| {
        w.put(&MovieHeader { next_track_id: 2, ..MovieHeader::new(600) });
        w.write_box(b"trak", |w| {
            w.put(&TrackHeader { flags: 3, track_id: 1, ..TrackHeader::default() });
            w.write_box(b"mdia", |w| {
                w.put(&MediaHeader { timescale: 48_000, language: 0x55C4, ..MediaHeader::default() });
                w.put(&Handler::new(family, FourCc::new(handler), "test"));
                w.write_box(b"minf", |w| {
                    if handler == b"vide" {
                        w.put(&VideoMediaHeader { flags: 1, ..VideoMediaHeader::default() });
                    } else {
                        w.put(&SoundMediaHeader::default());
                    }
                    let entries = vec![DataReference::this_file(family)];
                    w.write_box(b"dinf", |w| w.put(&DataReferences { entries, ..DataReferences::default() }));
                    w.write_box(b"stbl", |w| {
                        let entries = vec![Bytes::copy_from_slice(entry)];
                        w.put(&SampleDescriptions { entries, ..SampleDescriptions::default() });
                        w.put(&TimeToSample::default());
                        w.put(&SampleToChunk::default());
                        w.put(&SampleSizes::default());
                        w.put(&ChunkOffsets::default());
                    });
                });
            });
        });
        w.bytes(extra);
    });
    w.write_box(b"mdat", |_| {});
    w.into_bytes()
}

/// Writes `bytes` to a file named after `name` in the system's folder for such, for a foreign reader.
pub(crate) fn scratch(name: &str, bytes: &[u8]) -> PathBuf {
    let path = std::env::temp_dir().join(format!("reelwright-bmff-{}-{name}", std::process::id()));
    std::fs::write(&path, bytes).unwrap();
    path
}
