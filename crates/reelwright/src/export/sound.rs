use std::collections::VecDeque;

use reelwright_codec::Registry;
use reelwright_media::{
    AudioBuffer, CancelToken, ChannelLayout, Result, Rounding, Stage, Time, TimeRange, Timescale,
};
use reelwright_process::{Remix, Resampler};

use super::AudioPlan;
use super::progress::Meter;
use super::report::{Counts, Loss};
use crate::reader::SoundReader;
use crate::{Asset, Input};

/// The sound of one output track: every source decoded, mixed down, resampled, summed and encoded.
pub(super) struct SoundJob<'a> {
    pub(super) asset: &'a Asset,
    pub(super) plan: &'a AudioPlan,
    pub(super) range: TimeRange,
    pub(super) registry: &'a Registry,
    pub(super) stop: CancelToken,
    pub(super) meter: &'a Meter,
    /// Whether sound alone moves the progress bar.
    pub(super) leads: bool,
}

/// Frames summed and encoded at once.
const BLOCK: i64 = 4096;

impl SoundJob<'_> {
    /// Runs to the end of the longest source and finishes `input`. Returns what the sources couldn't decode too.
    pub(super) fn run(&self, mut input: Input) -> Result<(Counts, Vec<(u32, Loss)>)> {
        let rate = Timescale::or_one(self.plan.settings.sample_rate);
        let layout = &self.plan.settings.layout;
        let mut sources = Vec::with_capacity(self.plan.sources.len());
        for &track in &self.plan.sources {
            let reader = SoundReader::new(self.asset, track, self.range, self.registry)?;
            sources.push(Source::new(reader.cancelled_by(self.stop.clone()), layout.clone(), rate));
        }
        // A track that starts late starts late in the output too; a mix starts with the earliest of its sources.
        let mut at = i64::MAX;
        for source in &mut sources {
            source.fill(i64::MIN)?;
            at = at.min(source.start().unwrap_or(i64::MAX));
        }
        let mut counts = Counts::default();
        while sources.iter().any(|source| !source.is_finished()) {
            self.stop.check()?;
            let mut end = at.saturating_add(BLOCK);
            for source in &mut sources {
                source.fill(end)?;
            }
            let last = sources.iter().filter_map(Source::end).max().unwrap_or(at);
            end = end.min(last);
            if end <= at {
                break;
            }
            let block = sum(&mut sources, at, end, layout, rate);
            counts.written += u64::try_from(end - at).unwrap_or(0);
            let done = block.end();
            input.append(block).map_err(|error| error.at_stage(Stage::Encode))?;
            if self.leads {
                self.meter.count(0, 0, done);
            }
            at = end;
        }
        counts.read = sources.iter().map(|source| source.reader.packets()).sum();
        counts.decoded = sources.iter().map(|source| source.decoded).sum();
        let damaged = self
            .plan
            .sources
            .iter()
            .zip(&sources)
            .filter_map(|(track, source)| Some((*track, Loss::of(source.reader.damage()?, 0))));
        self.stop.check()?;
        input.finish()?;
        Ok((counts, damaged.collect()))
    }
}

/// The sum of what every source has between `from` and `to`.
fn sum(sources: &mut [Source], from: i64, to: i64, layout: &ChannelLayout, rate: Timescale) -> AudioBuffer {
    let frames = usize::try_from(to - from).unwrap_or(0);
    let mut block = AudioBuffer::silence(rate, layout.clone(), Time::new(from, rate), frames);
    for source in sources {
        source.add_to(&mut block, from);
    }
    block
}

/// One source track, brought to the output's rate and layout.
struct Source {
    reader: SoundReader,
    layout: ChannelLayout,
    rate: Timescale,
    remix: Option<(ChannelLayout, Remix)>,
    resampler: Option<(Timescale, Resampler)>,
    /// Where the next decoded frame belongs, in frames of the source's rate; unknown before the first.
    expected: Option<i64>,
    /// The output frame `queue` begins at.
    position: Option<i64>,
    queue: Vec<VecDeque<f32>>,
    decoded: u64,
    ended: bool,
}

impl Source {
    fn new(reader: SoundReader, layout: ChannelLayout, rate: Timescale) -> Self {
        let queue = vec![VecDeque::new(); layout.count()];
        Self {
            reader,
            layout,
            rate,
            remix: None,
            resampler: None,
            expected: None,
            position: None,
            queue,
            decoded: 0,
            ended: false,
        }
    }

    /// The first output frame there is sound for.
    fn start(&self) -> Option<i64> {
        self.position
    }

    /// The output frame after the last one that is ready.
    fn end(&self) -> Option<i64> {
        self.position.map(|position| position + i64::try_from(self.queue[0].len()).unwrap_or(0))
    }

    fn is_finished(&self) -> bool {
        self.ended && self.queue.iter().all(VecDeque::is_empty)
    }

    /// Reads on until there is sound up to output frame `until`, or none left; at least the first buffer.
    fn fill(&mut self, until: i64) -> Result<()> {
        while !self.ended && self.end().is_none_or(|end| end < until) {
            match self.reader.next_buffer()? {
                Some(buffer) => self.take(buffer)?,
                None => self.flush()?,
            }
        }
        Ok(())
    }

    fn take(&mut self, buffer: AudioBuffer) -> Result<()> {
        self.decoded += u64::try_from(buffer.frames()).unwrap_or(0);
        let source_rate = buffer.sample_rate;
        if self.resampler.as_ref().is_some_and(|(rate, _)| *rate != source_rate) {
            self.flush_resampler()?;
            self.expected = None;
        }
        let start = buffer.pts.ticks_in(source_rate, Rounding::Nearest).unwrap_or(0);
        if self.position.is_none() {
            self.position = Some(buffer.pts.ticks_in(self.rate, Rounding::Nearest).unwrap_or(0));
        }
        let mut buffer = self.remixed(buffer)?;
        if let Some(expected) = self.expected {
            // Gaps become silence; what overlaps was heard already.
            match usize::try_from(start - expected) {
                Ok(0) => {}
                Ok(gap) => {
                    let silence = AudioBuffer::silence(source_rate, self.layout.clone(), buffer.pts, gap);
                    self.push(silence)?;
                }
                Err(_) => buffer.trim_start(usize::try_from(expected - start).unwrap_or(usize::MAX)),
            }
        }
        let count = i64::try_from(buffer.frames()).unwrap_or(0);
        self.expected = Some(self.expected.map_or(start, |expected| expected.max(start)) + count);
        self.push(buffer)
    }

    fn remixed(&mut self, buffer: AudioBuffer) -> Result<AudioBuffer> {
        if buffer.layout == self.layout {
            return Ok(buffer);
        }
        if self.remix.as_ref().is_none_or(|(from, _)| *from != buffer.layout) {
            self.remix = Some((buffer.layout.clone(), Remix::new(&buffer.layout, &self.layout)?));
        }
        Ok(match &self.remix {
            Some((_, remix)) => remix.apply(&buffer),
            None => buffer,
        })
    }

    fn push(&mut self, buffer: AudioBuffer) -> Result<()> {
        if buffer.sample_rate == self.rate {
            extend(&mut self.queue, buffer.planes());
            return Ok(());
        }
        if self.resampler.is_none() {
            let made = Resampler::new(buffer.sample_rate.ticks(), self.rate.ticks(), self.layout.count())?;
            self.resampler = Some((buffer.sample_rate, made));
        }
        if let Some((_, resampler)) = &mut self.resampler {
            extend(&mut self.queue, &resampler.process(buffer.planes())?);
        }
        Ok(())
    }

    fn flush_resampler(&mut self) -> Result<()> {
        if let Some((_, mut resampler)) = self.resampler.take() {
            extend(&mut self.queue, &resampler.finish()?);
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        self.ended = true;
        self.flush_resampler()
    }

    /// Adds what lies from output frame `from` on, and forgets it.
    fn add_to(&mut self, block: &mut AudioBuffer, from: i64) {
        let Some(position) = self.position else { return };
        let skip = usize::try_from(position - from).unwrap_or(0);
        let wanted = block.frames().saturating_sub(skip);
        let mut taken = 0;
        for (queue, plane) in self.queue.iter_mut().zip(block.planes_mut()) {
            taken = wanted.min(queue.len());
            for (target, value) in plane.iter_mut().skip(skip).zip(queue.drain(..taken)) {
                *target += value;
            }
        }
        self.position = Some(position + i64::try_from(taken).unwrap_or(0));
    }
}

fn extend(queue: &mut [VecDeque<f32>], planes: &[Vec<f32>]) {
    for (queue, plane) in queue.iter_mut().zip(planes) {
        queue.extend(plane);
    }
}
