//! Copying a whole input into a new file: every track that fits, sample by sample, nothing decoded.

use std::path::Path;
use std::sync::Arc;

use reelwright_formats::{Demuxer, SampleCursor};
use reelwright_media::{
    BoxFamily, CancelToken, EditTimeline, Error, ErrorKind, MetadataItem, Missing, Movie, Piece, Result,
    SampleBuffer, Stage, Time, Track,
};
use reelwright_mux::{
    Chunks, FileType, IndexPlace, Interleave, MovieSettings, Muxer, TrackSettings, TrackSummary,
};

use crate::MetadataPolicy;
use crate::cut_short::{COPY_AGAIN, counted_in_frames, nothing_present, present_part};
use crate::operations::run_ready;
use crate::parameter_sets::ParameterSets;
use crate::references;
use crate::sink::{FileSink, Overwrite, Sink};
use crate::subtitles;
use crate::whole::WholeFrames;
use crate::{Asset, Loss, Reason, verdict};

/// How to copy. Constructed by [`Remux::new`], then changed field by field.
#[derive(Clone, Debug)]
pub struct Remux {
    /// The kind of file to make.
    pub file_type: FileType,
    /// Where its index goes. Default last.
    pub index: IndexPlace,
    /// What happens to a file of that name. Default: it stays, and the copy fails.
    pub overwrite: Overwrite,
    /// Whether the finished file must survive a power cut. Default false: a copy can be made again.
    pub sync: bool,
    /// IDs of the tracks to copy; `None`, the default, for all that fit.
    pub tracks: Option<Vec<u32>>,
    /// What the copy says about itself. Default: what the input says.
    pub metadata: MetadataPolicy,
    /// Stops the copy when raised; nothing is left behind then.
    pub cancel: CancelToken,
    /// Hears how far the copy is. Default: nobody does.
    pub watch: CopyWatch,
}

/// Hears how far a copy is, on the thread that copies: several times for every second of the presentation.
#[derive(Clone, Default)]
pub struct CopyWatch(Option<Arc<dyn Fn(CopyStep) + Send + Sync>>);

impl CopyWatch {
    /// Calls `hear` with every step.
    pub fn new(hear: impl Fn(CopyStep) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(hear)))
    }
}

impl std::fmt::Debug for CopyWatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CopyWatch({})", if self.0.is_some() { "somebody" } else { "nobody" })
    }
}

/// A stretch of one track that was copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CopyStep {
    /// The track's ID.
    pub track: u32,
    /// Its samples.
    pub samples: u64,
    /// Their bytes.
    pub bytes: u64,
    /// When the last of them is decoded, on the presentation's timeline.
    pub time: Time,
}

/// What a copy made.
#[derive(Clone, Debug, PartialEq)]
pub struct RemuxReport {
    /// Bytes of the new file.
    pub bytes: u64,
    /// Length of the presentation.
    pub duration: Time,
    /// Where the index ended up.
    pub index: IndexPlace,
    /// What became of each track of the input, in its order.
    pub tracks: Vec<RemuxedTrack>,
    /// Facts that the kind of file has no place for.
    pub dropped_metadata: Vec<MetadataItem>,
    /// What was wrong with the input and could be mended, in plain sentences.
    pub warnings: Vec<String>,
}

/// What became of a track.
#[derive(Clone, Debug, PartialEq)]
pub struct RemuxedTrack {
    /// Its ID, the same in input and output.
    pub id: u32,
    /// What it carries.
    pub media: reelwright_media::MediaType,
    /// What was copied, or why nothing was.
    pub outcome: TrackOutcome,
    /// What the input lists of it but doesn't hold: the copy goes without.
    pub missing: Option<Missing>,
    /// What of it couldn't be copied as it is.
    pub damaged: Option<Loss>,
}

/// Whether a track was copied.
#[derive(Clone, Debug, PartialEq)]
pub enum TrackOutcome {
    /// It was, so much of it.
    Copied(TrackSummary),
    /// It was left out, for this reason.
    Dropped(Reason),
}

impl Remux {
    /// A copy into a file of this type, of every track that fits.
    pub fn new(file_type: FileType) -> Self {
        Self {
            file_type,
            index: IndexPlace::Last,
            overwrite: Overwrite::Never,
            sync: false,
            tracks: None,
            metadata: MetadataPolicy::CarryOver,
            cancel: CancelToken::new(),
            watch: CopyWatch::default(),
        }
    }

    /// Copies `source` into a new file at `path`.
    ///
    /// # Errors
    ///
    /// `Exists` before anything is read; `Unsupported` where no track fits; whatever reading and writing fail with.
    /// Nothing is left at `path` then, and a file that stood there is as it was.
    pub fn to_path(&self, source: &Asset, path: impl AsRef<Path>) -> Result<RemuxReport> {
        let mut sink = FileSink::create(path, self.overwrite)?.durable(self.sync);
        self.to_sink(source, &mut sink)
    }

    /// Copies `source` into a sink.
    ///
    /// # Errors
    ///
    /// As [`Self::to_path`].
    pub fn to_sink(&self, source: &Asset, sink: &mut dyn Sink) -> Result<RemuxReport> {
        crate::trace::stage!("copy", file_type = self.file_type.name());
        let asset = subtitles::of_asset(source);
        let source = asset.demuxer().as_ref();
        let movie = source.movie();
        let mut muxer = Muxer::new(self.settings(movie), sink.capabilities());
        let judged =
            |track| (track, self.verdict(track).or_else(|| nothing_present(source.missing(track.id))));
        let verdicts: Vec<_> = movie.tracks.iter().map(judged).collect();
        let kept = verdicts.iter().filter(|(_, verdict)| verdict.is_none());
        let kept: Vec<_> = kept.map(|(track, _)| track.id).collect();
        let stand_ins = verdict::stand_ins(movie, &kept);
        let (mut lanes, mut sets) = (Vec::new(), ParameterSets::default());
        for (track, _) in verdicts.iter().filter(|(_, verdict)| verdict.is_none()) {
            let held = counted_in_frames(present_part(movie, track, source.missing(track.id)));
            let mut held = self.metadata.of_track(held);
            held.enabled |= stand_ins.contains(&track.id);
            held.references = references::carried(movie, track, |id| kept.contains(&id).then_some(id));
            sets.add(lanes.len(), track.id, &track.formats);
            muxer.add_track(settings_for(held, self.file_type))?;
            lanes.push(Lane::open(source, movie, track)?);
        }
        if lanes.is_empty() {
            let error = nothing_to_copy(&verdicts, self.file_type);
            let lacks = |track: &Track| nothing_present(source.missing(track.id)).is_some();
            if !movie.tracks.iter().any(lacks) {
                return Err(error);
            }
            return Err(Error::truncated(error.message()).at_stage(Stage::Plan).with_hint(COPY_AGAIN));
        }
        self.copy(&mut lanes, &mut muxer, &mut sets, sink)?;
        let mut warnings = sets.settle(&mut muxer);
        muxer.finish()?;
        run_ready(&mut muxer, sink, &self.cancel)?;
        let summary = muxer.summary();
        let mut copied = summary.tracks.into_iter();
        let tracks = verdicts.into_iter().filter_map(|(track, verdict)| {
            let outcome = match verdict {
                Some(reason) => TrackOutcome::Dropped(reason),
                None => TrackOutcome::Copied(copied.next()?),
            };
            let lane = lanes.iter().find(|lane| lane.track == track.id);
            Some(RemuxedTrack {
                damaged: lane.and_then(|lane| lane.whole.loss(lane.shift)),
                id: track.id,
                media: track.media,
                outcome,
                missing: source.missing(track.id),
            })
        });
        let warning = |lane: &Lane| {
            let (track, count) = (lane.track, lane.backwards);
            (count > 0)
                .then(|| format!("track {track}: decoding time ran backwards {count} times and was held"))
        };
        warnings.extend(lanes.iter().filter_map(warning));
        Ok(RemuxReport {
            tracks: tracks.collect(),
            warnings,
            bytes: sink.len(),
            duration: summary.duration,
            index: summary.index,
            dropped_metadata: summary.dropped_metadata,
        })
    }

    /// Why a track can't be copied, or `None` if it can.
    fn verdict(&self, track: &Track) -> Option<Reason> {
        if self.tracks.as_ref().is_some_and(|wanted| !wanted.contains(&track.id)) {
            return Some(Reason::NotAsked);
        }
        verdict::uncopiable(track, self.file_type)
    }

    fn settings(&self, movie: &Movie) -> MovieSettings {
        MovieSettings {
            // Edits are counted in it.
            timescale: Some(movie.timescale),
            index: self.index,
            interleave: Interleave::AsFed,
            metadata: self.metadata.of_movie(movie.metadata.iter().cloned()),
            creation_time: if self.metadata.replaces() { 0 } else { movie.creation_time },
            chapters: movie.chapters.clone(),
            matrix: movie.matrix,
            foreign: self.metadata.of_boxes(&movie.foreign),
            sync: self.sync,
            ..MovieSettings::new(self.file_type)
        }
    }

    fn copy(
        &self,
        lanes: &mut [Lane],
        muxer: &mut Muxer,
        sets: &mut ParameterSets,
        sink: &mut dyn Sink,
    ) -> Result<()> {
        let mut copied = 0u64;
        while let Some(index) = next_lane(lanes) {
            self.cancel.check()?;
            let lane = &mut lanes[index];
            let mut step = CopyStep { track: lane.track, samples: 0, bytes: 0, time: lane.time };
            // A lane keeps its turn while its samples stand one behind the other in the input.
            loop {
                let Some(sample) = lane.head.take() else { break };
                copied = copied.saturating_add(sample.payload.len());
                check_growth(copied, &sample)?;
                step.samples += 1;
                step.bytes = step.bytes.saturating_add(sample.payload.len());
                step.time = lane.time;
                let end = sample.payload.source_offset().map(|offset| offset + sample.payload.len());
                sets.look(index, &sample);
                muxer.push(index, sample)?;
                lane.advance()?;
                // What is in memory has no place to be next to: it goes by time alone.
                let follows = lane.offset == end;
                if !follows || lane.time >= lane.turn_ends {
                    break;
                }
            }
            run_ready(muxer, sink, &self.cancel)?;
            if let Some(hear) = &self.watch.0 {
                hear(step);
            }
        }
        Ok(())
    }
}

/// An index can place any number of samples over each other; a copy so many times larger than its input is refused.
const MOST_GROWTH: u64 = 16;

fn check_growth(copied: u64, sample: &SampleBuffer) -> Result<()> {
    let length = match sample.payload.pieces().first() {
        Some(Piece::Range { source, .. }) => source.len(),
        _ => return Ok(()),
    };
    if copied <= length.saturating_mul(MOST_GROWTH).saturating_add(1 << 20) {
        return Ok(());
    }
    let message = format!("the samples lie over each other: {copied} bytes of them in an input of {length}");
    Err(Error::new(ErrorKind::Limit, message)
        .at_stage(Stage::Read)
        .at_time(sample.pts)
        .with_hint("the index is damaged: copy the file again from where it came from"))
}

/// How far a track may run ahead of the others to keep the order of the input.
const WINDOW: Time = Time::from_millis(1000);

/// A track being read.
struct Lane {
    track: u32,
    cursor: Box<dyn SampleCursor>,
    head: Option<SampleBuffer>,
    /// Comes behind the head.
    waiting: Option<SampleBuffer>,
    whole: WholeFrames,
    /// Where the head lies in the input.
    offset: Option<u64>,
    /// When the head is decoded, on the movie's timeline.
    time: Time,
    shift: Time,
    /// Until when this lane may go on before the others are looked at again.
    turn_ends: Time,
    /// When the last sample was decoded.
    last_dts: Option<Time>,
    /// Samples the input decodes before those that stand in front of them.
    backwards: u64,
}

impl Lane {
    fn open(source: &dyn Demuxer, movie: &Movie, track: &Track) -> Result<Self> {
        let shift = EditTimeline::of(track, movie.timescale).shift();
        let mut lane = Self {
            track: track.id,
            cursor: source.cursor(track.id)?,
            head: None,
            waiting: None,
            whole: WholeFrames::default(),
            offset: None,
            time: Time::ZERO,
            shift,
            turn_ends: Time::ZERO,
            last_dts: None,
            backwards: 0,
        };
        lane.advance()?;
        Ok(lane)
    }

    /// The next sample that can be copied.
    fn read(&mut self) -> Result<Option<SampleBuffer>> {
        while let Some(sample) = self.cursor.next_sample()? {
            if let Some(whole) = self.whole.take(sample) {
                return Ok(Some(whole));
            }
        }
        Ok(None)
    }

    fn advance(&mut self) -> Result<()> {
        self.head = match self.waiting.take() {
            Some(sample) => Some(sample),
            None => {
                let sample = self.read()?;
                let pause = sample.as_ref().and_then(|sample| self.whole.pause_before(sample));
                match pause {
                    Some(pause) => {
                        self.waiting = sample;
                        Some(pause)
                    }
                    None => sample,
                }
            }
        };
        if let Some(sample) = &mut self.head {
            // Overlapping fragments go back in time, which tables can't say; what is shown when stays as it was.
            if let Some(last) = self.last_dts.filter(|&last| sample.dts < last) {
                sample.dts = last;
                self.backwards += 1;
            }
            self.last_dts = Some(sample.dts);
            self.offset = sample.payload.source_offset();
            self.time = sample.dts.saturating_add(self.shift);
        } else {
            self.offset = None;
        }
        Ok(())
    }
}

/// The lane whose head comes first in the input, among those not too far ahead of the last one.
fn next_lane(lanes: &mut [Lane]) -> Option<usize> {
    let last = lanes.iter().filter(|lane| lane.head.is_some()).map(|lane| lane.time).min()?;
    let limit = last.saturating_add(WINDOW);
    let near = lanes.iter().enumerate().filter(|(_, lane)| lane.head.is_some() && lane.time <= limit);
    let (index, _) = near.min_by_key(|(index, lane)| (lane.offset, lane.time, *index))?;
    lanes[index].turn_ends = limit;
    Some(index)
}

fn settings_for(mut track: Track, file_type: FileType) -> TrackSettings {
    if track.header_flags == 0 {
        track.header_flags = if file_type.family() == BoxFamily::QuickTime { 0xE } else { 0x2 };
    }
    TrackSettings { chunks: Chunks::AsFed, ..TrackSettings::copy(track) }
}

fn nothing_to_copy(verdicts: &[(&Track, Option<Reason>)], file_type: FileType) -> Error {
    let dropped = verdicts.iter().filter_map(|(track, verdict)| Some((*track, verdict.as_ref()?)));
    let reasons = verdict::why_none(dropped);
    Error::new(ErrorKind::Unsupported, format!("nothing can be copied into {}: {reasons}", file_type.name()))
        .at_stage(Stage::Plan)
}
