//! Pictures that stand beside the film: covers, depth, thumbnails, chapters', and those that can't be decoded.

use std::path::{Path, PathBuf};

use reelwright::media::{FourCc, MediaType, Omitted, Time};
use reelwright::{
    Asset, AssetWriter, Association, ExportOptions, ExportSession, FileType, InputConfig, Preset, Reason,
    SizeClass,
};

use super::Folder;
use super::hooked::native;
use super::presets::foreign;

const FILM: [&str; 4] = ["-f", "lavfi", "-i", "testsrc2=s=160x120:r=25:d=1"];
const OTHER: [&str; 4] = ["-f", "lavfi", "-i", "testsrc=s=320x240:r=25:d=1"];

/// What stands beside the film, first and enabled, and the film of 160x120.
fn made(path: &Path, other: &[&str], first: &[&str]) -> Option<Asset> {
    let mut arguments = ["-nostdin", "-y"].to_vec();
    arguments.extend(other);
    arguments.extend(FILM);
    arguments.extend(["-map", "0", "-map", "1", "-c:v:1", "libx264", "-pix_fmt:v:1", "yuv420p"]);
    arguments.extend(first);
    arguments.extend(["-disposition:v", "default", path.to_str()?]);
    foreign("ffmpeg", &arguments)?;
    Some(Asset::open(path).unwrap())
}

/// One picture of 320x240 as a file.
fn photograph(folder: &Folder, name: &str) -> Option<PathBuf> {
    let path = folder.file(name);
    foreign("ffmpeg", &[&["-y"], &OTHER[..], &["-frames:v", "1", path.to_str()?]].concat())?;
    Some(path)
}

/// Exports and returns why the pictures that aren't the film are left out; the output is the film.
fn exported(asset: &Asset, out: &Path) -> Reason {
    let options =
        ExportOptions::new(Preset::H264(SizeClass::Sd480)).overwrite(reelwright::Overwrite::Replace);
    let options = options.reencode(true);
    let report = ExportSession::new(asset, options).registry(native()).export(out, FileType::Mp4).unwrap();
    let sizes = ["-select_streams", "v", "-show_entries", "stream=width,nb_frames", "-of", "csv=p=0"];
    let sizes = foreign("ffprobe", &[&sizes[..], &[out.to_str().unwrap()]].concat()).unwrap().stdout;
    assert_eq!(String::from_utf8(sizes).unwrap().trim(), "160,25", "{:?}", asset.path());
    let pictures = report.tracks.iter().filter(|track| track.media == MediaType::Video);
    let dropped: Vec<_> = pictures.filter(|track| track.output.is_none()).collect();
    let [beside] = dropped[..] else { panic!("{report:?}") };
    let lost = report.omissions.iter().find(|omission| omission.track == Some(beside.source)).unwrap();
    assert_eq!(lost.what, Omitted::Track(MediaType::Video));
    beside.reason.clone()
}

#[test]
fn a_cover_is_not_the_film() {
    let folder = Folder::new("cover");
    for (image, name) in [("a.jpg", "a.mov"), ("b.jpg", "b.mp4"), ("c.jpg", "c.mkv"), ("d.png", "d.mov")] {
        let Some(image) = photograph(&folder, image) else { return };
        let other = ["-i", image.to_str().unwrap()];
        let Some(asset) = made(&folder.file(name), &other, &["-c:v:0", "copy"]) else { return };
        assert!(asset.movie().tracks[0].enabled, "{name}");
        assert_eq!(exported(&asset, &folder.file("out.mp4")), Reason::NotMain, "{name}");
    }
}

#[test]
fn pictures_that_belong_to_others_are_not_the_film() {
    let folder = Folder::new("belonging");
    let source = made(&folder.file("in.mov"), &OTHER, &["-c:v:0", "libx264", "-pix_fmt:v:0", "yuv420p"]);
    let Some(source) = source else { return };
    for (kind, from, to) in [(b"auxl", 0, 1), (b"vdep", 0, 1), (b"thmb", 0, 1), (b"chap", 1, 0)] {
        let path = folder.file("referring.mov");
        let mut builder = AssetWriter::create(&path, FileType::Mov).overwrite(reelwright::Overwrite::Replace);
        let tracks = &source.movie().tracks;
        let mut inputs: Vec<_> =
            tracks.iter().map(|track| builder.add_input(InputConfig::copy_track(track)).unwrap()).collect();
        let kind = Association::Other(FourCc::new(kind));
        builder.associate(&inputs[from], kind, &inputs[to]).unwrap();
        let writer = builder.start().unwrap();
        writer.start_session(Time::ZERO).unwrap();
        for (track, mut input) in tracks.iter().zip(inputs.drain(..)) {
            let mut cursor = source.cursor(track.id).unwrap();
            while let Some(sample) = cursor.next_sample().unwrap() {
                input.append(sample).unwrap();
            }
        }
        writer.finish().unwrap();
        let asset = Asset::open(&path).unwrap();
        assert_eq!(exported(&asset, &folder.file("out.mp4")), Reason::NotMain);
    }
}

#[test]
fn a_film_that_can_be_decoded_stands_in_for_one_that_cant() {
    let folder = Folder::new("film");
    let Some(asset) = made(&folder.file("in.mov"), &OTHER, &["-c:v:0", "cinepak"]) else { return };
    let reason = exported(&asset, &folder.file("out.mp4"));
    assert!(matches!(&reason, Reason::Undecodable(why) if why.contains("cvid")), "{reason:?}");
}
