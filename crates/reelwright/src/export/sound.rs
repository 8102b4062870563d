use reelwright_codec::Registry;
use reelwright_media::{AudioBuffer, CancelToken, Result, Stage, Time, TimeRange, Timescale};
use reelwright_process::{Mixer, Volume};

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

impl SoundJob<'_> {
    /// Runs to the end of the longest source and finishes `input`. Returns what the sources couldn't decode too.
    pub(super) fn run(&self, mut input: Input) -> Result<(Counts, Vec<(u32, Loss)>)> {
        crate::trace::stage!("mix", tracks = self.plan.sources.len());
        let mut sources = Vec::with_capacity(self.plan.sources.len());
        for &track in &self.plan.sources {
            let reader = SoundReader::new(self.asset, track, self.range, self.registry)?;
            sources.push(Source { reader: reader.cancelled_by(self.stop.clone()), decoded: 0 });
        }
        let (mut counts, mut bytes) = (Counts::default(), 0);
        let mut mixer = self.mixer(&mut sources)?;
        loop {
            self.stop.check()?;
            for (number, source) in sources.iter_mut().enumerate() {
                while mixer.wants(number) {
                    match source.next_buffer()? {
                        Some(buffer) => mixer.push(number, buffer)?,
                        None => mixer.end(number)?,
                    }
                }
            }
            let Some(block) = mixer.pull() else { break };
            counts.written += u64::try_from(block.frames()).unwrap_or(0);
            let done = block.end();
            input.append(block).map_err(|error| error.at_stage(Stage::Encode))?;
            let before = std::mem::replace(&mut bytes, input.bytes());
            self.meter.count(0, bytes - before, if self.leads { done } else { Time::ZERO });
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

    /// Sums the sources from where the earliest begins: a track that starts late starts late in the output too. Has the
    /// first buffer of each.
    fn mixer(&self, sources: &mut [Source]) -> Result<Mixer> {
        let first = sources.iter_mut().map(Source::next_buffer).collect::<Result<Vec<_>>>()?;
        let start = first.iter().flatten().map(|buffer| buffer.pts).min().unwrap_or(Time::ZERO);
        let settings = &self.plan.settings;
        let mut mixer = Mixer::new(Timescale::or_one(settings.sample_rate), settings.layout.clone(), start);
        for buffer in first {
            let number = mixer.add_track(Volume::default());
            match buffer {
                Some(buffer) => mixer.push(number, buffer)?,
                None => mixer.end(number)?,
            }
        }
        Ok(mixer)
    }
}

/// One source track.
struct Source {
    reader: SoundReader,
    /// Frames.
    decoded: u64,
}

impl Source {
    fn next_buffer(&mut self) -> Result<Option<AudioBuffer>> {
        let buffer = self.reader.next_buffer()?;
        let frames = buffer.as_ref().map_or(0, AudioBuffer::frames);
        self.decoded += u64::try_from(frames).unwrap_or(0);
        Ok(buffer)
    }
}
