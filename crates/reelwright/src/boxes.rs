use std::path::Path;

use reelwright_formats::FileSource;
use reelwright_media::{Result, Stage};

/// The boxes of an MP4 or QuickTime file as an indented tree with their fields: for people, and for broken files too.
///
/// # Errors
///
/// [`reelwright_media::ErrorKind::Io`] where the file can't be read.
pub fn dump_boxes(path: impl AsRef<Path>) -> Result<String> {
    let path = path.as_ref();
    let mut text = String::new();
    FileSource::open(path)
        .and_then(|source| reelwright_bmff::dump(&source, &mut text))
        .map_err(|error| error.at_stage(Stage::Open).at_path(path.display()))?;
    Ok(text)
}
