//! Undoing what files do to the data they keep, never with more of it than the file justifies.

use std::io::Read;

use bytes::Bytes;
use reelwright_media::{Error, ErrorKind, Result};

/// How much a piece of a file may grow to, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bound(pub(crate) u64);

impl Bound {
    /// Of a piece that takes `length` bytes compressed: what zlib makes of a picture of one colour is a thousandth of it,
    /// but beyond a few megabytes nothing but a trap grows so much.
    pub(crate) fn of_piece(length: u64) -> Self {
        Self(length.saturating_mul(1100).clamp(1 << 16, (8 << 20) + length.saturating_mul(4)))
    }

    /// Of all pieces of a file of `length` bytes.
    pub(crate) fn of_file(length: u64) -> Self {
        Self((64 << 20) + length.saturating_mul(64))
    }
}

/// The content of a zlib stream (RFC 1950).
///
/// # Errors
///
/// Malformed where it is none or is cut off, [`ErrorKind::Limit`] where it would grow beyond `bound`.
pub(crate) fn inflate(bytes: &[u8], bound: Bound) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut reader = flate2::read::ZlibDecoder::new(bytes).take(bound.0.saturating_add(1));
    let read = reader.read_to_end(&mut out);
    read.map_err(|cause| Error::malformed(format!("the zlib stream is damaged: {cause}")))?;
    if out.len() as u64 > bound.0 {
        let message = format!("the zlib stream holds more than {} bytes", bound.0);
        return Err(Error::new(ErrorKind::Limit, message));
    }
    Ok(out)
}

/// One thing that was done to a piece of data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Coat {
    /// It was compressed.
    Zlib,
    /// These bytes were taken off its front.
    Stripped(Bytes),
}

/// What was done to each piece of a track's data, the last thing first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Coating(Vec<Coat>);

impl Coating {
    pub(crate) fn new(coats: Vec<Coat>) -> Self {
        Self(coats)
    }

    /// What every piece begins with although the file leaves it out; `None` where more was done than that.
    pub(crate) fn prefix(&self) -> Option<Bytes> {
        match &self.0[..] {
            [] => Some(Bytes::new()),
            [Coat::Stripped(bytes)] => Some(bytes.clone()),
            _ => None,
        }
    }

    /// The piece as it was.
    ///
    /// # Errors
    ///
    /// As [`inflate`].
    pub(crate) fn undo(&self, piece: &[u8]) -> Result<Vec<u8>> {
        let bound = Bound::of_piece(piece.len() as u64);
        let mut piece = piece.to_vec();
        for coat in &self.0 {
            piece = match coat {
                Coat::Zlib => inflate(&piece, bound)?,
                Coat::Stripped(front) => [&front[..], &piece].concat(),
            };
        }
        Ok(piece)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn deflate(bytes: &[u8]) -> Vec<u8> {
        let mut writer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        writer.write_all(bytes).unwrap();
        writer.finish().unwrap()
    }

    #[test]
    fn what_grows_beyond_its_bound_is_refused() {
        let packed = deflate(&[7; 100_000]);
        assert_eq!(inflate(&packed, Bound(100_000)).unwrap(), [7; 100_000]);
        assert_eq!(inflate(&packed, Bound(99_999)).unwrap_err().kind(), ErrorKind::Limit);
        assert!(inflate(&packed[..packed.len() / 2], Bound(100_000)).is_err());
        assert!(inflate(b"no zlib", Bound(100_000)).is_err());
        assert!(Bound::of_piece(10_000).0 <= 9 << 20);
    }

    #[test]
    fn coats_come_off_in_order() {
        let front = Coat::Stripped(Bytes::from_static(b"ab"));
        let coating = Coating::new(vec![Coat::Zlib, front.clone()]);
        assert_eq!(coating.undo(&deflate(b"cd")).unwrap(), b"abcd");
        assert_eq!(
            (coating.prefix(), Coating::new(vec![front]).prefix()),
            (None, Some(Bytes::from_static(b"ab")))
        );
    }
}
