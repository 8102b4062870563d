use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use reelwright_codec::Registry;
use reelwright_media::{
    CancelToken, EditTimeline, Error, ErrorKind, MediaType, MetadataItem, Omission, PixelFormat, Result,
    Time, TimeRange, Timescale, Track,
};

use super::copy::CopyJob;
use super::losses::{carried_metadata, strictly};
use super::progress::Meter;
use super::report::{Counts, Loss, Report, TrackReport, omissions};
use super::sound::SoundJob;
use super::target::Target;
use super::video::{VideoJob, join};
use super::{ExportOptions, Fate, Plan, TrackPlan};
use crate::cut_short::COPY_AGAIN;
use crate::references;
use crate::{
    Asset, AssetWriterBuilder, Association, CopyWatch, FinishReport, Input, InputConfig, Overwrite, Remux,
    TrackOutcome, verdict,
};

/// Carries a plan out.
pub(super) struct Run {
    asset: Asset,
    options: ExportOptions,
    registry: Registry,
    cancel: CancelToken,
    plan: Plan,
    meter: Arc<Meter>,
}

/// What one output track needs to be made.
enum Job<'a> {
    Copy(CopyJob<'a>, Input),
    Video(VideoJob<'a>, Input),
    Sound(SoundJob<'a>, Input),
}

/// What became of a track.
#[derive(Default)]
struct Done {
    counts: Counts,
    decoder: Option<String>,
    /// What its sources couldn't decode, by their track IDs.
    damaged: Vec<(u32, Loss)>,
}

/// Damage is read past, but a file without a sample is no export.
fn nothing_read() -> Error {
    Error::new(ErrorKind::Truncated, "not one sample of the wanted tracks could be read from the input")
        .with_hint(COPY_AGAIN)
}

impl Run {
    pub(super) fn new(
        asset: Asset,
        options: ExportOptions,
        registry: Registry,
        cancel: CancelToken,
        plan: Plan,
        meter: Arc<Meter>,
    ) -> Self {
        Self { asset, options, registry, cancel, plan, meter }
    }

    /// Runs to the end; the file is complete, or not there.
    pub(super) fn execute(self, target: Target) -> Result<Report> {
        let started = Instant::now();
        self.meter.begin(self.plan.range);
        if self.is_plain_copy() { self.remux(target, started) } else { self.write(target, started) }
    }

    /// Whether nothing is decoded and nothing cut.
    fn is_plain_copy(&self) -> bool {
        let copied = |track: &TrackPlan| matches!(track.fate, Fate::Copy | Fate::Drop);
        self.options.range.is_none() && self.plan.tracks.iter().all(copied)
    }

    /// What the readers read: all of it, unless part was asked for. The stated duration doesn't cut anything off.
    fn reading_range(&self) -> TimeRange {
        if self.options.range.is_some() {
            self.plan.range
        } else {
            EditTimeline::everything(self.asset.movie().timescale)
        }
    }

    fn overwrite(&self) -> Overwrite {
        self.options.overwrite
    }

    /// Copies sample by sample, in the order of the source.
    fn remux(&self, target: Target, started: Instant) -> Result<Report> {
        let copied = self
            .plan
            .tracks
            .iter()
            .filter(|track| matches!(track.fate, Fate::Copy))
            .map(|track| track.source);
        // Pictures are what is counted, where there are any.
        let movie = self.asset.movie();
        let pictures = movie.tracks.iter().filter(|track| track.media == MediaType::Video);
        let pictures: Vec<_> = pictures.map(|track| track.id).collect();
        let meter = self.meter.clone();
        let watch = CopyWatch::new(move |step| {
            let frames = if pictures.contains(&step.track) { step.samples } else { 0 };
            meter.count(frames, step.bytes, step.time);
        });
        let remux = Remux {
            watch,
            index: self.options.index,
            overwrite: self.overwrite(),
            sync: self.options.sync,
            tracks: Some(copied.collect()),
            metadata: self.options.metadata.clone(),
            cancel: self.cancel.clone(),
            ..Remux::new(self.plan.file_type)
        };
        let output = target.path().map(ToOwned::to_owned);
        let mut sink = target.sink(self.overwrite(), self.options.sync)?;
        let made = remux.to_sink(&self.asset, sink.as_mut())?;
        let track = |plan: &TrackPlan| {
            let outcome =
                made.tracks.iter().find(|track| track.id == plan.source).map(|track| &track.outcome);
            let samples = match outcome {
                Some(TrackOutcome::Copied(summary)) => Some(summary.samples),
                _ => None,
            };
            let count = samples.unwrap_or(0);
            let counts = Counts { read: count, written: count, ..Counts::default() };
            let done = Done { counts, ..Done::default() };
            let damaged = made.tracks.iter().find(|track| track.id == plan.source)?.damaged.clone();
            Some(TrackReport { damaged, ..track_report(plan, samples.map(|_| plan.source), done) })
        };
        let tracks: Vec<_> = self.plan.tracks.iter().filter_map(track).collect();
        Ok(Report {
            output,
            file_type: self.plan.file_type,
            duration: made.duration,
            bytes: made.bytes,
            elapsed: started.elapsed(),
            omissions: omissions(&self.plan, &tracks),
            tracks,
            notes: self.notes(&made.warnings),
        })
    }

    fn write(&self, target: Target, started: Instant) -> Result<Report> {
        // Raised when a stage fails, so that the others stop.
        let stop = self.cancel.child();
        let output = target.path().map(ToOwned::to_owned);
        let mut builder = self.builder(target, &stop);
        let mut jobs = Vec::new();
        for plan in self.plan.tracks.iter().filter(|plan| plan.fate.is_output()) {
            jobs.push((plan.source, self.job(plan, &mut builder, &stop)?));
        }
        self.associate(&jobs, &mut builder)?;
        let writer = builder.start()?;
        writer.start_session(Time::ZERO)?;
        let (ids, results) = self.run_jobs(jobs, &stop);
        let mut done = match settle(results) {
            Ok(done) => done,
            Err(error) => {
                let error = writer.error().filter(|own| own.kind() != ErrorKind::Cancelled).unwrap_or(error);
                writer.cancel();
                return Err(error);
            }
        };
        if done.iter().all(|done| done.counts.written == 0) {
            writer.cancel();
            return Err(nothing_read());
        }
        if self.options.range.is_some() {
            writer.end_session(self.plan.range.duration)?;
        }
        let damaged: Vec<_> = done.iter_mut().flat_map(|done| std::mem::take(&mut done.damaged)).collect();
        let mut tracks = Vec::with_capacity(self.plan.tracks.len());
        for plan in &self.plan.tracks {
            let position = ids.iter().position(|(source, _)| *source == plan.source);
            let own = position.map(|position| std::mem::take(&mut done[position])).unwrap_or_default();
            let report = track_report(plan, position.map(|position| ids[position].1), own);
            let damaged =
                damaged.iter().find(|(source, _)| *source == plan.source).map(|(_, loss)| loss.clone());
            tracks.push(TrackReport { damaged, ..report });
        }
        let omissions = omissions(&self.plan, &tracks);
        if let Some(first) = omissions.first().filter(|_| self.options.strict) {
            let error = strictly(first);
            writer.cancel();
            return Err(error);
        }
        let finished = writer.finish()?;
        Ok(self.report(output, started, finished, tracks, omissions))
    }

    fn builder(&self, target: Target, stop: &CancelToken) -> AssetWriterBuilder {
        let movie = self.asset.movie();
        let replaced = self.options.metadata.replaces();
        target
            .writer(self.plan.file_type)
            .overwrite(self.overwrite())
            .index(self.options.index)
            .sync(self.options.sync)
            .registry(self.registry.clone())
            .metadata(self.options.metadata.of_movie(carried_metadata(&movie.metadata, &self.plan.tracks)))
            .creation_time(if replaced { 0 } else { movie.creation_time })
            .chapters(self.plan.chapters.clone())
            .movie_timescale(self.movie_timescale())
            .cancel_token(stop.clone())
    }

    /// The finest ticks of any track that is written, so that its edits are exact.
    fn movie_timescale(&self) -> Timescale {
        let ticks = |plan: &TrackPlan| match &plan.fate {
            Fate::EncodeVideo(video) => Some(video.settings.timescale),
            Fate::EncodeAudio(audio) => Timescale::new(audio.settings.sample_rate),
            Fate::Copy => self.asset.movie().track(plan.source).map(|track| track.timescale),
            Fate::MixInto(_) | Fate::Drop => None,
        };
        self.plan.tracks.iter().filter_map(ticks).max().unwrap_or(self.asset.movie().timescale)
    }

    fn job<'a>(
        &'a self,
        plan: &'a TrackPlan,
        builder: &mut AssetWriterBuilder,
        stop: &CancelToken,
    ) -> Result<Job<'a>> {
        let track = self.asset.movie().track(plan.source);
        let track = track
            .ok_or_else(|| Error::new(ErrorKind::Bug, "the plan names a track the movie doesn't have"))?;
        let (asset, range, registry) = (&self.asset, self.reading_range(), &self.registry);
        let (stop, meter) = (stop.clone(), self.meter.as_ref());
        Ok(match &plan.fate {
            Fate::EncodeVideo(video) => {
                let config = InputConfig::encode_video(video.settings.clone())
                    .encoder(by_id(&video.encoder.id))
                    .transform(video.matrix)
                    .layer(track.layer);
                let input = builder.add_input(self.described(config, track))?;
                let (threads, budget) = (self.options.threads, self.options.memory_budget);
                let format = input.pixel_format().unwrap_or(PixelFormat::YUV420);
                let job = VideoJob {
                    asset,
                    track: track.id,
                    plan: video,
                    format,
                    range,
                    registry,
                    threads,
                    budget,
                    stop,
                    meter,
                };
                Job::Video(job, input)
            }
            Fate::EncodeAudio(audio) => {
                let config =
                    InputConfig::encode_audio(audio.settings.clone()).encoder(by_id(&audio.encoder.id));
                let input = builder.add_input(self.described(config, track))?;
                let leads = !self.plan.tracks.iter().any(|plan| matches!(plan.fate, Fate::EncodeVideo(_)));
                Job::Sound(SoundJob { asset, plan: audio, range, registry, stop, meter, leads }, input)
            }
            _ => {
                let encodes =
                    |plan: &TrackPlan| matches!(plan.fate, Fate::EncodeVideo(_) | Fate::EncodeAudio(_));
                let leads = !self.plan.tracks.iter().any(encodes);
                let cut = self.options.range.is_some();
                let job = CopyJob { asset, track, range, cut, stop, meter, leads };
                let config = job.config(&self.options.metadata);
                let config = config.enabled(track.enabled || self.stands_in(track));
                let input = builder.add_input(config)?;
                Job::Copy(job, input)
            }
        })
    }

    /// Whether the track is disabled in the source, and would leave the output without an enabled one of its kind.
    fn stands_in(&self, track: &Track) -> bool {
        let outputs = self.plan.tracks.iter().filter(|plan| plan.fate.is_output());
        let kept: Vec<_> = outputs.map(|plan| plan.source).collect();
        verdict::stand_ins(self.asset.movie(), &kept).contains(&track.id)
    }

    /// What an encoded track inherits from its source.
    fn described(&self, config: InputConfig, track: &Track) -> InputConfig {
        config.enabled(true).language(track.language.clone()).metadata(self.track_metadata(track))
    }

    /// What the output's track says about itself: what the source's did, unless that is replaced.
    fn track_metadata(&self, track: &Track) -> Vec<MetadataItem> {
        if self.options.metadata.replaces() { Vec::new() } else { track.metadata.clone() }
    }

    /// Carries the tracks' references over to the output; those to tracks that are left out are left out.
    fn associate(&self, jobs: &[(u32, Job<'_>)], builder: &mut AssetWriterBuilder) -> Result<()> {
        let movie = self.asset.movie();
        let input = |source: u32| jobs.iter().find(|(of, _)| *of == source).map(|(_, job)| job.input().id());
        for (source, job) in jobs {
            let Some(track) = movie.track(*source) else { continue };
            for reference in references::carried(movie, track, |id| input(id).map(|_| id)) {
                for other in reference.tracks.iter().filter(|other| *other != source) {
                    if let Some(other) = input(*other) {
                        builder.associate(job.input(), Association::Other(reference.kind), other)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Every job on a thread of its own. Returns the output's track IDs by source.
    fn run_jobs(
        &self,
        jobs: Vec<(u32, Job<'_>)>,
        stop: &CancelToken,
    ) -> (Vec<(u32, u32)>, Vec<Result<Done>>) {
        let ids = jobs.iter().zip(1..).map(|((source, _), id)| (*source, id)).collect();
        let results = thread::scope(|scope| {
            let mut threads = Vec::with_capacity(jobs.len());
            for (_, job) in jobs {
                threads.push(scope.spawn(move || job.run().inspect_err(|_| stop.cancel())));
            }
            threads.into_iter().map(|thread| join(thread.join())).collect()
        });
        (ids, results)
    }

    fn report(
        &self,
        output: Option<PathBuf>,
        started: Instant,
        finished: FinishReport,
        tracks: Vec<TrackReport>,
        omissions: Vec<Omission>,
    ) -> Report {
        Report {
            output,
            file_type: self.plan.file_type,
            duration: finished.duration,
            bytes: finished.bytes,
            elapsed: started.elapsed(),
            tracks,
            omissions,
            notes: self.notes(&finished.warnings),
        }
    }

    /// What was mended on the way.
    fn notes(&self, mended: &[String]) -> Vec<String> {
        let known = &self.asset.movie().warnings;
        let more = mended.iter().filter(|note| !known.contains(note));
        known.iter().chain(more).cloned().collect()
    }
}

impl Job<'_> {
    fn input(&self) -> &Input {
        let (Self::Copy(_, input) | Self::Video(_, input) | Self::Sound(_, input)) = self;
        input
    }

    fn run(self) -> Result<Done> {
        match self {
            Self::Copy(job, input) => {
                let (source, (counts, damaged)) = (job.track.id, job.run(input)?);
                let damaged = damaged.map(|loss| (source, loss)).into_iter().collect();
                Ok(Done { counts, damaged, ..Done::default() })
            }
            Self::Video(job, input) => {
                let done = job.run(input)?;
                Ok(Done {
                    counts: done.counts,
                    decoder: done.decoder,
                    damaged: done.damaged.into_iter().collect(),
                })
            }
            Self::Sound(job, input) => {
                let (counts, damaged) = job.run(input)?;
                Ok(Done { counts, decoder: None, damaged })
            }
        }
    }
}

/// All results, or the failure that explains the others: they were only told to stop.
fn settle(results: Vec<Result<Done>>) -> Result<Vec<Done>> {
    let first = results.iter().filter_map(|result| result.as_ref().err());
    let cause =
        first.clone().find(|error| error.kind() != ErrorKind::Cancelled).or_else(|| first.clone().next());
    match cause {
        Some(error) => Err(error.clone()),
        None => results.into_iter().collect(),
    }
}

fn by_id(id: &str) -> reelwright_codec::EncoderSpecification {
    reelwright_codec::EncoderSpecification::with_id(id)
}

fn track_report(plan: &TrackPlan, output: Option<u32>, done: Done) -> TrackReport {
    let encoder = match &plan.fate {
        Fate::EncodeVideo(video) => Some(video.encoder.id.clone()),
        Fate::EncodeAudio(audio) => Some(audio.encoder.id.clone()),
        _ => None,
    };
    TrackReport {
        source: plan.source,
        output,
        media: plan.media,
        summary: plan.summary.clone(),
        fate: plan.fate.name(),
        reason: plan.reason.clone(),
        encoder,
        decoder: done.decoder,
        counts: done.counts,
        damaged: None,
    }
}
