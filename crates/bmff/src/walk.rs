use bytes::Bytes;
use reelwright_media::{ErrorKind, FourCc, Result};

use crate::{BoxBody, BoxHeader, BoxPath, Reader};

/// Walks the boxes that fill `bytes`.
pub fn boxes(bytes: &Bytes) -> Boxes<'_> {
    boxes_at(bytes, 0)
}

/// Walks the boxes that fill `bytes`, whose first byte stands at `offset` of the file.
pub fn boxes_at(bytes: &Bytes, offset: u64) -> Boxes<'_> {
    Reader::at(bytes, offset).boxes()
}

/// The boxes that stand one after the other in a piece of memory.
///
/// Ends quietly before fewer than eight bytes (QuickTime closes `udta` and some sample entries with a 32-bit zero) and
/// before zeros where a header should be. A box that is malformed, or longer than its parent, is an error and the
/// last item.
#[derive(Clone, Debug)]
pub struct Boxes<'a> {
    rest: Reader<'a>,
    failed: bool,
}

impl<'a> Boxes<'a> {
    pub(crate) fn new(rest: Reader<'a>) -> Self {
        Self { rest, failed: false }
    }

    /// What has not been walked: after the end, the bytes that were not boxes.
    pub fn trailing(&self) -> &'a [u8] {
        self.rest.peek()
    }

    /// The first box of type `kind` among those not yet walked; errors end the search as absence does.
    pub fn find(&self, kind: impl Into<FourCc>) -> Option<BoxRef<'a>> {
        let kind = kind.into();
        self.clone().map_while(Result::ok).find(|child| child.kind() == kind)
    }

    fn step(&mut self) -> Result<Option<BoxRef<'a>>> {
        let bytes = self.rest.peek();
        if bytes.len() < 8 || bytes.starts_with(&[0; 8]) {
            return Ok(None);
        }
        let offset = self.rest.offset();
        let header =
            BoxHeader::parse(bytes, bytes.len() as u64).map_err(|error| self.rest.locate(error, offset))?;
        let size = usize::try_from(header.size).ok().filter(|&size| size <= bytes.len());
        let Some(size) = size else {
            let message =
                format!("box '{}' states {} bytes, {} are left", header.kind, header.size, bytes.len());
            return Err(self.rest.error(ErrorKind::Truncated, message));
        };
        let Some(path) = self.rest.path().enter(header.kind) else {
            return Err(self.rest.error(ErrorKind::Limit, "boxes are nested too deeply"));
        };
        let start = self.rest.index();
        let whole = self.rest.window(start, start + size, path);
        self.rest.skip(size)?;
        Ok(Some(BoxRef { header, whole }))
    }
}

impl<'a> Iterator for Boxes<'a> {
    type Item = Result<BoxRef<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let step = self.step();
        self.failed = !matches!(step, Ok(Some(_)));
        step.transpose()
    }
}

/// One box where it stands.
#[derive(Clone, Debug)]
pub struct BoxRef<'a> {
    header: BoxHeader,
    whole: Reader<'a>,
}

impl<'a> BoxRef<'a> {
    /// Its type.
    pub fn kind(&self) -> FourCc {
        self.header.kind
    }

    /// Whether it is of type `kind`.
    pub fn is(&self, kind: &[u8; 4]) -> bool {
        &self.header.kind.0 == kind
    }

    /// Its header.
    pub fn header(&self) -> &BoxHeader {
        &self.header
    }

    /// Where it begins in the file.
    pub fn offset(&self) -> u64 {
        self.whole.offset()
    }

    /// The boxes around it and itself.
    pub fn path(&self) -> BoxPath {
        self.whole.path()
    }

    /// The whole box, header included, shared.
    pub fn bytes(&self) -> Bytes {
        self.whole.clone().rest()
    }

    /// A reader of its body.
    pub fn body(&self) -> Reader<'a> {
        let header = usize::try_from(self.header.header_len).unwrap_or(usize::MAX);
        let start = self.whole.index();
        let end = start + self.whole.remaining();
        self.whole.window(start.saturating_add(header), end, self.whole.path())
    }

    /// Its children, where its body is nothing but boxes.
    pub fn children(&self) -> Boxes<'a> {
        self.body().boxes()
    }

    /// The children of a `meta` box, which is a full box in ISO files and a plain one in QuickTime's.
    pub fn meta_children(&self) -> Boxes<'a> {
        let mut body = self.body();
        let plain = body.peek().get(4..8) == Some(b"hdlr");
        if !plain && body.skip(4).is_err() {
            body.rest();
        }
        body.boxes()
    }

    /// Reads it as a `T`; the type is the caller's to have checked, so that bodies shared by several types can be
    /// read.
    ///
    /// # Errors
    ///
    /// What the body's reader finds, located.
    pub fn read<T: BoxBody>(&self) -> Result<T> {
        T::read(&mut self.body())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walks_children_and_stops_at_terminators_and_garbage() {
        let bytes = Bytes::from_static(
            b"\0\0\0\x1Cudta\0\0\0\x08free\0\0\0\x08skip\0\0\0\0\0\0\0\x09wideX\0\0\0\0abc",
        );
        let top: Vec<_> = boxes_at(&bytes, 100).collect::<Result<_>>().unwrap();
        assert_eq!(top.iter().map(BoxRef::kind).collect::<Vec<_>>(), [b"udta", b"wide"].map(FourCc::from));
        assert_eq!(top[1].offset(), 128);
        assert_eq!(top[1].bytes(), &b"\0\0\0\x09wideX"[..]);
        let kinds: Vec<_> = top[0].children().map(|child| child.unwrap().path().to_string()).collect();
        assert_eq!(kinds, ["udta/free", "udta/skip"]);
    }

    #[test]
    fn a_child_longer_than_its_parent_is_a_located_error() {
        let bytes = Bytes::from_static(b"\0\0\0\x10moov\0\0\0\x09trak");
        let moov = boxes(&bytes).find(b"moov").unwrap();
        let error = moov.children().next().unwrap().unwrap_err();
        assert_eq!(error.place().box_path.as_deref(), Some("moov"));
        assert_eq!(error.place().offset, Some(8));
    }

    #[test]
    fn depth_is_limited() {
        let mut bytes = Vec::new();
        for _ in 0..40 {
            let size = u32::try_from(bytes.len() + 8).unwrap();
            bytes = [&size.to_be_bytes()[..], b"moov", &bytes].concat();
        }
        let bytes = Bytes::from(bytes);
        let mut current = boxes(&bytes);
        let error = loop {
            match current.next().unwrap() {
                Ok(child) => current = child.children(),
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), ErrorKind::Limit);
    }
}
