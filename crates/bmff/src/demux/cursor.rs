use std::sync::Arc;

use reelwright_media::{
    Error, FormatDescription, Payload, ReadAt, Result, Rounding, SampleBuffer, Stage, Time, Timescale, Trim,
};

use super::fragment::{FragmentIndex, FragmentSample};
use super::table::{Entry, SampleTable, Walk};

/// Everything a cursor needs of its track; shared by all cursors.
#[derive(Debug)]
pub(super) struct TrackData {
    pub(super) id: u32,
    pub(super) timescale: Timescale,
    pub(super) formats: Vec<Arc<FormatDescription>>,
    pub(super) table: SampleTable,
    pub(super) fragments: FragmentIndex,
}

/// No run of sound is longer than this.
const RUN_BYTES: u64 = 64 << 10;

/// Walks the samples of one track: those of `moov` first, then those of the fragments.
pub struct Cursor {
    source: Arc<dyn ReadAt>,
    track: Arc<TrackData>,
    walk: Walk,
    run: usize,
    in_run: u32,
    /// Bytes and ticks of the run before the sample.
    run_bytes: u64,
    run_ticks: i64,
    index: u64,
}

impl Cursor {
    pub(super) fn new(source: Arc<dyn ReadAt>, track: Arc<TrackData>) -> Self {
        let walk = Walk::at(&track.table, 0);
        Self { source, track, walk, run: 0, in_run: 0, run_bytes: 0, run_ticks: 0, index: 0 }
    }

    /// The next sample, or `None` after the last. See `SampleCursor::next_sample` of the formats crate.
    ///
    /// # Errors
    ///
    /// Malformed, where a sample names a format the file doesn't have.
    pub fn next_sample(&mut self) -> Result<Option<SampleBuffer>> {
        if let Some(entry) = self.walk.peek(&self.track.table) {
            return self.stored(entry).map(Some);
        }
        let Some((sample, offset, dts, description)) = self.fragment_sample() else { return Ok(None) };
        let buffer = self.buffer(
            offset,
            u64::from(sample.size),
            dts,
            sample.composition,
            sample.duration.into(),
            description,
        )?;
        self.in_run += 1;
        self.run_bytes = self.run_bytes.saturating_add(sample.size.into());
        self.run_ticks = self.run_ticks.saturating_add(sample.duration.into());
        self.index += 1;
        Ok(Some(SampleBuffer { flags: sample.flags, ..buffer }))
    }

    /// The payload offset of the next sample, without moving on; `None` after the last.
    pub fn peek_offset(&mut self) -> Option<u64> {
        match self.walk.peek(&self.track.table) {
            Some(entry) => Some(entry.offset),
            None => self.fragment_sample().map(|(_, offset, ..)| offset),
        }
    }

    /// Moves to the sample to decode from for everything from media time `time` on to be shown.
    pub fn seek(&mut self, time: Time) {
        let track = self.track.clone();
        let ticks = time.ticks_in(track.timescale, Rounding::Down).unwrap_or(if time.is_negative() {
            i64::MIN
        } else {
            i64::MAX
        });
        (self.run, self.in_run, self.run_bytes, self.run_ticks) = (0, 0, 0, 0);
        let fragments = track.fragments.runs.first().map(|run| run.dts);
        if fragments.is_none_or(|first| ticks < first)
            || track.table.count > 0 && ticks < track.table.duration()
        {
            let index = track.table.sync_sample_for(ticks);
            self.walk = Walk::at(&track.table, index);
            self.index = index;
            return;
        }
        self.walk = Walk::at(&track.table, track.table.count);
        self.index = track.table.count;
        self.seek_fragment(ticks);
    }

    /// Walks the runs and remembers the last sync sample that is shown by `ticks`.
    fn seek_fragment(&mut self, ticks: i64) {
        let track = self.track.clone();
        let mut found = None;
        let mut index = self.index;
        for (number, run) in track.fragments.runs.iter().enumerate() {
            if run.dts > ticks && found.is_some() {
                break;
            }
            let (mut bytes, mut elapsed) = (0u64, 0i64);
            for position in 0..run.len() {
                let Some(sample) = run.get(position) else { break };
                let shown = run.dts.saturating_add(elapsed).saturating_add(sample.composition);
                if sample.flags.sync && (shown <= ticks || found.is_none()) {
                    found = Some((number, position, bytes, elapsed, index));
                }
                bytes = bytes.saturating_add(sample.size.into());
                elapsed = elapsed.saturating_add(sample.duration.into());
                index += 1;
            }
        }
        if let Some(found) = found {
            (self.run, self.in_run, self.run_bytes, self.run_ticks, self.index) = found;
        }
    }

    /// A sample of the tables; for sound counted in frames, a run of them.
    fn stored(&mut self, entry: Entry) -> Result<SampleBuffer> {
        let (count, bytes) = match self.track.table.units {
            None => (1, u64::from(entry.size)),
            Some(units) => {
                let second = u64::from(self.track.timescale.ticks());
                let most = (RUN_BYTES / units.bytes).max(1).min((second / units.frames).max(1));
                let whole = entry.alike.div_ceil(units.frames).min(most);
                (entry.alike.min(whole * units.frames), whole * units.bytes)
            }
        };
        let ticks = count.saturating_mul(entry.duration.into());
        let buffer =
            self.buffer(entry.offset, bytes, entry.dts, entry.composition, ticks, entry.description)?;
        self.walk.advance(count, bytes, &entry);
        self.index += count;
        Ok(SampleBuffer { flags: entry.flags, ..buffer })
    }

    fn fragment_sample(&mut self) -> Option<(FragmentSample, u64, i64, u32)> {
        loop {
            let run = self.track.fragments.runs.get(self.run)?;
            if let Some(sample) = run.get(self.in_run) {
                let offset = run.offset().saturating_add(self.run_bytes);
                return Some((sample, offset, run.dts.saturating_add(self.run_ticks), run.description));
            }
            self.run += 1;
            (self.in_run, self.run_bytes, self.run_ticks) = (0, 0, 0);
        }
    }

    fn buffer(
        &self,
        offset: u64,
        size: u64,
        dts: i64,
        composition: i64,
        duration: u64,
        description: u32,
    ) -> Result<SampleBuffer> {
        let formats = &self.track.formats;
        let index = usize::try_from(description).unwrap_or(usize::MAX).saturating_sub(1);
        let format = formats.get(index).ok_or_else(|| {
            let message =
                format!("the sample uses description {description}, the track has {}", formats.len());
            Error::malformed(message).at_track(self.track.id).at_sample(self.index).at_stage(Stage::Read)
        })?;
        let time = |ticks| Time::new(ticks, self.track.timescale);
        Ok(SampleBuffer {
            format: format.clone(),
            payload: Payload::range(self.source.clone(), offset, size),
            dts: time(dts),
            pts: time(dts.saturating_add(composition)),
            duration: time(i64::try_from(duration).unwrap_or(i64::MAX)),
            flags: reelwright_media::SampleFlags::SYNC,
            trim: Trim::default(),
        })
    }
}
