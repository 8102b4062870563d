//! Files that were joined end to end.

use std::path::Path;
use std::process::Command;

use reelwright::media::{Omitted, Time};
use reelwright::{Asset, FileType};

use crate::folder::Folder;
use crate::made::{ffmpeg, remux};

const TONE: &str = "sine=440:d=";
const FRAGMENTS: &str = "frag_keyframe+empty_moov+default_base_moof";

/// Pictures and sound in fragments.
fn part(path: &Path, size: &str, rate: &str, seconds: &str, more: &[&str]) -> bool {
    let (picture, tone) = (format!("testsrc2=s={size}:r={rate}:d={seconds}"), format!("{TONE}{seconds}"));
    let inputs =
        ["-f", "lavfi", "-i", &picture, "-f", "lavfi", "-i", &tone, "-c:v", "libx264", "-c:a", "aac"];
    ffmpeg(path, &[&inputs[..], &["-preset", "ultrafast", "-g", "30"], more].concat())
}

fn join(parts: &[&Path], joined: &Path) {
    let bytes: Vec<u8> = parts.iter().flat_map(|part| std::fs::read(part).unwrap()).collect();
    std::fs::write(joined, bytes).unwrap();
}

/// The checksums of all pictures ffmpeg decodes.
fn pictures(path: &Path) -> Vec<String> {
    // Its parser, not its decoder, complains of parameter sets that change.
    let output = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "fatal", "-i"])
        .arg(path)
        .args(["-map", "0:v", "-fps_mode", "passthrough", "-autoscale", "0", "-f", "framemd5", "-"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.rsplit(',').next().unwrap().trim().to_owned()).collect()
}

/// Every picture of every part comes out as it was, at the time it has behind the parts before.
#[test]
fn all_parts_are_read() {
    let folder = Folder::new("parts");
    let name = |name: &str| folder.file(name);
    let (a, b, c) = (name("a.mp4"), name("b.mp4"), name("c.mp4"));
    // Another size, rate and order of tracks; reordered pictures behind an edit; offsets from the start of the file.
    let turned = ["-movflags", "frag_keyframe+empty_moov", "-map", "1:a", "-map", "0:v", "-ar", "48000"];
    let late = ["-movflags", "frag_keyframe+delay_moov", "-bf", "2"];
    if !(part(&a, "320x240", "30", "2", &["-movflags", FRAGMENTS])
        && part(&b, "320x180", "25", "1", &turned)
        && part(&c, "320x240", "30", "1", &late))
    {
        return;
    }
    let (joined, copy) = (name("joined.mp4"), name("copy.mp4"));
    for parts in [&[&a, &a][..], &[&a, &b], &[&a, &b, &c], &[&c, &c, &c], &[&b, &c, &a]] {
        let parts: Vec<_> = parts.iter().map(|part| part.as_path()).collect();
        join(&parts, &joined);
        let movie = Asset::open(&joined).unwrap().movie().clone();
        assert_eq!((movie.tracks.len(), movie.omissions.len()), (2, 0), "{:?}", movie.omissions);
        let lengths = parts.iter().map(|part| Asset::open(part).unwrap().movie().duration);
        let length = lengths.fold(Time::ZERO, Time::saturating_add);
        let more = movie.duration.saturating_sub(length);
        assert!(
            !more.is_negative() && more < Time::from_millis(50 * parts.len() as i64),
            "{}",
            movie.duration
        );
        remux(&joined, &copy, FileType::Mp4);
        let expected: Vec<_> = parts.iter().flat_map(|part| pictures(part)).collect();
        assert_eq!(pictures(&copy), expected, "{parts:?}");
        let probe = ["-v", "fatal", "-of", "csv=p=0", "-show_entries", "stream=duration"];
        let output = Command::new("ffprobe").args(probe).arg(&copy).output().unwrap();
        for stream in String::from_utf8(output.stdout).unwrap().lines() {
            let seconds: f64 = stream.parse().unwrap();
            let meant = length.to_seconds_lossy();
            assert!((seconds - meant).abs() < 0.15, "{parts:?}: {stream} for {meant}");
        }
    }
}

/// A part that can't go on in a track of the first becomes one of its own, at its time.
#[test]
fn a_part_of_another_codec_is_a_track_of_its_own() {
    let folder = Folder::new("codec");
    let (a, b, joined) = (folder.file("a.mp4"), folder.file("b.mp4"), folder.file("joined.mp4"));
    let other = ["-c:v", "mpeg4", "-movflags", FRAGMENTS];
    if !(part(&a, "320x240", "30", "2", &["-movflags", FRAGMENTS]) && part(&b, "320x240", "30", "1", &other))
    {
        return;
    }
    join(&[&a, &b], &joined);
    let movie = Asset::open(&joined).unwrap().movie().clone();
    let ids: Vec<_> = movie.tracks.iter().map(|track| track.id).collect();
    assert_eq!(ids, [1, 2, 3]);
    let first = Asset::open(&a).unwrap().movie().duration;
    assert_eq!(movie.tracks[2].range.start, first);
    assert!(movie.tracks[2].range.duration >= Time::from_secs(1));
}

/// Initialization that is only repeated, between fragments whose times go on, changes nothing.
#[test]
fn repeated_initialization_moves_nothing() {
    let folder = Folder::new("repeated");
    let (a, joined) = (folder.file("a.mp4"), folder.file("joined.mp4"));
    if !part(&a, "320x240", "30", "3", &["-movflags", FRAGMENTS]) {
        return;
    }
    let file = bytes::Bytes::from(std::fs::read(&a).unwrap());
    let all: Vec<_> = reelwright_bmff::boxes(&file).map(Result::unwrap).collect();
    let initial: Vec<u8> = all[..2].iter().flat_map(|found| found.bytes()).collect();
    let mut bytes = Vec::new();
    for found in &all {
        if found.is(b"moof") && bytes.len() > initial.len() {
            bytes.extend_from_slice(&initial);
        }
        bytes.extend_from_slice(&found.bytes());
    }
    std::fs::write(&joined, bytes).unwrap();
    let (whole, again) = (Asset::open(&a).unwrap(), Asset::open(&joined).unwrap());
    assert_eq!(again.movie().duration, whole.movie().duration);
    for track in [1, 2] {
        let (mut one, mut other) = (whole.cursor(track).unwrap(), again.cursor(track).unwrap());
        while let Some(sample) = one.next_sample().unwrap() {
            assert_eq!(other.next_sample().unwrap().unwrap().pts, sample.pts);
        }
        assert!(other.next_sample().unwrap().is_none());
    }
}

/// Where a second index lists samples of another file's, what isn't read is said, and for when.
#[test]
fn what_a_second_plain_movie_holds_is_said_to_be_left_out() {
    let folder = Folder::new("plain");
    let (a, b, joined) = (folder.file("a.mp4"), folder.file("b.mp4"), folder.file("joined.mp4"));
    if !(part(&a, "320x240", "30", "2", &[]) && part(&b, "320x240", "30", "1", &[])) {
        return;
    }
    join(&[&a, &b], &joined);
    let movie = Asset::open(&joined).unwrap().movie().clone();
    let first = Asset::open(&a).unwrap().movie().duration;
    assert_eq!(movie.duration, first);
    let omitted: Vec<_> = movie.omissions.iter().map(|omission| (&omission.what, omission.track)).collect();
    assert_eq!(omitted, [(&Omitted::Samples(30), Some(1)), (&Omitted::Samples(45), Some(2))]);
    let range = movie.omissions[0].range.unwrap();
    assert_eq!((range.start, range.duration), (first, Time::from_secs(1)));
    // The same index twice is no second movie.
    let file = std::fs::read(&a).unwrap();
    let bytes = bytes::Bytes::from(file.clone());
    let moov = reelwright_bmff::boxes(&bytes).find(b"moov").unwrap();
    std::fs::write(&joined, [&file[..], &moov.bytes()].concat()).unwrap();
    assert!(Asset::open(&joined).unwrap().movie().omissions.is_empty());
}
