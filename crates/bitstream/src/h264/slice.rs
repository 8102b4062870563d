use reelwright_media::{Error, Result};

use super::{NalType, Pps, Sps};
use crate::{BitReader, unescape};

/// How a slice is predicted: `slice_type` modulo 5 (table 7-6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SliceKind {
    /// Predicted from one list.
    P,
    /// Predicted from two lists.
    B,
    /// Not predicted.
    I,
    /// Switching P.
    Sp,
    /// Switching I.
    Si,
}

/// The beginning of a slice header (7.3.3): what tells pictures apart and orders them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SliceHeader {
    /// `first_mb_in_slice`.
    pub first_macroblock: u32,
    /// How the slice is predicted.
    pub kind: SliceKind,
    /// `pic_parameter_set_id`.
    pub pps_id: u32,
    /// `frame_num`.
    pub frame_num: u32,
    /// `field_pic_flag`.
    pub field: bool,
    /// `bottom_field_flag`.
    pub bottom: bool,
    /// `idr_pic_id`, in IDR pictures.
    pub idr_id: Option<u32>,
    /// `pic_order_cnt_lsb`, for order type 0.
    pub poc_lsb: Option<u32>,
    /// `delta_pic_order_cnt_bottom` of frames, for order type 0 where it is present.
    pub delta_poc_bottom: Option<i32>,
    /// `nal_ref_idc` is not zero.
    pub reference: bool,
}

impl SliceHeader {
    /// Which picture parameter set a slice (a whole NAL unit) refers to.
    pub fn pps_id(unit: &[u8]) -> Result<u32> {
        let payload = unescape(beginning(unit));
        let mut reader = BitReader::new(payload.get(1..).unwrap_or_default());
        reader.ue()?;
        reader.ue()?;
        reader.ue()
    }

    /// How a slice is predicted, without the parameter sets.
    pub fn slice_kind(unit: &[u8]) -> Result<SliceKind> {
        let payload = unescape(beginning(unit));
        let mut reader = BitReader::new(payload.get(1..).unwrap_or_default());
        reader.ue()?;
        kind(reader.ue()?)
    }

    /// Parses a slice (a whole NAL unit) that refers to `pps`, which refers to `sps`.
    pub fn parse(unit: &[u8], sps: &Sps, pps: &Pps) -> Result<Self> {
        let payload = unescape(beginning(unit));
        let header = *payload.first().ok_or_else(|| Error::truncated("an empty slice"))?;
        let mut reader = BitReader::new(&payload[1..]);
        let first_macroblock = reader.ue()?;
        let kind = kind(reader.ue()?)?;
        let pps_id = reader.ue()?;
        if pps_id != pps.id || pps.sps_id != sps.id {
            return Err(Error::malformed(format!("a slice of picture set {pps_id}, not {}", pps.id)));
        }
        if sps.separate_planes {
            reader.skip(2)?; // colour_plane_id
        }
        let frame_num = reader.bits(sps.frame_num_bits)?;
        let field = !sps.frames_only && reader.flag()?;
        let bottom = field && reader.flag()?;
        let idr = NalType(header & 0x1F) == NalType::IDR;
        let idr_id = if idr { Some(reader.ue()?) } else { None };
        let poc_lsb = if sps.poc_type == 0 { Some(reader.bits(sps.poc_lsb_bits)?) } else { None };
        let has_delta = sps.poc_type == 0 && pps.bottom_field_order_present && !field;
        let delta_poc_bottom = if has_delta { Some(reader.se()?) } else { None };
        let reference = header & 0x60 != 0;
        Ok(Self {
            first_macroblock,
            kind,
            pps_id,
            frame_num,
            field,
            bottom,
            idr_id,
            poc_lsb,
            delta_poc_bottom,
            reference,
        })
    }
}

/// The longest a header can be up to the fields read here is far below this.
fn beginning(unit: &[u8]) -> &[u8] {
    unit.get(..64).unwrap_or(unit)
}

fn kind(code: u32) -> Result<SliceKind> {
    Ok(match code {
        0 | 5 => SliceKind::P,
        1 | 6 => SliceKind::B,
        2 | 7 => SliceKind::I,
        3 | 8 => SliceKind::Sp,
        4 | 9 => SliceKind::Si,
        _ => return Err(Error::malformed(format!("slice_type is {code}; at most 9 is allowed"))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_bytes_are_survived() {
        crate::noise::for_each(3000, |bytes| {
            let _ = SliceHeader::pps_id(bytes);
            let _ = SliceHeader::slice_kind(bytes);
            let _ = Pps::parse(bytes);
            if let (Ok(sps), Ok(pps)) =
                (Sps::parse(&[0x67, 66, 0, 30, 0xF4, 0x0B, 0x04, 0xB0, 0x24, 0x80]), Pps::parse(bytes))
            {
                let _ = SliceHeader::parse(bytes, &sps, &pps);
            }
        });
    }
}
