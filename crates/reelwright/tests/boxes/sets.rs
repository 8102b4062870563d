//! Copies of tracks whose parameter sets may be in the samples.

use std::path::Path;

use reelwright::media::{Time, TimeRange};
use reelwright::{Asset, ExportOptions, ExportSession, FileType, Preset};
use reelwright_bmff::{BoxRef, Writer};

use crate::folder::Folder;
use crate::foreign;
use crate::made::{changed, ffmpeg, remux, stbl};

fn tag(path: &Path) -> String {
    foreign::ffprobe(path, &["-show_entries", "stream=codec_tag_string", "-of", "csv=p=0"]).unwrap().remove(0)
}

fn hashes(path: &Path) -> Vec<u8> {
    foreign::ffmpeg(path, &["-map", "0:v", "-f", "framemd5"]).unwrap()
}

/// Pictures of a codec, their parameter sets in the samples as well where `repeated`.
fn made(path: &Path, codec: &str, tag: &str, repeated: bool, size: &str) -> bool {
    let picture = format!("testsrc2=s={size}:r=25:d=2");
    let options = format!("log-level=error:repeat-headers={}:keyint=10", u8::from(repeated));
    let (flag, own) =
        if codec == "libx265" { ("-x265-params", options) } else { ("-x264-params", "keyint=10".into()) };
    // FFmpeg's own filter puts them in front of every key frame.
    let filter = if repeated && codec == "libx264" { "dump_extra=freq=keyframe" } else { "null" };
    let arguments =
        ["-f", "lavfi", "-i", &picture, "-c:v", codec, flag, &own, "-bsf:v", filter, "-tag:v", tag];
    ffmpeg(path, &arguments)
}

/// Gives the sample entry another code.
fn retagged(file: &[u8], tag: &[u8; 4]) -> Vec<u8> {
    let rename = |found: &BoxRef<'_>| {
        let mut bytes = found.bytes().to_vec();
        // Behind version, flags, count and the size of the first entry.
        bytes[20..24].copy_from_slice(tag);
        bytes
    };
    changed(file, &stbl(b"stsd"), rename)
}

/// Where the samples carry no parameter sets but those of the entry, the copy says so, and shows the same pictures.
#[test]
fn sets_that_are_in_the_entry_are_said_to_be_there() {
    let folder = Folder::new("sets");
    let (source, copy, film) = (folder.file("source.mp4"), folder.file("copy.mp4"), folder.file("copy.mov"));
    for (codec, loose, strict) in [("libx265", "hev1", "hvc1"), ("libx264", "avc1", "avc1")] {
        for repeated in [false, true] {
            if !made(&source, codec, loose, repeated, "64x64") {
                return;
            }
            if codec == "libx264" {
                let file = std::fs::read(&source).unwrap();
                std::fs::write(&source, retagged(&file, b"avc3")).unwrap();
                assert_eq!(tag(&source), "avc3");
            }
            let report = remux(&source, &copy, FileType::Mp4);
            assert_eq!((tag(&copy).as_str(), report.warnings), (strict, Vec::new()), "{codec} {repeated}");
            assert_eq!(hashes(&copy), hashes(&source), "{codec} {repeated}");
            remux(&source, &film, FileType::Mov);
            assert_eq!(tag(&film), strict);
            // The same, cut.
            let range = Some(TimeRange::between(Time::from_millis(500), Time::from_secs(1)));
            let options = ExportOptions::new(Preset::Passthrough)
                .range(range)
                .overwrite(reelwright::Overwrite::Replace);
            ExportSession::new(&Asset::open(&source).unwrap(), options).export(&copy, FileType::Mp4).unwrap();
            assert_eq!(tag(&copy), strict);
        }
    }
    // All arrays of such an entry are complete (ISO/IEC 14496-15, 8.3.3.1.2).
    assert!(made(&source, "libx265", "hev1", false, "64x64"));
    remux(&source, &copy, FileType::Mp4);
    let movie = Asset::open(&copy).unwrap().movie().clone();
    let config = movie.tracks[0].formats[0].as_video().unwrap().config.clone().unwrap();
    let config = reelwright_bitstream::hevc::HevcConfig::parse(&config.bytes).unwrap();
    let sets = config.arrays.iter().filter(|array| (32..=34).contains(&array.kind.0));
    assert!(sets.clone().count() == 3 && sets.clone().all(|array| array.complete), "{config:?}");
}

/// Where they carry others, the track stays what it is, and that is said.
#[test]
fn sets_of_the_samples_own_stay_theirs() {
    let folder = Folder::new("own-sets");
    let (source, other, copy) =
        (folder.file("source.mp4"), folder.file("other.mp4"), folder.file("copy.mp4"));
    for (codec, loose) in [("libx265", b"hev1"), ("libx264", b"avc3")] {
        let usual = if codec == "libx265" { "hev1" } else { "avc1" };
        if !(made(&source, codec, usual, true, "64x64") && made(&other, codec, usual, true, "64x80")) {
            return;
        }
        // The samples of one under the entry of the other.
        let config = |path: &Path| {
            let movie = Asset::open(path).unwrap().movie().clone();
            movie.tracks[0].formats[0].entry().unwrap().bytes.clone()
        };
        let entry = config(&other);
        let file = std::fs::read(&source).unwrap();
        let foreign_entry = |_: &BoxRef<'_>| {
            let mut w = Writer::new();
            w.full_box(b"stsd", 0, 0, |w| {
                w.u32(1);
                w.bytes(&entry);
            });
            w.into_bytes()
        };
        let bytes = retagged(&changed(&file, &stbl(b"stsd"), foreign_entry), loose);
        std::fs::write(&source, bytes).unwrap();
        let report = remux(&source, &copy, FileType::Mp4);
        assert_eq!(tag(&copy).as_bytes(), loose);
        assert!(report.warnings[0].contains("stays"), "{:?}", report.warnings);
    }
}
