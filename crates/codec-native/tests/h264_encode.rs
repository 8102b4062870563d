//! What OpenH264 makes, judged by ffprobe and ffmpeg.
#![allow(clippy::unwrap_used)]

mod corpus;

use std::path::PathBuf;

use reelwright_bitstream::h264::AvcConfig;
use reelwright_bitstream::{length_prefixed_to_annex_b, push_annex_b};
use reelwright_codec::{
    EncoderInfo, EncoderSpecification, FrameOptions, KeyFrames, RateLimit, Registry, VideoEncoderSettings,
    VideoLevel, VideoProfile, VideoRate,
};
use reelwright_media::{
    Color, ColorRange, ErrorKind, PixelBuffer, PixelFormat, Ratio, SampleBuffer, Size, Time, Timescale,
    VideoCodec, VideoFrame,
};

const RATE: u32 = 30;

/// A moving pattern with some noise, so that there is something to code.
fn picture(size: Size, index: u32) -> PixelBuffer {
    let mut picture = PixelBuffer::zeroed(PixelFormat::YUV420, size);
    let mut seed = 0x2545_F491u32 ^ index;
    let mut planes = picture.make_mut();
    for plane in 0..3 {
        let (width, rows) = PixelFormat::YUV420.plane_size(plane, size);
        let (bytes, stride) = planes.plane(plane);
        for y in 0..rows {
            for x in 0..width {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let wave = ((x as u32 * 3 + index * 4) ^ (y as u32 * 2)) % 160 + 40;
                bytes[y * stride + x] = (wave + (seed >> 29)) as u8;
            }
        }
    }
    picture
}

struct Encoded {
    samples: Vec<SampleBuffer>,
    annex_b: Vec<u8>,
    info: EncoderInfo,
}

fn settings(size: Size) -> VideoEncoderSettings {
    VideoEncoderSettings::new(VideoCodec::H264, size)
        .timescale(Timescale::or_one(600))
        .frame_rate(Ratio { num: RATE, den: 1 })
        .threads(2)
}

fn encode(settings: &VideoEncoderSettings, frames: u32, force_at: Option<u32>) -> Encoded {
    encode_each(settings, frames, force_at, |index| picture(settings.size, index))
}

/// Encodes what `pictures` makes of each number.
fn encode_each(
    settings: &VideoEncoderSettings,
    frames: u32,
    force_at: Option<u32>,
    pictures: impl Fn(u32) -> PixelBuffer,
) -> Encoded {
    let registry = Registry::new().with(reelwright_codec_native::provider());
    let (choice, mut encoder) = registry.video_encoder(settings, &EncoderSpecification::default()).unwrap();
    let config = encoder.format().as_video().unwrap().config.clone().unwrap();
    let config = AvcConfig::parse(&config.bytes).unwrap();
    let mut annex_b = Vec::new();
    config.units().for_each(|unit| push_annex_b(&mut annex_b, unit));
    let mut samples: Vec<SampleBuffer> = Vec::new();
    let mut keep = |sample| {
        samples.push(sample);
        Ok(())
    };
    for index in 0..frames {
        let frame = VideoFrame {
            pixels: pictures(index),
            pts: Time::from_ratio(i64::from(index), RATE).unwrap(),
            duration: Time::from_ratio(1, RATE),
        };
        let options = FrameOptions { force_key_frame: force_at == Some(index) };
        encoder.encode(frame, options, &mut keep).unwrap();
    }
    encoder.finish(&mut keep).unwrap();
    for sample in &samples {
        annex_b.extend(length_prefixed_to_annex_b(&sample.payload.load().unwrap(), 4).unwrap());
    }
    Encoded { samples, annex_b, info: choice.encoder }
}

/// A file ffmpeg can read, removed at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str, bytes: &[u8]) -> Self {
        let path = std::env::temp_dir().join(format!("reelwright-{}-{name}", std::process::id()));
        std::fs::write(&path, bytes).unwrap();
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn ffprobe(path: &str, entries: &str) -> String {
    let arguments = ["-v", "warning", "-show_entries", entries, "-of", "default=nk=1:nw=1", path];
    String::from_utf8(corpus::run("ffprobe", &arguments)).unwrap()
}

/// Decoded luma and chroma as ffmpeg sees them, which must have nothing to warn of.
fn decoded(path: &str) -> Vec<u8> {
    let arguments = ["-v", "warning", "-i", path, "-f", "rawvideo", "-pix_fmt", "yuv420p", "-"];
    let output = std::process::Command::new("ffmpeg").args(arguments).output().unwrap();
    // Raw streams have no times; that remark is about the container.
    let complaints: Vec<_> = String::from_utf8(output.stderr).unwrap().lines().map(str::to_owned).collect();
    assert_eq!(complaints, Vec::<String>::new());
    output.stdout
}

fn psnr(size: Size, frames: u32, decoded: &[u8]) -> f64 {
    let picture_bytes = (size.area() * 3 / 2) as usize;
    assert_eq!(decoded.len(), picture_bytes * frames as usize, "frames");
    let mut error = 0u64;
    for (index, bytes) in decoded.chunks(picture_bytes).enumerate() {
        let original = picture(size, index as u32);
        for (y, row) in bytes[..size.area() as usize].chunks(size.width as usize).enumerate() {
            let pairs = original.row(0, y).iter().zip(row);
            error += pairs.map(|(&a, &b)| u64::from(a.abs_diff(b)).pow(2)).sum::<u64>();
        }
    }
    let mean = error as f64 / (size.area() * u64::from(frames)) as f64;
    10.0 * (255.0f64.powi(2) / mean).log10()
}

#[test]
fn ffmpeg_decodes_it_silently_and_close_to_the_original() {
    if !corpus::has("ffmpeg") {
        reelwright_judges::skip!("no ffmpeg");
        return;
    }
    for (size, rate, least) in [
        (Size::new(640, 360), VideoRate::Quality(0.65), 38.0),
        (Size::new(640, 360), VideoRate::Quality(0.25), 27.0),
        (Size::new(640, 360), VideoRate::Average(3_000_000), 30.0),
        (Size::new(176, 144), VideoRate::Average(400_000), 26.0),
        (Size::new(1280, 720), VideoRate::Quality(0.5), 34.0),
    ] {
        let encoded = encode(&settings(size).rate(rate), 30, None);
        assert_eq!(encoded.samples.len(), 30);
        let file = Scratch::new(&format!("psnr-{}.h264", size.width), &encoded.annex_b);
        let psnr = psnr(size, 30, &decoded(file.path()));
        eprintln!("{size} {rate:?}: {psnr:.2} dB, {} bytes", encoded.annex_b.len());
        assert!(psnr > least, "{size} {rate:?}: {psnr:.2} dB");
    }
}

#[test]
fn the_average_rate_is_kept() {
    let wanted = 1_500_000;
    let settings = settings(Size::new(640, 360)).rate(VideoRate::Average(wanted));
    let encoded = encode(&settings, 300, None);
    let bits: u64 = encoded.samples.iter().map(|sample| sample.payload.len() * 8).sum();
    let rate = bits as f64 / 10.0;
    assert!((rate / f64::from(wanted) - 1.0).abs() < 0.1, "{rate} of {wanted}");
}

#[test]
fn times_are_exact_and_key_frames_come_in_time() {
    let size = Size::new(320, 180);
    let second = KeyFrames { frames: None, interval: Some(Time::from_secs(1)) };
    let seven = KeyFrames { frames: Some(7), interval: Some(Time::from_secs(1)) };
    for (key_frames, gap) in [(second, 30), (seven, 7)] {
        let encoded = encode(&settings(size).key_frames(key_frames), 95, None);
        let keys: Vec<usize> = (0..95).filter(|&index| encoded.samples[index].flags.sync).collect();
        assert_eq!(keys[0], 0);
        assert!(keys.windows(2).all(|pair| pair[1] - pair[0] <= gap), "{keys:?}");
        for (index, sample) in encoded.samples.iter().enumerate() {
            assert_eq!((sample.pts.value(), sample.pts.scale().ticks()), (index as i64 * 20, 600));
            assert_eq!((sample.dts, sample.duration.value()), (sample.pts, 20));
        }
    }
}

#[test]
fn a_key_frame_can_be_forced() {
    let none = KeyFrames { frames: None, interval: None };
    let encoded = encode(&settings(Size::new(320, 180)).key_frames(none), 40, Some(17));
    let keys: Vec<usize> = (0..40).filter(|&index| encoded.samples[index].flags.sync).collect();
    // More may come where the encoder finds a new scene in the pattern.
    assert!(keys.starts_with(&[0, 17]), "{keys:?}");
}

#[test]
fn profile_colour_and_shape_are_in_the_stream() {
    if !corpus::has("ffprobe") {
        reelwright_judges::skip!("no ffprobe");
        return;
    }
    let color = Color { range: Some(ColorRange::Full), ..Color::BT709 };
    for (profile, name) in [
        (Some(VideoProfile::H264Baseline), "Constrained Baseline"),
        (Some(VideoProfile::H264Main), "Main"),
        (None, "High"),
    ] {
        let pixel_aspect = Ratio { num: 4, den: 3 };
        let settings = settings(Size::new(636, 358)).profile(profile).color(color).pixel_aspect(pixel_aspect);
        let encoded = encode(&settings, 3, None);
        assert_eq!(encoded.info.id, "openh264");
        let file = Scratch::new(&format!("{}.h264", name.replace(' ', "")), &encoded.annex_b);
        let entries = "stream=profile,width,height,sample_aspect_ratio,color_range,color_space,\
                       color_transfer,color_primaries,has_b_frames";
        let text = ffprobe(file.path(), entries);
        let facts: Vec<_> = text.lines().collect();
        let expected = [name, "636", "358", "0", "4:3", "pc", "bt709", "bt709", "bt709"];
        assert_eq!(facts, expected);
    }
}

#[test]
fn the_entropy_coder_follows_profile_and_option() {
    let cabac = |settings: &VideoEncoderSettings| {
        let registry = Registry::new().with(reelwright_codec_native::provider());
        let (_, encoder) = registry.video_encoder(settings, &EncoderSpecification::default()).unwrap();
        let config = encoder.format().as_video().unwrap().config.clone().unwrap();
        let config = AvcConfig::parse(&config.bytes).unwrap();
        reelwright_bitstream::h264::Pps::parse(&config.pps[0]).unwrap().cabac
    };
    let base = settings(Size::new(320, 180));
    assert!(cabac(&base));
    let profile = Some(VideoProfile::H264Baseline);
    assert!(!cabac(&base.clone().profile(profile)));
    let options = vec![("entropy".into(), "cavlc".into())];
    assert!(!cabac(&base.options(options)));
}

#[test]
fn odd_sizes_are_coded_one_larger_with_a_clean_aperture() {
    let size = Size::new(321, 181);
    let registry = Registry::new().with(reelwright_codec_native::provider());
    let (_, mut encoder) = registry.video_encoder(&settings(size), &EncoderSpecification::default()).unwrap();
    let format = encoder.format().as_video().unwrap().clone();
    assert_eq!(format.size, Size::new(322, 182));
    assert_eq!(format.clean_aperture.unwrap().rect(format.size), Some((0, 0, 321, 181)));
    let frame = VideoFrame { pixels: picture(size, 0), pts: Time::ZERO, duration: None };
    encoder.encode(frame, FrameOptions::default(), &mut |_| Ok(())).unwrap();
}

#[test]
fn a_ceiling_over_quality_lowers_the_rate() {
    let size = Size::new(640, 360);
    let free = settings(size).rate(VideoRate::Quality(0.75));
    let limit = Some(RateLimit { max_rate: 1_000_000, buffer: 1_000_000 });
    let capped = free.clone().limit(limit);
    let bytes =
        |settings| encode(settings, 90, None).samples.iter().map(|sample| sample.payload.len()).sum::<u64>();
    assert!(bytes(&free) * 8 / 3 > 2_000_000);
    assert!(bytes(&capped) * 8 / 3 < 1_200_000);
}

#[test]
fn no_window_exceeds_its_ceiling() {
    let limit = RateLimit { max_rate: 1_500_000, buffer: 1_500_000 };
    for (rate, least) in [(VideoRate::Average(1_000_000), 900_000), (VideoRate::Quality(0.75), 1_000_000)] {
        let limit = Some(limit);
        let encoded = encode(&settings(Size::new(640, 360)).rate(rate).limit(limit), 240, None);
        let bits: Vec<u64> = encoded.samples.iter().map(|sample| sample.payload.len() * 8).collect();
        let worst = bits.windows(30).map(|window| window.iter().sum::<u64>()).max().unwrap();
        let average = bits.iter().sum::<u64>() / 8;
        eprintln!("{rate:?}: {average} bits a second, the fullest second holds {worst} of 1500000");
        assert!(worst <= 1_500_000 && average >= least, "{rate:?}: {worst}, {average}");
    }
}

#[test]
fn profile_and_level_are_as_asked_or_the_lowest_that_is_enough() {
    if !corpus::has("ffprobe") {
        reelwright_judges::skip!("no ffprobe");
        return;
    }
    use VideoProfile::{H264Baseline as Baseline, H264High as High, H264Main as Main};
    let fixed = |profile, names: &'static [(u8, u8)]| names.iter().map(move |&level| (profile, Some(level)));
    let asked = fixed(Baseline, &[(3, 0), (3, 1), (4, 1)])
        .chain(fixed(Main, &[(3, 0), (3, 1), (3, 2), (4, 1)]))
        .chain(fixed(High, &[(4, 0), (4, 1)]))
        .chain([(Baseline, None), (Main, None), (High, None)]);
    for (profile, level) in asked {
        let level = level.map(|(major, minor)| VideoLevel::new(major, minor));
        // 640x480 at 30 fps takes 3.0.
        let settings = settings(Size::new(640, 480)).profile(profile).level(level);
        let encoded = encode(&settings, 1, None);
        let file = Scratch::new(&format!("level-{profile:?}-{level:?}.h264"), &encoded.annex_b);
        let text = ffprobe(file.path(), "stream=profile,level,has_b_frames");
        let idc = level.map_or(30, |level| level.major * 10 + level.minor).to_string();
        let name = match profile {
            Baseline => "Constrained Baseline",
            Main => "Main",
            _ => "High",
        };
        assert_eq!(text.lines().collect::<Vec<_>>(), [name, "0", &idc], "{profile:?} {level:?}");
        if !corpus::has("mediainfo") {
            reelwright_judges::skip!("no mediainfo");
        } else if settings.level.is_none() {
            let arguments = ["--Inform=Video;%Format_Settings_CABAC%", file.path()];
            let cabac = String::from_utf8(corpus::run("mediainfo", &arguments)).unwrap();
            assert_eq!(cabac.trim(), if profile == Baseline { "No" } else { "Yes" });
        }
    }
}

#[test]
fn the_lowest_level_follows_the_picture() {
    if !corpus::has("ffprobe") {
        reelwright_judges::skip!("no ffprobe");
        return;
    }
    for (size, frames, level) in [
        (Size::new(1280, 720), 30, "31"),
        (Size::new(1280, 720), 60, "32"),
        (Size::new(1920, 1080), 30, "40"),
        (Size::new(1920, 1080), 120, "51"),
    ] {
        let frame_rate = Ratio { num: frames, den: 1 };
        let encoded = encode(&settings(size).frame_rate(frame_rate), 1, None);
        let file = Scratch::new(&format!("auto-{level}.h264"), &encoded.annex_b);
        assert_eq!(ffprobe(file.path(), "stream=level").trim(), level, "{size} at {frames}");
    }
    let low = settings(Size::new(1280, 720)).level(VideoLevel::new(3, 0));
    let registry = Registry::new().with(reelwright_codec_native::provider());
    let error = registry.video_encoder(&low, &EncoderSpecification::default()).err().unwrap();
    assert_eq!(error.kind().os_status(), Some(-12902));
    assert_eq!(error.hint().map(ToString::to_string).as_deref(), Some("level 3.1 is enough"));
}

/// The numbers of the packets that ffprobe flags as key frames.
fn key_packets(name: &str, encoded: &Encoded) -> Vec<usize> {
    let file = Scratch::new(name, &encoded.annex_b);
    let flags = ffprobe(file.path(), "packet=flags");
    (0..).zip(flags.lines()).filter_map(|(index, flags)| flags.starts_with('K').then_some(index)).collect()
}

#[test]
fn key_packets_are_no_further_apart_than_either_limit() {
    if !corpus::has("ffprobe") {
        reelwright_judges::skip!("no ffprobe");
        return;
    }
    let size = Size::new(160, 96);
    let second = Some(Time::from_secs(1));
    for (frames, interval, gap) in
        [(Some(1), None, 1), (Some(12), second, 12), (Some(90), second, 30), (None, second, 30)]
    {
        let key_frames = KeyFrames { frames, interval };
        let encoded = encode(&settings(size).key_frames(key_frames), 100, None);
        let keys = key_packets(&format!("gap-{gap}-{}.h264", frames.is_some()), &encoded);
        let gaps: Vec<_> = keys.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(keys[0] == 0 && keys.len() >= 100 / gap, "{key_frames:?}: {keys:?}");
        assert!(gaps.iter().all(|&apart| apart <= gap), "{key_frames:?}: {keys:?}");
    }
}

#[test]
fn a_forced_key_frame_restarts_the_interval() {
    if !corpus::has("ffprobe") {
        reelwright_judges::skip!("no ffprobe");
        return;
    }
    let key_frames = KeyFrames { frames: Some(20), interval: None };
    let settings = settings(Size::new(160, 96)).key_frames(key_frames);
    // A picture that stands still has no new scenes.
    let encoded = encode_each(&settings, 60, Some(13), |_| picture(settings.size, 0));
    assert_eq!(key_packets("forced.h264", &encoded), [0, 13, 33, 53]);
}

#[test]
fn the_rate_changes_live_without_a_key_frame() {
    let settings = settings(Size::new(320, 180))
        .rate(VideoRate::Average(1_000_000))
        .key_frames(KeyFrames { frames: None, interval: None });
    let registry = Registry::new().with(reelwright_codec_native::provider());
    let (_, mut encoder) = registry.video_encoder(&settings, &EncoderSpecification::default()).unwrap();
    let mut samples: Vec<SampleBuffer> = Vec::new();
    let mut keep = |sample| {
        samples.push(sample);
        Ok(())
    };
    assert!(encoder.changes_rate());
    for index in 0..600u32 {
        if index == 300 {
            encoder.set_average_rate(300_000).unwrap();
        }
        let pts = Time::from_ratio(index.into(), RATE).unwrap();
        let frame =
            VideoFrame { pixels: picture(settings.size, index), pts, duration: Time::from_ratio(1, RATE) };
        encoder.encode(frame, FrameOptions::default(), &mut keep).unwrap();
    }
    encoder.finish(&mut keep).unwrap();
    // What it does on its own where the pattern looks like a new scene, it does with and without a change.
    let keys: Vec<_> = (0..600).filter(|&index| samples[index].flags.sync).collect();
    assert!(!keys.contains(&300), "{keys:?}");
    for (range, wanted) in [(0..300, 1_000_000.0), (300..600, 300_000.0)] {
        let bits: u64 = samples[range].iter().map(|sample| sample.payload.len() * 8).sum();
        let rate = bits as f64 / 10.0;
        assert!((rate / wanted - 1.0).abs() < 0.1, "{rate} of {wanted}");
    }
}

#[test]
fn misuse_is_an_error() {
    let registry = Registry::new().with(reelwright_codec_native::provider());
    let any = EncoderSpecification::default();
    let make = |settings: &VideoEncoderSettings| registry.video_encoder(settings, &any).err().unwrap().kind();
    let base = settings(Size::new(64, 64));
    assert_eq!(make(&settings(Size::new(8, 8))), ErrorKind::Unsupported);
    assert_eq!(make(&base.clone().bit_depth(10)), ErrorKind::Unsupported);
    let options = vec![("preset".into(), "slow".into())];
    assert_eq!(make(&base.clone().options(options)), ErrorKind::Misuse);
    let (_, mut encoder) = registry.video_encoder(&base, &any).unwrap();
    let frame = |pts| VideoFrame { pixels: picture(base.size, 0), pts, duration: None };
    let mut drop = |_| Ok(());
    encoder.encode(frame(Time::from_secs(1)), FrameOptions::default(), &mut drop).unwrap();
    let early = encoder.encode(frame(Time::from_secs(1)), FrameOptions::default(), &mut drop);
    assert_eq!(early.unwrap_err().kind(), ErrorKind::Misuse);
    let large = VideoFrame { pixels: picture(Size::new(80, 64), 0), pts: Time::from_secs(2), duration: None };
    assert_eq!(
        encoder.encode(large, FrameOptions::default(), &mut drop).unwrap_err().kind(),
        ErrorKind::Misuse
    );
}
