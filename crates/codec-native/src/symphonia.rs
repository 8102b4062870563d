//! MP3, MP2, FLAC, Apple Lossless and Vorbis decoding by Symphonia.

use std::sync::Arc;

use reelwright_bitstream::mpeg_audio::MpegAudioHeader;
use reelwright_codec::{AudioDecoder, Codec, DecoderInfo};
use reelwright_media::{
    AudioBuffer, AudioCodec, AudioFormat, Error, ErrorKind, FormatDescription, Hint, Result, SampleBuffer,
    Timescale,
};
use symphonia_bundle_flac::FlacDecoder;
use symphonia_bundle_mp3::MpaDecoder;
use symphonia_codec_alac::AlacDecoder;
use symphonia_codec_vorbis::VorbisDecoder;
use symphonia_core::codecs::audio::well_known::{
    CODEC_ID_ALAC, CODEC_ID_FLAC, CODEC_ID_MP2, CODEC_ID_MP3, CODEC_ID_VORBIS,
};
use symphonia_core::codecs::audio::{AudioCodecParameters, AudioDecoder as Engine, AudioDecoderOptions};
use symphonia_core::packet::PacketRef;
use symphonia_core::units::{Duration, Timestamp};

use crate::nal::guarded;
use crate::pcm::wave_layout;

/// Ids in the registry, names, and what they decode.
const CODECS: [(&str, &str, AudioCodec); 5] = [
    ("mp3", "MP3 decoder (Symphonia)", AudioCodec::Mp3),
    ("mp2", "MP2 decoder (Symphonia)", AudioCodec::Mp2),
    ("flac", "FLAC decoder (Symphonia)", AudioCodec::Flac),
    ("alac", "Apple Lossless decoder (Symphonia)", AudioCodec::Alac),
    ("vorbis", "Vorbis decoder (Symphonia)", AudioCodec::Vorbis),
];

/// The registry's rows.
pub(crate) fn infos(provider: &'static str) -> impl Iterator<Item = DecoderInfo> {
    CODECS.into_iter().map(move |(id, name, codec)| DecoderInfo::new(id, name, provider, Codec::Audio(codec)))
}

/// Whether the decoder with this id is one of these.
pub(crate) fn has(id: &str) -> bool {
    CODECS.iter().any(|(known, ..)| *known == id)
}

/// A decoder of one of the codecs above.
pub(crate) struct Symphonia {
    format: Arc<FormatDescription>,
    engine: Box<dyn Engine>,
}

impl Symphonia {
    /// Makes a decoder.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`] or [`ErrorKind::Malformed`] where the configuration is missing or refused.
    pub(crate) fn new(format: &Arc<FormatDescription>) -> Result<Self> {
        let audio = format.audio()?;
        let engine = guarded("Symphonia", || engine(audio))??;
        Ok(Self { format: format.clone(), engine })
    }
}

fn engine(audio: &AudioFormat) -> Result<Box<dyn Engine>> {
    let mut parameters = AudioCodecParameters::new();
    parameters.with_sample_rate(audio.sample_rate);
    let config = audio.config.as_ref().map(|config| &config.bytes[..]).unwrap_or_default();
    let extra = match audio.codec {
        AudioCodec::Flac => stream_info(config),
        _ => config,
    };
    if !extra.is_empty() {
        parameters.with_extra_data(extra.into());
    }
    // Trimming is for whoever knows the edit list.
    let options = AudioDecoderOptions::default().gapless(false);
    let made: symphonia_core::errors::Result<Box<dyn Engine>> = match audio.codec {
        AudioCodec::Mp3 => MpaDecoder::try_new(parameters.for_codec(CODEC_ID_MP3), &options).map(boxed),
        AudioCodec::Mp2 => MpaDecoder::try_new(parameters.for_codec(CODEC_ID_MP2), &options).map(boxed),
        AudioCodec::Flac => FlacDecoder::try_new(parameters.for_codec(CODEC_ID_FLAC), &options).map(boxed),
        AudioCodec::Alac => AlacDecoder::try_new(parameters.for_codec(CODEC_ID_ALAC), &options).map(boxed),
        AudioCodec::Vorbis => {
            VorbisDecoder::try_new(parameters.for_codec(CODEC_ID_VORBIS), &options).map(boxed)
        }
        other => return Err(Error::misuse(format!("{} is not one of Symphonia's", other.name()))),
    };
    made.map_err(|error| failure(audio.codec, &error))
}

fn boxed(engine: impl Engine + 'static) -> Box<dyn Engine> {
    Box::new(engine)
}

/// The STREAMINFO block alone, from `dfLa` or the private data of Matroska, which wrap it differently.
fn stream_info(config: &[u8]) -> &[u8] {
    let blocks = config.strip_prefix(b"fLaC").unwrap_or(config);
    match blocks {
        // A metadata block header: type 0, 34 bytes.
        [0 | 0x80, 0, 0, 34, body @ ..] => body.get(..34).unwrap_or(body),
        _ => blocks,
    }
}

fn failure(codec: AudioCodec, error: &symphonia_core::errors::Error) -> Error {
    use symphonia_core::errors::Error as Cause;
    let message = format!("{}: {error}", codec.name());
    match error {
        Cause::Unsupported(_) => Error::unsupported(message),
        Cause::LimitError(_) => Error::new(ErrorKind::Limit, message),
        _ => Error::new(ErrorKind::Decode, message),
    }
}

/// Refuses what Symphonia does, but says why: Layer II knows one channel at up to 192 kbit/s only, and two at 64 and more,
/// 80 excepted (ISO/IEC 11172-3, 2.4.2.3). Some writers don't care.
fn check_layer_2(packet: &[u8]) -> Result<()> {
    let Ok(MpegAudioHeader { version: 1, layer: 2, channels, bit_rate, .. }) = MpegAudioHeader::parse(packet)
    else {
        return Ok(());
    };
    let allowed = match channels {
        1 => bit_rate <= 192_000,
        _ => bit_rate == 64_000 || bit_rate >= 96_000,
    };
    if allowed {
        return Ok(());
    }
    let (channels, rate) = (if channels == 1 { "mono" } else { "stereo" }, bit_rate / 1000);
    Err(Error::unsupported(format!("MP2 in {channels} at {rate} kbit/s, which Layer II doesn't allow"))
        .with_hint(Hint::AnotherDecoder))
}

impl AudioDecoder for Symphonia {
    fn decode(
        &mut self,
        sample: &SampleBuffer,
        out: &mut dyn FnMut(AudioBuffer) -> Result<()>,
    ) -> Result<()> {
        if sample.differs_from(&self.format) {
            *self = Self::new(&sample.format)?;
        }
        let bytes = sample.payload.load()?;
        let codec = self.format.as_audio().map_or(AudioCodec::Lpcm, |audio| audio.codec);
        if codec == AudioCodec::Mp2 {
            check_layer_2(&bytes).map_err(|error| error.at_time(sample.pts))?;
        }
        let engine = &mut self.engine;
        let decoded = guarded("Symphonia", || {
            let packet = PacketRef::new(0, Timestamp::ZERO, Duration::ZERO, &bytes);
            let audio = engine.decode_ref(&packet).map_err(|error| failure(codec, &error))?;
            let mut planes: Vec<Vec<f32>> = Vec::new();
            audio.copy_to_vecs_planar(&mut planes);
            Ok((audio.spec().rate(), planes))
        });
        let (rate, planes) = match decoded {
            Ok(decoded) => decoded.map_err(|error: Error| error.at_time(sample.pts))?,
            Err(error) => {
                *self = Self::new(&self.format)?;
                return Err(error.at_time(sample.pts));
            }
        };
        let Some(rate) =
            Timescale::new(rate).filter(|_| planes.first().is_some_and(|plane| !plane.is_empty()))
        else {
            return Ok(()); // the first packet of a codec that overlaps
        };
        out(AudioBuffer::new(rate, wave_layout(planes.len()), sample.pts, planes))
    }

    fn finish(&mut self, _: &mut dyn FnMut(AudioBuffer) -> Result<()>) -> Result<()> {
        self.engine.reset();
        Ok(())
    }
}
