use reelwright_media::{Error, FourCc, Result};

/// The header of a box: its type and how long it is (ISO/IEC 14496-12, 4.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoxHeader {
    /// The box type.
    pub kind: FourCc,
    /// The extended type of a `uuid` box.
    pub uuid: Option<[u8; 16]>,
    /// Bytes of the header itself: 8, 16 with a 64-bit size, 16 more for `uuid`.
    pub header_len: u64,
    /// Bytes of the whole box, header included, as stated; may exceed what the file holds. For a box that states no
    /// length, everything that is available.
    pub size: u64,
    /// The box states size 0: it ends where its container ends.
    pub to_end: bool,
}

impl BoxHeader {
    /// The longest a header gets: 64-bit size and extended type.
    pub const MAX_LEN: usize = 32;

    /// Parses the header at the beginning of `bytes`, which holds [`Self::MAX_LEN`] bytes or all there are.
    /// `available` counts the bytes from the beginning of the box to the end of its container: the length of a box
    /// that states none. Whether the stated size fits is left to the caller.
    ///
    /// # Errors
    ///
    /// Truncated where `bytes` ends inside the header; malformed where the size is less than the header.
    pub fn parse(bytes: &[u8], available: u64) -> Result<Self> {
        let short =
            || Error::truncated(format!("a box header needs more than the {} bytes left", bytes.len()));
        let size = u64::from(u32::from_be_bytes(array(bytes, 0).ok_or_else(short)?));
        let kind = FourCc(array(bytes, 4).ok_or_else(short)?);
        let (mut header_len, size, to_end) = match size {
            0 => (8, available, true),
            1 => (16, u64::from_be_bytes(array(bytes, 8).ok_or_else(short)?), false),
            size => (8, size, false),
        };
        let uuid = if &kind.0 == b"uuid" {
            let at = if header_len == 8 { 8 } else { 16 };
            header_len += 16;
            Some(array(bytes, at).ok_or_else(short)?)
        } else {
            None
        };
        if size < header_len {
            let message =
                format!("box '{kind}' states {size} bytes, less than its own header of {header_len}");
            return Err(Error::malformed(message));
        }
        Ok(Self { kind, uuid, header_len, size, to_end })
    }

    /// Bytes of the body as stated.
    pub fn body_len(&self) -> u64 {
        self.size - self.header_len
    }

    /// The header of a box of type `kind` with a body of `body_len` bytes: 8 bytes, 16 where the whole exceeds 32
    /// bits.
    pub fn encode(kind: FourCc, body_len: u64) -> Vec<u8> {
        let short = body_len.checked_add(8).and_then(|size| u32::try_from(size).ok());
        match short {
            Some(size) => [size.to_be_bytes(), kind.0].concat(),
            None => Self::encode_large(kind, body_len).to_vec(),
        }
    }

    /// The 16-byte header with a 64-bit size of a box with a body of `body_len` bytes.
    pub fn encode_large(kind: FourCc, body_len: u64) -> [u8; 16] {
        let mut header = [0; 16];
        header[..4].copy_from_slice(&1u32.to_be_bytes());
        header[4..8].copy_from_slice(&kind.0);
        header[8..].copy_from_slice(&body_len.saturating_add(16).to_be_bytes());
        header
    }
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_of_all_forms() {
        let short = BoxHeader::parse(b"\0\0\0\x10free", 100).unwrap();
        assert_eq!((short.header_len, short.size, short.body_len()), (8, 16, 8));
        let long = BoxHeader::parse(b"\0\0\0\x01mdat\0\0\0\x01\0\0\0\0", 100).unwrap();
        assert_eq!((long.header_len, long.size), (16, 1 << 32));
        let open = BoxHeader::parse(b"\0\0\0\0mdat", 100).unwrap();
        assert_eq!((open.size, open.to_end), (100, true));
        let uuid = BoxHeader::parse(b"\0\0\0\x18uuid0123456789abcdef", 24).unwrap();
        assert_eq!((uuid.uuid, uuid.body_len()), (Some(*b"0123456789abcdef"), 0));
        assert!(BoxHeader::parse(b"\0\0\0\x07free", 100).is_err());
        assert!(BoxHeader::parse(b"\0\0\0\x01mdat\0\0", 100).is_err());
    }

    #[test]
    fn written_headers_are_read_back() {
        for body in [0, 1, u64::from(u32::MAX) - 8, u64::from(u32::MAX) - 7, 1 << 40] {
            let bytes = BoxHeader::encode(FourCc::new(b"mdat"), body);
            let header = BoxHeader::parse(&bytes, u64::MAX).unwrap();
            assert_eq!(header.body_len(), body);
            assert_eq!(header.header_len, bytes.len() as u64);
        }
    }
}
