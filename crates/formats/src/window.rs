use std::sync::Arc;

use reelwright_media::{Error, ReadAt, Result, Stage};

/// Reads a source through one buffer of bounded size: headers and boundaries are looked at, payloads passed over.
pub(crate) struct Window {
    source: Arc<dyn ReadAt>,
    buffer: Vec<u8>,
    start: u64,
    filled: usize,
    step: usize,
}

impl Window {
    /// No more than this is asked for at a time.
    pub(crate) const MOST: usize = 8 << 20;

    /// A window that reads at least `step` bytes at a time.
    pub(crate) fn new(source: Arc<dyn ReadAt>, step: usize) -> Self {
        Self { source, buffer: Vec::new(), start: 0, filled: 0, step }
    }

    /// What is read.
    pub(crate) fn source(&self) -> &Arc<dyn ReadAt> {
        &self.source
    }

    /// The length of the source.
    pub(crate) fn len(&self) -> u64 {
        self.source.len()
    }

    /// Up to `len` bytes from `offset`: fewer only at the end, and none beyond it.
    pub(crate) fn at(&mut self, offset: u64, len: usize) -> Result<&[u8]> {
        let len = len.min(Self::MOST);
        let inside = offset.checked_sub(self.start).and_then(|skip| usize::try_from(skip).ok());
        let inside = inside.filter(|skip| skip.checked_add(len).is_some_and(|end| end <= self.filled));
        let skip = match inside {
            Some(skip) => skip,
            None => {
                self.fill(offset, len)?;
                0
            }
        };
        let end = (skip + len).min(self.filled);
        Ok(&self.buffer[skip.min(end)..end])
    }

    /// Exactly `len` bytes from `offset`.
    ///
    /// # Errors
    ///
    /// [`reelwright_media::ErrorKind::Truncated`] where the source ends before.
    pub(crate) fn exact(&mut self, offset: u64, len: usize) -> Result<&[u8]> {
        let total = self.len();
        let bytes = self.at(offset, len)?;
        if bytes.len() < len {
            return Err(Error::truncated(format!(
                "{len} bytes are wanted where the input ends at byte {total}"
            ))
            .at_offset(offset)
            .at_stage(Stage::Open));
        }
        Ok(bytes)
    }

    /// `N` bytes from `offset`.
    pub(crate) fn array<const N: usize>(&mut self, offset: u64) -> Result<[u8; N]> {
        let mut out = [0; N];
        out.copy_from_slice(self.exact(offset, N)?);
        Ok(out)
    }

    fn fill(&mut self, offset: u64, len: usize) -> Result<()> {
        let left = usize::try_from(self.len().saturating_sub(offset)).unwrap_or(usize::MAX);
        let wanted = len.max(self.step).min(left);
        if self.buffer.len() < wanted {
            self.buffer.resize(wanted, 0);
        }
        (self.start, self.filled) = (offset, 0);
        while self.filled < wanted {
            let at = offset + self.filled as u64;
            match self.source.read_at(&mut self.buffer[self.filled..wanted], at) {
                Ok(0) => break,
                Ok(count) => self.filled += count,
                Err(cause) if cause.kind() == std::io::ErrorKind::Interrupted => {}
                Err(cause) => {
                    return Err(Error::io("can't read the input", cause).at_offset(at).at_stage(Stage::Open));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn windows_move_and_end() {
        let bytes: Bytes = (0..=255u8).collect::<Vec<_>>().into();
        let mut window = Window::new(Arc::new(bytes), 16);
        assert_eq!(window.exact(0, 4).unwrap(), [0, 1, 2, 3]);
        assert_eq!(window.exact(14, 4).unwrap(), [14, 15, 16, 17]);
        assert_eq!(window.at(254, 10).unwrap(), [254, 255]);
        assert!(window.at(u64::MAX, 10).unwrap().is_empty());
        assert_eq!(window.exact(250, 10).unwrap_err().place().offset, Some(250));
        assert_eq!(window.array::<2>(1).unwrap(), [1, 2]);
    }
}
