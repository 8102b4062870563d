//! A walk over the sample tables of a track: what they say of one sample after the other.

use reelwright_media::SampleFlags;

use super::delta::DecodeClock;
use super::table::{SampleTable, search};
use crate::{ChunkRun, Packed};

/// What the tables say of one sample.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) offset: u64,
    pub(super) size: u32,
    /// In ticks of the media.
    pub(super) dts: i64,
    pub(super) composition: i64,
    /// In ticks of the media, until the next sample is decoded.
    pub(super) duration: i64,
    /// What the index states it lasts, which may be negative.
    delta: i64,
    /// From 1.
    pub(super) description: u32,
    pub(super) flags: SampleFlags,
    /// Samples from this one on that share chunk and duration, itself included.
    pub(super) alike: u64,
}

/// A position in all tables at once.
#[derive(Debug, Default)]
pub(super) struct Walk {
    pub(super) index: u64,
    clock: DecodeClock,
    time: RunPosition,
    composition: RunPosition,
    chunk: u64,
    chunk_run: usize,
    in_chunk: u64,
    /// Bytes of the chunk before the sample.
    before: u64,
    /// Where in `stss` and `stps` the sample, or the next that is listed, stands.
    sync: usize,
    partial_sync: usize,
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
        let mut walk = Self { index, clock: table.clock_at(index), ..Self::default() };
        let listed = |numbers| search(numbers, number(index)).unwrap_or_else(|after| after);
        walk.sync = table.sync.as_ref().map_or(0, listed);
        walk.partial_sync = listed(&table.partial_sync);
        walk.time = RunPosition::at(index, table.paces().map(|run| run.count));
        walk.composition = RunPosition::at(index, table.offsets.iter().map(|run| run.count));
        walk.find_chunk(table, index);
        walk
    }

    fn find_chunk(&mut self, table: &SampleTable, index: u64) {
        let mut left = index;
        for (run_index, (chunks, run)) in table.chunk_runs().enumerate() {
            let per_chunk = u64::from(run.samples_per_chunk);
            let held = (chunks.end - chunks.start).saturating_mul(per_chunk);
            self.chunk_run = run_index;
            if left < held {
                self.chunk = chunks.start + left / per_chunk;
                self.in_chunk = left % per_chunk;
                break;
            }
            left -= held;
            self.chunk = chunks.end;
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
        let time = self.time.settle(|run| table.pace(run), |run| run.count);
        let composition = self.composition.settle(|run| table.offsets.get(run), |run| run.count);
        let left = time.map_or(u64::MAX, |time| u64::from(time.count - self.time.used));
        let mut delta = time.map_or(0, |run| run.delta);
        if self.index + 1 == table.count {
            delta = table.last_delta(delta);
        }
        let dts = self.clock.now();
        let is_regular = delta >= 0 && self.clock.is_regular();
        let duration = if is_regular {
            delta
        } else {
            let mut next = self.clock;
            next.advance(1, delta);
            next.now().saturating_sub(dts)
        };
        let left = if is_regular { left } else { 1 };
        Some(Entry {
            offset: table.places.get(self.chunk)?.saturating_add(self.before),
            size,
            dts,
            composition: composition.map_or(0, |run| run.offset.into()),
            duration,
            delta,
            description: run.description_index,
            flags: self.flags(table),
            alike: (u64::from(run.samples_per_chunk) - self.in_chunk).min(left).min(table.count - self.index),
        })
    }

    /// Moves past `count` samples, which must not be more than are alike, of `bytes` bytes in all.
    pub(super) fn advance(&mut self, count: u64, bytes: u64, entry: &Entry) {
        self.index += count;
        self.clock.advance(count, entry.delta);
        let steps = u32::try_from(count).unwrap_or(u32::MAX);
        self.time.used = self.time.used.saturating_add(steps);
        self.composition.used = self.composition.used.saturating_add(steps);
        self.in_chunk += count;
        self.before = self.before.saturating_add(bytes);
    }

    fn flags(&mut self, table: &SampleTable) -> SampleFlags {
        let number = number(self.index);
        let sync = table.sync.as_ref().is_none_or(|numbers| is_listed(numbers, &mut self.sync, number));
        let partial_sync = is_listed(&table.partial_sync, &mut self.partial_sync, number);
        let flags = SampleFlags { sync, partial_sync, ..SampleFlags::SYNC };
        match table.dependencies.get(usize::try_from(self.index).unwrap_or(usize::MAX)) {
            Some(byte) => flags.with_dependency_byte(byte),
            None => flags,
        }
    }

    /// Makes sure that the chunk holds the sample; returns the run that describes it.
    fn enter_chunk(&mut self, table: &SampleTable) -> Option<ChunkRun> {
        loop {
            let (chunks, run) = table.chunk_run(self.chunk_run)?;
            self.chunk = self.chunk.max(chunks.start);
            if self.chunk >= chunks.end {
                self.chunk_run += 1;
            } else if self.in_chunk < u64::from(run.samples_per_chunk) {
                return Some(run);
            } else {
                (self.in_chunk, self.before) = (0, 0);
                // A run of empty chunks is passed at once.
                self.chunk = if run.samples_per_chunk == 0 { chunks.end } else { self.chunk + 1 };
            }
        }
    }
}

/// The number by which `stss` and `stps` know sample `index`.
fn number(index: u64) -> u32 {
    u32::try_from(index.saturating_add(1)).unwrap_or(u32::MAX)
}

/// Whether a sorted table lists `number`; `position` moves on to it. Walked in order, it is at most a step away.
fn is_listed(numbers: &Packed<u32>, position: &mut usize, number: u32) -> bool {
    while numbers.get(*position).is_some_and(|next| next < number) {
        *position += 1;
    }
    numbers.get(*position) == Some(number)
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
    fn settle<E>(&mut self, run: impl Fn(usize) -> Option<E>, count: impl Fn(&E) -> u32) -> Option<E> {
        loop {
            let found = run(self.run)?;
            let count = count(&found);
            if self.used < count {
                return Some(found);
            }
            self.used -= count;
            self.run += 1;
        }
    }
}
