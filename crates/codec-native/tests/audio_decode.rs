//! Decoded sound of the corpus equals ffmpeg's within one step of 16 bits, frame for frame.
#![allow(clippy::unwrap_used)]

mod corpus;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use reelwright_codec::Registry;
use reelwright_media::{AudioCodec, AudioFormat, CodecConfig, ErrorKind, FormatDescription, FourCc, Time};

/// Compares all of a corpus file's first audio stream. `tolerance` is in steps of 16 bits.
fn compare(name: &str, tolerance: f32) {
    if let Some(path) = corpus::file(name) {
        compare_file(&path, name, tolerance, None);
    }
}

fn compare_file(path: &Path, name: &str, tolerance: f32, judge: Option<&str>) {
    let stream = corpus::stream(path, "a");
    let registry = Registry::new().with(reelwright_codec_native::provider());
    let (_, mut decoder) = registry.audio_decoder(&stream.format).unwrap();
    let mut ours: Vec<f32> = Vec::new();
    let mut times: Vec<Time> = Vec::new();
    let mut out = |audio: reelwright_media::AudioBuffer| {
        times.push(audio.pts);
        for frame in 0..audio.frames() {
            ours.extend(audio.planes().iter().map(|plane| plane[frame]));
        }
        Ok(())
    };
    for (index, sample) in stream.samples.iter().enumerate() {
        decoder.decode(sample, &mut out).unwrap_or_else(|error| panic!("{name} packet {index}: {error}"));
    }
    decoder.finish(&mut out).unwrap();
    assert!(times.is_sorted(), "{name}: times");
    let theirs = corpus::expected_pcm(path, judge);
    assert_eq!(ours.len(), theirs.len(), "{name}: samples of all channels");
    let step = tolerance / 32_768.0;
    let worst = ours.iter().zip(&theirs).enumerate().max_by(|(_, (a, b)), (_, (c, d))| {
        let difference = |x: &f32, y: &f32| (x - y).abs();
        difference(a, b).total_cmp(&difference(c, d))
    });
    if let Some((index, (a, b))) = worst {
        assert!((a - b).abs() <= step, "{name}: sample {index} is {a}, not {b}");
    }
}

macro_rules! files {
    ($($test:ident: $file:literal, $tolerance:literal;)*) => {
        $(#[test] fn $test() { compare($file, $tolerance); })*
    };
}

files! {
    aac_phone: "iphone_dv84_hdr.mov", 1.0;
    aac_quicktime_entry: "iphone_rot90_tapt.mov", 1.0;
    aac_android: "android_gps.mp4", 1.0;
    aac_short: "aac_10ms.m4a", 1.0;
    aac_itunes: "iTunSMPB_aac.m4a", 1.0;
    aac_quicktime_7: "quicktime7_aac.mp4", 1.0;
    aac_surround: "aac51_two_tracks.mp4", 1.0;
    aac_he: "afconvert_heaac.m4a", 1.0;
    aac_he_surround: "heaac_51.mp4", 1.0;
    mp3_with_xing_header: "bear_vbr.mp3", 1.0;
    alac: "alac.m4a", 0.0;
    alac_20_bits: "alac_20bit.m4a", 0.0;
    flac: "bear.flac", 0.0;
    opus: "opus_frag.mp4", 1.0;
    ima4: "ima4.mov", 0.0;
    pcm_24_bits: "ipcm_24le_avc.mp4", 0.0;
    pcm_16_bits_big_endian: "twos_avc.mov", 0.0;
}

/// A tone of its own in every channel, so that none is mistaken for another.
#[test]
fn opus_of_every_layout() {
    if !["ffmpeg", "ffprobe"].into_iter().all(corpus::has) {
        reelwright_judges::skip!("ffmpeg is not installed");
        return;
    }
    let layouts = ["mono", "stereo", "3.0", "quad", "5.0", "5.1", "6.1", "7.1"];
    for (index, layout) in layouts.into_iter().enumerate() {
        let name = format!("opus_{layout}.mp4");
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(&name);
        let tones: Vec<_> =
            (0..=index).map(|channel| format!("0.2*sin({}*2*PI*t)", 60 + 40 * channel)).collect();
        let source = format!("aevalsrc={}:c={layout}:s=48000:d=0.5", tones.join("|"));
        let file = path.to_str().unwrap();
        let codec = ["-c:a", "libopus", "-mapping_family", if index < 2 { "0" } else { "1" }];
        let before = ["-v", "error", "-y", "-f", "lavfi", "-i", &source];
        corpus::run("ffmpeg", &[&before[..], &codec, &["-strict", "-2", file]].concat());
        // FFmpeg's own decoder is ten steps away from libopus where sound breaks off.
        compare_file(&path, &name, 1.0, Some("libopus"));
    }
}

#[test]
fn xhe_aac_is_refused() {
    // The AudioSpecificConfig of object type 42 at 44.1 kHz, mono.
    let config = CodecConfig { kind: FourCc::new(b"esds"), bytes: vec![0xF9, 0x48, 0x44, 0x00].into() };
    let format = AudioFormat {
        config: Some(config),
        ..AudioFormat::new(AudioCodec::Aac, FourCc::new(b"mp4a"), 44_100, 1)
    };
    let registry = Registry::new().with(reelwright_codec_native::provider());
    let error = registry.audio_decoder(&Arc::new(FormatDescription::Audio(format))).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
}
