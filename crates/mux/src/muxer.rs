use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use reelwright_bmff::BoxHeader;
use reelwright_media::{
    EditTimeline, Error, ErrorKind, FormatDescription, FourCc, MetadataItem, Payload, Piece, Result,
    SampleBuffer, Stage, Time, Timescale,
};

use crate::chapters;
use crate::index;
use crate::interleave::Interleaver;
use crate::media_run::MediaRun;
use crate::track::TrackState;
use crate::{
    Capabilities, IndexPlace, Interleave, MovieSettings, Op, Outcome, Presentation, Session, TrackSettings,
};

/// Turns samples into the operations that make a file of them. It does no I/O: the caller runs each [`Op`] and says
/// what became of it.
///
/// ```text
/// add_track... -> (push | finish_track | poll/outcome)... -> finish -> (poll/outcome)... until poll returns None
/// ```
#[derive(Debug)]
pub struct Muxer {
    settings: MovieSettings,
    capabilities: Capabilities,
    tracks: Vec<TrackState>,
    interleaver: Option<Interleaver>,
    session: Session,
    layout: Layout,
    media: MediaRun,
    media_len: u64,
    /// The track of the last sample in the file.
    last_track: Option<usize>,
    /// The track of chapters that was made for the settings.
    chapter_track: Option<usize>,
    ops: VecDeque<Op>,
    state: State,
}

/// How the file is being laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    /// Nothing has been emitted: what the media is made of is remembered, so that the index can be written first.
    HeldBack,
    /// `ftyp`, room for a 64-bit header, `mdat`, media; the index follows.
    Streaming {
        /// Length of `ftyp`.
        prefix: u64,
    },
}

#[derive(Clone, Debug)]
enum State {
    Open,
    /// The media is being moved to make room for an index of this base.
    Moving,
    Closed,
    Failed(Error),
}

/// `free` or `wide` followed by the header of `mdat`: together the room a 64-bit header needs.
const MEDIA_HEADER: u64 = 16;

/// What a finished file holds.
#[derive(Clone, Debug, PartialEq)]
pub struct MuxSummary {
    /// Length of the presentation.
    pub duration: Time,
    /// Bytes of all samples.
    pub media_bytes: u64,
    /// Where the index ended up: behind the media if the sink could not move it.
    pub index: IndexPlace,
    /// Each track that was added, in order.
    pub tracks: Vec<TrackSummary>,
    /// Its chapters.
    pub chapters: usize,
    /// Facts that the kind of file has no place for.
    pub dropped_metadata: Vec<MetadataItem>,
}

/// What a track of a finished file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackSummary {
    /// Its ID.
    pub id: u32,
    /// Samples; for LPCM, frames.
    pub samples: u64,
    /// Bytes of all samples.
    pub bytes: u64,
    /// Length of the media, before edits.
    pub duration: Time,
}

impl Muxer {
    /// A muxer for a sink that can do so much.
    pub fn new(settings: MovieSettings, capabilities: Capabilities) -> Self {
        let interleaver = match settings.interleave {
            Interleave::AsFed => None,
            Interleave::ByTime(chunk) => Some(Interleaver::new(chunk)),
        };
        let hold_back = settings.index == IndexPlace::First || !capabilities.seek;
        let layout = if hold_back { Layout::HeldBack } else { Layout::Streaming { prefix: 0 } };
        Self {
            settings,
            capabilities,
            tracks: Vec::new(),
            interleaver,
            session: Session::default(),
            layout,
            media: MediaRun::default(),
            media_len: 0,
            last_track: None,
            chapter_track: None,
            ops: VecDeque::new(),
            state: State::Open,
        }
    }

    /// Adds a track and returns the index by which samples name it. All tracks come before the first sample.
    ///
    /// # Errors
    ///
    /// Misuse for an ID of zero or one that is taken, or after the first sample; unsupported where the file type
    /// refuses one of the formats.
    pub fn add_track(&mut self, settings: TrackSettings) -> Result<usize> {
        self.open()?;
        let id = settings.track.id;
        if id == 0 || self.tracks.iter().any(|track| track.id() == id) {
            return Err(Error::misuse(format!("track ID {id} is zero or taken")).at_stage(Stage::Mux));
        }
        if self.last_track.is_some() {
            return Err(Error::misuse("a track can't be added after the first sample").at_track(id));
        }
        if let Some(interleaver) = &mut self.interleaver {
            let track = &settings.track;
            let shift = match settings.presentation {
                Presentation::Edits => {
                    let movie = self.settings.timescale.unwrap_or(track.timescale);
                    EditTimeline::of(track, movie).shift()
                }
                Presentation::Session => Time::ZERO,
            };
            interleaver.add_lane(shift, settings.sparse);
        }
        self.tracks.push(TrackState::new(settings, self.settings.file_type)?);
        Ok(self.tracks.len() - 1)
    }

    /// Has samples of a format described as `other`, which must differ from it in its sample entry alone: those stored and
    /// those to come. Without effect where the track has no such format.
    pub fn describe_as(&mut self, track: usize, format: &FormatDescription, other: Arc<FormatDescription>) {
        if let Some(track) = self.tracks.get_mut(track) {
            track.describe_as(format, other);
        }
    }

    /// The stretch of source time the file presents; counts when the file is finished.
    pub fn set_session(&mut self, session: Session) {
        self.session = session;
    }

    /// Takes a sample of the track with index `track`, in decoding order within the track.
    ///
    /// # Errors
    ///
    /// Misuse and limits leave the muxer as it was; they name track, sample and time.
    pub fn push(&mut self, track: usize, sample: SampleBuffer) -> Result<()> {
        self.open()?;
        if track >= self.tracks.len() {
            return Err(Error::misuse(format!("there is no track with index {track}")).at_stage(Stage::Mux));
        }
        match &mut self.interleaver {
            None => self.store(track, &sample),
            Some(interleaver) => {
                interleaver.push(track, sample);
                self.release(false)
            }
        }
    }

    /// Nothing more comes for this track: the others needn't wait for it.
    pub fn finish_track(&mut self, track: usize) -> Result<()> {
        self.open()?;
        if let Some(interleaver) = self.interleaver.as_mut().filter(|_| track < self.tracks.len()) {
            interleaver.finish(track);
            return self.release(false);
        }
        Ok(())
    }

    /// Memory held by samples that wait for other tracks, in bytes.
    pub fn held(&self) -> u64 {
        self.interleaver.as_ref().map_or(0, Interleaver::held)
    }

    /// The ID of the track the others wait for.
    pub fn waiting_for(&self) -> Option<u32> {
        let track = self.interleaver.as_ref()?.waiting_for()?;
        self.tracks.get(track).map(TrackState::id)
    }

    /// Stores everything that waits, in order of time, without waiting any longer.
    pub fn cut(&mut self) -> Result<()> {
        self.open()?;
        self.release(true)
    }

    /// Nothing more comes at all: the operations that complete the file follow.
    pub fn finish(&mut self) -> Result<()> {
        self.open()?;
        self.release(true)?;
        for track in &mut self.tracks {
            track.close()?;
        }
        self.add_chapters()?;
        self.state = State::Closed;
        self.close()
    }

    /// Adds the track of chapters behind all others, which are closed.
    fn add_chapters(&mut self) -> Result<()> {
        let movie = self.movie_timescale();
        let durations = index::durations(&self.tracks, movie, self.session);
        let end = durations.into_iter().max().map_or(0, |ticks| i64::try_from(ticks).unwrap_or(i64::MAX));
        chapters::end_at(&mut self.settings.chapters, Time::new(end, movie));
        if self.last_track.is_none() || chapters::are_listed(&self.tracks) {
            return Ok(());
        }
        let Some((settings, samples)) = chapters::track(&self.settings, &self.tracks) else {
            return Ok(());
        };
        self.settings.timescale = Some(movie);
        chapters::refer(&mut self.tracks, settings.track.id);
        let track = self.tracks.len();
        self.tracks.push(TrackState::new(settings, self.settings.file_type)?);
        self.chapter_track = Some(track);
        samples.iter().try_for_each(|sample| self.store(track, sample))?;
        self.tracks[track].close()
    }

    /// The next operation. Its outcome must be told before the next is asked for.
    pub fn poll(&mut self) -> Option<Op> {
        if matches!(self.state, State::Failed(_)) {
            return None;
        }
        self.ops.pop_front()
    }

    /// Says what became of the last operation.
    ///
    /// # Errors
    ///
    /// The failure it is told; from then on every call returns it.
    pub fn outcome(&mut self, outcome: Outcome) -> Result<()> {
        match (outcome, &self.state) {
            (Outcome::Done, State::Moving) => self.index_into_gap(),
            (Outcome::Unsupported, State::Moving) => self.index_behind(),
            (Outcome::Done, _) => Ok(()),
            (Outcome::Unsupported, _) => {
                let error = Error::unsupported("the output can't be written by position")
                    .with_hint("write to a file, or put the index first");
                self.fail(error.at_stage(Stage::Write))
            }
            (Outcome::Failed(error), _) => self.fail(error.at_stage(Stage::Write)),
        }
    }

    /// What the file holds, once it is finished.
    pub fn summary(&self) -> MuxSummary {
        let movie = self.movie_timescale();
        let duration = index::durations(&self.tracks, movie, self.session).into_iter().max().unwrap_or(0);
        let last = self.settings.index == IndexPlace::Last && self.layout != Layout::HeldBack;
        MuxSummary {
            duration: Time::new(i64::try_from(duration).unwrap_or(i64::MAX), movie),
            media_bytes: self.media_len,
            index: if last { IndexPlace::Last } else { IndexPlace::First },
            tracks: self.tracks[..self.chapter_track.unwrap_or(self.tracks.len())]
                .iter()
                .map(summarise)
                .collect(),
            chapters: self.settings.chapters.len(),
            dropped_metadata: index::dropped_metadata(&self.settings, &self.tracks),
        }
    }

    fn open(&self) -> Result<()> {
        match &self.state {
            State::Open => Ok(()),
            State::Failed(error) => Err(error.clone()),
            State::Moving | State::Closed => Err(Error::misuse("the file is already being finished")),
        }
    }

    fn fail(&mut self, error: Error) -> Result<()> {
        self.state = State::Failed(error.clone());
        self.ops.clear();
        Err(error)
    }

    fn release(&mut self, hurry: bool) -> Result<()> {
        while let Some((track, sample)) = self.interleaver.as_mut().and_then(|queue| queue.pop(hurry)) {
            self.store(track, &sample)?;
        }
        Ok(())
    }

    /// Puts a sample into the file.
    fn store(&mut self, track: usize, sample: &SampleBuffer) -> Result<()> {
        let continues = self.last_track == Some(track);
        self.tracks[track].push(sample, self.media_len, continues, self.settings.file_type)?;
        self.last_track = Some(track);
        self.media_len = self.media_len.saturating_add(sample.payload.len());
        self.media.push(&sample.payload);
        match self.layout {
            Layout::Streaming { .. } if self.media.is_full() => self.flush_media(),
            Layout::HeldBack if self.media.memory() > self.settings.memory => {
                return self.stop_holding_back();
            }
            _ => {}
        }
        Ok(())
    }

    fn flush_media(&mut self) {
        if self.layout == (Layout::Streaming { prefix: 0 }) {
            self.begin_streaming();
        }
        self.ops.extend(self.media.take().map(Op::Append));
    }

    fn begin_streaming(&mut self) {
        let mut head = index::file_type_box(&self.settings, &self.tracks);
        let padding = self.media.padding(head.len() as u64 + MEDIA_HEADER);
        head.extend_from_slice(&index::padding_box(padding));
        let prefix = head.len() as u64;
        head.extend_from_slice(&BoxHeader::encode(index::spare_kind(self.settings.file_type), 0));
        // Size zero reaches to the end of the file: true of everything but a finished file.
        head.extend_from_slice(&[0, 0, 0, 0]);
        head.extend_from_slice(&MDAT.0);
        self.layout = Layout::Streaming { prefix };
        self.ops.push_back(Op::Append(Payload::from(head)));
    }

    fn stop_holding_back(&mut self) -> Result<()> {
        if !self.capabilities.seek {
            let message = format!(
                "the output can't be written by position, and more than {} bytes of media would have to be held \
                 back until the index is known",
                self.settings.memory
            );
            return self.fail(
                Error::new(ErrorKind::Limit, message)
                    .with_hint("write to a file, allow more to be held back, or copy from a file instead of encoding")
                    .at_stage(Stage::Mux),
            );
        }
        self.begin_streaming();
        self.flush_media();
        Ok(())
    }

    fn close(&mut self) -> Result<()> {
        match self.layout {
            Layout::HeldBack => self.write_front_to_back(),
            Layout::Streaming { .. } => {
                self.flush_media();
                if self.settings.index == IndexPlace::First && self.capabilities.read_back {
                    return self.make_room();
                }
                self.index_behind()
            }
        }
    }

    /// The whole file in one go: index, header, media.
    fn write_front_to_back(&mut self) -> Result<()> {
        let head = index::file_type_box(&self.settings, &self.tracks);
        let header = BoxHeader::encode(MDAT, self.media_len);
        let fixed = (head.len() + header.len()) as u64;
        let padding = |index_len| self.media.padding(fixed + index_len);
        let index = self.index_for(|index_len| fixed + index_len + padding(index_len))?;
        let padding = index::padding_box(padding(index.len() as u64));
        let pieces = [head, index, padding, header].map(|bytes| Piece::Bytes(bytes.into()));
        self.ops.push_back(Op::Append(Payload::rope(pieces)));
        self.flush_media();
        self.end();
        Ok(())
    }

    fn prefix(&self) -> u64 {
        if let Layout::Streaming { prefix } = self.layout { prefix } else { 0 }
    }

    fn index_behind(&mut self) -> Result<()> {
        self.settings.index = IndexPlace::Last;
        self.state = State::Closed;
        let base = self.prefix() + MEDIA_HEADER;
        let index = self.index_for(|_| base)?;
        self.ops.push_back(Op::Append(Payload::from(index)));
        self.ops.push_back(self.media_header(self.prefix()));
        self.end();
        Ok(())
    }

    fn make_room(&mut self) -> Result<()> {
        let base = self.prefix() + MEDIA_HEADER;
        let room = self.index_for(|index_len| base + index_len)?.len() as u64;
        let from = self.prefix();
        self.ops.push_back(Op::MoveRange { from, to: from + room, len: MEDIA_HEADER + self.media_len });
        self.state = State::Moving;
        Ok(())
    }

    fn index_into_gap(&mut self) -> Result<()> {
        // The move may be one of several operations still to be told about; only the last of them matters.
        if !self.ops.is_empty() {
            return Ok(());
        }
        self.state = State::Closed;
        let prefix = self.prefix();
        let index = self.index_for(|index_len| prefix + MEDIA_HEADER + index_len)?;
        let moved = prefix + index.len() as u64;
        self.ops.push_back(Op::WriteAt { offset: prefix, payload: Payload::from(index) });
        self.ops.push_back(self.media_header(moved));
        self.end();
        Ok(())
    }

    /// The final header of the media data, whose room begins at `offset`.
    fn media_header(&self, offset: u64) -> Op {
        let header = BoxHeader::encode(MDAT, self.media_len);
        let offset = offset + MEDIA_HEADER - header.len() as u64;
        // A 64-bit size covers the spare box as well: it states 16 bytes of header, not 8 of it and 8 of a box.
        Op::WriteAt { offset, payload: Payload::from(Bytes::from(header)) }
    }

    fn end(&mut self) {
        if self.settings.sync {
            self.ops.push_back(Op::Sync);
        }
        self.ops.push_back(Op::Finish);
    }

    /// The index of a file whose media begins at the offset `base` gives for an index of a given length.
    fn index_for(&self, base: impl Fn(u64) -> u64) -> Result<Vec<u8>> {
        let movie = self.movie_timescale();
        let mut len = 0;
        // The length depends on the width of the offsets, these on the length: settled at the fourth try at the latest.
        for _ in 0..4 {
            let bytes = index::movie_box(&self.settings, &self.tracks, movie, self.session, base(len))?;
            if base(bytes.len() as u64) == base(len) {
                return Ok(bytes);
            }
            len = bytes.len() as u64;
        }
        Err(Error::new(ErrorKind::Bug, "the length of the index does not settle").at_stage(Stage::Mux))
    }

    fn movie_timescale(&self) -> Timescale {
        let largest = || self.tracks.iter().map(TrackState::timescale).max();
        self.settings.timescale.or_else(largest).unwrap_or(Timescale::or_one(600))
    }
}

const MDAT: FourCc = FourCc::new(b"mdat");

fn summarise(track: &TrackState) -> TrackSummary {
    let ticks = i64::try_from(track.duration()).unwrap_or(i64::MAX);
    TrackSummary {
        id: track.id(),
        samples: track.table.samples().into(),
        bytes: track.table.bytes(),
        duration: Time::new(ticks, track.timescale()),
    }
}
