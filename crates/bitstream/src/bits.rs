use reelwright_media::{Error, Result};

/// Reads bits from the most significant end of each byte on, and fails instead of reading past the end.
#[derive(Clone, Debug)]
pub struct BitReader<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> BitReader<'a> {
    /// A reader at the first bit of `bytes`.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, position: 0 }
    }

    /// Bits read so far.
    pub const fn position(&self) -> usize {
        self.position
    }

    /// Bits left.
    pub const fn remaining(&self) -> usize {
        (self.bytes.len() * 8).saturating_sub(self.position)
    }

    /// One bit.
    pub fn flag(&mut self) -> Result<bool> {
        let byte = self.bytes.get(self.position / 8).ok_or_else(|| self.ended(1))?;
        let bit = byte >> (7 - self.position % 8) & 1;
        self.position += 1;
        Ok(bit == 1)
    }

    /// `count` bits, at most 32, as an unsigned number.
    pub fn bits(&mut self, count: u32) -> Result<u32> {
        let value = self.bits64(count.min(32))?;
        Ok((value & u64::from(u32::MAX)) as u32)
    }

    /// `count` bits, at most 8, as a byte.
    pub fn small(&mut self, count: u32) -> Result<u8> {
        let value = self.bits64(count.min(8))?;
        Ok((value & 0xFF) as u8)
    }

    /// `count` bits, at most 16, as a 16-bit number.
    pub fn short(&mut self, count: u32) -> Result<u16> {
        let value = self.bits64(count.min(16))?;
        Ok((value & 0xFFFF) as u16)
    }

    /// `count` bits, at most 64, as an unsigned number.
    pub fn bits64(&mut self, count: u32) -> Result<u64> {
        let count = count.min(64) as usize;
        if self.remaining() < count {
            return Err(self.ended(count));
        }
        let mut value = 0u64;
        let mut left = count;
        while left > 0 {
            let (byte, used) = (self.bytes[self.position / 8], self.position % 8);
            let take = left.min(8 - used);
            let chunk = (u64::from(byte) >> (8 - used - take)) & ((1 << take) - 1);
            value = value << take | chunk;
            self.position += take;
            left -= take;
        }
        Ok(value)
    }

    /// Passes over `count` bits.
    pub fn skip(&mut self, count: usize) -> Result<()> {
        if self.remaining() < count {
            return Err(self.ended(count));
        }
        self.position += count;
        Ok(())
    }

    /// An unsigned Exp-Golomb code, `ue(v)` (ITU-T H.264, 9.1).
    pub fn ue(&mut self) -> Result<u32> {
        let mut zeros = 0;
        while !self.flag()? {
            zeros += 1;
            if zeros > 32 {
                return Err(Error::malformed("an Exp-Golomb code has more than 32 leading zeros"));
            }
        }
        let value = (1u64 << zeros) - 1 + self.bits64(zeros)?;
        u32::try_from(value).map_err(|_| Error::malformed("an Exp-Golomb code exceeds 32 bits"))
    }

    /// A signed Exp-Golomb code, `se(v)` (ITU-T H.264, 9.1.1).
    pub fn se(&mut self) -> Result<i32> {
        let code = i64::from(self.ue()?);
        let value = if code % 2 == 0 { -(code / 2) } else { (code + 1) / 2 };
        i32::try_from(value).map_err(|_| Error::malformed("a signed Exp-Golomb code exceeds 32 bits"))
    }

    /// Moves to the next whole byte.
    pub const fn align(&mut self) {
        self.position = self.position.div_ceil(8) * 8;
    }

    /// Whether the next bit begins a byte.
    pub const fn is_aligned(&self) -> bool {
        self.position.is_multiple_of(8)
    }

    /// The next `count` whole bytes, after moving to a byte boundary.
    pub fn bytes(&mut self, count: usize) -> Result<&'a [u8]> {
        self.align();
        let start = self.position / 8;
        let bytes = start
            .checked_add(count)
            .and_then(|end| self.bytes.get(start..end))
            .ok_or_else(|| self.ended(count.saturating_mul(8)))?;
        self.position += count * 8;
        Ok(bytes)
    }

    /// All whole bytes that are left, after moving to a byte boundary.
    pub fn rest(&mut self) -> &'a [u8] {
        self.align();
        let rest = self.bytes.get(self.position / 8..).unwrap_or_default();
        self.position = self.bytes.len() * 8;
        rest
    }

    /// Whether syntax elements are left before the `rbsp_trailing_bits` (ITU-T H.264, 7.2).
    pub fn more_rbsp_data(&self) -> bool {
        let last = self.bytes.iter().rposition(|&byte| byte != 0);
        last.is_some_and(|last| {
            let stop = last * 8 + 7 - self.bytes[last].trailing_zeros() as usize;
            self.position < stop
        })
    }

    fn ended(&self, wanted: usize) -> Error {
        let left = self.remaining();
        Error::truncated(format!("{wanted} bits are wanted where {left} are left"))
            .at_offset((self.position / 8) as u64)
    }
}

/// Writes bits from the most significant end of each byte on.
#[derive(Clone, Debug, Default)]
pub struct BitWriter {
    bytes: Vec<u8>,
    used: u32,
}

impl BitWriter {
    /// An empty writer.
    pub const fn new() -> Self {
        Self { bytes: Vec::new(), used: 0 }
    }

    /// One bit.
    pub fn flag(&mut self, bit: bool) {
        if self.used == 0 {
            self.bytes.push(0);
        }
        if let (true, Some(last)) = (bit, self.bytes.last_mut()) {
            *last |= 0x80 >> self.used;
        }
        self.used = (self.used + 1) % 8;
    }

    /// The lowest `count` bits of `value`, at most 64.
    pub fn bits(&mut self, value: u64, count: u32) {
        let mut left = count.min(64);
        while left > 0 {
            if self.used == 0 {
                self.bytes.push(0);
            }
            let room = 8 - self.used;
            let taken = room.min(left);
            left -= taken;
            if let Some(last) = self.bytes.last_mut() {
                // In range: at most 8 bits are left by the mask.
                *last |= ((value >> left & ((1 << taken) - 1)) << (room - taken)) as u8;
            }
            self.used = (self.used + taken) % 8;
        }
    }

    /// An unsigned Exp-Golomb code.
    pub fn ue(&mut self, value: u32) {
        let code = u64::from(value) + 1;
        let length = 64 - code.leading_zeros();
        self.bits(0, length - 1);
        self.bits(code, length);
    }

    /// A signed Exp-Golomb code.
    pub fn se(&mut self, value: i32) {
        let magnitude = value.unsigned_abs();
        self.ue(if value > 0 { (magnitude - 1) * 2 + 1 } else { magnitude.saturating_mul(2) });
    }

    /// Whole bytes, after filling up the current one with zeros.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.align();
        self.bytes.extend_from_slice(bytes);
    }

    /// Fills up the current byte with zeros.
    pub const fn align(&mut self) {
        self.used = 0;
    }

    /// Copies the bits of `source` from bit `start` up to, not including, bit `end`.
    pub fn copy(&mut self, source: &[u8], start: usize, end: usize) -> Result<()> {
        let mut reader = BitReader::new(source);
        reader.skip(start)?;
        for _ in start..end {
            self.flag(reader.flag()?);
        }
        Ok(())
    }

    /// The `rbsp_trailing_bits`: a one and zeros up to the byte's end.
    pub fn trailing_bits(&mut self) {
        self.flag(true);
        self.align();
    }

    /// The bytes written, the last one filled up with zeros.
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let mut writer = BitWriter::new();
        writer.bits(5, 3);
        for value in [0, 1, 2, 77, u32::MAX - 1, u32::MAX] {
            writer.ue(value);
        }
        for value in [0, 1, -1, 2, -2, 1_000_000, -1_000_000, i32::MAX] {
            writer.se(value);
        }
        writer.bits(u64::MAX, 64);
        writer.trailing_bits();
        let bytes = writer.finish();
        let mut reader = BitReader::new(&bytes);
        assert_eq!(reader.bits(3).unwrap(), 5);
        for value in [0, 1, 2, 77, u32::MAX - 1, u32::MAX] {
            assert_eq!(reader.ue().unwrap(), value);
        }
        for value in [0, 1, -1, 2, -2, 1_000_000, -1_000_000, i32::MAX] {
            assert_eq!(reader.se().unwrap(), value);
        }
        assert!(reader.more_rbsp_data());
        assert_eq!(reader.bits64(64).unwrap(), u64::MAX);
        assert!(!reader.more_rbsp_data());
    }

    #[test]
    fn the_end_is_an_error() {
        let mut reader = BitReader::new(&[0xFF]);
        assert!(reader.bits(9).is_err());
        assert_eq!(reader.bits(8).unwrap(), 0xFF);
        assert!(reader.flag().is_err() && reader.skip(1).is_err() && reader.bytes(1).is_err());
        assert!(BitReader::new(&[0; 16]).ue().is_err());
    }
}
