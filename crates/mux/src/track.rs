use std::sync::Arc;

use reelwright_bmff::EditRow;
use reelwright_media::{
    BoxFamily, Error, ErrorKind, FormatDescription, Result, Rounding, SampleBuffer, Stage, Time, Timescale,
};

use crate::edits::{self, Clock, Presented};
use crate::tables::{Counting, Entry, SampleTable};
use crate::{Chunks, FileType, Presentation, Session, TrackSettings};

/// A track on its way into the file.
#[derive(Debug)]
pub(crate) struct TrackState {
    pub(crate) settings: TrackSettings,
    pub(crate) table: SampleTable,
    formats: Vec<(Arc<FormatDescription>, Counting)>,
    /// Which of them the last sample had.
    format: usize,
    presented: Presented,
    /// Where the chunk that is being filled must end, in ticks.
    chunk_end: i64,
}

impl TrackState {
    pub(crate) fn new(settings: TrackSettings, file_type: FileType) -> Result<Self> {
        let mut state = Self {
            formats: Vec::new(),
            settings,
            table: SampleTable::new(),
            format: 0,
            presented: Presented::default(),
            chunk_end: i64::MIN,
        };
        for format in state.settings.track.formats.clone() {
            state.add_format(&format, file_type)?;
        }
        Ok(state)
    }

    pub(crate) fn id(&self) -> u32 {
        self.settings.track.id
    }

    pub(crate) fn timescale(&self) -> Timescale {
        self.settings.track.timescale
    }

    /// The sample descriptions, in the order of their numbers.
    pub(crate) fn formats(&self) -> impl ExactSizeIterator<Item = &Arc<FormatDescription>> {
        self.formats.iter().map(|(format, _)| format)
    }

    /// Describes the samples of a format in another way.
    pub(crate) fn describe_as(&mut self, format: &FormatDescription, other: Arc<FormatDescription>) {
        if let Some((known, _)) = self.formats.iter_mut().find(|(known, _)| **known == *format) {
            *known = other;
        }
    }

    /// Enters a sample whose bytes will stand at `position` of the media data. `continues` says that the last sample
    /// in the file was this track's too.
    pub(crate) fn push(
        &mut self,
        sample: &SampleBuffer,
        position: u64,
        continues: bool,
        file_type: FileType,
    ) -> Result<()> {
        let number = u64::from(self.table.samples());
        self.enter(sample, position, continues, file_type).map_err(|error| {
            error.at_stage(Stage::Mux).at_track(self.id()).at_sample(number).at_time(sample.pts)
        })
    }

    fn enter(
        &mut self,
        sample: &SampleBuffer,
        position: u64,
        continues: bool,
        file_type: FileType,
    ) -> Result<()> {
        let format = self.format_index(&sample.format, file_type)?;
        let (dts, pts) = (self.ticks(sample.dts)?, self.ticks(sample.pts)?);
        // Rounded as an end, so that neighbours that touch in source time touch in ticks.
        let duration = match sample.duration {
            length if length.scale() == self.timescale() => length.value(),
            length => self.ticks(sample.dts.saturating_add(length))?.saturating_sub(dts),
        };
        let duration = u32::try_from(duration).map_err(|_| {
            Error::misuse(format!("a sample can't last {duration} ticks of 1/{} s", self.timescale()))
        })?;
        let offset = pts.checked_sub(dts).and_then(|ticks| i32::try_from(ticks).ok()).ok_or_else(|| {
            Error::new(ErrorKind::Limit, "decoding and presentation are more than 32 bits of ticks apart")
        })?;
        let len = sample.payload.len();
        let counting = self.formats[format].1;
        let units = counting.units(len, duration)?;
        let end = dts.saturating_add(duration.into());
        // Each frame of such a table lasts a tick, or readers take it for one of packets. Ticks may be rounded.
        if counting == Counting::Frames
            && let Some(pause) =
                self.table.last_end().map(|last| dts.saturating_sub(last)).filter(|&ticks| ticks > 1)
        {
            let pause = Time::new(pause, self.timescale());
            return Err(Error::unsupported(format!(
                "QuickTime's sound of a constant rate can't pause, here for {pause}"
            ))
            .with_hint("the input lacks sound: export it, which fills the gap with silence"));
        }
        let full = match self.settings.chunks {
            Chunks::UpTo(_) => end > self.chunk_end,
            Chunks::AsFed => units.count > 1 || end > self.chunk_end,
        };
        let new_chunk = !continues || full || format != self.format || self.table.samples() == 0;
        self.table.push(&Entry {
            dts,
            offset,
            duration,
            units,
            bytes: len,
            flags: sample.flags,
            description: u32::try_from(format + 1).unwrap_or(u32::MAX),
            new_chunk: new_chunk.then_some(position),
        })?;
        let trim = |time: Option<Time>| time.map_or(Ok(0), |time| self.ticks(time));
        let (trim_start, trim_end) = (trim(sample.trim.start)?, trim(sample.trim.end)?);
        self.presented.add(pts, duration, trim_start, trim_end);
        self.format = format;
        if new_chunk {
            let longest = self.settings.chunks.longest().ticks_in(self.timescale(), Rounding::Down);
            self.chunk_end = dts.saturating_add(longest.unwrap_or(i64::MAX));
        }
        Ok(())
    }

    /// Closes the tables: nothing more will come.
    pub(crate) fn close(&mut self) -> Result<()> {
        let stated = self.stated_duration();
        self.table.close(stated).map_err(|error| error.at_stage(Stage::Mux).at_track(self.id()))?;
        self.presented.close(self.table.last_delta());
        Ok(())
    }

    /// Ticks of the media: of all samples, or what the source stated where its samples say nothing of time.
    pub(crate) fn duration(&self) -> u64 {
        match self.table.duration() {
            0 => self.stated_duration().map_or(0, i64::unsigned_abs),
            ticks => ticks,
        }
    }

    /// What the source said of the length of its media.
    fn stated_duration(&self) -> Option<i64> {
        let stated = || self.ticks(self.settings.track.media_duration).ok().filter(|&ticks| ticks > 0);
        (self.settings.presentation == Presentation::Edits).then(stated).flatten()
    }

    /// The instant after the last sample that is shown, in source time.
    pub(crate) fn end(&self) -> Option<Time> {
        self.presented.end().map(|ticks| Time::new(ticks, self.timescale()))
    }

    /// Composition times of the first sample shown and of the end of the last, as the file counts them.
    pub(crate) fn composition_range(&self) -> (i64, i64) {
        let first_dts = self.table.first_dts().unwrap_or(0);
        let (first, last) = self.presented.untrimmed();
        (first.saturating_sub(first_dts), last.saturating_sub(first_dts))
    }

    /// The edit list to write; empty for none.
    pub(crate) fn edits(&self, movie: Timescale, session: Session, end: Time) -> Vec<EditRow> {
        let clock = Clock {
            track: self.timescale(),
            movie,
            first_dts: self.table.first_dts().unwrap_or(0),
            duration: self.duration(),
        };
        match self.settings.presentation {
            Presentation::Edits => edits::of_source(&self.settings.track.edits, &self.presented, clock),
            Presentation::Session => edits::of_session(&self.presented, clock, session, end),
        }
    }

    fn ticks(&self, time: Time) -> Result<i64> {
        time.ticks_in(self.timescale(), Rounding::Nearest).ok_or_else(|| {
            Error::new(
                ErrorKind::Limit,
                format!("time {time:?} does not fit 64 bits of 1/{}", self.timescale()),
            )
        })
    }

    fn format_index(&mut self, format: &Arc<FormatDescription>, file_type: FileType) -> Result<usize> {
        if self.formats.get(self.format).is_some_and(|(known, _)| Arc::ptr_eq(known, format)) {
            return Ok(self.format);
        }
        let known = |(known, _): &(Arc<_>, _)| Arc::ptr_eq(known, format) || *known == *format;
        match self.formats.iter().position(known) {
            Some(index) => Ok(index),
            None => self.add_format(format, file_type),
        }
    }

    fn add_format(&mut self, format: &Arc<FormatDescription>, file_type: FileType) -> Result<usize> {
        file_type.accepts(format).map_err(|error| error.at_track(self.id()))?;
        self.formats.push((format.clone(), Counting::of(format, file_type.family())));
        Ok(self.formats.len() - 1)
    }

    /// The boxes of the source that this file's family understands.
    pub(crate) fn foreign(&self, family: BoxFamily) -> impl Iterator<Item = (&str, &[u8])> {
        let boxes = self.settings.track.foreign.iter().filter(move |foreign| foreign.family == family);
        boxes.map(|foreign| (foreign.parent.as_str(), &foreign.bytes[..]))
    }
}
