//! How fast a long clip decodes, beside ffmpeg: `cargo test -p reelwright-codec-libav --features link --test speed --
//! --ignored --nocapture`.
#![cfg(feature = "link")]
#![allow(clippy::unwrap_used, reason = "tests state expectations by unwrapping")]

mod support;

use std::time::Instant;

use reelwright_codec::{
    EncoderSpecification, FrameOptions, Registry, VideoDecoderSettings, VideoEncoderSettings,
};
use reelwright_media::SampleBuffer;

#[test]
#[ignore = "a measurement"]
fn decoding_is_as_fast_as_ffmpegs() {
    let Some(path) = support::shared("bench/bench_20s.mp4") else { return };
    let (format, samples) = support::samples(&path, "v:0");
    for threads in [1, 0] {
        for _ in 0..2 {
            let start = Instant::now();
            let settings = VideoDecoderSettings { threads, ..VideoDecoderSettings::new(format.clone()) };
            let registry = Registry::new().with(reelwright_codec_libav::provider());
            let (_, mut decoder) = registry.video_decoder(&settings).unwrap();
            let mut frames = 0;
            let mut count = |_| {
                frames += 1;
                Ok(())
            };
            for sample in &samples {
                decoder.decode(sample, &mut count).unwrap();
            }
            decoder.finish(&mut count).unwrap();
            let ours = start.elapsed();
            let start = Instant::now();
            let (file, count) = (path.to_str().unwrap(), threads.to_string());
            let arguments = ["-v", "error", "-threads", &count, "-i", file, "-an", "-f", "null", "-"];
            support::run("ffmpeg", &arguments);
            let theirs = start.elapsed();
            let rate = |time: std::time::Duration| f64::from(frames) / time.as_secs_f64();
            println!("{threads} threads: {:.0} fps, ffmpeg {:.0} fps", rate(ours), rate(theirs));
        }
    }
}

#[test]
#[ignore = "a measurement"]
fn transcoding_is_as_fast_as_ffmpegs() {
    let Some(path) = support::shared("bench/bench_20s.mp4") else { return };
    let (format, samples) = support::samples(&path, "v:0");
    let registry = Registry::new().with(reelwright_codec_libav::provider());
    let video = format.as_video().unwrap();
    let mut settings = VideoEncoderSettings::new(video.codec, video.size);
    settings.options = vec![("preset".into(), "superfast".into())];
    settings.timescale = samples[0].pts.scale();
    for _ in 0..2 {
        let start = Instant::now();
        let (_, mut decoder) = registry
            .video_decoder(&VideoDecoderSettings { threads: 0, ..VideoDecoderSettings::new(format.clone()) })
            .unwrap();
        let (_, mut encoder) = registry.video_encoder(&settings, &EncoderSpecification::default()).unwrap();
        let (mut frames, mut bytes) = (0, 0);
        let mut count = |sample: SampleBuffer| {
            bytes += sample.payload.len();
            frames += 1;
            Ok(())
        };
        let mut encode = |frame| encoder.encode(frame, FrameOptions::default(), &mut count);
        for sample in &samples {
            decoder.decode(sample, &mut encode).unwrap();
        }
        decoder.finish(&mut encode).unwrap();
        encoder.finish(&mut count).unwrap();
        let ours = start.elapsed();
        let start = Instant::now();
        let file = path.to_str().unwrap();
        let arguments =
            ["-v", "error", "-i", file, "-an", "-c:v", "libx264", "-preset", "superfast", "-crf", "23"];
        let output = ["-g", "60", "-flags", "+global_header", "-f", "null", "-"];
        support::run("ffmpeg", &[&arguments[..], &output].concat());
        let theirs = start.elapsed();
        let rate = |time: std::time::Duration| f64::from(frames) / time.as_secs_f64();
        println!("{:.1} fps, {bytes} bytes, ffmpeg {:.1} fps", rate(ours), rate(theirs));
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    println!("{}", status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default());
}
