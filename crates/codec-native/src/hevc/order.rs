//! Which picture belongs to which sample: the decoder knows pictures by their order count, the file by its samples.

use std::collections::HashMap;

use reelwright_bitstream::hevc::{NalType, Pps, Sps, temporal_id};
use reelwright_bitstream::{BitReader, unescape};
use reelwright_media::{Error, Result};

/// More pictures can't be on their way; older ones were lost.
const MOST_WAITING: usize = 512;

/// Follows the order counts of a stream (8.3.1) and keeps what belongs to each until its picture comes out.
pub(super) struct Order<T> {
    /// `slice_pic_order_cnt_lsb`'s length by sequence set.
    sps: HashMap<u32, u32>,
    pps: HashMap<u32, Pps>,
    /// The order count of the last picture that others count from.
    previous: i32,
    /// The next random access point starts a new coded video sequence.
    fresh: bool,
    sequence: u64,
    waiting: Vec<(u64, i32, T)>,
}

impl<T> Order<T> {
    /// Nothing known yet.
    pub(super) fn new() -> Self {
        Self {
            sps: HashMap::new(),
            pps: HashMap::new(),
            previous: 0,
            fresh: true,
            sequence: 0,
            waiting: Vec::new(),
        }
    }

    /// Looks at the NAL units of one access unit of the base layer; `token` waits for its picture.
    ///
    /// # Errors
    ///
    /// Where the order count can't be read.
    pub(super) fn note(&mut self, units: &[&[u8]], token: T) -> Result<()> {
        for unit in units {
            let Some(kind) = NalType::of(unit) else { continue };
            match kind {
                // Sets nobody refers to may be anything; a slice that refers to a broken one fails below.
                NalType::SPS => drop(Sps::parse(unit).map(|sps| self.sps.insert(sps.id, sps.poc_lsb_bits))),
                NalType::PPS => drop(Pps::parse(unit).map(|pps| self.pps.insert(pps.id, pps))),
                NalType::END_OF_SEQUENCE | NalType::END_OF_BITSTREAM => self.fresh = true,
                _ if kind.is_slice() && unit.get(2).is_some_and(|byte| byte & 0x80 != 0) => {
                    let count = self.order_count(unit, kind)?;
                    if self.waiting.len() >= MOST_WAITING {
                        self.waiting.remove(0);
                    }
                    self.waiting.push((self.sequence, count, token));
                    return Ok(());
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// What waits for the picture with this order count. Pictures of one sequence all come out before those of the
    /// next, so whatever still waits from earlier sequences was lost and is forgotten.
    pub(super) fn take(&mut self, count: i32) -> Option<T> {
        let matching = self.waiting.iter().enumerate().filter(|(_, waiting)| waiting.1 == count);
        let (index, sequence) =
            matching.map(|(index, waiting)| (index, waiting.0)).min_by_key(|&(_, sequence)| sequence)?;
        let (_, _, token) = self.waiting.remove(index);
        self.waiting.retain(|waiting| waiting.0 >= sequence);
        Some(token)
    }

    /// Forgets all pictures, as after the end of the stream.
    pub(super) fn restart(&mut self) {
        self.waiting.clear();
        self.fresh = true;
    }

    fn order_count(&mut self, unit: &[u8], kind: NalType) -> Result<i32> {
        // The fields up to the order count fit in far fewer bytes.
        let payload = unescape(unit.get(2..unit.len().min(66)).unwrap_or_default());
        let mut reader = BitReader::new(&payload);
        reader.flag()?; // first_slice_segment_in_pic_flag
        if kind.is_irap() {
            reader.flag()?; // no_output_of_prior_pics_flag
        }
        let id = reader.ue()?;
        let missing = || Error::malformed(format!("a slice of picture parameter set {id}, which is missing"));
        let pps = *self.pps.get(&id).ok_or_else(missing)?;
        let bits = *self.sps.get(&pps.sps_id).ok_or_else(missing)?;
        reader.skip(pps.extra_slice_header_bits.into())?;
        reader.ue()?; // slice_type
        if pps.output_flag_present {
            reader.flag()?;
        }
        let lsb = if kind.is_idr() { 0 } else { reader.bits(bits)? };

        let new_sequence = kind.is_irap() && (kind.is_idr() || is_bla(kind) || self.fresh);
        if new_sequence {
            self.sequence += 1;
        }
        self.fresh = false;
        let count = if new_sequence { lsb as i32 } else { extend(self.previous, lsb, bits) };
        let counted_from = !kind.is_rasl() && !kind.is_radl() && !kind.is_sub_layer_non_reference();
        if temporal_id(unit) == Some(0) && counted_from {
            self.previous = count;
        }
        Ok(count)
    }
}

const fn is_bla(kind: NalType) -> bool {
    matches!(kind.0, 16..=18)
}

/// The count nearest to `previous` that ends in the `bits` of `lsb` (8-1).
fn extend(previous: i32, lsb: u32, bits: u32) -> i32 {
    let range = 1i32 << bits.min(16);
    let lsb = (lsb & (range as u32 - 1)) as i32;
    let before = previous & (range - 1);
    let base = previous.wrapping_sub(before);
    if lsb < before && before - lsb >= range / 2 {
        base.wrapping_add(range).wrapping_add(lsb)
    } else if lsb > before && lsb - before > range / 2 {
        base.wrapping_sub(range).wrapping_add(lsb)
    } else {
        base.wrapping_add(lsb)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_extend_over_the_wrap() {
        assert_eq!(extend(0, 5, 8), 5);
        assert_eq!(extend(250, 3, 8), 259);
        assert_eq!(extend(259, 250, 8), 250);
        assert_eq!(extend(-1, 0, 8), 0);
        assert_eq!(extend(0, 255, 8), -1);
    }

    #[test]
    fn lost_pictures_of_earlier_sequences_are_forgotten() {
        let mut order = Order::new();
        order.waiting = vec![(1, 0, 'a'), (1, 2, 'b'), (2, 0, 'c'), (2, 2, 'd')];
        assert_eq!(order.take(0), Some('a'));
        assert_eq!(order.take(0), Some('c'));
        assert_eq!(order.take(2), Some('d'));
        assert_eq!(order.take(2), None);
    }
}
