use std::fmt;
use std::str::FromStr;

use crate::{Error, Result};

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

impl FromStr for FourCc {
    type Err = Error;

    /// As it prints: four characters, `©` for 0xA9, `\\xNN` for any byte.
    fn from_str(text: &str) -> Result<Self> {
        let not_one = || Error::misuse(format!("'{text}' is not a code of four characters"));
        let mut code = Vec::with_capacity(4);
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let hex = rest.strip_prefix("\\x").and_then(|after| after.get(..2));
            let hex = hex.and_then(|digits| u8::from_str_radix(digits, 16).ok());
            let (byte, length) = match (hex, first) {
                (Some(byte), _) => (byte, 4),
                (None, '©') => (0xA9, '©'.len_utf8()),
                (None, ' '..='~') => (first as u8, 1),
                _ => return Err(not_one()),
            };
            code.push(byte);
            rest = &rest[length..];
        }
        <[u8; 4]>::try_from(code).map(Self).map_err(|_| not_one())
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
        for code in [b"moov", b"\xA9nam", b"ms\0\x11", b"a\\xz", b"  -x"] {
            let code = FourCc::new(code);
            assert_eq!(code.to_string().parse::<FourCc>().unwrap(), code);
        }
        assert!(["", "abc", "abcde", "äöü€", "\\x0"].iter().all(|text| text.parse::<FourCc>().is_err()));
        assert_eq!(FourCc::from_u32(FourCc::new(b"trak").to_u32()), FourCc::new(b"trak"));
    }
}
