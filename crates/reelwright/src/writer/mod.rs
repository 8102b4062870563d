//! Writing a movie sample by sample: `AVAssetWriter`.

mod associate;
mod config;
mod encoding;
mod handle;
mod input;
mod queue;
mod source;
mod thread;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use reelwright_codec::Registry;
use reelwright_media::{
    CancelToken, Chapter, Error, MetadataItem, Result, RisingTimes, Stage, Time, Timescale, TrackReference,
};
use reelwright_mux::{FileType, IndexPlace, Interleave, MovieSettings, Muxer, TrackSettings, TrackSummary};

use crate::parameter_sets::ParameterSets;
use crate::sink::{FileSink, Overwrite, Sink};
use associate::WriterId;
use input::{Lane, LaneState};
use queue::Queue;
use source::Source;
use thread::Worker;

pub use associate::{Association, InputId};
pub use config::{InputConfig, InputSource};
pub use encoding::SoundGaps;
pub use handle::{AssetWriter, WriterHandle};
pub use input::{Input, InputData, TryAppend};
pub use queue::{Readiness, WriterStatus};

/// A file about to be written: settings and inputs. Made by [`AssetWriter::create`].
pub struct AssetWriterBuilder {
    target: Target,
    settings: MovieSettings,
    overwrite: Overwrite,
    registry: Registry,
    tracks: Vec<TrackSettings>,
    lanes: Vec<Arc<Lane>>,
    queue: Arc<Queue>,
    id: WriterId,
}

enum Target {
    Path(PathBuf),
    Sink(Box<dyn Sink>),
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
            id: WriterId::new(),
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

    /// Bytes of media that may be held back in memory for an output that can't be written by position (a pipe,
    /// [`WriterSink`](crate::WriterSink)), or for an index that comes first; media copied from a file isn't counted. Default
    /// 8 MiB. Beyond it a pipe's writer fails with [`reelwright_media::ErrorKind::Limit`], a file is rearranged at its end.
    #[must_use]
    pub fn hold_back(mut self, bytes: u64) -> Self {
        self.settings.memory = bytes;
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
        let keeps_times = config.keeps_times();
        let settings = config.into_track(id, self.settings.file_type, source.formats, source.track);
        let timescale = settings.track.timescale;
        let times = match keeps_times {
            true => RisingTimes::never_falling(timescale),
            false => RisingTimes::new(timescale),
        };
        let lane = Arc::new(Lane {
            id,
            index,
            media,
            format,
            pixel_format: source.pixel_format,
            state: Mutex::new(LaneState::new(source.encoding, times)),
        });
        self.tracks.push(settings);
        self.lanes.push(lane.clone());
        Ok(Input::new(lane, self.queue.clone(), InputId { writer: self.id, index }))
    }

    /// Says what the track of one input is to that of another: `associate(&pictures, Association::Chapters, &text)`.
    /// `addTrackAssociation(withTrackOf:type:)`.
    ///
    /// # Errors
    ///
    /// Misuse for inputs of another writer, for an input and itself, and for tracks of kinds that can't be so to each
    /// other.
    pub fn associate(
        &mut self,
        from: impl Into<InputId>,
        association: Association,
        to: impl Into<InputId>,
    ) -> Result<()> {
        let (from, to) = (self.index_of(from.into())?, self.index_of(to.into())?);
        if from == to {
            return Err(
                Error::misuse("a track can't be associated with itself").at_track(self.lanes[from].id)
            );
        }
        let located = |error: Error| error.at_track(self.lanes[from].id);
        association.check(self.lanes[from].media, self.lanes[to].media).map_err(located)?;
        let (kind, id) = (association.kind(), self.lanes[to].id);
        let references = &mut self.tracks[from].track.references;
        match references.iter_mut().find(|reference| reference.kind == kind) {
            Some(reference) if reference.tracks.contains(&id) => {}
            Some(reference) => reference.tracks.push(id),
            None => references.push(TrackReference { kind, tracks: vec![id] }),
        }
        Ok(())
    }

    fn index_of(&self, input: InputId) -> Result<usize> {
        let known = input.writer == self.id && input.index < self.lanes.len();
        known.then_some(input.index).ok_or_else(|| {
            Error::misuse("the input is one of another writer")
                .with_hint("associate inputs of the same writer")
        })
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
        let (queue, lanes) = (self.queue.clone(), self.lanes);
        Worker { muxer, sink, queue, lanes, path: path.clone(), cancel, budget, sets }.spawn()?;
        Ok(AssetWriter { queue: self.queue, file_type, path, finished: false })
    }
}

impl std::fmt::Debug for AssetWriterBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AssetWriterBuilder")
            .field("path", &if let Target::Path(path) = &self.target { Some(path) } else { None })
            .field("settings", &self.settings)
            .field("overwrite", &self.overwrite)
            .field("inputs", &self.lanes)
            .finish_non_exhaustive()
    }
}
