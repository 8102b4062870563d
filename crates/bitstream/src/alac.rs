//! Apple Lossless: the magic cookie (ALACSpecificConfig), and how long a packet is.

use reelwright_media::{Error, Result};

use crate::BitReader;

/// How an Apple Lossless stream is coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlacConfig {
    /// PCM frames per packet, the last but shorter.
    pub frame_length: u32,
    /// Bits per sample: 16, 20, 24 or 32.
    pub bits: u8,
    /// Rice parameters: history multiplier, initial history, limit.
    pub rice: (u8, u8, u8),
    /// Channels.
    pub channels: u8,
    /// Longest packet in bytes; 0 where unknown.
    pub longest_packet: u32,
    /// Bits per second; 0 where unknown.
    pub bit_rate: u32,
    /// Hz.
    pub sample_rate: u32,
}

impl AlacConfig {
    /// Bytes of the configuration proper.
    pub const LENGTH: usize = 24;

    /// Parses a cookie in any of the wrappings in use: the 24 bytes alone, with the version and flags of the `alac` box,
    /// or within the `frma` and `alac` boxes of old QuickTime and CAF files.
    ///
    /// # Errors
    ///
    /// Truncation, a rate of 0 Hz.
    pub fn parse(cookie: &[u8]) -> Result<Self> {
        let mut reader = BitReader::new(Self::strip(cookie));
        let frame_length = reader.bits(32)?;
        reader.skip(8)?; // compatibleVersion
        let bits = reader.small(8)?;
        let rice = (reader.small(8)?, reader.small(8)?, reader.small(8)?);
        let channels = reader.small(8)?;
        reader.skip(16)?; // maxRun
        let (longest_packet, bit_rate, sample_rate) = (reader.bits(32)?, reader.bits(32)?, reader.bits(32)?);
        if sample_rate == 0 || frame_length == 0 || channels == 0 {
            return Err(Error::malformed("an Apple Lossless cookie without rate, frame length or channels"));
        }
        Ok(Self { frame_length, bits, rice, channels, longest_packet, bit_rate, sample_rate })
    }

    /// The configuration proper and what follows it (a channel layout), without wrappings.
    pub fn strip(cookie: &[u8]) -> &[u8] {
        let mut rest = cookie;
        if rest.get(4..8) == Some(b"frma") {
            rest = rest.get(12..).unwrap_or_default();
        }
        if rest.get(4..8) == Some(b"alac") {
            rest = rest.get(12..).unwrap_or_default();
        }
        // Version and flags: a frame length is never zero.
        if rest.len() >= Self::LENGTH + 4 && rest.starts_with(&[0; 4]) {
            rest = &rest[4..];
        }
        rest
    }

    /// The 24 bytes of the configuration.
    pub fn to_bytes(&self) -> [u8; Self::LENGTH] {
        let mut out = [0; Self::LENGTH];
        out[..4].copy_from_slice(&self.frame_length.to_be_bytes());
        out[5..10].copy_from_slice(&[self.bits, self.rice.0, self.rice.1, self.rice.2, self.channels]);
        out[10..12].copy_from_slice(&255u16.to_be_bytes());
        out[12..16].copy_from_slice(&self.longest_packet.to_be_bytes());
        out[16..20].copy_from_slice(&self.bit_rate.to_be_bytes());
        out[20..].copy_from_slice(&self.sample_rate.to_be_bytes());
        out
    }
}

/// PCM frames of a packet that isn't whole, as the last of a stream; `None` where it is as long as all. `packet` may be its
/// first eight bytes alone.
pub fn partial_frames(packet: &[u8]) -> Option<u32> {
    let mut reader = BitReader::new(packet);
    // The element of one channel, of two, or of low frequencies.
    let kind = reader.bits(3).ok()?;
    reader.skip(4 + 12).ok()?; // the element's number; unused
    let states = reader.flag().ok()?;
    reader.skip(2 + 1).ok()?; // bytes shifted off; whether it isn't compressed
    if states && matches!(kind, 0 | 1 | 3) { reader.bits(32).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_may_state_its_length() {
        // One channel; 2032 frames.
        let packet = [0x00, 0x00, 0x10, 0x00, 0x00, 0x0F, 0xE0];
        assert_eq!(partial_frames(&packet), Some(2032));
        assert_eq!(partial_frames(&[0x20, 0x00, 0x02, 0x00, 0x00, 0x0F, 0xE0]), None);
        for cut in 0..packet.len() {
            assert_eq!(partial_frames(&packet[..cut]), None);
        }
    }

    #[test]
    fn every_wrapping_is_read() {
        let config = AlacConfig {
            frame_length: 4096,
            bits: 16,
            rice: (40, 10, 14),
            channels: 2,
            longest_packet: 9000,
            bit_rate: 700_000,
            sample_rate: 44_100,
        };
        let bare = config.to_bytes();
        assert_eq!(AlacConfig::parse(&bare).unwrap(), config);
        let mut full = vec![0; 4];
        full.extend(bare);
        assert_eq!(AlacConfig::parse(&full).unwrap(), config);
        let mut boxes = b"\0\0\0\x0Cfrmaalac\0\0\0\x24alac\0\0\0\0".to_vec();
        boxes.extend(bare);
        assert_eq!(AlacConfig::parse(&boxes).unwrap(), config);
        crate::noise::for_each_damage(&boxes, 1000, |bytes| drop(AlacConfig::parse(bytes)));
    }
}
