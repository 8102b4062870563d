//! Pictures of odd width or height for encoders that know even ones alone.

use std::sync::Arc;

use reelwright_media::{
    CleanAperture, Error, ErrorKind, FormatDescription, PixelFormat, PixelPool, Result, SampleBuffer, Size,
    VideoFrame,
};
use reelwright_process::widen;

use crate::{FrameOptions, VideoEncoder, VideoEncoderSettings};

/// The encoder that `make` makes; where it refuses an odd size, one of the next even size behind what widens pictures, with a
/// clean aperture of the size asked for.
pub(crate) fn widened(
    settings: &VideoEncoderSettings,
    make: impl Fn(&VideoEncoderSettings) -> Result<Box<dyn VideoEncoder>>,
) -> Result<Box<dyn VideoEncoder>> {
    let size = settings.size;
    let even = Size::new(size.width.next_multiple_of(2), size.height.next_multiple_of(2));
    match make(settings) {
        Err(refusal) if even != size && refusal.kind() == ErrorKind::Unsupported => {
            // Where that isn't the reason, what was said first is.
            let encoder = make(&settings.clone().size(even)).map_err(|_| refusal)?;
            Ok(Box::new(Widened::new(encoder, size, even)?))
        }
        made => made,
    }
}

struct Widened {
    encoder: Box<dyn VideoEncoder>,
    format: Arc<FormatDescription>,
    size: Size,
    pool: PixelPool,
}

impl Widened {
    fn new(encoder: Box<dyn VideoEncoder>, size: Size, even: Size) -> Result<Self> {
        let mut video = encoder.format().video()?.clone();
        video.clean_aperture = Some(aperture(size, even));
        let pool = PixelPool::new(encoder.input_format(), even);
        Ok(Self { encoder, format: Arc::new(FormatDescription::Video(video)), size, pool })
    }
}

impl VideoEncoder for Widened {
    fn input_format(&self) -> PixelFormat {
        self.encoder.input_format()
    }

    fn format(&self) -> &Arc<FormatDescription> {
        &self.format
    }

    fn encode(
        &mut self,
        frame: VideoFrame,
        options: FrameOptions,
        out: &mut dyn FnMut(SampleBuffer) -> Result<()>,
    ) -> Result<()> {
        let pixels = Some(&frame.pixels).filter(|pixels| pixels.size == self.size);
        let pixels = pixels.and_then(|pixels| widen(pixels, &self.pool)).ok_or_else(|| {
            let (wanted, size) = (self.pool.format(), self.size);
            let (given, given_size) = (frame.pixels.format, frame.pixels.size);
            Error::misuse(format!(
                "the encoder takes {wanted:?} {size}, the picture is {given:?} {given_size}"
            ))
            .at_time(frame.pts)
        })?;
        let format = &self.format;
        self.encoder.encode(VideoFrame { pixels, ..frame }, options, &mut |sample| {
            out(SampleBuffer { format: format.clone(), ..sample })
        })
    }

    fn changes_rate(&self) -> bool {
        self.encoder.changes_rate()
    }

    fn set_average_rate(&mut self, bits_per_second: u32) -> Result<()> {
        self.encoder.set_average_rate(bits_per_second)
    }

    fn finish(&mut self, out: &mut dyn FnMut(SampleBuffer) -> Result<()>) -> Result<()> {
        let format = &self.format;
        self.encoder.finish(&mut |sample| out(SampleBuffer { format: format.clone(), ..sample }))
    }
}

/// `wanted` in the top left corner of `coded`.
fn aperture(wanted: Size, coded: Size) -> CleanAperture {
    // The centre of the part seen lies half of what is cut off left of and above the centre of the whole.
    let offset = |wanted: u32, coded: u32| -i32::from(coded > wanted);
    CleanAperture {
        width: (wanted.width, 1),
        height: (wanted.height, 1),
        offset_x: (offset(wanted.width, coded.width), 2),
        offset_y: (offset(wanted.height, coded.height), 2),
    }
}
