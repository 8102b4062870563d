use std::fmt::Write;
use std::path::Path;

use reelwright_formats::FileSource;
use reelwright_media::{ReadAt, Result, Stage};

/// Prints the boxes of an MP4 or QuickTime file to `out` as an indented tree with their fields, as it goes: for people,
/// and for broken files too.
///
/// # Errors
///
/// [`reelwright_media::ErrorKind::Io`] where the file can't be read, `Misuse` where `out` refuses.
pub fn dump_boxes(path: impl AsRef<Path>, out: &mut dyn Write) -> Result<()> {
    let path = path.as_ref();
    FileSource::open(path)
        .and_then(|source| dump_boxes_of(&source, out))
        .map_err(|error| error.at_stage(Stage::Open).at_path(path.display()))
}

/// Prints the boxes of what `source` holds, as [`dump_boxes`] does.
///
/// # Errors
///
/// As [`dump_boxes`].
pub fn dump_boxes_of(source: &dyn ReadAt, out: &mut dyn Write) -> Result<()> {
    reelwright_bmff::dump(source, out).map_err(|error| error.at_stage(Stage::Open))
}
