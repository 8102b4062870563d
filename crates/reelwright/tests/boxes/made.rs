//! Inputs made by ffmpeg, and changed box by box.

use std::path::Path;
use std::process::Command;

use bytes::Bytes;
use reelwright::{Asset, FileType, Overwrite, Remux, RemuxReport};
use reelwright_bmff::{BoxRef, Writer, boxes};

/// Lets ffmpeg make `path`; false, said aloud, where it isn't there.
pub(crate) fn ffmpeg(path: &Path, arguments: &[&str]) -> bool {
    let mut command = Command::new("ffmpeg");
    let command = command.args(["-nostdin", "-v", "error", "-y"]).args(arguments).arg(path);
    let Ok(status) = command.status() else {
        reelwright_judges::skip!("ffmpeg is not installed");
        return false;
    };
    assert!(status.success(), "{command:?}");
    true
}

/// Two seconds of 30 test pictures each, 320x240, without reordering, the index last.
pub(crate) fn pictures(path: &Path, more: &[&str]) -> bool {
    let picture = ["-f", "lavfi", "-i", "testsrc2=s=320x240:r=30:d=2", "-c:v", "libx264", "-g", "30"];
    ffmpeg(path, &[&picture[..], &["-preset", "ultrafast"], more].concat())
}

/// The file with the first box found at `path` replaced by what `change` makes of it. The index must stand behind the media.
pub(crate) fn changed(file: &[u8], path: &[&[u8; 4]], change: impl Fn(&BoxRef<'_>) -> Vec<u8>) -> Vec<u8> {
    let bytes = Bytes::copy_from_slice(file);
    let mut out = Vec::new();
    let mut done = false;
    for child in boxes(&bytes).map(Result::unwrap) {
        out.extend(replaced(&child, path, &change, &mut done));
    }
    assert!(done, "no box at {path:?}");
    out
}

fn replaced(
    found: &BoxRef<'_>,
    path: &[&[u8; 4]],
    change: &impl Fn(&BoxRef<'_>) -> Vec<u8>,
    done: &mut bool,
) -> Vec<u8> {
    let Some((kind, inner)) = path.split_first().filter(|(kind, _)| !*done && found.is(kind)) else {
        return found.bytes().to_vec();
    };
    if inner.is_empty() {
        *done = true;
        return change(found);
    }
    let mut w = Writer::new();
    w.write_box(*kind, |w| {
        for child in found.children().map(Result::unwrap) {
            w.bytes(&replaced(&child, inner, change, done));
        }
    });
    w.into_bytes()
}

/// A box of this kind with version and flags 0, filled with these numbers.
pub(crate) fn numbers(kind: &[u8; 4], numbers: &[u32]) -> Vec<u8> {
    let mut w = Writer::new();
    w.full_box(kind, 0, 0, |w| numbers.iter().for_each(|&number| w.u32(number)));
    w.into_bytes()
}

/// A copy of everything that fits.
pub(crate) fn remux(source: &Path, copy: &Path, file_type: FileType) -> RemuxReport {
    let remux = Remux { overwrite: Overwrite::Replace, ..Remux::new(file_type) };
    remux.to_path(&Asset::open(source).unwrap(), copy).unwrap()
}

/// The path of the sample tables of the first track.
pub(crate) const STBL: [&[u8; 4]; 5] = [b"moov", b"trak", b"mdia", b"minf", b"stbl"];

/// The same with a table of it.
pub(crate) fn stbl(kind: &'static [u8; 4]) -> Vec<&'static [u8; 4]> {
    [&STBL[..], &[kind]].concat()
}
