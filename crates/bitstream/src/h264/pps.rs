use reelwright_media::{Error, Result};

use crate::{BitReader, unescape};

/// The part of a picture parameter set that slice headers need (7.3.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pps {
    /// `pic_parameter_set_id`, 0 to 255.
    pub id: u32,
    /// `seq_parameter_set_id`, 0 to 31.
    pub sps_id: u32,
    /// Whether the entropy coder is CABAC rather than CAVLC.
    pub cabac: bool,
    /// `bottom_field_pic_order_in_frame_present_flag`.
    pub bottom_field_order_present: bool,
}

impl Pps {
    /// Parses a whole NAL unit, header byte included.
    pub fn parse(unit: &[u8]) -> Result<Self> {
        let payload = unescape(unit.get(1..).unwrap_or_default());
        let mut reader = BitReader::new(&payload);
        let (id, sps_id) = (reader.ue()?, reader.ue()?);
        if id > 255 || sps_id > 31 {
            return Err(Error::malformed(format!("picture parameter set {id} of sequence set {sps_id}")));
        }
        Ok(Self { id, sps_id, cabac: reader.flag()?, bottom_field_order_present: reader.flag()? })
    }
}
