use std::fmt;
use std::io;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use crate::{Error, Hint, Result, Stage};

/// Bytes that can be read at any position by anyone, at the same time: a file, a range of memory.
pub trait ReadAt: Send + Sync + fmt::Debug {
    /// Reads up to `buffer.len()` bytes at `offset`; 0 means the end, or an empty buffer.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// The length in bytes when the source was opened.
    fn len(&self) -> u64;

    /// Whether there is nothing to read.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The file underneath, where there is one, so that a sink can let the kernel copy.
    fn as_file(&self) -> Option<&std::fs::File> {
        None
    }

    /// Fills `buffer` from `offset`, or fails with [`io::ErrorKind::UnexpectedEof`].
    fn read_exact_at(&self, mut buffer: &mut [u8], mut offset: u64) -> io::Result<()> {
        while !buffer.is_empty() {
            match self.read_at(buffer, offset) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => {
                    buffer = buffer.get_mut(count..).unwrap_or_default();
                    offset += count as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl ReadAt for Bytes {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let rest = usize::try_from(offset).ok().and_then(|start| self.get(start..)).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn len(&self) -> u64 {
        <[u8]>::len(self) as u64
    }
}

/// A contiguous part of a [`Payload`].
#[derive(Clone, Debug)]
pub enum Piece {
    /// Bytes in memory, shared and immutable.
    Bytes(Bytes),
    /// Bytes still where they were found.
    Range {
        /// What they are read from.
        source: Arc<dyn ReadAt>,
        /// Where they begin in it.
        offset: u64,
        /// How many they are.
        len: u64,
    },
    /// Bytes of value zero.
    Zeros(u64),
}

impl Piece {
    /// Its length in bytes.
    pub fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Range { len, .. } | Self::Zeros(len) => *len,
        }
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What a sample is made of: a short rope of pieces, cheap to clone. Readers hand out ranges; only codecs, bitstream
/// rewriting and memory targets load them.
#[derive(Clone, Default)]
pub struct Payload(Rope);

#[derive(Clone, Default)]
enum Rope {
    #[default]
    Empty,
    One(Piece),
    Many(Arc<[Piece]>),
}

impl Payload {
    /// Nothing.
    pub const EMPTY: Self = Self(Rope::Empty);

    /// `len` bytes of `source` from `offset`, not read until needed.
    pub fn range(source: Arc<dyn ReadAt>, offset: u64, len: u64) -> Self {
        Self::from(Piece::Range { source, offset, len })
    }

    /// `len` bytes of value zero.
    pub fn zeros(len: u64) -> Self {
        Self::from(Piece::Zeros(len))
    }

    /// The pieces one after the other.
    pub fn rope(pieces: impl IntoIterator<Item = Piece>) -> Self {
        let mut pieces: Vec<_> = pieces.into_iter().filter(|piece| !piece.is_empty()).collect();
        match pieces.len() {
            0 => Self::EMPTY,
            1 => Self(Rope::One(pieces.remove(0))),
            _ => Self(Rope::Many(pieces.into())),
        }
    }

    /// The pieces, in order.
    pub fn pieces(&self) -> &[Piece] {
        match &self.0 {
            Rope::Empty => &[],
            Rope::One(piece) => std::slice::from_ref(piece),
            Rope::Many(pieces) => pieces,
        }
    }

    /// Length in bytes.
    pub fn len(&self) -> u64 {
        self.pieces().iter().map(Piece::len).sum()
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.pieces().iter().all(Piece::is_empty)
    }

    /// Where the first byte lies in its source, for payloads that are ranges; readers use it to keep a file's order.
    pub fn source_offset(&self) -> Option<u64> {
        match self.pieces().first()? {
            Piece::Range { offset, .. } => Some(*offset),
            _ => None,
        }
    }

    /// Fills `buffer` with the bytes from `at` on, as far as there are any; returns how many there were.
    ///
    /// # Errors
    ///
    /// What reading fails with.
    pub fn read_at(&self, buffer: &mut [u8], at: u64) -> Result<usize> {
        let (mut filled, mut skipped) = (0, at);
        for piece in self.pieces() {
            let left = piece.len().saturating_sub(skipped);
            let count = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len() - filled);
            if count > 0 {
                let target = &mut buffer[filled..filled + count];
                match piece {
                    Piece::Bytes(bytes) => {
                        let start = usize::try_from(skipped).unwrap_or(usize::MAX);
                        target.copy_from_slice(&bytes[start..start + count]);
                    }
                    Piece::Zeros(_) => target.fill(0),
                    Piece::Range { source, offset, .. } => {
                        let offset = offset.saturating_add(skipped);
                        source
                            .read_exact_at(target, offset)
                            .map_err(|cause| failed(source, piece.len(), offset, cause))?;
                    }
                }
                filled += count;
            }
            skipped = skipped.saturating_sub(piece.len());
        }
        Ok(filled)
    }

    /// The bytes in memory: shared where they already are, read where they aren't.
    ///
    /// A range is checked against the length of its source first, so that a lying index can't make this allocate
    /// more than the file holds.
    pub fn load(&self) -> Result<Bytes> {
        match self.pieces() {
            [] => Ok(Bytes::new()),
            [Piece::Bytes(bytes)] => Ok(bytes.clone()),
            pieces => {
                let mut out = BytesMut::new();
                for piece in pieces {
                    append(piece, &mut out)?;
                }
                Ok(out.freeze())
            }
        }
    }
}

fn append(piece: &Piece, out: &mut BytesMut) -> Result<()> {
    let too_long = || {
        Error::new(crate::ErrorKind::Limit, format!("a payload of {} bytes does not fit memory", piece.len()))
    };
    let start = out.len();
    let len = usize::try_from(piece.len()).map_err(|_| too_long())?;
    match piece {
        Piece::Bytes(bytes) => out.extend_from_slice(bytes),
        Piece::Zeros(_) => out.resize(start.checked_add(len).ok_or_else(too_long)?, 0),
        Piece::Range { source, offset, .. } => {
            if offset.checked_add(piece.len()).is_none_or(|end| end > source.len()) {
                return Err(past_end(*offset, piece.len(), source.len()));
            }
            out.resize(start.checked_add(len).ok_or_else(too_long)?, 0);
            source
                .read_exact_at(&mut out[start..], *offset)
                .map_err(|cause| failed(source, piece.len(), *offset, cause))?;
        }
    }
    Ok(())
}

fn failed(source: &Arc<dyn ReadAt>, len: u64, offset: u64, cause: io::Error) -> Error {
    match cause.kind() {
        io::ErrorKind::UnexpectedEof => past_end(offset, len, source.len()),
        _ => Error::io(format!("can't read {len} bytes"), cause).at_offset(offset).at_stage(Stage::Read),
    }
}

fn past_end(offset: u64, len: u64, total: u64) -> Error {
    Error::truncated(format!("{len} bytes are wanted where the input ends at byte {total}"))
        .at_offset(offset)
        .at_stage(Stage::Read)
        .with_hint(Hint::ShortenRange)
}

impl From<Piece> for Payload {
    fn from(piece: Piece) -> Self {
        if piece.is_empty() { Self::EMPTY } else { Self(Rope::One(piece)) }
    }
}

impl From<Bytes> for Payload {
    fn from(bytes: Bytes) -> Self {
        Self::from(Piece::Bytes(bytes))
    }
}

impl From<Vec<u8>> for Payload {
    fn from(bytes: Vec<u8>) -> Self {
        Self::from(Bytes::from(bytes))
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({} bytes in {} pieces)", self.len(), self.pieces().len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rope_loads_as_one() {
        let source: Arc<dyn ReadAt> = Arc::new(Bytes::from_static(b"0123456789"));
        let rope = Payload::rope([
            Piece::Bytes(Bytes::from_static(b"ab")),
            Piece::Range { source: source.clone(), offset: 3, len: 4 },
            Piece::Zeros(2),
        ]);
        assert_eq!(rope.len(), 8);
        assert_eq!(&rope.load().unwrap()[..], b"ab3456\0\0");
        assert_eq!(Payload::range(source, 3, 4).source_offset(), Some(3));
    }

    #[test]
    fn a_lying_range_is_an_error_before_it_is_an_allocation() {
        let source: Arc<dyn ReadAt> = Arc::new(Bytes::from_static(b"0123"));
        let error = Payload::range(source, 2, u64::MAX - 4).load().unwrap_err();
        assert_eq!(error.kind(), crate::ErrorKind::Truncated);
        assert_eq!(error.place().offset, Some(2));
    }
}
