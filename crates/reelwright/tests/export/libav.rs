//! What takes the encoders of libavcodec.

use std::path::Path;

use reelwright::codec::{Codec, EncoderSpecification, Registry, VideoEncoderSettings, VideoLevel};
use reelwright::media::{
    Color, ColorMatrix, ColorPrimaries, ColorRange, ContentLight, ErrorKind, MasteringDisplay, Matrix,
    MediaType, Rotation, Size, Time, TimeRange, TransferFunction, VideoCodec, VideoFrame,
};
use reelwright::{
    Asset, AssetWriter, ExportOptions, ExportSession, Fate, FileType, InputConfig, Orientation, Preset,
    SizeClass, Treatment, dump_boxes,
};
use reelwright_bitstream::length_prefixed_units;
use reelwright_process::pattern::TestPicture;

use super::Folder;
use super::geometry::{bright_corner, shown_corner};
use super::presets::{X264, foreign, hlg, made, probe};

/// Every codec, those of libavcodec first.
fn registry() -> Registry {
    reelwright::all_codecs().prefer("libav").unwrap()
}

const SIZE: Size = Size::new(320, 180);

/// Thirty pictures, encoded as `settings` say.
fn encoded(path: &Path, kind: FileType, settings: VideoEncoderSettings) -> Asset {
    let mut builder = AssetWriter::create(path, kind).registry(registry());
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
    let options = ExportOptions::new(preset).reencode(true).overwrite(reelwright::Overwrite::Replace);
    ExportSession::new(asset, options).registry(registry()).export(path, FileType::Mp4).unwrap();
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
    let codecs = registry();
    let chosen = codecs.select(Codec::Video(VideoCodec::H264), &EncoderSpecification::default());
    assert_eq!(chosen.unwrap().encoder.id, "libx264");
    let settings = |codec, major| {
        let level = Some(VideoLevel::new(major, 0));
        VideoEncoderSettings::new(codec, SIZE).level(level)
    };
    let path = folder.file("out.mp4");
    encoded(&path, FileType::Mp4, settings(VideoCodec::H264, 4));
    let refused = |settings| {
        let mut builder = AssetWriter::create(folder.file("never.mp4"), FileType::Mp4).registry(registry());
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
            let settings = VideoEncoderSettings::new(codec, SIZE).reordering(reordering);
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
        let plan =
            ExportSession::new(&large, Preset::Hevc(class)).registry(registry()).plan(FileType::Mp4).unwrap();
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
    let settings = VideoEncoderSettings::new(VideoCodec::Hevc, SIZE)
        .bit_depth(10)
        .color(color)
        .mastering(mastering)
        .content_light(ContentLight { max: 1000, max_frame_average: 400 });
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

#[test]
fn prores_presets_make_prores_with_pcm_in_quicktime() {
    let folder = Folder::new("prores");
    let sound = ["-f", "lavfi", "-i", "sine=duration=1:sample_rate=44100"];
    let picture = ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30:duration=1"];
    let source = folder.file("in.mp4");
    let out = [X264, &["-c:a", "aac", source.to_str().unwrap()]].concat();
    if foreign("ffmpeg", &[&picture[..], &sound, &out].concat()).is_none() {
        return;
    }
    let asset = Asset::open(&source).unwrap();
    let path = folder.file("out.mov");
    for (preset, tag, format) in
        [(Preset::ProRes422, "apcn", "yuv422p10le"), (Preset::ProRes4444, "ap4h", "yuv444p")]
    {
        assert!(Preset::available_with(&registry()).contains(&preset));
        assert_eq!(preset.file_types(), [FileType::Mov]);
        for orientation in [Orientation::KeepMatrix, Orientation::TurnPixels] {
            let mut options = ExportOptions::new(preset).overwrite(reelwright::Overwrite::Replace);
            options.video.as_encode_mut().unwrap().orientation = orientation;
            let session = || ExportSession::new(&asset, options.clone()).registry(registry());
            assert_eq!(session().plan(FileType::Mp4).unwrap_err().kind(), ErrorKind::Misuse);
            let plan = session().plan(FileType::Mov).unwrap();
            let report = session().export(&path, FileType::Mov).unwrap();
            assert!(report.notes.is_empty() && report.tracks.iter().all(|track| track.fate == "encode"));
            let facts =
                probe(&path, "v", "codec_name,codec_tag_string,width,height,pix_fmt,nb_frames").unwrap();
            assert_eq!(facts[..4], ["prores", tag, "320", "180"]);
            assert!(facts[4].starts_with(format) && facts[5] == "30", "{facts:?}");
            let facts = probe(&path, "a", "codec_name,sample_rate,channels").unwrap();
            assert_eq!(facts, ["pcm_s24le", "44100", "1"]);
            let estimate = plan.estimated_bytes as f64 / report.bytes as f64;
            assert!((0.4..2.5).contains(&estimate), "{estimate}");
        }
    }
}

#[test]
fn quicktime_animation_is_decoded_by_the_depth_its_entry_states() {
    let folder = Folder::new("animation");
    let corner =
        "color=gray:size=128x64:rate=10:duration=1,drawbox=color=white:width=16:height=16:thickness=fill";
    for pixels in ["rgb555be", "rgb24", "argb"] {
        let (source, path) = (folder.file(&format!("{pixels}.mov")), folder.file(&format!("{pixels}.mp4")));
        let out = ["-pix_fmt", pixels, "-c:v", "qtrle", source.to_str().unwrap()];
        if foreign("ffmpeg", &[&["-f", "lavfi", "-i", corner][..], &out].concat()).is_none() {
            return;
        }
        let asset = Asset::open(&source).unwrap();
        let report = ExportSession::new(&asset, Preset::HighestQuality)
            .registry(registry())
            .export(&path, FileType::Mp4)
            .unwrap();
        assert_eq!(report.tracks[0].counts.written, 10, "{pixels}");
        assert_eq!(shown_corner(&path, Size::new(128, 64), &[]), Some((false, false)), "{pixels}");
    }
}

#[test]
fn chroma_halved_across_alone_is_turned_too() {
    let folder = Folder::new("turned-422");
    let (size, path) = (Size::new(128, 64), folder.file("out.mov"));
    let matrix = Matrix::rotation(Rotation::Clockwise90, size);
    let settings = VideoEncoderSettings::new(VideoCodec::H264, size);
    let asset = bright_corner(&folder.file("in.mov"), settings, matrix);
    let mut options = ExportOptions::new(Preset::ProRes422);
    options.video.as_encode_mut().unwrap().orientation = Orientation::TurnPixels;
    ExportSession::new(&asset, options).registry(registry()).export(&path, FileType::Mov).unwrap();
    let Some(facts) = probe(&path, "v", "width,height,pix_fmt") else { return };
    assert_eq!(facts, ["64", "128", "yuv422p10le"]);
    assert_eq!(shown_corner(&path, size.turned(), &["-noautorotate"]), Some((true, false)));
}

#[test]
fn hdr_of_cameras_survives_copies_and_transcodes() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/media");
    let folder = Folder::new("hdr");
    let path = folder.file("out.mp4");
    let side = "stream_side_data=side_data_type,red_x,red_y,green_x,green_y,blue_x,blue_y,white_point_x,white_point_y,min_luminance,max_luminance,max_content,max_average";
    let mut seen = 0;
    for name in [
        "iphone_dv84_hdr.mov",
        "iphone_hdr_edit_list.mov",
        "iphone_hdr_colr.mov",
        "pixel_hlg10.mp4",
        "av1_hdr10_portrait.mp4",
        "dv_p81.mp4",
    ] {
        let Ok(asset) = Asset::open(corpus.join(name)) else {
            reelwright_judges::skip!("{name} is not in ../shared/media");
            continue;
        };
        let color = |path: &Path| probe(path, "v:0", "color_space,color_transfer,color_primaries");
        let light = |path: &Path| {
            let facts = probe(path, "v:0", &format!("index:{side}"))?;
            let is_light =
                |fact: &String| fact.contains('/') || fact.parse::<u32>().is_ok_and(|value| value > 9);
            Some(facts.into_iter().filter(is_light).collect::<Vec<_>>())
        };
        let source = corpus.join(name);
        let (Some(colors), Some(lights)) = (color(&source), light(&source)) else { return };
        assert!(["smpte2084", "arib-std-b67"].contains(&colors[1].as_str()), "{name}: {colors:?}");
        let mut options =
            ExportOptions::new(Preset::HevcHighestQuality).overwrite(reelwright::Overwrite::Replace);
        options.audio = Treatment::Drop;
        options.range = Some(TimeRange::new(Time::ZERO, Time::from_ratio(1, 5).unwrap()));
        options.reencode = true;
        options.video.as_encode_mut().unwrap().max_size = Some(Size::new(320, 320));
        let copied = ExportOptions::new(Preset::Passthrough).overwrite(reelwright::Overwrite::Replace);
        for (options, fate) in [(copied, "copy"), (options, "encode")] {
            let report = ExportSession::new(&asset, options)
                .registry(registry())
                .export(&path, FileType::Mp4)
                .unwrap();
            let video = report.tracks.iter().find(|track| track.media == MediaType::Video).unwrap();
            assert_eq!(video.fate, fate, "{name}");
            assert_eq!(color(&path).unwrap()[..3], colors[..3], "{name}: {fate}");
            assert_eq!(light(&path).unwrap(), lights, "{name}: {fate}");
        }
        seen += 1;
    }
    assert!(seen == 6 || seen == 0, "{seen} files");
}

#[test]
fn highest_quality_is_never_larger_than_its_source() {
    let folder = Folder::new("never-larger");
    let ten = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le"];
    let five =
        ["-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-x265-params", "log-level=none"];
    let (still, path) = (["-vf", "trim=end_frame=1,loop=89:1:0"], folder.file("out.mp4"));
    for (name, codec, more) in [
        ("ten.mov", &ten[..], &["-b:v", "300k"][..]),
        ("hevc.mov", &five, &["-b:v", "200k"]),
        ("crf.mov", &ten, &["-crf", "30"]),
        ("still.mov", &ten, &still),
    ] {
        let codec = [codec, more].concat();
        let Some(asset) = made(&folder.file(name), "320x180", "90", &codec) else { return };
        export(&asset, Preset::HighestQuality, &path);
        let bytes = |asset: &Asset| asset.movie().tracks[0].byte_count.unwrap();
        let (before, after) = (bytes(&asset), bytes(&Asset::open(&path).unwrap()));
        assert!(after <= before, "{name}: {after} bytes of {before}");
    }
}

#[test]
fn a_plan_says_that_transparency_goes() {
    let folder = Folder::new("transparency");
    for (format, wanted) in [("yuva444p10le", true), ("yuv444p10le", false)] {
        let codec = ["-c:v", "prores_ks", "-profile:v", "4444", "-pix_fmt", format];
        let Some(asset) = made(&folder.file("in.mov"), "320x180", "1", &codec) else { return };
        let plan = ExportSession::new(&asset, Preset::H264(SizeClass::Sd480))
            .registry(registry())
            .plan(FileType::Mp4)
            .unwrap();
        let losses: Vec<_> = plan.tracks[0].losses.iter().map(ToString::to_string).collect();
        let says = |loss: &String| loss.contains("transparency") && loss.contains("put on black");
        assert_eq!(losses.iter().any(says), wanted, "{losses:?}");
    }
}
