use std::sync::Arc;

use reelwright_codec::{
    AudioDecoder, AudioEncoder, AudioEncoderSettings, DecoderInfo, EncoderInfo, Provider, VideoDecoder,
    VideoDecoderSettings, VideoEncoder, VideoEncoderSettings,
};
use reelwright_media::{Error, ErrorKind, FormatDescription, Result};

use crate::av1;
use crate::{
    aac_decoder, aac_encoder, h264, hevc, jpeg, openh264, opus, pcm, symphonia, telephony, vp8, vp9, vpx,
};

/// The provider's name in the registry.
const NAME: &str = "native";

/// The codecs of this crate.
pub fn provider() -> Arc<dyn Provider> {
    let mut decoders = vec![
        h264::info(NAME),
        hevc::info(NAME),
        av1::info(NAME),
        vp8::info(NAME),
        vp9::info(NAME),
        aac_decoder::info(NAME),
        pcm::decoder_info(NAME),
    ];
    decoders.extend([jpeg::info(NAME), opus::info(NAME)]);
    decoders.extend(symphonia::infos(NAME).chain(telephony::infos(NAME)));
    let encoders = vec![openh264::info(NAME), aac_encoder::info(NAME), pcm::encoder_info(NAME)];
    Arc::new(Native { encoders, decoders })
}

struct Native {
    encoders: Vec<EncoderInfo>,
    decoders: Vec<DecoderInfo>,
}

impl Provider for Native {
    fn name(&self) -> &'static str {
        NAME
    }

    fn encoders(&self) -> &[EncoderInfo] {
        &self.encoders
    }

    fn decoders(&self) -> &[DecoderInfo] {
        &self.decoders
    }

    fn video_encoder(&self, id: &str, settings: &VideoEncoderSettings) -> Result<Box<dyn VideoEncoder>> {
        match id {
            openh264::ID => Ok(Box::new(openh264::OpenH264::new(settings)?)),
            _ => Err(unknown(id)),
        }
    }

    fn audio_encoder(&self, id: &str, settings: &AudioEncoderSettings) -> Result<Box<dyn AudioEncoder>> {
        match id {
            aac_encoder::ID => Ok(Box::new(aac_encoder::AacLc::new(settings)?)),
            pcm::ID => Ok(Box::new(pcm::LpcmEncoder::new(settings)?)),
            _ => Err(unknown(id)),
        }
    }

    fn video_decoder(&self, id: &str, settings: &VideoDecoderSettings) -> Result<Box<dyn VideoDecoder>> {
        match id {
            h264::ID => h264::decoder(settings),
            jpeg::ID => Ok(Box::new(jpeg::Jpeg::new(&settings.format)?)),
            av1::ID => Ok(Box::new(av1::Av1::new(settings)?)),
            hevc::ID => Ok(Box::new(hevc::Hevc::new(settings)?)),
            vp8::ID => vpx::decoder::<vp8::Vp8>(settings),
            vp9::ID => vpx::decoder::<vp9::Vp9>(settings),
            _ => Err(unknown(id)),
        }
    }

    fn audio_decoder(&self, id: &str, format: &Arc<FormatDescription>) -> Result<Box<dyn AudioDecoder>> {
        match id {
            aac_decoder::ID => Ok(Box::new(aac_decoder::Aac::new(format)?)),
            opus::ID => Ok(Box::new(opus::Opus::new(format)?)),
            pcm::ID => Ok(Box::new(pcm::LpcmDecoder::new(format)?)),
            id if symphonia::has(id) => Ok(Box::new(symphonia::Symphonia::new(format)?)),
            id if telephony::has(id) => Ok(Box::new(telephony::Telephony::new(format)?)),
            _ => Err(unknown(id)),
        }
    }
}

fn unknown(id: &str) -> Error {
    Error::new(ErrorKind::NoCodec, format!("the native provider has no codec named {id}"))
}
