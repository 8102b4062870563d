use std::fmt;
use std::sync::Arc;

use reelwright_media::{
    Color, ContentLight, Error, FormatDescription, MasteringDisplay, PixelBuffer, PixelFormat, Ratio, Result,
    SampleBuffer, Size, Time, Timescale, VideoCodec, VideoFrame,
};

use crate::VideoLevel;

/// Turns compressed samples into pictures. `VTDecompressionSession`'s engine.
pub trait VideoDecoder: Send {
    /// Feeds one access unit in decode order; `out` is called for every picture that is ready, in display order, with
    /// the presentation time of the sample it came from.
    fn decode(&mut self, sample: &SampleBuffer, out: &mut dyn FnMut(VideoFrame) -> Result<()>) -> Result<()>;

    /// Puts out what is still inside. The decoder can be fed again afterwards, from a sync sample on.
    fn finish(&mut self, out: &mut dyn FnMut(VideoFrame) -> Result<()>) -> Result<()>;
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
}

impl VideoDecoderSettings {
    /// Threads and memory as the decoder likes, and nothing done to its pictures.
    pub fn new(format: Arc<FormatDescription>) -> Self {
        Self { format, threads: 0, memory_budget: 0, early: None }
    }
}

impl fmt::Debug for VideoDecoderSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VideoDecoderSettings")
            .field("format", &self.format)
            .field("threads", &self.threads)
            .field("memory_budget", &self.memory_budget)
            .field("early", &self.early.is_some())
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

/// Everything a video encoder is made with. Constructed by [`VideoEncoderSettings::new`], then changed field by field.
#[derive(Clone, Debug, PartialEq)]
pub struct VideoEncoderSettings {
    /// The codec.
    pub codec: VideoCodec,
    /// The picture's size in pixels.
    pub size: Size,
    /// Bits a component, 8 or 10; the encoder's [`VideoEncoder::input_format`] follows from it.
    pub bit_depth: u8,
    /// Ticks the samples' times are counted in.
    pub timescale: Timescale,
    /// Frames per second to expect, for rate control and level; never for timing.
    pub frame_rate: Ratio,
    /// Colour to write into the stream and the format description.
    pub color: Color,
    /// Mastering display to write.
    pub mastering: Option<MasteringDisplay>,
    /// Content light level to write.
    pub content_light: Option<ContentLight>,
    /// The shape of a pixel.
    pub pixel_aspect: Ratio,
    /// How bits are spent.
    pub rate: VideoRate,
    /// A ceiling over a window, where wanted.
    pub limit: Option<RateLimit>,
    /// How often pictures can be decoded on their own.
    pub key_frames: KeyFrames,
    /// Profile, or the encoder's choice.
    pub profile: Option<VideoProfile>,
    /// Level; `None`, the default, is the lowest that is enough. The encoder refuses one that is too low, and any where
    /// it can't be told one. `kVTCompressionPropertyKey_ProfileLevel`.
    pub level: Option<VideoLevel>,
    /// Whether pictures may be stored in another order than shown (B pictures). Default true.
    pub reordering: bool,
    /// Whether latency matters more than quality. Default false.
    pub real_time: bool,
    /// Threads it may use at most; 0 leaves it to the encoder.
    pub threads: usize,
    /// Options by the encoder's own names (`preset` = `medium`), refused where it doesn't know them.
    pub options: Vec<(String, String)>,
}

impl VideoEncoderSettings {
    /// Settings for `codec` at `size`: 8 bit, 30 fps expected, timescale 600, key frames every 2 s, reordering on,
    /// quality 0.65.
    pub fn new(codec: VideoCodec, size: Size) -> Self {
        Self {
            codec,
            size,
            bit_depth: 8,
            timescale: Timescale::or_one(600),
            frame_rate: Ratio { num: 30, den: 1 },
            color: Color::UNSPECIFIED,
            mastering: None,
            content_light: None,
            pixel_aspect: Ratio::ONE,
            rate: VideoRate::Quality(0.65),
            limit: None,
            key_frames: KeyFrames { frames: None, interval: Some(Time::from_secs(2)) },
            profile: None,
            level: None,
            reordering: true,
            real_time: false,
            threads: 0,
            options: Vec::new(),
        }
    }
}

/// How bits are spent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum VideoRate {
    /// So many bits per second on average. `kVTCompressionPropertyKey_AverageBitRate`.
    Average(u32),
    /// Constant quality from 0.0 (worst) to 1.0 (best). `kVTCompressionPropertyKey_Quality`.
    Quality(f32),
}

/// A ceiling: no window of `buffer / rate` seconds may hold more than `buffer` bits. `kVTCompressionPropertyKey_DataRateLimits`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// Bits per second at most.
    pub max_rate: u32,
    /// Size of the decoder buffer in bits.
    pub buffer: u32,
}

/// The longest allowed distance of key frames; the stricter of the two counts. Both `None` leaves it to the encoder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyFrames {
    /// In frames. `kVTCompressionPropertyKey_MaxKeyFrameInterval`.
    pub frames: Option<u32>,
    /// In time. `kVTCompressionPropertyKey_MaxKeyFrameIntervalDuration`.
    pub interval: Option<Time>,
}

/// Profiles an encoder can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum VideoProfile {
    /// H.264 Constrained Baseline.
    H264Baseline,
    /// H.264 Main.
    H264Main,
    /// H.264 High.
    H264High,
    /// HEVC Main.
    HevcMain,
    /// HEVC Main 10.
    HevcMain10,
    /// ProRes 422 Proxy.
    ProResProxy,
    /// ProRes 422 LT.
    ProResLt,
    /// ProRes 422.
    ProRes422,
    /// ProRes 422 HQ.
    ProResHq,
    /// ProRes 4444.
    ProRes4444,
}
