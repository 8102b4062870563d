use std::sync::Arc;

use reelwright_media::{
    AudioBuffer, AudioCodec, ChannelLayout, FormatDescription, PcmFormat, Result, SampleBuffer,
};

/// Turns compressed audio into PCM. `AudioConverter`'s decoding half.
pub trait AudioDecoder: Send {
    /// Feeds one packet; `out` is called with what it decodes to, at the packet's own presentation time. Priming is
    /// put out like everything else: whoever knows the edit list discards it.
    fn decode(&mut self, sample: &SampleBuffer, out: &mut dyn FnMut(AudioBuffer) -> Result<()>)
    -> Result<()>;

    /// Puts out what is still inside. The decoder can be fed again afterwards, from any packet on.
    fn finish(&mut self, out: &mut dyn FnMut(AudioBuffer) -> Result<()>) -> Result<()>;
}

/// Turns PCM into compressed audio. `AudioConverter`'s encoding half.
pub trait AudioEncoder: Send {
    /// What the samples will be.
    fn format(&self) -> &Arc<FormatDescription>;

    /// Frames a decoder puts out before the first that was fed (encoder delay).
    fn priming(&self) -> u32;

    /// Feeds PCM of the settings' rate and layout; blocks may have any length and are joined end to end.
    ///
    /// Samples come out with consecutive times in the sample rate's timescale from 0 on, priming included; the first
    /// carries [`reelwright_media::Trim::start`].
    fn encode(&mut self, audio: &AudioBuffer, out: &mut dyn FnMut(SampleBuffer) -> Result<()>) -> Result<()>;

    /// Pads to a whole packet and puts out what is still inside; the last sample carries
    /// [`reelwright_media::Trim::end`], so that exactly the frames that were fed remain.
    fn finish(&mut self, out: &mut dyn FnMut(SampleBuffer) -> Result<()>) -> Result<()>;
}

/// Everything an audio encoder is made with.
#[derive(Clone, Debug, PartialEq)]
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

impl AudioEncoderSettings {
    /// Settings for `codec`: 64 kbit/s a channel on average. LPCM needs [`Self::pcm`] as well.
    pub fn new(codec: AudioCodec, sample_rate: u32, layout: ChannelLayout) -> Self {
        let channels = u32::try_from(layout.count()).unwrap_or(u32::MAX);
        let rate = AudioRate::Average(channels.saturating_mul(64_000));
        Self { codec, sample_rate, layout, rate, pcm: None, options: Vec::new() }
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
