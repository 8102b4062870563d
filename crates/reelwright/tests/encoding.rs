//! Inputs that encode: what foreign readers make of the file is what was fed.

#![allow(clippy::unwrap_used)]

mod foreign;
mod generated;

use std::path::PathBuf;
use std::sync::Arc;

use generated::{RATE, frames, pcm_format};
use reelwright::{AssetWriter, FileType, InputConfig, Overwrite};
use reelwright_bmff::{EditList, EditRow, boxes};
use reelwright_codec::{
    AudioEncoder, AudioEncoderSettings, Codec, DecoderInfo, EncoderInfo, Provider, Registry, VideoDecoder,
    VideoDecoderSettings, VideoEncoder, VideoEncoderSettings,
};
use reelwright_media::{
    AudioBuffer, AudioCodec, ChannelLayout, Edit, Error, ErrorKind, FormatDescription, Payload, Result,
    SampleBuffer, SampleFlags, Time, Timescale, Trim,
};

fn output(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// PCM that comes out of the decoder 2112 frames late, like AAC, in packets of 1024.
struct Late {
    format: Arc<FormatDescription>,
    waiting: Vec<i16>,
    packets: i64,
    fed: i64,
}

const PRIMING: u32 = 2112;
const PACKET: usize = 1024;

impl Late {
    fn new() -> Self {
        let waiting = vec![0x1111; PRIMING as usize * 2];
        Self { format: pcm_format(), waiting, packets: 0, fed: 0 }
    }

    fn packet(&mut self) -> SampleBuffer {
        let bytes: Vec<u8> = self.waiting.drain(..PACKET * 2).flat_map(i16::to_le_bytes).collect();
        let pts = frames(self.packets * PACKET as i64);
        self.packets += 1;
        let start = (self.packets == 1).then(|| frames(PRIMING.into()));
        SampleBuffer {
            format: self.format.clone(),
            payload: Payload::from(bytes),
            dts: pts,
            pts,
            duration: frames(PACKET as i64),
            flags: SampleFlags::SYNC,
            trim: Trim { start, end: None },
        }
    }
}

impl AudioEncoder for Late {
    fn format(&self) -> &Arc<FormatDescription> {
        &self.format
    }

    fn priming(&self) -> u32 {
        PRIMING
    }

    fn encode(&mut self, audio: &AudioBuffer, out: &mut dyn FnMut(SampleBuffer) -> Result<()>) -> Result<()> {
        self.fed += audio.frames() as i64;
        for frame in 0..audio.frames() {
            let channel = |index: usize| (audio.planes()[index][frame] * 32768.0) as i16;
            self.waiting.extend([channel(0), channel(1)]);
        }
        while self.waiting.len() >= PACKET * 2 {
            let packet = self.packet();
            out(packet)?;
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut dyn FnMut(SampleBuffer) -> Result<()>) -> Result<()> {
        let missing = PACKET - self.waiting.len() / 2;
        self.waiting.resize(PACKET * 2, 0x2222);
        let mut last = self.packet();
        last.trim.end = Some(frames(missing as i64));
        out(last)
    }
}

/// Offers [`Late`] as its AAC encoder.
struct Fake(Vec<EncoderInfo>);

impl Fake {
    fn registry() -> Registry {
        let codec = Codec::Audio(AudioCodec::Lpcm);
        let info = EncoderInfo { max_channels: 2, ..EncoderInfo::new("late", "PCM, late", "fake", codec) };
        Registry::new().with(Arc::new(Self(vec![info])))
    }
}

impl Provider for Fake {
    fn name(&self) -> &'static str {
        "fake"
    }

    fn encoders(&self) -> &[EncoderInfo] {
        &self.0
    }

    fn decoders(&self) -> &[DecoderInfo] {
        &[]
    }

    fn video_encoder(&self, id: &str, _: &VideoEncoderSettings) -> Result<Box<dyn VideoEncoder>> {
        Err(Error::unsupported(id))
    }

    fn audio_encoder(&self, _: &str, _: &AudioEncoderSettings) -> Result<Box<dyn AudioEncoder>> {
        Ok(Box::new(Late::new()))
    }

    fn video_decoder(&self, id: &str, _: &VideoDecoderSettings) -> Result<Box<dyn VideoDecoder>> {
        Err(Error::unsupported(id))
    }

    fn audio_decoder(
        &self,
        id: &str,
        _: &Arc<FormatDescription>,
    ) -> Result<Box<dyn reelwright_codec::AudioDecoder>> {
        Err(Error::unsupported(id))
    }
}

fn sound_settings() -> AudioEncoderSettings {
    AudioEncoderSettings::new(AudioCodec::Lpcm, RATE, ChannelLayout::stereo())
}

/// A ramp from frame `start` on.
fn ramp(start: i64, count: usize) -> AudioBuffer {
    let value = |frame: usize| ((start as usize + frame) % 20_000) as f32 / 32768.0;
    let plane: Vec<f32> = (0..count).map(value).collect();
    let rate = Timescale::new(RATE).unwrap();
    AudioBuffer::new(rate, ChannelLayout::stereo(), frames(start), vec![plane.clone(), plane])
}

/// What ffmpeg decodes (it ends PCM with a whole packet), as 16-bit samples of the first channel; `None` without ffmpeg.
fn decoded(path: &std::path::Path) -> Option<Vec<i16>> {
    let bytes = foreign::ffmpeg(path, &["-map", "0:a", "-f", "s16le"])?;
    Some(bytes.chunks_exact(4).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect())
}

#[test]
fn priming_and_remainder_are_hidden_and_nothing_else() {
    let path = output("priming.mov");
    let mut builder =
        AssetWriter::create(&path, FileType::Mov).overwrite(Overwrite::Replace).registry(Fake::registry());
    let mut input = builder.add_input(InputConfig::encode_audio(sound_settings())).unwrap();
    let writer = builder.start().unwrap();
    writer.start_session(Time::from_secs(5)).unwrap();
    let start = 5 * i64::from(RATE);
    for block in 0..100 {
        input.append(ramp(start + block * 1000, 1000)).unwrap();
    }
    let report = writer.finish().unwrap();
    assert_eq!(report.duration, frames(100_000));
    let Some(samples) = decoded(&path) else { return };
    let expected: Vec<i16> = (0..100_000).map(|frame| ((start + frame) % 20_000) as i16).collect();
    assert!(samples.starts_with(&expected));
    assert_eq!(
        edits(&path),
        [EditRow { duration: 100_000, media_time: Some(2112), rate: Edit::NORMAL_RATE }]
    );
}

/// The edit list of the first track.
fn edits(path: &std::path::Path) -> Vec<EditRow> {
    let bytes = bytes::Bytes::from(std::fs::read(path).unwrap());
    let moov = boxes(&bytes).find(b"moov").unwrap();
    let edts = moov.children().find(b"trak").unwrap().children().find(b"edts").unwrap();
    edts.children().find(b"elst").unwrap().read::<EditList>().unwrap().edits
}

#[test]
fn gaps_become_silence_and_overlaps_are_cut() {
    let path = output("gaps.mov");
    let mut builder =
        AssetWriter::create(&path, FileType::Mov).overwrite(Overwrite::Replace).registry(Fake::registry());
    let mut input = builder.add_input(InputConfig::encode_audio(sound_settings())).unwrap();
    let writer = builder.start().unwrap();
    writer.start_session(Time::ZERO).unwrap();
    input.append(ramp(0, 10_000)).unwrap();
    input.append(ramp(12_000, 4000)).unwrap();
    input.append(ramp(14_000, 6000)).unwrap();
    input.finish().unwrap();
    assert_eq!(writer.finish().unwrap().duration, frames(20_000));
    let Some(samples) = decoded(&path) else { return };
    let expected: Vec<i16> =
        (0..20_000).map(|frame| if (10_000..12_000).contains(&frame) { 0 } else { frame }).collect();
    assert!(samples.starts_with(&expected));
}

#[test]
fn inputs_take_what_they_are_for() {
    let mut builder = AssetWriter::create(output("never.mov"), FileType::Mov).registry(Fake::registry());
    let mut input = builder.add_input(InputConfig::encode_audio(sound_settings())).unwrap();
    let missing = reelwright_codec::VideoEncoderSettings::new(
        reelwright_media::VideoCodec::H264,
        reelwright_media::Size::new(64, 64),
    );
    assert_eq!(builder.add_input(InputConfig::encode_video(missing)).unwrap_err().kind(), ErrorKind::NoCodec);
    let writer = builder.start().unwrap();
    // Less than the encoder makes a packet of: nothing would tell that there is no session to put it into.
    assert_eq!(input.try_append(ramp(0, 10)).unwrap_err().kind(), ErrorKind::Misuse);
    assert_eq!(input.append(ramp(0, 10)).unwrap_err().kind(), ErrorKind::Misuse);
    writer.start_session(Time::ZERO).unwrap();
    let sample = generated::pcm(&pcm_format(), 0, 1024);
    let error = input.append(sample).unwrap_err();
    assert_eq!((error.kind(), error.place().track), (ErrorKind::Misuse, Some(1)));
    input.append(ramp(0, 10)).unwrap();
    writer.cancel();
    assert!(!output("never.mov").exists());
}

#[cfg(feature = "native")]
mod pictures {
    use reelwright::{Answer, CompressionSession};
    use reelwright_codec::FrameOptions;
    use reelwright_codec::VideoRate;
    use reelwright_media::{Color, PixelBuffer, PixelFormat, PixelPool, Size, VideoCodec, VideoFrame};

    use super::*;

    fn picture(pool: &PixelPool, shade: u8) -> PixelBuffer {
        let mut pixels = pool.take();
        let mut planes = pixels.make_mut();
        for plane in 0..3 {
            planes.plane(plane).0.fill(if plane == 0 { shade } else { 128 });
        }
        pixels
    }

    #[test]
    fn pictures_are_shown_when_they_were_meant_to_be() {
        let path = output("pictures.mp4");
        let registry = Registry::new().with(reelwright_codec_native::provider());
        let mut builder =
            AssetWriter::create(&path, FileType::Mp4).overwrite(Overwrite::Replace).registry(registry);
        let settings = VideoEncoderSettings::new(VideoCodec::H264, Size::new(320, 240));
        let mut input = builder.add_input(InputConfig::encode_video(settings)).unwrap();
        let pool = PixelPool::new(input.pixel_format().unwrap(), Size::new(320, 240));
        let writer = builder.start().unwrap();
        writer.start_session(Time::from_secs(10)).unwrap();
        for frame in 0..60i64 {
            let pts = Time::from_ratio(10 * 30 + frame, 30).unwrap();
            let pixels = picture(&pool, u8::try_from(frame * 4).unwrap());
            input.append(VideoFrame { pixels, pts, duration: None }).unwrap();
        }
        let twice = VideoFrame {
            pixels: picture(&pool, 0),
            pts: Time::from_ratio(10 * 30 + 59, 30).unwrap(),
            duration: None,
        };
        assert_eq!(input.append(twice).unwrap_err().kind(), ErrorKind::Misuse);
        input.finish().unwrap();
        writer.end_session(Time::from_secs(12)).unwrap();
        assert_eq!(writer.finish().unwrap().duration, Time::from_secs(2));
        let Some(lines) = foreign::table(&path, "frame=pts_time:stream=duration") else { return };
        let mut times: Vec<f64> = lines.iter().map(|line| line.parse().unwrap()).collect();
        assert_eq!(times.pop(), Some(2.0));
        assert_eq!(times.len(), 60);
        for (index, time) in times.iter().enumerate() {
            assert!((time - index as f64 / 30.0).abs() < 0.001, "frame {index} at {time}");
        }
    }

    /// As a screen recorder has them: BGRA, twice as large as wanted.
    #[test]
    fn pictures_of_another_kind_are_converted() {
        const PATCHES: [[u8; 3]; 4] = [[255, 0, 0], [0, 255, 0], [20, 40, 250], [255, 255, 255]];
        let path = output("screen.mp4");
        let mut builder = AssetWriter::create(&path, FileType::Mp4).overwrite(Overwrite::Replace);
        let (size, twice) = (Size::new(256, 64), Size::new(512, 128));
        let settings = VideoEncoderSettings::new(VideoCodec::H264, size)
            .color(Color::BT709)
            .rate(VideoRate::Quality(0.95));
        let mut input = builder.add_input(InputConfig::encode_video(settings)).unwrap();
        assert_ne!(input.pixel_format(), Some(PixelFormat::Bgra));
        let writer = builder.start().unwrap();
        writer.start_session(Time::ZERO).unwrap();
        let pool = PixelPool::new(PixelFormat::Bgra, twice);
        for frame in 0..3 {
            let mut pixels = pool.take();
            let mut planes = pixels.make_mut();
            let (bytes, stride) = planes.plane(0);
            for row in bytes.chunks_mut(stride) {
                for (column, pixel) in row.chunks_exact_mut(4).take(512).enumerate() {
                    let [red, green, blue] = PATCHES[column / 128];
                    pixel.copy_from_slice(&[blue, green, red, 255]);
                }
            }
            let pts = Time::from_ratio(frame, 30).unwrap();
            input.append(VideoFrame { pixels, pts, duration: None }).unwrap();
        }
        input.finish().unwrap();
        writer.finish().unwrap();
        let Some(pixels) = foreign::ffmpeg(&path, &["-pix_fmt", "rgb24", "-f", "rawvideo"]) else { return };
        assert_eq!(pixels.len(), 3 * 256 * 64 * 3);
        for picture in pixels.chunks_exact(256 * 64 * 3) {
            for (number, expected) in PATCHES.into_iter().enumerate() {
                let middle = (32 * 256 + number * 64 + 32) * 3;
                let shown = &picture[middle..middle + 3];
                let near = shown.iter().zip(expected).all(|(&shown, wanted)| shown.abs_diff(wanted) <= 4);
                assert!(near, "{shown:?} for {expected:?}");
            }
        }
    }

    #[test]
    fn a_session_s_times_and_durations_reach_the_file_to_the_tick() {
        let path = output("session.mov");
        let times = [(0, 1001), (1001, 2002), (3003, 1001), (4004, 5005), (9009, 1)];
        let ticks = |ticks| Time::from_ratio(ticks, 30_000).unwrap();
        let (tell, samples) = std::sync::mpsc::channel();
        let settings = VideoEncoderSettings::new(VideoCodec::H264, Size::new(64, 64))
            .timescale(Timescale::new(30_000).unwrap());
        let registry = Registry::new().with(reelwright_codec_native::provider());
        let any = reelwright_codec::EncoderSpecification::default();
        let mut session = CompressionSession::new_with(&registry, settings, &any, move |answer| {
            let Ok(Answer::Done(sample)) = answer.result else { panic!("{:?}", answer.result) };
            assert_eq!((sample.pts, sample.duration), answer.token);
            tell.send(sample).unwrap();
        })
        .unwrap();
        for (pts, duration) in times.map(|(pts, duration)| (ticks(pts), ticks(duration))) {
            let frame = VideoFrame { pixels: picture(session.pool(), 99), pts, duration: Some(duration) };
            session.encode(frame, FrameOptions::default(), (pts, duration)).unwrap();
        }
        session.complete().unwrap();
        let mut builder = AssetWriter::create(&path, FileType::Mov).overwrite(Overwrite::Replace);
        let config = InputConfig::copy(session.format().clone()).timescale(Timescale::new(30_000).unwrap());
        let mut input = builder.add_input(config).unwrap();
        drop(session);
        let writer = builder.start().unwrap();
        writer.start_session(Time::ZERO).unwrap();
        samples.iter().for_each(|sample| input.append(sample).unwrap());
        drop(input);
        writer.finish().unwrap();
        let Some(packets) = foreign::table(&path, "packet=pts,dts,duration") else { return };
        assert_eq!(packets, times.map(|(pts, duration)| format!("{pts},{pts},{duration}")));
    }

    /// A microphone that never delivers doesn't cost the pictures.
    #[test]
    fn sound_that_never_comes_is_a_track_of_nothing() {
        for (kind, extension) in [(FileType::Mp4, "mp4"), (FileType::Mov, "mov"), (FileType::M4a, "m4a")] {
            let path = output(&format!("mute.{extension}"));
            let registry = Registry::new().with(reelwright_codec_native::provider());
            let mut builder =
                AssetWriter::create(&path, kind).overwrite(Overwrite::Replace).registry(registry);
            let sound = AudioEncoderSettings::new(AudioCodec::Aac, RATE, ChannelLayout::stereo());
            let sound = builder.add_input(InputConfig::encode_audio(sound)).unwrap();
            let pictures = (kind != FileType::M4a).then(|| {
                let settings = VideoEncoderSettings::new(VideoCodec::H264, Size::new(64, 64));
                builder.add_input(InputConfig::encode_video(settings)).unwrap()
            });
            let writer = builder.start().unwrap();
            writer.start_session(Time::ZERO).unwrap();
            let frames = if pictures.is_some() { 10 } else { 0 };
            if let Some(mut input) = pictures {
                let pool = PixelPool::new(input.pixel_format().unwrap(), Size::new(64, 64));
                for frame in 0..frames {
                    let pts = Time::from_ratio(frame, 30).unwrap();
                    input.append(VideoFrame { pixels: picture(&pool, 99), pts, duration: None }).unwrap();
                }
            }
            drop(sound);
            let report = writer.finish().unwrap();
            let counts: Vec<_> = report.tracks.iter().map(|track| (track.samples, track.bytes > 0)).collect();
            assert_eq!(counts[0], (0, false));
            assert_eq!(counts.get(1).map_or(0, |pictures| pictures.0), frames as u64);
            assert_eq!(report.duration, Time::from_ratio(frames, 30).unwrap());
            let entries = "stream=codec_type,nb_read_packets";
            let Some(streams) = foreign::table(&path, entries) else { return };
            let expected: &[&str] = if frames > 0 { &["audio,N/A", "video,10"] } else { &["audio,N/A"] };
            assert_eq!(streams, expected);
        }
    }
}
