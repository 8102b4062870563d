use std::fmt::{self, Write};

use bytes::Bytes;
use reelwright_media::{BoxFamily, Error, FourCc, ReadAt, Result};

use crate::{BoxHeader, BoxRef, Boxes, FileType, Handler, boxes_at, entry, known, metadata};

/// Top-level boxes longer than this are named, not read.
const LARGEST_LOADED: u64 = 64 << 20;

/// Prints the tree of boxes of a file, one line a box: type, offset after `@`, length, and the fields of those known
/// here. Tables print their count and first rows. Media data is not read.
///
/// # Errors
///
/// Only where `source` can't be read or `out` refuses; broken boxes are part of the dump.
pub fn dump(source: &dyn ReadAt, out: &mut dyn Write) -> Result<()> {
    let refused = |_: fmt::Error| Error::misuse("what the dump is printed to refuses it");
    let mut printer = Printer { out, handler: FourCc::default(), family: BoxFamily::QuickTime };
    let mut offset = 0;
    while offset < source.len() {
        let available = source.len() - offset;
        let first = load(source, offset, available.min(BoxHeader::MAX_LEN as u64))?;
        let header = match BoxHeader::parse(&first, available) {
            Ok(header) => header,
            Err(error) => return writeln!(printer.out, "@{offset} {error}").map_err(refused),
        };
        let whole = header.size.min(available);
        let is_payload = matches!(&header.kind.0, b"mdat" | b"free" | b"skip" | b"wide");
        if is_payload || whole > LARGEST_LOADED {
            writeln!(printer.out, "{} @{offset} {}", header.kind, header.size).map_err(refused)?;
        } else {
            let bytes = load(source, offset, whole)?;
            printer.tree(boxes_at(&bytes, offset), None, 0).map_err(refused)?;
        }
        if header.size > available {
            writeln!(printer.out, "  cut off: {available} bytes are left").map_err(refused)?;
        }
        offset += whole;
    }
    Ok(())
}

/// At most [`LARGEST_LOADED`] bytes.
fn load(source: &dyn ReadAt, offset: u64, length: u64) -> Result<Bytes> {
    let mut bytes = vec![0; usize::try_from(length.min(LARGEST_LOADED)).unwrap_or(0)];
    let read = source.read_exact_at(&mut bytes, offset);
    read.map_err(|cause| Error::io("can't read a box", cause).at_offset(offset))?;
    Ok(bytes.into())
}

struct Printer<'a> {
    out: &'a mut dyn Write,
    /// Of the track printed: what its sample entries look like goes by it.
    handler: FourCc,
    family: BoxFamily,
}

impl Printer<'_> {
    fn tree(&mut self, mut boxes: Boxes<'_>, parent: Option<FourCc>, depth: usize) -> fmt::Result {
        for child in boxes.by_ref() {
            match child {
                Ok(child) => self.branch(&child, parent, depth)?,
                Err(error) => writeln!(self.out, "{:depth$}{error}", "")?,
            }
        }
        match boxes.trailing().len() {
            0 => Ok(()),
            count => writeln!(self.out, "{:depth$}{count} bytes that are no box", ""),
        }
    }

    fn branch(&mut self, found: &BoxRef<'_>, parent: Option<FourCc>, depth: usize) -> fmt::Result {
        let kind = found.kind();
        write!(self.out, "{:depth$}{kind} @{} {}", "", found.offset(), found.header().size)?;
        let inside = |name: &[u8; 4]| parent == Some(FourCc::new(name));
        if found.is(b"data") || (inside(b"udta") && !found.is(b"meta")) {
            if let Some(value) = metadata::show(found, self.family) {
                write!(self.out, "  {value}")?;
            }
        } else {
            self.fields(found)?;
        }
        writeln!(self.out)?;
        self.note(found, parent);
        let depth = depth + 2;
        if found.is(b"stsd") {
            let mut body = found.body();
            return if body.skip(8).is_ok() { self.tree(body.boxes(), Some(kind), depth) } else { Ok(()) };
        }
        if inside(b"stsd") {
            let children = entry::children(found, self.handler, self.family);
            return children.map_or(Ok(()), |children| self.tree(children, Some(kind), depth));
        }
        if found.is(b"meta") {
            return self.tree(found.meta_children(), Some(kind), depth);
        }
        if known::is_container(kind, parent) {
            self.tree(found.children(), Some(kind), depth)
        } else {
            Ok(())
        }
    }

    fn fields(&mut self, found: &BoxRef<'_>) -> fmt::Result {
        match known::fields(found.kind(), &mut found.body()) {
            Some(Ok(fields)) => {
                fields.0.iter().try_for_each(|(name, value)| write!(self.out, "  {name}: {value}"))
            }
            Some(Err(error)) => write!(self.out, "  {error}"),
            None => Ok(()),
        }
    }

    /// Remembers what later boxes are read by.
    fn note(&mut self, found: &BoxRef<'_>, parent: Option<FourCc>) {
        if let (true, Ok(file_type)) = (found.is(b"ftyp"), found.read::<FileType>()) {
            let is_quicktime = file_type.major_brand == FourCc::new(b"qt  ");
            self.family = if is_quicktime { BoxFamily::QuickTime } else { BoxFamily::Iso };
        }
        if let (true, Ok(handler)) = (found.is(b"hdlr"), found.read::<Handler>())
            && parent == Some(FourCc::new(b"mdia"))
        {
            self.handler = handler.handler;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus;

    #[test]
    fn every_file_of_the_corpus_is_printed_down_to_its_entries() {
        for path in corpus::paths() {
            let bytes = Bytes::from(std::fs::read(&path).unwrap());
            let mut text = String::new();
            dump(&bytes, &mut text).unwrap();
            let Some(moov) = boxes_at(&bytes, 0).find(b"moov") else { continue };
            for (box_type, field) in [("avcC", ""), ("esds", "object_type"), ("colr", "")] {
                let stored = moov.bytes().windows(4).any(|window| window == box_type.as_bytes());
                let printed =
                    text.lines().any(|line| line.trim().starts_with(box_type) && line.contains(field));
                let broken = path.to_string_lossy().contains("bad_");
                assert!(printed || !stored || broken, "{box_type} in {}:\n{text}", path.display());
            }
        }
    }
}
