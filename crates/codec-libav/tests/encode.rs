//! Encoders against ffmpeg: x264's bits are the same, everything else decodes there to what was fed.
#![cfg(feature = "link")]
#![allow(clippy::unwrap_used, clippy::unit_arg, reason = "tests state expectations by unwrapping")]

mod support;

use std::path::PathBuf;

use reelwright_bitstream::{annex_b_units, h264, hevc, length_prefixed_units, push_annex_b};
use reelwright_codec::{
    AudioEncoderSettings, AudioRate, EncoderSpecification, FrameOptions, KeyFrames, Registry,
    VideoEncoderSettings, VideoRate,
};
use reelwright_media::{
    AudioBuffer, AudioCodec, ChannelLayout, ErrorKind, FormatDescription, PixelBuffer, PixelFormat,
    SampleBuffer, Size, Time, Timescale, VideoCodec, VideoFrame,
};

const SIZE: Size = Size::new(320, 180);

fn registry() -> Registry {
    Registry::new().with(reelwright_codec_libav::provider())
}

/// A place for a test's files, gone when dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("reelwright-libav-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// ffmpeg's moving test picture as raw video: the same frames for both sides.
fn raw(frames: usize, layout: &str) -> Vec<u8> {
    let source = format!("testsrc2=size={SIZE}:rate=30");
    let frames = frames.to_string();
    let arguments = [
        "-v",
        "error",
        "-f",
        "lavfi",
        "-i",
        &source,
        "-frames:v",
        &frames,
        "-pix_fmt",
        layout,
        "-f",
        "rawvideo",
        "-",
    ];
    support::run("ffmpeg", &arguments)
}

fn pictures(raw: &[u8], format: PixelFormat) -> Vec<PixelBuffer> {
    let sizes: Vec<_> = (0..format.planes()).map(|plane| format.plane_size(plane, SIZE)).collect();
    let len = sizes.iter().map(|(width, rows)| width * rows).sum();
    let picture = |mut bytes: &[u8]| {
        let mut picture = PixelBuffer::zeroed(format, SIZE);
        let mut planes = picture.make_mut();
        for (index, (width, rows)) in sizes.iter().enumerate() {
            let (target, stride) = planes.plane(index);
            for y in 0..*rows {
                let (row, rest) = bytes.split_at(*width);
                target[y * stride..][..*width].copy_from_slice(row);
                bytes = rest;
            }
        }
        picture
    };
    raw.chunks_exact(len).map(picture).collect()
}

fn settings(codec: VideoCodec) -> VideoEncoderSettings {
    let mut settings = VideoEncoderSettings::new(codec, SIZE);
    settings.timescale = Timescale::new(30).unwrap();
    settings
}

fn encode(
    id: &str,
    settings: &VideoEncoderSettings,
    pictures: &[PixelBuffer],
) -> (FormatDescription, Vec<SampleBuffer>) {
    let specification = EncoderSpecification::with_id(id);
    let (_, mut encoder) = registry().video_encoder(settings, &specification).unwrap();
    let mut samples = Vec::new();
    for (index, picture) in pictures.iter().enumerate() {
        let pts = Time::new(index as i64, Timescale::new(30).unwrap());
        let duration = Some(Time::new(1, Timescale::new(30).unwrap()));
        let frame = VideoFrame { pixels: picture.clone(), pts, duration };
        encoder.encode(frame, FrameOptions::default(), &mut |sample| Ok(samples.push(sample))).unwrap();
    }
    encoder.finish(&mut |sample| Ok(samples.push(sample))).unwrap();
    (encoder.format().as_ref().clone(), samples)
}

/// The samples as a byte stream ffmpeg reads: parameter sets from the configuration first.
fn annex_b(format: &FormatDescription, samples: &[SampleBuffer]) -> Vec<u8> {
    let video = format.as_video().unwrap();
    let config = &video.config.as_ref().unwrap().bytes;
    let units: Vec<_> = match video.codec {
        VideoCodec::H264 => h264::AvcConfig::parse(config).unwrap().units().cloned().collect(),
        _ => hevc::HevcConfig::parse(config).unwrap().units().cloned().collect(),
    };
    let mut stream = Vec::new();
    for unit in units {
        push_annex_b(&mut stream, &unit);
    }
    for sample in samples {
        for unit in length_prefixed_units(&sample.payload.load().unwrap(), 4) {
            push_annex_b(&mut stream, unit.unwrap());
        }
    }
    stream
}

fn slices(stream: &[u8]) -> Vec<&[u8]> {
    annex_b_units(stream).filter(|unit| matches!(unit[0] & 31, 1 | 5)).collect()
}

#[test]
fn x264_writes_the_bits_it_writes_for_ffmpeg() {
    if !support::have_ffmpeg() {
        return;
    }
    let folder = Folder::new("x264");
    let raw = raw(90, "yuv420p");
    std::fs::write(folder.file("raw"), &raw).unwrap();
    let mut settings = settings(VideoCodec::H264);
    settings.key_frames = KeyFrames { frames: Some(48), interval: None };
    settings.options = vec![("preset".into(), "veryfast".into())];
    let size = SIZE.to_string();
    for (rate, theirs) in
        [(VideoRate::Quality(0.65), ["-crf", "23"]), (VideoRate::Average(300_000), ["-b:v", "300000"])]
    {
        settings.rate = rate;
        let (format, samples) = encode("libx264", &settings, &pictures(&raw, PixelFormat::YUV420));
        let ours = annex_b(&format, &samples);
        let input = folder.file("raw");
        let common = ["-v", "error", "-f", "rawvideo", "-s", &size, "-r", "30", "-i", &input];
        let output = [
            "-vf",
            "setsar=1",
            "-c:v",
            "libx264",
            "-flags",
            "+global_header",
            "-preset",
            "veryfast",
            "-g",
            "48",
            "-f",
            "h264",
            "-",
        ];
        let theirs = support::run("ffmpeg", &[&common[..], &theirs, &output].concat());
        assert_eq!(samples.len(), 90);
        assert!(samples.iter().all(|sample| sample.dts <= sample.pts));
        assert!(samples.windows(2).all(|pair| pair[0].dts < pair[1].dts));
        assert!(slices(&ours) == slices(&theirs), "{rate:?}: {} and {} bytes", ours.len(), theirs.len());
    }
}

#[test]
fn every_h26x_frame_comes_back() {
    if !support::have_ffmpeg() {
        return;
    }
    let folder = Folder::new("h26x");
    for (id, codec, depth, layout) in [
        ("libx264", VideoCodec::H264, 8, "yuv420p"),
        ("libx264", VideoCodec::H264, 10, "yuv420p10le"),
        ("libx265", VideoCodec::Hevc, 8, "yuv420p"),
        ("libx265", VideoCodec::Hevc, 10, "yuv420p10le"),
    ] {
        let mut settings = settings(codec);
        settings.bit_depth = depth;
        settings.options = vec![("preset".into(), "ultrafast".into())];
        let format = PixelFormat::Yuv(reelwright_media::PixelLayout::Yuv420, depth);
        let (description, samples) = encode(id, &settings, &pictures(&raw(25, layout), format));
        assert_eq!(samples.len(), 25, "{id} {depth}");
        assert!(samples[0].flags.sync);
        let mut times: Vec<_> = samples.iter().map(|sample| sample.pts.value()).collect();
        times.sort_unstable();
        assert_eq!(times, (0..25).collect::<Vec<_>>());
        let extension = if codec == VideoCodec::H264 { "h264" } else { "hevc" };
        let file = folder.file(&format!("{depth}.{extension}"));
        std::fs::write(&file, annex_b(&description, &samples)).unwrap();
        let report = support::run("ffmpeg", &["-v", "error", "-i", &file, "-f", "framecrc", "-"]);
        let frames = String::from_utf8(report).unwrap().lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(frames, 25, "{id} {depth}");
    }
}

#[test]
fn aac_gives_back_as_many_frames_as_it_was_fed() {
    let rate = Timescale::new(48_000).unwrap();
    for frames in [1_usize, 1023, 1024, 1025, 48_000] {
        let tone = |phase: f32| (0..frames).map(|at| (at as f32 * 0.05 + phase).sin() * 0.5).collect();
        let audio = AudioBuffer::new(rate, ChannelLayout::stereo(), Time::ZERO, vec![tone(0.0), tone(1.0)]);
        let settings = AudioEncoderSettings {
            codec: AudioCodec::Aac,
            sample_rate: 48_000,
            layout: ChannelLayout::stereo(),
            rate: AudioRate::Average(128_000),
            pcm: None,
            options: Vec::new(),
        };
        let (_, mut encoder) = registry().audio_encoder(&settings, &EncoderSpecification::default()).unwrap();
        let mut samples = Vec::new();
        encoder.encode(&audio, &mut |sample| Ok(samples.push(sample))).unwrap();
        encoder.finish(&mut |sample| Ok(samples.push(sample))).unwrap();
        let trims = samples.iter().flat_map(|sample| [sample.trim.start, sample.trim.end]);
        let trimmed: i64 = trims.flatten().map(Time::value).sum();
        let decoded: i64 = samples.iter().map(|sample| sample.duration.value()).sum();
        assert_eq!(decoded - trimmed, frames as i64);
        let (_, mut decoder) = registry().audio_decoder(encoder.format()).unwrap();
        let mut heard = Vec::new();
        for sample in &samples {
            decoder.decode(sample, &mut |block| Ok(heard.extend_from_slice(&block.planes()[0]))).unwrap();
        }
        decoder.finish(&mut |block| Ok(heard.extend_from_slice(&block.planes()[0]))).unwrap();
        assert_eq!(heard.len() as i64, decoded);
        let start = encoder.priming() as usize;
        let fed = &audio.planes()[0];
        let error: f32 =
            heard[start..start + frames].iter().zip(fed).map(|(a, b)| (a - b) * (a - b)).sum::<f32>()
                / frames as f32;
        assert!(error < 0.01, "{frames} frames: mean square error {error}");
    }
}

#[test]
fn unknown_options_are_refused_with_the_known_ones() {
    let mut settings = settings(VideoCodec::H264);
    settings.options = vec![("speed".into(), "fast".into())];
    let error = registry().video_encoder(&settings, &EncoderSpecification::default()).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Misuse);
    assert!(error.hint().unwrap().contains("preset"), "{error:?}");
    settings.options = vec![("preset".into(), "warp".into())];
    let error = registry().video_encoder(&settings, &EncoderSpecification::default()).err().unwrap();
    assert!(error.to_string().contains("warp"), "{error:?}");
}
