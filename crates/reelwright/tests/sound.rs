//! Sound that doesn't come as the settings have it: of another rate or layout, with holes, overlaps, jitter. What ffmpeg
//! decodes of the file is what was given, when it was given.
#![cfg(feature = "native")]
#![allow(clippy::unwrap_used, reason = "tests state what they expect by unwrapping")]

mod foreign;

use std::f64::consts::TAU;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use reelwright::{
    Asset, AssetWriter, ExportOptions, ExportSession, FileType, FinishReport, Input, InputConfig, InputData,
    MemorySink, Overwrite, Preset, Sink, TryAppend,
};
use reelwright_codec::{AudioEncoderSettings, AudioRate};
use reelwright_media::{
    AudioBuffer, AudioCodec, CancelToken, ChannelLayout, ErrorKind, PcmFormat, Rounding, Time, Timescale,
};
use reelwright_mux::{Capabilities, Op, Outcome};

/// Of the files.
const RATE: u32 = 48_000;

/// LPCM and AAC, 48 kHz, stereo, with the file types that hold them.
fn targets() -> [(FileType, &'static str, AudioEncoderSettings); 2] {
    let settings = |codec| {
        AudioEncoderSettings::new(codec, RATE, ChannelLayout::stereo()).rate(AudioRate::Constant(256_000))
    };
    let lpcm = settings(AudioCodec::Lpcm).pcm(PcmFormat::S16LE);
    [(FileType::Mov, "mov", lpcm), (FileType::Mp4, "mp4", settings(AudioCodec::Aac))]
}

/// Writes what `feed` appends, in a session that starts at five seconds.
fn write(
    path: &Path,
    kind: FileType,
    settings: AudioEncoderSettings,
    feed: impl FnOnce(&mut Input),
) -> FinishReport {
    write_config(path, kind, InputConfig::encode_audio(settings), feed)
}

fn write_config(
    path: &Path,
    kind: FileType,
    config: InputConfig,
    feed: impl FnOnce(&mut Input),
) -> FinishReport {
    let mut builder = AssetWriter::create(path, kind).overwrite(Overwrite::Replace);
    let mut input = builder.add_input(config).unwrap();
    let writer = builder.start().unwrap();
    writer.start_session(START).unwrap();
    feed(&mut input);
    input.finish().unwrap();
    writer.finish().unwrap()
}

const START: Time = Time::from_secs(5);

fn output(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// Silence, and from a quarter of a second on 1 kHz at half of full scale; at `seconds` of the session.
fn tone(seconds: f64) -> f64 {
    if seconds < 0.25 { 0.0 } else { 0.5 * (TAU * 1000.0 * (seconds - 0.25)).sin() }
}

/// `frames` frames of [`tone`] in the first channels of `layout`, two at most, from frame `start` on.
fn tones(rate: u32, layout: &ChannelLayout, start: usize, frames: usize) -> AudioBuffer {
    let sounding: Vec<f32> =
        (start..start + frames).map(|frame| tone(frame as f64 / f64::from(rate)) as f32).collect();
    let plane = |channel| if channel < 2 { sounding.clone() } else { vec![0.0; frames] };
    let planes = (0..layout.count()).map(plane).collect();
    let rate = Timescale::new(rate).unwrap();
    AudioBuffer::new(rate, layout.clone(), after(start, rate), planes)
}

/// So many frames into the session.
fn after(frames: usize, rate: Timescale) -> Time {
    START.checked_add(Time::new(i64::try_from(frames).unwrap(), rate)).unwrap()
}

/// How many frames later than in [`tone`] the tone begins in what was decoded: where the two are most alike.
fn delay(decoded: &[f32]) -> i64 {
    let likeness = |lag: i64| -> f64 {
        let pairs = (9_600..14_400).map(|frame: i64| {
            (tone(frame as f64 / f64::from(RATE)), f64::from(decoded[(frame + lag) as usize]))
        });
        let (product, power) =
            pairs.fold((0.0, 0.0), |(product, power), (a, b)| (product + a * b, power + b * b));
        product / power.sqrt()
    };
    (-200..=200).max_by(|&a, &b| likeness(a).total_cmp(&likeness(b))).unwrap()
}

/// In decibels below full scale.
fn level(samples: &[f32]) -> f64 {
    let power: f64 = samples.iter().map(|&sample| f64::from(sample).powi(2)).sum::<f64>();
    10.0 * (power / samples.len() as f64).log10()
}

/// Half of full scale as a sine.
const TONE_LEVEL: f64 = -9.03;

#[test]
fn sound_of_another_rate_or_layout_is_converted() {
    // Of 5.1, left and right are mixed down by 1 / (1 + sqrt(1/2) + sqrt(1/2)).
    let sources = [
        (44_100, ChannelLayout::stereo(), 0.0),
        (48_000, ChannelLayout::surround_5_1(), -7.66),
        (44_100, ChannelLayout::surround_5_1(), -7.66),
        (96_000, ChannelLayout::mono(), 0.0),
        (16_000, ChannelLayout::mono(), 0.0),
    ];
    for (kind, extension, settings) in targets() {
        for (rate, layout, gain) in &sources {
            let path = output(&format!("converted_{rate}_{}.{extension}", layout.count()));
            let frames = *rate as usize * 3 / 2 + 17;
            let report = write(&path, kind, settings.clone(), |input| {
                for start in (0..frames).step_by(1001) {
                    input.append(tones(*rate, layout, start, 1001.min(frames - start))).unwrap();
                }
            });
            let expected = (frames * RATE as usize * 2 + *rate as usize) / (*rate as usize * 2);
            let length = Time::new(i64::try_from(expected).unwrap(), Timescale::new(RATE).unwrap());
            assert_eq!(report.duration, length, "{}", path.display());
            let Some(ffmpeg) = foreign::newer_ffmpeg() else { continue };
            for plane in foreign::sound(&ffmpeg, &path, 2) {
                assert_eq!(plane.len(), expected, "{}", path.display());
                assert_eq!(delay(&plane), 0, "{}", path.display());
                let found = level(&plane[24_000..67_200]);
                assert!((found - TONE_LEVEL - gain).abs() < 0.1, "{}: {found:.2} dB", path.display());
                let before = level(&plane[..10_000]);
                assert!(before < -60.0, "{}: {before:.2} dB", path.display());
            }
        }
    }
}

/// As when a headset is plugged in.
#[test]
fn rate_and_layout_may_change_while_recording() {
    let forms = [
        (44_100, ChannelLayout::stereo()),
        (48_000, ChannelLayout::stereo()),
        (16_000, ChannelLayout::mono()),
        (96_000, ChannelLayout::stereo()),
    ];
    for (kind, extension, settings) in targets() {
        let path = output(&format!("changing.{extension}"));
        let report = write(&path, kind, settings, |input| {
            for (number, (rate, layout)) in forms.iter().enumerate() {
                let half = *rate as usize / 2;
                for start in (0..half).step_by(half / 10) {
                    input.append(tones(*rate, layout, number * half + start, half / 10)).unwrap();
                }
            }
        });
        assert_eq!(report.duration, Time::from_secs(2));
        let Some(ffmpeg) = foreign::newer_ffmpeg() else { continue };
        for plane in foreign::sound(&ffmpeg, &path, 2) {
            assert_eq!((plane.len(), delay(&plane)), (96_000, 0));
            // The tone goes on through each change; the last is 1 kHz with the phase it had at first.
            for second in [0.6, 1.1, 1.6] {
                let begin = (second * f64::from(RATE)) as usize;
                let wanted = (begin..begin + 14_400).map(|frame| tone(frame as f64 / f64::from(RATE)) as f32);
                let noise: Vec<f32> = plane[begin..].iter().zip(wanted).map(|(a, b)| a - b).collect();
                assert!(level(&noise) < TONE_LEVEL - 30.0, "{second}: {:.1} dB", level(&noise));
            }
        }
    }
}

#[test]
fn what_would_alias_is_a_hundred_decibels_down() {
    let path = output("above.mov");
    let pcm = PcmFormat { float: true, bits: 32, ..PcmFormat::S16LE };
    let settings = AudioEncoderSettings::new(AudioCodec::Lpcm, 44_100, ChannelLayout::mono());
    let rate = Timescale::new(RATE).unwrap();
    write(&path, FileType::Mov, settings.pcm(pcm), |input| {
        for second in 0..2 {
            let value = |frame: i64| (TAU * 23_000.0 * frame as f64 / f64::from(RATE)).sin() as f32;
            let frames = i64::from(RATE);
            let plane = (second * frames..(second + 1) * frames).map(value).collect();
            let at = START.checked_add(Time::from_secs(second)).unwrap();
            input.append(AudioBuffer::new(rate, ChannelLayout::mono(), at, vec![plane])).unwrap();
        }
    });
    let Some(ffmpeg) = foreign::newer_ffmpeg() else { return };
    let heard = foreign::sound(&ffmpeg, &path, 1).remove(0);
    assert_eq!(heard.len(), 88_200);
    // Where it begins and ends it is no tone above, but a click.
    let left = level(&heard[1000..87_200]);
    assert!(left < -100.0, "{left:.1} dB");
}

#[test]
fn the_file_says_what_the_settings_say() {
    let forms = [
        (AudioCodec::Aac, 44_100, ChannelLayout::mono(), "aac", "mono"),
        (AudioCodec::Aac, 48_000, ChannelLayout::stereo(), "aac", "stereo"),
        (AudioCodec::Aac, 48_000, ChannelLayout::surround_5_1(), "aac", "5.1"),
        (AudioCodec::Lpcm, 96_000, ChannelLayout::stereo(), "pcm_s16le", "stereo"),
        // AAC has one order of six, and FFmpeg another name for it.
        (AudioCodec::Lpcm, 48_000, ChannelLayout::surround_5_1(), "pcm_s16le", "5.1(side)"),
    ];
    for (codec, rate, layout, name, layout_name) in forms {
        let path = output(&format!("settings_{name}_{rate}_{}.mov", layout.count()));
        let channels = layout.count();
        let settings = AudioEncoderSettings::new(codec, rate, layout)
            .pcm((codec == AudioCodec::Lpcm).then_some(PcmFormat::S16LE));
        // Of another form than the settings.
        let source = ChannelLayout::stereo();
        write(&path, FileType::Mov, settings, |input| {
            input.append(tones(32_000, &source, 0, 32_000)).unwrap();
        });
        let entries = "stream=codec_name,sample_rate,channels,channel_layout";
        let Some(said) = foreign::probe(&path, entries) else { continue };
        let expected = [
            format!("codec_name={name}"),
            format!("sample_rate={rate}"),
            format!("channels={channels}"),
            format!("channel_layout={layout_name}"),
        ];
        assert_eq!(said, expected, "{}", path.display());
    }
}

/// Two tracks of different form, the second from one second on: exported, they sound together, to the frame.
#[test]
fn tracks_are_mixed_where_they_sound() {
    let path = output("two_tracks.mov");
    let mut builder = AssetWriter::create(&path, FileType::Mov).overwrite(Overwrite::Replace);
    let mut add = |rate, layout: &ChannelLayout| {
        let settings = AudioEncoderSettings::new(AudioCodec::Lpcm, rate, layout.clone());
        let settings = settings.pcm(PcmFormat::S16LE);
        builder.add_input(InputConfig::encode_audio(settings)).unwrap()
    };
    let forms = [(48_000, ChannelLayout::stereo(), 0), (44_100, ChannelLayout::mono(), 44_100)];
    let inputs = forms.each_ref().map(|(rate, layout, _)| add(*rate, layout));
    let writer = builder.start().unwrap();
    writer.start_session(START).unwrap();
    for (mut input, (rate, layout, start)) in inputs.into_iter().zip(&forms) {
        input.append(tones(*rate, layout, *start, *rate as usize * 2 - start)).unwrap();
    }
    writer.finish().unwrap();

    let mixed = output("two_tracks.m4a");
    let options = ExportOptions::from(Preset::AppleM4a).overwrite(reelwright::Overwrite::Replace);
    ExportSession::new(&Asset::open(&path).unwrap(), options).export(&mixed, FileType::M4a).unwrap();
    let Some(ffmpeg) = foreign::newer_ffmpeg() else { return };
    for plane in foreign::sound(&ffmpeg, &mixed, 2) {
        assert_eq!((plane.len(), delay(&plane)), (96_000, 0));
        let (alone, together) = (level(&plane[24_000..43_200]), level(&plane[50_400..93_600]));
        assert!((alone - TONE_LEVEL).abs() < 0.1, "{alone:.2} dB");
        // In phase, they are twice as large.
        assert!((together - TONE_LEVEL - 6.02).abs() < 0.1, "{together:.2} dB");
    }
}

/// As [`tones`], stamped `late` milliseconds late.
fn stamped(rate: u32, start: usize, frames: usize, late: i64) -> AudioBuffer {
    let mut buffer = tones(rate, &ChannelLayout::stereo(), start, frames);
    buffer.pts = buffer.pts.checked_add(Time::from_millis(late)).unwrap();
    buffer
}

/// What ffmpeg decodes of two seconds of [`tones`] in blocks of 10 ms, `late` telling what becomes of each: how late it is
/// stamped, in milliseconds, or `None` where it is lost. Of each target, with the report.
fn recorded(
    name: &str,
    rate: u32,
    config: impl Fn(InputConfig) -> InputConfig,
    late: impl Fn(i64) -> Option<i64>,
) -> Vec<(FinishReport, Vec<f32>)> {
    let block = rate as usize / 100;
    let record = |(kind, extension, settings): (FileType, &str, AudioEncoderSettings)| {
        let path = output(&format!("{name}_{rate}.{extension}"));
        let feed = |input: &mut Input| {
            for number in 0..200usize {
                if let Some(late) = late(number as i64) {
                    input.append(stamped(rate, number * block, block, late)).unwrap();
                }
            }
        };
        let report = write_config(&path, kind, config(InputConfig::encode_audio(settings)), feed);
        let heard = foreign::newer_ffmpeg().map(|ffmpeg| foreign::sound(&ffmpeg, &path, 2).remove(0));
        Some((report, heard?))
    };
    targets().into_iter().filter_map(record).collect()
}

/// The difference from [`tone`] between two instants, in decibels.
fn noise(heard: &[f32], from: f64, to: f64) -> f64 {
    let frame = |seconds: f64| (seconds * f64::from(RATE)).round() as usize;
    let difference =
        |(index, &value): (usize, &f32)| value - tone((frame(from) + index) as f64 / f64::from(RATE)) as f32;
    let differences: Vec<f32> = heard[frame(from)..frame(to)].iter().enumerate().map(difference).collect();
    level(&differences)
}

/// Codecs are this good at least.
const CODED: f64 = -40.0;

#[test]
fn what_a_microphone_loses_is_silence_and_the_rest_stays_where_it_was() {
    for rate in [48_000, 44_100] {
        let lost = |block: i64| !(60..80).contains(&block);
        for (report, heard) in recorded("lost", rate, |config| config, |block| lost(block).then_some(0)) {
            let [gaps] = report.sound_gaps[..] else { panic!("{:?}", report.sound_gaps) };
            let off = gaps.silence.checked_sub(Time::from_millis(200)).unwrap().to_seconds_lossy();
            assert!(off.abs() <= 1.0 / f64::from(RATE) && gaps.left_out.is_zero(), "{gaps:?}");
            assert_eq!(heard.len(), 96_000);
            let silence = level(&heard[30_000..37_000]);
            assert!(silence < CODED, "{rate} Hz: {silence:.1} dB");
            for (from, to) in [(0.0, 0.24), (0.3, 0.58), (0.82, 1.9)] {
                let noise = noise(&heard, from, to);
                assert!(noise < CODED, "{rate} Hz, from {from} s: {noise:.1} dB");
            }
        }
    }
}

#[test]
fn jitter_is_not_heard() {
    // A few milliseconds to either side; and further than is joined by default, for which more can be asked for.
    let jitter = |most: i64| move |block: i64| Some(((block * 7919 + most) % (2 * most + 1)) - most);
    let wide = |config: InputConfig| config.join_within(Time::from_millis(40));
    for rate in [48_000, 44_100] {
        let narrow = recorded("jitter", rate, |config| config, jitter(4));
        for (report, heard) in narrow.into_iter().chain(recorded("wide", rate, wide, jitter(15))) {
            assert_eq!((report.sound_gaps.len(), heard.len()), (0, 96_000));
            let noise = noise(&heard, 0.3, 1.9);
            assert!(noise < CODED, "{rate} Hz: {noise:.1} dB");
        }
    }
}

#[test]
fn what_overlaps_is_heard_once() {
    for (kind, extension, settings) in targets() {
        let path = output(&format!("overlap.{extension}"));
        let report = write(&path, kind, settings, |input| {
            input.append(stamped(44_100, 0, 44_100, 0)).unwrap();
            input.append(stamped(44_100, 39_690, 48_510, 0)).unwrap();
            // Wholly within.
            input.append(stamped(44_100, 39_690, 441, 0)).unwrap();
        });
        let [gaps] = report.sound_gaps[..] else { panic!("{:?}", report.sound_gaps) };
        assert_eq!((gaps.track, gaps.silence, gaps.left_out), (1, Time::ZERO, Time::from_millis(110)));
        let Some(ffmpeg) = foreign::newer_ffmpeg() else { continue };
        let heard = foreign::sound(&ffmpeg, &path, 2).remove(0);
        assert_eq!(heard.len(), 96_000);
        let noise = noise(&heard, 0.3, 1.9);
        assert!(noise < CODED, "{noise:.1} dB");
    }
}

#[test]
fn a_time_that_cannot_be_is_refused_and_recording_goes_on() {
    let [(kind, _, settings), _] = targets();
    let path = output("refused.mov");
    let report = write(&path, kind, settings, |input| {
        input.append(stamped(RATE, 0, 48_000, 0)).unwrap();
        input.append(stamped(RATE, 48_000, 4_800, 0)).unwrap();
        let mut refuse = |late: i64| {
            let error = input.append(stamped(RATE, 48_000, 4_800, late)).unwrap_err();
            assert_eq!((error.kind(), error.place().track), (ErrorKind::Misuse, Some(1)), "{error}");
            assert!(error.place().time.is_some() && error.hint().is_some(), "{error}");
        };
        refuse(-500);
        refuse(25 * 3_600_000);
        refuse(i64::MAX / 10_000);
        input.append(stamped(RATE, 52_800, 4_800, 0)).unwrap();
    });
    assert_eq!((report.duration, report.sound_gaps.len()), (Time::from_millis(1200), 0));
}

#[test]
fn what_is_joined_may_be_longer_than_a_second() {
    let [(kind, _, settings), _] = targets();
    let config = InputConfig::encode_audio(settings).join_within(Time::from_secs(2));
    let report = write_config(&output("joined.mov"), kind, config, |input| {
        input.append(stamped(RATE, 0, 4_800, 0)).unwrap();
        input.append(stamped(RATE, 4_800, 4_800, 1_500)).unwrap();
        input.append(stamped(RATE, 9_600, 4_800, 2_500)).unwrap();
    });
    assert_eq!(
        (report.duration, report.sound_gaps[0].silence),
        (Time::from_millis(2_800), Time::from_millis(2_500))
    );
}

/// As many pauses as a long day has: none moves what comes after it.
#[test]
fn a_thousand_pauses_do_not_add_up() {
    let [(kind, _, settings), _] = targets();
    let path = output("pauses.mov");
    let rate = Timescale::new(44_100).unwrap();
    let report = write(&path, kind, settings, |input| {
        for number in 0..1000i64 {
            let mut buffer = tones(44_100, &ChannelLayout::stereo(), 0, 441);
            buffer.pts = START.checked_add(Time::new(number * 1373, rate)).unwrap();
            input.append(buffer).unwrap();
        }
    });
    let end = Time::new(999 * 1373 + 441, rate);
    let off = report.duration.checked_sub(end).unwrap().to_seconds_lossy();
    assert!(off.abs() <= 1.0 / f64::from(RATE), "{off} s");
    let Some(said) = foreign::probe(&path, "stream=duration_ts") else { return };
    let ticks = report.duration.ticks_in(Timescale::new(RATE).unwrap(), Rounding::Nearest).unwrap();
    assert_eq!(said, [format!("duration_ts={ticks}")]);
}

/// Stores nothing while the gate is closed.
struct Gated(MemorySink, Arc<Mutex<()>>);

impl Sink for Gated {
    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    fn run(&mut self, op: Op, cancel: &CancelToken) -> Outcome {
        let _open = self.1.lock().unwrap();
        self.0.run(op, cancel)
    }

    fn len(&self) -> u64 {
        self.0.len()
    }
}

/// A minute of silence is twelve megabytes; one is allowed.
#[test]
fn silence_waits_for_room_like_sound() {
    let gate = Arc::new(Mutex::new(()));
    let (sink, output) = MemorySink::new();
    let mut builder = AssetWriter::create_on(Gated(sink, gate.clone()), FileType::Mov).memory(1 << 20);
    let [(_, _, settings), _] = targets();
    let mut input = builder.add_input(InputConfig::encode_audio(settings)).unwrap();
    let writer = builder.start().unwrap();
    writer.start_session(START).unwrap();
    let closed = gate.lock().unwrap();
    input.append(stamped(RATE, 0, 480, 0)).unwrap();
    let mut after = InputData::from(stamped(RATE, 480, 480, 60_000));
    let TryAppend::Full { data, .. } = input.try_append(after).unwrap() else { panic!("all was taken") };
    drop(closed);
    after = *data;
    while let TryAppend::Full { data, .. } = input.try_append(after).unwrap() {
        after = *data;
        std::thread::yield_now();
    }
    drop(input);
    let report = writer.finish().unwrap();
    assert_eq!(report.duration, Time::from_millis(60_020));
    assert_eq!(report.sound_gaps[0].silence, Time::from_secs(60));
    assert!(output.take().unwrap().len() > 60_020 * 48 * 4);
}
