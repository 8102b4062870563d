use reelwright_media::{FourCc, Result};

use crate::declare::{Number, declare};
use crate::{BoxBody, Fields, Reader, Writer};

declare! {
    /// Movie extends header (ISO/IEC 14496-12, 8.8.2); in `mvex`.
    full MovieExtendsHeader = b"mehd" {
        /// Length of the movie, fragments included, in ticks of the movie.
        duration: u64 as Number,
    }

    /// Track extends (ISO/IEC 14496-12, 8.8.3): what fragments leave unsaid; in `mvex`.
    full TrackExtends = b"trex" {
        /// The track.
        track_id: u32,
        /// The sample description, from 1.
        description_index: u32,
        /// Duration of a sample, in ticks of the media.
        sample_duration: u32,
        /// Size of a sample, in bytes.
        sample_size: u32,
        /// Flags of a sample (ISO/IEC 14496-12, 8.8.3.1).
        sample_flags: u32,
    }

    /// Movie fragment header (ISO/IEC 14496-12, 8.8.5); in `moof`.
    full FragmentHeader = b"mfhd" {
        /// Rises from fragment to fragment.
        sequence_number: u32,
    }

    /// Track fragment decode time (ISO/IEC 14496-12, 8.8.12); in `traf`.
    full FragmentDecodeTime = b"tfdt" {
        /// Decoding time of the first sample, in ticks of the media.
        base_media_decode_time: u64 as Number,
    }
}

/// Track fragment header (ISO/IEC 14496-12, 8.8.7); in `traf`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrackFragmentHeader {
    /// Version as stored.
    pub version: u8,
    /// Flags; those that say which fields are there follow the fields when written.
    pub flags: u32,
    /// The track.
    pub track_id: u32,
    /// What data offsets count from, where stated.
    pub base_data_offset: Option<u64>,
    /// The sample description, from 1, where it isn't that of `trex`.
    pub description_index: Option<u32>,
    /// Duration of a sample, where it isn't that of `trex`.
    pub sample_duration: Option<u32>,
    /// Size of a sample, where it isn't that of `trex`.
    pub sample_size: Option<u32>,
    /// Flags of a sample, where they aren't those of `trex`.
    pub sample_flags: Option<u32>,
}

impl TrackFragmentHeader {
    /// Flag: the fragment has no samples; its duration is empty.
    pub const DURATION_IS_EMPTY: u32 = 0x1_0000;
    /// Flag: data offsets count from the beginning of the `moof`.
    pub const BASE_IS_MOOF: u32 = 0x2_0000;

    const PRESENCE: u32 = 0x3B;
}

impl BoxBody for TrackFragmentHeader {
    const KIND: FourCc = FourCc::new(b"tfhd");

    fn read(r: &mut Reader<'_>) -> Result<Self> {
        let (version, flags) = r.version_and_flags()?;
        let track_id = r.u32()?;
        let has = |bit: u32| flags & bit != 0;
        Ok(Self {
            version,
            flags,
            track_id,
            base_data_offset: has(0x01).then(|| r.u64()).transpose()?,
            description_index: has(0x02).then(|| r.u32()).transpose()?,
            sample_duration: has(0x08).then(|| r.u32()).transpose()?,
            sample_size: has(0x10).then(|| r.u32()).transpose()?,
            sample_flags: has(0x20).then(|| r.u32()).transpose()?,
        })
    }

    fn write(&self, w: &mut Writer) {
        let bit = |present: bool, bit: u32| if present { bit } else { 0 };
        let presence = bit(self.base_data_offset.is_some(), 0x01)
            | bit(self.description_index.is_some(), 0x02)
            | bit(self.sample_duration.is_some(), 0x08)
            | bit(self.sample_size.is_some(), 0x10)
            | bit(self.sample_flags.is_some(), 0x20);
        w.version_and_flags(self.version, self.flags & !Self::PRESENCE | presence);
        w.u32(self.track_id);
        if let Some(offset) = self.base_data_offset {
            w.u64(offset);
        }
        let numbers = [self.description_index, self.sample_duration, self.sample_size, self.sample_flags];
        numbers.into_iter().flatten().for_each(|number| w.u32(number));
    }

    fn fields(&self) -> Fields {
        let mut fields = Fields::default()
            .with("flags", format_args!("0x{:06x}", self.flags))
            .with("track_id", self.track_id);
        let named = [
            ("base_data_offset", self.base_data_offset),
            ("description_index", self.description_index.map(u64::from)),
            ("sample_duration", self.sample_duration.map(u64::from)),
            ("sample_size", self.sample_size.map(u64::from)),
            ("sample_flags", self.sample_flags.map(u64::from)),
        ];
        for (name, value) in named {
            if let Some(value) = value {
                fields = fields.with(name, value);
            }
        }
        fields
    }
}
