//! Files far beyond 32 bits, as foreign readers see them. Zeros are a hole in the file: hardly anything is stored.
#![allow(clippy::unwrap_used)] // A test states what it expects by unwrapping, its own small functions included.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use reelwright::media::{
    ErrorKind, FormatDescription, FourCc, Payload, SampleBuffer, SampleFlags, Size, Time, Trim, VideoCodec,
    VideoFormat,
};
use reelwright::{Asset, AssetWriter, FileType, IndexPlace, InputConfig, Overwrite};

/// What a tool prints; `None`, said loudly, where it isn't installed.
fn printed(tool: &str, arguments: &[&str], path: &Path) -> Option<String> {
    let Ok(output) = Command::new(tool).args(arguments).arg(path).output() else {
        reelwright_judges::skip!("{tool} is not installed");
        return None;
    };
    assert!(output.stderr.is_empty(), "{tool}: {}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

/// How many pictures there are, ten seconds each, and how large they are: 30 days, 5 TiB.
const COUNT: i64 = 30 * 24 * 360;
const LENGTH: u64 = (5 << 40) / COUNT as u64 + 1;

fn sample(format: &Arc<FormatDescription>, number: i64) -> SampleBuffer {
    let time = Time::from_ratio(number * 6000, 600).unwrap();
    SampleBuffer {
        format: format.clone(),
        payload: Payload::zeros(LENGTH),
        dts: time,
        pts: time,
        duration: Time::from_ratio(6000, 600).unwrap(),
        flags: SampleFlags::SYNC,
        trim: Trim::default(),
    }
}

#[test]
fn five_tebibytes_and_thirty_days_are_right_in_foreign_readers() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("vast");
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("out.mov");
    let format = VideoFormat::new(VideoCodec::Jpeg, FourCc::new(b"jpeg"), Size::new(64, 64));
    let format = Arc::new(FormatDescription::Video(format));
    let seconds = COUNT * 10;
    for index in [IndexPlace::Last, IndexPlace::First] {
        let mut builder =
            AssetWriter::create(&path, FileType::Mov).index(index).overwrite(Overwrite::Replace);
        let mut input = builder.add_input(InputConfig::copy(format.clone())).unwrap();
        let writer = builder.start().unwrap();
        writer.start_session(Time::ZERO).unwrap();
        let fed = (0..COUNT).try_for_each(|number| input.append(sample(&format, number)));
        assert!(input.finish().is_err() || fed.is_ok());
        let report = match writer.finish() {
            Ok(report) => report,
            Err(error) if matches!(error.kind(), ErrorKind::Io | ErrorKind::NoSpace) => {
                reelwright_judges::lacks!("this file system has no files of 5 TiB: {error}");
                return;
            }
            Err(error) => panic!("{error}"),
        };
        assert!(report.bytes > 5 << 40);
        assert_eq!((report.index, report.duration), (index, Time::from_secs(seconds)));
        let asset = Asset::open(&path).unwrap();
        assert_eq!(asset.movie().duration, Time::from_secs(seconds));
        assert_eq!(asset.movie().tracks[0].byte_count, Some(LENGTH * COUNT as u64));
        let last = (seconds - 10).to_string();
        let entries = ["-show_entries", "packet=pos,size:format=duration", "-of", "csv=p=0"];
        // Zeros are no pictures, of which it complains otherwise.
        let arguments = [&["-v", "quiet", "-read_intervals", &last][..], &entries].concat();
        if let Some(text) = printed("ffprobe", &arguments, &path) {
            assert_eq!(text.lines().last(), Some(format!("{seconds}.000000").as_str()));
            let end: u64 = text
                .lines()
                .rev()
                .nth(1)
                .unwrap()
                .split(',')
                .map(|field| field.parse::<u64>().unwrap())
                .sum();
            assert!(end > 5 << 40 && end <= report.bytes, "{text}");
        }
        if let Some(text) = printed("mediainfo", &["--Inform=General;%Duration% %FileSize%"], &path) {
            assert_eq!(text.trim(), format!("{} {}", seconds * 1000, report.bytes));
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
}
