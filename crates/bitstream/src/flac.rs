//! FLAC (RFC 9639): STREAMINFO, frame headers, `dfLa`.

use reelwright_media::{Channel, ChannelLayout, CodecConfig, Error, FourCc, Result};

use crate::{BitReader, BitWriter};

/// The STREAMINFO block (8.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamInfo {
    /// PCM frames of the shortest and longest block but the last.
    pub block_size: (u16, u16),
    /// Bytes of the shortest and longest frame; 0 where unknown.
    pub frame_size: (u32, u32),
    /// Hz.
    pub sample_rate: u32,
    /// 1 to 8.
    pub channels: u8,
    /// Bits per sample, 4 to 32.
    pub bits: u8,
    /// PCM frames of the stream; 0 where unknown.
    pub samples: u64,
    /// MD5 of the PCM data; zeros where unknown.
    pub md5: [u8; 16],
}

impl StreamInfo {
    /// Bytes of the block without its header.
    pub const LENGTH: usize = 34;

    /// Parses the block without its header.
    ///
    /// # Errors
    ///
    /// Truncation, a rate of 0 Hz.
    pub fn parse(block: &[u8]) -> Result<Self> {
        let mut reader = BitReader::new(block);
        let block_size = (reader.short(16)?, reader.short(16)?);
        let frame_size = (reader.bits(24)?, reader.bits(24)?);
        let sample_rate = reader.bits(20)?;
        let (channels, bits) = (reader.small(3)? + 1, reader.small(5)? + 1);
        let samples = reader.bits64(36)?;
        let mut md5 = [0; 16];
        md5.copy_from_slice(reader.bytes(16)?);
        if sample_rate == 0 {
            return Err(Error::malformed("a FLAC STREAMINFO of 0 Hz"));
        }
        Ok(Self { block_size, frame_size, sample_rate, channels, bits, samples, md5 })
    }

    /// Finds the block in the body of `dfLa` (without version and flags), or in the codec private data of Matroska,
    /// which may begin with `fLaC`.
    ///
    /// # Errors
    ///
    /// Where it isn't the first block, or is malformed.
    pub fn find(blocks: &[u8]) -> Result<Self> {
        let blocks = blocks.strip_prefix(b"fLaC").unwrap_or(blocks);
        match blocks {
            [header, _, _, _, rest @ ..] if header & 0x7F == 0 => Self::parse(rest),
            _ => Err(Error::malformed("FLAC metadata that doesn't begin with STREAMINFO")),
        }
    }

    /// What a stream is of which one frame has this header, where that says it: of blocks as long as this one's, or of any
    /// length. Hz as STREAMINFO would state it, for headers that leave it there.
    pub fn of_frame(header: &FrameHeader, sample_rate: u32) -> Option<Self> {
        let block = u16::try_from(header.block_size).ok()?;
        let sample_rate = header.sample_rate.unwrap_or(sample_rate);
        Some(Self {
            block_size: if header.variable { (16, u16::MAX) } else { (block, block) },
            frame_size: (0, 0),
            sample_rate: Some(sample_rate).filter(|rate| (1..1 << 20).contains(rate))?,
            channels: header.channels,
            bits: header.bits?,
            samples: 0,
            md5: [0; 16],
        })
    }

    /// The block without its header.
    pub fn to_bytes(&self) -> [u8; Self::LENGTH] {
        let mut writer = BitWriter::new();
        writer.bits(self.block_size.0.into(), 16);
        writer.bits(self.block_size.1.into(), 16);
        writer.bits(self.frame_size.0.into(), 24);
        writer.bits(self.frame_size.1.into(), 24);
        writer.bits(self.sample_rate.into(), 20);
        writer.bits(u64::from(self.channels.saturating_sub(1)), 3);
        writer.bits(u64::from(self.bits.saturating_sub(1)), 5);
        writer.bits(self.samples, 36);
        writer.bytes(&self.md5);
        let mut out = [0; Self::LENGTH];
        let bytes = writer.finish();
        let count = bytes.len().min(Self::LENGTH);
        out[..count].copy_from_slice(&bytes[..count]);
        out
    }

    /// Which channel is which (9.1.3).
    pub fn layout(&self) -> Option<ChannelLayout> {
        use Channel::*;
        match self.channels {
            4 => Some(ChannelLayout::new([Left, Right, BackLeft, BackRight])),
            count => ChannelLayout::default_for(count.into()),
        }
    }
}

/// The `dfLa` body, without version and flags, that holds `block` (STREAMINFO without its header) alone.
pub fn dfla(block: &[u8; StreamInfo::LENGTH]) -> CodecConfig {
    let mut out = vec![0x80, 0, 0, StreamInfo::LENGTH as u8];
    out.extend(block);
    CodecConfig { kind: FourCc::new(b"dfLa"), bytes: out.into() }
}

/// The header of a frame (9.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameHeader {
    /// Whether blocks vary in length, and `number` counts PCM frames rather than frames.
    pub variable: bool,
    /// PCM frames of the block.
    pub block_size: u32,
    /// Hz; `None` where STREAMINFO says.
    pub sample_rate: Option<u32>,
    /// Channels.
    pub channels: u8,
    /// Bits per sample; `None` where STREAMINFO says.
    pub bits: Option<u8>,
    /// The frame's number, or its first PCM frame's.
    pub number: u64,
    /// Bytes of the header, its check included.
    pub length: usize,
}

impl FrameHeader {
    /// No header is longer.
    pub const LONGEST: usize = 16;

    /// Parses the header at the start of `bytes` and verifies its check.
    ///
    /// # Errors
    ///
    /// Where there is no sync code, a field has a reserved value, or the check fails.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let reserved = || Error::malformed("a FLAC frame header with a reserved value");
        let mut reader = BitReader::new(bytes);
        if reader.bits(15)? != 0x7FFC {
            return Err(Error::malformed("no FLAC sync code"));
        }
        let variable = reader.flag()?;
        let (size_code, rate_code) = (reader.small(4)?, reader.small(4)?);
        let channels = match reader.small(4)? {
            code @ 0..=7 => code + 1,
            8..=10 => 2,
            _ => return Err(reserved()),
        };
        let bits = match reader.small(3)? {
            0 => None,
            code @ (1 | 2 | 4..=7) => Some([0, 8, 12, 0, 16, 20, 24, 32][usize::from(code)]),
            _ => return Err(reserved()),
        };
        if reader.flag()? {
            return Err(reserved());
        }
        let number = coded_number(&mut reader)?;
        let block_size = match size_code {
            0 => return Err(reserved()),
            1 => 192,
            2..=5 => 144u32 << size_code,
            6 => reader.bits(8)? + 1,
            7 => reader.bits(16)? + 1,
            _ => 1u32 << size_code,
        };
        const RATES: [u32; 12] =
            [0, 88_200, 176_400, 192_000, 8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000];
        let sample_rate = match rate_code {
            0 => None,
            1..=11 => Some(RATES[usize::from(rate_code)]),
            12 => Some(reader.bits(8)? * 1000),
            13 => Some(reader.bits(16)?),
            14 => Some(reader.bits(16)? * 10),
            _ => return Err(reserved()),
        };
        let length = reader.position() / 8 + 1;
        let check = reader.small(8)?;
        if crc8(&bytes[..length - 1]) != check {
            return Err(Error::malformed("the check of a FLAC frame header fails"));
        }
        Ok(Self { variable, block_size, sample_rate, channels, bits, number, length })
    }

    /// The first PCM frame's number in the stream, where blocks have `block_size` PCM frames if they don't vary.
    pub fn first_sample(&self, block_size: u32) -> u64 {
        if self.variable { self.number } else { self.number.saturating_mul(block_size.into()) }
    }
}

/// A number coded like UTF-8, up to 36 bits.
fn coded_number(reader: &mut BitReader<'_>) -> Result<u64> {
    let first = reader.small(8)?;
    let extra = match first.leading_ones() {
        0 => return Ok(first.into()),
        ones @ 2..=7 => ones - 1,
        _ => return Err(Error::malformed("a FLAC frame number is badly coded")),
    };
    let mut value = u64::from(first) & ((1 << (6 - extra)) - 1);
    for _ in 0..extra {
        let byte = reader.small(8)?;
        if byte & 0xC0 != 0x80 {
            return Err(Error::malformed("a FLAC frame number is badly coded"));
        }
        value = value << 6 | u64::from(byte & 0x3F);
    }
    Ok(value)
}

/// The check of a frame header: polynomial x⁸ + x² + x + 1 (9.1.8).
fn crc8(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ byte, |crc, _| if crc & 0x80 != 0 { crc << 1 ^ 0x07 } else { crc << 1 })
    })
}

/// The check at the end of a frame: polynomial x¹⁶ + x¹⁵ + x² + 1 (9.3), carried on from `crc`, which is 0 at first.
pub fn crc16(crc: u16, bytes: &[u8]) -> u16 {
    bytes.iter().fold(crc, |crc, &byte| {
        let index = (crc >> 8) as u8 ^ byte;
        crc << 8 ^ CRC16[usize::from(index)]
    })
}

const CRC16: [u16; 256] = {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut crc = (index as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x8000 != 0 { crc << 1 ^ 0x8005 } else { crc << 1 };
            bit += 1;
        }
        table[index] = crc;
        index += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stream_info_is_read() {
        let mut block = [0; 34];
        block[..4].copy_from_slice(&[0x10, 0, 0x10, 0]);
        block[10..18].copy_from_slice(&[0x0B, 0xB8, 0x03, 0xF0, 0, 2, 0, 0]);
        let info = StreamInfo::find(&dfla(&block).bytes).unwrap();
        assert_eq!((info.sample_rate, info.channels, info.bits, info.samples), (48_000, 2, 32, 131_072));
        assert!(StreamInfo::find(&block).is_err());
        assert_eq!(info.to_bytes(), block);
    }

    #[test]
    fn frame_headers_are_read() {
        let mut header = vec![0xFF, 0xF8, 0xCA, 0x18, 0x05];
        header.push(crc8(&header));
        let frame = FrameHeader::parse(&header).unwrap();
        assert_eq!((frame.block_size, frame.sample_rate, frame.channels), (4096, Some(48_000), 2));
        assert_eq!((frame.bits, frame.number, frame.length), (Some(16), 5, 6));
        let info = StreamInfo::of_frame(&frame, 1).unwrap();
        assert_eq!((info.block_size, info.sample_rate), ((4096, 4096), 48_000));
        assert_eq!(StreamInfo::parse(&info.to_bytes()).unwrap(), info);
        let silent = FrameHeader { sample_rate: None, ..frame };
        // STREAMINFO has 20 bits for it.
        let rates = [0, 44_100, 1 << 20].map(|rate| StreamInfo::of_frame(&silent, rate));
        assert_eq!(rates.map(|info| info.map(|info| info.sample_rate)), [None, Some(44_100), None]);
        header[4] = 6;
        assert!(FrameHeader::parse(&header).is_err());
    }

    #[test]
    fn any_bytes_are_survived() {
        crate::noise::for_each(3000, |bytes| {
            let _ = StreamInfo::find(bytes);
            let mut frame = vec![0xFF, 0xF9];
            frame.extend(bytes);
            let _ = FrameHeader::parse(&frame);
        });
    }
}
