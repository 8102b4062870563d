//! Inputs that encode: a codec, and the way from its clock to the session's.

use reelwright_codec::{AudioEncoder, AudioEncoderSettings, Converter, FrameOptions, VideoEncoder};
use reelwright_media::{
    AudioBuffer, ChannelLayout, Error, ErrorKind, Result, RisingTimes, Rounding, SampleBuffer, Stage, Time,
    Timescale, VideoFrame,
};
use reelwright_process::{AudioConverter, Workers};

/// What was made up for in the sound of an input that encodes: its buffers did not follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SoundGaps {
    /// The ID of the track.
    pub track: u32,
    /// How much silence is in it that wasn't appended: nothing was, for so long.
    pub silence: Time,
    /// How much was appended and isn't in it: something else was heard at the time.
    pub left_out: Time,
}

/// The encoder of an input.
pub(super) enum Encoding {
    Video(VideoLane),
    Audio(Box<AudioLane>),
}

/// Why something that was appended isn't in the file.
pub(super) enum Failure {
    /// It can't be taken like that; nothing has changed.
    Refused(Error),
    /// It may have been taken in part: the file would not be what was asked for.
    Lost(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error.kind() {
            ErrorKind::Misuse => Self::Refused(error),
            _ => Self::Lost(error),
        }
    }
}

/// Pictures in, samples out, times unchanged.
pub(super) struct VideoLane {
    pub(super) encoder: Box<dyn VideoEncoder>,
    pub(super) converter: Converter,
    pub(super) workers: Workers,
    pub(super) times: RisingTimes,
}

/// PCM in, samples out.
pub(super) struct AudioLane {
    converter: AudioConverter,
    tolerance: Time,
    stream: Stream,
    /// When the buffer appended last was said to begin.
    last: Option<Time>,
}

/// What the encoder is fed: sound without holes. The encoder counts from zero with its priming, the session from the
/// first frame without it.
struct Stream {
    encoder: Box<dyn AudioEncoder>,
    rate: Timescale,
    layout: ChannelLayout,
    clock: Option<AudioClock>,
    /// Frames of silence made.
    silence: i64,
}

#[derive(Clone, Copy)]
struct AudioClock {
    /// When the first frame sounds, in frames.
    start: i64,
    /// Where the next piece is expected, in frames.
    next: i64,
}

/// Silence is made in blocks of so many frames.
const SILENCE: i64 = 48_000;
/// No recording is silent for longer, but the times of two clocks are easily further apart.
const LONGEST: Time = Time::from_secs(24 * 60 * 60);

impl VideoLane {
    pub(super) fn encode(
        &mut self,
        frame: VideoFrame,
        options: FrameOptions,
        out: &mut Out<'_>,
    ) -> Result<(), Failure> {
        let ticks = self.times.next(frame.pts)?;
        let pixels = self.converter.convert(&frame.pixels, self.workers);
        let refused = |error: Error| Failure::Refused(error.at_stage(Stage::Process).at_time(frame.pts));
        let pixels = pixels.map_err(refused)?;
        self.times.take(frame.pts)?;
        let pts = Time::new(ticks, self.times.scale());
        let encoded = self.encoder.encode(VideoFrame { pixels, pts, ..frame }, options, out);
        encoded.map_err(|error| error.at_stage(Stage::Encode).at_time(pts).into())
    }
}

type Out<'a> = dyn FnMut(SampleBuffer) -> Result<()> + 'a;

impl AudioLane {
    /// For an encoder made with `settings`. Buffers that miss each other by no more than `tolerance` are joined.
    pub(super) fn new(
        encoder: Box<dyn AudioEncoder>,
        settings: &AudioEncoderSettings,
        tolerance: Time,
    ) -> Self {
        let rate = Timescale::or_one(settings.sample_rate);
        let layout = settings.layout.clone();
        let converter = AudioConverter::new(rate, layout.clone()).tolerance(tolerance);
        let stream = Stream { encoder, rate, layout, clock: None, silence: 0 };
        Self { converter, tolerance, stream, last: None }
    }

    /// Converts and encodes a buffer and the silence before it. Gives the buffer back where the silence is so long that
    /// it is to be called again once there is room.
    pub(super) fn encode(
        &mut self,
        audio: AudioBuffer,
        out: &mut Out<'_>,
    ) -> Result<Option<AudioBuffer>, Failure> {
        let refused = |error: Error| Failure::Refused(error.at_stage(Stage::Process).at_time(audio.pts));
        self.converter.accepts(audio.sample_rate).map_err(refused)?;
        if self.last.is_some_and(|last| audio.pts < last.saturating_sub(self.tolerance)) {
            return Err(Error::misuse("the sound begins before what was appended last")
                .with_hint("append sound in the order it is heard, by the times of one clock")
                .at_time(audio.pts)
                .into());
        }
        let stream = &mut self.stream;
        let gap = stream.gap_before(audio.pts)?;
        let joined = self.tolerance.ticks_in(stream.rate, Rounding::Nearest).unwrap_or(i64::MAX);
        if gap > SILENCE.max(joined) {
            self.converter.finish(&mut |piece| stream.take(&piece, out))?;
            stream.be_silent(SILENCE, out)?;
            return Ok(Some(audio));
        }
        let pts = audio.pts;
        self.last = Some(pts);
        let converted = self.converter.convert(audio, &mut |piece| stream.take(&piece, out));
        converted.map(|()| None).map_err(|error| error.at_stage(Stage::Process).at_time(pts).into())
    }

    /// What was not as it should have been, if anything was.
    fn gaps(&self, track: u32) -> Option<SoundGaps> {
        let silence = Time::new(self.stream.silence, self.stream.rate);
        let left_out = self.converter.left_out();
        let gaps = SoundGaps { track, silence, left_out };
        (!silence.is_zero() || !left_out.is_zero()).then_some(gaps)
    }

    fn finish(&mut self, out: &mut Out<'_>) -> Result<()> {
        let stream = &mut self.stream;
        self.converter.finish(&mut |piece| stream.take(&piece, out))?;
        let shift = stream.shift();
        stream.encoder.finish(&mut |sample| out(shifted(sample, shift)))
    }
}

impl Stream {
    /// How many frames lie between what was fed and `time`.
    fn gap_before(&self, time: Time) -> Result<i64> {
        let frames = |time: Time| time.ticks_in(self.rate, Rounding::Nearest);
        let start =
            frames(time).ok_or_else(|| Error::misuse("the time does not fit 64 bits").at_time(time))?;
        let gap = self.clock.map_or(0, |clock| start.saturating_sub(clock.next));
        if frames(LONGEST).is_some_and(|longest| gap > longest) {
            let end = Time::new(start.saturating_sub(gap), self.rate);
            return Err(Error::misuse(format!(
                "the sound begins more than a day after {end}, where the last ended"
            ))
            .with_hint("give all buffers times of one clock")
            .at_time(time));
        }
        Ok(gap)
    }

    /// Feeds a piece, in its place.
    fn take(&mut self, piece: &AudioBuffer, out: &mut Out<'_>) -> Result<()> {
        // The converter counts in frames of the encoder.
        let start = piece.pts.value();
        let next = self.clock.get_or_insert(AudioClock { start, next: start }).next;
        self.be_silent(start.saturating_sub(next), out)?;
        self.feed(piece, out)
    }

    /// What is fed has to last as long as the clock says.
    fn be_silent(&mut self, frames: i64, out: &mut Out<'_>) -> Result<()> {
        match (usize::try_from(frames), self.clock) {
            (Ok(frames @ 1..), Some(clock)) => {
                let pts = Time::new(clock.next, self.rate);
                self.silence = self.silence.saturating_add(i64::try_from(frames).unwrap_or(i64::MAX));
                self.feed(&AudioBuffer::silence(self.rate, self.layout.clone(), pts, frames), out)
            }
            _ => Ok(()),
        }
    }

    fn feed(&mut self, audio: &AudioBuffer, out: &mut Out<'_>) -> Result<()> {
        if let Some(clock) = &mut self.clock {
            clock.next = clock.next.saturating_add(i64::try_from(audio.frames()).unwrap_or(i64::MAX));
        }
        let shift = self.shift();
        self.encoder
            .encode(audio, &mut |sample| out(shifted(sample, shift)))
            .map_err(|error| error.at_stage(Stage::Encode).at_time(audio.pts))
    }

    /// What turns the encoder's times into the session's.
    fn shift(&self) -> Time {
        let start = self.clock.map_or(0, |clock| clock.start);
        Time::new(start.saturating_sub(self.encoder.priming().into()), self.rate)
    }
}

fn shifted(sample: SampleBuffer, shift: Time) -> SampleBuffer {
    SampleBuffer { dts: sample.dts.saturating_add(shift), pts: sample.pts.saturating_add(shift), ..sample }
}

impl Encoding {
    /// What its sound lacked, if anything.
    pub(super) fn gaps(&self, track: u32) -> Option<SoundGaps> {
        match self {
            Self::Video(_) => None,
            Self::Audio(lane) => lane.gaps(track),
        }
    }

    /// Puts out what is still inside.
    pub(super) fn finish(&mut self, out: &mut Out<'_>) -> Result<()> {
        let finished = match self {
            Self::Video(lane) => lane.encoder.finish(out),
            Self::Audio(lane) => lane.finish(out),
        };
        finished.map_err(|error| error.at_stage(Stage::Encode))
    }
}
