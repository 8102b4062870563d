//! Writing a movie sample by sample: `AVAssetWriter`.

mod config;
mod encoding;
mod input;
mod queue;
mod thread;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, mpsc};

use reelwright_codec::{Converter, Registry};
use reelwright_media::{
    CancelToken, Chapter, Error, FormatDescription, MetadataItem, PixelFormat, Result, Stage, Time, Timescale,
};
use reelwright_mux::{FileType, IndexPlace, Interleave, MovieSettings, Muxer, TrackSettings, TrackSummary};
use reelwright_process::Workers;

use crate::parameter_sets::ParameterSets;
use crate::sink::{FileSink, Overwrite, Sink};
use config::{EncoderTrack, InputSource};
use encoding::{AudioLane, Encoding, VideoLane};
use input::{Lane, LaneState};
use queue::Queue;
use thread::{Finished, Worker};

pub use config::InputConfig;
pub use encoding::SoundGaps;
pub use input::{Input, InputData, TryAppend};
pub use queue::Readiness;

/// A file about to be written: settings and inputs. Made by [`AssetWriter::create`].
pub struct AssetWriterBuilder {
    target: Target,
    settings: MovieSettings,
    overwrite: Overwrite,
    registry: Registry,
    tracks: Vec<TrackSettings>,
    lanes: Vec<Arc<Lane>>,
    queue: Arc<Queue>,
}

enum Target {
    Path(PathBuf),
    Sink(Box<dyn Sink>),
}

/// Writes one file from the samples its inputs take. `AVAssetWriter`.
///
/// One thread of its own stores what is appended; inputs may be used from any thread. Dropped without
/// [`Self::finish`], it leaves nothing behind.
#[derive(Debug)]
pub struct AssetWriter {
    queue: Arc<Queue>,
    lanes: Vec<Arc<Lane>>,
    file_type: FileType,
    path: Option<PathBuf>,
    result: mpsc::Receiver<Result<Finished>>,
    finished: bool,
}

/// What was written.
#[derive(Clone, Debug, PartialEq)]
pub struct FinishReport {
    /// The file, where it has a name.
    pub path: Option<PathBuf>,
    /// Its length in bytes.
    pub bytes: u64,
    /// Length of the presentation.
    pub duration: Time,
    /// Where the index ended up.
    pub index: IndexPlace,
    /// What each track holds, in the order of the inputs.
    pub tracks: Vec<TrackSummary>,
    /// Facts that the kind of file has no place for.
    pub dropped_metadata: Vec<MetadataItem>,
    /// Encoded tracks whose sound had gaps or overlaps, and how much.
    pub sound_gaps: Vec<SoundGaps>,
    /// What readers of the file may stumble over, in plain sentences.
    pub warnings: Vec<String>,
}

/// Memory for samples on their way.
const BUDGET: u64 = 32 << 20;

impl AssetWriter {
    /// A file of this type that will be at `path`. Nothing is touched before [`AssetWriterBuilder::start`]. The
    /// extension of `path` doesn't matter.
    pub fn create(path: impl AsRef<Path>, file_type: FileType) -> AssetWriterBuilder {
        AssetWriterBuilder::new(Target::Path(path.as_ref().to_path_buf()), file_type)
    }

    /// A file of this type whose bytes go to `sink`.
    pub fn create_on(sink: impl Sink + 'static, file_type: FileType) -> AssetWriterBuilder {
        AssetWriterBuilder::new(Target::Sink(Box::new(sink)), file_type)
    }

    /// Opens the session: source time `start` becomes the movie's time zero. Once, before the first sample.
    /// `startSession(atSourceTime:)`.
    ///
    /// Samples before `start` are stored but not presented. Don't subtract it from their times as well.
    ///
    /// # Errors
    ///
    /// Misuse the second time; the writer's failure.
    pub fn start_session(&self, start: Time) -> Result<()> {
        self.queue.start_session(start)
    }

    /// Ends the session at source time `end`: what is later is stored but not presented. Nothing can be appended
    /// afterwards. Without it the session ends with the longest track. `endSession(atSourceTime:)`.
    ///
    /// # Errors
    ///
    /// Misuse without a session, the second time, or where `end` is before the start; the writer's failure.
    pub fn end_session(&self, end: Time) -> Result<()> {
        self.queue.end_session(end)
    }

    /// Finishes the inputs, completes the file and lets it appear under its name. Blocks until that is done.
    /// `finishWriting()`.
    ///
    /// # Errors
    ///
    /// The first failure of the writer; nothing is left behind then.
    pub fn finish(mut self) -> Result<FinishReport> {
        for lane in &self.lanes {
            // A failure here makes the writer fail; its own error comes out below.
            let _ = lane.finish(&self.queue);
        }
        self.finished = true;
        self.queue.finish();
        let outcome = self.result.recv().unwrap_or_else(|_| Err(thread::vanished()));
        let Finished { muxer, bytes, warnings } =
            outcome.map_err(|error| self.queue.error().unwrap_or(error))?;
        let summary = muxer.summary();
        Ok(FinishReport {
            path: self.path.take(),
            bytes,
            duration: summary.duration,
            index: summary.index,
            dropped_metadata: summary.dropped_metadata,
            tracks: summary.tracks,
            sound_gaps: self.lanes.iter().filter_map(|lane| lane.gaps()).collect(),
            warnings,
        })
    }

    /// Stops and removes what has been written; returns when that is done. Raises the writer's cancel token.
    /// `cancelWriting()`.
    pub fn cancel(self) {
        drop(self);
    }

    /// The failure that ended the writer, if one has.
    pub fn error(&self) -> Option<Error> {
        self.queue.error()
    }

    /// Where the file will be; `None` for other sinks.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// The kind of file.
    pub fn file_type(&self) -> FileType {
        self.file_type
    }
}

impl Drop for AssetWriter {
    fn drop(&mut self) {
        if !self.finished {
            self.queue.cancel();
            // The thread removes what it wrote before it ends.
            let _ = self.result.recv();
        }
    }
}

impl AssetWriterBuilder {
    fn new(target: Target, file_type: FileType) -> Self {
        Self {
            target,
            settings: MovieSettings::new(file_type),
            overwrite: Overwrite::Never,
            registry: crate::registry(),
            tracks: Vec::new(),
            lanes: Vec::new(),
            queue: Arc::new(Queue::new(BUDGET)),
        }
    }

    /// What happens to a file of that name. Default: it stays, and [`Self::start`] fails.
    #[must_use]
    pub fn overwrite(mut self, overwrite: Overwrite) -> Self {
        self.overwrite = overwrite;
        self
    }

    /// Where the index goes. Default last. `shouldOptimizeForNetworkUse`.
    #[must_use]
    pub fn index(mut self, place: IndexPlace) -> Self {
        self.settings.index = place;
        self
    }

    /// Whether the finished file must survive a power cut. Default false.
    #[must_use]
    pub fn sync(mut self, sync: bool) -> Self {
        self.settings.sync = sync;
        self
    }

    /// Ticks of the movie header. Default: the largest timescale of a track. `movieTimeScale`.
    #[must_use]
    pub fn movie_timescale(mut self, timescale: Timescale) -> Self {
        self.settings.timescale = Some(timescale);
        self
    }

    /// Facts about the movie.
    #[must_use]
    pub fn metadata(mut self, metadata: impl IntoIterator<Item = MetadataItem>) -> Self {
        self.settings.metadata = metadata.into_iter().collect();
        self
    }

    /// Its chapters, in order, on the movie's timeline. They become a track of text that the tracks of pictures and sound
    /// name as their list, and in MPEG-4 files also a list beside the metadata. Default none.
    #[must_use]
    pub fn chapters(mut self, chapters: impl IntoIterator<Item = Chapter>) -> Self {
        self.settings.chapters = chapters.into_iter().collect();
        self
    }

    /// When the movie was made, in seconds since 1904-01-01 UTC. Default 0, unknown: equal input makes equal files.
    #[must_use]
    pub fn creation_time(mut self, seconds: u64) -> Self {
        self.settings.creation_time = seconds;
        self
    }

    /// How long the stretches of one track are that alternate in the file. Default half a second.
    #[must_use]
    pub fn interleave(mut self, chunk: Time) -> Self {
        self.settings.interleave = Interleave::ByTime(chunk);
        self
    }

    /// The codecs inputs may use. Default all of this build ([`crate::registry`]); set it before adding an input that
    /// encodes.
    #[must_use]
    pub fn registry(mut self, registry: Registry) -> Self {
        self.registry = registry;
        self
    }

    /// Bytes of memory for samples on their way; then a track that runs ahead is stored without waiting for the
    /// others. Default 32 MiB.
    #[must_use]
    pub fn memory(self, bytes: u64) -> Self {
        self.queue.set_budget(bytes);
        self
    }

    /// The token that stops the writer; [`AssetWriter::cancel`] raises it too. Default one of its own.
    #[must_use]
    pub fn cancel_token(self, token: CancelToken) -> Self {
        self.queue.set_cancel_token(token);
        self
    }

    /// Adds a track. Tracks get the IDs 1, 2, ... in the order they are added.
    ///
    /// # Errors
    ///
    /// `Unsupported` where the file type can't hold the format; `NoCodec` where nothing in the registry encodes it.
    pub fn add_input(&mut self, config: InputConfig) -> Result<Input> {
        let index = self.lanes.len();
        let id = u32::try_from(index + 1).map_err(|_| Error::misuse("too many inputs"))?;
        let source = Source::open(&config, &self.registry).map_err(|error| error.at_track(id))?;
        for format in &source.formats {
            self.settings
                .file_type
                .accepts(format)
                .map_err(|error| error.at_track(id).at_stage(Stage::Plan))?;
        }
        let format =
            source.formats.first().cloned().ok_or_else(|| Error::misuse("a track needs a format"))?;
        let media = config.media_type();
        let settings = config.into_track(id, self.settings.file_type, source.formats, source.track);
        let lane = Arc::new(Lane {
            id,
            index,
            media,
            format,
            timescale: settings.track.timescale,
            pixel_format: source.pixel_format,
            state: Mutex::new(LaneState::new(source.encoding)),
        });
        self.tracks.push(settings);
        self.lanes.push(lane.clone());
        Ok(Input::new(lane, self.queue.clone()))
    }

    /// Creates the file, under no name yet, and starts the writer's thread. `startWriting()`.
    ///
    /// # Errors
    ///
    /// Misuse without an input; `Exists` where there is a file and it may not be replaced; `Io` where the folder can't be
    /// written.
    pub fn start(self) -> Result<AssetWriter> {
        if self.lanes.is_empty() {
            return Err(Error::misuse("a writer without inputs has nothing to write")
                .with_hint("call add_input first"));
        }
        let file_type = self.settings.file_type;
        let (sink, path): (Box<dyn Sink>, _) = match self.target {
            Target::Path(path) => {
                let sink = FileSink::create(&path, self.overwrite)?.durable(self.settings.sync);
                (Box::new(sink), Some(path))
            }
            Target::Sink(sink) => (sink, None),
        };
        let mut muxer = Muxer::new(self.settings, sink.capabilities());
        let mut sets = ParameterSets::default();
        for (index, track) in self.tracks.into_iter().enumerate() {
            sets.add(index, track.track.id, &track.track.formats);
            muxer.add_track(track)?;
        }
        let (cancel, budget) = (self.queue.cancel_token(), self.queue.budget());
        let worker = Worker { muxer, sink, queue: self.queue.clone(), cancel, budget, sets };
        Ok(AssetWriter {
            result: worker.spawn()?,
            queue: self.queue,
            lanes: self.lanes,
            file_type,
            path,
            finished: false,
        })
    }
}

/// An input's source, opened.
struct Source {
    formats: Vec<Arc<FormatDescription>>,
    encoding: Option<Encoding>,
    track: Option<EncoderTrack>,
    pixel_format: Option<PixelFormat>,
}

impl Source {
    fn open(config: &InputConfig, registry: &Registry) -> Result<Self> {
        Ok(match &config.source {
            InputSource::Copy(formats) => {
                Self { formats: formats.clone(), encoding: None, track: None, pixel_format: None }
            }
            InputSource::Video(settings, specification) => {
                // Two pictures within a tick of the track are refused, not brought together in it.
                let timescale = config.timescale.unwrap_or(settings.timescale);
                let settings = (**settings).clone().timescale(timescale);
                let (_, encoder) = registry.video_encoder(&settings, specification)?;
                let format = encoder.input_format();
                let converter = Converter::new(format, &settings);
                Self {
                    formats: vec![encoder.format().clone()],
                    pixel_format: Some(format),
                    track: Some(EncoderTrack { timescale, roll_distance: None }),
                    encoding: Some(Encoding::Video(VideoLane {
                        encoder,
                        converter,
                        workers: Workers::available(),
                        timescale,
                        last: None,
                    })),
                }
            }
            InputSource::Audio(settings, specification) => {
                let (_, encoder) = registry.audio_encoder(settings, specification)?;
                let track = EncoderTrack::of_audio(encoder.format(), encoder.priming());
                if config.timescale.is_some_and(|timescale| timescale != track.timescale) {
                    return Err(Error::misuse(format!(
                        "the ticks of this track are its frames, {} a second",
                        track.timescale
                    ))
                    .with_hint("set no timescale for sound that is encoded"));
                }
                Self {
                    formats: vec![encoder.format().clone()],
                    pixel_format: None,
                    track: Some(track),
                    encoding: Some(Encoding::Audio(Box::new(AudioLane::new(
                        encoder,
                        settings,
                        config.join_within,
                    )))),
                }
            }
        })
    }
}
