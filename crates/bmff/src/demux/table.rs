//! The sample tables of a track as they stood in the file.

use std::ops::Range;

use reelwright_media::{Result, Timescale};

use super::delta::{DecodeClock, Deltas};
use super::walk::Walk;
use super::warnings::Warnings;
use crate::{
    BoxRef, ChunkOffsets, ChunkOffsets64, ChunkRun, CompactSampleSizes, CompositionOffsets, OffsetRun,
    Packed, PartialSyncSamples, SampleDependencies, SampleSizes, SampleToChunk, SyncSamples, TimeRun,
    TimeToSample,
};

/// The tables of `stbl` (ISO/IEC 14496-12, 8.5 to 8.7), still packed.
#[derive(Debug, Default)]
pub(super) struct SampleTable {
    times: Packed<TimeRun>,
    pub(super) offsets: Packed<OffsetRun>,
    chunks: Packed<ChunkRun>,
    pub(super) places: Places,
    sizes: Sizes,
    /// Numbers of sync samples, from 1; without the table all are.
    pub(super) sync: Option<Packed<u32>>,
    pub(super) partial_sync: Packed<u32>,
    pub(super) dependencies: Packed<u8>,
    /// Samples; at most as many as there are sizes and places for.
    pub(super) count: u64,
    /// Samples the index counts; more than there are where it contradicts itself.
    pub(super) stated: u64,
    /// How sound is stored whose index counts PCM frames.
    pub(super) units: Option<Units>,
    /// The most a presentation time lies before its decode time, in ticks.
    earliest: i64,
    /// How durations are read that can't be meant as they stand; `None` where all can.
    odd: Option<OddTimes>,
}

/// How durations are read of a table in which some are negative or mean nothing.
#[derive(Clone, Copy, Debug)]
struct OddTimes {
    deltas: Deltas,
    /// What the last sample lasts, in ticks, where its own duration means nothing.
    usual: i64,
}

/// Samples of equal duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pace {
    pub(super) count: u32,
    /// In ticks; negative where a writer stored the step back to the next sample.
    pub(super) delta: i64,
}

/// Sound whose index counts PCM frames rather than packets: how frames are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Units {
    /// PCM frames of the smallest thing that can be cut off: 1 for LPCM, 64 for IMA 4:1.
    pub(super) frames: u64,
    /// Its bytes, all channels.
    pub(super) bytes: u64,
}

/// Where chunks begin.
#[derive(Debug, Default)]
pub(super) enum Places {
    #[default]
    None,
    Short(Packed<u32>),
    Long(Packed<u64>),
}

#[derive(Debug)]
enum Sizes {
    Listed(SampleSizes),
    Compact(CompactSampleSizes),
}

impl Default for Sizes {
    fn default() -> Self {
        Self::Listed(SampleSizes::default())
    }
}

impl SampleTable {
    /// Reads what `stbl` has; tables that are absent or unreadable are empty, with a warning. `timescale` is the media's,
    /// `stated` the length its header states, in ticks, 0 for unknown.
    pub(super) fn read(
        stbl: &BoxRef<'_>,
        timescale: Timescale,
        stated: i64,
        warnings: &mut Warnings,
    ) -> Result<Self> {
        let mut table = Self::default();
        for child in stbl.children() {
            let child = match child {
                Ok(child) => child,
                Err(error) => {
                    warnings.push(error.to_string());
                    break;
                }
            };
            match &child.kind().0 {
                b"stts" => table.times = child.read::<TimeToSample>()?.runs,
                b"ctts" => table.offsets = child.read::<CompositionOffsets>()?.runs,
                b"stsc" => table.chunks = child.read::<SampleToChunk>()?.runs,
                b"stco" => table.places = Places::Short(child.read::<ChunkOffsets>()?.offsets),
                b"co64" => table.places = Places::Long(child.read::<ChunkOffsets64>()?.offsets),
                b"stsz" => table.sizes = Sizes::Listed(child.read()?),
                b"stz2" => table.sizes = Sizes::Compact(child.read()?),
                b"stss" => table.sync = Some(child.read::<SyncSamples>()?.numbers),
                b"stps" => table.partial_sync = child.read::<PartialSyncSamples>()?.numbers,
                b"sdtp" => table.dependencies = child.read::<SampleDependencies>()?.samples,
                _ => {}
            }
        }
        table.stated = match &table.sizes {
            Sizes::Listed(sizes) => sizes.count.into(),
            Sizes::Compact(sizes) => sizes.count.into(),
        };
        table.count = table.usable();
        table.find_odd_times(timescale, stated, warnings);
        table.note_gaps(warnings);
        table.earliest = table.offsets.iter().map(|run| i64::from(run.offset)).min().unwrap_or(0).min(0);
        Ok(table)
    }

    /// Looks for durations that can't be meant as they stand.
    fn find_odd_times(&mut self, timescale: Timescale, stated: i64, warnings: &mut Warnings) {
        let ticks = |run: TimeRun| i64::from(run.count).saturating_mul(run.delta.into());
        let is_large = |run: &TimeRun| run.delta >= Deltas::SUSPECT;
        if !self.times.iter().any(|run| is_large(&run)) {
            return;
        }
        let sum = self.times.iter().map(ticks).fold(0i64, i64::saturating_add);
        let around =
            self.times.iter().filter(|run| !is_large(run)).map(ticks).fold(0i64, i64::saturating_add);
        let deltas = Deltas::new(timescale, around, stated == sum);
        // All durations may be as long as they say: then nothing is odd.
        let is_odd = |run: &TimeRun| deltas.read(run.delta) != Some(run.delta.into());
        if !self.times.iter().any(|run| is_odd(&run)) {
            return;
        }
        let sound = self.times.iter().rev().find(|run| !is_odd(run) && run.delta > 0);
        self.odd = Some(OddTimes { deltas, usual: sound.map_or(0, |run| run.delta.into()) });
        warnings
            .push("the index states durations that are negative; the samples follow each other all the same");
    }

    fn note_gaps(&self, warnings: &mut Warnings) {
        let (stated, count) = (self.stated, self.count);
        if stated > count {
            warnings
                .push(format!("the index states {stated} samples, only {count} have a place in the file"));
        }
        let timed: u64 = self.times.iter().map(|run| u64::from(run.count)).sum();
        if timed < count {
            warnings
                .push(format!("the index gives durations for {timed} of {count} samples; the last is kept"));
        }
    }

    /// Samples that have a chunk.
    fn usable(&self) -> u64 {
        let placed = self.chunk_runs().fold(0u64, |placed, (chunks, run)| {
            placed.saturating_add((chunks.end - chunks.start).saturating_mul(run.samples_per_chunk.into()))
        });
        self.stated.min(placed)
    }

    /// Run `index` of `stsc`, and the chunks it holds for, from 0; none where there are no such chunks.
    pub(super) fn chunk_run(&self, index: usize) -> Option<(Range<u64>, ChunkRun)> {
        let first = |run: ChunkRun| u64::from(run.first_chunk.max(1)) - 1;
        let run = self.chunks.get(index)?;
        let next = self.chunks.get(index + 1).map_or(u64::MAX, first);
        Some((first(run)..next.min(self.places.len()).max(first(run)), run))
    }

    pub(super) fn chunk_runs(&self) -> impl Iterator<Item = (Range<u64>, ChunkRun)> + '_ {
        (0..self.chunks.len()).map_while(|index| self.chunk_run(index))
    }

    /// Bytes of the samples that are stated all at once, by one size, and lie in a file of `length` bytes: nothing in
    /// the index grows with their number.
    pub(super) fn repeated(&self, length: u64) -> u64 {
        let Some(size) = self.constant_size() else { return 0 };
        let (frames, bytes) = self.units.map_or((1, u64::from(size)), |units| (units.frames, units.bytes));
        let mut total = 0u64;
        for (chunks, run) in self.chunk_runs() {
            let count = u64::from(run.samples_per_chunk) / frames;
            for number in chunks {
                let left = self.places.get(number).map_or(0, |offset| length.saturating_sub(offset));
                total = total.saturating_add(count.min(left / bytes.max(1)).saturating_mul(bytes));
            }
        }
        total
    }

    /// Whether another table lists as many samples, the first at the same place: an index that was written twice.
    pub(super) fn places_like(&self, other: &Self) -> bool {
        self.count == other.count && self.places.get(0) == other.places.get(0)
    }

    /// Whether any chunk ends behind byte `length`.
    pub(super) fn reaches_beyond(&self, length: u64) -> bool {
        let mut sample = 0u64;
        for (chunks, run) in self.chunk_runs() {
            for number in chunks {
                let count = u64::from(run.samples_per_chunk).min(self.count.saturating_sub(sample));
                let bytes = match (self.units, self.constant_size()) {
                    (Some(units), _) => count.div_ceil(units.frames).saturating_mul(units.bytes),
                    (None, Some(size)) => count.saturating_mul(size.into()),
                    (None, None) => {
                        (sample..sample + count).filter_map(|index| self.size(index)).map(u64::from).sum()
                    }
                };
                sample += count;
                if bytes > 0
                    && self.places.get(number).is_some_and(|offset| offset.saturating_add(bytes) > length)
                {
                    return true;
                }
            }
        }
        false
    }

    /// The size every sample has, where the index says so once for all.
    pub(super) fn constant_size(&self) -> Option<u32> {
        match &self.sizes {
            Sizes::Listed(sizes) => Some(sizes.sample_size).filter(|size| *size > 0),
            Sizes::Compact(_) => None,
        }
    }

    /// The duration of the first sample, in ticks.
    pub(super) fn first_duration(&self) -> Option<u32> {
        self.times.get(0).map(|run| run.delta)
    }

    /// Whether presentation times differ from decode times.
    pub(super) fn reorders(&self) -> bool {
        !self.offsets.is_empty()
    }

    /// Bytes of all samples.
    pub(super) fn byte_count(&self) -> u64 {
        if let Some(units) = self.units {
            return (self.count / units.frames).saturating_mul(units.bytes);
        }
        match (&self.sizes, self.constant_size()) {
            (_, Some(size)) => self.count.saturating_mul(size.into()),
            (Sizes::Listed(sizes), None) => sizes
                .sizes
                .iter()
                .take(usize::try_from(self.count).unwrap_or(usize::MAX))
                .map(u64::from)
                .sum(),
            (Sizes::Compact(sizes), None) => (0..usize::try_from(self.count).unwrap_or(usize::MAX))
                .map_while(|index| sizes.get(index))
                .map(u64::from)
                .sum(),
        }
    }

    /// The sum of all durations, in ticks.
    pub(super) fn duration(&self) -> i64 {
        self.ticks_before(self.count)
    }

    /// When the last sample shown ends, in ticks: later than the last decoded where samples are shown late.
    pub(super) fn shown_end(&self) -> i64 {
        // No codec shows samples further apart than this out of order.
        const DEPTH: u64 = 64;
        if !self.reorders() {
            return self.duration();
        }
        let mut walk = Walk::at(self, self.count.saturating_sub(DEPTH));
        let mut end = 0;
        while let Some(entry) = walk.peek(self) {
            let shown = entry.dts.saturating_add(entry.composition).saturating_add(entry.duration);
            end = end.max(shown);
            walk.advance(1, entry.size.into(), &entry);
        }
        end
    }

    /// When sample `index` is decoded, in ticks: mostly the sum of the durations before it.
    pub(super) fn ticks_before(&self, index: u64) -> i64 {
        self.clock_at(index).now()
    }

    /// The clock that stands at sample `index`.
    pub(super) fn clock_at(&self, index: u64) -> DecodeClock {
        let (mut left, mut clock) = (index, DecodeClock::default());
        for run in self.paces() {
            if left == 0 {
                break;
            }
            let count = u64::from(run.count).min(left);
            if index == self.count && count == left && run.delta < 0 {
                // Nothing follows the last sample that it could step back to.
                clock.advance(count - 1, run.delta);
                clock.advance(1, self.last_delta(run.delta));
            } else {
                clock.advance(count, run.delta);
            }
            left -= count;
        }
        clock
    }

    /// What the last sample lasts whose duration is stated as `delta`.
    pub(super) fn last_delta(&self, delta: i64) -> i64 {
        self.odd.filter(|_| delta < 0).map_or(delta, |odd| odd.usual)
    }

    /// Run `index` of durations. The last goes on for as long as there are samples: that is how other readers take an
    /// index that leaves out the rest.
    pub(super) fn pace(&self, index: usize) -> Option<Pace> {
        let TimeRun { count, delta } = self.times.get(index)?;
        let count = if index + 1 == self.times.len() { u32::MAX } else { count };
        let delta = match &self.odd {
            Some(odd) => odd.deltas.read(delta).unwrap_or(odd.usual),
            None => delta.into(),
        };
        Some(Pace { count, delta })
    }

    pub(super) fn paces(&self) -> impl Iterator<Item = Pace> + '_ {
        (0..self.times.len()).map_while(|index| self.pace(index))
    }

    pub(super) fn size(&self, index: u64) -> Option<u32> {
        let index = usize::try_from(index).ok()?;
        match &self.sizes {
            Sizes::Listed(sizes) => sizes.get(index),
            Sizes::Compact(sizes) => sizes.get(index),
        }
    }

    /// The sample to decode from for everything from media time `time` (in ticks) on to be shown.
    pub(super) fn sync_sample_for(&self, time: i64) -> u64 {
        let reach = time.saturating_sub(self.earliest);
        let mut candidate = self.last_decoded_by(reach);
        for _ in 0..MOST_STEPS_BACK {
            candidate = self.sync_at_or_before(candidate);
            let mut walk = Walk::at(self, candidate);
            match walk.peek(self) {
                Some(entry) if candidate > 0 && entry.dts.saturating_add(entry.composition) > time => {
                    candidate -= 1
                }
                _ => return candidate,
            }
        }
        // Times like that are nonsense; from the first sample on everything is shown.
        0
    }

    fn last_decoded_by(&self, time: i64) -> u64 {
        let (mut index, mut clock) = (0u64, DecodeClock::default());
        for run in self.paces() {
            let start = clock;
            clock.advance(run.count.into(), run.delta);
            if run.delta > 0 && clock.now() > time {
                // While time catches up samples are a tick apart; the first of them is early enough.
                let steps = (time.saturating_sub(start.now()).max(0)) / run.delta;
                let steps = if start.is_regular() { u64::try_from(steps).unwrap_or(0) } else { 0 };
                return (index + steps).min(self.count.saturating_sub(1));
            }
            index += u64::from(run.count);
        }
        self.count.saturating_sub(1)
    }

    fn sync_at_or_before(&self, index: u64) -> u64 {
        let Some(numbers) = &self.sync else { return index };
        let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
        let position = match search(numbers, number) {
            Ok(position) => Some(position),
            Err(after) => after.checked_sub(1),
        };
        position
            .and_then(|position| numbers.get(position))
            .map_or(0, |number| u64::from(number.saturating_sub(1)))
    }
}

impl Places {
    fn len(&self) -> u64 {
        match self {
            Self::None => 0,
            Self::Short(places) => places.len() as u64,
            Self::Long(places) => places.len() as u64,
        }
    }

    pub(super) fn get(&self, chunk: u64) -> Option<u64> {
        let chunk = usize::try_from(chunk).ok()?;
        match self {
            Self::None => None,
            Self::Short(places) => places.get(chunk).map(u64::from),
            Self::Long(places) => places.get(chunk),
        }
    }
}

/// Sync samples that may be decoded in time but shown too late, one after the other, before a seek.
const MOST_STEPS_BACK: usize = 256;

/// Binary search in a sorted table.
pub(super) fn search(table: &Packed<u32>, wanted: u32) -> std::result::Result<usize, usize> {
    let (mut low, mut high) = (0, table.len());
    while low < high {
        let middle = low + (high - low) / 2;
        match table.get(middle).unwrap_or(u32::MAX).cmp(&wanted) {
            std::cmp::Ordering::Equal => return Ok(middle),
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
        }
    }
    Err(low)
}
