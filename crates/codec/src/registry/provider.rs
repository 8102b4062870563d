use std::sync::Arc;

use reelwright_media::{FormatDescription, Result};

use super::{DecoderInfo, EncoderInfo};
use crate::{
    AudioDecoder, AudioEncoder, AudioEncoderSettings, VideoDecoder, VideoDecoderSettings, VideoEncoder,
    VideoEncoderSettings,
};

/// A set of codecs from one source.
pub trait Provider: Send + Sync {
    /// A short name in lower case, by which [`crate::Registry::prefer`] knows it.
    fn name(&self) -> &'static str;

    /// Its encoders, preferred ones first within a codec.
    fn encoders(&self) -> &[EncoderInfo];

    /// Its decoders, preferred ones first within a codec.
    fn decoders(&self) -> &[DecoderInfo];

    /// Makes the video encoder with this id.
    fn video_encoder(&self, id: &str, settings: &VideoEncoderSettings) -> Result<Box<dyn VideoEncoder>>;

    /// Makes the audio encoder with this id.
    fn audio_encoder(&self, id: &str, settings: &AudioEncoderSettings) -> Result<Box<dyn AudioEncoder>>;

    /// Makes the video decoder with this id, or says why not: a decoder may refuse a profile it can't decode
    /// ([`reelwright_media::ErrorKind::Unsupported`]), upon which the next one is asked.
    fn video_decoder(&self, id: &str, settings: &VideoDecoderSettings) -> Result<Box<dyn VideoDecoder>>;

    /// Makes the audio decoder with this id, or says why not.
    fn audio_decoder(&self, id: &str, format: &Arc<FormatDescription>) -> Result<Box<dyn AudioDecoder>>;
}
