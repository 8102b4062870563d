//! VP8 decoding by `oxideav-vp8`.

use oxideav_vp8::{DecodeError, Vp8DecoderState};
use reelwright_bitstream::vp9::vp8_key_frame;
use reelwright_codec::{Codec, DecoderInfo, SpeedClass};
use reelwright_media::{Error, ErrorKind, PixelBuffer, PixelFormat, Result, Size, VideoCodec};

use crate::picture;
use crate::vpx::{Frames, MOST_PIXELS};

/// The decoder's id in the registry.
pub(crate) const ID: &str = "vp8";

/// The registry's row.
pub(crate) fn info(provider: &'static str) -> DecoderInfo {
    DecoderInfo {
        speed: SpeedClass::Slow,
        ..DecoderInfo::new(ID, "VP8 decoder (oxideav-vp8)", provider, Codec::Video(VideoCodec::Vp8))
    }
}

/// A VP8 decoder.
pub(crate) struct Vp8(Vp8DecoderState);

impl Default for Vp8 {
    fn default() -> Self {
        Self(Vp8DecoderState::new().with_max_pixels_per_frame(MOST_PIXELS))
    }
}

impl Frames for Vp8 {
    const CRATE: &'static str = "oxideav-vp8";

    fn is_key(sample: &[u8]) -> bool {
        vp8_key_frame(sample).is_some()
    }

    fn decode(&mut self, sample: &[u8], show: &mut dyn FnMut(PixelBuffer) -> Result<()>) -> Result<()> {
        // Encoders that drop a frame write one of no bytes: the picture before lasts on.
        if sample.is_empty() {
            return Ok(());
        }
        let frame = self.0.decode_frame(sample).map_err(failure)?;
        if self.0.last_frame_shown() == Some(false) {
            return Ok(());
        }
        let size = Size::new(frame.width, frame.height);
        show(picture::from_bytes(PixelFormat::YUV420, size, [frame.y, frame.u, frame.v])?)
    }
}

fn failure(error: DecodeError) -> Error {
    let kind = match error {
        DecodeError::FrameTooLarge { .. } => ErrorKind::Limit,
        _ => ErrorKind::Decode,
    };
    Error::new(kind, format!("VP8: {error}"))
}
