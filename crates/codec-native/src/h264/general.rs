//! `rust_h264`: everything up to High 4:2:2 at 10 bits, interlaced or not.

use reelwright_bitstream::h264::Sps;
use reelwright_bitstream::unescape;
use reelwright_media::{PixelBuffer, PixelFormat, PixelLayout, Size};
use rust_h264::decoder::{ChromaFormat, Frame, OrderedDecoder};
use rust_h264::error::DecodeError;
use rust_h264::nal::{NalUnit, NalUnitType};

use super::{Engine, Failure, Pictures, Stamp, reorder_depth};
use crate::picture;

/// A new engine.
pub(super) fn engine(sps: Option<&Sps>) -> Box<dyn Engine> {
    let depth = reorder_depth(sps);
    Box::new(General { decoder: OrderedDecoder::with_max_depth(depth), depth })
}

struct General {
    decoder: OrderedDecoder<Stamp>,
    depth: usize,
}

impl Engine for General {
    fn name(&self) -> &'static str {
        "rust_h264"
    }

    fn on_trial(&self) -> bool {
        false
    }

    fn decode(&mut self, units: &[&[u8]], stamp: Stamp, out: &mut Pictures) -> Result<(), Failure> {
        for unit in units {
            let Some(&header) = unit.first() else { continue };
            let unit = NalUnit {
                nal_ref_idc: header >> 5 & 3,
                nal_unit_type: NalUnitType::from(header & 31),
                rbsp: unescape(&unit[1..]),
            };
            for (frame, stamp) in self.decoder.decode_nal_with_meta(&unit, stamp).map_err(failure)? {
                out.push_back((picture(frame)?, stamp));
            }
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Pictures) -> Result<(), Failure> {
        for (frame, stamp) in self.decoder.flush_with_meta() {
            out.push_back((picture(frame)?, stamp));
        }
        // A damaged picture may be left in it half assembled.
        self.decoder = OrderedDecoder::with_max_depth(self.depth);
        Ok(())
    }
}

fn picture(frame: Frame) -> Result<PixelBuffer, Failure> {
    let layout = match frame.chroma_format {
        ChromaFormat::Yuv420 => PixelLayout::Yuv420,
        ChromaFormat::Yuv422 => PixelLayout::Yuv422,
    };
    let format = PixelFormat::Yuv(layout, frame.bit_depth);
    let mut planes = [frame.y, frame.u, frame.v];
    if frame.bit_depth > 8 && cfg!(target_endian = "big") {
        // The decoder stores little-endian; pictures here are native.
        planes.iter_mut().for_each(|plane| plane.chunks_exact_mut(2).for_each(|pair| pair.swap(0, 1)));
    }
    let size = Size::new(frame.width, frame.height);
    picture::from_bytes(format, size, planes).map_err(|error| Failure::Damaged(error.message().to_owned()))
}

fn failure(error: DecodeError) -> Failure {
    match error {
        DecodeError::Unsupported(what) => Failure::Unsupported(what.to_owned()),
        error => Failure::Damaged(error.to_string()),
    }
}
