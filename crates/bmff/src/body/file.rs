use bytes::Bytes;
use reelwright_media::{FourCc, Result};

use crate::declare::{Codes, Number, declare};
use crate::packed::{Counted16, entry};
use crate::{BoxBody, Fields, Packed, Reader, Writer};

declare! {
    /// File type; `styp` has the same body (ISO/IEC 14496-12, 4.3 and 8.16.2).
    plain FileType = b"ftyp" {
        /// The brand that suits the file best.
        major_brand: FourCc,
        /// Its version; informative.
        minor_version: u32,
        /// The brands a reader of the file may go by.
        compatible_brands: Vec<FourCc> as Codes,
    }

    /// Segment index (ISO/IEC 14496-12, 8.16.3).
    full SegmentIndex = b"sidx" {
        /// The track (or stream) the index counts in.
        reference_id: u32,
        /// Ticks per second of the times below.
        timescale: u32,
        /// Presentation time of the first access unit.
        earliest_presentation_time: u64 as Number,
        /// Bytes from the end of this box to the first thing referenced.
        first_offset: u64 as Number,
        /// Zero.
        reserved: u16,
        /// What is referenced, in order.
        references: Packed<SegmentReference> as Counted16,
    }

    /// Producer reference time (ISO/IEC 14496-12, 8.16.5).
    full ProducerReferenceTime = b"prft" {
        /// The track whose clock is meant.
        track_id: u32,
        /// UTC as an NTP timestamp: 32.32 seconds since 1900.
        ntp_timestamp: u64,
        /// The same instant on the track's clock.
        media_time: u64 as Number,
    }

    /// Movie fragment random access offset (ISO/IEC 14496-12, 8.8.11).
    full FragmentRandomAccessOffset = b"mfro" {
        /// Bytes of the `mfra` box around it.
        mfra_size: u32,
    }
}

entry! {
    /// A row of [`SegmentIndex`].
    SegmentReference {
        /// Bit 31: another index follows there, not media. Bits 0 to 30: bytes.
        kind_and_size: u32,
        /// Length in ticks.
        duration: u32,
        /// Bit 31: starts with a stream access point. Bits 28 to 30: its type. Bits 0 to 27: its time delta.
        access_point: u32,
    }
}

impl SegmentReference {
    /// Bytes referenced.
    pub fn size(&self) -> u32 {
        self.kind_and_size & 0x7FFF_FFFF
    }

    /// Whether another index is referenced rather than media.
    pub fn is_index(&self) -> bool {
        self.kind_and_size >> 31 == 1
    }
}

/// Track fragment random access (ISO/IEC 14496-12, 8.8.10): where sync samples lie.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrackFragmentRandomAccess {
    /// Version as stored; 1 means 64-bit times and offsets.
    pub version: u8,
    /// Flags, 24 bits.
    pub flags: u32,
    /// The track.
    pub track_id: u32,
    /// Bytes of `traf`, `trun` and sample numbers in a row, each 1 to 4.
    number_lengths: [u8; 3],
    rows: Bytes,
}

/// A row of [`TrackFragmentRandomAccess`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RandomAccess {
    /// Presentation time of the sync sample, in ticks of the track.
    pub time: u64,
    /// Where its `moof` begins in the file.
    pub moof_offset: u64,
    /// Which `traf` of the `moof`, from 1.
    pub traf_number: u32,
    /// Which `trun` of the `traf`, from 1.
    pub trun_number: u32,
    /// Which sample of the `trun`, from 1.
    pub sample_number: u32,
}

impl TrackFragmentRandomAccess {
    /// A table of `rows` with 64-bit times and offsets.
    pub fn new(track_id: u32, rows: impl IntoIterator<Item = RandomAccess>) -> Self {
        let mut w = Writer::new();
        for row in rows {
            w.u64(row.time);
            w.u64(row.moof_offset);
            w.u32(row.traf_number);
            w.u32(row.trun_number);
            w.u32(row.sample_number);
        }
        Self { version: 1, flags: 0, track_id, number_lengths: [4; 3], rows: w.into_bytes().into() }
    }

    /// Rows.
    pub fn len(&self) -> usize {
        self.rows.len() / self.row_len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The rows in order.
    pub fn iter(&self) -> impl Iterator<Item = RandomAccess> + '_ {
        self.rows.chunks_exact(self.row_len()).filter_map(|row| {
            let mut rest = row;
            let mut number = |length: usize| {
                let (bytes, after) = rest.split_at_checked(length)?;
                rest = after;
                Some(bytes.iter().fold(0, |value, &byte| value << 8 | u64::from(byte)))
            };
            let wide = if self.version == 0 { 4 } else { 8 };
            let (time, moof_offset) = (number(wide)?, number(wide)?);
            let [traf_number, trun_number, sample_number] =
                self.number_lengths.map(|length| number(length.into()).and_then(|v| u32::try_from(v).ok()));
            Some(RandomAccess {
                time,
                moof_offset,
                traf_number: traf_number?,
                trun_number: trun_number?,
                sample_number: sample_number?,
            })
        })
    }

    fn row_len(&self) -> usize {
        let wide = if self.version == 0 { 8 } else { 16 };
        wide + self.number_lengths.iter().map(|&length| usize::from(length.max(1))).sum::<usize>()
    }
}

impl BoxBody for TrackFragmentRandomAccess {
    const KIND: FourCc = FourCc::new(b"tfra");

    fn read(r: &mut Reader<'_>) -> Result<Self> {
        let (version, flags) = r.version_and_flags()?;
        let track_id = r.u32()?;
        let lengths = r.u32()?;
        let number_lengths = [4, 2, 0].map(|shift| (lengths >> shift & 3) as u8 + 1);
        let mut table = Self { version, flags, track_id, number_lengths, rows: Bytes::new() };
        let stated = usize::try_from(r.u32()?).unwrap_or(usize::MAX);
        let rows = stated.min(r.remaining() / table.row_len());
        table.rows = r.bytes(rows * table.row_len())?;
        Ok(table)
    }

    fn write(&self, w: &mut Writer) {
        w.version_and_flags(self.version, self.flags);
        w.u32(self.track_id);
        let [traf, trun, sample] = self.number_lengths.map(|length| u32::from(length.clamp(1, 4)) - 1);
        w.u32(traf << 4 | trun << 2 | sample);
        w.u32(u32::try_from(self.len()).unwrap_or(u32::MAX));
        w.bytes(&self.rows);
    }

    fn fields(&self) -> Fields {
        Fields::default()
            .with("version", self.version)
            .with("track_id", self.track_id)
            .with("rows", format_args!("{} {:?}", self.len(), self.iter().take(8).collect::<Vec<_>>()))
    }
}
