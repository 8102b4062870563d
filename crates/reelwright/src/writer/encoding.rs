//! Inputs that encode: a codec, and the way from its clock to the session's.

use reelwright_codec::{AudioEncoder, Converter, FrameOptions, VideoEncoder};
use reelwright_media::{
    AudioBuffer, Error, Result, Rounding, SampleBuffer, Stage, Time, Timescale, VideoFrame,
};
use reelwright_process::Workers;

/// The encoder of an input.
pub(super) enum Encoding {
    Video(VideoLane),
    Audio(AudioLane),
}

/// Pictures in, samples out, times unchanged.
pub(super) struct VideoLane {
    pub(super) encoder: Box<dyn VideoEncoder>,
    pub(super) converter: Converter,
    pub(super) workers: Workers,
    pub(super) timescale: Timescale,
    pub(super) last: Option<i64>,
}

/// PCM in, samples out; the encoder counts from zero with its priming, the session from the first buffer without it.
pub(super) struct AudioLane {
    pub(super) encoder: Box<dyn AudioEncoder>,
    pub(super) rate: Timescale,
    pub(super) clock: Option<AudioClock>,
}

#[derive(Clone, Copy)]
pub(super) struct AudioClock {
    /// When the first frame sounds, in frames.
    start: i64,
    /// Where the next buffer is expected, in frames.
    next: i64,
}

/// Buffers that miss each other by no more are joined.
const TOLERANCE: Time = Time::from_millis(10);
/// Silence is made in blocks of so many frames.
const SILENCE: i64 = 48_000;

impl VideoLane {
    pub(super) fn encode(
        &mut self,
        frame: VideoFrame,
        options: FrameOptions,
        out: &mut Out<'_>,
    ) -> Result<()> {
        let ticks = frame
            .pts
            .ticks_in(self.timescale, Rounding::Nearest)
            .ok_or_else(|| Error::misuse("the time does not fit 64 bits").at_time(frame.pts))?;
        if self.last.is_some_and(|last| ticks <= last) {
            return Err(Error::misuse(format!(
                "the picture is not later than the one before, counted in 1/{} s",
                self.timescale
            ))
            .at_time(frame.pts));
        }
        let pixels = self.converter.convert(&frame.pixels, self.workers)?;
        self.last = Some(ticks);
        let pts = Time::new(ticks, self.timescale);
        let encoded = self.encoder.encode(VideoFrame { pixels, pts, ..frame }, options, out);
        encoded.map_err(|error| error.at_stage(Stage::Encode).at_time(pts))
    }
}

type Out<'a> = dyn FnMut(SampleBuffer) -> Result<()> + 'a;

impl AudioLane {
    pub(super) fn encode(&mut self, mut audio: AudioBuffer, out: &mut Out<'_>) -> Result<()> {
        if audio.sample_rate != self.rate {
            return Err(Error::misuse(format!(
                "the encoder takes {} frames a second, not {}",
                self.rate, audio.sample_rate
            ))
            .with_hint("give the settings the sample rate of the sound, or resample it"));
        }
        let ticks = |time: Time| time.ticks_in(self.rate, Rounding::Nearest);
        let start = ticks(audio.pts)
            .ok_or_else(|| Error::misuse("the time does not fit 64 bits").at_time(audio.pts))?;
        let clock = *self.clock.get_or_insert(AudioClock { start, next: start });
        let gap = start.saturating_sub(clock.next);
        let tolerance = ticks(TOLERANCE).unwrap_or(0);
        if gap > tolerance {
            self.fill(gap, &audio, out)?;
        } else if gap < -tolerance {
            audio.trim_start(usize::try_from(gap.unsigned_abs()).unwrap_or(usize::MAX));
        }
        self.feed(&audio, out)
    }

    /// What was fed has to last as long as the clock says.
    fn fill(&mut self, mut gap: i64, like: &AudioBuffer, out: &mut Out<'_>) -> Result<()> {
        while gap > 0 {
            let frames = gap.min(SILENCE);
            let count = usize::try_from(frames).unwrap_or(0);
            self.feed(&AudioBuffer::silence(self.rate, like.layout.clone(), like.pts, count), out)?;
            gap -= frames;
        }
        Ok(())
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
    /// Puts out what is still inside.
    pub(super) fn finish(&mut self, out: &mut Out<'_>) -> Result<()> {
        let finished = match self {
            Self::Video(lane) => lane.encoder.finish(out),
            Self::Audio(lane) => {
                let shift = lane.shift();
                lane.encoder.finish(&mut |sample| out(shifted(sample, shift)))
            }
        };
        finished.map_err(|error| error.at_stage(Stage::Encode))
    }
}
