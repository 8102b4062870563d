use std::collections::BTreeMap;

use reelwright_media::{Error, FieldOrder, Result};

use super::sps::payload_end;
use super::{NalType, Pps, SliceHeader, Sps};
use crate::{BitReader, BitWriter, SeiMessage, escape, sei_messages, unescape};

/// Tells which access units of a stream are interlaced, and which of their fields comes first.
///
/// Whether there are fields a picture timing message says first (`pic_struct`, `ct_type`; D.2.3), then how the picture is
/// coded. Which comes first their order counts say, as in decoding, and the message only where they are equal: encoders exist
/// whose messages always say top. What is known of the stream from elsewhere counts last.
#[derive(Clone, Debug)]
pub struct FieldOrders {
    sps: BTreeMap<u32, Sps>,
    pps: BTreeMap<u32, Pps>,
    /// What is known from elsewhere.
    stated: Option<FieldOrder>,
    /// Whether the picture before was interlaced.
    interlaced: bool,
}

/// What a picture timing message says of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Timing {
    /// `pic_struct`.
    structure: u8,
    /// `ct_type` of the first clock timestamp.
    scan: Option<u8>,
}

impl FieldOrders {
    /// For a stream of which `stated` is said elsewhere, as in its container.
    pub fn new(stated: Option<FieldOrder>) -> Self {
        let interlaced = stated.is_some_and(FieldOrder::is_interlaced);
        Self { sps: BTreeMap::new(), pps: BTreeMap::new(), stated, interlaced }
    }

    /// Takes in a parameter set; other units and damaged sets count for nothing.
    pub fn note(&mut self, unit: &[u8]) {
        match NalType::of(unit) {
            Some(NalType::SPS) => drop(Sps::parse(unit).map(|sps| self.sps.insert(sps.id, sps))),
            Some(NalType::PPS) => drop(Pps::parse(unit).map(|pps| self.pps.insert(pps.id, pps))),
            _ => {}
        }
    }

    /// The field order of the access unit of these NAL units, the next in decoding order; its parameter sets are taken in.
    pub fn of(&mut self, units: &[&[u8]]) -> FieldOrder {
        units.iter().for_each(|unit| self.note(unit));
        let slice = units.iter().find(|unit| {
            matches!(NalType::of(unit), Some(NalType::SLICE | NalType::PARTITION_A | NalType::IDR))
        });
        if slice.is_some_and(|slice| NalType::of(slice) == Some(NalType::IDR)) {
            // What begins here can be decoded without what was before, and is judged without it.
            self.interlaced = self.stated.is_some_and(FieldOrder::is_interlaced);
        }
        let order = slice.and_then(|slice| self.judged(slice, units));
        let order = order.unwrap_or(self.stated.unwrap_or(FieldOrder::Progressive));
        self.interlaced = order.is_interlaced();
        order
    }

    fn judged(&self, slice: &[u8], units: &[&[u8]]) -> Option<FieldOrder> {
        let pps = self.pps.get(&SliceHeader::pps_id(slice).ok()?)?;
        let sps = self.sps.get(&pps.sps_id)?;
        let header = SliceHeader::parse(slice, sps, pps).ok()?;
        let timing = timing(units, sps);
        let structure = timing.map(|timing| timing.structure);
        let by_fields = header.field || sps.adaptive_fields;
        let interlaced = match (timing.and_then(|timing| timing.scan), structure) {
            (Some(scan @ (0 | 1)), Some(..=4)) => scan == 1,
            (_, Some(0 | 5..)) => false,
            // A frame of a stream of fields may be one that didn't move.
            (_, Some(_)) => by_fields || self.interlaced,
            (_, None) if sps.frames_only => return self.stated,
            (_, None) => by_fields,
        };
        if !interlaced {
            return Some(FieldOrder::Progressive);
        }
        let stated = self.stated.filter(|order| order.is_interlaced());
        Some(match (structure, header.delta_poc_bottom) {
            _ if header.field && header.bottom => FieldOrder::BottomFirst,
            _ if header.field => FieldOrder::TopFirst,
            (_, Some(delta)) if delta < 0 => FieldOrder::BottomFirst,
            (_, Some(delta)) if delta > 0 => FieldOrder::TopFirst,
            (Some(3), _) => FieldOrder::TopFirst,
            (Some(4), _) => FieldOrder::BottomFirst,
            _ => stated.unwrap_or(FieldOrder::TopFirst),
        })
    }
}

/// The picture timing message among `units` (D.1.3).
fn timing(units: &[&[u8]], sps: &Sps) -> Option<Timing> {
    let vui = sps.vui.as_ref().filter(|vui| vui.pic_struct_present)?;
    units.iter().filter(|unit| NalType::of(unit) == Some(NalType::SEI)).find_map(|unit| {
        let payload = unescape(unit.get(1..)?);
        let message = sei_messages(&payload).find(|message| message.kind == SeiMessage::PICTURE_TIMING)?;
        let mut reader = BitReader::new(message.payload);
        if let Some((removal, output)) = vui.delay_bits {
            reader.skip((removal + output) as usize).ok()?;
        }
        let structure = reader.small(4).ok()?;
        let stamped = reader.flag().unwrap_or(false);
        let scan = if stamped { reader.small(2).ok() } else { None };
        Some(Timing { structure, scan })
    })
}

/// The same sequence parameter set (a whole NAL unit), announcing that picture timing messages say how frames are shown
/// (`pic_struct_present_flag`).
///
/// # Errors
///
/// Where [`Sps::parse`] fails, or the usability information is cut short before the flag.
pub fn with_picture_structure(unit: &[u8]) -> Result<Vec<u8>> {
    let sps = Sps::parse(unit)?;
    let payload = unescape(unit.get(1..).unwrap_or_default());
    let mut writer = BitWriter::new();
    match &sps.vui {
        Some(vui) => {
            let flag = vui.pic_struct_position.ok_or_else(|| {
                Error::truncated("the usability information ends before it says how frames are shown")
            })?;
            writer.copy(&payload, 0, flag)?;
            writer.flag(true);
            writer.copy(&payload, flag + 1, payload_end(&payload))?;
        }
        None => {
            writer.copy(&payload, 0, sps.vui_position)?;
            writer.flag(true); // vui_parameters_present_flag
            writer.bits(0, 7); // no aspect ratio, overscan, signal type, siting, timing, HRD of either kind
            writer.flag(true);
            writer.flag(false); // no bitstream restriction
        }
    }
    writer.trailing_bits();
    let mut out = vec![unit.first().copied().unwrap_or(0x67)];
    out.extend(escape(&writer.finish()));
    Ok(out)
}

/// An SEI NAL unit whose picture timing message says in which order the fields of a frame are shown, for a stream without
/// HRD parameters whose set is made by [`with_picture_structure`].
pub fn picture_structure(order: FieldOrder) -> Vec<u8> {
    let structure = match order {
        FieldOrder::Progressive => 0,
        FieldOrder::TopFirst => 3,
        FieldOrder::BottomFirst => 4,
    };
    // The structure, no clock timestamps, and a bit that ends the message.
    let mut writer = BitWriter::new();
    writer.bits(structure, 4);
    writer.bits(0, if order.is_interlaced() { 2 } else { 1 });
    writer.trailing_bits();
    let message = writer.finish();
    let mut payload = vec![1, message.len() as u8];
    payload.extend(&message);
    payload.push(0x80);
    let mut unit = vec![NalType::SEI.0];
    unit.extend(escape(&payload));
    unit
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Main profile, 64x64 in fields, order type 0, written from the syntax table.
    fn sps(frames_only: bool, adaptive: bool) -> Vec<u8> {
        let mut writer = BitWriter::new();
        writer.bits(0x4D_00_1E, 24);
        [0, 0, 0, 0, 1].into_iter().for_each(|value| writer.ue(value));
        writer.flag(false);
        writer.ue(3);
        writer.ue(if frames_only { 3 } else { 1 });
        writer.flag(frames_only);
        if !frames_only {
            writer.flag(adaptive);
        }
        writer.flag(true);
        writer.bits(0, 2);
        writer.trailing_bits();
        let mut unit = vec![0x67];
        unit.extend(escape(&writer.finish()));
        unit
    }

    fn pps() -> Vec<u8> {
        let mut writer = BitWriter::new();
        writer.ue(0);
        writer.ue(0);
        writer.bits(0b11, 2); // CABAC, the bottom field's order
        writer.trailing_bits();
        let mut unit = vec![0x68];
        unit.extend(writer.finish());
        unit
    }

    fn slice(field: Option<bool>, frames_only: bool, delta: i32) -> Vec<u8> {
        let mut writer = BitWriter::new();
        [0, 2, 0].into_iter().for_each(|value| writer.ue(value));
        writer.bits(0, 4);
        if !frames_only {
            writer.flag(field.is_some());
            field.into_iter().for_each(|bottom| writer.flag(bottom));
        }
        writer.ue(0);
        writer.bits(0, 4);
        if field.is_none() {
            writer.se(delta);
        }
        writer.bits(0xFFFF, 16);
        let mut unit = vec![0x65];
        unit.extend(escape(&writer.finish()));
        unit
    }

    fn order(units: &[Vec<u8>], stated: Option<FieldOrder>) -> FieldOrder {
        let units: Vec<_> = units.iter().map(Vec::as_slice).collect();
        FieldOrders::new(stated).of(&units)
    }

    #[test]
    fn fields_are_told_from_frames() {
        use FieldOrder::*;
        let frames = |delta| vec![sps(true, false), pps(), slice(None, true, delta)];
        assert_eq!(order(&frames(0), None), Progressive);
        assert_eq!(order(&frames(0), Some(BottomFirst)), BottomFirst);
        let adaptive = |delta| vec![sps(false, true), pps(), slice(None, false, delta)];
        assert_eq!(order(&adaptive(0), None), TopFirst);
        assert_eq!(order(&adaptive(-1), Some(TopFirst)), BottomFirst);
        assert_eq!(order(&adaptive(0), Some(BottomFirst)), BottomFirst);
        let fields = |bottom| vec![sps(false, false), pps(), slice(Some(bottom), false, 0)];
        assert_eq!((order(&fields(false), None), order(&fields(true), None)), (TopFirst, BottomFirst));
        // A frame among fields, of which nothing says that it is one.
        assert_eq!(order(&[sps(false, false), pps(), slice(None, false, 0)], None), Progressive);
        assert_eq!(order(&[slice(None, true, 0)], Some(TopFirst)), TopFirst);
    }

    #[test]
    fn the_message_counts_where_the_order_is_open() {
        use FieldOrder::*;
        for (frames_only, adaptive) in [(true, false), (false, true), (false, false)] {
            let set = with_picture_structure(&sps(frames_only, adaptive)).unwrap();
            assert!(Sps::parse(&set).unwrap().vui.unwrap().pic_struct_present);
            assert_eq!(with_picture_structure(&set).unwrap(), set);
            for stated in [TopFirst, BottomFirst] {
                for said in [TopFirst, BottomFirst, Progressive] {
                    for delta in [0, 1, -1] {
                        let slice = slice(None, frames_only, delta);
                        let wanted = match (said, delta) {
                            (Progressive, _) | (_, 0) => said,
                            (_, 1) => TopFirst,
                            _ => BottomFirst,
                        };
                        let units = [set.clone(), pps(), picture_structure(said), slice];
                        assert_eq!(order(&units, Some(stated)), wanted);
                    }
                }
            }
        }
    }

    #[test]
    fn any_bytes_are_survived() {
        crate::noise::for_each_damage(&with_picture_structure(&sps(false, true)).unwrap(), 2000, |bytes| {
            let _ = with_picture_structure(bytes);
            let mut orders = FieldOrders::new(None);
            orders.of(&[bytes, &pps(), &picture_structure(FieldOrder::TopFirst), &slice(None, false, 0)]);
        });
        crate::noise::for_each(2000, |bytes| {
            let mut orders = FieldOrders::new(None);
            orders.of(&[&sps(false, true), &pps(), bytes]);
        });
    }
}
