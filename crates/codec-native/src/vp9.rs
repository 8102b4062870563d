//! VP9 decoding by `rusty_vp9`: every profile and depth but 4:4:0.

use std::sync::Arc;

use reelwright_bitstream::vp9::{FrameHeader, StreamFacts, VpConfig, frames};
use reelwright_codec::{Codec, DecoderInfo, SpeedClass, VideoDecoder, VideoDecoderSettings};
use reelwright_media::{
    Color, Error, ErrorKind, FormatDescription, FourCc, PixelBuffer, PixelFormat, PixelLayout, Result,
    SampleBuffer, Size, VideoCodec, VideoFormat, VideoFrame,
};
use rusty_vp9::{BitReader, DecodedFrame, Vp9Decoder, parse_uncompressed_header};

use crate::nal::guarded;
use crate::parallel::cut_at_key_frames;
use crate::picture::{self, Tags};

/// The decoder's id in the registry.
pub(crate) const ID: &str = "vp9";

/// No picture has more pixels: the largest of level 6.2.
const MOST_PIXELS: u64 = 35_651_584;

/// No sample has more frames (bitstream specification, annex B).
const MOST_FRAMES: usize = 8;

/// The registry's row.
pub(crate) fn info(provider: &'static str) -> DecoderInfo {
    DecoderInfo {
        speed: SpeedClass::Medium,
        ..DecoderInfo::new(ID, "VP9 decoder (rusty_vp9)", provider, Codec::Video(VideoCodec::Vp9))
    }
}

/// Makes a decoder for the stream that `settings.format` describes; on several threads where `settings` allow it.
///
/// # Errors
///
/// A malformed `vpcC`. (4:4:0 shows in the pictures alone.)
pub(crate) fn decoder(settings: &VideoDecoderSettings) -> Result<Box<dyn VideoDecoder>> {
    let is_key = |sample: &[u8]| FrameHeader::parse(sample).is_ok_and(|header| header.key);
    cut_at_key_frames(settings, |format| Ok(Box::new(Vp9::for_format(format)?)), is_key)
}

/// A VP9 decoder on the caller's thread. Of streams with several spatial layers it shows the highest.
struct Vp9 {
    format: Arc<FormatDescription>,
    decoder: Vp9Decoder,
    tags: Tags,
}

impl Vp9 {
    fn for_format(description: &Arc<FormatDescription>) -> Result<Self> {
        let format = description.video()?;
        let config = format.config.as_ref().filter(|config| config.kind == FourCc::new(b"vpcC"));
        let color = config.map(|config| VpConfig::parse(&config.bytes)).transpose()?;
        let color = color.map_or(Color::UNSPECIFIED, |config| config.color);
        Ok(Self {
            format: description.clone(),
            decoder: Vp9Decoder::new(),
            tags: Tags::new(format, color, None, false),
        })
    }

    /// Takes in what a key frame says about the pictures.
    fn look(&mut self, sample: &[u8], format: &VideoFormat) -> Result<()> {
        for frame in frames(sample) {
            // What can't be parsed the decoder refuses too.
            let parsed = parse_uncompressed_header(&mut BitReader::new(frame), &[(1, 1); 8]);
            if let Ok(header) = parsed
                && u64::from(header.width) * u64::from(header.height) > MOST_PIXELS
            {
                let size = Size::new(header.width, header.height);
                return Err(Error::new(ErrorKind::Limit, format!("VP9: a frame of {size}")));
            }
            if let Ok(FrameHeader { stream: Some(StreamFacts { color, .. }), .. }) = FrameHeader::parse(frame)
            {
                self.tags = Tags::new(format, color, None, false);
            }
        }
        Ok(())
    }

    fn take(&mut self, sample: &SampleBuffer, out: &mut dyn FnMut(VideoFrame) -> Result<()>) -> Result<()> {
        let bytes = sample.payload.load()?;
        let format = self.format.clone();
        self.look(&bytes, format.video()?)?;
        self.decoder.push(&bytes, None).map_err(failure)?;
        let mut result = Ok(());
        // It answers a hidden frame as it answers the end of the sample.
        for _ in 0..MOST_FRAMES {
            let shown = match self.decoder.next_frame() {
                Ok(frame) => wrap(frame).and_then(|mut pixels| {
                    self.tags.put_on(&mut pixels);
                    out(VideoFrame { pixels, pts: sample.pts, duration: sample.known_duration() })
                }),
                Err(rusty_vp9::Error::Again) => Ok(()),
                Err(error) => Err(failure(error)),
            };
            // Whatever fails, no frame is left for the next sample.
            result = result.and(shown);
        }
        result
    }
}

impl VideoDecoder for Vp9 {
    fn decode(&mut self, sample: &SampleBuffer, out: &mut dyn FnMut(VideoFrame) -> Result<()>) -> Result<()> {
        if sample.differs_from(&self.format) {
            *self = Self::for_format(&sample.format)?;
        }
        match guarded("rusty_vp9", || self.take(sample, out)) {
            Ok(result) => result.map_err(|error| error.at_time(sample.pts)),
            Err(error) => {
                self.decoder = Vp9Decoder::new();
                Err(error.at_time(sample.pts))
            }
        }
    }

    fn finish(&mut self, _: &mut dyn FnMut(VideoFrame) -> Result<()>) -> Result<()> {
        self.decoder = Vp9Decoder::new();
        Ok(())
    }
}

fn failure(error: rusty_vp9::Error) -> Error {
    Error::new(ErrorKind::Decode, format!("VP9: {error}"))
}

fn wrap(frame: DecodedFrame) -> Result<PixelBuffer> {
    let layout = match (frame.subsampling_x, frame.subsampling_y) {
        (1, 1) => PixelLayout::Yuv420,
        (1, 0) => PixelLayout::Yuv422,
        (0, 0) => PixelLayout::Yuv444,
        _ => return Err(Error::unsupported("VP9 with chroma in 4:4:0")),
    };
    let size = Size::new(frame.width, frame.height);
    let planes = <[Vec<u8>; 3]>::try_from(frame.planes)
        .map_err(|planes| failure(rusty_vp9::Error::invalid(format!("{} planes", planes.len()))))?;
    match frame.bit_depth {
        8 => picture::from_bytes(PixelFormat::Yuv(layout, 8), size, planes),
        depth => {
            let depth = if depth == 12 { 12 } else { 10 };
            let word = |bytes: &[u8]| u16::from_le_bytes([bytes[0], bytes[1]]);
            let words = planes.map(|plane| plane.chunks_exact(2).map(word).collect());
            picture::from_words(PixelFormat::Yuv(layout, depth), size, words)
        }
    }
}
