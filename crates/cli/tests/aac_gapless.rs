//! Sound through `reel export` as AAC: as many frames come out of FFmpeg 9 as the WAVE file had, in their place, whatever
//! the container and the sample rate. (FFmpeg 5.1 doesn't trim the last packet.)
#![allow(clippy::unwrap_used, reason = "tests state what they expect by unwrapping")]

#[path = "transcode_corpus/judges.rs"]
#[allow(dead_code, reason = "only the search for FFmpeg is wanted here")]
mod judges;

use std::path::{Path, PathBuf};
use std::process::Command;

use judges::Ffmpegs;

const LENGTHS: [usize; 7] = [1, 100, 1023, 1024, 1025, 48_000, 100_001];

/// A tone of its own in each channel, with some noise, as 16-bit samples.
fn sound(frames: usize, channels: usize, rate: u32) -> Vec<i16> {
    let mut state = 1u32;
    let sample = |frame: usize, channel: usize| {
        let hertz = 330.0 + 110.0 * channel as f64;
        (std::f64::consts::TAU * hertz * frame as f64 / f64::from(rate)).sin() * 9000.0
    };
    let mut out = Vec::with_capacity(frames * channels);
    for frame in 0..frames {
        for channel in 0..channels {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            out.push(sample(frame, channel) as i16 + (state >> 26) as i16);
        }
    }
    out
}

/// A WAVE file of 16 bits.
fn write_wave(path: &Path, samples: &[i16], channels: usize, rate: u32) {
    let mask: u32 = if channels == 1 { 0x4 } else { 0x3 };
    let (align, data) = (2 * channels as u32, 2 * samples.len() as u32);
    let mut out = b"RIFF".to_vec();
    out.extend((60 + data).to_le_bytes());
    out.extend(b"WAVEfmt ");
    out.extend(40u32.to_le_bytes());
    out.extend(0xFFFEu16.to_le_bytes());
    out.extend((channels as u16).to_le_bytes());
    out.extend(rate.to_le_bytes());
    out.extend((rate * align).to_le_bytes());
    out.extend((align as u16).to_le_bytes());
    out.extend([16, 0, 22, 0, 16, 0]);
    out.extend(mask.to_le_bytes());
    out.extend([1, 0, 0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71]);
    out.extend(b"data");
    out.extend(data.to_le_bytes());
    out.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    std::fs::write(path, out).unwrap();
}

fn reel(input: &Path, output: &Path, more: &[&str]) {
    let reel = std::env::var("REEL").unwrap_or_else(|_| env!("CARGO_BIN_EXE_reel").into());
    let run = Command::new(reel)
        .args(["export", "--overwrite", "--quiet"])
        .args(more)
        .args([input, output])
        .output()
        .unwrap();
    assert!(run.status.success(), "{}: {}", output.display(), String::from_utf8_lossy(&run.stderr));
}

/// All frames, interleaved; the decoder must not complain.
fn decode(ffmpeg: &Path, file: &Path) -> Vec<i16> {
    let run = Command::new(ffmpeg)
        .args(["-nostdin", "-v", "warning", "-xerror", "-i"])
        .arg(file)
        .args(["-f", "s16le", "-"])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&run.stderr), "", "{}", file.display());
    run.stdout.chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]])).collect()
}

fn check(ffmpeg: &Path, file: &Path, samples: &[i16]) {
    let decoded = decode(ffmpeg, file);
    assert_eq!(decoded.len(), samples.len(), "{}", file.display());
    if samples.len() < 2000 {
        return;
    }
    let energy = |values: &mut dyn Iterator<Item = f64>| values.map(|value| value * value).sum::<f64>();
    let signal = energy(&mut samples.iter().map(|&x| f64::from(x)));
    let noise = energy(&mut samples.iter().zip(&decoded).map(|(&x, &y)| f64::from(x) - f64::from(y)));
    let snr = 10.0 * (signal / noise).log10();
    assert!(snr > 15.0, "{}: {snr:.1} dB", file.display());
}

fn round_trip(rate: u32, channels: usize, lengths: &[usize]) {
    let Some(ffmpeg) = Ffmpegs::find().and_then(|ffmpegs| ffmpegs.newer) else { return };
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("aac_gapless_{rate}_{channels}"));
    std::fs::create_dir_all(&folder).unwrap();
    for &frames in lengths {
        let samples = sound(frames, channels, rate);
        let wave = folder.join(format!("{frames}.wav"));
        write_wave(&wave, &samples, channels, rate);
        for (name, more) in [("m4a", &["--preset", "AppleM4A"][..]), ("mp4", &[]), ("mov", &[])] {
            let output = folder.join(format!("{frames}.{name}"));
            reel(&wave, &output, more);
            check(&ffmpeg, &output, &samples);
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn stereo_of_any_length_keeps_its_frames() {
    for rate in [8_000, 22_050, 44_100, 48_000] {
        round_trip(rate, 2, &LENGTHS);
    }
}

#[test]
fn so_does_one_channel() {
    round_trip(48_000, 1, &[1, 1025, 48_000]);
}
