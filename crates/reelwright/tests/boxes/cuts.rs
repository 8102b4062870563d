//! Parts of copied tracks that begin within a sample: what readers show then is what the source shows.

use std::path::{Path, PathBuf};
use std::process::Command;

use reelwright::media::{Time, TimeRange};
use reelwright::{Asset, ExportOptions, ExportSession, FileType, Preset};

use crate::folder::Folder;
use crate::foreign;
use crate::made::ffmpeg;

/// Copies from `from` to `to`, in milliseconds.
fn cut(source: &Path, copy: &Path, from: i64, to: i64) {
    let range = Some(TimeRange::between(Time::from_millis(from), Time::from_millis(to)));
    let options =
        ExportOptions::new(Preset::Passthrough).range(range).overwrite(reelwright::Overwrite::Replace);
    let file_type = if copy.extension().unwrap() == "mov" { FileType::Mov } else { FileType::Mp4 };
    ExportSession::new(&Asset::open(source).unwrap(), options).export(copy, file_type).unwrap();
}

/// Cues that last, with nothing between some.
const CUES: &str = "1\n00:00:00,500 --> 00:00:02,500\nfirst\n\n2\n00:00:03,000 --> 00:00:03,800\nsecond\n\n\
                    3\n00:00:03,800 --> 00:00:09,000\nthird\n";

/// Ten seconds of pictures, and the cues as subtitles of the kind.
fn with_cues(folder: &Folder, kind: &str) -> Option<PathBuf> {
    let (cues, path) = (folder.file("cues.srt"), folder.file("cues.mp4"));
    std::fs::write(&cues, CUES).unwrap();
    let picture = ["-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=10", "-i", cues.to_str().unwrap()];
    ffmpeg(&path, &[&picture[..], &["-c:v", "libx264", "-c:s", kind]].concat()).then_some(path)
}

/// Times of the cues that a reader shows, and their texts.
fn cues(program: &Path, path: &Path) -> Vec<String> {
    let command = ["-map", "0:s", "-f", "srt", "-"];
    let output = Command::new(program).args(["-v", "error", "-i"]).arg(path).args(command).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let cues = text.split("\n\n").filter(|cue| !cue.trim().is_empty());
    cues.map(|cue| cue.lines().skip(1).collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn cues_are_shown_when_they_were() {
    let folder = Folder::new("cues");
    let Some(source) = with_cues(&folder, "mov_text") else { return };
    let copy = folder.file("copy.mp4");
    let cases: [(i64, i64, &[&str]); 4] = [
        (
            2000,
            4000,
            &[
                "00:00:00,000 --> 00:00:00,500 first",
                "00:00:01,000 --> 00:00:01,800 second",
                "00:00:01,800 --> 00:00:02,000 third",
            ],
        ),
        (2700, 3500, &["00:00:00,300 --> 00:00:00,800 second"]),
        (5000, 6000, &["00:00:00,000 --> 00:00:01,000 third"]),
        (0, 1000, &["00:00:00,500 --> 00:00:01,000 first"]),
    ];
    for (from, to, expected) in cases {
        cut(&source, &copy, from, to);
        for program in foreign::ffmpegs() {
            assert_eq!(cues(&program, &copy), expected, "{from} to {to}, {}", program.display());
        }
    }
}

#[test]
fn chapters_begin_where_they_are_cut() {
    let folder = Folder::new("chapters");
    let (facts, source, copy) = (folder.file("facts"), folder.file("source.mov"), folder.file("copy.mov"));
    let chapter =
        |from, to, title| format!("[CHAPTER]\nTIMEBASE=1/1000\nSTART={from}\nEND={to}\ntitle={title}\n");
    let chapters = [chapter(0, 2500, "one"), chapter(2500, 4000, "two"), chapter(4000, 10_000, "three")];
    std::fs::write(&facts, format!(";FFMETADATA1\n{}", chapters.concat())).unwrap();
    let picture = ["-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=10", "-i", facts.to_str().unwrap()];
    if !ffmpeg(&source, &[&picture[..], &["-map_metadata", "1", "-c:v", "libx264", "-map", "0:v"]].concat()) {
        return;
    }
    let cases: [(i64, i64, &[&str]); 2] = [
        (2000, 6000, &["0.000000,0.500000,one", "0.500000,2.000000,two", "2.000000,4.000000,three"]),
        (5000, 6000, &["0.000000,1.000000,three"]),
    ];
    for (from, to, expected) in cases {
        cut(&source, &copy, from, to);
        let entries = ["-of", "csv=p=0", "-show_entries", "chapter=start_time,end_time:chapter_tags=title"];
        assert_eq!(foreign::ffprobe(&copy, &entries).unwrap(), expected, "{from} to {to}");
    }
}

/// When pictures are shown, in milliseconds, and their checksums.
fn pictures(program: &Path, path: &Path) -> Vec<(i64, String)> {
    let arguments = ["-map", "0:v", "-fps_mode", "passthrough", "-f", "framemd5", "-"];
    let output =
        Command::new(program).args(["-v", "error", "-i"]).arg(path).args(arguments).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let scale = text.lines().find_map(|line| line.strip_prefix("#tb 0: ")).unwrap_or("1/1");
    let (num, den) = scale.split_once('/').unwrap();
    let (num, den): (i64, i64) = (num.parse().unwrap(), den.parse().unwrap());
    let rows = text.lines().filter(|line| !line.starts_with('#'));
    rows.map(|line| {
        let columns: Vec<_> = line.split(',').map(str::trim).collect();
        let ticks: i64 = columns[2].parse().unwrap();
        (ticks * 1000 * num / den, columns[5].to_owned())
    })
    .collect()
}

/// A screen recording whose picture stands still for long: the cut shows that picture, and the next at its time, with and
/// without reordering, however little of it is shown.
#[test]
fn a_cut_within_a_long_picture_shows_it() {
    let folder = Folder::new("still");
    let (source, copy) = (folder.file("source.mp4"), folder.file("copy.mp4"));
    let picture = ["-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=12", "-fps_mode", "vfr", "-g", "250"];
    // Nothing changes from second 2 to 5 and from 6 to 11.
    let still = ["-vf", "select='lte(t,2)+gte(t,5)*lte(t,6)+gte(t,11)'", "-c:v", "libx264"];
    for more in [&["-bf", "0"][..], &["-bf", "3"], &["-bf", "0", "-g", "1"]] {
        if !ffmpeg(&source, &[&picture[..], &still, more].concat()) {
            return;
        }
        for program in foreign::ffmpegs() {
            let shown = pictures(&program, &source);
            for (from, to) in
                [(3000, 8000), (2500, 3500), (7000, 12_000), (7000, 9000), (5500, 6500), (1010, 1990)]
            {
                cut(&source, &copy, from, to);
                let first = shown.iter().rposition(|(time, _)| *time <= from).unwrap();
                let expected = shown[first..].iter().filter(|(time, _)| *time < to);
                let expected: Vec<_> =
                    expected.map(|(time, hash)| ((time - from).max(0), hash.clone())).collect();
                let found = pictures(&program, &copy);
                let case = format!("{from} to {to}, {more:?}, {}", program.display());
                let hashes =
                    |list: &[(i64, String)]| list.iter().map(|(_, hash)| hash.clone()).collect::<Vec<_>>();
                // A reader may show a picture after the end.
                let found = &found[..found.len().min(expected.len())];
                assert_eq!(hashes(found), hashes(&expected), "{case}");
                let apart = found.iter().zip(&expected).map(|(found, expected)| (found.0 - expected.0).abs());
                assert!(apart.max().unwrap() <= 21, "{case}: {found:?}, {expected:?}");
            }
        }
    }
}

/// Timecode says at the cut what it said there in the source, drop-frame too.
#[test]
fn timecode_is_counted_on() {
    let folder = Folder::new("timecode");
    let (source, copy) = (folder.file("source.mov"), folder.file("copy.mov"));
    for (rate, start, from, expected) in [
        ("25", "10:00:00:00", 1500, "10:00:01:12"),
        ("30000/1001", "00:00:59;15", 1001, "00:01:00;17"),
        ("30000/1001", "01:09:59;20", 668, "01:10:00;10"),
        ("60000/1001", "00:00:59;30", 1001, "00:01:00;34"),
    ] {
        let picture = format!("testsrc2=s=64x64:r={rate}:d=4");
        let arguments = ["-f", "lavfi", "-i", &picture, "-c:v", "libx264", "-timecode", start];
        if !ffmpeg(&source, &arguments) {
            return;
        }
        cut(&source, &copy, from, 4000);
        let found =
            foreign::ffprobe(&copy, &["-of", "csv=p=0", "-show_entries", "stream_tags=timecode"]).unwrap();
        assert_eq!(found.first().unwrap(), expected, "{start} at {rate}");
    }
}
