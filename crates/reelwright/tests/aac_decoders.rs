//! AAC by the native encoder: libavcodec and rusty_aac decode it without a warning, to the same samples, for every sample
//! rate and layout; as many frames come out of M4A, MP4 and MOV as went in.
#![cfg(feature = "native")]
#![allow(clippy::unwrap_used, reason = "tests state what they expect by unwrapping")]

mod foreign;

use std::path::{Path, PathBuf};

use reelwright::{Asset, AssetWriter, FileType, InputConfig, Overwrite};
use reelwright_codec::{AudioEncoderSettings, AudioRate, Registry};
use reelwright_media::{AudioBuffer, AudioCodec, Channel, ChannelLayout, Time, Timescale};

const RATES: [u32; 12] =
    [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000];
/// One unit of 16 bits, and what rounding of floats adds.
const LSB: f32 = 1.01 / 32_768.0;

fn registry() -> Registry {
    Registry::new().with(reelwright_codec_native::provider())
}

/// In each channel a tone of its own, a share of one noise, and clicks: long and short windows, noise shaping, middle and
/// side, and intensity all have their occasions.
fn sound(layout: &ChannelLayout, frames: usize, rate: u32) -> Vec<Vec<f32>> {
    let mut state = 1u32;
    let mut noise = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 8_388_608.0 - 1.0
    };
    let common: Vec<f32> =
        (0..frames).map(|n| noise() * if n / 3000 % 2 == 0 { 0.2 } else { 0.003 }).collect();
    let plane = |channel: usize| {
        let hertz =
            if layout.channels()[channel] == Channel::Lfe { 50.0 } else { 300.0 + 90.0 * channel as f32 };
        let sample = |n: usize| {
            let tone = 0.3 * (std::f32::consts::TAU * hertz * n as f32 / rate as f32).sin();
            let click = if n % 2900 == 1500 { 0.4 } else { 0.0 };
            tone + common[n] / (1.0 + channel as f32) + click
        };
        (0..frames).map(sample).collect()
    };
    (0..layout.count()).map(plane).collect()
}

fn settings(sample_rate: u32, layout: ChannelLayout, rate: AudioRate) -> AudioEncoderSettings {
    AudioEncoderSettings::new(AudioCodec::Aac, sample_rate, layout).rate(rate)
}

fn write(path: &Path, kind: FileType, settings: AudioEncoderSettings, planes: Vec<Vec<f32>>) {
    let (rate, layout) = (Timescale::new(settings.sample_rate).unwrap(), settings.layout.clone());
    let mut builder = AssetWriter::create(path, kind).overwrite(Overwrite::Replace).registry(registry());
    let mut input = builder.add_input(InputConfig::encode_audio(settings)).unwrap();
    let writer = builder.start().unwrap();
    writer.start_session(Time::ZERO).unwrap();
    input.append(AudioBuffer::new(rate, layout, Time::ZERO, planes)).unwrap();
    input.finish().unwrap();
    writer.finish().unwrap();
}

/// By rusty_aac, per channel.
fn by_rusty_aac(path: &Path) -> Vec<Vec<f32>> {
    let asset = Asset::open(path).unwrap();
    let track = &asset.movie().tracks[0];
    let mut out: Vec<Vec<f32>> = Vec::new();
    for buffer in asset.sound(track.id).registry(registry()).open().unwrap() {
        let buffer = buffer.unwrap();
        out.resize(buffer.channels(), Vec::new());
        out.iter_mut().zip(buffer.planes()).for_each(|(out, plane)| out.extend(plane));
    }
    out
}

fn check(rate: u32, layout: ChannelLayout, kind: AudioRate) {
    const FRAMES: usize = 10_011;
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("aac_{rate}_{}.mp4", layout.count()));
    let planes = sound(&layout, FRAMES, rate);
    let channels = layout.count();
    write(&path, FileType::Mp4, settings(rate, layout.clone(), kind), planes);
    let ours = by_rusty_aac(&path);
    assert!(ours.len() == channels && ours.iter().all(|plane| plane.len() == FRAMES));
    for ffmpeg in foreign::ffmpegs() {
        let theirs = foreign::sound(&ffmpeg, &path, channels);
        // FFmpeg 5.1 doesn't trim the last packet.
        assert!(theirs[0].len() == FRAMES || theirs[0].len() == FRAMES.next_multiple_of(1024));
        let difference =
            |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        // Each sorts the channels its own way.
        for (channel, plane) in ours.iter().enumerate() {
            let least = theirs.iter().map(|other| difference(plane, other)).fold(f32::MAX, f32::min);
            assert!(
                least <= LSB,
                "{rate} Hz, {:?}, {kind:?}, channel {channel}: {} of 16 bits apart",
                layout.channels(),
                least * 32_768.0
            );
        }
    }
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn decoders_agree_at_every_sample_rate() {
    for rate in RATES {
        for channels in [1u16, 2] {
            let layout = ChannelLayout::default_for(channels).unwrap();
            let bits = |share: u32| rate * u32::from(channels) * share / 4;
            for kind in [AudioRate::Constant(bits(2)), AudioRate::Average(bits(5)), AudioRate::Quality(0.7)] {
                check(rate, layout.clone(), kind);
            }
        }
    }
}

#[test]
fn decoders_agree_on_every_layout() {
    use Channel::*;
    let mut layouts: Vec<_> = [3, 4, 5, 6, 7, 8].into_iter().filter_map(ChannelLayout::default_for).collect();
    layouts.push(ChannelLayout::new([Left, Right, Center, Lfe, BackLeft, BackRight]));
    layouts.push(ChannelLayout::new([Left, Right, SideLeft, SideRight]));
    layouts.push(ChannelLayout::new([Left, Right, BackCenter]));
    layouts.push(ChannelLayout::new([Left, Right, Lfe]));
    for layout in layouts {
        for bits in [24_000, 64_000] {
            let all = bits * layout.count() as u32;
            check(48_000, layout.clone(), AudioRate::Average(all));
        }
    }
}

#[test]
fn every_layout_keeps_its_frames_in_every_container() {
    let Some(ffmpeg) = foreign::newer_ffmpeg() else { return };
    for layout in (1..=8).filter_map(ChannelLayout::default_for) {
        let channels = layout.count();
        for kind in [FileType::M4a, FileType::Mp4, FileType::Mov] {
            for frames in [1, 1023, 1024, 1025] {
                let name = format!("aac_{channels}_{frames}.{kind:?}").to_lowercase();
                let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
                let rate = AudioRate::Constant(64_000 * channels as u32);
                let planes = sound(&layout, frames, 48_000);
                write(&path, kind, settings(48_000, layout.clone(), rate), planes);
                let decoded = foreign::sound(&ffmpeg, &path, channels);
                let lengths: Vec<usize> = decoded.iter().map(Vec::len).collect();
                assert_eq!(lengths, vec![frames; channels], "{}", path.display());
                std::fs::remove_file(&path).unwrap();
            }
        }
    }
}
