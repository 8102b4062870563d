use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use reelwright_bitstream::aac::LatmReader;
use reelwright_bitstream::{annex_b_units, h264, hevc, push_length_prefixed};
use reelwright_media::{Payload, Piece, ReadAt, Result};

use super::pending::Ranges;
use crate::indexed::Rows;

/// Units of an elementary stream in the form MP4 stores them: made when they are read, one at a time.
#[derive(Debug)]
pub(super) struct Rebuilt {
    pub(super) stream: Arc<dyn ReadAt>,
    pub(super) form: Form,
    /// In the order of their addresses.
    pub(super) units: Rows<Original>,
    pub(super) last: Mutex<Option<(usize, Bytes)>>,
}

/// Where a rebuilt unit comes from.
#[derive(Debug)]
pub(super) struct Original {
    /// Where its rebuilt bytes begin in the rebuilt stream.
    pub(super) address: u64,
    /// Their number.
    pub(super) size: u32,
    /// Where the original stands in the elementary stream.
    pub(super) ranges: Ranges,
    /// Which packet of the original it is, where that holds several.
    pub(super) part: u16,
}

/// How units are rebuilt.
#[derive(Clone, Debug)]
pub(super) enum Form {
    /// H.264: length prefixes for start codes; parameter sets stay in the stream where they change.
    Avc {
        /// Parameter sets are kept.
        with_sets: bool,
    },
    /// HEVC, likewise.
    Hevc {
        /// Parameter sets are kept.
        with_sets: bool,
    },
    /// LATM: the raw packets, which don't stand at byte boundaries. The readers have seen the stream's configuration from
    /// each of these units on.
    Latm(Vec<(usize, LatmReader)>),
}

/// Whether a NAL unit of H.264 is kept: delimiters, fillers and ends of sequences mean nothing in a sample (ISO/IEC
/// 14496-15, 5.3.2).
pub(super) fn keeps_avc(unit: &[u8], with_sets: bool) -> bool {
    use h264::NalType;
    match NalType::of(unit) {
        Some(NalType::DELIMITER | NalType::FILLER | NalType::END_OF_SEQUENCE | NalType::END_OF_STREAM)
        | None => false,
        Some(NalType::SPS | NalType::PPS | NalType::SPS_EXTENSION) => with_sets,
        _ => true,
    }
}

/// Whether a NAL unit of HEVC is kept.
pub(super) fn keeps_hevc(unit: &[u8], with_sets: bool) -> bool {
    use hevc::NalType;
    match NalType::of(unit) {
        Some(NalType::DELIMITER | NalType::FILLER | NalType::END_OF_SEQUENCE | NalType::END_OF_BITSTREAM)
        | None => false,
        Some(NalType::VPS | NalType::SPS | NalType::PPS) => with_sets,
        _ => true,
    }
}

impl Form {
    /// Rebuilds unit number `index`.
    fn apply(&self, original: &[u8], index: usize, part: u16) -> Result<Vec<u8>> {
        let prefixed = |keeps: &dyn Fn(&[u8]) -> bool| {
            let mut out = Vec::with_capacity(original.len() + 16);
            annex_b_units(original)
                .filter(|unit| keeps(unit))
                .for_each(|unit| push_length_prefixed(&mut out, unit));
            out
        };
        Ok(match self {
            Self::Avc { with_sets } => prefixed(&|unit| keeps_avc(unit, *with_sets)),
            Self::Hevc { with_sets } => prefixed(&|unit| keeps_hevc(unit, *with_sets)),
            Self::Latm(readers) => {
                let after = readers.partition_point(|(first, _)| *first <= index);
                let reader = after.checked_sub(1).and_then(|at| readers.get(at));
                let mut reader = reader.map(|(_, reader)| reader.clone()).unwrap_or_default();
                // Three bytes of sync word and length stand in front.
                let frame = reader.read(original.get(3..).unwrap_or_default())?;
                frame.and_then(|frame| frame.packets.into_iter().nth(part.into())).unwrap_or_default()
            }
        })
    }
}

impl Rebuilt {
    fn unit(&self, index: usize) -> io::Result<Bytes> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, bytes)) = &*last
            && *known == index
        {
            return Ok(bytes.clone());
        }
        let Some(unit) = self.units.get(index) else { return Ok(Bytes::new()) };
        let range = |&(offset, len): &(u64, u32)| Piece::Range {
            source: self.stream.clone(),
            offset,
            len: len.into(),
        };
        let original =
            Payload::rope(unit.ranges.as_slice().iter().map(range)).load().map_err(io::Error::other)?;
        let bytes = Bytes::from(self.form.apply(&original, index, unit.part).map_err(io::Error::other)?);
        if bytes.len() as u64 != u64::from(unit.size) {
            return Err(io::Error::other("the file has changed since it was opened"));
        }
        *last = Some((index, bytes.clone()));
        Ok(bytes)
    }
}

impl ReadAt for Rebuilt {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let after = self.units.partition_point(|unit| unit.address <= offset);
        let Some(index) = after.checked_sub(1) else { return Ok(0) };
        let Some(unit) = self.units.get(index) else { return Ok(0) };
        let bytes = self.unit(index)?;
        let skip = usize::try_from(offset - unit.address).unwrap_or(usize::MAX);
        let rest = bytes.get(skip..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn len(&self) -> u64 {
        let end = self.units.last().map_or(0, |unit| unit.address + u64::from(unit.size));
        end.max(self.stream.len())
    }
}
