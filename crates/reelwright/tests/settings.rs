//! What encoders and writers are asked for: defaults are accepted, the impossible is refused with what is possible.
#![allow(clippy::unwrap_used)] // A test states what it expects by unwrapping, its own small functions included.

mod folder;
mod foreign;

use folder::Folder;
use reelwright::codec::{
    AudioEncoderSettings, AudioRate, Codec, EncoderSpecification, KeyFrames, RateLimit, VideoEncoderSettings,
    VideoRate,
};
use reelwright::media::{
    AudioCodec, ChannelLayout, Color, Error, ErrorKind, PixelFormat, PixelPool, Ratio, Result, Size, Time,
    VideoCodec, VideoFrame,
};
use reelwright::{Asset, AssetWriter, FileType, InputConfig, MemorySink, Overwrite};

/// The sample rates AAC has (ISO/IEC 14496-3, table 1.18), but for 7350 Hz, which few decoders take.
const AAC_RATES: [u32; 12] =
    [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8000];

#[test]
fn every_default_for_aac_is_accepted_by_every_encoder_of_it() {
    let registry = reelwright::registry();
    let ids: Vec<String> = registry
        .encoders()
        .filter(|info| info.codec == Codec::Audio(AudioCodec::Aac))
        .map(|info| info.id.clone())
        .collect();
    assert!(!ids.is_empty() || cfg!(not(feature = "native")));
    for id in ids {
        for rate in AAC_RATES {
            // AAC has no number for 7 channels.
            for channels in [1, 2, 3, 4, 5, 6, 8] {
                let layout = ChannelLayout::default_for(channels).unwrap();
                let settings = AudioEncoderSettings::new(AudioCodec::Aac, rate, layout);
                let made = registry.audio_encoder(&settings, &EncoderSpecification::with_id(&*id));
                assert!(made.is_ok(), "{id}: {rate} Hz, {channels} channels: {}", made.err().unwrap());
            }
        }
    }
}

#[test]
fn every_default_for_video_and_other_sound_is_accepted() {
    let registry = reelwright::registry();
    // What runs on hardware needs the hardware.
    for info in registry.encoders().filter(|info| !info.hardware) {
        let specification = EncoderSpecification::with_id(&*info.id);
        let made = match info.codec {
            Codec::Video(codec) => {
                let settings = VideoEncoderSettings::new(codec, Size::new(320, 240));
                registry.video_encoder(&settings, &specification).map(drop)
            }
            Codec::Audio(codec) => {
                let settings = AudioEncoderSettings::new(codec, 48_000, ChannelLayout::stereo());
                registry.audio_encoder(&settings, &specification).map(drop)
            }
        };
        assert!(made.is_ok(), "{}: {}", info.id, made.unwrap_err());
    }
}

fn refusal(config: InputConfig) -> Error {
    let (sink, _) = MemorySink::new();
    AssetWriter::create_on(sink, FileType::Mov).add_input(config).map(drop).unwrap_err()
}

fn video() -> VideoEncoderSettings {
    VideoEncoderSettings::new(VideoCodec::H264, Size::new(320, 240))
}

fn audio() -> AudioEncoderSettings {
    AudioEncoderSettings::new(AudioCodec::Aac, 48_000, ChannelLayout::stereo())
}

#[test]
fn the_impossible_is_misuse_that_says_what_is_possible() {
    let video = |settings: VideoEncoderSettings| InputConfig::encode_video(settings);
    let audio = |settings: AudioEncoderSettings| InputConfig::encode_audio(settings);
    for (config, possible) in [
        (video(self::video().size(Size::new(0, 240))), "at least 1 pixel"),
        (video(self::video().rate(VideoRate::Average(0))), "at least 1 bit/s"),
        (video(self::video().rate(VideoRate::Quality(2.0))), "0.0 (worst) to 1.0 (best)"),
        (video(self::video().frame_rate(Ratio { num: 0, den: 1 })), "at least 1"),
        (video(self::video().frame_rate(Ratio { num: 1, den: 0 })), "at least 1"),
        (video(self::video().key_frames(KeyFrames::every_frames(0))), "at least 1"),
        (video(self::video().key_frames(KeyFrames::every(Time::ZERO))), "above zero"),
        (audio(self::audio().rate(AudioRate::Average(0))), "at least 1 bit/s"),
        (audio(self::audio().rate(AudioRate::Quality(2.0))), "0.0 (worst) to 1.0 (best)"),
        (audio(self::audio().sample_rate(0)), "at least 1"),
    ] {
        let error = refusal(config);
        assert_eq!((error.kind(), error.place().track), (ErrorKind::Misuse, Some(1)), "{error}");
        assert!(error.message().contains(possible), "{error}");
    }
}

/// No request ends in an encoder's own "failed": either it works, or it is said what would.
#[cfg(feature = "native")]
#[test]
fn rates_beyond_an_encoder_are_refused_with_those_it_has() {
    let registry = reelwright::registry();
    let specification = EncoderSpecification::with_id("openh264");
    let mut accepted = 0;
    for frames in [Ratio { num: 1, den: 10 }, Ratio { num: 24_000, den: 1001 }, Ratio { num: 600, den: 1 }] {
        for bits in [1, 9, 10, 23, 24, 600, 100_000, 288_000_000, 288_000_001, u32::MAX] {
            for max_rate in [None, Some(bits), Some(u32::MAX)] {
                let limit = max_rate.map(|max_rate| RateLimit { max_rate, buffer: max_rate });
                let settings = video().frame_rate(frames).rate(VideoRate::Average(bits)).limit(limit);
                match registry.video_encoder(&settings, &specification) {
                    Ok(_) => accepted += 1,
                    Err(error) => {
                        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
                        assert!(error.message().contains("are possible at"), "{error}");
                    }
                }
            }
        }
    }
    assert!(accepted > 10, "{accepted}");
}

/// 4:2:0 comes in pairs of rows and columns: what is coded beyond the picture is said not to belong to it.
#[cfg(feature = "native")]
#[test]
fn odd_sizes_keep_their_size() {
    let folder = Folder::new("odd");
    for (kind, name) in [(FileType::Mp4, "odd.mp4"), (FileType::Mov, "odd.mov")] {
        for size in [Size::new(321, 241), Size::new(320, 241), Size::new(321, 240)] {
            let path = folder.file(name);
            let mut builder = AssetWriter::create(&path, kind).overwrite(Overwrite::Replace);
            let settings = video().size(size).color(Color::BT709);
            let config =
                InputConfig::encode_video(settings).encoder(EncoderSpecification::with_id("openh264"));
            let mut input = builder.add_input(config).unwrap();
            let writer = builder.start().unwrap();
            writer.start_session(Time::ZERO).unwrap();
            let pool = PixelPool::new(PixelFormat::Bgra, size).tagged(Color::BT709);
            input.append(VideoFrame { pixels: pool.take(), pts: Time::ZERO, duration: None }).unwrap();
            drop(input);
            writer.finish().unwrap();
            let asset = Asset::open(&path).unwrap();
            assert_eq!(asset.movie().tracks[0].header_size, (size.width << 16, size.height << 16));
            assert_eq!(reelwright::display_size(&asset.movie().tracks[0]), Some(size));
            let coded = Size::new(size.width.next_multiple_of(2), size.height.next_multiple_of(2));
            if let Some(stream) = foreign::table(&path, "stream=width,height") {
                assert_eq!(stream, [format!("{},{}", coded.width, coded.height)]);
            }
            let question = "Video;%Width_CleanAperture%x%Height_CleanAperture%";
            if let Some(seen) = foreign::mediainfo(&path, question) {
                // It names the sides that differ from the coded ones.
                let seen: Vec<&str> = seen.trim().split('x').collect();
                assert_eq!(seen, [size.width.to_string(), size.height.to_string()], "{size} in {name}");
            }
        }
    }
}

#[test]
fn a_writer_without_inputs_does_not_start() {
    let (sink, output) = MemorySink::new();
    let error = AssetWriter::create_on(sink, FileType::Mov).start().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misuse);
    assert!(error.hint().unwrap().to_string().contains("add_input"), "{error}");
    assert!(output.take().is_none());
}

#[cfg(feature = "native")]
#[test]
fn a_picture_whose_colour_does_not_go_is_refused_and_the_writer_goes_on() {
    for color in [Color::BT2100_PQ, Color::BT2100_HLG] {
        let (sink, output) = MemorySink::new();
        let mut builder = AssetWriter::create_on(sink, FileType::Mov);
        let mut input = builder.add_input(InputConfig::encode_video(video().color(color))).unwrap();
        let writer = builder.start().unwrap();
        writer.start_session(Time::ZERO).unwrap();
        let pool = PixelPool::new(PixelFormat::Bgra, Size::new(320, 240));
        let mut append = |pool: &PixelPool| -> Result<()> {
            input.append(VideoFrame { pixels: pool.take(), pts: Time::ZERO, duration: None })
        };
        let untagged = append(&pool).unwrap_err();
        assert_eq!((untagged.kind(), untagged.place().track), (ErrorKind::Misuse, Some(1)), "{untagged}");
        assert!(untagged.hint().unwrap().to_string().contains("PixelPool::tagged"), "{untagged}");
        let sdr = append(&pool.clone().tagged(Color::BT709)).unwrap_err();
        assert!(matches!(sdr.kind(), ErrorKind::Misuse | ErrorKind::Unsupported), "{sdr}");
        assert!(writer.error().is_none());
        append(&pool.tagged(color)).unwrap();
        assert_eq!(writer.finish().unwrap().tracks[0].samples, 1);
        assert!(output.take().is_some());
    }
}
