//! HEVC (ITU-T H.265, ISO/IEC 23008-2): NAL units, parameter sets, access units, `hvcC`.

mod access_unit;
mod hvcc;
mod pps;
mod profile;
mod sps;
mod sps_sets;
mod vps;

pub use access_unit::{AccessUnit, access_unit};
pub use hvcc::{HevcConfig, NalArray};
pub use pps::Pps;
pub use profile::ProfileTierLevel;
pub use sps::{Sps, Vui, with_color};
pub use vps::Vps;

/// What a NAL unit carries: `nal_unit_type` (table 7-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NalType(pub u8);

impl NalType {
    /// Random access decodable leading picture, not referred to.
    pub const RADL_N: Self = Self(6);
    /// Random access decodable leading picture.
    pub const RADL_R: Self = Self(7);
    /// Random access skipped leading picture, not referred to.
    pub const RASL_N: Self = Self(8);
    /// Random access skipped leading picture.
    pub const RASL_R: Self = Self(9);
    /// Broken link access, with leading pictures.
    pub const BLA_W_LP: Self = Self(16);
    /// Instantaneous decoding refresh, with decodable leading pictures.
    pub const IDR_W_RADL: Self = Self(19);
    /// Instantaneous decoding refresh, without leading pictures.
    pub const IDR_N_LP: Self = Self(20);
    /// Clean random access.
    pub const CRA: Self = Self(21);
    /// Video parameter set.
    pub const VPS: Self = Self(32);
    /// Sequence parameter set.
    pub const SPS: Self = Self(33);
    /// Picture parameter set.
    pub const PPS: Self = Self(34);
    /// Access unit delimiter.
    pub const DELIMITER: Self = Self(35);
    /// End of sequence.
    pub const END_OF_SEQUENCE: Self = Self(36);
    /// End of bitstream.
    pub const END_OF_BITSTREAM: Self = Self(37);
    /// Filler data.
    pub const FILLER: Self = Self(38);
    /// Supplemental enhancement information before the picture.
    pub const PREFIX_SEI: Self = Self(39);
    /// Supplemental enhancement information after the picture.
    pub const SUFFIX_SEI: Self = Self(40);
    /// Dolby Vision reference processing unit, by convention.
    pub const DOLBY_RPU: Self = Self(62);

    /// The type of a NAL unit; `None` for one shorter than its header.
    pub fn of(unit: &[u8]) -> Option<Self> {
        match unit {
            [header, _, ..] => Some(Self(header >> 1 & 0x3F)),
            _ => None,
        }
    }

    /// Whether the unit carries coded picture data.
    pub const fn is_slice(self) -> bool {
        self.0 < 32
    }

    /// Whether the picture is an intra random access point.
    pub const fn is_irap(self) -> bool {
        matches!(self.0, 16..=23)
    }

    /// Whether the picture is an IDR picture.
    pub const fn is_idr(self) -> bool {
        matches!(self.0, 19 | 20)
    }

    /// Whether the picture can't be decoded after starting at the random access point it belongs to.
    pub const fn is_rasl(self) -> bool {
        matches!(self.0, 8 | 9)
    }

    /// Whether the picture is shown before the random access point it belongs to but can be decoded.
    pub const fn is_radl(self) -> bool {
        matches!(self.0, 6 | 7)
    }

    /// Whether no picture of the same sub-layer refers to it.
    pub const fn is_sub_layer_non_reference(self) -> bool {
        self.0 <= 14 && self.0.is_multiple_of(2)
    }
}

/// `nuh_layer_id` of a NAL unit; `None` for one shorter than its header.
pub fn layer_id(unit: &[u8]) -> Option<u8> {
    match unit {
        [first, second, ..] => Some((first & 1) << 5 | second >> 3),
        _ => None,
    }
}

/// `nuh_temporal_id_plus1` minus one; `None` for a unit shorter than its header.
pub fn temporal_id(unit: &[u8]) -> Option<u8> {
    match unit {
        [_, second, ..] => Some((second & 7).saturating_sub(1)),
        _ => None,
    }
}
