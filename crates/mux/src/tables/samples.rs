use reelwright_media::{Error, ErrorKind, Result, SampleFlags};

use super::{Blocks, Runs, Units};

/// The sample table of one track while it grows (ISO/IEC 14496-12, 8.5 to 8.7).
#[derive(Debug)]
pub(crate) struct SampleTable {
    samples: u32,
    bytes: u64,
    /// Ticks between decoding times; the last buffer's are added when the next one, or the end, is known.
    pub(crate) deltas: Runs<u32>,
    /// Composition time minus decoding time.
    pub(crate) offsets: Runs<i32>,
    offset_range: Option<(i32, i32)>,
    pub(crate) sizes: Sizes,
    /// Numbers, from 1, of the samples decoding can start at; `None` while that is all of them.
    pub(crate) sync: Option<Blocks<u32>>,
    pub(crate) partial_sync: Blocks<u32>,
    pub(crate) dependencies: Runs<u8>,
    /// Where each chunk begins, from the first byte of the media data.
    pub(crate) chunks: Blocks<u64>,
    pub(crate) chunk_runs: Blocks<ChunkRun>,
    chunk: Option<Chunk>,
    waiting: Option<Waiting>,
    first_dts: Option<i64>,
    duration: u64,
}

/// Sample sizes: one number while all are alike.
#[derive(Debug)]
pub(crate) enum Sizes {
    /// Every sample so far has this many bytes.
    Alike(u32),
    /// One by one.
    Each(Blocks<u32>),
}

/// A row of `stsc`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ChunkRun {
    /// The first chunk it holds for, from 1.
    pub(crate) first_chunk: u32,
    /// Samples of each chunk.
    pub(crate) samples: u32,
    /// Which sample description, from 1.
    pub(crate) description: u32,
}

/// One buffer, in ticks of the track.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) dts: i64,
    pub(crate) offset: i32,
    /// The buffer's own length, used when no later one tells.
    pub(crate) duration: u32,
    pub(crate) units: Units,
    pub(crate) bytes: u64,
    pub(crate) flags: SampleFlags,
    /// Which sample description, from 1.
    pub(crate) description: u32,
    /// Where the chunk begins if this starts one.
    pub(crate) new_chunk: Option<u64>,
}

#[derive(Clone, Copy, Debug)]
struct Chunk {
    samples: u32,
    description: u32,
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    dts: i64,
    duration: u32,
    count: u32,
}

/// Sizes that suddenly differ are written out one by one; beyond this many that would be an attack, not a file.
const MOST_ALIKE: u32 = 1 << 26;

impl SampleTable {
    pub(crate) const fn new() -> Self {
        Self {
            samples: 0,
            bytes: 0,
            deltas: Runs::new(),
            offsets: Runs::new(),
            offset_range: None,
            sizes: Sizes::Alike(0),
            sync: None,
            partial_sync: Blocks::new(),
            dependencies: Runs::new(),
            chunks: Blocks::new(),
            chunk_runs: Blocks::new(),
            chunk: None,
            waiting: None,
            first_dts: None,
            duration: 0,
        }
    }

    /// Samples so far.
    pub(crate) const fn samples(&self) -> u32 {
        self.samples
    }

    /// Bytes of all samples.
    pub(crate) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The decoding time of the first sample, which the file counts as zero.
    pub(crate) const fn first_dts(&self) -> Option<i64> {
        self.first_dts
    }

    /// Ticks of all samples but, before [`Self::close`], the last.
    pub(crate) const fn duration(&self) -> u64 {
        self.duration
    }

    /// Least and greatest composition offset.
    pub(crate) fn offset_range(&self) -> (i32, i32) {
        self.offset_range.unwrap_or_default()
    }

    /// Whether any sample is shown at another time than it is decoded.
    pub(crate) fn has_offsets(&self) -> bool {
        self.offset_range() != (0, 0)
    }

    /// Whether any sample states dependencies.
    pub(crate) fn has_dependencies(&self) -> bool {
        self.dependencies.iter().any(|(_, byte)| byte != 0)
    }

    /// Adds one buffer, or leaves the table as it was.
    pub(crate) fn push(&mut self, entry: &Entry) -> Result<()> {
        let count = entry.units.count;
        let samples = self
            .samples
            .checked_add(count)
            .ok_or_else(|| Error::new(ErrorKind::Limit, "a track can't hold more than 4294967295 samples"))?;
        self.check_sizes(entry.units)?;
        self.advance(entry.dts)?;
        self.waiting = Some(Waiting { dts: entry.dts, duration: entry.duration, count });
        self.first_dts.get_or_insert(entry.dts);
        self.push_sizes(entry.units);
        self.offsets.push(count, entry.offset);
        self.offset_range = Some(match self.offset_range {
            Some((least, most)) => (least.min(entry.offset), most.max(entry.offset)),
            None => (entry.offset, entry.offset),
        });
        self.push_flags(entry.flags, count);
        if let Some(offset) = entry.new_chunk {
            self.end_chunk();
            self.chunks.push(offset);
            self.chunk = Some(Chunk { samples: 0, description: entry.description });
        }
        if let Some(chunk) = &mut self.chunk {
            chunk.samples = chunk.samples.saturating_add(count);
        }
        self.samples = samples;
        self.bytes = self.bytes.saturating_add(entry.bytes);
        Ok(())
    }

    /// Nothing more comes: the last buffer lasts as long as it said itself, or else as the one before.
    ///
    /// Where the source said that its media ends at `stated`, within its last sample, that sample is cut there.
    pub(crate) fn close(&mut self, stated: Option<i64>) -> Result<()> {
        if let Some(Waiting { dts, duration, count }) = self.waiting {
            let own = match duration {
                0 => i64::from(self.last_delta()).saturating_mul(count.into()),
                ticks => ticks.into(),
            };
            let end = dts.saturating_add(own);
            // A last sample of no stated length may well end where it begins.
            let least = if duration == 0 { dts } else { dts.saturating_add(1) };
            let within = |stated: &i64| count == 1 && (least..end).contains(stated);
            self.advance(stated.filter(within).unwrap_or(end))?;
        }
        self.end_chunk();
        Ok(())
    }

    /// Where the last buffer says that it ends, in ticks.
    pub(crate) fn last_end(&self) -> Option<i64> {
        self.waiting.map(|waiting| waiting.dts.saturating_add(waiting.duration.into()))
    }

    /// How long the last sample known to end lasts.
    pub(crate) fn last_delta(&self) -> u32 {
        self.deltas.last().unwrap_or(0)
    }

    /// Decoding has reached `dts`: the buffer before lasted until then.
    fn advance(&mut self, dts: i64) -> Result<()> {
        let Some(Waiting { dts: before, count, .. }) = self.waiting else {
            return Ok(());
        };
        let ticks = dts.checked_sub(before).and_then(|ticks| u64::try_from(ticks).ok()).ok_or_else(|| {
            Error::misuse(format!("decoding time {dts} is before the previous sample's {before}"))
                .with_hint("append samples in decoding order")
        })?;
        let each = ticks / u64::from(count);
        let each32 = u32::try_from(each).ok().filter(|&each| each < u32::MAX).ok_or_else(|| {
            Error::new(ErrorKind::Limit, format!("a sample of {each} ticks is longer than 32 bits can say"))
                .with_hint("use a coarser timescale, or cut the sample")
        })?;
        // Where the ticks don't divide evenly the first samples take one more each, so that the sum is exact.
        let longer = (ticks % u64::from(count)) as u32;
        self.deltas.push(longer, each32 + 1);
        self.deltas.push(count - longer, each32);
        self.duration = self.duration.saturating_add(ticks);
        self.waiting = None;
        Ok(())
    }

    fn check_sizes(&self, units: Units) -> Result<()> {
        let long = self.samples > MOST_ALIKE || units.count > MOST_ALIKE;
        match self.sizes {
            Sizes::Alike(size) if self.samples > 0 && size != units.size && long => {
                Err(Error::unsupported("the size of a frame changes within a long track of PCM"))
            }
            _ => Ok(()),
        }
    }

    fn push_sizes(&mut self, units: Units) {
        match &mut self.sizes {
            Sizes::Alike(size) if self.samples == 0 => *size = units.size,
            Sizes::Alike(size) if *size == units.size => {}
            Sizes::Alike(size) => {
                let size = *size;
                let mut sizes = Blocks::new();
                (0..self.samples).for_each(|_| sizes.push(size));
                (0..units.count).for_each(|_| sizes.push(units.size));
                self.sizes = Sizes::Each(sizes);
            }
            Sizes::Each(sizes) => (0..units.count).for_each(|_| sizes.push(units.size)),
        }
    }

    fn push_flags(&mut self, flags: SampleFlags, count: u32) {
        let numbers = self.samples + 1..=self.samples + count;
        match &mut self.sync {
            Some(sync) if flags.sync => numbers.clone().for_each(|number| sync.push(number)),
            None if !flags.sync => {
                let mut sync = Blocks::new();
                (1..=self.samples).for_each(|number| sync.push(number));
                self.sync = Some(sync);
            }
            _ => {}
        }
        if flags.partial_sync {
            numbers.for_each(|number| self.partial_sync.push(number));
        }
        self.dependencies.push(count, flags.dependency_byte());
    }

    fn end_chunk(&mut self) {
        let Some(Chunk { samples, description }) = self.chunk.take() else {
            return;
        };
        let same = |run: &mut ChunkRun| run.samples == samples && run.description == description;
        if !self.chunk_runs.last_mut().is_some_and(same) {
            // `push` has counted every chunk with a 32-bit sample number, so chunks fit 32 bits too.
            let first_chunk = self.chunks.len() as u32;
            self.chunk_runs.push(ChunkRun { first_chunk, samples, description });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(dts: i64, size: u32, new_chunk: Option<u64>) -> Entry {
        Entry {
            dts,
            offset: 0,
            duration: 10,
            units: Units { count: 1, size },
            bytes: size.into(),
            flags: SampleFlags::SYNC,
            description: 1,
            new_chunk,
        }
    }

    #[test]
    fn tables_say_what_was_pushed() {
        let mut table = SampleTable::new();
        table.push(&entry(100, 7, Some(0))).unwrap();
        table.push(&entry(110, 7, None)).unwrap();
        table.push(&Entry { flags: SampleFlags::NOT_SYNC, offset: -5, ..entry(125, 9, Some(14)) }).unwrap();
        table.push(&entry(135, 9, None)).unwrap();
        table.push(&entry(145, 9, Some(40))).unwrap();
        table.close(None).unwrap();
        assert_eq!(table.deltas.iter().collect::<Vec<_>>(), [(1, 10), (1, 15), (3, 10)]);
        assert_eq!(table.offsets.iter().collect::<Vec<_>>(), [(2, 0), (1, -5), (2, 0)]);
        assert_eq!((table.duration(), table.samples(), table.bytes()), (55, 5, 41));
        assert_eq!(table.sync.as_ref().unwrap().iter().collect::<Vec<_>>(), [1, 2, 4, 5]);
        assert_eq!(table.chunks.iter().collect::<Vec<_>>(), [0, 14, 40]);
        let runs: Vec<_> = table.chunk_runs.iter().map(|run| (run.first_chunk, run.samples)).collect();
        assert_eq!(runs, [(1, 2), (3, 1)]);
        assert!(matches!(&table.sizes, Sizes::Each(sizes) if sizes.len() == 5));
    }

    #[test]
    fn ticks_that_do_not_divide_still_add_up() {
        let mut table = SampleTable::new();
        let frames = Units { count: 1000, size: 4 };
        table.push(&Entry { units: frames, duration: 1875, ..entry(0, 4, Some(0)) }).unwrap();
        table.close(None).unwrap();
        assert_eq!(table.deltas.iter().collect::<Vec<_>>(), [(875, 2), (125, 1)]);
        assert_eq!(table.duration(), 1875);
        assert!(matches!(table.sizes, Sizes::Alike(4)));
    }

    #[test]
    fn time_never_runs_backwards() {
        let mut table = SampleTable::new();
        table.push(&entry(10, 1, Some(0))).unwrap();
        assert_eq!(table.push(&entry(9, 1, None)).unwrap_err().kind(), ErrorKind::Misuse);
        assert_eq!(table.samples(), 1);
        table.push(&entry(10, 1, None)).unwrap();
        assert_eq!(table.push(&entry(10 + (1 << 33), 1, None)).unwrap_err().kind(), ErrorKind::Limit);
    }

    #[test]
    fn what_is_refused_leaves_no_trace() {
        let mut table = SampleTable::new();
        let many = Units { count: MOST_ALIKE + 1, size: 4 };
        let ticks = MOST_ALIKE + 1;
        table.push(&Entry { units: many, duration: ticks, ..entry(0, 4, Some(0)) }).unwrap();
        let refused = table.push(&entry(i64::from(ticks), 3, None)).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Unsupported);
        table.close(None).unwrap();
        assert_eq!((table.samples(), table.duration()), (ticks, ticks.into()));
    }

    #[test]
    fn the_last_sample_ends_where_the_source_said() {
        for (stated, total) in [(None, 20), (Some(17), 17), (Some(30), 20), (Some(5), 20)] {
            let mut table = SampleTable::new();
            table.push(&entry(0, 1, None)).unwrap();
            table.push(&entry(10, 1, None)).unwrap();
            table.close(stated).unwrap();
            assert_eq!(table.duration(), total);
        }
    }

    #[test]
    fn an_unknown_last_length_is_that_of_the_sample_before() {
        let mut table = SampleTable::new();
        for dts in [0, 512, 1024] {
            table.push(&Entry { duration: 0, ..entry(dts, 1, None) }).unwrap();
        }
        table.close(None).unwrap();
        assert_eq!(table.deltas.iter().collect::<Vec<_>>(), [(3, 512)]);
    }
}
