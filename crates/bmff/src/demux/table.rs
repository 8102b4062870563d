//! The sample tables of a track as they stood in the file, and a walk over them.

use reelwright_media::{Result, SampleFlags};

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
    offsets: Packed<OffsetRun>,
    chunks: Packed<ChunkRun>,
    places: Places,
    sizes: Sizes,
    sync: Option<Packed<u32>>,
    partial_sync: Packed<u32>,
    dependencies: Packed<u8>,
    /// Samples; at most as many as there are sizes and places for.
    pub(super) count: u64,
    /// Samples the index counts; more than there are where it contradicts itself.
    pub(super) stated: u64,
    /// How sound is stored whose index counts PCM frames.
    pub(super) units: Option<Units>,
    /// The most a presentation time lies before its decode time, in ticks.
    earliest: i64,
}

/// Sound whose index counts PCM frames rather than packets: how frames are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Units {
    /// PCM frames of the smallest thing that can be cut off: 1 for LPCM, 64 for IMA 4:1.
    pub(super) frames: u64,
    /// Its bytes, all channels.
    pub(super) bytes: u64,
}

#[derive(Debug, Default)]
enum Places {
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

/// What the tables say of one sample.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) offset: u64,
    pub(super) size: u32,
    /// In ticks of the media.
    pub(super) dts: i64,
    pub(super) composition: i64,
    pub(super) duration: u32,
    /// From 1.
    pub(super) description: u32,
    pub(super) flags: SampleFlags,
    /// Samples from this one on that share chunk and duration, itself included.
    pub(super) alike: u64,
}

impl SampleTable {
    /// Reads what `stbl` has; tables that are absent or unreadable are empty, with a warning.
    pub(super) fn read(stbl: &BoxRef<'_>, warnings: &mut Warnings) -> Result<Self> {
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
        table.note_gaps(warnings);
        table.earliest = table.offsets.iter().map(|run| i64::from(run.offset)).min().unwrap_or(0).min(0);
        Ok(table)
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
        let chunks = self.places.len();
        let mut placed = 0u64;
        for (index, run) in self.chunks.iter().enumerate() {
            let first = u64::from(run.first_chunk.max(1)) - 1;
            let next =
                self.chunks.get(index + 1).map_or(chunks, |next| u64::from(next.first_chunk.max(1)) - 1);
            placed = placed
                .saturating_add(next.min(chunks).saturating_sub(first) * u64::from(run.samples_per_chunk));
        }
        self.stated.min(placed)
    }

    /// Bytes of the samples that are stated all at once, by one size, and lie in a file of `length` bytes: nothing in
    /// the index grows with their number.
    pub(super) fn repeated(&self, length: u64) -> u64 {
        let Some(size) = self.constant_size() else { return 0 };
        let (frames, bytes) = self.units.map_or((1, u64::from(size)), |units| (units.frames, units.bytes));
        let mut total = 0u64;
        for (index, run) in self.chunks.iter().enumerate() {
            let first = u64::from(run.first_chunk.max(1)) - 1;
            let next = self.chunks.get(index + 1).map(|next| u64::from(next.first_chunk.max(1)) - 1);
            let count = u64::from(run.samples_per_chunk) / frames;
            for number in first..next.unwrap_or(u64::MAX).min(self.places.len()) {
                let left = self.places.get(number).map_or(0, |offset| length.saturating_sub(offset));
                total = total.saturating_add(count.min(left / bytes.max(1)).saturating_mul(bytes));
            }
        }
        total
    }

    /// Whether any chunk ends behind byte `length`.
    pub(super) fn reaches_beyond(&self, length: u64) -> bool {
        let mut sample = 0u64;
        for (index, run) in self.chunks.iter().enumerate() {
            let first = u64::from(run.first_chunk.max(1)) - 1;
            let next = self.chunks.get(index + 1).map(|next| u64::from(next.first_chunk.max(1)) - 1);
            for number in first..next.unwrap_or(u64::MAX).min(self.places.len()) {
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
        let mut left = self.count;
        let mut total = 0i64;
        for run in self.time_runs() {
            let count = u64::from(run.count).min(left);
            total = total
                .saturating_add(i64::try_from(count).unwrap_or(i64::MAX).saturating_mul(run.delta.into()));
            left -= count;
        }
        total
    }

    /// Run `index` of durations. The last goes on for as long as there are samples: that is how other readers take an
    /// index that leaves out the rest.
    fn time_run(&self, index: usize) -> Option<TimeRun> {
        let run = self.times.get(index)?;
        Some(if index + 1 == self.times.len() { TimeRun { count: u32::MAX, ..run } } else { run })
    }

    fn time_runs(&self) -> impl Iterator<Item = TimeRun> + '_ {
        (0..self.times.len()).map_while(|index| self.time_run(index))
    }

    fn size(&self, index: u64) -> Option<u32> {
        let index = usize::try_from(index).ok()?;
        match &self.sizes {
            Sizes::Listed(sizes) => sizes.get(index),
            Sizes::Compact(sizes) => sizes.get(index),
        }
    }

    fn flags(&self, index: u64, hint: &mut usize) -> SampleFlags {
        let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
        let sync = match &self.sync {
            None => true,
            Some(numbers) => {
                // Walked in order, the next number is at most a step away.
                while numbers.get(*hint).is_some_and(|next| next < number) {
                    *hint += 1;
                }
                numbers.get(*hint) == Some(number)
            }
        };
        let partial_sync = !self.partial_sync.is_empty() && search(&self.partial_sync, number).is_ok();
        let flags = SampleFlags { sync, partial_sync, ..SampleFlags::SYNC };
        match self.dependencies.get(usize::try_from(index).unwrap_or(usize::MAX)) {
            Some(byte) => flags.with_dependency_byte(byte),
            None => flags,
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
        let (mut index, mut dts) = (0u64, 0i64);
        for run in self.time_runs() {
            let span = i64::from(run.count).saturating_mul(run.delta.into());
            if run.delta > 0 && dts.saturating_add(span) > time {
                let steps = u64::try_from((time - dts).max(0) / i64::from(run.delta)).unwrap_or(0);
                return (index + steps).min(self.count.saturating_sub(1));
            }
            dts = dts.saturating_add(span);
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

    fn get(&self, chunk: u64) -> Option<u64> {
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
fn search(table: &Packed<u32>, wanted: u32) -> std::result::Result<usize, usize> {
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

/// A position in all tables at once.
#[derive(Debug, Default)]
pub(super) struct Walk {
    pub(super) index: u64,
    dts: i64,
    time: RunPosition,
    composition: RunPosition,
    chunk: u64,
    chunk_run: usize,
    in_chunk: u64,
    /// Bytes of the chunk before the sample.
    before: u64,
    sync_hint: usize,
}

/// A position in a run-length table.
#[derive(Debug, Default)]
struct RunPosition {
    run: usize,
    used: u32,
}

impl Walk {
    /// The walk that stands at sample `index`.
    pub(super) fn at(table: &SampleTable, index: u64) -> Self {
        let mut walk = Self { index, ..Self::default() };
        let mut left = index;
        for run in table.time_runs() {
            let count = u64::from(run.count).min(left);
            walk.dts =
                walk.dts.saturating_add(i64::try_from(count).unwrap_or(0).saturating_mul(run.delta.into()));
            left -= count;
            if left == 0 && count < u64::from(run.count) {
                walk.time.used = u32::try_from(count).unwrap_or(0);
                break;
            }
            walk.time.run += 1;
        }
        walk.sync_hint = table.sync.as_ref().map_or(0, |numbers| {
            search(numbers, u32::try_from(index + 1).unwrap_or(u32::MAX)).unwrap_or_else(|after| after)
        });
        walk.composition = RunPosition::at(index, table.offsets.iter().map(|run| run.count));
        walk.find_chunk(table, index);
        walk
    }

    fn find_chunk(&mut self, table: &SampleTable, index: u64) {
        let mut left = index;
        let chunks = table.places.len();
        for (run_index, run) in table.chunks.iter().enumerate() {
            let first = u64::from(run.first_chunk.max(1)) - 1;
            let next =
                table.chunks.get(run_index + 1).map_or(chunks, |next| u64::from(next.first_chunk.max(1)) - 1);
            let (count, per_chunk) =
                (next.min(chunks).saturating_sub(first), u64::from(run.samples_per_chunk));
            self.chunk_run = run_index;
            if left < count.saturating_mul(per_chunk) {
                self.chunk = first + left / per_chunk;
                self.in_chunk = left % per_chunk;
                break;
            }
            left -= count.saturating_mul(per_chunk);
            self.chunk = next;
        }
        let start = index - self.in_chunk.min(index);
        self.before = match (table.units, table.constant_size()) {
            (Some(units), _) => (self.in_chunk / units.frames).saturating_mul(units.bytes),
            (None, Some(size)) => self.in_chunk.saturating_mul(size.into()),
            (None, None) => (start..index).filter_map(|sample| table.size(sample)).map(u64::from).sum(),
        };
    }

    /// What the tables say of the sample here; `None` after the last.
    pub(super) fn peek(&mut self, table: &SampleTable) -> Option<Entry> {
        if self.index >= table.count {
            return None;
        }
        let run = self.enter_chunk(table)?;
        let size = table.size(self.index)?;
        let time = self.time.settle(table.times.len(), |run| table.time_run(run).map_or(0, |run| run.count));
        let time = time.and_then(|run| table.time_run(run));
        let composition = self
            .composition
            .settle(table.offsets.len(), |run| table.offsets.get(run).map_or(0, |run| run.count));
        let composition = composition.and_then(|run| table.offsets.get(run));
        let left = time.map_or(u64::MAX, |time| u64::from(time.count - self.time.used));
        Some(Entry {
            offset: table.places.get(self.chunk)?.saturating_add(self.before),
            size,
            dts: self.dts,
            composition: composition.map_or(0, |run| run.offset.into()),
            duration: time.map_or(0, |run| run.delta),
            description: run.description_index,
            flags: table.flags(self.index, &mut self.sync_hint),
            alike: (u64::from(run.samples_per_chunk) - self.in_chunk).min(left).min(table.count - self.index),
        })
    }

    /// Moves past `count` samples, which must not be more than are alike, of `bytes` bytes in all.
    pub(super) fn advance(&mut self, count: u64, bytes: u64, entry: &Entry) {
        self.index += count;
        let ticks = i64::try_from(count).unwrap_or(i64::MAX).saturating_mul(entry.duration.into());
        self.dts = self.dts.saturating_add(ticks);
        let steps = u32::try_from(count).unwrap_or(u32::MAX);
        self.time.used = self.time.used.saturating_add(steps);
        self.composition.used = self.composition.used.saturating_add(steps);
        self.in_chunk += count;
        self.before = self.before.saturating_add(bytes);
    }

    /// Makes sure that the chunk holds the sample; returns the run that describes it.
    fn enter_chunk(&mut self, table: &SampleTable) -> Option<ChunkRun> {
        loop {
            let run = table.chunks.get(self.chunk_run)?;
            self.chunk = self.chunk.max(u64::from(run.first_chunk.max(1)) - 1);
            let next =
                table.chunks.get(self.chunk_run + 1).map(|next| u64::from(next.first_chunk.max(1)) - 1);
            if next.is_some_and(|next| self.chunk >= next) {
                self.chunk_run += 1;
                continue;
            }
            if self.in_chunk < u64::from(run.samples_per_chunk) {
                return Some(run);
            }
            (self.in_chunk, self.before) = (0, 0);
            if run.samples_per_chunk == 0 {
                // A run of empty chunks is passed at once.
                self.chunk = next?;
            } else {
                self.chunk += 1;
            }
            if self.chunk >= table.places.len() {
                return None;
            }
        }
    }
}

impl RunPosition {
    fn at(index: u64, counts: impl Iterator<Item = u32>) -> Self {
        let (mut left, mut run) = (index, 0);
        for count in counts {
            if left < u64::from(count) {
                break;
            }
            left -= u64::from(count);
            run += 1;
        }
        Self { run, used: u32::try_from(left).unwrap_or(u32::MAX) }
    }

    /// The run the position lies in, used-up and empty ones passed; `None` behind the last.
    fn settle(&mut self, runs: usize, count: impl Fn(usize) -> u32) -> Option<usize> {
        while self.run < runs {
            let count = count(self.run);
            if self.used < count {
                return Some(self.run);
            }
            self.used -= count;
            self.run += 1;
        }
        None
    }
}
