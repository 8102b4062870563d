//! H.264 (ITU-T H.264, ISO/IEC 14496-10): NAL units, parameter sets, access units, `avcC`.

mod access_unit;
mod avcc;
mod fields;
mod pps;
mod slice;
mod sps;

pub use access_unit::{AccessUnit, access_unit, recovery_point};
pub use avcc::AvcConfig;
pub use fields::{FieldOrders, picture_structure, with_picture_structure};
pub use pps::Pps;
pub use slice::{SliceHeader, SliceKind};
pub(crate) use sps::payload_end;
pub use sps::{Sps, Vui, with_color};

/// What a NAL unit carries: `nal_unit_type` (table 7-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NalType(pub u8);

impl NalType {
    /// A slice of a picture that isn't an IDR picture.
    pub const SLICE: Self = Self(1);
    /// Data partition A.
    pub const PARTITION_A: Self = Self(2);
    /// A slice of an IDR picture.
    pub const IDR: Self = Self(5);
    /// Supplemental enhancement information.
    pub const SEI: Self = Self(6);
    /// Sequence parameter set.
    pub const SPS: Self = Self(7);
    /// Picture parameter set.
    pub const PPS: Self = Self(8);
    /// Access unit delimiter.
    pub const DELIMITER: Self = Self(9);
    /// End of sequence.
    pub const END_OF_SEQUENCE: Self = Self(10);
    /// End of stream.
    pub const END_OF_STREAM: Self = Self(11);
    /// Filler data.
    pub const FILLER: Self = Self(12);
    /// Sequence parameter set extension.
    pub const SPS_EXTENSION: Self = Self(13);
    /// Subset sequence parameter set (SVC, MVC).
    pub const SUBSET_SPS: Self = Self(15);

    /// The type of a NAL unit; `None` for an empty one.
    pub fn of(unit: &[u8]) -> Option<Self> {
        unit.first().map(|header| Self(header & 0x1F))
    }

    /// Whether the unit carries coded picture data of the base view.
    pub const fn is_slice(self) -> bool {
        matches!(self.0, 1..=5)
    }
}
