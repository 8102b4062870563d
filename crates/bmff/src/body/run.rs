use bytes::Bytes;
use reelwright_media::{ErrorKind, FourCc, Result};

use crate::{BoxBody, Fields, Reader, Writer};

/// Track fragment run (ISO/IEC 14496-12, 8.8.8); in `traf`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrackRun {
    /// Version as stored; 1: composition offsets are signed. Offsets of version 0 are read as signed all the same, see
    /// [`crate::CompositionOffsets`].
    pub version: u8,
    /// Where the first sample begins, counted from the base of `tfhd`; where not stated, after the run before.
    pub data_offset: Option<i32>,
    /// Flags of the first sample, in place of the default's.
    pub first_sample_flags: Option<u32>,
    /// The samples.
    pub samples: RunSamples,
}

/// The samples of a run, read straight from the bytes of its box.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunSamples {
    /// The flags that say which fields a row has.
    layout: u32,
    count: u32,
    rows: Bytes,
}

/// A sample of a run; what isn't stated is the default of `tfhd`, else of `trex`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunSample {
    /// In ticks of the media.
    pub duration: Option<u32>,
    /// In bytes.
    pub size: Option<u32>,
    /// Flags of the sample (ISO/IEC 14496-12, 8.8.3.1).
    pub flags: Option<u32>,
    /// Composition time less decoding time, in ticks of the media.
    pub composition_offset: Option<i32>,
}

impl RunSamples {
    /// Rows state a duration.
    pub const DURATION: u32 = 0x100;
    /// Rows state a size.
    pub const SIZE: u32 = 0x200;
    /// Rows state flags.
    pub const FLAGS: u32 = 0x400;
    /// Rows state a composition offset.
    pub const COMPOSITION_OFFSET: u32 = 0x800;

    const FIELDS: [u32; 4] = [Self::DURATION, Self::SIZE, Self::FLAGS, Self::COMPOSITION_OFFSET];

    /// Rows with the fields of `layout` (a sum of the constants above); a field that a sample lacks is written as 0,
    /// one that the layout lacks is left out.
    pub fn pack(layout: u32, samples: impl IntoIterator<Item = RunSample>) -> Self {
        let mut w = Writer::new();
        let mut count = 0;
        for sample in samples {
            let offset = sample.composition_offset.map(|offset| u32::from_be_bytes(offset.to_be_bytes()));
            let values = [sample.duration, sample.size, sample.flags, offset];
            for (_, value) in Self::FIELDS.into_iter().zip(values).filter(|(field, _)| layout & field != 0) {
                w.u32(value.unwrap_or(0));
            }
            count += 1;
        }
        Self { layout: layout & 0xF00, count, rows: w.into_bytes().into() }
    }

    /// Samples. Where rows state nothing this is as stated in the file, backed by nothing.
    pub fn len(&self) -> u32 {
        self.count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Whether rows state anything; else all samples are alike.
    pub fn has_rows(&self) -> bool {
        self.row_len() > 0
    }

    /// Sample `index`, from 0.
    pub fn get(&self, index: u32) -> Option<RunSample> {
        if index >= self.count {
            return None;
        }
        let mut at = usize::try_from(index).ok()?.checked_mul(self.row_len())?;
        let mut values = [None; 4];
        for (field, value) in Self::FIELDS.into_iter().zip(&mut values) {
            if self.layout & field != 0 {
                let bytes: [u8; 4] = self.rows.get(at..at + 4)?.try_into().ok()?;
                *value = Some(bytes);
                at += 4;
            }
        }
        let [duration, size, flags, offset] = values;
        Some(RunSample {
            duration: duration.map(u32::from_be_bytes),
            size: size.map(u32::from_be_bytes),
            flags: flags.map(u32::from_be_bytes),
            composition_offset: offset.map(i32::from_be_bytes),
        })
    }

    /// The samples in order.
    pub fn iter(&self) -> impl Iterator<Item = RunSample> + '_ {
        (0..self.count).map_while(|index| self.get(index))
    }

    fn row_len(&self) -> usize {
        Self::FIELDS.iter().filter(|&field| self.layout & field != 0).count() * 4
    }
}

impl BoxBody for TrackRun {
    const KIND: FourCc = FourCc::new(b"trun");

    fn read(r: &mut Reader<'_>) -> Result<Self> {
        let (version, flags) = r.version_and_flags()?;
        let stated = r.u32()?;
        let data_offset = (flags & 0x01 != 0).then(|| r.i32()).transpose()?;
        let first_sample_flags = (flags & 0x04 != 0).then(|| r.u32()).transpose()?;
        let mut samples = RunSamples { layout: flags & 0xF00, count: stated, rows: Bytes::new() };
        let row = samples.row_len();
        let length = usize::try_from(stated).unwrap_or(usize::MAX).saturating_mul(row);
        if length > r.remaining() {
            let message = format!("{stated} samples of {row} bytes exceed the {} bytes left", r.remaining());
            return Err(r.error(ErrorKind::Truncated, message));
        }
        samples.rows = r.bytes(length)?;
        Ok(Self { version, data_offset, first_sample_flags, samples })
    }

    fn write(&self, w: &mut Writer) {
        let offset = if self.data_offset.is_some() { 0x01 } else { 0 };
        let first = if self.first_sample_flags.is_some() { 0x04 } else { 0 };
        w.version_and_flags(self.version, self.samples.layout | offset | first);
        w.u32(self.samples.count);
        if let Some(offset) = self.data_offset {
            w.i32(offset);
        }
        if let Some(flags) = self.first_sample_flags {
            w.u32(flags);
        }
        w.bytes(&self.samples.rows);
    }

    fn fields(&self) -> Fields {
        let mut fields = Fields::default().with("version", self.version);
        if let Some(offset) = self.data_offset {
            fields = fields.with("data_offset", offset);
        }
        if let Some(flags) = self.first_sample_flags {
            fields = fields.with("first_sample_flags", format_args!("0x{flags:08x}"));
        }
        let rows: Vec<_> = self.samples.iter().take(4).map(|sample| sample.to_string()).collect();
        fields.with("samples", format_args!("{} [{}]", self.samples.len(), rows.join(", ")))
    }
}

impl std::fmt::Display for RunSample {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts = [
            self.duration.map(|duration| format!("duration {duration}")),
            self.size.map(|size| format!("size {size}")),
            self.flags.map(|flags| format!("flags 0x{flags:08x}")),
            self.composition_offset.map(|offset| format!("offset {offset}")),
        ];
        f.write_str(&parts.into_iter().flatten().collect::<Vec<_>>().join(" "))
    }
}
