//! What colours an export has: inherited, left open, tagged or converted, judged by ffprobe and ffmpeg.

use std::path::Path;

use reelwright::media::{Color, ColorMatrix, ErrorKind, Size, Stage, TransferFunction};
use reelwright::{Asset, ColorPolicy, ExportOptions, ExportSession, Fate, FileType, Preset};

use super::Folder;
use super::hooked::native;
use super::presets::{foreign, hlg, made, probe};

const TAGS: &str = "color_space,color_transfer,color_primaries";

fn export(asset: &Asset, color: ColorPolicy, path: &Path) {
    let mut options =
        ExportOptions::new(Preset::HighestQuality).reencode(true).overwrite(reelwright::Overwrite::Replace);
    let video = options.video.as_encode_mut().unwrap();
    (video.color, video.rate) = (color, reelwright::RateChoice::Quality(0.9));
    ExportSession::new(asset, options).registry(native()).export(path, FileType::Mp4).unwrap();
}

/// The first picture as ffmpeg decodes it, in the layout given.
fn picture(path: &Path, layout: &str) -> Option<Vec<u8>> {
    let input =
        ["-i", path.to_str().unwrap(), "-frames:v", "1", "-vf", "scale=flags=accurate_rnd+full_chroma_int"];
    Some(foreign("ffmpeg", &[&input[..], &["-pix_fmt", layout, "-f", "rawvideo", "-"]].concat())?.stdout)
}

/// A flat picture in which every difference of matrices shows.
fn flat(path: &Path, tags: &[&str]) -> Option<Asset> {
    let codec = ["-c:v", "libx264", "-qp", "4", "-pix_fmt", "yuv420p", "-vf", "drawbox=c=0xC83214:t=fill"];
    made(path, "320x180", "3", &[&codec[..], tags].concat())
}

const BT601_MATRIX: [&str; 6] =
    ["-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "smpte170m"];

#[test]
fn tags_are_inherited_left_open_set_or_converted_to() {
    let folder = Folder::new("four-ways");
    let (open, stated) = (folder.file("open.mp4"), folder.file("stated.mp4"));
    let Some(open) = flat(&open, &[]) else { return };
    let Some(stated) = flat(&stated, &BT601_MATRIX) else { return };
    let out = |name: &str| folder.file(name);
    // Nothing is asked for: what is tagged keeps its tags, what isn't has none.
    for policy in [ColorPolicy::Keep, ColorPolicy::ToneMap] {
        export(&open, policy, &out("open-kept.mp4"));
        export(&stated, policy, &out("stated-kept.mp4"));
        let Some(tags) = probe(&out("open-kept.mp4"), "v", TAGS) else { return };
        assert_eq!(tags, ["unknown", "unknown", "unknown"], "{policy:?}");
        assert_eq!(probe(&out("stated-kept.mp4"), "v", TAGS).unwrap(), ["smpte170m", "bt709", "bt709"]);
    }
    let wanted = ColorPolicy::Convert(Color::BT709);
    // What isn't tagged is, and nothing else.
    export(&open, wanted, &out("open-set.mp4"));
    assert_eq!(probe(&out("open-set.mp4"), "v", TAGS).unwrap(), ["bt709", "bt709", "bt709"]);
    assert!(picture(&out("open-set.mp4"), "yuv420p") == picture(&out("open-kept.mp4"), "yuv420p"));
    // What is tagged otherwise is converted: other numbers, the same colour.
    export(&stated, wanted, &out("converted.mp4"));
    assert_eq!(probe(&out("converted.mp4"), "v", TAGS).unwrap(), ["bt709", "bt709", "bt709"]);
    let numbers = |name| picture(&out(name), "yuv420p").unwrap();
    assert!(numbers("converted.mp4")[0].abs_diff(numbers("stated-kept.mp4")[0]) > 4);
    let (ours, source) = (picture(&out("converted.mp4"), "rgb24"), picture(&out("stated.mp4"), "rgb24"));
    let off = ours.unwrap().iter().zip(source.unwrap()).map(|(a, b)| a.abs_diff(b)).max().unwrap();
    assert!(off <= 4, "{off}");
}

#[test]
fn a_copy_is_one_where_the_colours_are_those_asked_for() {
    let folder = Folder::new("copied-colours");
    let Some(stated) = flat(&folder.file("stated.mp4"), &BT601_MATRIX) else { return };
    let plan = |color| {
        let mut options = ExportOptions::new(Preset::HighestQuality);
        options.video.as_encode_mut().unwrap().color = ColorPolicy::Convert(color);
        ExportSession::new(&stated, options).registry(native()).plan(FileType::Mp4)
    };
    let fate = |color| {
        let plan = plan(color).unwrap();
        (plan.tracks[0].fate.name(), plan.tracks[0].reason.to_string())
    };
    assert_eq!(fate(Color { matrix: ColorMatrix::SMPTE170M, ..Color::BT709 }).0, "copy");
    assert_eq!(fate(Color::BT709), ("encode", "its colours are converted".to_owned()));
    for transfer in [TransferFunction::HLG, TransferFunction::PQ] {
        let error = plan(Color { transfer, ..Color::BT709 }).unwrap_err();
        assert_eq!((error.kind(), error.place().stage), (ErrorKind::Unsupported, Some(Stage::Plan)));
        assert!(error.message().contains("bt709 can't be converted to") && error.hint().is_some(), "{error}");
    }
}

#[test]
fn hdr_is_tone_mapped_on_the_way_to_colours_that_are_not() {
    let folder = Folder::new("asked-tone");
    let Some(asset) = hlg(&folder.file("in.mov"), "320x180") else { return };
    let path = folder.file("out.mp4");
    let mut decoded = Vec::new();
    for policy in [ColorPolicy::ToneMap, ColorPolicy::Convert(Color::BT709)] {
        export(&asset, policy, &path);
        let Some(tags) = probe(&path, "v", TAGS) else { return };
        assert_eq!(tags, ["bt709", "bt709", "bt709"]);
        decoded.push(picture(&path, "yuv420p").unwrap());
        let mut options = ExportOptions::new(Preset::HighestQuality);
        options.video.as_encode_mut().unwrap().color = policy;
        let plan = ExportSession::new(&asset, options).registry(native()).plan(FileType::Mp4).unwrap();
        let Fate::EncodeVideo(video) = &plan.tracks[0].fate else { panic!("{policy:?}") };
        assert!(video.tone_mapped && video.settings.size == Size::new(320, 180));
    }
    assert!(decoded[0] == decoded[1]);
}
