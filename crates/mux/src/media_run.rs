use std::sync::Arc;

use reelwright_media::{Payload, Piece, ReadAt};

/// Media on its way to the sink: neighbouring ranges of a source become one, so that the sink can let the kernel copy
/// megabytes at a time.
#[derive(Debug, Default)]
pub(crate) struct MediaRun {
    pieces: Vec<Piece>,
    len: u64,
    memory: u64,
}

/// Bytes at which a run is worth handing over.
const WORTH_WRITING: u64 = 8 << 20;
/// Bytes in memory at which it is.
const WORTH_FREEING: u64 = 256 << 10;
/// Pieces at which it is.
const WORTH_SPLITTING: usize = 512;
/// Bytes copied from a source at which an empty box of up to a page is worth it.
const WORTH_PADDING: u64 = 4 << 20;
/// The smallest page of memory of the systems we know; where they are larger, this much doesn't harm.
const PAGE: u64 = 4096;

impl MediaRun {
    /// Adds a sample's bytes at the end.
    pub(crate) fn push(&mut self, payload: &Payload) {
        for piece in payload.pieces().iter().filter(|piece| !piece.is_empty()) {
            self.len += piece.len();
            if let Piece::Bytes(bytes) = piece {
                self.memory += bytes.len() as u64;
            }
            if !self.pieces.last_mut().is_some_and(|last| extend(last, piece)) {
                self.memory += size_of::<Piece>() as u64;
                self.pieces.push(piece.clone());
            }
        }
    }

    /// How far the media should be moved on from `offset` in the output, so that what the run begins with keeps its
    /// place within a page of memory: then the kernel copies page by page. Zero where too little is copied to tell.
    pub(crate) fn padding(&self, offset: u64) -> u64 {
        let copied = self.pieces.iter().filter(|piece| matches!(piece, Piece::Range { .. })).map(Piece::len);
        let Some(Piece::Range { offset: source, .. }) = self.pieces.first() else {
            return 0;
        };
        if copied.sum::<u64>() < WORTH_PADDING {
            return 0;
        }
        match source.wrapping_sub(offset) % PAGE {
            // Less than the header of a box.
            few @ 1..8 => few + PAGE,
            padding => padding,
        }
    }

    /// What it costs to keep.
    pub(crate) fn memory(&self) -> u64 {
        self.memory
    }

    pub(crate) fn is_full(&self) -> bool {
        self.len >= WORTH_WRITING || self.memory >= WORTH_FREEING || self.pieces.len() >= WORTH_SPLITTING
    }

    /// Everything, as payloads of a bounded number of pieces, in order.
    pub(crate) fn take(&mut self) -> impl Iterator<Item = Payload> + use<> {
        let mut pieces = std::mem::take(self).pieces.into_iter().peekable();
        std::iter::from_fn(move || {
            pieces.peek()?;
            Some(Payload::rope(pieces.by_ref().take(WORTH_SPLITTING)))
        })
    }
}

fn extend(last: &mut Piece, next: &Piece) -> bool {
    match (last, next) {
        (
            Piece::Range { source, offset, len },
            Piece::Range { source: next_source, offset: next_offset, len: next_len },
        ) if same(source, next_source) && offset.checked_add(*len) == Some(*next_offset) => {
            *len += next_len;
            true
        }
        (Piece::Zeros(len), Piece::Zeros(more)) => {
            *len += more;
            true
        }
        _ => false,
    }
}

fn same(one: &Arc<dyn ReadAt>, other: &Arc<dyn ReadAt>) -> bool {
    std::ptr::addr_eq(Arc::as_ptr(one), Arc::as_ptr(other))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn neighbours_become_one_range() {
        let source: Arc<dyn ReadAt> = Arc::new(Bytes::from(vec![1; 100]));
        let mut run = MediaRun::default();
        run.push(&Payload::range(source.clone(), 10, 5));
        run.push(&Payload::range(source.clone(), 15, 5));
        run.push(&Payload::from(Bytes::from_static(b"abc")));
        run.push(&Payload::range(source, 20, 5));
        run.push(&Payload::EMPTY);
        let payloads: Vec<_> = run.take().collect();
        assert_eq!(payloads.len(), 1);
        let lengths: Vec<_> = payloads[0].pieces().iter().map(Piece::len).collect();
        assert_eq!(lengths, [10, 3, 5]);
        assert_eq!(run.take().count(), 0);
    }
}
