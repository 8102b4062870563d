use bytes::Bytes;
use reelwright_media::{FourCc, Result};

use crate::declare::{SignedWide, declare};
use crate::packed::{Counted, RestRows, entry};
use crate::{BoxBody, Fields, Packed, Reader, Writer};

declare! {
    /// Decoding time to sample (ISO/IEC 14496-12, 8.6.1.2).
    full TimeToSample = b"stts" {
        /// Runs of equal durations.
        runs: Packed<TimeRun> as Counted,
    }

    /// Composition time to sample (ISO/IEC 14496-12, 8.6.1.3). Version 0 states unsigned offsets, but negative ones
    /// are found in it; no sound offset has its top bit set, so both versions are read as signed.
    full CompositionOffsets = b"ctts" {
        /// Runs of equal offsets.
        runs: Packed<OffsetRun> as Counted,
    }

    /// Composition to decode timeline (ISO/IEC 14496-12, 8.6.1.4; QuickTime File Format, "Composition shift least
    /// greatest atom"). In ticks of the media.
    full CompositionShift = b"cslg" {
        /// Added to composition times so that none is before its decoding time.
        composition_to_dts_shift: i64 as SignedWide,
        /// Least offset.
        least_offset: i64 as SignedWide,
        /// Greatest offset.
        greatest_offset: i64 as SignedWide,
        /// Composition time of the first sample shown.
        start_time: i64 as SignedWide,
        /// End of the last sample shown; 0 unknown.
        end_time: i64 as SignedWide,
    }

    /// Sync samples (ISO/IEC 14496-12, 8.6.2); absent where every sample is one.
    full SyncSamples = b"stss" {
        /// Sample numbers from 1, rising.
        numbers: Packed<u32> as Counted,
    }

    /// Partial sync samples: open-GOP key frames (QuickTime File Format, "Partial sync sample atom").
    full PartialSyncSamples = b"stps" {
        /// Sample numbers from 1, rising.
        numbers: Packed<u32> as Counted,
    }

    /// Independent and disposable samples (ISO/IEC 14496-12, 8.6.4).
    full SampleDependencies = b"sdtp" {
        /// Two bits each: leading, depends on others, is depended on, has redundancy.
        samples: Packed<u8> as RestRows,
    }

    /// Sample to chunk (ISO/IEC 14496-12, 8.7.4).
    full SampleToChunk = b"stsc" {
        /// Runs of chunks alike.
        runs: Packed<ChunkRun> as Counted,
    }

    /// Chunk offsets of 32 bits (ISO/IEC 14496-12, 8.7.5).
    full ChunkOffsets = b"stco" {
        /// Offsets in the file.
        offsets: Packed<u32> as Counted,
    }

    /// Chunk offsets of 64 bits (ISO/IEC 14496-12, 8.7.5).
    full ChunkOffsets64 = b"co64" {
        /// Offsets in the file.
        offsets: Packed<u64> as Counted,
    }
}

entry! {
    /// Samples of equal duration.
    TimeRun {
        /// How many.
        count: u32,
        /// The duration of each, in ticks of the media.
        delta: u32,
    }
}

entry! {
    /// Samples of equal composition offset.
    OffsetRun {
        /// How many.
        count: u32,
        /// Composition time less decoding time, in ticks of the media.
        offset: i32,
    }
}

entry! {
    /// Chunks of equally many samples of the same description.
    ChunkRun {
        /// The first, from 1; the run ends where the next begins.
        first_chunk: u32,
        /// Samples in each.
        samples_per_chunk: u32,
        /// The sample description, from 1.
        description_index: u32,
    }
}

/// Sample sizes (ISO/IEC 14496-12, 8.7.3.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SampleSizes {
    /// Version as stored.
    pub version: u8,
    /// Flags, 24 bits.
    pub flags: u32,
    /// The size of every sample in bytes; 0 where they differ.
    pub sample_size: u32,
    /// Samples. Where all have one size this is as stated, backed by nothing; else what the table holds.
    pub count: u32,
    /// Sizes in bytes, empty where all have one size.
    pub sizes: Packed<u32>,
}

impl SampleSizes {
    /// A table of different sizes.
    pub fn of(sizes: Packed<u32>) -> Self {
        let count = u32::try_from(sizes.len()).unwrap_or(u32::MAX);
        Self { count, sizes, ..Self::default() }
    }

    /// `count` samples of `sample_size` bytes each.
    pub fn constant(sample_size: u32, count: u32) -> Self {
        Self { sample_size, count, ..Self::default() }
    }

    /// The size of sample `index`, from 0.
    pub fn get(&self, index: usize) -> Option<u32> {
        if self.sample_size == 0 {
            return self.sizes.get(index);
        }
        (u32::try_from(index).ok()? < self.count).then_some(self.sample_size)
    }
}

impl BoxBody for SampleSizes {
    const KIND: FourCc = FourCc::new(b"stsz");

    fn read(r: &mut Reader<'_>) -> Result<Self> {
        let (version, flags) = r.version_and_flags()?;
        let sample_size = r.u32()?;
        let stated = r.u32()?;
        if sample_size != 0 {
            return Ok(Self { version, flags, sample_size, count: stated, sizes: Packed::EMPTY });
        }
        let rows = usize::try_from(stated).unwrap_or(usize::MAX).min(r.remaining() / 4);
        let sizes = Packed::from_bytes(r.bytes(rows * 4)?);
        Ok(Self { version, flags, ..Self::of(sizes) })
    }

    fn write(&self, w: &mut Writer) {
        w.version_and_flags(self.version, self.flags);
        w.u32(self.sample_size);
        w.u32(self.count);
        w.bytes(self.sizes.as_bytes());
    }

    fn fields(&self) -> Fields {
        let fields = Fields::default().with("sample_size", self.sample_size).with("count", self.count);
        if self.sample_size == 0 { fields.with("sizes", format_args!("{:?}", self.sizes)) } else { fields }
    }
}

/// Compact sample sizes (ISO/IEC 14496-12, 8.7.3.3).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompactSampleSizes {
    /// Version as stored.
    pub version: u8,
    /// Flags, 24 bits.
    pub flags: u32,
    /// Bits a size takes: 4, 8 or 16.
    pub field_size: u8,
    /// Samples, as many as the table holds.
    pub count: u32,
    /// The sizes as stored.
    pub sizes: Bytes,
}

impl CompactSampleSizes {
    /// The size of sample `index`, from 0.
    pub fn get(&self, index: usize) -> Option<u32> {
        if u32::try_from(index).ok()? >= self.count {
            return None;
        }
        let byte = |at: usize| self.sizes.get(at).copied().map(u32::from);
        match self.field_size {
            4 => byte(index / 2).map(|pair| if index.is_multiple_of(2) { pair >> 4 } else { pair & 15 }),
            8 => byte(index),
            16 => Some(byte(index.checked_mul(2)?)? << 8 | byte(index * 2 + 1)?),
            _ => None,
        }
    }
}

impl BoxBody for CompactSampleSizes {
    const KIND: FourCc = FourCc::new(b"stz2");

    fn read(r: &mut Reader<'_>) -> Result<Self> {
        let (version, flags) = r.version_and_flags()?;
        r.skip(3)?;
        let field_size = r.u8()?;
        let stated = r.u32()?;
        if ![4, 8, 16].contains(&field_size) {
            let message = format!("sizes of {field_size} bits; 4, 8 and 16 are allowed");
            return Err(r.error(reelwright_media::ErrorKind::Malformed, message));
        }
        let bits = u64::from(field_size);
        let held = u64::try_from(r.remaining()).unwrap_or(u64::MAX).saturating_mul(8) / bits;
        let count = u32::try_from(held).unwrap_or(u32::MAX).min(stated);
        let length = usize::try_from((u64::from(count) * bits).div_ceil(8)).unwrap_or(usize::MAX);
        Ok(Self { version, flags, field_size, count, sizes: r.bytes(length)? })
    }

    fn write(&self, w: &mut Writer) {
        w.version_and_flags(self.version, self.flags);
        w.u24(0);
        w.u8(self.field_size);
        w.u32(self.count);
        w.bytes(&self.sizes);
    }

    fn fields(&self) -> Fields {
        let first: Vec<_> = (0..8).map_while(|index| self.get(index)).collect();
        Fields::default()
            .with("field_size", self.field_size)
            .with("count", self.count)
            .with("sizes", format_args!("{first:?}"))
    }
}

/// Entries of `stsd` that are read; those behind them are as if they weren't there.
const MOST_DESCRIPTIONS: usize = 4096;

/// Sample descriptions (ISO/IEC 14496-12, 8.5.2): the sample entries, each a whole box.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SampleDescriptions {
    /// Version as stored.
    pub version: u8,
    /// Flags, 24 bits.
    pub flags: u32,
    /// The sample entries; tables count them from 1.
    pub entries: Vec<Bytes>,
}

impl BoxBody for SampleDescriptions {
    const KIND: FourCc = FourCc::new(b"stsd");

    fn read(r: &mut Reader<'_>) -> Result<Self> {
        let (version, flags) = r.version_and_flags()?;
        let stated = usize::try_from(r.u32()?).unwrap_or(usize::MAX);
        let mut entries = Vec::new();
        for child in r.boxes().take(stated.min(MOST_DESCRIPTIONS)) {
            entries.push(child?.bytes());
        }
        r.rest();
        Ok(Self { version, flags, entries })
    }

    fn write(&self, w: &mut Writer) {
        w.version_and_flags(self.version, self.flags);
        w.u32(u32::try_from(self.entries.len()).unwrap_or(u32::MAX));
        self.entries.iter().for_each(|entry| w.bytes(entry));
    }

    fn fields(&self) -> Fields {
        Fields::default().with("entries", self.entries.len())
    }
}
