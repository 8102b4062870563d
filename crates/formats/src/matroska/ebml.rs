use reelwright_media::{Error, Result};

use crate::window::Window;

/// An element's header in a file (RFC 8794, 4).
#[derive(Clone, Copy, Debug)]
pub(super) struct Element {
    /// The ID with its length marker.
    pub(super) id: u32,
    /// Where its data begins.
    pub(super) body: u64,
    /// The length of its data; `None` where the writer didn't know.
    pub(super) size: Option<u64>,
}

impl Element {
    /// The header at `at`; `None` at the end of the file and where none begins.
    pub(super) fn at(window: &mut Window, at: u64) -> Result<Option<Self>> {
        let bytes = window.at(at, 12)?;
        Ok(header(bytes).map(|(id, size, length)| Self { id, body: at + length as u64, size }))
    }

    /// Where the element after it begins, at most `end`.
    pub(super) fn end(&self, end: u64) -> u64 {
        self.size.and_then(|size| self.body.checked_add(size)).map_or(end, |next| next.min(end))
    }

    /// Its data, which must be short enough to be kept.
    pub(super) fn load(&self, window: &mut Window) -> Result<Vec<u8>> {
        let size = self.size.and_then(|size| usize::try_from(size).ok()).filter(|&size| size <= Window::MOST);
        let size = size.ok_or_else(|| {
            Error::new(
                reelwright_media::ErrorKind::Limit,
                format!("an element of more than {} bytes", Window::MOST),
            )
            .at_offset(self.body)
        })?;
        Ok(window.exact(self.body, size)?.to_vec())
    }
}

/// ID, size and length of a header.
fn header(bytes: &[u8]) -> Option<(u32, Option<u64>, usize)> {
    let id_length = bytes.first()?.leading_zeros() as usize + 1;
    if id_length > 4 {
        return None;
    }
    let id = bytes.get(..id_length)?.iter().fold(0u32, |id, &byte| id << 8 | u32::from(byte));
    let (size, size_length) = vint(bytes.get(id_length..)?)?;
    Some((id, size, id_length + size_length))
}

/// A number of variable length and its length; `None` inside where all its bits are set, which means unknown.
pub(super) fn vint(bytes: &[u8]) -> Option<(Option<u64>, usize)> {
    let length = bytes.first()?.leading_zeros() as usize + 1;
    if length > 8 {
        return None;
    }
    let marked = bytes.get(..length)?.iter().fold(0u64, |value, &byte| value << 8 | u64::from(byte));
    let mask = (1u64 << (7 * length)) - 1;
    let value = marked & mask;
    Some(((value != mask).then_some(value), length))
}

/// The elements in a piece of memory. Stops at the first that is cut short.
pub(super) fn elements(bytes: &[u8]) -> impl Iterator<Item = (u32, &[u8])> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (id, size, length) = header(rest)?;
        let size = usize::try_from(size?).ok()?;
        let (data, tail) = rest.get(length..)?.split_at_checked(size)?;
        rest = tail;
        Some((id, data))
    })
}

/// An unsigned integer of up to 8 bytes.
pub(super) fn unsigned(data: &[u8]) -> u64 {
    data.iter().take(8).fold(0, |value, &byte| value << 8 | u64::from(byte))
}

/// A signed integer of up to 8 bytes.
pub(super) fn signed(data: &[u8]) -> i64 {
    let length = data.len().min(8) as u32;
    let shift = 64 - length * 8;
    if length == 0 { 0 } else { (unsigned(data) << shift).cast_signed() >> shift }
}

/// A float of 4 or 8 bytes; 0 otherwise.
pub(super) fn float(data: &[u8]) -> f64 {
    match data.len() {
        4 => f64::from(f32::from_bits(unsigned(data) as u32)),
        8 => f64::from_bits(unsigned(data)),
        _ => 0.0,
    }
}

/// A text, up to the first zero.
pub(super) fn text(data: &[u8]) -> String {
    let end = data.iter().position(|&byte| byte == 0).unwrap_or(data.len());
    String::from_utf8_lossy(&data[..end]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read() {
        assert_eq!(vint(&[0x81]), Some((Some(1), 1)));
        assert_eq!(vint(&[0x40, 0x02]), Some((Some(2), 2)));
        assert_eq!(vint(&[0xFF]), Some((None, 1)));
        assert_eq!(vint(&[0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]), Some((None, 8)));
        assert_eq!((vint(&[0]), vint(&[0x40])), (None, None));
        assert_eq!((signed(&[0xFF]), signed(&[0x7F, 0xFF]), signed(&[])), (-1, 0x7FFF, 0));
        assert_eq!(float(&[0x46, 0xAC, 0x44, 0]), 22_050.0);
        let all: Vec<_> = elements(&[0xAE, 0x81, 7, 0x53, 0x6E, 0x82, b'a', b'b', 0xAE, 0x85]).collect();
        assert_eq!(all, [(0xAE, &[7][..]), (0x536E, b"ab")]);
    }
}
