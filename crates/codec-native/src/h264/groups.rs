//! An H.264 stream cut at its IDR pictures.

use std::sync::Arc;

use bytes::Bytes;
use reelwright_bitstream::h264::NalType;
use reelwright_codec::VideoDecoder;
use reelwright_media::{CancelToken, FormatDescription, FourCc, Result, SampleBuffer};

use super::{H264, parameter_sets};
use crate::nal::Framing;
use crate::parallel::Groups;

/// More parameter sets than that aren't carried from group to group.
const MOST_SETS: usize = 64;

/// What is known of the stream while its samples pass.
pub(crate) struct IdrGroups {
    format: Arc<FormatDescription>,
    cancel: CancelToken,
    framing: Framing,
    /// Whether parameter sets may be in the samples alone: no `avcC` has them, or the sample entry is `avc3`.
    in_band: bool,
    /// Parameter sets found in samples: later groups may refer to them.
    carried: Vec<Bytes>,
}

impl IdrGroups {
    /// The groups of a stream of this format.
    ///
    /// # Errors
    ///
    /// Where no decoder can be made for it.
    pub(crate) fn new(format: &Arc<FormatDescription>, cancel: &CancelToken) -> Result<Self> {
        H264::for_format(format, cancel)?;
        let video = format.video()?;
        let (framing, sets) = parameter_sets(video)?;
        let in_band = sets.is_empty() || video.tag == FourCc::new(b"avc3");
        Ok(Self { format: format.clone(), cancel: cancel.clone(), framing, in_band, carried: Vec::new() })
    }

    fn carry(&mut self, unit: &[u8], sample: &Bytes) {
        if !self.carried.iter().any(|known| known[..] == *unit) && self.carried.len() < MOST_SETS {
            self.carried.push(sample.slice_ref(unit));
        }
    }
}

impl Groups for IdrGroups {
    fn decoder(&self) -> Result<Box<dyn VideoDecoder>> {
        Ok(Box::new(H264::for_format(&self.format, &self.cancel)?))
    }

    fn prepare(&mut self, sample: &SampleBuffer) -> Result<(SampleBuffer, bool)> {
        if sample.differs_from(&self.format) {
            *self = Self::new(&sample.format, &self.cancel)?;
        }
        let bytes = sample.payload.load()?;
        let mut loaded = SampleBuffer { payload: bytes.clone().into(), ..sample.clone() };
        // The worker finds the same fault, and reports it in its place.
        let Ok(units) = self.framing.units(&bytes) else { return Ok((loaded, false)) };
        let is = |unit: &[u8], kind| NalType::of(unit) == Some(kind);
        let starts = units.iter().any(|unit| is(unit, NalType::IDR));
        let own = units.iter().any(|unit| is(unit, NalType::SPS));
        if starts && !own && !self.carried.is_empty() {
            let sets = self.carried.iter().map(|set| &set[..]);
            loaded.payload = self.framing.wrap(sets.chain(units.iter().copied())).into();
        }
        for unit in units {
            if self.in_band && (is(unit, NalType::SPS) || is(unit, NalType::PPS)) {
                self.carry(unit, &bytes);
            }
        }
        Ok((loaded, starts))
    }
}
