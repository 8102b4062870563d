//! AV1: open bitstream units and the sequence header (AV1 Bitstream & Decoding Process Specification, 5.3 and 5.5), and
//! `av1C` (AV1 Codec ISO Media File Format Binding, 2.3).

mod config;
mod facts;

use bytes::Bytes;
use reelwright_media::{
    ChromaSiting, CodecConfig, Color, ColorMatrix, ColorPrimaries, ColorRange, Error, FourCc, Result, Size,
    TransferFunction,
};

use crate::BitReader;

pub use config::Av1Config;
pub use facts::{is_key, light};

/// `OBU_SEQUENCE_HEADER`.
pub const SEQUENCE_HEADER: u8 = 1;
/// `OBU_TEMPORAL_DELIMITER`.
pub const TEMPORAL_DELIMITER: u8 = 2;
/// `OBU_FRAME_HEADER`.
pub const FRAME_HEADER: u8 = 3;
/// `OBU_METADATA`.
pub const METADATA: u8 = 5;
/// `OBU_FRAME`.
pub const FRAME: u8 = 6;
/// `OBU_TILE_LIST`.
pub const TILE_LIST: u8 = 8;
/// `OBU_PADDING`.
pub const PADDING: u8 = 15;

/// An open bitstream unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Obu<'a> {
    /// `obu_type`.
    pub kind: u8,
    /// Header, size and payload.
    pub bytes: &'a [u8],
    /// The payload alone.
    pub payload: &'a [u8],
}

/// The open bitstream units of a temporal unit in the low-overhead format, in which the last may lack its size.
pub fn obus(unit: &[u8]) -> impl Iterator<Item = Result<Obu<'_>>> {
    let mut rest = unit;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let at = (unit.len() - rest.len()) as u64;
        let obu = first_obu(rest).map_err(|error| error.at_offset(at));
        rest = obu.as_ref().map_or(&[], |obu| &rest[obu.bytes.len()..]);
        Some(obu)
    })
}

fn first_obu(bytes: &[u8]) -> Result<Obu<'_>> {
    let mut reader = BitReader::new(bytes);
    let forbidden = reader.flag()?;
    let kind = reader.small(4)?;
    let (extension, sized) = (reader.flag()?, reader.flag()?);
    reader.skip(1)?;
    if forbidden {
        return Err(Error::malformed("the first bit of an OBU must be 0"));
    }
    if extension {
        reader.skip(8)?;
    }
    let length = match sized {
        true => Some(leb128(&mut reader)?),
        false => None,
    };
    let start = reader.position() / 8;
    let body = bytes.get(start..).unwrap_or_default();
    let length = length.unwrap_or(body.len() as u64);
    let length = usize::try_from(length).ok().filter(|&length| length <= body.len()).ok_or_else(|| {
        Error::truncated(format!("an OBU of {length} bytes where {} are left in the sample", body.len()))
    })?;
    Ok(Obu { kind, bytes: &bytes[..start + length], payload: &body[..length] })
}

/// An unsigned number of at most 8 groups of 7 bits, the lowest first (4.10.5).
fn leb128(reader: &mut BitReader<'_>) -> Result<u64> {
    let mut value = 0;
    for group in 0..8 {
        let byte = reader.small(8)?;
        value |= u64::from(byte & 0x7F) << (7 * group);
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(Error::malformed("a size of more than 8 bytes"))
}

/// The units of `unit` that belong in a sample: no temporal delimiters, tile lists and padding (Binding, 2.4).
/// Borrowed bytes come back where there is nothing to take out.
///
/// # Errors
///
/// Where a unit is malformed or reaches past the end.
pub fn sample(unit: Bytes) -> Result<Bytes> {
    let kept = |obu: &Obu<'_>| ![TEMPORAL_DELIMITER, TILE_LIST, PADDING].contains(&obu.kind);
    let mut skipped = 0;
    let mut parts: Vec<&[u8]> = Vec::new();
    for obu in obus(&unit) {
        let obu = obu?;
        match kept(&obu) {
            true => parts.push(obu.bytes),
            // What is left out at the start, where delimiters stand, needs no copy.
            false if parts.is_empty() => skipped += obu.bytes.len(),
            false => {}
        }
    }
    if parts.iter().map(|part| part.len()).sum::<usize>() + skipped == unit.len() {
        return Ok(unit.slice(skipped..));
    }
    Ok(parts.concat().into())
}

/// What a sequence header says (5.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SequenceHeader {
    /// `seq_profile`.
    pub profile: u8,
    /// `seq_level_idx[0]`.
    pub level: u8,
    /// `seq_tier[0]`.
    pub tier: bool,
    /// The largest picture.
    pub size: Size,
    /// Bits a component: 8, 10 or 12.
    pub bit_depth: u8,
    /// Luma alone.
    pub monochrome: bool,
    /// Whether chroma is half as wide, and half as high.
    pub subsampling: (bool, bool),
    /// `chroma_sample_position`.
    pub chroma_position: u8,
    /// Colour.
    pub color: Color,
}

impl SequenceHeader {
    /// The first sequence header among the units of `unit`, and its whole unit.
    ///
    /// # Errors
    ///
    /// Where there is none, or it is malformed.
    pub fn find(unit: &[u8]) -> Result<(Self, &[u8])> {
        for obu in obus(unit) {
            let obu = obu?;
            if obu.kind == SEQUENCE_HEADER {
                return Ok((Self::parse(obu.payload)?, obu.bytes));
            }
        }
        Err(Error::malformed("the stream has no sequence header"))
    }

    /// Reads the payload of a sequence header.
    ///
    /// # Errors
    ///
    /// Truncation.
    pub fn parse(payload: &[u8]) -> Result<Self> {
        let mut reader = BitReader::new(payload);
        let profile = reader.small(3)?;
        reader.skip(1)?;
        let reduced = reader.flag()?;
        let (level, tier) = match reduced {
            true => (reader.small(5)?, false),
            false => operating_points(&mut reader)?,
        };
        let (width_bits, height_bits) = (reader.bits(4)? + 1, reader.bits(4)? + 1);
        let size = Size::new(reader.bits(width_bits)? + 1, reader.bits(height_bits)? + 1);
        if !reduced && reader.flag()? {
            reader.skip(7)?;
        }
        tools(&mut reader, reduced)?;
        // enable_superres, enable_cdef, enable_restoration
        reader.skip(3)?;
        let mut header = Self {
            profile,
            level,
            tier,
            size,
            bit_depth: 8,
            monochrome: false,
            subsampling: (true, true),
            chroma_position: 0,
            color: Color::UNSPECIFIED,
        };
        header.color_config(&mut reader)?;
        Ok(header)
    }

    /// `color_config()` (5.5.2).
    fn color_config(&mut self, reader: &mut BitReader<'_>) -> Result<()> {
        let high = reader.flag()?;
        self.bit_depth = match high {
            true if self.profile == 2 && reader.flag()? => 12,
            true => 10,
            false => 8,
        };
        self.monochrome = self.profile != 1 && reader.flag()?;
        if reader.flag()? {
            self.color.primaries = ColorPrimaries(reader.small(8)?);
            self.color.transfer = TransferFunction(reader.small(8)?);
            self.color.matrix = ColorMatrix(reader.small(8)?);
        }
        let range = |full: bool| Some(if full { ColorRange::Full } else { ColorRange::Video });
        let srgb = self.color.primaries == ColorPrimaries::BT709
            && self.color.transfer == TransferFunction::SRGB
            && self.color.matrix == ColorMatrix::RGB;
        if self.monochrome {
            self.color.range = range(reader.flag()?);
            return Ok(());
        }
        if srgb {
            self.color.range = range(true);
            self.subsampling = (false, false);
            return Ok(());
        }
        self.color.range = range(reader.flag()?);
        self.subsampling = match self.profile {
            0 => (true, true),
            1 => (false, false),
            _ if self.bit_depth == 12 => {
                let across = reader.flag()?;
                (across, across && reader.flag()?)
            }
            _ => (true, false),
        };
        if self.subsampling == (true, true) {
            self.chroma_position = reader.small(2)?;
            self.color.siting = match self.chroma_position {
                1 => Some(ChromaSiting::Left),
                2 => Some(ChromaSiting::TopLeft),
                _ => None,
            };
        }
        Ok(())
    }

    /// `av1C` with `units` (the sequence header's, and metadata units where wanted) behind it.
    pub fn to_config(&self, units: &[u8]) -> CodecConfig {
        let bit = |set: bool, at: u8| u8::from(set) << at;
        let mut body = vec![
            0x81,
            self.profile << 5 | self.level & 0x1F,
            bit(self.tier, 7)
                | bit(self.bit_depth > 8, 6)
                | bit(self.bit_depth == 12, 5)
                | bit(self.monochrome, 4)
                | bit(self.subsampling.0, 3)
                | bit(self.subsampling.1, 2)
                | self.chroma_position & 3,
            0,
        ];
        body.extend_from_slice(units);
        CodecConfig { kind: FourCc::new(b"av1C"), bytes: body.into() }
    }
}

/// Timing, decoder model and operating points; level and tier of the first point.
fn operating_points(reader: &mut BitReader<'_>) -> Result<(u8, bool)> {
    let mut model_bits = None;
    if reader.flag()? {
        reader.skip(64)?;
        if reader.flag()? {
            reader.ue()?;
        }
        if reader.flag()? {
            model_bits = Some(reader.bits(5)? as usize + 1);
            reader.skip(42)?;
        }
    }
    let delays = reader.flag()?;
    let mut first = None;
    for _ in 0..=reader.small(5)? {
        reader.skip(12)?;
        let level = reader.small(5)?;
        let tier = level > 7 && reader.flag()?;
        first = first.or(Some((level, tier)));
        if let Some(bits) = model_bits
            && reader.flag()?
        {
            reader.skip(2 * bits + 1)?;
        }
        if delays && reader.flag()? {
            reader.skip(4)?;
        }
    }
    first.ok_or_else(|| Error::malformed("no operating point"))
}

/// The coding tools between the picture's size and its colour.
fn tools(reader: &mut BitReader<'_>, reduced: bool) -> Result<()> {
    reader.skip(3)?;
    if reduced {
        return Ok(());
    }
    reader.skip(4)?;
    let order_hint = reader.flag()?;
    if order_hint {
        reader.skip(2)?;
    }
    // seq_choose_screen_content_tools, else seq_force_screen_content_tools
    let screen = reader.flag()? || reader.flag()?;
    // seq_choose_integer_mv, else seq_force_integer_mv
    if screen && !reader.flag()? {
        reader.skip(1)?;
    }
    if order_hint {
        reader.skip(3)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A sequence header of 1080x720 as a phone wrote it into `av1C`.
    const PLAIN: [u8; 13] = [0x0A, 0x0B, 0, 0, 0, 0x2D, 0x4C, 0x37, 0xB3, 0xDF, 0xFF, 0x98, 0x04];

    #[test]
    fn a_sequence_header_becomes_the_box_it_came_from() {
        let (header, unit) = SequenceHeader::find(&PLAIN).unwrap();
        assert_eq!((header.size, header.bit_depth, header.level), (Size::new(1080, 720), 8, 5));
        assert_eq!(header.color.range, Some(ColorRange::Video));
        let config = header.to_config(unit);
        assert_eq!(config.bytes[..4], [0x81, 0x05, 0x0C, 0x00]);
        assert_eq!(config.bytes[4..], PLAIN);
    }

    #[test]
    fn depth_and_colour_are_read() {
        // 720x1280, 10 bit, BT.2020 with PQ, from libaom.
        let bytes = [0x0A, 0x0E, 0, 0, 0, 0x2C, 0xD5, 0x9F, 0x3F, 0xCC, 0xAF, 0x95, 0x09, 0x10, 0x09, 0x04];
        let (header, unit) = SequenceHeader::find(&bytes).unwrap();
        assert_eq!((header.size, header.bit_depth), (Size::new(720, 1280), 10));
        assert_eq!(
            (header.color.primaries, header.color.transfer),
            (ColorPrimaries::BT2020, TransferFunction::PQ)
        );
        assert_eq!(header.color.matrix, ColorMatrix::BT2020);
        assert_eq!(header.to_config(unit).bytes[..4], [0x81, 0x05, 0x4C, 0x00]);
    }

    #[test]
    fn units_are_walked_and_delimiters_left_out() {
        let unit = [0x12, 0x00, 0x0A, 0x02, 1, 2, 0x32, 0x01, 9];
        let kinds: Vec<_> = obus(&unit).map(|obu| obu.unwrap().kind).collect();
        assert_eq!(kinds, [TEMPORAL_DELIMITER, SEQUENCE_HEADER, 6]);
        assert_eq!(sample(Bytes::copy_from_slice(&unit)).unwrap(), unit[2..]);
        assert!(sample(Bytes::copy_from_slice(&unit[..5])).is_err());
    }

    #[test]
    fn any_bytes_are_survived() {
        crate::noise::for_each(2000, |bytes| {
            assert!(obus(bytes).count() <= bytes.len());
            let _ = SequenceHeader::parse(bytes);
            let _ = sample(Bytes::copy_from_slice(bytes));
        });
        crate::noise::for_each_damage(&PLAIN, 500, |bytes| drop(SequenceHeader::find(bytes)));
    }
}
