//! Pictures coded in ways that few players know don't fit a preset.

use std::path::{Path, PathBuf};
use std::str::from_utf8;

use reelwright::media::ErrorKind;
use reelwright::{Asset, ExportOptions, ExportSession, FileType, Overwrite, Preset, Reason, SizeClass};

use super::Folder;
use super::hooked::native;
use super::presets::foreign;

/// Twelve pictures of 160x120.
fn made(path: &Path, codec: &[&str]) -> Option<Asset> {
    let pattern = ["-nostdin", "-y", "-f", "lavfi", "-i", "testsrc2=s=160x120:r=24:d=0.5"];
    foreign("ffmpeg", &[&pattern[..], codec, &[path.to_str()?]].concat())?;
    Some(Asset::open(path).unwrap())
}

/// Profile, layout and number of pictures that are decoded, by ffprobe.
fn judged(path: &Path) -> Option<String> {
    let entries = "stream=profile,pix_fmt,nb_read_frames";
    let arguments = ["-count_frames", "-select_streams", "v", "-show_entries", entries, "-of", "csv=p=0"];
    let output = foreign("ffprobe", &[&arguments[..], &[path.to_str()?]].concat())?;
    Some(from_utf8(&output.stdout).unwrap().trim().to_owned())
}

fn session(asset: &Asset, preset: Preset) -> ExportSession {
    let options = ExportOptions::new(preset).overwrite(Overwrite::Replace);
    ExportSession::new(asset, options).registry(native())
}

const SMALL: Preset = Preset::H264(SizeClass::Sd480);

#[test]
fn other_chroma_than_halved_is_encoded() {
    let folder = Folder::new("chroma");
    let out = folder.file("out.mp4");
    for (layout, is) in [("yuv422p", "4:2:2"), ("yuv422p10le", "4:2:2"), ("gray", "4:0:0")] {
        for name in ["in.mp4", "in.mkv", "in.ts"] {
            let codec = ["-c:v", "libx264", "-pix_fmt", layout];
            let Some(asset) = made(&folder.file(name), &codec) else { return };
            let report = session(&asset, SMALL).export(&out, FileType::Mp4).unwrap();
            assert_eq!(report.tracks[0].reason, Reason::Chroma { is: is.to_owned() }, "{name}");
            let Some(judged) = judged(&out) else { return };
            // Full range is 4:2:0 of another name.
            assert!(judged.replace("yuvj", "yuv").ends_with(",yuv420p,12"), "{layout}: {judged}");
        }
    }
}

#[test]
fn what_no_decoder_reads_is_refused_by_its_name() {
    let folder = Folder::new("refused");
    let without_loss = ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-qp", "0"];
    let in_full = ["-c:v", "libx264", "-pix_fmt", "yuv444p"];
    let ten_bits = ["-c:v", "libx264", "-pix_fmt", "yuv444p10le"];
    let all = [(&without_loss[..], "without loss"), (&in_full, "4:4:4"), (&ten_bits, "4:4:4")];
    for (codec, named) in all {
        let Some(asset) = made(&folder.file("in.mp4"), codec) else { return };
        for preset in [SMALL, Preset::HighestQuality] {
            let error = session(&asset, preset).plan(FileType::Mp4).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
            assert!(error.message().contains(named), "{error}");
            assert!(preset.check_with(&asset, None, &native()).is_err());
        }
        // As it is it can be had all the same.
        assert!(session(&asset, Preset::Passthrough).plan(FileType::Mp4).is_ok());
    }
}

#[test]
fn range_extensions_of_hevc_fit_no_preset() {
    let folder = Folder::new("extensions");
    let hevc = |name: &str, layout: &str| -> Option<(PathBuf, Asset)> {
        let path = folder.file(name);
        let codec =
            ["-c:v", "libx265", "-x265-params", "log-level=none", "-tag:v", "hvc1", "-pix_fmt", layout];
        let asset = made(&path, &codec)?;
        Some((path, asset))
    };
    for layout in ["yuv444p", "yuv422p", "gray", "yuv420p12le"] {
        let Some((path, asset)) = hevc("in.mp4", layout) else { return };
        let Some(judged) = judged(&path) else { return };
        assert!(judged.starts_with("Rext"), "{judged}");
        // Nothing here encodes HEVC, so that nothing but a copy could be planned.
        let plan = session(&asset, Preset::HevcHighestQuality).plan(FileType::Mp4);
        assert!(plan.is_err(), "{layout}: {plan:?}");
    }
    let Some((_, asset)) = hevc("plain.mp4", "yuv420p") else { return };
    let plan = session(&asset, Preset::HevcHighestQuality).plan(FileType::Mp4).unwrap();
    assert_eq!(plan.tracks[0].reason, Reason::Fits);
}

#[test]
fn a_picture_of_another_shape_keeps_it() {
    let folder = Folder::new("shapes");
    let out = folder.file("out.mp4");
    // 320x240, then 640x480, and in the last second 240x320.
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/field/f02_vp8_sizes.webm");
    if !source.exists() {
        reelwright_judges::skip!("f02_vp8_sizes.webm is not in ../shared/field");
        return;
    }
    session(&Asset::open(&source).unwrap(), SMALL).export(&out, FileType::Mp4).unwrap();
    // Brightness of the outermost 60 columns left and right, and of those between.
    let lit = |second: &str| -> Option<[bool; 3]> {
        let arguments = ["-nostdin", "-ss", second, "-i", out.to_str()?, "-frames:v", "1"];
        let raw = ["-pix_fmt", "gray", "-f", "rawvideo", "-"];
        let picture = foreign("ffmpeg", &[&arguments[..], &raw].concat())?.stdout;
        assert_eq!(picture.len(), 320 * 240);
        let rows = || picture.chunks(320);
        let brightest = |columns: std::ops::Range<usize>| {
            rows().flat_map(|row| row[columns.clone()].to_vec()).max().is_some_and(|value| value > 40)
        };
        Some([brightest(0..60), brightest(80..240), brightest(260..320)])
    };
    let (Some(first), Some(last)) = (lit("0.2"), lit("2.6")) else { return };
    assert_eq!((first, last), ([true; 3], [false, true, false]));
}
