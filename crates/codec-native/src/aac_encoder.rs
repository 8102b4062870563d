//! Our AAC LC encoder, as the registry offers it.

use std::sync::Arc;

use reelwright_codec::{AudioEncoder, AudioEncoderSettings, AudioRate, Codec, EncoderInfo};
use reelwright_media::{
    AudioBuffer, AudioCodec, AudioFormat, CodecConfig, Error, FormatDescription, FourCc, Result,
    SampleBuffer, SampleFlags, Time, Timescale, Trim,
};

use crate::aac::{Encoder, Packet, Rate, Settings, Window};

/// The encoder's id in the registry.
pub(crate) const ID: &str = "aac";

/// Frames in a packet.
const PACKET: u32 = 1024;

/// The registry's row.
pub(crate) fn info(provider: &'static str) -> EncoderInfo {
    EncoderInfo {
        max_channels: 8,
        options: vec![
            ("bandwidth", "the highest frequency to code, in Hz; default by rate"),
            ("window", "kbd (default) or sine: the shape of the transform's windows"),
            ("noise", "1 lets decoders make the noise of bands that would be silenced; default 0"),
        ],
        ..EncoderInfo::new(ID, "Reelwright AAC LC encoder", provider, Codec::Audio(AudioCodec::Aac))
    }
}

/// An AAC LC encoder of access units.
pub(crate) struct AacLc {
    encoder: Encoder,
    stamper: Stamper,
    channels: usize,
}

/// Turns packets into samples.
struct Stamper {
    format: Arc<FormatDescription>,
    rate: Timescale,
}

impl AacLc {
    /// Makes an encoder.
    ///
    /// # Errors
    ///
    /// [`reelwright_media::ErrorKind::Unsupported`] for sample rates, layouts and bit rates AAC can't have,
    /// [`reelwright_media::ErrorKind::Misuse`] for options it doesn't know.
    pub(crate) fn new(settings: &AudioEncoderSettings) -> Result<Self> {
        let (rate, bits) = match settings.rate {
            AudioRate::Constant(bits) => (Rate::Constant(bits), bits),
            AudioRate::Average(bits) => (Rate::Average(bits), bits),
            AudioRate::Quality(quality) => (Rate::Variable(quality), 0),
        };
        let mut wanted = Settings::new(settings.sample_rate, settings.layout.clone(), rate);
        for (name, value) in &settings.options {
            match (name.as_str(), value.as_str(), value.parse()) {
                ("bandwidth", _, Ok(hertz)) => wanted.bandwidth = Some(hertz),
                ("window", "kbd", _) => wanted.window = Window::Kbd,
                ("window", "sine", _) => wanted.window = Window::Sine,
                ("noise", "0" | "1", Ok(number)) => wanted.noise_substitution = number == 1,
                _ => {
                    let error = Error::misuse(format!("aac does not know {name}={value}"));
                    return Err(
                        error.with_hint("its options are bandwidth in Hz, window kbd or sine, noise 0 or 1")
                    );
                }
            }
        }
        let timescale = Timescale::new(settings.sample_rate);
        let timescale = timescale.ok_or_else(|| Error::unsupported("AAC at 0 Hz"))?;
        let channels = settings.layout.count();
        let count = u16::try_from(channels).map_err(|_| Error::unsupported("AAC of so many channels"))?;
        let encoder = Encoder::new(wanted)?;
        let config = encoder.audio_specific_config().to_vec();
        let format = AudioFormat {
            layout: Some(settings.layout.clone()),
            frames_per_packet: PACKET,
            config: Some(CodecConfig { kind: FourCc::new(b"esds"), bytes: config.into() }),
            bit_rate: (bits, 0),
            ..AudioFormat::new(AudioCodec::Aac, FourCc::new(b"mp4a"), settings.sample_rate, count)
        };
        let format = Arc::new(FormatDescription::Audio(format));
        Ok(Self { encoder, stamper: Stamper { format, rate: timescale }, channels })
    }
}

impl Stamper {
    fn sample(&self, packet: Packet) -> SampleBuffer {
        let frames = |count: u32| Some(Time::new(count.into(), self.rate)).filter(|time| !time.is_zero());
        let pts = Time::new(i64::try_from(packet.position).unwrap_or(i64::MAX), self.rate);
        SampleBuffer {
            format: self.format.clone(),
            payload: packet.data.into(),
            dts: pts,
            pts,
            duration: Time::new(PACKET.into(), self.rate),
            flags: SampleFlags::SYNC,
            trim: Trim {
                start: frames(Encoder::DELAY).filter(|_| packet.position == 0),
                end: frames(packet.padding),
            },
        }
    }
}

/// Hands packets on until one isn't taken.
fn deliver(
    stamper: &Stamper,
    encode: impl FnOnce(&mut dyn FnMut(Packet)) -> Result<()>,
    out: &mut dyn FnMut(SampleBuffer) -> Result<()>,
) -> Result<()> {
    let mut delivered = Ok(());
    encode(&mut |packet| {
        if delivered.is_ok() {
            delivered = out(stamper.sample(packet));
        }
    })?;
    delivered
}

impl AudioEncoder for AacLc {
    fn format(&self) -> &Arc<FormatDescription> {
        &self.stamper.format
    }

    fn priming(&self) -> u32 {
        Encoder::DELAY
    }

    fn encode(&mut self, audio: &AudioBuffer, out: &mut dyn FnMut(SampleBuffer) -> Result<()>) -> Result<()> {
        if audio.channels() != self.channels || audio.sample_rate != self.stamper.rate {
            return Err(Error::misuse(format!(
                "the encoder was made for {} channels at {} Hz, not {} at {}",
                self.channels,
                self.stamper.rate,
                audio.channels(),
                audio.sample_rate
            )));
        }
        let planes: Vec<&[f32]> = audio.planes().iter().map(Vec::as_slice).collect();
        let encoder = &mut self.encoder;
        deliver(&self.stamper, |packets| encoder.encode(&planes, packets), out)
    }

    fn finish(&mut self, out: &mut dyn FnMut(SampleBuffer) -> Result<()>) -> Result<()> {
        let encoder = &mut self.encoder;
        deliver(&self.stamper, |packets| encoder.finish(packets), out)
    }
}
