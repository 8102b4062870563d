//! Compression and decompression sessions over every codec of the build, judged by ffmpeg where it is installed.
#![allow(clippy::unwrap_used)] // A test states what it expects by unwrapping, its own small functions included.
#![cfg(feature = "native")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use reelwright::codec::{
    ChoiceReason, Codec, EncoderInfo, EncoderSpecification, FrameOptions, KeyFrames, VideoDecoderSettings,
    VideoEncoderSettings, VideoProfile, VideoRate, annex_b,
};
use reelwright::media::{
    ErrorKind, FormatDescription, FourCc, Hint, MediaType, PixelBuffer, Ratio, SampleBuffer, Size, Time,
    Timescale, VideoCodec, VideoFormat, VideoFrame,
};
use reelwright::{Answer, CompressionSession, DecodeTimes, DecompressionSession};
use reelwright::{Asset, all_codecs};
use reelwright_bitstream::length_prefixed_units;
use reelwright_process::pattern::TestPicture;

const SIZE: Size = Size::new(320, 192);

fn time(index: i64) -> Time {
    Time::from_ratio(index * 1001, 30_000).unwrap()
}

fn settings(codec: VideoCodec) -> VideoEncoderSettings {
    let timescale = Timescale::new(30_000).unwrap();
    let profile = (codec == VideoCodec::ProRes).then_some(VideoProfile::ProRes422);
    VideoEncoderSettings::new(codec, SIZE).timescale(timescale).profile(profile)
}

/// Moving pictures.
fn pictures(count: u32) -> Vec<PixelBuffer> {
    let pattern = TestPicture::new(SIZE);
    (0..count).map(|number| pattern.frame(number)).collect()
}

/// What a session makes of pictures, each as `option` says, and the encoder it had.
fn compressed(
    settings: VideoEncoderSettings,
    id: &str,
    decode_times: DecodeTimes,
    pictures: &[PixelBuffer],
    option: impl Fn(usize) -> FrameOptions,
) -> reelwright::media::Result<(EncoderInfo, Vec<SampleBuffer>)> {
    let samples: Arc<Mutex<Vec<SampleBuffer>>> = Arc::default();
    let kept = samples.clone();
    let specification = EncoderSpecification::with_id(id);
    let mut session = CompressionSession::new_with(&all_codecs(), settings, &specification, move |output| {
        let Ok(Answer::Done(sample)) = output.result else { return };
        assert_eq!(sample.pts, output.token);
        kept.lock().unwrap().push(sample);
    })?;
    session.set_decode_times(decode_times);
    for (index, pixels) in pictures.iter().enumerate() {
        let pts = time(index.try_into().unwrap());
        let frame = VideoFrame { pixels: pixels.clone(), pts, duration: Some(time(1)) };
        session.encode(frame, option(index), pts)?;
    }
    session.complete()?;
    let info = session.encoder().clone();
    drop(session);
    let samples = Arc::try_unwrap(samples).unwrap().into_inner().unwrap();
    Ok((info, samples))
}

fn plainly(settings: VideoEncoderSettings, id: &str, pictures: &[PixelBuffer]) -> Vec<SampleBuffer> {
    compressed(settings, id, DecodeTimes::default(), pictures, |_| FrameOptions::default()).unwrap().1
}

fn video_encoders() -> Vec<EncoderInfo> {
    let all = all_codecs();
    all.encoders().filter(|info| matches!(info.codec, Codec::Video(_))).cloned().collect()
}

/// Encoders in software of one codec, by id.
fn software(codec: VideoCodec) -> Vec<String> {
    let wanted = |info: &EncoderInfo| !info.hardware && info.codec == Codec::Video(codec);
    video_encoders().into_iter().filter(wanted).map(|info| info.id).collect()
}

/// A folder's worth of one file.
fn output(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// What ffmpeg writes to standard output without a complaint; `None`, said loudly, where it can't be run.
fn ffmpeg(input: &Path, arguments: &[&str]) -> Option<Vec<u8>> {
    let run = Command::new("ffmpeg").args(["-v", "error", "-i"]).arg(input).args(arguments).arg("-").output();
    let Ok(run) = run else {
        reelwright_judges::skip!("ffmpeg is not installed");
        return None;
    };
    assert!(run.status.success() && run.stderr.is_empty(), "{}", String::from_utf8_lossy(&run.stderr));
    Some(run.stdout)
}

#[test]
fn every_listed_encoder_can_be_had_by_its_id_and_says_what_it_is() {
    let registry = all_codecs();
    let mut ids: Vec<_> = registry.encoders().map(|info| info.id.clone()).collect();
    for info in registry.encoders() {
        let selected = registry.select(info.codec, &EncoderSpecification::with_id(info.id.clone())).unwrap();
        assert_eq!((&selected.encoder, selected.reason), (info, ChoiceReason::Named));
        assert!(!info.name.is_empty() && !info.provider.is_empty());
        assert_eq!(info.max_channels == 0, matches!(info.codec, Codec::Video(_)), "{}", info.id);
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), registry.encoders().count());
    let pictures = pictures(5);
    for info in video_encoders() {
        let Codec::Video(codec) = info.codec else { continue };
        let plain = |_| FrameOptions::default();
        match compressed(settings(codec), &info.id, DecodeTimes::default(), &pictures, plain) {
            Ok((encoder, samples)) => assert_eq!((encoder, samples.len()), (info, 5)),
            // Its device or driver isn't here.
            Err(error) => assert!(info.hardware && error.kind() != ErrorKind::Bug, "{}: {error}", info.id),
        }
    }
}

#[test]
fn samples_leave_in_decode_order_with_times_to_match() {
    for info in video_encoders().into_iter().filter(|info| !info.hardware) {
        let Codec::Video(codec) = info.codec else { continue };
        let pictures = pictures(24);
        let run = |reordering, decode_times| {
            let settings = settings(codec).reordering(reordering);
            let plain = |_| FrameOptions::default();
            compressed(settings, &info.id, decode_times, &pictures, plain).unwrap().1
        };
        for sample in run(false, DecodeTimes::Shifted) {
            assert_eq!(sample.dts, sample.pts, "{}", info.id);
        }
        let shifted = run(true, DecodeTimes::Shifted);
        assert!(shifted.windows(2).all(|pair| pair[0].dts < pair[1].dts), "{}", info.id);
        assert!(shifted.iter().all(|sample| sample.dts <= sample.pts), "{}", info.id);
        let reordered = shifted.windows(2).any(|pair| pair[0].pts > pair[1].pts);
        assert!(info.reordering || !reordered, "{}", info.id);
        for (index, sample) in (0..).zip(run(true, DecodeTimes::Raw)) {
            assert_eq!(sample.dts, time(index), "{}", info.id);
        }
    }
}

#[test]
fn samples_hold_lengths_and_no_parameter_sets_and_make_a_raw_stream() {
    for (codec, sets, extension) in [(VideoCodec::H264, [7, 8], "h264"), (VideoCodec::Hevc, [33, 34], "hevc")]
    {
        for id in software(codec) {
            let samples = plainly(settings(codec), &id, &pictures(20));
            let mut raw = Vec::new();
            for sample in &samples {
                let bytes = sample.payload.load().unwrap();
                for unit in length_prefixed_units(&bytes, 4) {
                    let first = unit.unwrap()[0];
                    let kind = if codec == VideoCodec::H264 { first & 31 } else { first >> 1 };
                    assert!(!sets.contains(&kind), "{id}: parameter set {kind} in a sample");
                }
                raw.extend(annex_b(sample).unwrap());
            }
            let path = output(&format!("raw-{id}.{extension}"));
            std::fs::write(&path, raw).unwrap();
            let Some(frames) = ffmpeg(&path, &["-f", "framehash"]) else { return };
            let lines =
                String::from_utf8(frames).unwrap().lines().filter(|line| !line.starts_with('#')).count();
            assert_eq!(lines, samples.len(), "{id}");
        }
    }
}

/// Signal to noise in the luma of what a decoder of this build makes of the samples, in dB, and their bytes.
fn fidelity(pictures: &[PixelBuffer], samples: &[SampleBuffer]) -> (f64, u64) {
    let frames: Arc<Mutex<Vec<(Time, PixelBuffer)>>> = Arc::default();
    let kept = frames.clone();
    let format = samples[0].format.clone();
    let mut session =
        DecompressionSession::new_with(&all_codecs(), VideoDecoderSettings::new(format), move |output| {
            let Ok(Answer::Done(frame)) = output.result else { panic!("{:?}", output.result) };
            assert_eq!(frame.pts, output.token);
            kept.lock().unwrap().push((frame.pts, frame.pixels));
        })
        .unwrap();
    for sample in samples {
        session.decode(sample.clone(), sample.pts).unwrap();
    }
    session.complete().unwrap();
    let mut frames = frames.lock().unwrap();
    frames.sort_by_key(|(pts, _)| *pts);
    assert_eq!(frames.len(), pictures.len());
    let (mut errors, mut count) = (0f64, 0f64);
    for ((_, frame), picture) in frames.iter().zip(pictures) {
        for y in 0..SIZE.height as usize {
            for (a, b) in frame.row(0, y).iter().zip(picture.row(0, y)) {
                errors += f64::from(a.abs_diff(*b)).powi(2);
                count += 1.0;
            }
        }
    }
    let bytes = samples.iter().map(|sample| sample.payload.len()).sum();
    (10.0 * (255.0 * 255.0 * count / errors.max(1e-9)).log10(), bytes)
}

#[test]
fn a_rate_changes_only_where_one_is_aimed_at() {
    for id in software(VideoCodec::H264) {
        let session = |rate| {
            let specification = EncoderSpecification::with_id(id.clone());
            let settings = settings(VideoCodec::H264).rate(rate);
            CompressionSession::<()>::new_with(&all_codecs(), settings, &specification, |_| {}).unwrap()
        };
        let changed = session(VideoRate::Average(1_000_000)).set_average_rate(300_000);
        assert_eq!(changed.is_ok(), id == "openh264", "{id}: {changed:?}");
        let refused = session(VideoRate::Quality(0.5)).set_average_rate(1).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Unsupported, "{id}");
    }
}

#[test]
fn each_step_of_quality_costs_bytes_and_shows() {
    // Shot through with noise, so that there always is something left to lose.
    let mut pictures = pictures(6);
    let mut seed = 1u32;
    for picture in &mut pictures {
        for byte in picture.make_mut().plane(0).0 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *byte = byte.saturating_add((seed >> 28) as u8).clamp(16, 235);
        }
    }
    for codec in [VideoCodec::H264, VideoCodec::Hevc, VideoCodec::Jpeg] {
        for id in software(codec) {
            let (mut first, mut last) = (None, (0.0, 0));
            for quality in [0.1, 0.3, 0.5, 0.7, 0.9] {
                let settings = settings(codec).rate(VideoRate::Quality(quality));
                let (psnr, bytes) = fidelity(&pictures, &plainly(settings, &id, &pictures));
                assert!(
                    psnr > last.0 && bytes > last.1,
                    "{id} at {quality}: {psnr} dB, {bytes} bytes after {last:?}"
                );
                (first, last) = (first.or(Some(psnr)), (psnr, bytes));
            }
            assert!(first.is_some_and(|first| last.0 > first + 6.0), "{id}: {first:?} to {last:?} dB");
        }
    }
}

#[test]
fn a_forced_key_frame_starts_the_count_anew() {
    for id in software(VideoCodec::H264) {
        let key_frames = KeyFrames { frames: Some(10), interval: None };
        let settings = settings(VideoCodec::H264).key_frames(key_frames).reordering(false);
        let force = |index| FrameOptions { force_key_frame: index == 5 };
        let samples = compressed(settings, &id, DecodeTimes::default(), &pictures(30), force).unwrap().1;
        let keys: Vec<_> =
            (0..).zip(&samples).filter(|(_, sample)| sample.flags.sync).map(|(index, _)| index).collect();
        assert_eq!(keys, [0, 5, 15, 25], "{id}");
    }
}

#[test]
fn the_expected_rate_raises_the_level_and_moves_no_time() {
    for id in software(VideoCodec::H264) {
        let mut levels = Vec::new();
        for rate in [30, 60, 120] {
            let settings = settings(VideoCodec::H264)
                .frame_rate(Ratio::new(rate, 1).unwrap())
                .size(Size::new(1280, 720));
            // A session that is told 30, 60 or 120 and fed 29.97.
            let samples = plainly(settings, &id, &pictures(3));
            assert!((0..).zip(&samples).all(|(_, sample)| sample.duration == time(1)));
            let mut times: Vec<_> = samples.iter().map(|sample| sample.pts).collect();
            times.sort();
            assert_eq!(times, [time(0), time(1), time(2)], "{id}");
            let FormatDescription::Video(format) = samples[0].format.as_ref() else { panic!("{id}") };
            levels.push(format.config.as_ref().unwrap().bytes[3]);
        }
        assert!(levels[0] < levels[1] && levels[1] < levels[2], "{id}: {levels:?}");
    }
}

#[test]
fn decoded_pictures_are_ffmpeg_s_and_another_format_is_asked_about() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/media");
    let path = corpus.join("pasp_2x1.mp4");
    let Ok(asset) = Asset::open(&path) else {
        reelwright_judges::skip!("../shared/media is not there");
        return;
    };
    let track = asset.movie().tracks.iter().find(|track| track.media == MediaType::Video).unwrap();
    type Decoded = Vec<(Time, Vec<u8>)>;
    let decoded: Arc<Mutex<Decoded>> = Arc::default();
    let kept = decoded.clone();
    let settings = VideoDecoderSettings::new(track.formats[0].clone());
    let mut session = DecompressionSession::new_with(&all_codecs(), settings, move |output| {
        let Ok(Answer::Done(frame)) = output.result else { panic!("{:?}", output.result) };
        let pixels = &frame.pixels;
        let rows = (0..3).flat_map(|plane| (0..pixels.planes()[plane].rows).map(move |y| (plane, y)));
        let bytes = rows.flat_map(|(plane, y)| pixels.row(plane, y).iter().copied()).collect();
        kept.lock().unwrap().push((frame.pts, bytes));
        assert_eq!(frame.pts, output.token);
    })
    .unwrap();
    let mut cursor = asset.cursor(track.id).unwrap();
    let mut fed = 0;
    while let Some(sample) = cursor.next_sample().unwrap() {
        let pts = sample.pts;
        session.decode(sample, pts).unwrap();
        fed += 1;
    }
    session.complete().unwrap();
    assert!(session.can_accept(&track.formats[0]));
    let other = plainly(self::settings(VideoCodec::H264), &software(VideoCodec::H264)[0], &pictures(1));
    assert!(session.can_accept(&other[0].format));
    let av1 = corpus.join("av1_aac.mp4");
    if let Ok(av1) = Asset::open(av1) {
        let track = av1.movie().tracks.iter().find(|track| track.media == MediaType::Video).unwrap();
        assert!(!session.can_accept(&track.formats[0]));
    }
    let mut decoded = decoded.lock().unwrap();
    decoded.sort();
    assert_eq!(decoded.len(), fed);
    let Some(theirs) = ffmpeg(&path, &["-map", "0:v", "-fps_mode", "passthrough", "-f", "rawvideo"]) else {
        return;
    };
    let ours: Vec<u8> = decoded.drain(..).flat_map(|(_, bytes)| bytes).collect();
    assert!(ours == theirs, "{} bytes, not {}, or others", ours.len(), theirs.len());
}

#[test]
fn a_codec_nobody_has_is_refused_with_a_hint_to_match_on() {
    let codec = VideoCodec::Other(FourCc::new(b"none"));
    let format = VideoFormat::new(codec, FourCc::new(b"none"), SIZE);
    let wanted = VideoDecoderSettings::new(Arc::new(FormatDescription::Video(format)));
    let refused = all_codecs().video_decoder(&wanted).err().unwrap();
    let unmade = all_codecs().select(Codec::Video(codec), &EncoderSpecification::default()).unwrap_err();
    for (error, hint) in [(refused, Hint::AnotherDecoder), (unmade, Hint::AnotherEncoder)] {
        assert_eq!((error.kind(), error.hint()), (ErrorKind::NoCodec, Some(&hint)));
        // A library's caller has no command line.
        assert!(!["--", "`"].iter().any(|mark| format!("{error:?}").contains(mark)), "{error:?}");
    }
}
