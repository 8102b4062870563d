//! How fast a long clip decodes, beside ffmpeg: `cargo test -p reelwright-codec-libav --features link --test speed --
//! --ignored --nocapture`.
#![cfg(feature = "link")]
#![allow(clippy::unwrap_used, reason = "tests state expectations by unwrapping")]

mod support;

use std::time::Instant;

use reelwright_codec::{Registry, VideoDecoderSettings};

#[test]
#[ignore = "a measurement"]
fn decoding_is_as_fast_as_ffmpegs() {
    let Some(path) = support::shared("bench/bench_20s.mp4") else { return };
    let (format, samples) = support::samples(&path, "v:0");
    for threads in [1, 0] {
        for _ in 0..2 {
            let start = Instant::now();
            let settings = VideoDecoderSettings { format: format.clone(), threads };
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
