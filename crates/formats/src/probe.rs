use std::sync::Arc;

use reelwright_media::{Error, ErrorKind, ReadAt, Result, Stage};

use crate::Demuxer;

/// Opens what `source` holds. The first bytes decide what it is, never a name.
///
/// # Errors
///
/// [`ErrorKind::Unsupported`] for containers that aren't read, by name where they are known; `Truncated` or
/// `Malformed` for broken ones, with the place.
pub fn open(source: Arc<dyn ReadAt>) -> Result<Box<dyn Demuxer>> {
    let start = first_bytes(&source).map_err(|error| error.at_stage(Stage::Open))?;
    if start.is_empty() {
        return Err(Error::truncated("the input is empty: 0 bytes")
            .at_stage(Stage::Open)
            .with_hint("the copy or recording failed before anything was written"));
    }
    if reelwright_bmff::is_box_file(&start) {
        return Ok(Box::new(
            reelwright_bmff::Demuxer::open(source).map_err(|error| error.at_stage(Stage::Open))?,
        ));
    }
    Err(unknown(&start).at_stage(Stage::Open))
}

/// How much of the input is looked at to tell what it is.
const WINDOW: usize = 4096;

fn first_bytes(source: &Arc<dyn ReadAt>) -> Result<Vec<u8>> {
    let mut start = vec![0; WINDOW.min(usize::try_from(source.len()).unwrap_or(WINDOW))];
    source
        .read_exact_at(&mut start, 0)
        .map_err(|cause| Error::io("can't read the input", cause).at_offset(0))?;
    Ok(start)
}

/// What to say of an input that isn't read.
fn unknown(start: &[u8]) -> Error {
    let known: &[(&[u8], usize, &str)] = &[
        (b"\x06\x0E\x2B\x34\x02\x05\x01\x01", 0, "MXF"),
        (b"OggS", 0, "Ogg"),
        (b"AVI ", 8, "AVI"),
        (b"\x30\x26\xB2\x75\x8E\x66\xCF\x11", 0, "ASF (WMV)"),
        (b"FLV", 0, "FLV"),
        (b"\0\0\x01\xBA", 0, "MPEG program stream"),
        (b"\xFF\xD8\xFF", 0, "JPEG"),
        (b"\x89PNG", 0, "PNG"),
        (b"GIF8", 0, "GIF"),
        (b"%PDF", 0, "PDF"),
        (b"PK\x03\x04", 0, "ZIP"),
    ];
    let found =
        known.iter().find(|(magic, at, _)| start.get(*at..).is_some_and(|rest| rest.starts_with(magic)));
    let message = match found {
        Some((.., name)) => format!("{name} is not supported as an input"),
        None => {
            let bytes: Vec<_> = start.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
            format!("the input is no container known here: it begins with {}", bytes.join(" "))
        }
    };
    Error::new(ErrorKind::Unsupported, message)
        .with_hint("MOV, MP4, M4A, 3GP, WAV, AIFF, CAF, FLAC, MP3, Matroska and MPEG-TS are read")
}
