//! VP8 and VP9: frame headers, `vpcC` (VP codec ISO media file format binding).

use reelwright_media::{
    CodecConfig, Color, ColorMatrix, ColorPrimaries, ColorRange, Error, FourCc, Result, Size,
    TransferFunction,
};

use crate::BitReader;

/// The beginning of a VP9 frame's uncompressed header (bitstream specification, 6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameHeader {
    /// 0 to 3.
    pub profile: u8,
    /// The frame shows an earlier one again and has no data.
    pub show_existing: bool,
    /// Decoding can start here.
    pub key: bool,
    /// The frame is shown.
    pub shown: bool,
    /// What a key frame says of the stream.
    pub stream: Option<StreamFacts>,
}

/// What a key frame says of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamFacts {
    /// The picture.
    pub size: Size,
    /// Bits per sample: 8, 10 or 12.
    pub bit_depth: u8,
    /// Whether chroma is halved across, and down.
    pub subsampling: (bool, bool),
    /// Colour, as far as the codec states it.
    pub color: Color,
}

impl FrameHeader {
    /// Parses the first frame of a sample.
    ///
    /// # Errors
    ///
    /// Where it isn't VP9, or is cut short.
    pub fn parse(sample: &[u8]) -> Result<Self> {
        let mut reader = BitReader::new(sample);
        if reader.bits(2)? != 2 {
            return Err(Error::malformed("no VP9 frame marker"));
        }
        let (low, high) = (reader.small(1)?, reader.small(1)?);
        let profile = high << 1 | low;
        if profile == 3 {
            reader.flag()?;
        }
        if reader.flag()? {
            return Ok(Self { profile, show_existing: true, key: false, shown: true, stream: None });
        }
        let key = !reader.flag()?;
        let shown = reader.flag()?;
        reader.flag()?; // error_resilient_mode
        let stream = if key { Some(read_key(&mut reader, profile)?) } else { None };
        Ok(Self { profile, show_existing: false, key, shown, stream })
    }
}

/// The frames of a sample: of a superframe (bitstream specification, annex B) each, else the one there is.
///
/// Sizes that leave the sample end the list; a sample whose index holds nothing of use is one frame.
pub fn frames(sample: &[u8]) -> impl Iterator<Item = &[u8]> {
    let sizes = index(sample).unwrap_or_default();
    let mut at = 0;
    let split = sizes.into_iter().map_while(move |size| {
        let frame = sample.get(at..)?.get(..size)?;
        at += size;
        Some(frame)
    });
    let mut split = split.peekable();
    let whole = split.peek().is_none().then_some(sample);
    split.chain(whole)
}

/// The sizes of a superframe's frames; `None` where the sample has no index.
fn index(sample: &[u8]) -> Option<Vec<usize>> {
    let &marker = sample.last().filter(|&&marker| marker & 0xE0 == 0xC0)?;
    let (count, width) = (usize::from(marker & 7) + 1, usize::from(marker >> 3 & 3) + 1);
    let index = sample.get(sample.len().checked_sub(2 + count * width)?..)?;
    let sizes = index.get(1..1 + count * width).filter(|_| index[0] == marker)?;
    let size = |bytes: &[u8]| bytes.iter().rev().fold(0, |size, &byte| size << 8 | usize::from(byte));
    Some(sizes.chunks_exact(width).map(size).collect())
}

fn read_key(reader: &mut BitReader<'_>, profile: u8) -> Result<StreamFacts> {
    if reader.bits(24)? != 0x49_83_42 {
        return Err(Error::malformed("no VP9 sync code"));
    }
    let bit_depth = match (profile, profile >= 2 && reader.flag()?) {
        (0 | 1, _) => 8,
        (_, false) => 10,
        (_, true) => 12,
    };
    let space = reader.small(3)?;
    let mut color = color(space);
    let mut subsampling = (true, true);
    if space == 7 {
        color.range = Some(ColorRange::Full);
        subsampling = (false, false);
        if profile & 1 == 1 {
            reader.flag()?;
        }
    } else {
        color.range = Some(if reader.flag()? { ColorRange::Full } else { ColorRange::Video });
        if profile & 1 == 1 {
            subsampling = (reader.flag()?, reader.flag()?);
            reader.flag()?;
        }
    }
    let size = Size::new(reader.bits(16)? + 1, reader.bits(16)? + 1);
    Ok(StreamFacts { size, bit_depth, subsampling, color })
}

/// `color_space` (7.2.2) in the codes of CICP.
fn color(space: u8) -> Color {
    let (primaries, transfer, matrix) = match space {
        1 => (5, 6, 5),
        2 => (1, 1, 1),
        3 => (6, 6, 6),
        4 => (7, 7, 7),
        5 => (9, 2, 9),
        7 => (1, 13, 0),
        _ => (2, 2, 2),
    };
    Color {
        primaries: ColorPrimaries(primaries),
        transfer: TransferFunction(transfer),
        matrix: ColorMatrix(matrix),
        ..Color::UNSPECIFIED
    }
}

/// The decoder configuration of VP8 and VP9: `vpcC`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VpConfig {
    /// 0 to 3.
    pub profile: u8,
    /// Ten times the level; 0 where unknown.
    pub level: u8,
    /// Bits per sample.
    pub bit_depth: u8,
    /// `chromaSubsampling`: 0 4:2:0 left, 1 4:2:0 top left, 2 4:2:2, 3 4:4:4.
    pub subsampling: u8,
    /// Colour and range.
    pub color: Color,
}

impl VpConfig {
    /// Parses the body of `vpcC`, without version and flags.
    ///
    /// # Errors
    ///
    /// Truncation.
    pub fn parse(body: &[u8]) -> Result<Self> {
        let mut reader = BitReader::new(body);
        let (profile, level) = (reader.small(8)?, reader.small(8)?);
        let (bit_depth, subsampling) = (reader.small(4)?, reader.small(3)?);
        let range = Some(if reader.flag()? { ColorRange::Full } else { ColorRange::Video });
        let color = Color {
            primaries: ColorPrimaries(reader.small(8)?),
            transfer: TransferFunction(reader.small(8)?),
            matrix: ColorMatrix(reader.small(8)?),
            range,
            siting: None,
        };
        Ok(Self { profile, level, bit_depth, subsampling, color })
    }

    /// The configuration of a VP9 stream from its first key frame. `color`, where it states something, overrides what
    /// the stream says.
    pub fn from_key_frame(header: &FrameHeader, facts: &StreamFacts, color: Color) -> Self {
        let stated =
            color.primaries != ColorPrimaries::UNSPECIFIED || color.transfer != TransferFunction::UNSPECIFIED;
        Self {
            profile: header.profile,
            level: level_for(facts.size),
            bit_depth: facts.bit_depth,
            subsampling: match facts.subsampling {
                (true, true) => 1,
                (true, false) => 2,
                _ => 3,
            },
            color: if stated {
                Color { range: color.range.or(facts.color.range), ..color }
            } else {
                facts.color
            },
        }
    }

    /// The configuration as a format description holds it.
    pub fn to_config(&self) -> CodecConfig {
        let full = u8::from(self.color.range == Some(ColorRange::Full));
        let depths = self.bit_depth << 4 | (self.subsampling & 7) << 1 | full;
        let color = [self.color.primaries.0, self.color.transfer.0, self.color.matrix.0];
        let bytes = [self.profile, self.level, depths, color[0], color[1], color[2], 0, 0];
        CodecConfig { kind: FourCc::new(b"vpcC"), bytes: bytes.to_vec().into() }
    }
}

/// The lowest level whose pictures are large enough; the frame rate, which levels limit too, isn't known here.
fn level_for(size: Size) -> u8 {
    const LARGEST: [(u64, u8); 11] = [
        (36_864, 10),
        (73_728, 11),
        (122_880, 20),
        (245_760, 21),
        (552_960, 30),
        (983_040, 31),
        (2_228_224, 40),
        (8_912_896, 50),
        (35_651_584, 60),
        (142_606_336, 62),
        (u64::MAX, 62),
    ];
    LARGEST.iter().find(|(area, _)| size.area() <= *area).map_or(62, |(_, level)| *level)
}

/// The size of the picture where `sample` is a VP8 key frame (RFC 6386, 9.1); `None` for other frames.
pub fn vp8_key_frame(sample: &[u8]) -> Option<Size> {
    match sample {
        [tag, _, _, 0x9D, 0x01, 0x2A, w0, w1, h0, h1, ..] if tag & 1 == 0 => {
            let pair = |low: u8, high: u8| u32::from(u16::from_le_bytes([low, high]) & 0x3FFF);
            Some(Size::new(pair(*w0, *w1), pair(*h0, *h1)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BitWriter;

    #[test]
    fn key_frames_are_read() {
        let mut writer = BitWriter::new();
        writer.bits(0b1001_0010, 8); // profile 2, key, shown
        writer.bits(0x49_83_42, 24);
        writer.bits(0, 1);
        writer.bits(5, 3);
        writer.bits(0, 1);
        writer.bits(1279, 16);
        writer.bits(719, 16);
        let sample = writer.finish();
        let header = FrameHeader::parse(&sample).unwrap();
        let facts = header.stream.unwrap();
        assert_eq!(
            (header.profile, header.key, facts.size, facts.bit_depth),
            (2, true, Size::new(1280, 720), 10)
        );
        let config = VpConfig::from_key_frame(&header, &facts, Color::UNSPECIFIED);
        assert_eq!(VpConfig::parse(&config.to_config().bytes).unwrap(), config);
        assert_eq!((config.level, config.color.primaries), (31, ColorPrimaries::BT2020));
        assert_eq!(vp8_key_frame(&[0x50, 0, 0, 0x9D, 1, 0x2A, 64, 1, 240, 0]), Some(Size::new(320, 240)));
    }

    #[test]
    fn superframes_are_split() {
        let split = |sample: &'static [u8]| frames(sample).collect::<Vec<_>>();
        assert_eq!(split(b"abcde\xC9\x02\0\x03\0\xC9"), [&b"ab"[..], b"cde"]);
        // An index that asks for more than there is, and none at all.
        assert_eq!(split(b"ab\xC1\x02\x09\xC1"), [&b"ab"[..]]);
        assert_eq!(split(b"abcd\xC1"), [&b"abcd\xC1"[..]]);
        assert_eq!(split(b""), [&b""[..]]);
    }

    #[test]
    fn any_bytes_are_survived() {
        crate::noise::for_each(3000, |bytes| {
            let _ = (FrameHeader::parse(bytes), VpConfig::parse(bytes), vp8_key_frame(bytes));
            assert!(frames(bytes).map(<[u8]>::len).sum::<usize>() <= bytes.len());
        });
    }
}
