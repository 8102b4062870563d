use std::fmt::{self, Write};

use bytes::Bytes;
use reelwright_media::{Error, FourCc, ReadAt, Result};

use crate::{BoxHeader, BoxRef, Boxes, boxes_at, known};

/// Top-level boxes longer than this are named, not read.
const LARGEST_LOADED: u64 = 64 << 20;

/// Prints the tree of boxes of a file, one line a box: type, offset, length, and the fields of those known here.
/// Tables print their count and first rows. Media data is not read.
///
/// # Errors
///
/// Only where `source` can't be read or `out` refuses; broken boxes are part of the dump.
pub fn dump(source: &dyn ReadAt, out: &mut dyn Write) -> Result<()> {
    let refused = |_: fmt::Error| Error::malformed("the dump can't be printed");
    let mut offset = 0;
    while offset < source.len() {
        let available = source.len() - offset;
        let mut first = vec![0; BoxHeader::MAX_LEN.min(usize::try_from(available).unwrap_or(usize::MAX))];
        source
            .read_exact_at(&mut first, offset)
            .map_err(|cause| Error::io("can't read a box header", cause))?;
        let header = match BoxHeader::parse(&first, available) {
            Ok(header) => header,
            Err(error) => return writeln!(out, "@{offset} {error}").map_err(refused),
        };
        let whole = header.size.min(available);
        let body_worth = !matches!(&header.kind.0, b"mdat" | b"free" | b"skip" | b"wide");
        if body_worth && whole <= LARGEST_LOADED {
            let mut bytes = vec![0; usize::try_from(whole).unwrap_or(0)];
            source.read_exact_at(&mut bytes, offset).map_err(|cause| Error::io("can't read a box", cause))?;
            let bytes = Bytes::from(bytes);
            tree(boxes_at(&bytes, offset), None, 0, out).map_err(refused)?;
        } else {
            writeln!(out, "{} @{offset} {}", header.kind, header.size).map_err(refused)?;
        }
        if header.size > available {
            writeln!(out, "  cut off: {available} bytes are left").map_err(refused)?;
        }
        offset += whole;
    }
    Ok(())
}

fn tree(mut boxes: Boxes<'_>, parent: Option<FourCc>, depth: usize, out: &mut dyn Write) -> fmt::Result {
    for child in boxes.by_ref() {
        match child {
            Ok(child) => branch(&child, parent, depth, out)?,
            Err(error) => writeln!(out, "{:depth$}{error}", "")?,
        }
    }
    match boxes.trailing().len() {
        0 => Ok(()),
        count => writeln!(out, "{:depth$}{count} bytes that are no box", ""),
    }
}

fn branch(found: &BoxRef<'_>, parent: Option<FourCc>, depth: usize, out: &mut dyn Write) -> fmt::Result {
    write!(out, "{:depth$}{} @{} {}", "", found.kind(), found.offset(), found.header().size)?;
    match known::fields(found.kind(), &mut found.body()) {
        Some(Ok(fields)) => {
            for (name, value) in fields.0 {
                write!(out, "  {name}: {value}")?;
            }
        }
        Some(Err(error)) => write!(out, "  {error}")?,
        None => {}
    }
    writeln!(out)?;
    let depth = depth + 2;
    if known::is_container(found.kind(), parent) {
        tree(found.children(), Some(found.kind()), depth, out)?;
    }
    Ok(())
}
