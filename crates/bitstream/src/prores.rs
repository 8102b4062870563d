//! Apple ProRes: the frame header (SMPTE RDD 36, 5.1 and 5.3).

use reelwright_media::{
    Color, ColorMatrix, ColorPrimaries, Error, FieldOrder, Ratio, Result, Size, TransferFunction,
};

use crate::BitReader;

/// The header of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameHeader {
    /// Bytes of the frame.
    pub frame_size: u32,
    /// The encoder that made it.
    pub encoder: [u8; 4],
    /// The picture, in pixels.
    pub size: Size,
    /// `chroma_format`: 2 is 4:2:2, 3 is 4:4:4.
    pub chroma_format: u8,
    /// Frames or fields.
    pub field_order: FieldOrder,
    /// The shape of a pixel, where stated: `aspect_ratio_information` 1 is square; 2 and 3 are shapes of the picture.
    pub pixel_aspect: Option<Ratio>,
    /// Colour. The range is always video range.
    pub color: Color,
    /// Bits of an alpha sample: 0 for none, 8 or 16.
    pub alpha_bits: u8,
}

impl FrameHeader {
    /// Parses the frame at the start of `bytes`, of which the first 28 suffice.
    ///
    /// # Errors
    ///
    /// Truncation, a missing `icpf`, reserved values.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let mut reader = BitReader::new(bytes);
        let frame_size = reader.bits(32)?;
        if reader.bytes(4)? != b"icpf" {
            return Err(Error::malformed("a ProRes frame without 'icpf'"));
        }
        let header_size = reader.bits(16)?;
        if header_size < 20 {
            return Err(Error::malformed(format!(
                "a ProRes frame header of {header_size} bytes; at least 20"
            )));
        }
        reader.skip(16)?; // reserved, bitstream_version
        let mut encoder = [0; 4];
        encoder.copy_from_slice(reader.bytes(4)?);
        let size = Size::new(reader.bits(16)?, reader.bits(16)?);
        let chroma_format = reader.small(2)?;
        reader.skip(2)?;
        let field_order = match reader.bits(2)? {
            0 => FieldOrder::Progressive,
            1 => FieldOrder::TopFirst,
            2 => FieldOrder::BottomFirst,
            _ => return Err(Error::malformed("a ProRes frame of reserved interlace mode 3")),
        };
        reader.skip(2)?;
        let pixel_aspect = aspect(reader.bits(4)?, size);
        reader.skip(4)?; // frame_rate_code
        let color = Color {
            primaries: ColorPrimaries(reader.small(8)?),
            transfer: TransferFunction(reader.small(8)?),
            matrix: ColorMatrix(reader.small(8)?),
            ..Color::UNSPECIFIED
        };
        reader.skip(4)?;
        let alpha_bits = match reader.bits(4)? {
            1 => 8,
            2 => 16,
            _ => 0,
        };
        Ok(Self { frame_size, encoder, size, chroma_format, field_order, pixel_aspect, color, alpha_bits })
    }
}

fn aspect(code: u32, size: Size) -> Option<Ratio> {
    match code {
        1 => Some(Ratio::ONE),
        2 => Ratio::new(size.height.checked_mul(4)?, size.width.checked_mul(3)?),
        3 => Ratio::new(size.height.checked_mul(16)?, size.width.checked_mul(9)?),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read() {
        let mut bytes = vec![0, 0, 0, 100];
        bytes.extend(b"icpf\0\x94\0\0apl0\x07\x80\x04\x38\x84\x10\x01\x01\x01\0\0\0");
        let header = FrameHeader::parse(&bytes).unwrap();
        assert_eq!((header.size, header.chroma_format), (Size::new(1920, 1080), 2));
        assert_eq!((header.field_order, header.pixel_aspect), (FieldOrder::TopFirst, Some(Ratio::ONE)));
        assert_eq!(header.color.matrix, ColorMatrix::BT709);
        crate::noise::for_each_damage(&bytes, 1000, |bytes| drop(FrameHeader::parse(bytes)));
    }
}
