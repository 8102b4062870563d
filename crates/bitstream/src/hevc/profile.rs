use reelwright_media::Result;

use crate::BitReader;

/// Profile, tier and level (7.3.3), the general part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProfileTierLevel {
    /// `general_profile_space`.
    pub space: u8,
    /// Whether the tier is High rather than Main.
    pub high_tier: bool,
    /// `general_profile_idc`.
    pub profile: u8,
    /// `general_profile_compatibility_flag`s, flag 0 as the highest bit.
    pub compatibility: u32,
    /// The 48 bits of source and constraint flags.
    pub constraints: u64,
    /// `general_level_idc`: thirty times the level.
    pub level: u8,
}

impl ProfileTierLevel {
    /// Reads the structure with its sub-layers, of which only their lengths matter; `profile_present` is false for
    /// the extensions of multi-layer streams that take the base layer's.
    pub(super) fn read(reader: &mut BitReader<'_>, profile_present: bool, sub_layers: u32) -> Result<Self> {
        let mut out = Self::default();
        if profile_present {
            out.space = reader.small(2)?;
            out.high_tier = reader.flag()?;
            out.profile = reader.small(5)?;
            out.compatibility = reader.bits(32)?;
            out.constraints = reader.bits64(48)?;
        }
        out.level = reader.small(8)?;
        let mut present = Vec::new();
        for _ in 0..sub_layers {
            present.push((reader.flag()?, reader.flag()?));
        }
        if sub_layers > 0 {
            reader.skip(2 * (8 - sub_layers.min(8)) as usize)?;
        }
        for (profile, level) in present {
            reader.skip(if profile { 88 } else { 0 } + if level { 8 } else { 0 })?;
        }
        Ok(out)
    }
}
