//! MPEG-1 and MPEG-2 audio (ISO/IEC 11172-3, 13818-3): frame headers, and the Xing, LAME and VBRI notes that encoders
//! leave in the first frame.

use reelwright_media::{AudioCodec, Error, Result};

use crate::BitReader;

/// The 4-byte header of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MpegAudioHeader {
    /// 1 for MPEG-1; 2 for MPEG-2; 3 stands for "MPEG-2.5".
    pub version: u8,
    /// 1, 2 or 3.
    pub layer: u8,
    /// Whether a 16-bit check follows the header.
    pub protected: bool,
    /// Bits per second.
    pub bit_rate: u32,
    /// Hz.
    pub sample_rate: u32,
    /// 1 or 2.
    pub channels: u16,
    /// Bytes of the frame, header included.
    pub frame_length: u32,
    /// PCM frames in the frame: 384, 576 or 1152.
    pub samples: u32,
}

impl MpegAudioHeader {
    /// Bytes of a header.
    pub const LENGTH: usize = 4;

    /// Parses the header at the start of `bytes`.
    ///
    /// # Errors
    ///
    /// Where there is no sync word, a field has a reserved value, or the bit rate is "free".
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let mut reader = BitReader::new(bytes);
        if reader.bits(11)? != 0x7FF {
            return Err(Error::malformed("no MPEG audio sync word"));
        }
        let version = match reader.bits(2)? {
            0 => 3,
            2 => 2,
            3 => 1,
            _ => return Err(Error::malformed("an MPEG audio header of a reserved version")),
        };
        let layer = match reader.small(2)? {
            0 => return Err(Error::malformed("an MPEG audio header of a reserved layer")),
            code => 4 - code,
        };
        let protected = !reader.flag()?;
        let (rate_index, frequency) = (reader.bits(4)?, reader.bits(2)?);
        let padding = u32::from(reader.flag()?);
        reader.flag()?;
        let channels = if reader.bits(2)? == 3 { 1 } else { 2 };
        let bit_rate = bit_rate(version, layer, rate_index)?;
        let sample_rate = match frequency {
            0 => 44_100,
            1 => 48_000,
            2 => 32_000,
            _ => return Err(Error::malformed("an MPEG audio header of a reserved sampling frequency")),
        } >> (version - 1);
        let samples = match (layer, version) {
            (1, _) => 384,
            (3, 2 | 3) => 576,
            _ => 1152,
        };
        let frame_length = match layer {
            1 => (12 * bit_rate / sample_rate + padding) * 4,
            _ => samples / 8 * bit_rate / sample_rate + padding,
        };
        Ok(Self { version, layer, protected, bit_rate, sample_rate, channels, frame_length, samples })
    }

    /// Whether two headers describe the same stream; bit rates may differ, and so may the stereo mode.
    pub const fn same_stream(&self, other: &Self) -> bool {
        self.version == other.version && self.layer == other.layer && self.sample_rate == other.sample_rate
    }

    /// The codec.
    pub const fn codec(&self) -> AudioCodec {
        match self.layer {
            3 => AudioCodec::Mp3,
            _ => AudioCodec::Mp2,
        }
    }
}

fn bit_rate(version: u8, layer: u8, index: u32) -> Result<u32> {
    const MPEG1: [[u32; 14]; 3] = [
        [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
        [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
        [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
    ];
    const MPEG2: [[u32; 14]; 2] = [
        [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
        [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    ];
    let table = match (version, layer) {
        (1, layer) => &MPEG1[usize::from(layer.clamp(1, 3)) - 1],
        (_, 1) => &MPEG2[0],
        _ => &MPEG2[1],
    };
    let known = index.checked_sub(1).and_then(|index| table.get(index as usize));
    match known {
        Some(kilobits) => Ok(kilobits * 1000),
        None if index == 0 => Err(Error::unsupported("MPEG audio of a free bit rate")),
        None => Err(Error::malformed("an MPEG audio header of a forbidden bit rate")),
    }
}

/// What an encoder noted in a first frame that holds no sound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EncoderNote {
    /// Frames of the stream, this one not counted.
    pub frames: Option<u32>,
    /// Bytes of the stream, this frame counted.
    pub bytes: Option<u32>,
    /// PCM frames the encoder put in front of the programme, and after it.
    pub delay_and_padding: Option<(u32, u32)>,
}

impl EncoderNote {
    /// What a decoder of layer III adds in front of all, in PCM frames.
    pub const DECODER_DELAY: u32 = 529;

    /// Reads the Xing, Info or VBRI note of a whole frame; `None` where there is none.
    pub fn find(frame: &[u8]) -> Option<Self> {
        let header = MpegAudioHeader::parse(frame).ok()?;
        if header.layer != 3 {
            return None;
        }
        let side = match (header.version, header.channels) {
            (1, 1) => 17,
            (1, _) => 32,
            (_, 1) => 9,
            _ => 17,
        };
        // Encoders leave room for the check or don't, whatever the header says.
        let at = |offset: usize| frame.get(MpegAudioHeader::LENGTH + offset..);
        let xing = |bytes: &&[u8]| bytes.starts_with(b"Xing") || bytes.starts_with(b"Info");
        let note = [side, side + 2].into_iter().filter_map(at).find(xing);
        if let Some(note) = note {
            return Self::read_xing(note).ok();
        }
        let vbri = at(32).filter(|bytes| bytes.starts_with(b"VBRI"))?;
        let mut reader = BitReader::new(vbri);
        reader.skip(10 * 8).ok()?;
        let (bytes, frames) = (reader.bits(32).ok()?, reader.bits(32).ok()?);
        Some(Self { frames: Some(frames), bytes: Some(bytes), delay_and_padding: None })
    }

    fn read_xing(note: &[u8]) -> Result<Self> {
        let mut reader = BitReader::new(note);
        reader.skip(32)?;
        let flags = reader.bits(32)?;
        let mut out = Self::default();
        if flags & 1 != 0 {
            out.frames = Some(reader.bits(32)?);
        }
        if flags & 2 != 0 {
            out.bytes = Some(reader.bits(32)?);
        }
        if flags & 4 != 0 {
            reader.skip(100 * 8)?;
        }
        if flags & 8 != 0 {
            reader.skip(32)?;
        }
        out.delay_and_padding = read_lame(&mut reader).unwrap_or_default();
        Ok(out)
    }
}

/// The LAME extension: encoder name, then among others delay and padding of 12 bits each.
fn read_lame(reader: &mut BitReader<'_>) -> Result<Option<(u32, u32)>> {
    let name = reader.bytes(9)?;
    let written = name.starts_with(b"LAME") || name.starts_with(b"Lavf") || name.starts_with(b"Lavc");
    if !written {
        return Ok(None);
    }
    reader.skip((1 + 1 + 8 + 1 + 1) * 8)?;
    Ok(Some((reader.bits(12)?, reader.bits(12)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read() {
        let header = MpegAudioHeader::parse(&[0xFF, 0xFB, 0x90, 0x64]).unwrap();
        assert_eq!((header.version, header.layer, header.bit_rate), (1, 3, 128_000));
        assert_eq!((header.sample_rate, header.frame_length, header.samples), (44_100, 417, 1152));
        let half = MpegAudioHeader::parse(&[0xFF, 0xF3, 0x84, 0xC4]).unwrap();
        assert_eq!((half.version, half.sample_rate, half.samples, half.channels), (2, 24_000, 576, 1));
        assert!(MpegAudioHeader::parse(&[0xFF, 0xFB, 0xF0, 0x64]).is_err());
    }

    #[test]
    fn notes_are_read() {
        let mut frame = vec![0xFF, 0xFB, 0x90, 0x64];
        frame.resize(36, 0);
        frame.extend(b"Info\0\0\0\x03\0\0\0\x64\0\0\x40\0LAME3.100");
        frame.resize(frame.len() + 12, 0);
        frame.extend([0x24, 0x03, 0x21]);
        let note = EncoderNote::find(&frame).unwrap();
        assert_eq!(
            (note.frames, note.bytes, note.delay_and_padding),
            (Some(100), Some(0x4000), Some((576, 801)))
        );
    }

    #[test]
    fn any_bytes_are_survived() {
        crate::noise::for_each(5000, |bytes| {
            let _ = EncoderNote::find(bytes);
            let mut frame = vec![0xFF, 0xFB];
            frame.extend(bytes);
            let _ = EncoderNote::find(&frame);
        });
    }
}
