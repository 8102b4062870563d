//! Test movies, written by the writer: real input for people without a file, tests and benchmarks.

use std::path::Path;
use std::thread;

use reelwright_codec::{AudioEncoderSettings, KeyFrames, VideoEncoderSettings, VideoRate};
use reelwright_media::{
    AudioBuffer, AudioCodec, CancelToken, ChannelLayout, Color, Error, PcmFormat, Ratio, Result, Rounding,
    Size, Time, Timescale, VideoCodec, VideoFrame,
};
use reelwright_process::pattern::TestPicture;

use crate::{AssetWriter, AssetWriterBuilder, FileType, IndexPlace, Input, InputConfig, Overwrite, Sink};

/// A movie of a moving test picture with burnt-in frame number, and a beep at the start of every second.
#[derive(Clone, Debug, PartialEq)]
pub struct TestMovie {
    /// How long; rounded up to whole frames.
    pub duration: Time,
    /// The picture's size; odd sides are made even.
    pub size: Size,
    /// Frames per second.
    pub rate: Ratio,
    /// The sound.
    pub sound: TestSound,
    /// Where the index goes.
    pub index: IndexPlace,
    /// Replace an existing file.
    pub overwrite: bool,
    /// Force the bytes to the disk before it counts as done.
    pub sync: bool,
}

/// The sound of a [`TestMovie`], at 48 kHz.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestSound {
    /// None.
    None,
    /// AAC with so many channels.
    Aac(u16),
    /// 16-bit PCM with so many channels.
    Pcm(u16),
}

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TestMovieReport {
    /// Pictures.
    pub frames: u64,
    /// Frames of sound.
    pub sound_frames: u64,
    /// Bytes of the file.
    pub bytes: u64,
}

const SOUND_RATE: u32 = 48_000;
const SOUND_BLOCK: u64 = 4800;

impl TestMovie {
    /// Five seconds of 1280x720 at 30 frames per second, with stereo AAC.
    pub fn new() -> Self {
        Self {
            duration: Time::from_secs(5),
            size: Size::new(1280, 720),
            rate: Ratio { num: 30, den: 1 },
            sound: TestSound::Aac(2),
            index: IndexPlace::Last,
            overwrite: false,
            sync: false,
        }
    }

    /// Writes the movie to `path` with the codecs of this build.
    ///
    /// # Errors
    ///
    /// As [`AssetWriter`]'s; nothing is left behind then.
    pub fn write(
        &self,
        path: impl AsRef<Path>,
        file_type: FileType,
        cancel: &CancelToken,
    ) -> Result<TestMovieReport> {
        let overwrite = if self.overwrite { Overwrite::Replace } else { Overwrite::Never };
        self.write_with(AssetWriter::create(path, file_type).overwrite(overwrite), cancel)
    }

    /// Writes the movie into a sink, as [`Self::write`].
    ///
    /// # Errors
    ///
    /// As [`Self::write`].
    pub fn write_to(
        &self,
        sink: impl Sink + 'static,
        file_type: FileType,
        cancel: &CancelToken,
    ) -> Result<TestMovieReport> {
        self.write_with(AssetWriter::create_on(sink, file_type), cancel)
    }

    fn write_with(&self, builder: AssetWriterBuilder, cancel: &CancelToken) -> Result<TestMovieReport> {
        let stop = cancel.child();
        let mut builder = builder.index(self.index).sync(self.sync).cancel_token(stop.clone());
        let pictures = builder.add_input(InputConfig::encode_video(self.video()))?;
        let sound =
            self.audio().map(|audio| builder.add_input(InputConfig::encode_audio(audio))).transpose()?;
        let writer = builder.start()?;
        writer.start_session(Time::ZERO)?;
        let fed = thread::scope(|scope| {
            let sound = scope.spawn(|| {
                sound.map_or(Ok(0), |input| self.feed_sound(input, &stop)).inspect_err(|_| stop.cancel())
            });
            let frames = self.feed_pictures(pictures, &stop).inspect_err(|_| stop.cancel());
            let sound = sound
                .join()
                .unwrap_or_else(|_| Err(Error::new(reelwright_media::ErrorKind::Bug, "a thread panicked")));
            Ok::<_, Error>((frames?, sound?))
        });
        let (frames, sound_frames) = match fed {
            Ok(counts) => counts,
            Err(error) => {
                writer.cancel();
                return Err(error);
            }
        };
        Ok(TestMovieReport { frames, sound_frames, bytes: writer.finish()?.bytes })
    }

    fn even_size(&self) -> Size {
        Size::new(self.size.width.next_multiple_of(2), self.size.height.next_multiple_of(2))
    }

    fn video(&self) -> VideoEncoderSettings {
        let pixels = self.even_size().area() as f64 * self.rate.to_f64();
        VideoEncoderSettings::new(VideoCodec::H264, self.even_size())
            .timescale(Timescale::or_one(self.rate.num.saturating_mul(if self.rate.num < 1000 {
                100
            } else {
                1
            })))
            .frame_rate(self.rate)
            .color(Color::BT709)
            .rate(VideoRate::Average((pixels * 0.1).clamp(100_000.0, 50_000_000.0) as u32))
            .key_frames(KeyFrames { frames: None, interval: Some(Time::from_secs(1)) })
    }

    fn audio(&self) -> Option<AudioEncoderSettings> {
        let (codec, channels, pcm) = match self.sound {
            TestSound::None => return None,
            TestSound::Aac(channels) => (AudioCodec::Aac, channels, None),
            TestSound::Pcm(channels) => (AudioCodec::Lpcm, channels, Some(PcmFormat::S16LE)),
        };
        let layout = ChannelLayout::default_for(channels).unwrap_or_else(ChannelLayout::stereo);
        Some(AudioEncoderSettings::new(codec, SOUND_RATE, layout).pcm(pcm))
    }

    /// The time of frame `number`.
    fn frame_time(&self, number: u32) -> Time {
        let ticks = i64::from(number) * i64::from(self.rate.den);
        Time::new(ticks, Timescale::or_one(self.rate.num))
    }

    fn feed_pictures(&self, mut input: Input, stop: &CancelToken) -> Result<u64> {
        let picture = TestPicture::new(self.even_size());
        let mut number = 0u32;
        while self.frame_time(number) < self.duration {
            stop.check()?;
            let pts = self.frame_time(number);
            let duration = Some(self.frame_time(1));
            input.append(VideoFrame { pixels: picture.frame(number), pts, duration })?;
            number += 1;
        }
        input.finish()?;
        Ok(number.into())
    }

    /// Each second begins with a tenth of a second of 1 kHz.
    fn feed_sound(&self, mut input: Input, stop: &CancelToken) -> Result<u64> {
        let rate = Timescale::or_one(SOUND_RATE);
        let total = u64::try_from(self.duration.ticks_in(rate, Rounding::Nearest).unwrap_or(0)).unwrap_or(0);
        let layout = match self.sound {
            TestSound::Aac(channels) | TestSound::Pcm(channels) => ChannelLayout::default_for(channels),
            TestSound::None => None,
        };
        let layout = layout.unwrap_or_else(ChannelLayout::stereo);
        let mut at = 0;
        while at < total {
            stop.check()?;
            let count = SOUND_BLOCK.min(total - at);
            let plane: Vec<f32> = (at..at + count).map(beep).collect();
            let pts = Time::new(i64::try_from(at).unwrap_or(i64::MAX), rate);
            input.append(AudioBuffer::new(rate, layout.clone(), pts, vec![plane; layout.count()]))?;
            at += count;
        }
        input.finish()?;
        Ok(total)
    }
}

impl Default for TestMovie {
    fn default() -> Self {
        Self::new()
    }
}

/// One sample of the beep, with soft edges.
fn beep(frame: u64) -> f32 {
    let length = u64::from(SOUND_RATE) / 10;
    let at = frame % u64::from(SOUND_RATE);
    if at >= length {
        return 0.0;
    }
    let edge = (at.min(length - at) as f32 / 240.0).min(1.0);
    (std::f32::consts::TAU * 1000.0 * at as f32 / SOUND_RATE as f32).sin() * 0.4 * edge
}
