//! Movie fragments (ISO/IEC 14496-12, 8.8): where each track's samples lie, kept packed.

use reelwright_media::{FourCc, Result, SampleFlags};

use crate::{BoxRef, FragmentDecodeTime, RunSample, RunSamples, TrackExtends, TrackFragmentHeader, TrackRun};

/// The runs of one track, in the order of the file.
#[derive(Debug, Default)]
pub(super) struct FragmentIndex {
    pub(super) runs: Vec<Run>,
    /// Samples of all runs.
    pub(super) count: u64,
    /// Bytes of all samples.
    pub(super) bytes: u64,
    /// The decode time after the last sample.
    pub(super) end: i64,
    /// The presentation time after the last picture shown.
    pub(super) shown_end: i64,
}

/// A run of samples, one behind the other in the file.
#[derive(Debug)]
pub(super) struct Run {
    offset: u64,
    pub(super) dts: i64,
    samples: RunSamples,
    first_flags: Option<u32>,
    duration: u32,
    size: u32,
    flags: u32,
    pub(super) description: u32,
}

/// One sample of a run.
#[derive(Clone, Copy, Debug)]
pub(super) struct FragmentSample {
    pub(super) size: u32,
    pub(super) duration: u32,
    pub(super) composition: i64,
    pub(super) flags: SampleFlags,
}

impl Run {
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    pub(super) fn len(&self) -> u32 {
        self.samples.len()
    }

    pub(super) fn get(&self, index: u32) -> Option<FragmentSample> {
        let sample: RunSample = self.samples.get(index)?;
        let first = if index == 0 { self.first_flags } else { None };
        Some(FragmentSample {
            size: sample.size.unwrap_or(self.size),
            duration: sample.duration.unwrap_or(self.duration),
            composition: sample.composition_offset.map_or(0, i64::from),
            flags: sample_flags(first.or(sample.flags).unwrap_or(self.flags)),
        })
    }

    fn iter(&self) -> impl Iterator<Item = FragmentSample> + '_ {
        (0..self.len()).map_while(|index| self.get(index))
    }
}

/// The 32 bits of `trex`, `tfhd` and `trun` (ISO/IEC 14496-12, 8.8.3.1).
fn sample_flags(bits: u32) -> SampleFlags {
    let dependencies = (bits >> 20 & 0xFF) as u8;
    let flags = if bits & 0x1_0000 == 0 { SampleFlags::SYNC } else { SampleFlags::NOT_SYNC };
    flags.with_dependency_byte(dependencies)
}

/// What of a `moof` concerns one track.
pub(super) struct TrackFragment<'a> {
    traf: BoxRef<'a>,
    pub(super) header: TrackFragmentHeader,
}

/// The `traf` boxes of a `moof`.
pub(super) fn track_fragments<'a>(moof: &BoxRef<'a>) -> Result<Vec<TrackFragment<'a>>> {
    let mut fragments = Vec::new();
    for child in moof.children() {
        let child = child?;
        if !child.is(b"traf") {
            continue;
        }
        let header = child.children().find(FourCc::new(b"tfhd")).map(|header| header.read()).transpose()?;
        if let Some(header) = header {
            fragments.push(TrackFragment { traf: child, header });
        }
    }
    Ok(fragments)
}

impl FragmentIndex {
    /// Adds the runs of `fragment`, found in the `moof` at `moof_offset`; `follows` is where the data of the fragment
    /// before it ended, for files that leave the base unsaid. Returns where this one's data ends.
    pub(super) fn add(
        &mut self,
        fragment: &TrackFragment<'_>,
        extends: &TrackExtends,
        moof_offset: u64,
        follows: u64,
    ) -> Result<u64> {
        let header = &fragment.header;
        let is_moof = header.flags & TrackFragmentHeader::BASE_IS_MOOF != 0;
        let base = header.base_data_offset.unwrap_or(if is_moof { moof_offset } else { follows });
        let mut dts = self.end;
        let mut at = base;
        for child in fragment.traf.children() {
            let child = child?;
            match &child.kind().0 {
                b"tfdt" => {
                    let stated = child.read::<FragmentDecodeTime>()?.base_media_decode_time;
                    dts = i64::try_from(stated).unwrap_or(i64::MAX);
                }
                b"trun" => {
                    let run: TrackRun = child.read()?;
                    if let Some(offset) = run.data_offset {
                        at = base.saturating_add_signed(offset.into());
                    }
                    let run = Run {
                        offset: at,
                        dts,
                        samples: run.samples,
                        first_flags: run.first_sample_flags,
                        duration: header.sample_duration.unwrap_or(extends.sample_duration),
                        size: header.sample_size.unwrap_or(extends.sample_size),
                        flags: header.sample_flags.unwrap_or(extends.sample_flags),
                        description: header.description_index.unwrap_or(extends.description_index),
                    };
                    (at, dts) = self.push(run, at, dts);
                }
                _ => {}
            }
        }
        self.end = dts;
        Ok(at)
    }

    fn push(&mut self, run: Run, mut at: u64, mut dts: i64) -> (u64, i64) {
        for sample in run.iter() {
            at = at.saturating_add(sample.size.into());
            let shown = dts.saturating_add(sample.composition).saturating_add(sample.duration.into());
            self.shown_end = self.shown_end.max(shown);
            dts = dts.saturating_add(sample.duration.into());
            self.bytes = self.bytes.saturating_add(sample.size.into());
        }
        self.count += u64::from(run.len());
        if run.len() > 0 {
            self.runs.push(run);
        }
        (at, dts)
    }
}
