//! Motion JPEG decoding by `zune-jpeg`: pictures come out as 4:4:4, or as luma alone.

use std::sync::Arc;

use reelwright_bitstream::jpeg;
use reelwright_codec::{Codec, DecoderInfo, VideoDecoder};
use reelwright_media::{
    Color, ColorMatrix, Error, ErrorKind, FieldOrder, FormatDescription, PixelBuffer, PixelFormat,
    PixelLayout, Plane, Result, SampleBuffer, Size, VideoCodec, VideoFrame,
};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use crate::nal::guarded;
use crate::picture::{self, Tags};

/// The decoder's id in the registry.
pub(crate) const ID: &str = "mjpeg";

/// The registry's row.
pub(crate) fn info(provider: &'static str) -> DecoderInfo {
    DecoderInfo::new(ID, "JPEG decoder (zune-jpeg)", provider, Codec::Video(VideoCodec::Jpeg))
}

/// A decoder of JPEG pictures, each on its own.
pub(crate) struct Jpeg {
    tags: Tags,
}

impl Jpeg {
    /// Makes a decoder.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`] for pictures stored as two fields.
    pub(crate) fn new(format: &Arc<FormatDescription>) -> Result<Self> {
        let video = format.video()?;
        if video.field_order.is_some_and(|order| order != FieldOrder::Progressive) {
            return Err(Error::unsupported("JPEG with two fields a sample"));
        }
        // JFIF's coefficients. Of the range each picture tells by itself.
        let stated = Color { matrix: ColorMatrix::BT470BG, ..Color::UNSPECIFIED };
        Ok(Self { tags: Tags::new(video, stated, None) })
    }
}

impl VideoDecoder for Jpeg {
    fn decode(&mut self, sample: &SampleBuffer, out: &mut dyn FnMut(VideoFrame) -> Result<()>) -> Result<()> {
        let bytes = sample.payload.load()?;
        let decoded = guarded("zune-jpeg", || decode(&bytes)).and_then(|decoded| decoded);
        let mut pixels = decoded.map_err(|error| error.at_time(sample.pts))?;
        self.tags.put_on(&mut pixels);
        pixels.color.range = Some(jpeg::range(&bytes));
        let duration = sample.known_duration();
        out(VideoFrame { pixels, pts: sample.pts, duration })
    }

    fn finish(&mut self, _: &mut dyn FnMut(VideoFrame) -> Result<()>) -> Result<()> {
        Ok(())
    }
}

fn decode(bytes: &[u8]) -> Result<PixelBuffer> {
    let damaged = |what: String| Error::new(ErrorKind::Decode, format!("JPEG: {what}"));
    let mut decoder = JpegDecoder::new(ZCursor::new(bytes));
    decoder.decode_headers().map_err(|error| damaged(error.to_string()))?;
    let luma = decoder.input_colorspace() == Some(ColorSpace::Luma);
    let wanted = if luma { ColorSpace::Luma } else { ColorSpace::YCbCr };
    decoder.set_options(DecoderOptions::default().jpeg_set_out_colorspace(wanted));
    let samples = decoder.decode().map_err(|error| damaged(error.to_string()))?;
    let info = decoder.info().ok_or_else(|| damaged("no picture".into()))?;
    let size = Size::new(info.width.into(), info.height.into());
    if luma {
        let format = PixelFormat::Yuv(PixelLayout::Gray, 8);
        let plane = Plane { offset: 0, stride: usize::from(info.width), rows: usize::from(info.height) };
        return PixelBuffer::wrap(format, size, &[plane], picture::bytes(samples));
    }
    let plane = |index: usize| samples.iter().skip(index).step_by(3).copied().collect();
    picture::from_bytes(PixelFormat::Yuv(PixelLayout::Yuv444, 8), size, [plane(0), plane(1), plane(2)])
}
