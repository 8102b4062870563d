//! How pictures stand and what shape they have, judged by what ffmpeg shows of them.

use std::path::Path;

use reelwright::codec::VideoEncoderSettings;
use reelwright::media::{Matrix, PixelPool, Ratio, Rotation, Size, Time, VideoCodec, VideoFrame};
use reelwright::{
    Asset, AssetWriter, ExportOptions, ExportSession, FileType, Fit, InputConfig, Orientation, Preset,
    SizeClass, VideoOptions, dump_boxes,
};

use super::hooked::native;
use super::presets::{foreign, probe};
use super::{Folder, corner};

const SIZE: Size = Size::new(128, 64);

/// One picture, bright in its first sixteen columns and sixteen rows alone.
pub(crate) fn bright_corner(path: &Path, settings: VideoEncoderSettings, matrix: Matrix) -> Asset {
    let size = settings.size;
    let mut builder = AssetWriter::create(path, FileType::Mov);
    let mut input = builder.add_input(InputConfig::encode_video(settings).transform(matrix)).unwrap();
    let writer = builder.start().unwrap();
    writer.start_session(Time::ZERO).unwrap();
    let pixels = corner::bright_corner(&PixelPool::new(input.pixel_format().unwrap(), size));
    let frame = VideoFrame { pixels, pts: Time::ZERO, duration: Time::from_ratio(1, 25) };
    input.append(frame).unwrap();
    input.finish().unwrap();
    writer.finish().unwrap();
    Asset::open(path).unwrap()
}

/// The bright corner of what ffmpeg makes of the first picture: whether it is at the right, and below.
pub(crate) fn shown_corner(path: &Path, size: Size, more: &[&str]) -> Option<(bool, bool)> {
    let input = ["-i", path.to_str().unwrap(), "-frames:v", "1", "-pix_fmt", "gray", "-f", "rawvideo", "-"];
    let pixels = foreign("ffmpeg", &[more, &input].concat())?.stdout;
    assert_eq!(pixels.len() as u64, size.area(), "{}", path.display());
    Some(corner::bright_side(&pixels, size))
}

fn options(preset: Preset, change: impl FnOnce(&mut VideoOptions)) -> ExportOptions {
    let mut options = ExportOptions::new(preset).reencode(true).overwrite(reelwright::Overwrite::Replace);
    change(options.video.as_encode_mut().unwrap());
    options
}

fn export(asset: &Asset, options: ExportOptions, path: &Path) {
    ExportSession::new(asset, options).registry(native()).export(path, FileType::Mp4).unwrap();
}

const QUARTERS: [Rotation; 4] =
    [Rotation::None, Rotation::Clockwise90, Rotation::Half, Rotation::Clockwise270];

/// Mirrored left to right, where that is wanted, then turned.
fn oriented(rotation: Rotation, mirrored: bool) -> Matrix {
    let turn = Matrix::rotation(rotation, SIZE);
    let width = i32::try_from(SIZE.width << 16).unwrap();
    let mirror = Matrix([-0x1_0000, 0, 0, 0, 0x1_0000, 0, width, 0, 0x4000_0000]);
    if mirrored { mirror.then(&turn) } else { turn }
}

#[test]
fn eight_orientations_stand_upright_by_their_matrix_or_by_their_pixels() {
    let folder = Folder::new("corners");
    let path = folder.file("out.mp4");
    for (number, rotation) in QUARTERS.into_iter().enumerate() {
        for mirrored in [false, true] {
            let source = folder.file(&format!("{number}-{mirrored}.mov"));
            let matrix = oriented(rotation, mirrored);
            let settings = VideoEncoderSettings::new(VideoCodec::H264, SIZE);
            let asset = bright_corner(&source, settings, matrix);
            let upright = if rotation.is_quarter() { SIZE.turned() } else { SIZE };
            let Some(wanted) = shown_corner(&source, upright, &[]) else { return };
            export(&asset, options(Preset::HighestQuality, |_| ()), &path);
            let Some(coded) = probe(&path, "v", "width,height") else { return };
            assert_eq!(coded[..2], ["128", "64"], "{rotation:?} {mirrored}");
            assert_eq!(shown_corner(&path, upright, &[]).unwrap(), wanted, "{rotation:?} {mirrored}");
            let turn = |video: &mut VideoOptions| video.orientation = Orientation::TurnPixels;
            export(&asset, options(Preset::HighestQuality, turn), &path);
            let output = Asset::open(&path).unwrap();
            assert_eq!(output.movie().tracks[0].matrix, Matrix::IDENTITY);
            let coded = probe(&path, "v", "width,height").unwrap();
            assert_eq!(coded[..2], [upright.width.to_string(), upright.height.to_string()]);
            let shown = shown_corner(&path, upright, &["-noautorotate"]).unwrap();
            assert_eq!(shown, wanted, "{rotation:?} {mirrored}");
        }
    }
}

#[test]
fn a_turned_picture_fits_the_box_it_is_shown_in() {
    let folder = Folder::new("turned-box");
    let large = Size::new(1600, 800);
    let settings = VideoEncoderSettings::new(VideoCodec::H264, large);
    let matrix = Matrix::rotation(Rotation::Clockwise90, large);
    let asset = bright_corner(&folder.file("in.mov"), settings, matrix);
    for (fit, orientation, coded, matrix) in [
        (Fit::Coded, Orientation::KeepMatrix, Size::new(640, 320), true),
        (Fit::Displayed, Orientation::KeepMatrix, Size::new(640, 320), true),
        (Fit::Coded, Orientation::TurnPixels, Size::new(240, 480), false),
        (Fit::Displayed, Orientation::TurnPixels, Size::new(320, 640), false),
    ] {
        let preset = Preset::H264(SizeClass::Sd480);
        let plan = ExportSession::new(
            &asset,
            options(preset, |video| (video.fit, video.orientation) = (fit, orientation)),
        );
        let plan = plan.registry(native()).plan(FileType::Mp4).unwrap();
        let reelwright::Fate::EncodeVideo(video) = &plan.tracks[0].fate else { panic!("not encoded") };
        assert_eq!((video.settings.size, video.turn.is_none()), (coded, matrix), "{fit:?} {orientation:?}");
    }
}

#[test]
fn pixels_come_out_square() {
    let folder = Folder::new("aspect");
    let (source, path) = (folder.file("in.mov"), folder.file("out.mp4"));
    let wide = VideoEncoderSettings::new(VideoCodec::H264, SIZE).pixel_aspect(Ratio::new(2, 1).unwrap());
    let asset = bright_corner(&source, wide, Matrix::IDENTITY);
    let Some(facts) = probe(&source, "v", "width,height,sample_aspect_ratio") else { return };
    assert_eq!(facts, ["128", "64", "2:1"]);
    let mut described = String::new();
    dump_boxes(&source, &mut described).unwrap();
    assert!(described.contains("pasp"), "{described}");
    export(&asset, options(Preset::HighestQuality, |_| ()), &path);
    let facts = probe(&path, "v", "width,height,sample_aspect_ratio").unwrap();
    assert_eq!(facts[..2], ["256", "64"]);
    assert!(["1:1", "N/A"].contains(&facts[2].as_str()), "{facts:?}");
    assert_eq!(shown_corner(&path, Size::new(256, 64), &[]).unwrap(), (false, false));
}
