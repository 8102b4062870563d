use reelwright_media::Result;

use super::ProfileTierLevel;
use crate::vui::Timing;
use crate::{BitReader, unescape};

/// A video parameter set (7.3.2.1), the part before its extension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vps {
    /// `vps_video_parameter_set_id`.
    pub id: u8,
    /// Temporal sub-layers.
    pub sub_layers: u8,
    /// `vps_max_layers_minus1` plus one: 2 and more for multi-layer streams such as MV-HEVC.
    pub layers: u8,
    /// Whether lower temporal sub-layers never refer to higher ones added later.
    pub temporal_nesting: bool,
    /// Profile, tier and level.
    pub profile: ProfileTierLevel,
    /// Timing, where stated.
    pub timing: Option<Timing>,
}

impl Vps {
    /// Parses a whole NAL unit, header included.
    pub fn parse(unit: &[u8]) -> Result<Self> {
        let payload = unescape(unit.get(2..).unwrap_or_default());
        let mut reader = BitReader::new(&payload);
        Self::read(&mut reader).map_err(|error| error.in_box("VPS"))
    }

    fn read(reader: &mut BitReader<'_>) -> Result<Self> {
        let id = reader.small(4)?;
        reader.skip(2)?;
        let layers = reader.small(6)? + 1;
        let sub_layers = reader.small(3)? + 1;
        let temporal_nesting = reader.flag()?;
        reader.skip(16)?;
        let profile = ProfileTierLevel::read(reader, true, u32::from(sub_layers) - 1)?;
        let mut out = Self { id, sub_layers, layers, temporal_nesting, profile, timing: None };
        // Streams with a set that ends here exist; they merely don't state their timing.
        out.timing = read_timing(reader, sub_layers).unwrap_or_default();
        Ok(out)
    }
}

fn read_timing(reader: &mut BitReader<'_>, sub_layers: u8) -> Result<Option<Timing>> {
    let count = if reader.flag()? { sub_layers } else { 1 };
    for _ in 0..count {
        for _ in 0..3 {
            reader.ue()?;
        }
    }
    let highest_layer = reader.bits(6)? as usize;
    for _ in 0..reader.ue()? {
        reader.skip(highest_layer + 1)?;
    }
    if !reader.flag()? {
        return Ok(None);
    }
    let (units_in_tick, time_scale) = (reader.bits(32)?, reader.bits(32)?);
    let sound = units_in_tick != 0 && time_scale != 0;
    Ok(sound.then_some(Timing { units_in_tick, time_scale, fixed_rate: false }))
}
