//! The test media, for tests.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use reelwright_media::{BoxFamily, FourCc, Result};

use crate::{BoxRef, Boxes, FileType, Handler, SampleDescriptions, boxes, known::is_container};

/// The MP4 and QuickTime files of the corpus; none, said aloud, where it is absent.
pub(crate) fn paths() -> Vec<PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/media");
    let Ok(entries) = std::fs::read_dir(folder) else {
        eprintln!("SKIPPED: no test media at {folder}");
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
