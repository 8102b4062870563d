//! MPEG-1 and MPEG-2 video (ISO/IEC 11172-2, 13818-2) and MPEG-4 Visual (ISO/IEC 14496-2): sizes, rates, picture types.

use reelwright_media::{
    Color, ColorMatrix, ColorPrimaries, ColorRange, Error, FieldOrder, Ratio, Result, Size, TransferFunction,
    VideoCodec,
};

use crate::BitReader;
use crate::nal::start_code;

/// What a sequence says of its pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SequenceHeader {
    /// MPEG-1, MPEG-2 or MPEG-4 Visual.
    pub codec: VideoCodec,
    /// The picture in pixels.
    pub size: Size,
    /// The shape of a pixel, where stated.
    pub pixel_aspect: Option<Ratio>,
    /// Pictures per second, where stated.
    pub frame_rate: Option<Ratio>,
    /// Whether all pictures are frames; for MPEG-4 whether coding is not interlaced.
    pub progressive: bool,
    /// `profile_and_level_indication`, 0 where absent.
    pub profile_level: u8,
    /// Colour, where stated.
    pub color: Color,
}

/// How a picture is predicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureKind {
    /// Not at all.
    I,
    /// From earlier pictures.
    P,
    /// From earlier and later pictures.
    B,
}

impl SequenceHeader {
    /// Finds and parses the first MPEG-1/2 sequence header of a stream.
    ///
    /// # Errors
    ///
    /// Where there is none, or it is malformed.
    pub fn parse_mpeg2(stream: &[u8]) -> Result<Self> {
        let at = sections(stream)
            .find_map(|(code, at)| (code == 0xB3).then_some(at))
            .ok_or_else(|| Error::malformed("no MPEG video sequence header"))?;
        let mut reader = BitReader::new(stream.get(at..).unwrap_or_default());
        let (width, height) = (reader.bits(12)?, reader.bits(12)?);
        let (aspect, rate) = (reader.bits(4)?, reader.bits(4)?);
        let frame_rate = frame_rate(rate);
        let mut out = Self {
            codec: VideoCodec::Mpeg1,
            size: Size::new(width, height),
            pixel_aspect: None,
            frame_rate,
            progressive: true,
            profile_level: 0,
            color: display_color(stream).unwrap_or(Color::UNSPECIFIED),
        };
        let extension = sections(stream).skip_while(|(code, _)| *code != 0xB3).nth(1);
        if let Some((0xB5, at)) = extension {
            let mut reader = BitReader::new(stream.get(at..).unwrap_or_default());
            if reader.bits(4)? == 1 {
                out.codec = VideoCodec::Mpeg2;
                out.profile_level = reader.small(8)?;
                out.progressive = reader.flag()?;
                reader.skip(2)?; // chroma_format
                let high = (reader.bits(2)?, reader.bits(2)?);
                out.size = Size::new(width | high.0 << 12, height | high.1 << 12);
                out.pixel_aspect = display_aspect(aspect, out.size);
            }
        } else if aspect == 1 {
            out.pixel_aspect = Some(Ratio::ONE);
        }
        if out.size.area() == 0 {
            return Err(Error::malformed(format!("MPEG video of {}", out.size)));
        }
        Ok(out)
    }

    /// Finds and parses the first video object layer of an MPEG-4 Visual stream or *DecoderSpecificInfo*.
    ///
    /// # Errors
    ///
    /// Where there is none, or it isn't of rectangular shape.
    pub fn parse_mpeg4(stream: &[u8]) -> Result<Self> {
        let at = sections(stream)
            .find_map(|(code, at)| matches!(code, 0x20..=0x2F).then_some(at))
            .ok_or_else(|| Error::malformed("no MPEG-4 video object layer"))?;
        let profile_level =
            sections(stream).find_map(|(code, at)| (code == 0xB0).then(|| stream.get(at).copied()));
        let mut reader = BitReader::new(stream.get(at..).unwrap_or_default());
        let mut out = read_layer(&mut reader)?;
        out.profile_level = profile_level.flatten().unwrap_or(0);
        out.color = object_color(stream).unwrap_or(Color::UNSPECIFIED);
        Ok(out)
    }
}

/// What the visual object of MPEG-4 says (`video_signal_type`, ISO/IEC 14496-2, 6.2.2).
fn object_color(stream: &[u8]) -> Option<Color> {
    let at = sections(stream).find_map(|(code, at)| (code == 0xB5).then_some(at))?;
    let mut reader = BitReader::new(stream.get(at..)?);
    if reader.flag().ok()? {
        reader.skip(7).ok()?; // verid, priority
    }
    // Video and still textures carry it.
    if !matches!(reader.bits(4).ok()?, 1 | 2) || !reader.flag().ok()? {
        return None;
    }
    reader.skip(3).ok()?; // video_format
    let range = if reader.flag().ok()? { ColorRange::Full } else { ColorRange::Video };
    let described = if reader.flag().ok()? { color_description(&mut reader)? } else { Color::UNSPECIFIED };
    Some(Color { range: Some(range), ..described })
}

/// What the sequence display extension of MPEG-2 says (ISO/IEC 13818-2, 6.2.2.4).
fn display_color(stream: &[u8]) -> Option<Color> {
    let is_display = |at: usize| stream.get(at).is_some_and(|byte| byte >> 4 == 2);
    let at = sections(stream).find_map(|(code, at)| (code == 0xB5 && is_display(at)).then_some(at))?;
    let mut reader = BitReader::new(stream.get(at..)?);
    reader.skip(4 + 3).ok()?; // which extension, video_format
    if reader.flag().ok()? { color_description(&mut reader) } else { None }
}

/// Three bytes; 0 is forbidden and means nothing.
fn color_description(reader: &mut BitReader<'_>) -> Option<Color> {
    let mut code = || reader.small(8).ok().map(|code| if code == 0 { 2 } else { code });
    Some(Color {
        primaries: ColorPrimaries(code()?),
        transfer: TransferFunction(code()?),
        matrix: ColorMatrix(code()?),
        ..Color::UNSPECIFIED
    })
}

fn read_layer(reader: &mut BitReader<'_>) -> Result<SequenceHeader> {
    reader.skip(1 + 8)?; // random_accessible_vol, type
    if reader.flag()? {
        reader.skip(7)?; // verid, priority
    }
    let pixel_aspect = match reader.bits(4)? {
        1 => Some(Ratio::ONE),
        2 => Ratio::new(12, 11),
        3 => Ratio::new(10, 11),
        4 => Ratio::new(16, 11),
        5 => Ratio::new(40, 33),
        15 => Ratio::new(reader.bits(8)?, reader.bits(8)?),
        _ => None,
    };
    if reader.flag()? {
        reader.skip(3)?; // chroma_format, low_delay
        if reader.flag()? {
            reader.skip(79)?; // vbv parameters
        }
    }
    if reader.bits(2)? != 0 {
        return Err(Error::unsupported("MPEG-4 Visual of other than rectangular shape"));
    }
    reader.flag()?;
    let resolution = reader.bits(16)?;
    reader.flag()?;
    let mut frame_rate = None;
    if reader.flag()? {
        let bits = (32 - resolution.saturating_sub(1).leading_zeros()).max(1);
        frame_rate = Ratio::new(resolution, reader.bits(bits)?);
    }
    reader.flag()?;
    let width = reader.bits(13)?;
    reader.flag()?;
    let height = reader.bits(13)?;
    reader.flag()?;
    let progressive = !reader.flag()?;
    if width == 0 || height == 0 {
        return Err(Error::malformed(format!("MPEG-4 Visual of {width}x{height}")));
    }
    Ok(SequenceHeader {
        codec: VideoCodec::Mpeg4,
        size: Size::new(width, height),
        pixel_aspect,
        frame_rate,
        progressive,
        profile_level: 0,
        color: Color::UNSPECIFIED,
    })
}

/// The kind of the first MPEG-1/2 picture in `unit`.
pub fn mpeg2_picture(unit: &[u8]) -> Option<PictureKind> {
    let at = sections(unit).find_map(|(code, at)| (code == 0).then_some(at))?;
    match unit.get(at + 1)? >> 3 & 7 {
        1 => Some(PictureKind::I),
        2 => Some(PictureKind::P),
        3 => Some(PictureKind::B),
        _ => None,
    }
}

/// The kind of the first MPEG-4 Visual picture in `unit`; sprites count as predicted.
pub fn mpeg4_picture(unit: &[u8]) -> Option<PictureKind> {
    let at = sections(unit).find_map(|(code, at)| (code == 0xB6).then_some(at))?;
    Some(match unit.get(at)? >> 6 {
        0 => PictureKind::I,
        2 => PictureKind::B,
        _ => PictureKind::P,
    })
}

/// The field order of a coded picture of MPEG-2 (ISO/IEC 13818-2, 6.3.10); `None` where it has no picture coding extension.
pub fn field_order(picture: &[u8]) -> Option<FieldOrder> {
    let extension = sections(picture).find_map(|(code, at)| {
        let body = picture.get(at..)?;
        (code == 0xB5 && body.first()? >> 4 == 8).then_some(body)
    });
    let mut reader = BitReader::new(extension?);
    reader.skip(4 + 16 + 2).ok()?;
    let (structure, top_first) = (reader.bits(2).ok()?, reader.flag().ok()?);
    reader.skip(7).ok()?;
    let progressive = reader.flag().ok()?;
    Some(match (structure, progressive, top_first) {
        (1, ..) | (3, false, true) => FieldOrder::TopFirst,
        (2, ..) | (3, false, false) => FieldOrder::BottomFirst,
        _ => FieldOrder::Progressive,
    })
}

/// The bodies of all user data of a coded picture of MPEG-1 or MPEG-2 (ISO/IEC 13818-2, 6.2.2.2.2), up to its first slice.
pub(crate) fn user_data(stream: &[u8]) -> impl Iterator<Item = &[u8]> {
    let headers = sections(stream).take_while(|(code, _)| !matches!(code, 1..=0xAF));
    headers.filter(|(code, _)| *code == 0xB2).map(|(_, at)| {
        let end = start_code(stream, at).unwrap_or(stream.len());
        stream.get(at..end).unwrap_or_default()
    })
}

/// Start codes with the position after each.
fn sections(stream: &[u8]) -> impl Iterator<Item = (u8, usize)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let code = start_code(stream, at)?;
        at = code + 3;
        Some((*stream.get(at)?, at + 1))
    })
}

/// `frame_rate_code` (ISO/IEC 13818-2, table 6-4).
fn frame_rate(code: u32) -> Option<Ratio> {
    let (num, den) = match code {
        1 => (24_000, 1001),
        2 => (24, 1),
        3 => (25, 1),
        4 => (30_000, 1001),
        5 => (30, 1),
        6 => (50, 1),
        7 => (60_000, 1001),
        8 => (60, 1),
        _ => return None,
    };
    Ratio::new(num, den)
}

/// `aspect_ratio_information` (ISO/IEC 13818-2, table 6-3): all but the first are shapes of the picture.
fn display_aspect(code: u32, size: Size) -> Option<Ratio> {
    let (num, den) = match code {
        1 => return Some(Ratio::ONE),
        2 => (4, 3),
        3 => (16, 9),
        4 => (221, 100),
        _ => return None,
    };
    Ratio::new(size.height.checked_mul(num)?, size.width.checked_mul(den)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_are_read() {
        let stream = [
            0, 0, 1, 0xB3, 0x2D, 0x02, 0x40, 0x33, 0xFF, 0xFF, 0xE0, 0x18, 0, 0, 1, 0xB5, 0x14, 0x82, 0, 1,
            0, 0, 0, 0, 1, 0, 0, 0x0F, 0xFF,
        ];
        let header = SequenceHeader::parse_mpeg2(&stream).unwrap();
        assert_eq!((header.codec, header.size), (VideoCodec::Mpeg2, Size::new(720, 576)));
        assert_eq!((header.pixel_aspect, header.frame_rate), (Ratio::new(64, 45), Ratio::new(25, 1)));
        assert_eq!(mpeg2_picture(&stream), Some(PictureKind::I));
        crate::noise::for_each_damage(&stream, 2000, |bytes| {
            let _ = SequenceHeader::parse_mpeg2(bytes);
            let _ = SequenceHeader::parse_mpeg4(bytes);
            let _ = (mpeg2_picture(bytes), mpeg4_picture(bytes));
        });
    }

    #[test]
    fn layers_are_read() {
        let mut writer = crate::BitWriter::new();
        writer.bits(0xB0_01_00_00_01_20, 48);
        writer.bits(0, 1 + 8 + 1);
        writer.bits(1, 4); // square
        writer.bits(0, 1 + 2); // no control parameters, rectangular
        writer.bits(1, 1);
        writer.bits(30, 16);
        writer.bits(0b10, 2);
        for value in [352, 288] {
            writer.bits(1, 1);
            writer.bits(value, 13);
        }
        writer.bits(0b10, 2);
        let mut stream = vec![0, 0, 1];
        stream.extend(writer.finish());
        let header = SequenceHeader::parse_mpeg4(&stream).unwrap();
        assert_eq!((header.size, header.profile_level), (Size::new(352, 288), 1));
        assert!(header.progressive);
    }

    #[test]
    fn a_visual_object_states_its_colour() {
        // As a telephone wrote it.
        let object = [0, 0, 1, 0xB5, 0x0E, 0xE0, 0x40, 0xC0, 0xCF];
        let color = object_color(&object).unwrap();
        assert_eq!((color.transfer, color.matrix), (TransferFunction::SMPTE170M, ColorMatrix::SMPTE170M));
        assert_eq!((color.primaries, color.range), (ColorPrimaries::UNSPECIFIED, Some(ColorRange::Full)));
        let display = [0, 0, 1, 0xB5, 0x2B, 1, 1, 1, 0];
        assert_eq!(display_color(&display).unwrap().matrix, ColorMatrix::BT709);
    }
}
