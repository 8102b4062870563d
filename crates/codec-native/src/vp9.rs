//! VP9 decoding by `rusty_vp9`: every profile and depth but 4:4:0.

use reelwright_bitstream::vp9::{FrameHeader, frames};
use reelwright_codec::{Codec, DecoderInfo, SpeedClass};
use reelwright_media::{
    Color, Error, ErrorKind, PixelBuffer, PixelFormat, PixelLayout, Result, Size, VideoCodec,
};
use rusty_vp9::{BitReader, DecodedFrame, Vp9Decoder, parse_uncompressed_header};

use crate::picture;
use crate::vpx::{Frames, MOST_PIXELS};

/// The decoder's id in the registry.
pub(crate) const ID: &str = "vp9";

/// No sample has more frames (bitstream specification, annex B).
const MOST_FRAMES: usize = 8;

/// The registry's row.
pub(crate) fn info(provider: &'static str) -> DecoderInfo {
    DecoderInfo {
        speed: SpeedClass::Medium,
        ..DecoderInfo::new(ID, "VP9 decoder (rusty_vp9)", provider, Codec::Video(VideoCodec::Vp9))
    }
}

/// A VP9 decoder. Of streams with several spatial layers it shows the highest.
#[derive(Default)]
pub(crate) struct Vp9(Vp9Decoder);

impl Frames for Vp9 {
    const CRATE: &'static str = "rusty_vp9";

    fn is_key(sample: &[u8]) -> bool {
        FrameHeader::parse(sample).is_ok_and(|header| header.key)
    }

    fn color(sample: &[u8]) -> Option<Color> {
        let stated = |frame: &[u8]| Some(FrameHeader::parse(frame).ok()?.stream?.color);
        frames(sample).filter_map(stated).last()
    }

    fn decode(&mut self, sample: &[u8], show: &mut dyn FnMut(PixelBuffer) -> Result<()>) -> Result<()> {
        check_sizes(sample)?;
        self.0.push(sample, None).map_err(failure)?;
        let mut result = Ok(());
        // It answers a hidden frame as it answers the end of the sample.
        for _ in 0..MOST_FRAMES {
            let shown = match self.0.next_frame() {
                Ok(frame) => wrap(frame).and_then(&mut *show),
                Err(rusty_vp9::Error::Again) => Ok(()),
                Err(error) => Err(failure(error)),
            };
            // Whatever fails, no frame is left for the next sample.
            result = result.and(shown);
        }
        result
    }
}

/// Refuses frames beyond all levels before memory is made for them.
fn check_sizes(sample: &[u8]) -> Result<()> {
    for frame in frames(sample) {
        // What can't be parsed the decoder refuses too.
        if let Ok(header) = parse_uncompressed_header(&mut BitReader::new(frame), &[(1, 1); 8])
            && u64::from(header.width) * u64::from(header.height) > MOST_PIXELS
        {
            let size = Size::new(header.width, header.height);
            return Err(Error::new(ErrorKind::Limit, format!("VP9: a frame of {size}")));
        }
    }
    Ok(())
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
