use std::sync::Arc;

use reelwright_media::{AudioBuffer, FormatDescription, Result, SampleBuffer};

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
