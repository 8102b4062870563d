//! What takes the encoders of libavcodec.

use std::path::Path;

use reelwright::codec::{Codec, EncoderSpecification, VideoEncoderSettings, VideoLevel};
use reelwright::media::{
    Color, ColorMatrix, ColorPrimaries, ColorRange, ContentLight, ErrorKind, MasteringDisplay, Size, Time,
    TransferFunction, VideoCodec, VideoFrame,
};
use reelwright::{
    Asset, AssetWriter, ExportOptions, ExportSession, Fate, FileType, InputConfig, Preset, SizeClass,
    dump_boxes,
};
use reelwright_bitstream::length_prefixed_units;
use reelwright_process::pattern::TestPicture;

use super::Folder;
use super::presets::{X264, hlg, made, probe};

const SIZE: Size = Size::new(320, 180);

/// Thirty pictures, encoded as `settings` say.
fn encoded(path: &Path, kind: FileType, settings: VideoEncoderSettings) -> Asset {
    let mut builder = AssetWriter::create(path, kind);
    let mut input = builder.add_input(InputConfig::encode_video(settings.clone())).unwrap();
    let writer = builder.start().unwrap();
    writer.start_session(Time::ZERO).unwrap();
    let pattern = TestPicture::new(settings.size);
    for number in 0..30 {
        let (pts, mut pixels) = (Time::from_ratio(number.into(), 30).unwrap(), pattern.frame(number));
        // Taken for what is asked for: its colours don't matter here.
        pixels.color = settings.color;
        input.append(VideoFrame { pixels, pts, duration: Time::from_ratio(1, 30) }).unwrap();
    }
    input.finish().unwrap();
    writer.finish().unwrap();
    Asset::open(path).unwrap()
}

fn export(asset: &Asset, preset: Preset, path: &Path) {
    let options = ExportOptions { reencode: true, overwrite: true, ..ExportOptions::new(preset) };
    ExportSession::new(asset, options).export(path, FileType::Mp4).unwrap();
}

#[test]
fn the_codec_asked_for_is_in_the_file_under_its_tag() {
    let folder = Folder::new("codecs");
    for (codec, kind, facts) in [
        (VideoCodec::H264, FileType::Mp4, ["h264", "avc1"]),
        (VideoCodec::H264, FileType::Mov, ["h264", "avc1"]),
        (VideoCodec::Hevc, FileType::Mp4, ["hevc", "hvc1"]),
        (VideoCodec::Hevc, FileType::Mov, ["hevc", "hvc1"]),
        (VideoCodec::Av1, FileType::Mp4, ["av1", "av01"]),
        (VideoCodec::ProRes, FileType::Mov, ["prores", "apcn"]),
    ] {
        let path = folder.file(&format!("{}.{}", facts[0], kind.extensions()[0]));
        let asset = encoded(&path, kind, VideoEncoderSettings::new(codec, SIZE));
        let Some(said) = probe(&path, "v", "codec_name,codec_tag_string") else { return };
        assert_eq!(said, facts);
        // Parameter sets are in the sample entry alone.
        let mut cursor = asset.cursor(1).unwrap();
        while let Some(sample) = cursor.next_sample().unwrap() {
            let bytes = sample.payload.load().unwrap();
            let is_set = |unit: &[u8]| match codec {
                VideoCodec::H264 => [7, 8].contains(&(unit[0] & 31)),
                VideoCodec::Hevc => (32..=34).contains(&(unit[0] >> 1)),
                _ => false,
            };
            if matches!(codec, VideoCodec::H264 | VideoCodec::Hevc) {
                assert!(!length_prefixed_units(&bytes, 4).any(|unit| is_set(unit.unwrap())), "{facts:?}");
            }
        }
    }
}

#[test]
fn a_level_is_as_asked_or_refused() {
    let folder = Folder::new("levels");
    let registry = reelwright::registry();
    let chosen = registry.select(Codec::Video(VideoCodec::H264), &EncoderSpecification::default());
    assert_eq!(chosen.unwrap().id, "libx264");
    let settings = |codec, major| {
        let level = Some(VideoLevel::new(major, 0));
        VideoEncoderSettings { level, ..VideoEncoderSettings::new(codec, SIZE) }
    };
    let path = folder.file("out.mp4");
    encoded(&path, FileType::Mp4, settings(VideoCodec::H264, 4));
    let refused = |settings| {
        let mut builder = AssetWriter::create(folder.file("never.mp4"), FileType::Mp4);
        builder.add_input(InputConfig::encode_video(settings)).unwrap_err().kind()
    };
    assert_eq!(refused(settings(VideoCodec::H264, 1)), ErrorKind::Misuse);
    assert_eq!(refused(settings(VideoCodec::Hevc, 4)), ErrorKind::Unsupported);
    let Some(facts) = probe(&path, "v", "profile,level") else { return };
    assert_eq!(facts, ["High", "40"]);
}

#[test]
fn pictures_are_reordered_unless_that_is_off() {
    let folder = Folder::new("reordering");
    for (codec, kind) in [(VideoCodec::H264, FileType::Mp4), (VideoCodec::Hevc, FileType::Mov)] {
        for reordering in [true, false] {
            let path = folder.file(&format!("{codec:?}-{reordering}"));
            let settings = VideoEncoderSettings { reordering, ..VideoEncoderSettings::new(codec, SIZE) };
            encoded(&path, kind, settings);
            let mut boxes = String::new();
            dump_boxes(&path, &mut boxes).unwrap();
            assert_eq!(boxes.contains("ctts"), reordering, "{codec:?}");
            let Some(facts) = probe(&path, "v", "has_b_frames") else { return };
            assert_eq!(facts[0] != "0", reordering, "{codec:?}: {facts:?}");
        }
    }
}

const FACTS: &str =
    "codec_name,profile,codec_tag_string,width,height,pix_fmt,color_space,color_transfer,color_primaries";

#[test]
fn hevc_presets_keep_hdr_and_are_tagged_hvc1() {
    let folder = Folder::new("hevc");
    let Some(asset) = hlg(&folder.file("in.mov"), "1600x1200") else { return };
    let path = folder.file("out.mp4");
    for (preset, width, height) in
        [(Preset::HevcHighestQuality, "1600", "1200"), (Preset::Hevc(SizeClass::Hd1080), "1440", "1080")]
    {
        export(&asset, preset, &path);
        let Some(facts) = probe(&path, "v", FACTS) else { return };
        let hdr = ["yuv420p10le", "bt2020nc", "arib-std-b67", "bt2020"];
        assert_eq!(facts[..5], ["hevc", "Main 10", "hvc1", width, height], "{preset}");
        assert_eq!(facts[5..], hdr, "{preset}");
    }
    // The larger boxes by their plans, which say what the run does.
    let Some(large) = made(&folder.file("large.mov"), "4400x2200", "1", X264) else { return };
    for (class, size) in [
        (SizeClass::Hd1080, Size::new(1920, 960)),
        (SizeClass::Uhd2160, Size::new(3840, 1920)),
        (SizeClass::Wide2160, Size::new(4320, 2160)),
        (SizeClass::Uhd4320, Size::new(4400, 2200)),
    ] {
        let plan = ExportSession::new(&large, Preset::Hevc(class)).plan(FileType::Mp4).unwrap();
        let Fate::EncodeVideo(video) = &plan.tracks[0].fate else { panic!("{class:?}") };
        assert_eq!(video.settings.size, size, "{class:?}");
    }
}

#[test]
fn mastering_display_and_light_level_come_along() {
    let folder = Folder::new("hdr10");
    let color = Color {
        primaries: ColorPrimaries::BT2020,
        transfer: TransferFunction::PQ,
        matrix: ColorMatrix::BT2020,
        range: Some(ColorRange::Video),
        ..Color::UNSPECIFIED
    };
    let mastering = MasteringDisplay {
        primaries: [(13_250, 34_500), (7500, 3000), (34_000, 16_000)],
        white: (15_635, 16_450),
        max_luminance: 10_000_000,
        min_luminance: 50,
    };
    let settings = VideoEncoderSettings {
        bit_depth: 10,
        color,
        mastering: Some(mastering),
        content_light: Some(ContentLight { max: 1000, max_frame_average: 400 }),
        ..VideoEncoderSettings::new(VideoCodec::Hevc, SIZE)
    };
    let asset = encoded(&folder.file("in.mov"), FileType::Mov, settings);
    let path = folder.file("out.mp4");
    export(&asset, Preset::Hevc(SizeClass::Hd1080), &path);
    let mut boxes = String::new();
    dump_boxes(&path, &mut boxes).unwrap();
    assert!(boxes.contains("mdcv") && boxes.contains("clli"), "{boxes}");
    let Some(facts) =
        probe(&path, "v", "color_transfer:stream_side_data=max_content,max_average,max_luminance,green_x")
    else {
        return;
    };
    assert_eq!(facts[0], "smpte2084");
    for fact in ["1000", "400", "10000000/10000", "13250/50000"] {
        assert!(facts.iter().any(|said| said == fact), "{fact}: {facts:?}");
    }
}
