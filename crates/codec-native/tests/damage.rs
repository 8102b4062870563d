//! Damaged samples are errors that say where, never panics, and decoding goes on after them.
#![allow(clippy::unwrap_used)]

mod corpus;

use reelwright_codec::{Registry, VideoDecoderSettings};
use reelwright_media::{ErrorKind, Payload, SampleBuffer};

/// Damages a sample by flipping, zeroing, cutting or doubling, as `seed` says.
fn damage(sample: &SampleBuffer, seed: u64) -> SampleBuffer {
    let mut bytes = sample.payload.load().unwrap().to_vec();
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below.max(1) as u64) as usize
    };
    for _ in 0..1 + next(4) {
        let at = next(bytes.len());
        match next(4) {
            0 => bytes[at] ^= 1 << next(8),
            1 => bytes[at..].iter_mut().take(9).for_each(|byte| *byte = 0),
            2 => bytes.truncate(at.max(1)),
            _ => drop(bytes.splice(at..at, [0xFF; 5])),
        }
    }
    SampleBuffer { payload: Payload::from(bytes), ..sample.clone() }
}

fn allowed(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::Decode
            | ErrorKind::Unsupported
            | ErrorKind::Limit
            | ErrorKind::Malformed
            | ErrorKind::Truncated
    )
}

fn survive_video(name: &str, samples: usize, rounds: u64) {
    if let Some(path) = corpus::file(name) {
        survive(name, &corpus::stream(&path, "v"), samples, rounds);
    }
}

fn survive(name: &str, stream: &corpus::Stream, samples: usize, rounds: u64) {
    let registry = Registry::new().with(reelwright_codec_native::provider());
    let mut errors = 0;
    for round in 0..rounds {
        let threads = 1 + (round % 2) as usize;
        let settings = VideoDecoderSettings { threads, ..VideoDecoderSettings::new(stream.format.clone()) };
        let (_, mut decoder) = registry.video_decoder(&settings).unwrap();
        let mut results = Vec::new();
        for (index, sample) in stream.samples.iter().take(samples).enumerate() {
            let hurt = (index as u64 + round) % 5 == 2;
            let sample = if hurt { damage(sample, round * 977 + index as u64) } else { sample.clone() };
            results.push(decoder.decode(&sample, &mut |_| Ok(())));
        }
        results.push(decoder.finish(&mut |_| Ok(())));
        for error in results.into_iter().filter_map(Result::err) {
            assert!(allowed(error.kind()), "{name}: {error}");
            errors += 1;
        }
        // The same decoder decodes a sound stretch afterwards.
        let mut pictures = 0;
        let mut count = |_| {
            pictures += 1;
            Ok(())
        };
        for sample in stream.samples.iter().take(8) {
            decoder.decode(sample, &mut count).unwrap();
        }
        decoder.finish(&mut count).unwrap();
        assert_eq!(pictures, 8.min(stream.samples.len()), "{name} round {round}");
    }
    eprintln!("{name}: {errors} errors in {rounds} rounds");
}

#[test]
fn h264_general() {
    survive_video("h264_interlaced_crop.mp4", 12, 12);
}

#[test]
fn h264_progressive() {
    survive_video("samsung_sef_super_slowmo.mp4", 30, 40);
}

#[test]
fn hevc() {
    survive_video("spatial_small.mp4", 10, 40);
}

#[test]
fn av1() {
    survive_video("av1_aac.mp4", 10, 24);
}

#[test]
fn vp9() {
    survive_video("vp9.mp4", 20, 8);
}

#[test]
fn vp8() {
    let coding = ["-pix_fmt", "yuv420p", "-c:v", "libvpx", "-g", "8"];
    let Some(made) = corpus::Made::new("damaged-vp8.ivf", "161x90", &coding) else { return };
    survive("vp8", &corpus::stream(&made.0, "v"), 24, 60);
}

#[test]
fn a_broken_length_is_located() {
    let Some(path) = corpus::file("samsung_sef_super_slowmo.mp4") else { return };
    let stream = corpus::stream(&path, "v");
    let registry = Registry::new().with(reelwright_codec_native::provider());
    let settings = VideoDecoderSettings { threads: 1, ..VideoDecoderSettings::new(stream.format.clone()) };
    let (_, mut decoder) = registry.video_decoder(&settings).unwrap();
    let sample = SampleBuffer { payload: vec![0, 0, 9, 9, 1, 2, 3].into(), ..stream.samples[3].clone() };
    let error = decoder.decode(&sample, &mut |_| Ok(())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert_eq!(error.place().time, Some(sample.pts));
}

#[test]
fn audio() {
    for name in ["afconvert_heaac.m4a", "alac.m4a", "opus_frag.mp4", "bear_vbr.mp3", "bear.flac"] {
        let Some(path) = corpus::file(name) else { continue };
        let stream = corpus::stream(&path, "a");
        let registry = Registry::new().with(reelwright_codec_native::provider());
        let (_, mut decoder) = registry.audio_decoder(&stream.format).unwrap();
        for (index, sample) in stream.samples.iter().enumerate() {
            let result = decoder.decode(&damage(sample, index as u64), &mut |_| Ok(()));
            if let Err(error) = result {
                assert!(allowed(error.kind()), "{name}: {error}");
                assert_eq!(error.place().time, Some(sample.pts), "{name}: {error}");
            }
        }
        decoder.finish(&mut |_| Ok(())).unwrap();
        for sample in stream.samples.iter().take(4) {
            decoder.decode(sample, &mut |_| Ok(())).unwrap();
        }
    }
}
