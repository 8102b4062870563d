use std::sync::Arc;

use reelwright_media::{
    Error, ErrorKind, FormatDescription, Payload, ReadAt, Result, Rounding, SampleBuffer, SampleFlags, Stage,
    Time, Timescale, Trim,
};

use super::fragment::{FragmentIndex, FragmentSample, Run};
use super::table::SampleTable;
use super::walk::{Entry, Walk};
use crate::TrackExtends;

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
    /// What fragments leave unsaid, of all tracks.
    pub(super) extends: Arc<[TrackExtends]>,
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
    run: usize,
    in_run: u32,
    /// Bytes and ticks of the run before the sample.
    bytes: u64,
    ticks: i64,
}

/// A sample of either kind before it is wrapped.
struct Found {
    offset: u64,
    size: u64,
    dts: i64,
    composition: i64,
    duration: u64,
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
            if self.holds(entry.offset, self.track.table.units.map_or(entry.size.into(), |units| units.bytes))
            {
                return self.stored(entry).map(Some);
            }
            self.pass(entry);
        }
        self.check_complete()?;
        let (sample, offset, dts, description) = loop {
            let Some(found) = self.fragment_sample()? else { return Ok(None) };
            let (sample, offset, dts, _) = found;
            if self.holds(offset, sample.size.into()) {
                break found;
            }
            // With it the rest of its run, where all have one size.
            let count = self.place.alike();
            self.place.advance(&sample, count);
            self.lacks(count.into(), dts.saturating_add(sample.composition));
        };
        let buffer = self.buffer(Found {
            offset,
            size: sample.size.into(),
            dts,
            composition: sample.composition,
            duration: sample.duration.into(),
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
            None => Ok(self.fragment_sample()?.map(|(_, offset, ..)| offset)),
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
            while let Some((sample, _, dts, _)) = position.peek() {
                let alike = position.alike();
                let shown = dts.saturating_add(sample.composition);
                if sample.flags.sync && shown <= ticks {
                    // The last of those alike that is shown by then.
                    let steps = match i64::from(sample.duration) {
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
                (position.run, position.in_run, position.bytes, position.ticks) = mark;
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
            duration: count.saturating_mul(entry.duration.into()),
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
            .with_hint("the file is damaged; export the part before this point with --to"))
    }

    fn fragment_sample(&mut self) -> Result<Option<(FragmentSample, u64, i64, u32)>> {
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
        let runs = track.fragments.load(number, &self.source, &track.extends).map_err(|error| {
            error.at_track(track.id).at_sample(track.table.count + first).at_stage(Stage::Read)
        })?;
        Ok(FragmentPosition { next: number + 1, runs, ..FragmentPosition::default() })
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
        if track.elsewhere.get(index).is_some_and(|elsewhere| *elsewhere) {
            return Err(failed(
                ErrorKind::Unsupported,
                "the sample is in another file, which is not followed".into(),
            )
            .with_hint("save the movie as self-contained in the program that made it"));
        }
        Ok(SampleBuffer {
            format: format.clone(),
            payload: Payload::range(self.source.clone(), found.offset, found.size),
            dts: time(found.dts),
            pts,
            duration: time(i64::try_from(found.duration).unwrap_or(i64::MAX)),
            flags: found.flags,
            trim: Trim::default(),
        })
    }

    fn failed(&self, kind: ErrorKind, message: String) -> Error {
        Error::new(kind, message).at_track(self.track.id).at_sample(self.index).at_stage(Stage::Read)
    }
}

impl FragmentPosition {
    /// The sample here, its offset, decode time and description; `None` behind the last of the fragment.
    fn peek(&mut self) -> Option<(FragmentSample, u64, i64, u32)> {
        loop {
            let run = self.runs.get(self.run)?;
            if let Some(sample) = run.get(self.in_run) {
                let offset = run.offset.saturating_add(self.bytes);
                return Some((sample, offset, run.dts.saturating_add(self.ticks), run.description));
            }
            self.run += 1;
            (self.in_run, self.bytes, self.ticks) = (0, 0, 0);
        }
    }

    /// Samples from this one on, itself included, that are stated all at once and so are alike.
    fn alike(&self) -> u32 {
        // The first of a run may have flags of its own.
        let uniform = self.runs.get(self.run).filter(|run| run.is_uniform() && self.in_run > 0);
        uniform.map_or(1, |run| run.len().saturating_sub(self.in_run).max(1))
    }

    /// Run, sample in it, and bytes and ticks before the sample.
    fn mark(&self) -> (usize, u32, u64, i64) {
        (self.run, self.in_run, self.bytes, self.ticks)
    }

    /// Moves past `count` samples like `sample`.
    fn advance(&mut self, sample: &FragmentSample, count: u32) {
        let ticks = i64::from(count).saturating_mul(sample.duration.into());
        self.in_run = self.in_run.saturating_add(count);
        self.bytes = self.bytes.saturating_add(u64::from(count).saturating_mul(sample.size.into()));
        self.ticks = self.ticks.saturating_add(ticks);
    }
}
