use std::fmt;

use bytes::Bytes;
use reelwright_media::{Error, ErrorKind, FourCc, Matrix, Result};

use crate::Boxes;

/// How deep boxes may nest. The deepest path of the standard is about ten.
const MAX_DEPTH: usize = 16;

/// The path of boxes to a place in a file, outermost first. Cheap to copy; as deep as boxes may nest.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct BoxPath {
    codes: [FourCc; MAX_DEPTH],
    depth: usize,
}

impl BoxPath {
    /// Outside of any box.
    pub const ROOT: Self = Self { codes: [FourCc([0; 4]); MAX_DEPTH], depth: 0 };

    /// The path to a child of type `kind`, or `None` where that would be too deep.
    #[must_use]
    pub fn enter(mut self, kind: FourCc) -> Option<Self> {
        *self.codes.get_mut(self.depth)? = kind;
        self.depth += 1;
        Some(self)
    }

    /// The box types, outermost first.
    pub fn codes(&self) -> &[FourCc] {
        &self.codes[..self.depth]
    }
}

impl fmt::Display for BoxPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, code) in self.codes().iter().enumerate() {
            let slash = if index == 0 { "" } else { "/" };
            write!(f, "{slash}{code}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for BoxPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Reads big-endian fields from a piece of memory; every failure names the box and the byte of the file.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    source: &'a Bytes,
    /// Of the file, at `source[0]`.
    base: u64,
    position: usize,
    end: usize,
    path: BoxPath,
}

impl<'a> Reader<'a> {
    /// Reads `source`, which stands for itself.
    pub fn new(source: &'a Bytes) -> Self {
        Self::at(source, 0)
    }

    /// Reads `source`, whose first byte stands at `offset` of the file.
    pub fn at(source: &'a Bytes, offset: u64) -> Self {
        Self { source, base: offset, position: 0, end: source.len(), path: BoxPath::ROOT }
    }

    /// The same memory from `start` to `end` (positions in it), inside the boxes of `path`.
    pub(crate) fn window(&self, start: usize, end: usize, path: BoxPath) -> Self {
        let end = end.min(self.end);
        Self { source: self.source, base: self.base, position: start.min(end), end, path }
    }

    pub(crate) fn index(&self) -> usize {
        self.position
    }

    /// The boxes around.
    pub fn path(&self) -> BoxPath {
        self.path
    }

    /// The offset in the file of the next byte.
    pub fn offset(&self) -> u64 {
        self.base.saturating_add(self.position as u64)
    }

    /// Bytes left.
    pub fn remaining(&self) -> usize {
        self.end - self.position
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.remaining() == 0
    }

    /// The bytes left, without moving on.
    pub fn peek(&self) -> &'a [u8] {
        &self.source[self.position..self.end]
    }

    /// The next `count` bytes.
    ///
    /// # Errors
    ///
    /// Truncated where fewer are left; so do all readers below.
    pub fn slice(&mut self, count: usize) -> Result<&'a [u8]> {
        let Some(slice) = self.peek().get(..count) else {
            let message = format!("{count} bytes wanted, {} left", self.remaining());
            return Err(self.error(ErrorKind::Truncated, message));
        };
        self.position += count;
        Ok(slice)
    }

    /// The next `count` bytes, shared.
    pub fn bytes(&mut self, count: usize) -> Result<Bytes> {
        let start = self.position;
        self.slice(count)?;
        Ok(self.source.slice(start..self.position))
    }

    /// All bytes left, shared.
    pub fn rest(&mut self) -> Bytes {
        let rest = self.source.slice(self.position..self.end);
        self.position = self.end;
        rest
    }

    /// Moves past `count` bytes.
    pub fn skip(&mut self, count: usize) -> Result<()> {
        self.slice(count).map(drop)
    }

    /// The next `N` bytes.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut array = [0; N];
        array.copy_from_slice(self.slice(N)?);
        Ok(array)
    }

    /// An unsigned 8-bit number.
    pub fn u8(&mut self) -> Result<u8> {
        self.array().map(u8::from_be_bytes)
    }

    /// An unsigned 16-bit number.
    pub fn u16(&mut self) -> Result<u16> {
        self.array().map(u16::from_be_bytes)
    }

    /// An unsigned 24-bit number.
    pub fn u24(&mut self) -> Result<u32> {
        self.array().map(|[a, b, c]| u32::from_be_bytes([0, a, b, c]))
    }

    /// An unsigned 32-bit number.
    pub fn u32(&mut self) -> Result<u32> {
        self.array().map(u32::from_be_bytes)
    }

    /// An unsigned 64-bit number.
    pub fn u64(&mut self) -> Result<u64> {
        self.array().map(u64::from_be_bytes)
    }

    /// A signed 8-bit number.
    pub fn i8(&mut self) -> Result<i8> {
        self.array().map(i8::from_be_bytes)
    }

    /// A signed 16-bit number, also 8.8 fixed point.
    pub fn i16(&mut self) -> Result<i16> {
        self.array().map(i16::from_be_bytes)
    }

    /// A signed 32-bit number, also 16.16 and 2.30 fixed point.
    pub fn i32(&mut self) -> Result<i32> {
        self.array().map(i32::from_be_bytes)
    }

    /// A signed 64-bit number.
    pub fn i64(&mut self) -> Result<i64> {
        self.array().map(i64::from_be_bytes)
    }

    /// A 64-bit IEEE float.
    pub fn f64(&mut self) -> Result<f64> {
        self.array().map(f64::from_be_bytes)
    }

    /// A four-character code.
    pub fn fourcc(&mut self) -> Result<FourCc> {
        self.array().map(FourCc)
    }

    /// A transformation matrix: nine 32-bit numbers.
    pub fn matrix(&mut self) -> Result<Matrix> {
        let mut cells = [0; 9];
        for cell in &mut cells {
            *cell = self.i32()?;
        }
        Ok(Matrix(cells))
    }

    /// Version and flags of a full box (ISO/IEC 14496-12, 4.2.2).
    pub fn version_and_flags(&mut self) -> Result<(u8, u32)> {
        Ok((self.u8()?, self.u24()?))
    }

    /// Bytes up to the next zero, which is skipped, or all that are left where there is none.
    pub fn until_zero(&mut self) -> &'a [u8] {
        let rest = self.peek();
        let length = rest.iter().position(|&byte| byte == 0);
        self.position += length.map_or(rest.len(), |length| length + 1);
        &rest[..length.unwrap_or(rest.len())]
    }

    /// Walks what is left as boxes.
    pub fn boxes(&self) -> Boxes<'a> {
        Boxes::new(self.clone())
    }

    /// A failure here: message, box path and offset.
    pub fn error(&self, kind: ErrorKind, message: impl Into<String>) -> Error {
        self.locate(Error::new(kind, message), self.offset())
    }

    pub(crate) fn locate(&self, error: Error, offset: u64) -> Error {
        let error = error.at_offset(offset);
        if self.path.depth == 0 { error } else { error.in_box(self.path) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_fields_and_names_the_place_of_a_failure() {
        let bytes = Bytes::from_static(b"\x01\x02\x03\xFF\xFE\0\0\0\x07moovab\0c");
        let mut reader = Reader::at(&bytes, 1000);
        assert_eq!(reader.u24().unwrap(), 0x01_0203);
        assert_eq!(reader.i16().unwrap(), -2);
        assert_eq!(reader.u32().unwrap(), 7);
        assert_eq!(reader.fourcc().unwrap(), FourCc::new(b"moov"));
        assert_eq!(reader.until_zero(), b"ab");
        let error = reader.u64().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Truncated);
        assert_eq!(error.place().offset, Some(1016));
        assert_eq!(reader.rest(), "c");
    }
}
