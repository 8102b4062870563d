use std::sync::Arc;

use reelwright_media::{
    Error, ErrorKind, FormatDescription, Hint, Payload, ReadAt, Result, Rounding, SampleBuffer, SampleFlags,
    Stage, Time, Timescale, Trim,
};

use super::delta::DecodeClock;
use super::fragment::{FragmentIndex, FragmentSample, Run};
use super::part::Counted;
use super::table::SampleTable;
use super::walk::{Entry, Walk};

/// Everything a cursor needs of its track; shared by all cursors.
#[derive(Debug)]
pub(super) struct TrackData {
    pub(super) id: u32,
    pub(super) timescale: Timescale,
    pub(super) formats: Vec<Arc<FormatDescription>>,
    /// Which formats' samples lie in other files; empty where none do.
    pub(super) elsewhere: Vec<bool>,
    pub(super) table: SampleTable,
    pub(super) fragments: FragmentIndex,
}

/// No run of sound is longer than this.
const RUN_BYTES: u64 = 64 << 10;

/// Walks the samples of one track: those of `moov` first, then those of the fragments.
///
/// In memory are the tables as they stand in the file, shared by all cursors, and the `moof` the cursor stands in.
pub struct Cursor {
    source: Arc<dyn ReadAt>,
    length: u64,
    track: Arc<TrackData>,
    walk: Walk,
    place: FragmentPosition,
    /// Of the next sample, from 0.
    index: u64,
    /// Samples passed over because the file doesn't hold them, and when the first would be shown.
    missing: Option<(u64, Time)>,
}

/// A position among the fragments.
#[derive(Default)]
struct FragmentPosition {
    /// The next fragment to load.
    next: usize,
    /// Those of the fragment loaded last.
    runs: Vec<Run>,
    counted: Counted,
    run: usize,
    in_run: u32,
    /// Bytes of the run before the sample.
    bytes: u64,
    /// Ticks of it.
    clock: DecodeClock,
}

/// A sample of a fragment, its times in ticks of the track.
#[derive(Clone, Copy)]
struct Placed {
    sample: FragmentSample,
    offset: u64,
    dts: i64,
    pts: i64,
    duration: i64,
    description: u32,
}

/// A sample of either kind before it is wrapped.
struct Found {
    offset: u64,
    size: u64,
    dts: i64,
    composition: i64,
    duration: i64,
    description: u32,
    flags: SampleFlags,
}

impl Cursor {
    pub(super) fn new(source: Arc<dyn ReadAt>, track: Arc<TrackData>) -> Self {
        let walk = Walk::at(&track.table, 0);
        let length = source.len();
        Self { source, length, track, walk, place: FragmentPosition::default(), index: 0, missing: None }
    }

    /// The next sample, or `None` after the last. See `SampleCursor::next_sample` of the formats crate. Samples that
    /// the file ends before or within are passed over.
    ///
    /// A failure leaves the cursor where it is: the next call fails alike.
    ///
    /// # Errors
    ///
    /// Malformed, where the index contradicts itself; unsupported, where the samples are in another file. With track,
    /// sample, time and offset.
    pub fn next_sample(&mut self) -> Result<Option<SampleBuffer>> {
        while let Some(entry) = self.walk.peek(&self.track.table) {
            let size = self.track.table.units.map_or(entry.size.into(), |units| units.bytes);
            if self.holds(entry.offset, size) && !self.is_elsewhere(entry.description) {
                return self.stored(entry).map(Some);
            }
            self.pass(entry);
        }
        self.check_complete()?;
        let placed = loop {
            let Some(placed) = self.fragment_sample()? else { return Ok(None) };
            let is_held = self.holds(placed.offset, placed.sample.size.into());
            if is_held && !self.is_elsewhere(placed.description) {
                break placed;
            }
            // With it the rest of its run, where all have one size.
            let count = self.place.alike();
            self.place.advance(&placed.sample, count);
            self.lacks(count.into(), placed.pts);
        };
        let Placed { sample, offset, dts, pts, duration, description } = placed;
        let buffer = self.buffer(Found {
            offset,
            size: sample.size.into(),
            dts,
            composition: pts.saturating_sub(dts),
            duration,
            description,
            flags: sample.flags,
        })?;
        self.place.advance(&sample, 1);
        self.index += 1;
        Ok(Some(buffer))
    }

    /// How many samples were passed over because the file doesn't hold them, and when the first would be shown.
    pub(super) fn passed_over(&self) -> Option<(u64, Time)> {
        self.missing
    }

    /// The index of the next sample, from 0.
    pub(super) fn position(&self) -> u64 {
        self.index
    }

    /// The payload offset of the next sample, without moving on; `None` after the last.
    ///
    /// # Errors
    ///
    /// Where the next fragment can't be read.
    pub fn peek_offset(&mut self) -> Result<Option<u64>> {
        match self.walk.peek(&self.track.table) {
            Some(entry) => Ok(Some(entry.offset)),
            None => Ok(self.fragment_sample()?.map(|placed| placed.offset)),
        }
    }

    /// Moves to the sample to decode from for everything from media time `time` on to be shown.
    ///
    /// # Errors
    ///
    /// Where a fragment can't be read.
    pub fn seek(&mut self, time: Time) -> Result<()> {
        let track = self.track.clone();
        let end = if time.is_negative() { i64::MIN } else { i64::MAX };
        let ticks = time.ticks_in(track.timescale, Rounding::Down).unwrap_or(end);
        if self.seek_fragment(ticks)? {
            self.walk = Walk::at(&track.table, track.table.count);
            return Ok(());
        }
        self.index = track.table.sync_sample_for(ticks);
        self.walk = Walk::at(&track.table, self.index);
        self.place = FragmentPosition::default();
        Ok(())
    }

    /// Looks for the last sync sample of the fragments shown by `ticks`, from the fragment of that time backwards.
    fn seek_fragment(&mut self, ticks: i64) -> Result<bool> {
        let track = self.track.clone();
        let reach = ticks.saturating_sub(track.fragments.earliest);
        for (number, place) in track.fragments.places.iter().enumerate().rev() {
            if place.dts > reach || !place.has_sync {
                continue;
            }
            let mut position = self.load(number)?;
            let mut found = None;
            let mut index = place.first;
            while let Some(Placed { sample, pts: shown, duration, .. }) = position.peek() {
                let alike = position.alike();
                if sample.flags.sync && shown <= ticks {
                    // The last of those alike that is shown by then.
                    let steps = match duration {
                        0 => alike - 1,
                        length => u32::try_from(ticks.saturating_sub(shown) / length)
                            .unwrap_or(u32::MAX)
                            .min(alike - 1),
                    };
                    found = Some((index + u64::from(steps), position.mark(), steps, sample));
                }
                position.advance(&sample, alike);
                index += u64::from(alike);
            }
            if let Some((index, mark, steps, sample)) = found {
                self.index = track.table.count + index;
                (position.run, position.in_run, position.bytes, position.clock) = mark;
                position.advance(&sample, steps);
                self.place = position;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A sample of the tables; for sound counted in frames, a run of them.
    fn stored(&mut self, entry: Entry) -> Result<SampleBuffer> {
        let (count, bytes) = match self.track.table.units {
            None => (1, u64::from(entry.size)),
            Some(units) => {
                let second = u64::from(self.track.timescale.ticks());
                // What the file still holds is handed out before its end is reported.
                let held = self.length.saturating_sub(entry.offset) / units.bytes;
                let most = (RUN_BYTES / units.bytes).min(second / units.frames).min(held).max(1);
                let whole = entry.alike.div_ceil(units.frames).min(most);
                (entry.alike.min(whole * units.frames), whole * units.bytes)
            }
        };
        let buffer = self.buffer(Found {
            offset: entry.offset,
            size: bytes,
            dts: entry.dts,
            composition: entry.composition,
            duration: entry.duration.saturating_mul(i64::try_from(count).unwrap_or(i64::MAX)),
            description: entry.description,
            flags: entry.flags,
        })?;
        self.walk.advance(count, bytes, &entry);
        self.index += count;
        Ok(buffer)
    }

    /// Whether the file holds a sample of `size` bytes at `offset`.
    fn holds(&self, offset: u64, size: u64) -> bool {
        size == 0 || offset.checked_add(size).is_some_and(|end| end <= self.length)
    }

    /// Whether samples of this description lie in another file, which is not followed.
    fn is_elsewhere(&self, description: u32) -> bool {
        let index = usize::try_from(description).unwrap_or(usize::MAX).saturating_sub(1);
        self.track.elsewhere.get(index).is_some_and(|elsewhere| *elsewhere)
    }

    /// Passes over a sample of the tables; with it those behind it of the same chunk, where all have one size.
    fn pass(&mut self, entry: Entry) {
        let count = if self.track.table.constant_size().is_some() { entry.alike } else { 1 };
        let bytes = count.saturating_mul(entry.size.into());
        self.walk.advance(count, bytes, &entry);
        self.lacks(count, entry.dts.saturating_add(entry.composition));
    }

    fn lacks(&mut self, count: u64, pts: i64) {
        self.index += count;
        let (sum, first) = self.missing.unwrap_or((0, Time::new(pts, self.track.timescale)));
        self.missing = Some((sum.saturating_add(count), first));
    }

    /// Samples the index counts but has no place for are not passed over in silence.
    fn check_complete(&self) -> Result<()> {
        let (walked, stated) = (self.walk.index, self.track.table.stated);
        if walked >= stated {
            return Ok(());
        }
        Err(self
            .failed(
                ErrorKind::Malformed,
                format!("the index counts {stated} samples but has places for {walked}"),
            )
            .with_hint(Hint::ShortenRange))
    }

    fn fragment_sample(&mut self) -> Result<Option<Placed>> {
        loop {
            if let Some(found) = self.place.peek() {
                return Ok(Some(found));
            }
            if self.place.next >= self.track.fragments.places.len() {
                return Ok(None);
            }
            self.place = self.load(self.place.next)?;
        }
    }

    /// The position at the first sample of fragment `number`.
    fn load(&self, number: usize) -> Result<FragmentPosition> {
        let track = &self.track;
        let first = track.fragments.places.get(number).map_or(0, |place| place.first);
        let (runs, counted) = track.fragments.load(number, &self.source).map_err(|error| {
            error.at_track(track.id).at_sample(track.table.count + first).at_stage(Stage::Read)
        })?;
        Ok(FragmentPosition { next: number + 1, runs, counted, ..FragmentPosition::default() })
    }

    fn buffer(&self, found: Found) -> Result<SampleBuffer> {
        let track = &self.track;
        let index = usize::try_from(found.description).unwrap_or(usize::MAX).saturating_sub(1);
        let time = |ticks| Time::new(ticks, track.timescale);
        let pts = time(found.dts.saturating_add(found.composition));
        let failed = |kind, message: String| self.failed(kind, message).at_time(pts).at_offset(found.offset);
        let Some(format) = track.formats.get(index) else {
            let (wanted, there) = (found.description, track.formats.len());
            let message = format!("the sample uses description {wanted}, the track has {there}");
            return Err(failed(ErrorKind::Malformed, message));
        };
        Ok(SampleBuffer {
            format: format.clone(),
            payload: Payload::range(self.source.clone(), found.offset, found.size),
            dts: time(found.dts),
            pts,
            duration: time(found.duration),
            flags: found.flags,
            trim: Trim::default(),
        })
    }

    fn failed(&self, kind: ErrorKind, message: String) -> Error {
        Error::new(kind, message).at_track(self.track.id).at_sample(self.index).at_stage(Stage::Read)
    }
}

impl FragmentPosition {
    /// The sample here; `None` behind the last of the fragment.
    fn peek(&mut self) -> Option<Placed> {
        loop {
            let run = self.runs.get(self.run)?;
            if let Some(sample) = run.get(self.in_run) {
                let counted = &self.counted;
                let at = |ticks: i64| counted.ticks(run.dts.saturating_add(ticks));
                let now = self.clock.now();
                let mut next = self.clock;
                next.advance(1, sample.delta);
                let dts = at(now);
                return Some(Placed {
                    sample,
                    offset: run.offset.saturating_add(self.bytes),
                    dts,
                    pts: at(now.saturating_add(sample.composition)),
                    duration: at(next.now()).saturating_sub(dts),
                    description: counted.description(run.description),
                });
            }
            self.run += 1;
            (self.in_run, self.bytes, self.clock) = (0, 0, DecodeClock::default());
        }
    }

    /// Samples from this one on, itself included, that are stated all at once and so are alike.
    fn alike(&self) -> u32 {
        // The first of a run may have flags of its own.
        let uniform = self
            .runs
            .get(self.run)
            .filter(|run| run.is_uniform() && self.in_run > 0 && self.counted.is_even());
        uniform.map_or(1, |run| run.len().saturating_sub(self.in_run).max(1))
    }

    /// Run, sample in it, and bytes and time before the sample.
    fn mark(&self) -> (usize, u32, u64, DecodeClock) {
        (self.run, self.in_run, self.bytes, self.clock)
    }

    /// Moves past `count` samples like `sample`.
    fn advance(&mut self, sample: &FragmentSample, count: u32) {
        self.in_run = self.in_run.saturating_add(count);
        self.bytes = self.bytes.saturating_add(u64::from(count).saturating_mul(sample.size.into()));
        self.clock.advance(count.into(), sample.delta);
    }
}
