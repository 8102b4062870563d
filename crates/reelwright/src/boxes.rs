use std::fmt::Write;
use std::path::Path;

use reelwright_formats::FileSource;
use reelwright_media::{Result, Stage};

/// Prints the boxes of an MP4 or QuickTime file to `out` as an indented tree with their fields, as it goes: for people,
/// and for broken files too.
///
/// # Errors
///
/// [`reelwright_media::ErrorKind::Io`] where the file can't be read, `Misuse` where `out` refuses.
pub fn dump_boxes(path: impl AsRef<Path>, out: &mut dyn Write) -> Result<()> {
    let path = path.as_ref();
    FileSource::open(path)
        .and_then(|source| reelwright_bmff::dump(&source, out))
        .map_err(|error| error.at_stage(Stage::Open).at_path(path.display()))
}
