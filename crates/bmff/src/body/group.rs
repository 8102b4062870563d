use bytes::Bytes;
use reelwright_media::{FourCc, Result};

use crate::packed::{Counted, entry};
use crate::{BoxBody, Field, Fields, Packed, Reader, Version, Writer};

entry! {
    /// Samples of one group.
    GroupRun {
        /// How many.
        count: u32,
        /// The description, from 1; 0 for none; from 0x10001 for those of the movie fragment itself.
        description_index: u32,
    }
}

/// Sample to group (ISO/IEC 14496-12, 8.9.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SampleToGroup {
    /// Version as stored.
    pub version: u8,
    /// Flags, 24 bits.
    pub flags: u32,
    /// What the groups mean: `roll`, `prol`, `sync`, ...
    pub grouping_type: FourCc,
    /// Tells groupings of one type apart; stored in version 1.
    pub parameter: u32,
    /// Runs of samples of one group.
    pub runs: Packed<GroupRun>,
}

impl BoxBody for SampleToGroup {
    const KIND: FourCc = FourCc::new(b"sbgp");

    fn read(r: &mut Reader<'_>) -> Result<Self> {
        let (version, flags) = r.version_and_flags()?;
        let grouping_type = r.fourcc()?;
        let parameter = if version == 0 { 0 } else { r.u32()? };
        let runs = Counted::read(r, Version { version, flags })?;
        Ok(Self { version, flags, grouping_type, parameter, runs })
    }

    fn write(&self, w: &mut Writer) {
        let version = if self.parameter == 0 { self.version } else { self.version.max(1) };
        w.version_and_flags(version, self.flags);
        w.fourcc(self.grouping_type);
        if version > 0 {
            w.u32(self.parameter);
        }
        Counted::write(&self.runs, w, Version::default());
    }

    fn fields(&self) -> Fields {
        Fields::default()
            .with("version", self.version)
            .with("grouping_type", self.grouping_type)
            .with("parameter", self.parameter)
            .with("runs", format_args!("{:?}", self.runs))
    }
}

/// Sample group descriptions (ISO/IEC 14496-12, 8.9.3).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SampleGroupDescription {
    /// Version as stored; 0 is deprecated because it leaves the length of entries unsaid.
    pub version: u8,
    /// Flags, 24 bits.
    pub flags: u32,
    /// What the groups mean: `roll`, `prol`, `sync`, ...
    pub grouping_type: FourCc,
    /// The length of every entry; 0 where each states its own. From version 1.
    pub default_length: u32,
    /// The group of samples that no `sbgp` mentions, from 1; 0 for none. From version 2.
    pub default_index: u32,
    /// The descriptions, counted from 1.
    pub entries: Vec<Bytes>,
}

impl SampleGroupDescription {
    /// The one description of audio pre-roll or gradual refresh (`roll` or `prol`; ISO/IEC 14496-12, 10.1): how many
    /// samples to go back, negative, or how many to wait.
    pub fn roll(grouping_type: impl Into<FourCc>, distance: i16) -> Self {
        Self {
            version: 1,
            grouping_type: grouping_type.into(),
            default_length: 2,
            entries: vec![Bytes::copy_from_slice(&distance.to_be_bytes())],
            ..Self::default()
        }
    }

    /// The roll distance of description `index`, from 1, where this is `roll` or `prol`.
    pub fn roll_distance(&self, index: u32) -> Option<i16> {
        if !matches!(&self.grouping_type.0, b"roll" | b"prol") {
            return None;
        }
        let entry = self.entries.get(usize::try_from(index).ok()?.checked_sub(1)?)?;
        Some(i16::from_be_bytes(entry.get(..2)?.try_into().ok()?))
    }
}

impl BoxBody for SampleGroupDescription {
    const KIND: FourCc = FourCc::new(b"sgpd");

    fn read(r: &mut Reader<'_>) -> Result<Self> {
        let (version, flags) = r.version_and_flags()?;
        let grouping_type = r.fourcc()?;
        let default_length = if version == 0 { 0 } else { r.u32()? };
        let default_index = if version < 2 { 0 } else { r.u32()? };
        let stated = usize::try_from(r.u32()?).unwrap_or(usize::MAX);
        let even = r.remaining().checked_div(stated).unwrap_or(0);
        let mut entries = Vec::new();
        // Every round takes at least one byte, so the count needs no other limit.
        while entries.len() < stated && !r.is_empty() {
            let length = match (version, default_length) {
                (0, _) => even.max(1),
                (_, 0) => usize::try_from(r.u32()?).unwrap_or(usize::MAX),
                (_, length) => usize::try_from(length).unwrap_or(usize::MAX),
            };
            entries.push(r.bytes(length)?);
        }
        Ok(Self { version, flags, grouping_type, default_length, default_index, entries })
    }

    fn write(&self, w: &mut Writer) {
        w.version_and_flags(self.version, self.flags);
        w.fourcc(self.grouping_type);
        if self.version > 0 {
            w.u32(self.default_length);
        }
        if self.version > 1 {
            w.u32(self.default_index);
        }
        w.u32(u32::try_from(self.entries.len()).unwrap_or(u32::MAX));
        for entry in &self.entries {
            if self.version > 0 && self.default_length == 0 {
                w.u32(u32::try_from(entry.len()).unwrap_or(u32::MAX));
            }
            w.bytes(entry);
        }
    }

    fn fields(&self) -> Fields {
        Fields::default()
            .with("version", self.version)
            .with("grouping_type", self.grouping_type)
            .with("default_length", self.default_length)
            .with("default_index", self.default_index)
            .with(
                "entries",
                format_args!(
                    "{} {:02x?}",
                    self.entries.len(),
                    self.entries.iter().take(8).map(|entry| &entry[..]).collect::<Vec<_>>()
                ),
            )
    }
}
