//! What decoding VP8 and VP9 has in common: key frames that refresh everything, a `vpcC`, another crate behind a guard.

use std::marker::PhantomData;
use std::sync::Arc;

use reelwright_bitstream::vp9::VpConfig;
use reelwright_codec::{VideoDecoder, VideoDecoderSettings};
use reelwright_media::{
    Color, FormatDescription, FourCc, PixelBuffer, Result, SampleBuffer, VideoFormat, VideoFrame,
};

use crate::nal::guarded;
use crate::parallel::{Groups, ParallelGops};
use crate::picture::Tags;
use crate::threads;

/// No picture has more pixels: the largest of VP9's level 6.2. VP8 has no levels.
pub(crate) const MOST_PIXELS: u64 = 35_651_584;

/// A crate's decoder.
pub(crate) trait Frames: Default + Send + 'static {
    /// The crate, as errors call it.
    const CRATE: &'static str;

    /// Whether `sample` is a key frame.
    fn is_key(sample: &[u8]) -> bool;

    /// What `sample` says about colour, if anything.
    fn color(_sample: &[u8]) -> Option<Color> {
        None
    }

    /// Decodes a sample and hands over the pictures that are shown.
    fn decode(&mut self, sample: &[u8], show: &mut dyn FnMut(PixelBuffer) -> Result<()>) -> Result<()>;
}

/// Makes a decoder for the stream that `settings.format` describes; on several threads where `settings` allow it.
///
/// # Errors
///
/// A malformed `vpcC`.
pub(crate) fn decoder<F: Frames>(settings: &VideoDecoderSettings) -> Result<Box<dyn VideoDecoder>> {
    let alone = Vpx::<F>::new(&settings.format)?;
    match threads(settings) {
        1 => Ok(Box::new(alone)),
        threads => {
            let groups = KeyGroups::<F> { format: settings.format.clone(), frames: PhantomData };
            Ok(Box::new(ParallelGops::new(groups, threads, settings)))
        }
    }
}

/// A decoder on the caller's thread.
struct Vpx<F> {
    format: Arc<FormatDescription>,
    frames: F,
    tags: Tags,
}

impl<F: Frames> Vpx<F> {
    fn new(description: &Arc<FormatDescription>) -> Result<Self> {
        let format = description.video()?;
        let config = format.config.as_ref().filter(|config| config.kind == FourCc::new(b"vpcC"));
        let config = config.map(|config| VpConfig::parse(&config.bytes)).transpose()?;
        let color = config.map_or(Color::UNSPECIFIED, |config| config.color);
        Ok(Self { format: description.clone(), frames: F::default(), tags: tags(format, color) })
    }

    fn take(&mut self, sample: &SampleBuffer, out: &mut dyn FnMut(VideoFrame) -> Result<()>) -> Result<()> {
        let bytes = sample.payload.load()?;
        if let Some(color) = F::color(&bytes) {
            self.tags = tags(self.format.video()?, color);
        }
        self.frames.decode(&bytes, &mut |mut pixels| {
            self.tags.put_on(&mut pixels);
            out(VideoFrame { pixels, pts: sample.pts, duration: sample.known_duration() })
        })
    }
}

fn tags(format: &VideoFormat, color: Color) -> Tags {
    Tags::new(format, color, None)
}

impl<F: Frames> VideoDecoder for Vpx<F> {
    fn decode(&mut self, sample: &SampleBuffer, out: &mut dyn FnMut(VideoFrame) -> Result<()>) -> Result<()> {
        if sample.differs_from(&self.format) {
            *self = Self::new(&sample.format)?;
        }
        match guarded(F::CRATE, || self.take(sample, out)) {
            Ok(result) => result.map_err(|error| error.at_time(sample.pts)),
            Err(error) => {
                self.frames = F::default();
                Err(error.at_time(sample.pts))
            }
        }
    }

    fn finish(&mut self, _: &mut dyn FnMut(VideoFrame) -> Result<()>) -> Result<()> {
        self.frames = F::default();
        Ok(())
    }
}

/// A stream cut at its key frames.
struct KeyGroups<F> {
    format: Arc<FormatDescription>,
    frames: PhantomData<fn() -> F>,
}

impl<F: Frames> Groups for KeyGroups<F> {
    fn decoder(&self) -> Result<Box<dyn VideoDecoder>> {
        Ok(Box::new(Vpx::<F>::new(&self.format)?))
    }

    fn prepare(&mut self, sample: &SampleBuffer) -> Result<(SampleBuffer, bool)> {
        if sample.differs_from(&self.format) {
            self.format = sample.format.clone();
        }
        let bytes = sample.payload.load()?;
        let starts = F::is_key(&bytes);
        Ok((SampleBuffer { payload: bytes.into(), ..sample.clone() }, starts))
    }
}
