//! From a decoder's frame to a [`PixelBuffer`], without a copy wherever the layout is one of ours.

use std::sync::Arc;

use reelwright_bitstream::h264::AvcConfig;
use reelwright_media::{
    Color, ColorMatrix, ColorPrimaries, ColorRange, ContentLight, Error, FieldOrder, MasteringDisplay,
    PixelBuffer, Plane, Ratio, Result, Size, TransferFunction, VideoCodec, VideoFormat,
};

use super::unpack;
use crate::ffi::Frame;

/// The picture in `frame`, with what `format` and the bitstream say about it. Where both say something, the container
/// wins, as it does in QuickTime.
pub(super) fn picture(frame: Frame, format: &VideoFormat) -> Result<PixelBuffer> {
    let (width, height) = frame.size().ok_or_else(|| Error::malformed("a decoded picture without a size"))?;
    let size = Size::new(width, height);
    let layout = frame.layout().ok_or_else(|| Error::unsupported("pictures in an unknown layout"))?;
    let full_range = layout.name().starts_with("yuvj");
    let facts = Facts::of(&frame, format, full_range);
    let mut picture = match layout.pixel_format() {
        Some(pixels) if (0..pixels.planes()).all(|index| frame.stride(index) > 0) => {
            let mut planes = [Plane { offset: 0, stride: 0, rows: 0 }; 4];
            for (index, plane) in planes.iter_mut().enumerate().take(pixels.planes()) {
                let (_, rows) = pixels.plane_size(index, size);
                *plane = Plane { offset: 0, stride: frame.stride(index).unsigned_abs(), rows };
            }
            PixelBuffer::wrap(pixels, size, &planes[..pixels.planes()], Arc::new(frame))?
        }
        _ => unpack::unpack(&frame, layout, size)?,
    };
    facts.apply(&mut picture);
    Ok(picture)
}

/// What a picture carries besides pixels.
struct Facts {
    color: Color,
    pixel_aspect: Ratio,
    mastering: Option<MasteringDisplay>,
    content_light: Option<ContentLight>,
    field_order: FieldOrder,
}

impl Facts {
    fn of(frame: &Frame, format: &VideoFormat, full_range: bool) -> Self {
        let stream = frame.color();
        let stated = format.color;
        let color = Color {
            primaries: first(stated.primaries, ColorPrimaries::UNSPECIFIED, stream.primaries),
            transfer: first(stated.transfer, TransferFunction::UNSPECIFIED, stream.transfer),
            matrix: first(stated.matrix, ColorMatrix::UNSPECIFIED, stream.matrix),
            range: Color::stated_range(stated.range, stream.range).or(full_range.then_some(ColorRange::Full)),
            siting: stream.siting.or(stated.siting),
        };
        Self {
            color,
            pixel_aspect: format.pixel_aspect.or_else(|| frame.pixel_aspect()).unwrap_or(Ratio::ONE),
            mastering: format.mastering.or_else(|| frame.mastering_display().and_then(mastering_display)),
            content_light: format.content_light.or_else(|| frame.content_light().and_then(content_light)),
            field_order: field_order(frame, format),
        }
    }

    fn apply(self, picture: &mut PixelBuffer) {
        picture.color = self.color;
        picture.pixel_aspect = self.pixel_aspect;
        picture.mastering = self.mastering;
        picture.content_light = self.content_light;
        picture.field_order = self.field_order;
    }
}

/// Codecs that know fields tell of every picture; of others the container knows.
fn field_order(frame: &Frame, format: &VideoFormat) -> FieldOrder {
    let stated = format.field_order.filter(|order| order.is_interlaced());
    match (frame.field_order(), stated) {
        (FieldOrder::Progressive, Some(stated)) if !tells_fields(format) => stated,
        (order, _) => order,
    }
}

/// Whether the bitstream says of every picture whether it holds fields.
fn tells_fields(format: &VideoFormat) -> bool {
    match (format.codec, &format.config) {
        (VideoCodec::Mpeg2 | VideoCodec::ProRes, _) => true,
        (VideoCodec::H264, Some(config)) => {
            let sps = AvcConfig::parse(&config.bytes).and_then(|config| config.first_sps());
            sps.is_ok_and(|sps| !sps.frames_only)
        }
        _ => false,
    }
}

fn first<T: PartialEq>(stated: T, unspecified: T, other: T) -> T {
    if stated == unspecified { other } else { stated }
}

/// `AVMasteringDisplayMetadata` as published: x and y of red, green, blue, then white, then the least and the greatest
/// luminance as pairs of `int`s, then two flags saying which of both are there.
fn mastering_display(body: &[u8]) -> Option<MasteringDisplay> {
    let number = |index: usize| {
        let bytes = body.get(index * 4..index * 4 + 4)?;
        Some(i32::from_ne_bytes(bytes.try_into().ok()?))
    };
    let scaled = |pair: usize, unit: i64| {
        let (num, den) = (i64::from(number(pair * 2)?), i64::from(number(pair * 2 + 1)?));
        (num >= 0 && den > 0).then(|| (num * unit + den / 2) / den)
    };
    let chromaticity = |pair| u16::try_from(scaled(pair, 50_000)?).ok();
    let luminance = |pair| u32::try_from(scaled(pair, 10_000)?).ok();
    let both = number(20)? != 0 && number(21)? != 0;
    let point = |pair| Some((chromaticity(pair)?, chromaticity(pair + 1)?));
    both.then_some(())?;
    Some(MasteringDisplay {
        primaries: [point(2)?, point(4)?, point(0)?],
        white: point(6)?,
        max_luminance: luminance(9)?,
        min_luminance: luminance(8)?,
    })
}

/// `AVContentLightMetadata` as published: two unsigned `int`s.
fn content_light(body: &[u8]) -> Option<ContentLight> {
    let number = |at: usize| {
        let value = u32::from_ne_bytes(body.get(at..at + 4)?.try_into().ok()?);
        Some(u16::try_from(value).unwrap_or(u16::MAX))
    };
    Some(ContentLight { max: number(0)?, max_frame_average: number(4)? })
}
