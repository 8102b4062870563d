//! VP8 decoding by `oxideav-vp8`.

use std::sync::Arc;

use oxideav_vp8::{DecodeError, Vp8DecoderState};
use reelwright_bitstream::vp9::{VpConfig, vp8_key_frame};
use reelwright_codec::{Codec, DecoderInfo, SpeedClass, VideoDecoder, VideoDecoderSettings};
use reelwright_media::{
    Color, Error, ErrorKind, FormatDescription, FourCc, PixelFormat, Result, SampleBuffer, Size, VideoCodec,
    VideoFrame,
};

use crate::nal::guarded;
use crate::parallel::cut_at_key_frames;
use crate::picture::{self, Tags};

/// The decoder's id in the registry.
pub(crate) const ID: &str = "vp8";

/// No picture has more pixels: what VP9 allows at most.
const MOST_PIXELS: u64 = 35_651_584;

/// The registry's row.
pub(crate) fn info(provider: &'static str) -> DecoderInfo {
    DecoderInfo {
        speed: SpeedClass::Slow,
        ..DecoderInfo::new(ID, "VP8 decoder (oxideav-vp8)", provider, Codec::Video(VideoCodec::Vp8))
    }
}

/// Makes a decoder for the stream that `settings.format` describes; on several threads where `settings` allow it.
///
/// # Errors
///
/// A malformed `vpcC`.
pub(crate) fn decoder(settings: &VideoDecoderSettings) -> Result<Box<dyn VideoDecoder>> {
    let is_key = |sample: &[u8]| vp8_key_frame(sample).is_some();
    cut_at_key_frames(settings, |format| Ok(Box::new(Vp8::for_format(format)?)), is_key)
}

/// A VP8 decoder on the caller's thread.
struct Vp8 {
    format: Arc<FormatDescription>,
    decoder: Vp8DecoderState,
    tags: Tags,
}

impl Vp8 {
    fn for_format(description: &Arc<FormatDescription>) -> Result<Self> {
        let format = description.video()?;
        let config = format.config.as_ref().filter(|config| config.kind == FourCc::new(b"vpcC"));
        let color = config.map(|config| VpConfig::parse(&config.bytes)).transpose()?;
        let color = color.map_or(Color::UNSPECIFIED, |config| config.color);
        Ok(Self {
            format: description.clone(),
            decoder: fresh(),
            tags: Tags::new(format, color, None, false),
        })
    }

    fn take(&mut self, sample: &SampleBuffer, out: &mut dyn FnMut(VideoFrame) -> Result<()>) -> Result<()> {
        let bytes = sample.payload.load()?;
        // A frame of no bytes repeats the one before (RFC 6386, 9.2 leaves it to the container), which lasts on.
        if bytes.is_empty() {
            return Ok(());
        }
        let frame = self.decoder.decode_frame(&bytes).map_err(failure)?;
        if self.decoder.last_frame_shown() == Some(false) {
            return Ok(());
        }
        let size = Size::new(frame.width, frame.height);
        let mut pixels = picture::from_bytes(PixelFormat::YUV420, size, [frame.y, frame.u, frame.v])?;
        self.tags.put_on(&mut pixels);
        out(VideoFrame { pixels, pts: sample.pts, duration: sample.known_duration() })
    }
}

impl VideoDecoder for Vp8 {
    fn decode(&mut self, sample: &SampleBuffer, out: &mut dyn FnMut(VideoFrame) -> Result<()>) -> Result<()> {
        if sample.differs_from(&self.format) {
            *self = Self::for_format(&sample.format)?;
        }
        match guarded("oxideav-vp8", || self.take(sample, out)) {
            Ok(result) => result.map_err(|error| error.at_time(sample.pts)),
            Err(error) => {
                self.decoder = fresh();
                Err(error.at_time(sample.pts))
            }
        }
    }

    fn finish(&mut self, _: &mut dyn FnMut(VideoFrame) -> Result<()>) -> Result<()> {
        self.decoder = fresh();
        Ok(())
    }
}

fn fresh() -> Vp8DecoderState {
    Vp8DecoderState::new().with_max_pixels_per_frame(MOST_PIXELS)
}

fn failure(error: DecodeError) -> Error {
    let kind = match error {
        DecodeError::FrameTooLarge { .. } => ErrorKind::Limit,
        _ => ErrorKind::Decode,
    };
    Error::new(kind, format!("VP8: {error}"))
}
