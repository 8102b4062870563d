//! AV1 decoding by `re_rav1d`, a Rust port of dav1d: every profile and depth.
//!
//! On one thread: with several, a damaged stream can leave the decoder waiting for itself for ever.

mod library;

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use re_rav1d::dav1d::{self, Picture, PlanarImageComponent};
use reelwright_bitstream::LightFacts;
use reelwright_bitstream::av1::{Av1Config, SequenceHeader, light};
use reelwright_codec::{Codec, DecoderInfo, SpeedClass, VideoDecoder, VideoDecoderSettings};
use reelwright_media::{
    Color, Error, ErrorKind, FormatDescription, FourCc, PixelBuffer, PixelFormat, PixelLayout, PixelStorage,
    Plane, Result, SampleBuffer, Size, Time, VideoCodec, VideoFrame,
};

use crate::nal::guarded;
use crate::picture::Tags;

/// The decoder's id in the registry.
pub(crate) const ID: &str = "av1";

/// No picture has more pixels: as many as 16K, or level 6.3 and half as much again.
const MOST_PIXELS: u32 = 16_384 * 8_704;

/// A decoder that takes a unit no sooner is stuck.
const MOST_TRIES: usize = 1000;

/// The registry's row.
pub(crate) fn info(provider: &'static str) -> DecoderInfo {
    DecoderInfo {
        speed: SpeedClass::Medium,
        ..DecoderInfo::new(ID, "AV1 decoder (rav1d)", provider, Codec::Video(VideoCodec::Av1))
    }
}

/// An AV1 decoder. Of streams with several layers it shows the highest of operating point 0.
pub(crate) struct Av1 {
    format: Arc<FormatDescription>,
    decoder: dav1d::Decoder,
    tags: Tags,
    /// Units of the format description, fed before the first sample.
    setup: Option<Bytes>,
    /// Samples whose pictures haven't come out, by their number.
    waiting: VecDeque<(i64, Time, Option<Time>)>,
    fed: i64,
}

impl Av1 {
    /// Makes a decoder for the stream that `settings.format` describes.
    ///
    /// # Errors
    ///
    /// A malformed `av1C`.
    pub(crate) fn new(settings: &VideoDecoderSettings) -> Result<Self> {
        Self::for_format(&settings.format)
    }

    fn for_format(description: &Arc<FormatDescription>) -> Result<Self> {
        let format = description.video()?;
        let av1c = format.config.as_ref().filter(|config| config.kind == FourCc::new(b"av1C"));
        let setup =
            av1c.map(|config| Av1Config::parse(&config.bytes)).transpose()?.map(|config| config.units);
        let setup = setup.filter(|units| !units.is_empty());
        let stated = setup.as_ref().and_then(|units| SequenceHeader::find(units).ok());
        let color = stated.map_or(Color::UNSPECIFIED, |(header, _)| header.color);
        Ok(Self {
            format: description.clone(),
            decoder: library::open(MOST_PIXELS).map_err(failure)?,
            tags: Tags::new(format, color, None),
            setup,
            waiting: VecDeque::new(),
            fed: 0,
        })
    }

    /// Replaces a decoder that broke down.
    fn restart(&mut self) -> Result<()> {
        let made = Self::for_format(&self.format)?;
        *self = Self { fed: self.fed, ..made };
        Ok(())
    }

    fn feed(
        &mut self,
        unit: Bytes,
        number: i64,
        out: &mut dyn FnMut(VideoFrame) -> Result<()>,
    ) -> Result<()> {
        if unit.is_empty() {
            return Ok(());
        }
        let mut sent = self.decoder.send_data(unit, None, Some(number), None);
        // It takes a unit once pictures have been taken out.
        for _ in 0..MOST_TRIES {
            if sent != Err(dav1d::Error::Again) {
                break;
            }
            self.hand_out(out)?;
            sent = self.decoder.send_pending_data();
        }
        sent.map_err(failure)
    }

    /// Puts out the pictures that are ready.
    fn hand_out(&mut self, out: &mut dyn FnMut(VideoFrame) -> Result<()>) -> Result<()> {
        loop {
            let picture = match self.decoder.get_picture() {
                Ok(picture) => picture,
                Err(dav1d::Error::Again) => return Ok(()),
                Err(error) => return Err(failure(error)),
            };
            // Samples before this picture's have shown nothing.
            let number = picture.timestamp().unwrap_or(-1);
            while self.waiting.front().is_some_and(|(first, ..)| *first < number) {
                self.waiting.pop_front();
            }
            // One sample shows one picture (AV1 in ISO BMFF, 2.4); what more there is has no time.
            let Some((_, pts, duration)) = self.waiting.pop_front_if(|(first, ..)| *first == number) else {
                continue;
            };
            let mut pixels = wrap(picture)?;
            self.tags.put_on(&mut pixels);
            out(VideoFrame { pixels, pts, duration })?;
        }
    }

    fn take(&mut self, sample: &SampleBuffer, out: &mut dyn FnMut(VideoFrame) -> Result<()>) -> Result<()> {
        let bytes = sample.payload.load()?;
        let (mastering, content_light) = light(&bytes);
        self.tags.note_light(&LightFacts { mastering, content_light, ..LightFacts::default() });
        let duration = sample.known_duration();
        if let Some(setup) = self.setup.take() {
            self.feed(setup, -1, out)?;
        }
        self.fed += 1;
        self.waiting.push_back((self.fed, sample.pts, duration));
        self.feed(bytes, self.fed, out)?;
        self.hand_out(out)
    }
}

impl VideoDecoder for Av1 {
    fn decode(&mut self, sample: &SampleBuffer, out: &mut dyn FnMut(VideoFrame) -> Result<()>) -> Result<()> {
        if sample.differs_from(&self.format) {
            self.finish(out)?;
            *self = Self::for_format(&sample.format)?;
        }
        match guarded("rav1d", || self.take(sample, out)) {
            Ok(result) => result.map_err(|error| error.at_time(sample.pts)),
            Err(error) => {
                self.restart()?;
                Err(error.at_time(sample.pts))
            }
        }
    }

    fn finish(&mut self, out: &mut dyn FnMut(VideoFrame) -> Result<()>) -> Result<()> {
        let result = guarded("rav1d", || self.hand_out(out)).and_then(|result| result);
        self.restart()?;
        result
    }
}

fn failure(error: dav1d::Error) -> Error {
    Error::new(ErrorKind::Decode, format!("AV1: {error}"))
}

/// A picture over the decoder's own memory.
fn wrap(picture: Picture) -> Result<PixelBuffer> {
    let layout = match picture.pixel_layout() {
        dav1d::PixelLayout::I400 => PixelLayout::Gray,
        dav1d::PixelLayout::I420 => PixelLayout::Yuv420,
        dav1d::PixelLayout::I422 => PixelLayout::Yuv422,
        dav1d::PixelLayout::I444 => PixelLayout::Yuv444,
    };
    let depth = u8::try_from(picture.bit_depth()).unwrap_or(8);
    let format = PixelFormat::Yuv(layout, depth);
    let size = Size::new(picture.width(), picture.height());
    let components = [PlanarImageComponent::Y, PlanarImageComponent::U, PlanarImageComponent::V];
    let components = &components[..format.planes()];
    let plane = |component: &PlanarImageComponent| {
        let (stride, rows) = picture.plane_data_geometry(*component);
        Plane { offset: 0, stride: stride as usize, rows: rows as usize }
    };
    let planes: Vec<_> = components.iter().map(plane).collect();
    let storage = components.iter().map(|component| picture.plane(*component)).collect();
    PixelBuffer::wrap(format, size, &planes, Arc::new(Planes(storage)))
}

struct Planes(Vec<dav1d::Plane>);

impl PixelStorage for Planes {
    fn plane(&self, index: usize, _: Plane) -> &[u8] {
        self.0.get(index).map_or(&[], AsRef::as_ref)
    }
}
