//! AAC decoding by `rusty_aac`: LC, Main, LTP, HE-AAC v1 and v2, LD and ELD; up to 7.1.

use std::sync::Arc;

use reelwright_bitstream::aac::AudioSpecificConfig;
use reelwright_codec::{AudioDecoder, Codec, DecoderInfo};
use reelwright_media::{
    AudioBuffer, AudioCodec, Channel, ChannelLayout, Error, ErrorKind, FormatDescription, Result,
    SampleBuffer, Timescale,
};
use rusty_aac::{AacDecoder, Error as AacError};

use crate::nal::guarded;
use crate::pcm::{planes, wave_layout};

/// The decoder's id in the registry.
pub(crate) const ID: &str = "aac";

/// The registry's row.
pub(crate) fn info(provider: &'static str) -> DecoderInfo {
    DecoderInfo::new(ID, "AAC decoder (rusty_aac)", provider, Codec::Audio(AudioCodec::Aac))
}

/// An AAC decoder, of access units where there is an AudioSpecificConfig, else of ADTS frames.
pub(crate) struct Aac {
    format: Arc<FormatDescription>,
    decoder: AacDecoder,
    /// Where it differs from the usual one of as many channels.
    layout: Option<ChannelLayout>,
}

impl Aac {
    /// Makes a decoder.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`] for object types it doesn't know (xHE-AAC), [`ErrorKind::Malformed`] for a
    /// configuration that isn't one.
    pub(crate) fn new(format: &Arc<FormatDescription>) -> Result<Self> {
        Ok(Self { format: format.clone(), decoder: decoder(format)?, layout: layout(format) })
    }
}

fn decoder(format: &FormatDescription) -> Result<AacDecoder> {
    let audio = format.audio()?;
    let Some(config) = &audio.config else { return Ok(AacDecoder::new()) };
    let made = guarded("rusty_aac", || AacDecoder::with_config_bytes(&config.bytes))?;
    made.map_err(|error| match error {
        AacError::Unsupported(what) | AacError::InvalidData(what) if is_usac(&config.bytes) => {
            Error::unsupported(format!("xHE-AAC (USAC): {what}"))
        }
        AacError::Unsupported(what) => Error::unsupported(format!("AAC: {what}")),
        error => Error::malformed(format!("the AudioSpecificConfig: {error}")),
    })
}

/// The channels in the order rusty_aac puts them out, which is the one of libavcodec: by a program config element, or by
/// configurations that have a pair of channels elsewhere than as many channels usually do.
fn layout(format: &FormatDescription) -> Option<ChannelLayout> {
    use Channel::{BackCenter, Center, Left, Lfe, Right, SideLeft, SideRight, TopFrontLeft, TopFrontRight};
    let config = AudioSpecificConfig::parse(&format.as_audio()?.config.as_ref()?.bytes).ok()?;
    match config.channel_configuration {
        0 => config.layout(),
        11 => Some(ChannelLayout::new([Left, Right, Center, Lfe, SideLeft, SideRight, BackCenter])),
        14 => Some(ChannelLayout::new([
            Left,
            Right,
            Center,
            Lfe,
            SideLeft,
            SideRight,
            TopFrontLeft,
            TopFrontRight,
        ])),
        _ => None,
    }
}

/// Whether an AudioSpecificConfig names object type 42.
fn is_usac(config: &[u8]) -> bool {
    // Five bits of 31, then the type minus 32 in six.
    matches!(config, [first, second, ..] if first >> 3 == 31 && (first & 7) << 3 | second >> 5 == 10)
}

impl AudioDecoder for Aac {
    fn decode(
        &mut self,
        sample: &SampleBuffer,
        out: &mut dyn FnMut(AudioBuffer) -> Result<()>,
    ) -> Result<()> {
        if sample.differs_from(&self.format) {
            *self = Self::new(&sample.format)?;
        }
        let packet = sample.payload.load()?;
        let decoder = &mut self.decoder;
        let decoded = match guarded("rusty_aac", || decoder.decode(&packet, None)) {
            Ok(decoded) => decoded,
            Err(error) => {
                self.decoder = self::decoder(&self.format)?;
                return Err(error.at_time(sample.pts));
            }
        };
        match decoded {
            Ok(audio) => {
                let channels = usize::from(audio.channels);
                let rate = Timescale::new(audio.sample_rate);
                let rate = rate.ok_or_else(|| Error::new(ErrorKind::Decode, "AAC without a sample rate"))?;
                let planes = planes(&audio.samples, channels);
                let layout = self.layout.clone().filter(|layout| layout.count() == channels);
                let layout = layout.unwrap_or_else(|| wave_layout(channels));
                out(AudioBuffer::new(rate, layout, sample.pts, planes))
            }
            // An empty packet.
            Err(AacError::Again | AacError::Eof) => Ok(()),
            Err(AacError::Unsupported(what)) => {
                Err(Error::unsupported(format!("AAC: {what}")).at_time(sample.pts))
            }
            Err(error) => Err(Error::new(ErrorKind::Decode, format!("AAC: {error}")).at_time(sample.pts)),
        }
    }

    fn finish(&mut self, _: &mut dyn FnMut(AudioBuffer) -> Result<()>) -> Result<()> {
        // What comes next needn't follow on: forget the overlap.
        self.decoder = decoder(&self.format)?;
        Ok(())
    }
}
