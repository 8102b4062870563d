use std::fmt;
use std::sync::Arc;

use reelwright_media::{
    CancelToken, Error, FormatDescription, PixelBuffer, PixelFormat, Result, SampleBuffer, VideoFrame,
};

/// Turns compressed samples into pictures. `VTDecompressionSession`'s engine.
pub trait VideoDecoder: Send {
    /// Feeds one access unit in decode order; `out` is called for every picture that is ready, in display order, with
    /// the presentation time of the sample it came from.
    fn decode(&mut self, sample: &SampleBuffer, out: &mut dyn FnMut(VideoFrame) -> Result<()>) -> Result<()>;

    /// Puts out what is still inside. The decoder can be fed again afterwards, from a sync sample on.
    fn finish(&mut self, out: &mut dyn FnMut(VideoFrame) -> Result<()>) -> Result<()>;

    /// Puts out a picture if one is ready, and waits for it where the decoder has taken in as much as it wants; false where
    /// it put out nothing and [`Self::decode`] won't wait. Called until then before each sample, it keeps pictures from
    /// coming in numbers: a decoder that works ahead would put them out while it waits. Default: nothing.
    fn catch_up(&mut self, _out: &mut dyn FnMut(VideoFrame) -> Result<()>) -> Result<bool> {
        Ok(false)
    }

    /// Does as much of [`Self::finish`] as brings a picture; false once nothing is left. A failure is the end too.
    /// Default: all of it.
    fn drain(&mut self, out: &mut dyn FnMut(VideoFrame) -> Result<()>) -> Result<bool> {
        self.finish(out).map(|()| false)
    }
}

/// Work on a picture, such as scaling it.
pub type PictureWork = Arc<dyn Fn(PixelBuffer) -> Result<PixelBuffer> + Send + Sync>;

/// What a decoder is made for.
#[derive(Clone)]
pub struct VideoDecoderSettings {
    /// What the samples are.
    pub format: Arc<FormatDescription>,
    /// Threads it may use at most; 0 leaves it to the decoder.
    pub threads: usize,
    /// Bytes of pictures that may wait in it for those shown before them, beside what decoding itself needs; 0 leaves
    /// it to the decoder.
    pub memory_budget: usize,
    /// What will be done to every picture that comes out. A decoder whose pictures wait in numbers does it before, on its
    /// own threads, so that smaller pictures wait; others don't call it. Done twice it must be as done once.
    pub early: Option<PictureWork>,
    /// Once it is raised the decoder stops with [`reelwright_media::ErrorKind::Cancelled`], at the latest after the picture
    /// each of its threads is at. [`crate::Registry::video_decoder`] sees to it for every sample fed and every picture put
    /// out; decoders that do more in between look at it themselves.
    pub cancel: CancelToken,
}

impl VideoDecoderSettings {
    /// Threads and memory as the decoder likes, nothing done to its pictures, and a token nobody raises.
    pub fn new(format: Arc<FormatDescription>) -> Self {
        Self { format, threads: 0, memory_budget: 0, early: None, cancel: CancelToken::new() }
    }
}

impl fmt::Debug for VideoDecoderSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VideoDecoderSettings")
            .field("format", &self.format)
            .field("threads", &self.threads)
            .field("memory_budget", &self.memory_budget)
            .field("early", &self.early.is_some())
            .field("cancel", &self.cancel)
            .finish()
    }
}

/// Turns pictures into compressed samples. `VTCompressionSession`'s engine.
pub trait VideoEncoder: Send {
    /// The layout pictures must have; callers convert before.
    fn input_format(&self) -> PixelFormat;

    /// What the samples will be. Known from the start: parameter sets are made when the encoder is.
    fn format(&self) -> &Arc<FormatDescription>;

    /// Feeds one picture, in display order with strictly rising times; `out` is called for every sample that is
    /// ready, in decode order.
    ///
    /// Samples carry `pts` in the settings' timescale, `dts <= pts`, and for every sample but the last the duration
    /// up to the next sample in decode order is derived by whoever stores them.
    fn encode(
        &mut self,
        frame: VideoFrame,
        options: FrameOptions,
        out: &mut dyn FnMut(SampleBuffer) -> Result<()>,
    ) -> Result<()>;

    /// Whether [`Self::set_average_rate`] works. Default: it doesn't.
    fn changes_rate(&self) -> bool {
        false
    }

    /// Aims at another average rate, in bits per second, from the next picture on; no key frame is made for it.
    ///
    /// # Errors
    ///
    /// [`reelwright_media::ErrorKind::Unsupported`] where [`Self::changes_rate`] says no.
    fn set_average_rate(&mut self, bits_per_second: u32) -> Result<()> {
        Err(Error::unsupported(format!("this encoder can't change to {bits_per_second} bit/s while it runs")))
    }

    /// Puts out what is still inside.
    fn finish(&mut self, out: &mut dyn FnMut(SampleBuffer) -> Result<()>) -> Result<()>;
}

/// Wishes for one frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FrameOptions {
    /// Make it a key frame. `kVTEncodeFrameOptionKey_ForceKeyFrame`.
    pub force_key_frame: bool,
}
