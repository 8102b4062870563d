use reelwright_media::{Error, Result};

use crate::{BitReader, unescape};

/// The part of a picture parameter set that slice headers need (7.3.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pps {
    /// `pps_pic_parameter_set_id`, 0 to 63.
    pub id: u32,
    /// `pps_seq_parameter_set_id`, 0 to 15.
    pub sps_id: u32,
    /// `dependent_slice_segments_enabled_flag`.
    pub dependent_slices: bool,
    /// `output_flag_present_flag`.
    pub output_flag_present: bool,
    /// `num_extra_slice_header_bits`.
    pub extra_slice_header_bits: u8,
    /// Whether tiles are used, and whether wavefronts are.
    pub parallelism: (bool, bool),
}

impl Pps {
    /// Parses a whole NAL unit, header included.
    pub fn parse(unit: &[u8]) -> Result<Self> {
        let payload = unescape(unit.get(2..).unwrap_or_default());
        Self::read(&mut BitReader::new(&payload)).map_err(|error| error.in_box("PPS"))
    }

    fn read(reader: &mut BitReader<'_>) -> Result<Self> {
        let (id, sps_id) = (reader.ue()?, reader.ue()?);
        if id > 63 || sps_id > 15 {
            return Err(Error::malformed(format!("picture parameter set {id} of sequence set {sps_id}")));
        }
        let dependent_slices = reader.flag()?;
        let output_flag_present = reader.flag()?;
        let extra_slice_header_bits = reader.small(3)?;
        reader.skip(2)?; // sign_data_hiding_enabled_flag, cabac_init_present_flag
        reader.ue()?;
        reader.ue()?;
        reader.se()?;
        reader.skip(2)?; // constrained_intra_pred_flag, transform_skip_enabled_flag
        if reader.flag()? {
            reader.ue()?;
        }
        reader.se()?;
        reader.se()?;
        reader.skip(4)?; // slice chroma offsets, weighted prediction of both kinds, lossless bypass
        let parallelism = (reader.flag()?, reader.flag()?);
        Ok(Self { id, sps_id, dependent_slices, output_flag_present, extra_slice_header_bits, parallelism })
    }
}
