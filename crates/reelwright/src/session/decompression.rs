use std::fmt;
use std::sync::Arc;

use reelwright_codec::{DecoderInfo, Registry, VideoDecoder, VideoDecoderSettings};
use reelwright_media::{FormatDescription, Result, SampleBuffer, Time, VideoFrame};

use super::pipeline::{Engine, Pipeline};
use super::{Accepted, Output};

/// Samples that may wait for the decoder.
const QUEUE: usize = 16;

/// Turns samples into frames on a thread of its own. `VTDecompressionSession`.
///
/// Every accepted sample is answered once, through the callback given to [`Self::new`], with the token it came with:
/// frames in display order, and errors for samples that can't be decoded, after which decoding goes on. Dropping the
/// session discards what is pending without an answer.
pub struct DecompressionSession<T: Send + 'static> {
    pipeline: Pipeline<SampleBuffer, T>,
    decoder: DecoderInfo,
    registry: Registry,
    settings: VideoDecoderSettings,
}

impl<T: Send + 'static> DecompressionSession<T> {
    /// Selects a decoder of [`crate::registry`] for `settings.format` and starts it.
    ///
    /// # Errors
    ///
    /// As [`Self::new_with`].
    pub fn new(
        settings: VideoDecoderSettings,
        on_output: impl FnMut(Output<T, VideoFrame>) + Send + 'static,
    ) -> Result<Self> {
        Self::new_with(&crate::registry(), settings, on_output)
    }

    /// Selects one of these codecs for `settings.format` and starts it. Samples may change to another format of the same codec
    /// in mid-stream.
    ///
    /// # Errors
    ///
    /// [`reelwright_media::ErrorKind::NoCodec`] where there is no decoder, else why the first one refused.
    pub fn new_with(
        registry: &Registry,
        settings: VideoDecoderSettings,
        on_output: impl FnMut(Output<T, VideoFrame>) + Send + 'static,
    ) -> Result<Self> {
        let (info, decoder) = registry.video_decoder(&settings)?;
        let pipeline = Pipeline::new("decompression", QUEUE, false, Decompressor { decoder }, on_output)?;
        Ok(Self { pipeline, decoder: info, registry: registry.clone(), settings })
    }

    /// Whether samples of this format can follow, or a new session is needed for them.
    /// `VTDecompressionSessionCanAcceptFormatDescription`.
    pub fn can_accept(&self, format: &Arc<FormatDescription>) -> bool {
        let settings = VideoDecoderSettings { threads: 1, format: format.clone(), ..self.settings.clone() };
        self.registry.video_decoder(&settings).is_ok_and(|(decoder, _)| decoder.id == self.decoder.id)
    }

    /// The decoder that was selected.
    pub fn decoder(&self) -> &DecoderInfo {
        &self.decoder
    }

    /// Samples accepted and not yet answered. `kVTDecompressionPropertyKey_NumberOfFramesBeingDecoded`.
    pub fn pending(&self) -> usize {
        self.pipeline.pending()
    }

    /// Accepts a sample, in decode order; waits for room in the queue. `token` comes back with its frame.
    ///
    /// # Errors
    ///
    /// Only where the session is broken: what is wrong with a sample is in its answer.
    pub fn decode(&mut self, sample: SampleBuffer, token: T) -> Result<Accepted> {
        let time = sample.pts;
        self.pipeline.accept(sample, time, token)
    }

    /// Waits until every accepted sample is answered. Decoding can go on from a sync sample.
    /// `VTDecompressionSessionWaitForAsynchronousFrames`.
    ///
    /// # Errors
    ///
    /// [`reelwright_media::ErrorKind::Misuse`] from inside the callback.
    pub fn complete(&mut self) -> Result<()> {
        self.pipeline.complete(None)
    }

    /// Ends the session at once: no answer comes any more, and the tokens of what was pending come back here, in the
    /// order they were given.
    pub fn invalidate(mut self) -> Vec<T> {
        self.pipeline.invalidate()
    }
}

impl<T: Send + 'static> fmt::Debug for DecompressionSession<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = &self.decoder().id;
        f.debug_struct("DecompressionSession").field("decoder", id).field("pending", &self.pending()).finish()
    }
}

struct Decompressor {
    decoder: Box<dyn VideoDecoder>,
}

impl Engine<SampleBuffer, VideoFrame> for Decompressor {
    fn feed(&mut self, input: SampleBuffer, out: &mut dyn FnMut(Time, VideoFrame)) -> Result<()> {
        self.decoder.decode(&input, &mut |frame| {
            out(frame.pts, frame);
            Ok(())
        })
    }

    fn drain(&mut self, out: &mut dyn FnMut(Time, VideoFrame)) -> Result<()> {
        self.decoder.finish(&mut |frame| {
            out(frame.pts, frame);
            Ok(())
        })
    }

    fn errors_are_final(&self) -> bool {
        false
    }
}
