use std::fmt;

/// A four-character code: the name of a box, a brand, a codec or a handler (ISO/IEC 14496-12, 4.2).
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FourCc(pub [u8; 4]);

impl FourCc {
    /// The code spelled by four bytes, as in `FourCc::new(b"moov")`.
    pub const fn new(code: &[u8; 4]) -> Self {
        Self(*code)
    }

    /// The code as the big-endian integer that stands in a file.
    pub const fn to_u32(self) -> u32 {
        u32::from_be_bytes(self.0)
    }

    /// The code whose big-endian integer is `code`.
    pub const fn from_u32(code: u32) -> Self {
        Self(code.to_be_bytes())
    }
}

impl From<&[u8; 4]> for FourCc {
    fn from(code: &[u8; 4]) -> Self {
        Self(*code)
    }
}

impl fmt::Display for FourCc {
    /// Printable ASCII as it is, `©` for 0xA9, everything else as `\xNN`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for &byte in &self.0 {
            match byte {
                0xA9 => f.write_str("©")?,
                0x20..=0x7E => write!(f, "{}", char::from(byte))?,
                _ => write!(f, "\\x{byte:02x}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for FourCc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{self}'")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_what_a_person_can_read() {
        assert_eq!(FourCc::new(b"moov").to_string(), "moov");
        assert_eq!(FourCc::new(b"\xA9nam").to_string(), "©nam");
        assert_eq!(FourCc::new(b"ms\0\x11").to_string(), "ms\\x00\\x11");
        assert_eq!(FourCc::from_u32(FourCc::new(b"trak").to_u32()), FourCc::new(b"trak"));
    }
}
