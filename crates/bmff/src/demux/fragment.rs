//! Movie fragments (ISO/IEC 14496-12, 8.8): where each `moof` is, and the samples of one when it is reached.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use reelwright_media::{Error, FourCc, ReadAt, Result, SampleFlags, Timescale};

use super::allowance::Allowance;
use super::delta::{DecodeClock, Deltas};
use super::part::{Counted, Initial, Part};
use super::top;
use crate::{
    BoxRef, Boxes, FragmentDecodeTime, RunSample, RunSamples, TrackExtends, TrackFragmentHeader, TrackRun,
    boxes_at,
};

/// Where the fragments of one track are, in the order of the file, and what they add up to. A few words a fragment:
/// the samples are read again from the `moof` when a cursor gets there.
#[derive(Debug, Default)]
pub(super) struct FragmentIndex {
    /// Whose fragments these are: the movie's, and those of every movie joined to it.
    parts: Vec<Part>,
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
    /// When the part that is read now has got to, in its own ticks.
    reached: i64,
    /// Whether durations are stated that can't be meant.
    pub(super) odd: bool,
}

/// One `moof` as far as one track is concerned.
#[derive(Clone, Copy, Debug)]
pub(super) struct FragmentPlace {
    /// Which of the parts it belongs to.
    part: u32,
    moof: u64,
    /// Where the first `traf` of the track begins and the last one ends.
    offset: u64,
    end: u64,
    /// Where the data of the `traf` before the first ends.
    follows: u64,
    /// When the part has got to before it, in its ticks: the decode time where the fragment states none.
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
    /// How durations are read that can't be meant as they stand.
    deltas: Deltas,
}

/// One sample of a run.
#[derive(Clone, Copy, Debug)]
pub(super) struct FragmentSample {
    pub(super) size: u32,
    /// What it is meant to last, in ticks; negative where a writer stored the step back to the next sample.
    pub(super) delta: i64,
    pub(super) composition: i64,
    pub(super) flags: SampleFlags,
    /// Whether its duration isn't the one that is stated.
    odd: bool,
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
    odd: bool,
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
        let stored = sample.duration.unwrap_or(self.duration);
        let meant = self.delta(index, stored);
        let delta = meant.unwrap_or_else(|| self.usual(index));
        Some(FragmentSample {
            odd: delta != i64::from(stored),
            size: sample.size.unwrap_or(self.size),
            delta,
            composition: sample.composition_offset.map_or(0, i64::from),
            flags: sample_flags(first.or(sample.flags).unwrap_or(self.flags)),
        })
    }

    /// The duration that `stored` means for sample `index`; `None` where it means nothing.
    fn delta(&self, index: u32, stored: u32) -> Option<i64> {
        if stored < Deltas::SUSPECT {
            return Some(stored.into());
        }
        let is_last = index.saturating_add(1) >= self.len() || self.is_uniform();
        if is_last { self.deltas.read_last(stored) } else { self.deltas.read(stored) }
    }

    /// What a sample lasts whose own duration means nothing: as long as the one before, else as the others by default; zero
    /// where nothing is known.
    fn usual(&self, index: u32) -> i64 {
        let before = index.checked_sub(1).and_then(|before| self.samples.get(before)?.duration);
        [before, Some(self.duration)]
            .into_iter()
            .flatten()
            .find(|ticks| *ticks < Deltas::SUSPECT)
            .map_or(0, i64::from)
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
        let mut clock = DecodeClock::default();
        let mut add = |sums: &mut Sums, sample: FragmentSample, count: u64| {
            clock.advance(count, sample.delta);
            sums.ticks = clock.now();
            sums.odd |= sample.odd;
            sums.shown = sums.shown.max(sums.ticks.saturating_add(sample.composition));
            sums.earliest = sums.earliest.min(sample.composition);
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
    initial: &Initial,
    allowance: &mut Allowance,
) -> Result<BTreeSet<u32>> {
    let mut spans: BTreeMap<u32, Range<u64>> = BTreeMap::new();
    let mut repeated = 0u64;
    each(moof.children(), moof.offset(), moof.offset(), initial, |fragment| {
        let place = fragment.range();
        let span = spans.entry(fragment.header.track_id).or_insert(place.clone());
        span.end = place.end;
        let file = allowance.file();
        let count = |run: Run, _| repeated = repeated.saturating_add(run.repeated(file));
        Ok(fragment.read(0, Timescale::SECONDS, count)?.0)
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
    initial: &Initial,
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
        let stated = initial.extends.iter().find(|extends| extends.track_id == header.track_id);
        let extends = stated.unwrap_or(&assumed);
        let is_moof = header.flags & TrackFragmentHeader::BASE_IS_MOOF != 0;
        // Files that leave the base unsaid mean the end of the data of the track fragment before.
        let base = match header.base_data_offset {
            // Counted in the file it was written into.
            Some(offset) if offset < initial.base => offset.saturating_add(initial.base),
            Some(offset) => offset,
            None if is_moof => moof,
            None => follows,
        };
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
    /// before, for fragments that state no decode time; `timescale` is the track's.
    pub(super) fn read(
        &self,
        mut dts: i64,
        timescale: Timescale,
        mut take: impl FnMut(Run, Sums),
    ) -> Result<(u64, i64)> {
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
                    let run = self.run(stored, at, dts, timescale);
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

    fn run(&self, stored: TrackRun, offset: u64, dts: i64, timescale: Timescale) -> Run {
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
            deltas: Deltas::new(timescale, dts.max(0), false),
        }
    }
}

impl FragmentIndex {
    /// Nothing yet of the track with this ID and timescale, which the samples of `moov` take to tick `end`.
    pub(super) fn new(id: u32, timescale: Timescale, end: i64) -> Self {
        let initial = Arc::default();
        let part = Part { id, initial, timescale, track: timescale, shift: 0, descriptions: 0 };
        Self { parts: vec![part], end, reached: end, ..Self::default() }
    }

    /// What the fragments of this `moov` take from it.
    pub(super) fn begin(&mut self, initial: &Arc<Initial>) {
        self.parts.iter_mut().for_each(|part| part.initial = initial.clone());
    }

    /// Takes in a fragment of the track; returns where its data ends.
    ///
    /// # Errors
    ///
    /// Where boxes are broken, which [`check`] finds before.
    pub(super) fn add(&mut self, fragment: &Fragment<'_>) -> Result<u64> {
        let (before, range) = (self.reached, fragment.range());
        let Some(part) = self.parts.last().cloned() else { return Ok(0) };
        let number = u32::try_from(self.parts.len() - 1).unwrap_or(u32::MAX);
        let known = self.places.last().is_some_and(|place| place.moof == fragment.moof);
        let mut is_new = !known;
        let (end, reached) = fragment.read(before, part.timescale, |run, sums| {
            let at = |ticks: i64| part.ticks(run.dts.saturating_add(ticks));
            if std::mem::take(&mut is_new) {
                self.places.push(FragmentPlace {
                    part: number,
                    moof: fragment.moof,
                    offset: range.start,
                    end: range.end,
                    follows: fragment.follows,
                    before,
                    dts: at(0),
                    first: self.count,
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
            self.end = at(sums.ticks);
            self.shown_end = self.shown_end.max(at(sums.shown));
            self.earliest = self.earliest.min(part.length(sums.earliest));
            self.odd |= sums.odd;
        })?;
        self.reached = reached;
        Ok(end)
    }

    /// Takes in the fragments of a movie joined to this one: `shift`, in their ticks, is added to their times,
    /// `descriptions` to their numbers of sample descriptions.
    pub(super) fn join(&mut self, other: Self, shift: i64, descriptions: u32) {
        let Some(track) = self.parts.first().map(|part| part.track) else { return };
        let first = u32::try_from(self.parts.len()).unwrap_or(u32::MAX);
        let moved = |part: Part| Part {
            track,
            shift: part.shift.saturating_add(shift),
            descriptions: part.descriptions.saturating_add(descriptions),
            ..part
        };
        self.parts.extend(other.parts.into_iter().map(moved));
        let Some(part) = self.parts.last().cloned() else { return };
        self.places.extend(other.places.into_iter().map(|place| FragmentPlace {
            part: place.part.saturating_add(first),
            dts: part.ticks(place.dts),
            first: place.first + self.count,
            ..place
        }));
        self.count += other.count;
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.reach = self.reach.max(other.reach);
        self.end = self.end.max(part.ticks(other.end));
        self.shown_end = self.shown_end.max(part.ticks(other.shown_end));
        self.earliest = self.earliest.min(part.length(other.earliest));
        self.odd |= other.odd;
    }

    /// Reads the runs of fragment `number` of the track, and how their times are counted.
    pub(super) fn load(&self, number: usize, source: &Arc<dyn ReadAt>) -> Result<(Vec<Run>, Counted)> {
        let mut found = Vec::new();
        let place = self.places.get(number);
        let part = place.and_then(|place| self.parts.get(usize::try_from(place.part).ok()?));
        let Some((place, part)) = place.zip(part) else { return Ok((found, Counted::default())) };
        let bytes = top::load(source, place.offset, place.end - place.offset)?;
        let mut dts = place.before;
        let trafs = boxes_at(&bytes, place.offset);
        each(trafs, place.moof, place.follows, &part.initial, |fragment| {
            if fragment.header.track_id != part.id {
                return Ok(fragment.read(0, Timescale::SECONDS, |_, _| {})?.0);
            }
            let (end, reached) = fragment.read(dts, part.timescale, |run, _| found.push(run))?;
            dts = reached;
            Ok(end)
        })?;
        Ok((found, Counted::of(part.clone())))
    }
}
