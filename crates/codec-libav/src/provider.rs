use std::sync::Arc;

use reelwright_codec::{
    AudioDecoder, AudioEncoder, AudioEncoderSettings, DecoderInfo, EncoderInfo, Provider, VideoDecoder,
    VideoDecoderSettings, VideoEncoder, VideoEncoderSettings,
};
use reelwright_media::{Error, ErrorKind, FormatDescription, Result};

use crate::{decode, encode, ffi};

/// The codecs of the linked libavcodec.
pub fn provider() -> Arc<dyn Provider> {
    let (_, licence) = ffi::library();
    let video = encode::VIDEO.iter().filter_map(|row| encode::video_info(row, licence));
    let audio = encode::AUDIO.iter().filter_map(|row| encode::audio_info(row, licence));
    Arc::new(Libav { encoders: video.chain(audio).collect(), decoders: decode::available(licence) })
}

struct Libav {
    encoders: Vec<EncoderInfo>,
    decoders: Vec<DecoderInfo>,
}

impl Provider for Libav {
    fn name(&self) -> &'static str {
        crate::NAME
    }

    fn encoders(&self) -> &[EncoderInfo] {
        &self.encoders
    }

    fn decoders(&self) -> &[DecoderInfo] {
        &self.decoders
    }

    fn video_encoder(&self, id: &str, settings: &VideoEncoderSettings) -> Result<Box<dyn VideoEncoder>> {
        let row = encode::VIDEO.iter().find(|row| row.id == id);
        let (Some(row), Some(codec)) = (row, ffi::Codec::encoder(id)) else {
            return Err(absent("encoder", id));
        };
        if settings.codec != row.codec {
            return Err(Error::misuse(format!("{id} makes {}", row.codec.name())));
        }
        Ok(Box::new(encode::VideoEncoder::new(codec, row, settings)?))
    }

    fn audio_encoder(&self, id: &str, settings: &AudioEncoderSettings) -> Result<Box<dyn AudioEncoder>> {
        let row = encode::AUDIO.iter().find(|row| row.id == id).ok_or_else(|| absent("encoder", id))?;
        let codec = ffi::Codec::encoder(row.name).ok_or_else(|| absent("encoder", id))?;
        if settings.codec != row.codec {
            return Err(Error::misuse(format!("{id} makes {}", row.codec.name())));
        }
        Ok(Box::new(encode::AudioEncoder::new(codec, row, settings)?))
    }

    fn video_decoder(&self, id: &str, settings: &VideoDecoderSettings) -> Result<Box<dyn VideoDecoder>> {
        let codec = decode::codec(id).ok_or_else(|| absent("decoder", id))?;
        Ok(Box::new(decode::VideoDecoder::new(codec, settings)?))
    }

    fn audio_decoder(&self, id: &str, format: &Arc<FormatDescription>) -> Result<Box<dyn AudioDecoder>> {
        let codec = decode::codec(id).ok_or_else(|| absent("decoder", id))?;
        Ok(Box::new(decode::AudioDecoder::new(codec, format)?))
    }
}

fn absent(what: &str, id: &str) -> Error {
    Error::new(ErrorKind::NoCodec, format!("the linked libavcodec has no {what} {id}"))
}
