use reelwright_media::{FourCc, Matrix};

use crate::BoxBody;

/// Builds boxes in memory, big-endian; sizes are filled in when a box is closed.
#[derive(Clone, Debug, Default)]
pub struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// What has been written.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// What has been written so far.
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes
    }

    /// Bytes written so far.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether nothing has been written.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// A box of type `kind` whose body `body` writes.
    pub fn write_box(&mut self, kind: impl Into<FourCc>, body: impl FnOnce(&mut Self)) {
        let start = self.bytes.len();
        let kind = kind.into();
        self.u32(0);
        self.fourcc(kind);
        body(self);
        let size = self.bytes.len() - start;
        match u32::try_from(size) {
            Ok(size) => self.bytes[start..start + 4].copy_from_slice(&size.to_be_bytes()),
            Err(_) => {
                let header = crate::BoxHeader::encode_large(kind, size as u64 - 8);
                self.bytes.splice(start..start + 8, header);
            }
        }
    }

    /// A full box (ISO/IEC 14496-12, 4.2.2) of type `kind` whose body, after version and flags, `body` writes. Of
    /// `flags` the lower 24 bits are stored.
    pub fn full_box(
        &mut self,
        kind: impl Into<FourCc>,
        version: u8,
        flags: u32,
        body: impl FnOnce(&mut Self),
    ) {
        self.write_box(kind, |w| {
            w.version_and_flags(version, flags);
            body(w);
        });
    }

    /// A whole box.
    pub fn put<T: BoxBody>(&mut self, value: &T) {
        self.write_box(T::KIND, |w| value.write(w));
    }

    /// Version and the lower 24 bits of `flags`.
    pub fn version_and_flags(&mut self, version: u8, flags: u32) {
        self.u8(version);
        self.u24(flags);
    }

    /// Bytes as they are.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// `count` zeros.
    pub fn zeros(&mut self, count: usize) {
        self.bytes.resize(self.bytes.len() + count, 0);
    }

    /// An unsigned 8-bit number.
    pub fn u8(&mut self, value: u8) {
        self.bytes.push(value);
    }

    /// An unsigned 16-bit number.
    pub fn u16(&mut self, value: u16) {
        self.bytes(&value.to_be_bytes());
    }

    /// The lower 24 bits of a number.
    pub fn u24(&mut self, value: u32) {
        self.bytes(&value.to_be_bytes()[1..]);
    }

    /// An unsigned 32-bit number.
    pub fn u32(&mut self, value: u32) {
        self.bytes(&value.to_be_bytes());
    }

    /// An unsigned 64-bit number.
    pub fn u64(&mut self, value: u64) {
        self.bytes(&value.to_be_bytes());
    }

    /// A signed 8-bit number.
    pub fn i8(&mut self, value: i8) {
        self.bytes(&value.to_be_bytes());
    }

    /// A signed 16-bit number, also 8.8 fixed point.
    pub fn i16(&mut self, value: i16) {
        self.bytes(&value.to_be_bytes());
    }

    /// A signed 32-bit number, also 16.16 and 2.30 fixed point.
    pub fn i32(&mut self, value: i32) {
        self.bytes(&value.to_be_bytes());
    }

    /// A signed 64-bit number.
    pub fn i64(&mut self, value: i64) {
        self.bytes(&value.to_be_bytes());
    }

    /// A 64-bit IEEE float.
    pub fn f64(&mut self, value: f64) {
        self.bytes(&value.to_be_bytes());
    }

    /// A four-character code.
    pub fn fourcc(&mut self, code: FourCc) {
        self.bytes(&code.0);
    }

    /// A transformation matrix: nine 32-bit numbers.
    pub fn matrix(&mut self, matrix: &Matrix) {
        for cell in matrix.0 {
            self.i32(cell);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_filled_in_from_the_inside_out() {
        let mut writer = Writer::new();
        writer.write_box(b"moov", |w| {
            w.full_box(b"elng", 0, 1, |w| w.bytes(b"de\0"));
            w.write_box(b"free", |_| {});
        });
        let bytes = writer.into_bytes();
        assert_eq!(bytes, b"\0\0\0\x1Fmoov\0\0\0\x0Felng\0\0\0\x01de\0\0\0\0\x08free");
    }
}
