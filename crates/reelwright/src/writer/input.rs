use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use reelwright_codec::FrameOptions;
use reelwright_media::{
    AudioBuffer, Error, ErrorKind, FormatDescription, MediaType, PixelFormat, Result, RisingTimes,
    SampleBuffer, Stage, VideoFrame,
};

use super::InputId;
use super::encoding::{Encoding, Failure, SoundGaps};
use super::queue::{Queue, Readiness};

/// One track of a file being written. `AVAssetWriterInput` while writing.
///
/// It can be moved to another thread; dropping it finishes the track. Dropped by a thread that panics, it makes the writer
/// fail instead ([`ErrorKind::Abandoned`]): nobody knows what would have come.
#[derive(Debug)]
pub struct Input {
    lane: Arc<Lane>,
    queue: Arc<Queue>,
    id: InputId,
}

/// What is appended to an [`Input`].
#[derive(Clone, Debug)]
pub enum InputData {
    /// A sample to be stored as it is.
    Sample(SampleBuffer),
    /// A picture to be encoded.
    Frame(VideoFrame, FrameOptions),
    /// PCM to be encoded.
    Audio(AudioBuffer),
}

impl From<SampleBuffer> for InputData {
    fn from(sample: SampleBuffer) -> Self {
        Self::Sample(sample)
    }
}

impl From<VideoFrame> for InputData {
    fn from(frame: VideoFrame) -> Self {
        Self::Frame(frame, FrameOptions::default())
    }
}

impl From<(VideoFrame, FrameOptions)> for InputData {
    fn from((frame, options): (VideoFrame, FrameOptions)) -> Self {
        Self::Frame(frame, options)
    }
}

impl From<AudioBuffer> for InputData {
    fn from(audio: AudioBuffer) -> Self {
        Self::Audio(audio)
    }
}

/// What became of [`Input::try_append`].
#[derive(Debug)]
pub enum TryAppend {
    /// It was taken.
    Taken,
    /// There was no room; here it is again.
    Full {
        /// What was to be appended.
        data: Box<InputData>,
        /// The ID of the track the others wait for, if it isn't the disk they wait for.
        waiting_for: Option<u32>,
    },
}

impl Input {
    pub(super) fn new(lane: Arc<Lane>, queue: Arc<Queue>, id: InputId) -> Self {
        Self { lane, queue, id }
    }

    /// What other inputs' tracks refer to this one's by ([`super::AssetWriterBuilder::associate`]); it may outlive the
    /// input.
    pub fn id(&self) -> InputId {
        self.id
    }

    /// The ID of the track.
    pub fn track_id(&self) -> u32 {
        self.lane.id
    }

    /// The kind of track.
    pub fn media_type(&self) -> MediaType {
        self.lane.media
    }

    /// What the samples are, or are encoded to.
    pub fn format(&self) -> &Arc<FormatDescription> {
        &self.lane.format
    }

    /// The layout of pictures that needn't be converted; `None` where none are taken.
    pub fn pixel_format(&self) -> Option<PixelFormat> {
        self.lane.pixel_format
    }

    /// Whether there is room. `isReadyForMoreMediaData`.
    pub fn readiness(&self) -> Readiness {
        self.queue.readiness()
    }

    /// Bytes of the samples that were appended or have come out of the encoder so far.
    pub fn bytes(&self) -> u64 {
        self.lane.lock().bytes
    }

    /// Appends, waiting for room where there is none.
    ///
    /// # Errors
    ///
    /// Misuse changes nothing: no session, samples for an input that encodes, a time before the last. Nor does a picture or
    /// sound that can't be converted to what is encoded (`Unsupported` at [`Stage::Process`]). Everything else is the failure
    /// of the writer, possibly of something appended before.
    ///
    /// [`Stage::Process`]: reelwright_media::Stage::Process
    pub fn append(&mut self, data: impl Into<InputData>) -> Result<()> {
        let mut rest = Some(data.into());
        while let Some(data) = rest {
            self.queue.wait_for_room()?;
            rest = self.lane.take(data, &self.queue)?;
        }
        Ok(())
    }

    /// Appends if there is room, without waiting. Where there is no room for all of the silence before a piece of sound,
    /// the sound comes back, and goes on from there when it is appended again.
    ///
    /// # Errors
    ///
    /// As [`Self::append`].
    pub fn try_append(&mut self, data: impl Into<InputData>) -> Result<TryAppend> {
        self.queue.check_session()?;
        let mut rest = Some(data.into());
        while let Some(data) = rest {
            match self.queue.readiness() {
                Readiness::Full { waiting_for } => {
                    return Ok(TryAppend::Full { data: Box::new(data), waiting_for });
                }
                Readiness::Failed(error) => return Err(error),
                Readiness::Ready => rest = self.lane.take(data, &self.queue)?,
            }
        }
        Ok(TryAppend::Taken)
    }

    /// Appends once there is room. Needs no particular executor; dropped before it is ready, it has appended nothing but
    /// silence.
    ///
    /// # Errors
    ///
    /// As [`Self::append`].
    pub async fn append_async(&mut self, data: impl Into<InputData>) -> Result<()> {
        let mut rest = Some(data.into());
        while let Some(data) = rest {
            poll_fn(|context| self.queue.poll_room(context.waker())).await?;
            rest = self.lane.take(data, &self.queue)?;
        }
        Ok(())
    }

    /// Nothing more comes: what an encoder still holds is stored, the other inputs stop waiting. `markAsFinished()`.
    ///
    /// # Errors
    ///
    /// The failure of the encoder or the writer.
    pub fn finish(self) -> Result<()> {
        self.lane.finish(&self.queue)
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.lane.abandon(&self.queue);
            return;
        }
        // The failure is kept by the writer and comes out of its `finish`.
        let _ = self.lane.finish(&self.queue);
    }
}

/// What an input and its writer both hold.
pub(super) struct Lane {
    pub(super) id: u32,
    pub(super) index: usize,
    pub(super) media: MediaType,
    pub(super) format: Arc<FormatDescription>,
    pub(super) pixel_format: Option<PixelFormat>,
    pub(super) state: Mutex<LaneState>,
}

/// Where an input stands.
pub(super) struct LaneState {
    pub(super) encoding: Option<Encoding>,
    /// Decode times of samples that are stored as they are.
    times: RisingTimes,
    bytes: u64,
    finished: bool,
    gaps: Option<SoundGaps>,
}

impl LaneState {
    /// Of an input whose samples' decode times follow the rule `times`.
    pub(super) fn new(encoding: Option<Encoding>, times: RisingTimes) -> Self {
        Self { encoding, times, bytes: 0, finished: false, gaps: None }
    }
}

impl Lane {
    /// Takes what is appended, room or not; what is left is to be given again once there is room.
    fn take(&self, data: InputData, queue: &Queue) -> Result<Option<InputData>> {
        let mut state = self.intact(queue)?;
        if state.finished {
            return Err(Error::misuse("the input has been finished").at_track(self.id));
        }
        let LaneState { encoding, times, bytes, .. } = &mut *state;
        let mut out = |sample: SampleBuffer| {
            *bytes = bytes.saturating_add(sample.payload.len());
            queue.push(self.index, sample)
        };
        let taken = match (data, encoding) {
            (InputData::Sample(sample), None) => {
                times.take(sample.dts).and_then(|_| out(sample).map(|()| None)).map_err(Failure::from)
            }
            (InputData::Frame(frame, options), Some(Encoding::Video(lane))) => {
                lane.encode(frame, options, &mut out).map(|()| None)
            }
            (InputData::Audio(audio), Some(Encoding::Audio(lane))) => {
                lane.encode(audio, &mut out).map(|rest| rest.map(InputData::Audio))
            }
            (data, encoding) => Err(wrong_kind(&data, encoding.as_ref()).into()),
        };
        taken.map_err(|failure| match failure {
            Failure::Refused(error) => error.at_track(self.id),
            Failure::Lost(error) => {
                let error = error.at_track(self.id);
                queue.fail(error.clone());
                error
            }
        })
    }

    /// Stores what the encoder still holds and tells the others not to wait; once.
    pub(super) fn finish(&self, queue: &Queue) -> Result<()> {
        let mut state = self.intact(queue)?;
        if std::mem::replace(&mut state.finished, true) {
            return Ok(());
        }
        let drained = match state.encoding.take() {
            Some(mut encoding) if queue.is_open() => {
                let finished = encoding.finish(&mut |sample| queue.push_unchecked(self.index, sample));
                state.gaps = encoding.gaps(self.id);
                finished
            }
            _ => Ok(()),
        };
        queue.finish_track(self.index);
        drained.map_err(|error| {
            let error = error.at_track(self.id);
            queue.fail(error.clone());
            error
        })
    }

    /// What its sound lacked, once it is finished.
    pub(super) fn gaps(&self) -> Option<SoundGaps> {
        self.lock().gaps
    }

    /// Ends it in the midst of things: the writer has failed, unless all had been appended before.
    fn abandon(&self, queue: &Queue) {
        let Ok(mut state) = self.intact(queue) else { return };
        if !std::mem::replace(&mut state.finished, true) {
            state.encoding = None;
            let error = Error::new(ErrorKind::Abandoned, "a thread panicked before its input was finished");
            queue.fail(error.at_track(self.id));
        }
    }

    /// The state, unless a panic left it halfway through a change: then the writer has failed.
    fn intact(&self, queue: &Queue) -> Result<MutexGuard<'_, LaneState>> {
        self.state.lock().map_err(|_| {
            let error = Error::new(ErrorKind::Bug, "an encoder panicked").at_stage(Stage::Encode);
            let error = error.at_track(self.id);
            queue.fail(error.clone());
            error
        })
    }

    /// The state, to look at.
    fn lock(&self) -> MutexGuard<'_, LaneState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wrong_kind(data: &InputData, encoding: Option<&Encoding>) -> Error {
    let given = match data {
        InputData::Sample(_) => "samples",
        InputData::Frame(..) => "pictures",
        InputData::Audio(_) => "PCM",
    };
    let taken = match encoding {
        None => "samples to be stored as they are",
        Some(Encoding::Video(_)) => "pictures to encode",
        Some(Encoding::Audio(_)) => "PCM to encode",
    };
    Error::misuse(format!("this input takes {taken}, not {given}"))
}

impl std::fmt::Debug for Lane {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lane").field("id", &self.id).field("media", &self.media).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use reelwright_media::{AudioBuffer, AudioFormat, ChannelLayout, PcmFormat, Time, Timescale};

    use super::super::associate::WriterId;
    use super::*;

    /// The writer finishes its inputs before it is finished itself, and another thread may be appending.
    #[test]
    fn an_input_that_was_finished_says_so() {
        let queue = Arc::new(Queue::new(1));
        queue.start_session(Time::ZERO).unwrap();
        let format = Arc::new(FormatDescription::Audio(AudioFormat::lpcm(PcmFormat::S16LE, 48_000, 1)));
        let timescale = Timescale::or_one(48_000);
        let lane = Arc::new(Lane {
            id: 1,
            index: 0,
            media: MediaType::Audio,
            format,
            pixel_format: None,
            state: Mutex::new(LaneState::new(None, RisingTimes::new(timescale))),
        });
        let id = InputId { writer: WriterId::new(), index: 0 };
        let mut input = Input::new(lane.clone(), queue.clone(), id);
        lane.finish(&queue).unwrap();
        let error = input.append(AudioBuffer::silence(timescale, ChannelLayout::mono(), Time::ZERO, 1));
        let error = error.unwrap_err();
        assert_eq!((error.kind(), error.place().track), (ErrorKind::Misuse, Some(1)));
        assert_eq!(error.message(), "the input has been finished");
    }
}
