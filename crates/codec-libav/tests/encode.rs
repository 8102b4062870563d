//! Encoders against ffmpeg: x264's bits are the same, everything else decodes there to what was fed.
#![cfg(feature = "link")]
#![allow(clippy::unwrap_used, clippy::unit_arg, reason = "tests state expectations by unwrapping")]

mod support;

use std::path::PathBuf;
use std::sync::Arc;

use reelwright_bitstream::{
    LightFacts, annex_b_units, av1, h264, hevc, length_prefixed_units, sei_messages, unescape,
};
use reelwright_codec::{
    AudioEncoderSettings, AudioRate, Codec, EncoderSpecification, FrameOptions, KeyFrames, Registry,
    VideoDecoderSettings, VideoEncoderSettings, VideoRate, annex_b,
};
use reelwright_media::{
    AudioBuffer, AudioCodec, ChannelLayout, ChromaSiting, Color, ColorMatrix, ColorPrimaries, ColorRange,
    ContentLight, ErrorKind, FormatDescription, MasteringDisplay, PixelBuffer, PixelFormat, PixelLayout,
    Ratio, Rounding, SampleBuffer, Size, Time, Timescale, TransferFunction, VideoCodec, VideoFormat,
    VideoFrame,
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

/// The samples as a byte stream ffmpeg reads.
fn stream(samples: &[SampleBuffer]) -> Vec<u8> {
    samples.iter().flat_map(|sample| annex_b(sample).unwrap()).collect()
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
        let (_, samples) = encode("libx264", &settings, &pictures(&raw, PixelFormat::YUV420));
        let ours = stream(&samples);
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
fn the_timescale_changes_neither_level_nor_rate() {
    let pictures: Vec<_> = (0..60).map(|_| PixelBuffer::zeroed(PixelFormat::YUV420, SIZE)).collect();
    for (id, codec) in [("libx264", VideoCodec::H264), ("libx265", VideoCodec::Hevc)] {
        let made = [30, 600, 90_000].map(|scale| {
            let mut settings = settings(codec);
            settings.timescale = Timescale::new(scale).unwrap();
            settings.rate = VideoRate::Average(200_000);
            settings.options = vec![("preset".into(), "ultrafast".into())];
            let (format, samples) = encode(id, &settings, &pictures);
            let config = format.as_video().unwrap().config.clone().unwrap().bytes;
            let level = match codec {
                VideoCodec::H264 => h264::AvcConfig::parse(&config).unwrap().level,
                _ => hevc::HevcConfig::parse(&config).unwrap().profile.level,
            };
            let seconds: Vec<_> = samples.iter().map(|sample| (sample.pts, sample.duration)).collect();
            (level, samples.iter().map(|sample| sample.payload.len()).sum::<u64>(), seconds)
        });
        let [(level, bytes, times), others @ ..] = made;
        for other in others {
            assert_eq!((other.0, &other.2), (level, &times), "{id}");
            assert!(other.1.abs_diff(bytes) * 50 < bytes, "{id}: {} and {bytes} bytes", other.1);
        }
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
        let format = PixelFormat::Yuv(PixelLayout::Yuv420, depth);
        let (_, samples) = encode(id, &settings, &pictures(&raw(25, layout), format));
        assert_eq!(samples.len(), 25, "{id} {depth}");
        assert!(samples[0].flags.sync);
        let mut times: Vec<_> = samples.iter().map(|sample| sample.pts.value()).collect();
        times.sort_unstable();
        assert_eq!(times, (0..25).collect::<Vec<_>>());
        let extension = if codec == VideoCodec::H264 { "h264" } else { "hevc" };
        let file = folder.file(&format!("{depth}.{extension}"));
        std::fs::write(&file, stream(&samples)).unwrap();
        let report = support::run("ffmpeg", &["-v", "error", "-i", &file, "-f", "framecrc", "-"]);
        let frames = String::from_utf8(report).unwrap().lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(frames, 25, "{id} {depth}");
    }
}

#[test]
fn every_av1_frame_comes_back() {
    for (id, depth, layout) in
        [("libsvtav1", 8, "yuv420p"), ("libsvtav1", 10, "yuv420p10le"), ("libaom-av1", 8, "yuv420p")]
    {
        if !support::have_ffmpeg() || !registry().encoders().any(|info| info.id == id) {
            reelwright_judges::skip!("{id} is missing");
            continue;
        }
        let mut settings = settings(VideoCodec::Av1);
        settings.bit_depth = depth;
        settings.color = Color::BT709;
        settings.options = match id {
            "libsvtav1" => vec![("preset".into(), "12".into())],
            _ => vec![("cpu-used".into(), "8".into()), ("lag-in-frames".into(), "0".into())],
        };
        let format = PixelFormat::Yuv(PixelLayout::Yuv420, depth);
        let fed = pictures(&raw(12, layout), format);
        let (description, samples) = encode(id, &settings, &fed);
        let times: Vec<_> = samples.iter().map(|sample| (sample.pts.value(), sample.dts.value())).collect();
        assert_eq!(times, (0..12).map(|at| (at, at)).collect::<Vec<_>>(), "{id} {depth}");
        assert!(samples[0].flags.sync && !samples[1].flags.sync);
        let config = &description.as_video().unwrap().config.as_ref().unwrap().bytes;
        let (header, _) = av1::SequenceHeader::find(&config[4..]).unwrap();
        assert_eq!((header.size, header.bit_depth), (SIZE, depth));
        assert_eq!(header.color.primaries, Color::BT709.primaries);
        for sample in &samples {
            let unit = sample.payload.load().unwrap();
            assert!(av1::obus(&unit).all(|obu| obu.unwrap().kind != av1::TEMPORAL_DELIMITER));
        }
        let seen = decode(description, &samples);
        assert_eq!(seen.len(), 12, "{id} {depth}");
        assert!(seen.iter().zip(&fed).all(|(frame, fed)| difference(&frame.pixels, fed) < 0.05));
    }
}

fn decode(description: FormatDescription, samples: &[SampleBuffer]) -> Vec<VideoFrame> {
    let settings = VideoDecoderSettings { threads: 1, ..VideoDecoderSettings::new(Arc::new(description)) };
    let (_, mut decoder) = registry().video_decoder(&settings).unwrap();
    let mut seen = Vec::new();
    for sample in samples {
        decoder.decode(sample, &mut |frame| Ok(seen.push(frame))).unwrap();
    }
    decoder.finish(&mut |frame| Ok(seen.push(frame))).unwrap();
    seen
}

#[test]
fn intra_codecs_come_back_nearly_as_they_went() {
    use reelwright_codec::VideoProfile::*;
    if !support::have_ffmpeg() {
        return;
    }
    let yuv = PixelFormat::Yuv;
    let yuv422 = yuv(PixelLayout::Yuv422, 10);
    let yuv444 = yuv(PixelLayout::Yuv444, 10);
    for (id, codec, profile, tag, format, layout) in [
        ("prores_ks", VideoCodec::ProRes, None, b"apcn", yuv422, "yuv422p10le"),
        ("prores_ks", VideoCodec::ProRes, Some(ProResProxy), b"apco", yuv422, "yuv422p10le"),
        ("prores_ks", VideoCodec::ProRes, Some(ProRes4444), b"ap4h", yuv444, "yuv444p10le"),
        ("prores_aw", VideoCodec::ProRes, Some(ProResHq), b"apch", yuv422, "yuv422p10le"),
        ("mjpeg", VideoCodec::Jpeg, None, b"jpeg", PixelFormat::YUV420, "yuv420p"),
    ] {
        let mut settings = settings(codec);
        (settings.profile, settings.bit_depth) = (profile, format.bit_depth());
        let fed = pictures(&raw(3, layout), format);
        let (description, samples) = encode(id, &settings, &fed);
        assert_eq!(description.tag().0, *tag);
        assert!(
            samples.len() == 3 && samples.iter().all(|sample| sample.flags.sync && sample.dts == sample.pts)
        );
        let seen = decode(description, &samples);
        assert_eq!(seen.len(), 3, "{id}");
        for (frame, fed) in seen.iter().zip(&fed) {
            let difference = difference(&frame.pixels, fed);
            assert!(difference < 0.02, "{id} {profile:?}: luma differs by {difference} of full scale");
        }
    }
}

/// The mean absolute difference of luma, of full scale: ProRes 4444 comes back with 12 bits.
fn difference(one: &PixelBuffer, other: &PixelBuffer) -> f64 {
    let values = |picture: &PixelBuffer, y: usize| -> Vec<f64> {
        let full = f64::from(1_u32 << picture.format.bit_depth());
        let row = picture.row(0, y);
        match picture.format.component_bytes() {
            1 => row.iter().map(|&value| f64::from(value) / full).collect(),
            _ => row.as_chunks().0.iter().map(|pair| f64::from(u16::from_ne_bytes(*pair)) / full).collect(),
        }
    };
    let rows = (0..one.size.height as usize).map(|y| (values(one, y), values(other, y)));
    let differences = rows.map(|(a, b)| a.iter().zip(&b).map(|(a, b)| (a - b).abs()).sum::<f64>());
    differences.sum::<f64>() / one.size.area() as f64
}

#[test]
fn sound_has_as_many_frames_as_it_was_fed() {
    use AudioCodec::*;
    let stereo = ChannelLayout::stereo;
    for (id, codec, layout, tolerance) in [
        ("libav-aac", Aac, stereo(), 0.01),
        ("libav-aac", Aac, ChannelLayout::surround_5_1(), 0.01),
        ("libav-aac", Aac, ChannelLayout::mono(), 0.01),
        ("libopus", Opus, stereo(), 0.01),
        ("libopus", Opus, ChannelLayout::surround_5_1(), 0.01),
        ("libav-alac", Alac, stereo(), 1e-9),
        ("libav-alac", Alac, ChannelLayout::surround_5_1(), 1e-9),
        ("libav-flac", Flac, stereo(), 1e-9),
        ("libav-ac3", Ac3, ChannelLayout::surround_5_1(), 0.01),
        ("libav-eac3", Eac3, ChannelLayout::surround_5_1(), 0.01),
        ("libmp3lame", Mp3, stereo(), 0.01),
    ] {
        for frames in [1_usize, 1023, 1024, 1025, 20_000] {
            for rate in
                [AudioRate::Average(128_000 * layout.count().div_ceil(2) as u32), AudioRate::Quality(0.6)]
            {
                let mut settings = sound_settings(codec, layout.clone());
                settings.rate = rate;
                let error = round_trip(id, &settings, frames);
                // A click is no sound a lossy codec keeps.
                let heard = error < tolerance || (frames == 1 && tolerance > 1e-6);
                assert!(heard, "{id} {} {frames} {rate:?}: {error}", layout.name());
            }
        }
    }
    let mut settings = sound_settings(Flac, stereo());
    settings.options = vec![("bits".into(), "24".into())];
    assert!(round_trip("libav-flac", &settings, 5000) < 1e-13);
    assert!(round_trip("libav-alac", &settings.codec(Alac), 5000) < 1e-13);
}

fn sound_settings(codec: AudioCodec, layout: ChannelLayout) -> AudioEncoderSettings {
    let rate = AudioRate::Average(128_000);
    AudioEncoderSettings::new(codec, 48_000, layout).rate(rate)
}

/// Encodes and decodes a different tone in each channel; the mean square error over what was fed.
fn round_trip(id: &str, settings: &AudioEncoderSettings, frames: usize) -> f64 {
    let rate = Timescale::new(settings.sample_rate).unwrap();
    // Low and soft, so that even the LFE of lossy codecs keeps it.
    let tone = |channel| (0..frames).map(|at| (at as f32 * 0.006 + channel as f32).sin() * 0.3).collect();
    let planes: Vec<Vec<f32>> = (0..settings.layout.count()).map(tone).collect();
    let audio = AudioBuffer::new(rate, settings.layout.clone(), Time::ZERO, planes.clone());
    let specification = EncoderSpecification::with_id(id);
    let (_, mut encoder) = registry().audio_encoder(settings, &specification).unwrap();
    let mut samples: Vec<SampleBuffer> = Vec::new();
    encoder.encode(&audio, &mut |sample| Ok(samples.push(sample))).unwrap();
    encoder.finish(&mut |sample| Ok(samples.push(sample))).unwrap();
    let trims = samples.iter().flat_map(|sample| [sample.trim.start, sample.trim.end]);
    let trimmed: i64 = trims.flatten().map(Time::value).sum();
    let decoded: i64 = samples.iter().map(|sample| sample.duration.value()).sum();
    assert_eq!(decoded - trimmed, frames as i64, "{id} {frames}");
    assert!(samples.windows(2).all(|pair| pair[0].pts.saturating_add(pair[0].duration) == pair[1].pts));
    let config = encoder.format().as_audio().unwrap().config.as_ref().map(|config| config.kind);
    assert_eq!(config.is_none(), settings.codec == AudioCodec::Mp3, "{id}: {config:?}");
    let (_, mut decoder) = registry().audio_decoder(encoder.format()).unwrap();
    let mut heard = vec![Vec::new(); planes.len()];
    let mut hear = |block: AudioBuffer| {
        assert_eq!(block.layout, settings.layout);
        heard.iter_mut().zip(block.planes()).for_each(|(heard, plane)| heard.extend_from_slice(plane));
        Ok(())
    };
    for sample in &samples {
        decoder.decode(sample, &mut hear).unwrap();
    }
    decoder.finish(&mut hear).unwrap();
    let start = encoder.priming() as usize;
    let mut error: f64 = 0.0;
    for (heard, fed) in heard.iter().zip(&planes) {
        assert!(heard.len() >= start + frames, "{id} {frames}: {} decoded, priming {start}", heard.len());
        let pairs = heard[start..start + frames].iter().zip(fed);
        let sum: f64 = pairs.map(|(a, b)| f64::from(a - b).powi(2)).sum();
        error = error.max(sum / frames as f64);
    }
    error
}

#[test]
fn unknown_options_are_refused_with_the_known_ones() {
    let mut settings = settings(VideoCodec::H264);
    settings.options = vec![("speed".into(), "fast".into())];
    let error = registry().video_encoder(&settings, &EncoderSpecification::default()).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Misuse);
    assert!(error.hint().unwrap().to_string().contains("preset"), "{error:?}");
    settings.options = vec![("preset".into(), "warp".into())];
    let error = registry().video_encoder(&settings, &EncoderSpecification::default()).err().unwrap();
    assert!(error.to_string().contains("warp"), "{error:?}");
}

#[test]
fn colour_and_light_levels_are_in_the_stream() {
    let mastering = MasteringDisplay {
        primaries: [(8500, 39_850), (6550, 2300), (35_400, 14_600)],
        white: (15_635, 16_450),
        max_luminance: 10_000_000,
        min_luminance: 50,
    };
    let content_light = ContentLight { max: 1000, max_frame_average: 400 };
    let color = Color {
        primaries: ColorPrimaries::BT2020,
        transfer: TransferFunction::PQ,
        matrix: ColorMatrix::BT2020,
        range: Some(ColorRange::Video),
        siting: Some(ChromaSiting::TopLeft),
    };
    for (id, codec) in [("libx265", VideoCodec::Hevc), ("libx264", VideoCodec::H264)] {
        let mut settings = settings(codec);
        settings.bit_depth = 10;
        settings.color = color;
        settings.pixel_aspect = Ratio { num: 4, den: 3 };
        (settings.mastering, settings.content_light) = (Some(mastering), Some(content_light));
        settings.options = vec![("preset".into(), "ultrafast".into())];
        let picture = PixelBuffer::zeroed(PixelFormat::YUV420_10, SIZE);
        let (description, samples) = encode(id, &settings, &[picture.clone(), picture]);
        let FormatDescription::Video(format) = &description else { panic!() };
        assert_eq!((format.color, format.mastering), (color, Some(mastering)));
        // Nothing but the stream left to tell.
        let mut bare = VideoFormat::new(codec, format.tag, SIZE);
        bare.config = format.config.clone();
        let seen = decode(FormatDescription::Video(bare), &samples);
        let pixels = &seen[0].pixels;
        assert_eq!(pixels.color, color, "{id}");
        assert_eq!(pixels.pixel_aspect, settings.pixel_aspect, "{id}");
        // libavcodec 5.1 reads these messages in HEVC only.
        let told = match codec {
            VideoCodec::Hevc => (pixels.mastering, pixels.content_light),
            _ => light_in(&samples[0]),
        };
        assert_eq!(told, (Some(mastering), Some(content_light)), "{id}");
    }
}

/// Mastering display and content light level in the SEI messages of an H.264 sample.
fn light_in(sample: &SampleBuffer) -> (Option<MasteringDisplay>, Option<ContentLight>) {
    let sample = sample.payload.load().unwrap();
    let mut facts = LightFacts::default();
    for unit in length_prefixed_units(&sample, 4).map(Result::unwrap).filter(|unit| unit[0] & 31 == 6) {
        for message in sei_messages(&unescape(&unit[1..])) {
            facts.note(message);
        }
    }
    (facts.mastering, facts.content_light)
}

#[test]
fn key_frames_come_when_asked_and_before_they_are_late() {
    for (id, codec) in [("libx264", VideoCodec::H264), ("libx265", VideoCodec::Hevc)] {
        let mut settings = settings(codec);
        settings.key_frames = KeyFrames { frames: None, interval: Some(Time::from_secs(1)) };
        settings.options = vec![("preset".into(), "ultrafast".into())];
        settings.timescale = Timescale::new(90).unwrap();
        let (_, mut encoder) =
            registry().video_encoder(&settings, &EncoderSpecification::with_id(id)).unwrap();
        let mut keys = Vec::new();
        let mut note = |sample: SampleBuffer| {
            keys.extend(sample.flags.sync.then_some(sample.pts));
            Ok(())
        };
        // 30 frames a second are expected; 10 come. One is asked for between.
        for at in 0..25 {
            let pixels = PixelBuffer::zeroed(PixelFormat::YUV420, SIZE);
            let pts = Time::new(at, Timescale::new(10).unwrap());
            let options = FrameOptions { force_key_frame: at == 4 };
            encoder.encode(VideoFrame { pixels, pts, duration: None }, options, &mut note).unwrap();
        }
        encoder.finish(&mut note).unwrap();
        let times: Vec<_> =
            keys.iter().map(|key| key.ticks_in(Timescale::new(10).unwrap(), Rounding::Down)).collect();
        assert_eq!(times, [Some(0), Some(4), Some(14), Some(24)], "{id}");
    }
}

#[test]
fn real_time_means_no_delay() {
    for (id, codec) in [("libx264", VideoCodec::H264), ("libx265", VideoCodec::Hevc)] {
        let mut settings = settings(codec);
        (settings.real_time, settings.reordering) = (true, false);
        settings.options = vec![("preset".into(), "ultrafast".into())];
        let (_, mut encoder) =
            registry().video_encoder(&settings, &EncoderSpecification::with_id(id)).unwrap();
        for at in 0..5 {
            let pixels = PixelBuffer::zeroed(PixelFormat::YUV420, SIZE);
            let frame = VideoFrame { pixels, pts: Time::new(at, settings.timescale), duration: None };
            let mut samples = Vec::new();
            encoder.encode(frame, FrameOptions::default(), &mut |sample| Ok(samples.push(sample))).unwrap();
            let times: Vec<_> =
                samples.iter().map(|sample| (sample.pts.value(), sample.dts.value())).collect();
            assert_eq!(times, [(at, at)], "{id}");
        }
    }
}

#[test]
fn hardware_that_is_not_there_says_so() {
    for info in registry().encoders().filter(|info| info.hardware) {
        let Codec::Video(codec) = info.codec else { continue };
        let refusal =
            registry().video_encoder(&settings(codec), &EncoderSpecification::with_id(&info.id)).err();
        if let Some(error) = refusal {
            assert!(error.hint().is_some_and(|hint| hint.to_string().contains("hardware")), "{error:?}");
        }
    }
}
