//! Movie fragments (ISO/IEC 14496-12, 8.8): where each `moof` is, and the samples of one when it is reached.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use reelwright_media::{Error, FourCc, ReadAt, Result, SampleFlags};

use super::allowance::Allowance;
use super::top;
use crate::{
    BoxRef, Boxes, FragmentDecodeTime, RunSample, RunSamples, TrackExtends, TrackFragmentHeader, TrackRun,
    boxes_at,
};

/// Where the fragments of one track are, in the order of the file, and what they add up to. A few words a fragment:
/// the samples are read again from the `moof` when a cursor gets there.
#[derive(Debug, Default)]
pub(super) struct FragmentIndex {
    /// What the fragments call the track.
    id: u32,
    pub(super) places: Vec<FragmentPlace>,
    /// Samples of all fragments.
    pub(super) count: u64,
    /// Bytes of all samples.
    pub(super) bytes: u64,
    /// The decode time after the last sample.
    pub(super) end: i64,
    /// The presentation time after the last picture shown.
    pub(super) shown_end: i64,
    /// The most a presentation time lies before its decode time, in ticks.
    pub(super) earliest: i64,
    /// The byte after the last sample.
    pub(super) reach: u64,
}

/// One `moof` as far as one track is concerned.
#[derive(Clone, Copy, Debug)]
pub(super) struct FragmentPlace {
    moof: u64,
    /// Where the first `traf` of the track begins and the last one ends.
    offset: u64,
    end: u64,
    /// Where the data of the `traf` before the first ends.
    follows: u64,
    /// When the track has got to before it: the decode time where the fragment states none.
    before: i64,
    /// Decode time of the first sample.
    pub(super) dts: i64,
    /// Samples of earlier fragments.
    pub(super) first: u64,
    /// Whether decoding can start in it.
    pub(super) has_sync: bool,
}

/// A run of samples, one behind the other in the file.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) offset: u64,
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

/// What the samples of a run add up to.
#[derive(Debug, Default)]
pub(super) struct Sums {
    bytes: u64,
    ticks: i64,
    /// From the run's decode time to the end of the last picture shown.
    shown: i64,
    earliest: i64,
    has_sync: bool,
}

/// Samples a run may have whose size is zero and stated nowhere: such a run costs nothing to state.
const MOST_EMPTY: u32 = 1 << 16;

impl Run {
    pub(super) fn len(&self) -> u32 {
        self.samples.len()
    }

    /// Whether all samples from the second on are alike, stated nowhere one by one.
    pub(super) fn is_uniform(&self) -> bool {
        !self.samples.has_rows()
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

    /// What samples cost that are stated all at once and lie in a file of `length` bytes; those without bytes count too.
    fn repeated(&self, length: u64) -> u64 {
        if !self.is_uniform() {
            return 0;
        }
        let count = u64::from(self.len());
        match u64::from(self.get(0).map_or(0, |sample| sample.size)) {
            0 => count,
            size => count.min(length.saturating_sub(self.offset) / size) * size,
        }
    }

    fn sums(&self) -> Sums {
        let mut sums = Sums::default();
        let add = |sums: &mut Sums, sample: FragmentSample, count: u64| {
            let ticks = |count: u64| {
                i64::try_from(count).unwrap_or(i64::MAX).saturating_mul(i64::from(sample.duration))
            };
            let shown = sums.ticks.saturating_add(sample.composition).saturating_add(ticks(count));
            sums.shown = sums.shown.max(shown);
            sums.earliest = sums.earliest.min(sample.composition);
            sums.ticks = sums.ticks.saturating_add(ticks(count));
            sums.bytes = sums.bytes.saturating_add(count.saturating_mul(sample.size.into()));
            sums.has_sync |= sample.flags.sync;
        };
        if self.samples.has_rows() {
            (0..self.len()).map_while(|index| self.get(index)).for_each(|sample| add(&mut sums, sample, 1));
        } else if let Some(first) = self.get(0) {
            // All alike but for the flags of the first; there may be billions, stated in a few bytes.
            add(&mut sums, first, 1);
            if let Some(rest) = self.get(1) {
                add(&mut sums, rest, u64::from(self.len()) - 1);
            }
        }
        sums
    }
}

/// The 32 bits of `trex`, `tfhd` and `trun` (ISO/IEC 14496-12, 8.8.3.1).
fn sample_flags(bits: u32) -> SampleFlags {
    let dependencies = (bits >> 20 & 0xFF) as u8;
    let flags = if bits & 0x1_0000 == 0 { SampleFlags::SYNC } else { SampleFlags::NOT_SYNC };
    flags.with_dependency_byte(dependencies)
}

/// Looks a `moof` through before any of its samples count, so that one which is broken, or states more than the file can
/// hold, is left out whole. Returns the tracks it is for.
///
/// # Errors
///
/// Where boxes are broken, or a limit is passed.
pub(super) fn check(
    moof: &BoxRef<'_>,
    extends: &[TrackExtends],
    allowance: &mut Allowance,
) -> Result<BTreeSet<u32>> {
    let mut spans: BTreeMap<u32, Range<u64>> = BTreeMap::new();
    let mut repeated = 0u64;
    each(moof.children(), moof.offset(), moof.offset(), extends, |fragment| {
        let place = fragment.range();
        let span = spans.entry(fragment.header.track_id).or_insert(place.clone());
        span.end = place.end;
        let file = allowance.file();
        let (end, _) = fragment.read(0, |run, _| repeated = repeated.saturating_add(run.repeated(file)))?;
        Ok(end)
    })?;
    allowance.repeat(repeated)?;
    allowance.scan(spans.values().map(|span| span.end - span.start).sum())?;
    Ok(spans.into_keys().collect())
}

/// Gives the track fragments among `trafs`, which stand in the `moof` at `moof`, to `visit`, which returns where their data
/// ends; `follows` is where that of those before them does.
pub(super) fn each(
    trafs: Boxes<'_>,
    moof: u64,
    mut follows: u64,
    extends: &[TrackExtends],
    mut visit: impl FnMut(&Fragment<'_>) -> Result<u64>,
) -> Result<()> {
    for child in trafs {
        let traf = child?;
        if !traf.is(b"traf") {
            continue;
        }
        let Some(header) = header(&traf)? else { continue };
        let assumed =
            TrackExtends { track_id: header.track_id, description_index: 1, ..TrackExtends::default() };
        let extends = extends.iter().find(|extends| extends.track_id == header.track_id).unwrap_or(&assumed);
        let is_moof = header.flags & TrackFragmentHeader::BASE_IS_MOOF != 0;
        // Files that leave the base unsaid mean the end of the data of the track fragment before.
        let base = header.base_data_offset.unwrap_or(if is_moof { moof } else { follows });
        follows = visit(&Fragment { header: &header, extends, base, traf: &traf, moof, follows })?;
    }
    Ok(())
}

fn header(traf: &BoxRef<'_>) -> Result<Option<TrackFragmentHeader>> {
    traf.children().find(FourCc::new(b"tfhd")).map(|header| header.read()).transpose()
}

/// A `traf` and what it leaves unsaid.
pub(super) struct Fragment<'a> {
    pub(super) header: &'a TrackFragmentHeader,
    extends: &'a TrackExtends,
    /// What data offsets count from.
    base: u64,
    traf: &'a BoxRef<'a>,
    /// Where the `moof` begins.
    moof: u64,
    /// Where the data of the fragment before ends.
    follows: u64,
}

impl Fragment<'_> {
    /// Where it stands in the file.
    fn range(&self) -> Range<u64> {
        let start = self.traf.offset();
        start..start.saturating_add(self.traf.header().size)
    }

    /// Gives every run to `take`; returns where the data ends and when the track has got to. `dts` is when it had got to
    /// before, for fragments that state no decode time.
    pub(super) fn read(&self, mut dts: i64, mut take: impl FnMut(Run, Sums)) -> Result<(u64, i64)> {
        let mut at = self.base;
        for child in self.traf.children() {
            let child = child?;
            match &child.kind().0 {
                b"tfdt" => {
                    let stated = child.read::<FragmentDecodeTime>()?.base_media_decode_time;
                    dts = i64::try_from(stated).unwrap_or(i64::MAX);
                }
                b"trun" => {
                    let stored: TrackRun = child.read()?;
                    if let Some(offset) = stored.data_offset {
                        at = self.base.saturating_add_signed(offset.into());
                    }
                    let run = self.run(stored, at, dts);
                    if run.size == 0 && !run.samples.has_rows() && run.len() > MOST_EMPTY {
                        let message = format!("a run states {} samples without bytes", run.len());
                        return Err(Error::malformed(message).in_box(child.path()).at_offset(child.offset()));
                    }
                    let sums = run.sums();
                    at = at.saturating_add(sums.bytes);
                    dts = dts.saturating_add(sums.ticks);
                    if run.len() > 0 {
                        take(run, sums);
                    }
                }
                _ => {}
            }
        }
        Ok((at, dts))
    }

    fn run(&self, stored: TrackRun, offset: u64, dts: i64) -> Run {
        let (header, extends) = (self.header, self.extends);
        Run {
            offset,
            dts,
            samples: stored.samples,
            first_flags: stored.first_sample_flags,
            duration: header.sample_duration.unwrap_or(extends.sample_duration),
            size: header.sample_size.unwrap_or(extends.sample_size),
            flags: header.sample_flags.unwrap_or(extends.sample_flags),
            description: header.description_index.unwrap_or(extends.description_index),
        }
    }
}

impl FragmentIndex {
    /// Takes in a fragment of the track, which the fragments call `id`; returns where its data ends.
    ///
    /// # Errors
    ///
    /// Where boxes are broken, which [`check`] finds before.
    pub(super) fn add(&mut self, fragment: &Fragment<'_>) -> Result<u64> {
        self.id = fragment.header.track_id;
        let (before, range) = (self.end, fragment.range());
        let known = self.places.last().is_some_and(|place| place.moof == fragment.moof);
        let mut is_new = !known;
        let (end, _) = fragment.read(before, |run, sums| {
            if std::mem::take(&mut is_new) {
                let (moof, follows, dts, first) = (fragment.moof, fragment.follows, run.dts, self.count);
                let (offset, end) = (range.start, range.end);
                self.places.push(FragmentPlace {
                    moof,
                    offset,
                    end,
                    follows,
                    before,
                    dts,
                    first,
                    has_sync: false,
                });
            }
            if let Some(place) = self.places.last_mut() {
                place.has_sync |= sums.has_sync;
                place.end = range.end;
            }
            self.count += u64::from(run.len());
            self.bytes = self.bytes.saturating_add(sums.bytes);
            self.reach = self.reach.max(run.offset.saturating_add(sums.bytes));
            self.end = run.dts.saturating_add(sums.ticks);
            self.shown_end = self.shown_end.max(run.dts.saturating_add(sums.shown));
            self.earliest = self.earliest.min(sums.earliest);
        })?;
        Ok(end)
    }

    /// Reads the runs of fragment `number` of the track.
    pub(super) fn load(
        &self,
        number: usize,
        source: &Arc<dyn ReadAt>,
        extends: &[TrackExtends],
    ) -> Result<Vec<Run>> {
        let mut found = Vec::new();
        let Some(place) = self.places.get(number) else { return Ok(found) };
        let bytes = top::load(source, place.offset, place.end - place.offset)?;
        let mut dts = place.before;
        each(boxes_at(&bytes, place.offset), place.moof, place.follows, extends, |fragment| {
            if fragment.header.track_id != self.id {
                return Ok(fragment.read(0, |_, _| {})?.0);
            }
            let (end, reached) = fragment.read(dts, |run, _| found.push(run))?;
            dts = reached;
            Ok(end)
        })?;
        Ok(found)
    }
}
