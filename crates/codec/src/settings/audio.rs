use reelwright_media::{AudioCodec, ChannelLayout, Error, PcmFormat, Result};

use super::{check_bit_rate, check_quality, setters};

/// Everything an audio encoder is made with: `AudioEncoderSettings::new(codec, rate, layout).rate(..)`, or
/// [`AudioEncoderSettings::pcm`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct AudioEncoderSettings {
    /// The codec.
    pub codec: AudioCodec,
    /// Frames per second.
    pub sample_rate: u32,
    /// Which channel is which, in the order of the buffers to come.
    pub layout: ChannelLayout,
    /// How bits are spent; ignored by lossless codecs.
    pub rate: AudioRate,
    /// For LPCM, how to lay it out; else `None`.
    pub pcm: Option<PcmFormat>,
    /// Options by the encoder's own names, refused where it doesn't know them.
    pub options: Vec<(String, String)>,
}

/// What a channel gets by default, in bits per second, where the sample rate is high enough.
const DEFAULT_BITS: u32 = 64_000;
/// What a frame of a channel gets by default at lower sample rates: half of what AAC can spend at most.
const DEFAULT_BITS_A_FRAME: u32 = 3;

impl AudioEncoderSettings {
    /// Settings for `codec`: 64 kbit/s a channel on average, below 22 kHz 3 bits a frame and channel (24 kbit/s at 8 kHz).
    /// LPCM is 16 bit, little-endian.
    pub fn new(codec: AudioCodec, sample_rate: u32, layout: ChannelLayout) -> Self {
        let channels = u32::try_from(layout.count()).unwrap_or(u32::MAX);
        // Whole kilobits: what a header states and people read.
        let by_rate = sample_rate.saturating_mul(DEFAULT_BITS_A_FRAME) / 1000 * 1000;
        let rate = AudioRate::Average(channels.saturating_mul(DEFAULT_BITS.min(by_rate.max(1000))));
        let pcm = (codec == AudioCodec::Lpcm).then_some(PcmFormat::S16LE);
        Self { codec, sample_rate, layout, rate, pcm, options: Vec::new() }
    }

    setters! {
        codec: AudioCodec,
        sample_rate: u32,
        layout: ChannelLayout,
        rate: AudioRate,
        options: Vec<(String, String)>,
        ; optional
        pcm: PcmFormat,
    }

    /// The same settings with one more of [`Self::options`].
    #[must_use]
    pub fn option(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.options.push((name.into(), value.into()));
        self
    }

    /// Whether the settings make sense, whatever the encoder.
    ///
    /// # Errors
    ///
    /// [`reelwright_media::ErrorKind::Misuse`] with what is possible, for the first setting that no encoder could follow.
    pub fn check(&self) -> Result<()> {
        if self.sample_rate == 0 {
            return Err(Error::misuse("a sample rate of 0 Hz: there is at least 1 frame a second"));
        }
        if self.layout.count() == 0 {
            return Err(Error::misuse("sound of 0 channels: there is at least 1"));
        }
        match (self.codec == AudioCodec::Lpcm, self.pcm) {
            (true, None) => {
                return Err(
                    Error::misuse("LPCM of no stated layout").with_hint("set `pcm`: 16 bit, float, ...")
                );
            }
            (false, Some(_)) => {
                let message = format!("{} has no PCM layout: `pcm` is for LPCM", self.codec.name());
                return Err(Error::misuse(message));
            }
            _ => {}
        }
        match self.rate {
            // They spend what they need.
            _ if matches!(self.codec, AudioCodec::Lpcm | AudioCodec::Alac | AudioCodec::Flac) => Ok(()),
            AudioRate::Constant(bits) => check_bit_rate("a constant rate", bits),
            AudioRate::Average(bits) => check_bit_rate("an average", bits),
            AudioRate::Quality(quality) => check_quality(quality),
        }
    }
}

/// How an audio encoder spends bits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AudioRate {
    /// So many bits per second, within the codec's bit reservoir.
    Constant(u32),
    /// So many bits per second on average.
    Average(u32),
    /// Constant quality from 0.0 (worst) to 1.0 (best).
    Quality(f32),
}

#[cfg(test)]
mod tests {
    use reelwright_media::ErrorKind;

    use super::*;

    #[test]
    fn what_no_encoder_could_follow_is_refused_with_what_is_possible() {
        let aac = |rate| AudioEncoderSettings::new(AudioCodec::Aac, rate, ChannelLayout::mono());
        let none = AudioEncoderSettings::new(AudioCodec::Aac, 48_000, ChannelLayout::new([]));
        let lpcm = AudioEncoderSettings::new(AudioCodec::Lpcm, 48_000, ChannelLayout::mono());
        for (settings, possible) in [
            (aac(0), "at least 1 frame"),
            (none, "at least 1"),
            (aac(48_000).rate(AudioRate::Average(0)), "at least 1 bit/s"),
            (aac(48_000).rate(AudioRate::Constant(0)), "at least 1 bit/s"),
            (aac(48_000).rate(AudioRate::Quality(1.5)), "0.0 (worst) to 1.0 (best)"),
            (aac(48_000).pcm(PcmFormat::S16LE), "is for LPCM"),
            (lpcm.clone().pcm(None), "no stated layout"),
        ] {
            let error = settings.check().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Misuse, "{error}");
            assert!(error.message().contains(possible), "{error}");
        }
        lpcm.rate(AudioRate::Average(0)).check().unwrap();
    }

    #[test]
    fn the_default_rate_follows_the_sample_rate() {
        let rate = |hertz, layout| AudioEncoderSettings::new(AudioCodec::Aac, hertz, layout).rate;
        assert_eq!(rate(8000, ChannelLayout::mono()), AudioRate::Average(24_000));
        assert_eq!(rate(22_050, ChannelLayout::stereo()), AudioRate::Average(128_000));
        assert_eq!(rate(48_000, ChannelLayout::stereo()), AudioRate::Average(128_000));
    }
}
