use std::sync::Arc;

use crate::{FormatDescription, Payload, PixelBuffer, Time};

/// One compressed (or LPCM) sample of a track with everything needed to store or decode it. `CMSampleBuffer`.
#[derive(Clone, Debug)]
pub struct SampleBuffer {
    /// What the bytes are.
    pub format: Arc<FormatDescription>,
    /// The bytes. One access unit of video, one packet of audio; for LPCM any whole number of frames.
    pub payload: Payload,
    /// When the decoder wants it. For audio and everything else without reordering this equals `pts`.
    pub dts: Time,
    /// When it is shown, in media time: before any edit list.
    pub pts: Time,
    /// How long it lasts, untrimmed; zero where unknown.
    pub duration: Time,
    /// Whether decoding can start here, and who depends on whom.
    pub flags: SampleFlags,
    /// Decoded output to discard at either end, in the codec's own output (priming and remainder).
    pub trim: Trim,
}

impl SampleBuffer {
    /// How long it lasts, where that is known.
    pub fn known_duration(&self) -> Option<Time> {
        Some(self.duration).filter(|duration| !duration.is_zero())
    }

    /// Whether it is of another format than `format`. Samples of a track share one, so that this is mostly a look at an
    /// address.
    pub fn differs_from(&self, format: &Arc<FormatDescription>) -> bool {
        !Arc::ptr_eq(&self.format, format) && *self.format != **format
    }
}

/// What a decoder or seeker must know about a sample without decoding it (`stss`, `stps`, `sdtp`;
/// ISO/IEC 14496-12, 8.6.2 and 8.6.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleFlags {
    /// Decoding can start here.
    pub sync: bool,
    /// Decoding can start here although earlier-shown samples after it can't be decoded then (QuickTime `stps`).
    pub partial_sync: bool,
    /// Whether it is a leading sample: 0 unknown, 1 leading and not decodable from its sync sample, 2 no,
    /// 3 leading and decodable.
    pub leading: u8,
    /// Whether it depends on others.
    pub depends_on_others: Dependency,
    /// Whether others depend on it.
    pub is_depended_on: Dependency,
    /// Whether it has redundant coding.
    pub has_redundancy: Dependency,
}

impl Default for SampleFlags {
    /// [`Self::SYNC`]: every sample of most sound and data is one.
    fn default() -> Self {
        Self::SYNC
    }
}

/// A three-valued fact of `sdtp`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dependency {
    /// Not stated.
    #[default]
    Unknown,
    /// It does.
    Yes,
    /// It doesn't.
    No,
}

impl Dependency {
    /// The two bits of `sdtp`; 3 is reserved and reads as unknown.
    pub const fn from_bits(bits: u8) -> Self {
        match bits & 3 {
            1 => Self::Yes,
            2 => Self::No,
            _ => Self::Unknown,
        }
    }

    /// The two bits of `sdtp`.
    pub const fn bits(self) -> u8 {
        match self {
            Self::Unknown => 0,
            Self::Yes => 1,
            Self::No => 2,
        }
    }
}

impl SampleFlags {
    /// A sample decoding can start at; dependencies unknown.
    pub const SYNC: Self = Self {
        sync: true,
        partial_sync: false,
        leading: 0,
        depends_on_others: Dependency::Unknown,
        is_depended_on: Dependency::Unknown,
        has_redundancy: Dependency::Unknown,
    };

    /// A sample decoding can't start at; dependencies unknown.
    pub const NOT_SYNC: Self = Self { sync: false, ..Self::SYNC };

    /// The byte of `sdtp`: leading, depends on, depended on, redundancy, two bits each from the top.
    pub const fn dependency_byte(self) -> u8 {
        (self.leading & 3) << 6
            | self.depends_on_others.bits() << 4
            | self.is_depended_on.bits() << 2
            | self.has_redundancy.bits()
    }

    /// The same flags with the dependencies of an `sdtp` byte.
    #[must_use]
    pub const fn with_dependency_byte(self, byte: u8) -> Self {
        Self {
            leading: byte >> 6,
            depends_on_others: Dependency::from_bits(byte >> 4),
            is_depended_on: Dependency::from_bits(byte >> 2),
            has_redundancy: Dependency::from_bits(byte),
            ..self
        }
    }
}

/// Lengths of decoded output that don't belong to the programme: an audio codec's priming at the start, padding at
/// the end. `kCMSampleBufferAttachmentKey_TrimDurationAtStart` and `AtEnd`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trim {
    /// Discard this much of the beginning.
    pub start: Option<Time>,
    /// Discard this much of the end.
    pub end: Option<Time>,
}

/// A decoded picture and when it is shown.
#[derive(Clone, Debug)]
pub struct VideoFrame {
    /// The picture.
    pub pixels: PixelBuffer,
    /// When it is shown.
    pub pts: Time,
    /// How long, where known.
    pub duration: Option<Time>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependency_bytes_round_trip() {
        for byte in [0x00, 0x20, 0x10, 0x18, 0x25, 0xAA] {
            assert_eq!(SampleFlags::SYNC.with_dependency_byte(byte).dependency_byte(), byte);
        }
    }
}
