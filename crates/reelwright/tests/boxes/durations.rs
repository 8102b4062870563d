//! Durations of samples that can't be meant: negative ones, and those that are negative when read as signed.

use std::path::Path;

use reelwright::media::{Time, Timescale};
use reelwright::{Asset, FileType};
use reelwright_bmff::{TrackRun, boxes};

use crate::folder::Folder;
use crate::foreign;
use crate::made::{changed, numbers, pictures, remux, stbl};

/// Ticks of a picture: ffmpeg counts 30 pictures a second in 1/15360 s.
const PICTURE: u32 = 512;
const MINUS_256: u32 = u32::MAX - 255;

/// Times and durations of all packets, as ffprobe reads them.
fn packets(path: &Path) -> Option<Vec<String>> {
    foreign::ffprobe(path, &["-of", "csv=p=0", "-show_entries", "packet=pts,dts,duration"])
}

fn times(path: &Path) -> Vec<(i64, i64)> {
    let asset = Asset::open(path).unwrap();
    let mut cursor = asset.cursor(1).unwrap();
    std::iter::from_fn(|| cursor.next_sample().unwrap())
        .map(|sample| (sample.dts.value(), sample.duration.value()))
        .collect()
}

/// Reading and copying a table of durations gives the times ffprobe finds in the source, and the length that was meant.
#[test]
fn steps_back_in_time_keep_every_picture_at_its_time() {
    let folder = Folder::new("steps");
    let (plain, source, copy) =
        (folder.file("plain.mp4"), folder.file("source.mp4"), folder.file("copy.mp4"));
    for more in [&["-bf", "0"][..], &["-bf", "2"]] {
        if !pictures(&plain, more) {
            return;
        }
        let file = std::fs::read(&plain).unwrap();
        let tables: [&[u32]; 3] = [
            // One step back that the next picture makes good.
            &[4, 30, PICTURE, 1, MINUS_256, 1, 1280, 28, PICTURE],
            // Two of them, one behind the other.
            &[4, 10, PICTURE, 2, MINUS_256, 1, 2048, 47, PICTURE],
            &[6, 3, PICTURE, 1, MINUS_256, 1, 1280, 20, PICTURE, 1, MINUS_256, 34, PICTURE],
        ];
        for table in tables {
            std::fs::write(&source, changed(&file, &stbl(b"stts"), |_| numbers(b"stts", table))).unwrap();
            remux(&source, &copy, FileType::Mp4);
            let expected = std::process::Command::new("ffprobe")
                .args(["-v", "quiet", "-of", "csv=p=0", "-show_entries", "packet=dts"])
                .arg(&source)
                .output()
                .unwrap();
            let expected = String::from_utf8(expected.stdout).unwrap();
            let expected: Vec<i64> =
                expected.lines().map(|line| line.trim_matches(',').parse().unwrap()).collect();
            let ours = times(&source);
            assert_eq!(ours.len(), 60);
            // ffmpeg spreads what is to be caught up over a run, and lets B-pictures be decoded before zero.
            let first = expected[0];
            let apart = ours.iter().zip(&expected).map(|((dts, _), theirs)| (dts - (theirs - first)).abs());
            assert!(apart.clone().max().unwrap() <= 512, "{table:?}: {:?}", apart.collect::<Vec<_>>());
            assert!(ours.windows(2).all(|pair| pair[0].0 < pair[1].0), "{table:?}: {ours:?}");
            assert!(ours.windows(2).all(|pair| pair[0].0 + pair[0].1 == pair[1].0), "{table:?}");
            let shown =
                foreign::ffmpeg(&copy, &["-map", "0:v", "-fps_mode", "passthrough", "-f", "framecrc"])
                    .unwrap();
            let shown = String::from_utf8(shown).unwrap();
            assert_eq!(shown.lines().filter(|line| line.starts_with('0')).count(), 60);
        }
    }
}

/// The field's own file, to the tick.
#[test]
fn a_step_back_is_read_as_ffprobe_reads_it() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/field/f28_negative_delta.mp4");
    if !source.exists() {
        reelwright_judges::skip!("{} is not here", source.display());
        return;
    }
    let folder = Folder::new("field");
    let copy = folder.file("copy.mp4");
    remux(&source, &copy, FileType::Mp4);
    assert_eq!(packets(&copy), packets(&source));
}

/// The last sample of a table or of a fragment lasts as long as the one before where its own duration means nothing,
/// whatever the headers were written from.
#[test]
fn a_last_sample_of_hours_is_as_long_as_the_others() {
    let folder = Folder::new("last");
    let (plain, source, copy) =
        (folder.file("plain.mp4"), folder.file("source.mp4"), folder.file("copy.mp4"));
    if !pictures(&plain, &["-bf", "0"]) {
        return;
    }
    let file = std::fs::read(&plain).unwrap();
    for last in [MINUS_256, u32::MAX, 0x7FFF_FFFF] {
        let long = changed(&file, &stbl(b"stts"), |_| numbers(b"stts", &[2, 59, PICTURE, 1, last]));
        let hours = 59 * PICTURE + (last >> 1);
        let header = numbers(b"mdhd", &[0, 0, 15_360, hours, 0x55C4_0000]);
        let stated = changed(&long, &[b"moov", b"trak", b"mdia", b"mdhd"], |_| header.clone());
        let edit = numbers(b"elst", &[1, 279_623_000, 0, 0x1_0000]);
        let edited = changed(&stated, &[b"moov", b"trak", b"edts", b"elst"], |_| edit.clone());
        for bytes in [long, stated, edited] {
            std::fs::write(&source, bytes).unwrap();
            let movie = Asset::open(&source).unwrap().movie().clone();
            assert_eq!(movie.duration, Time::from_secs(2), "{last}");
            assert_eq!(remux(&source, &copy, FileType::Mov).duration, Time::from_secs(2));
            let lengths = foreign::probe(&copy, "stream=duration:format=duration").unwrap();
            assert_eq!(lengths, ["duration=2.000000", "duration=2.000000"], "{last}");
        }
    }
}

#[test]
fn a_last_sample_of_hours_in_a_fragment_is_as_long_as_the_others() {
    let folder = Folder::new("fragments");
    let (plain, source, copy) =
        (folder.file("plain.mp4"), folder.file("source.mp4"), folder.file("copy.mp4"));
    // Where they differ, rows state durations.
    let fragments = ["-bf", "0", "-movflags", "frag_keyframe+empty_moov+default_base_moof"];
    let uneven = [
        "-vf",
        "settb=1/15360,setpts=PTS+mod(N\\,3)",
        "-fps_mode",
        "passthrough",
        "-enc_time_base",
        "1/15360",
    ];
    if !pictures(&plain, &[&fragments[..], &uneven].concat()) {
        return;
    }
    let file = std::fs::read(&plain).unwrap();
    let length = Asset::open(&plain).unwrap().movie().duration;
    let rows = rows(&file);
    let (last, middle) = (rows.len() - 1, rows.len() - 10);
    for (row, value) in [(last, MINUS_256), (last, u32::MAX), (middle, MINUS_256)] {
        let mut bytes = file.clone();
        bytes[rows[row]..rows[row] + 4].copy_from_slice(&value.to_be_bytes());
        std::fs::write(&source, bytes).unwrap();
        let found = Asset::open(&source).unwrap().movie().duration;
        let off = found.saturating_sub(length).max(length.saturating_sub(found));
        assert!(off <= Time::new(1024, Timescale::new(15_360).unwrap()), "{found} for {length}");
        let copied = remux(&source, &copy, FileType::Mp4).duration;
        // The copy's header counts milliseconds.
        assert!(copied.saturating_sub(found).max(found.saturating_sub(copied)) < Time::from_millis(1));
        let times = times(&source);
        assert!(times.len() == 60 && times.windows(2).all(|pair| pair[0].0 < pair[1].0), "{times:?}");
        let shown = foreign::probe(&copy, "format=duration").unwrap();
        assert!(shown[0].starts_with("duration=2.0") || shown[0].starts_with("duration=1.9"), "{shown:?}");
    }
}

/// Where in the file the rows of all runs begin, which state durations first.
fn rows(file: &[u8]) -> Vec<usize> {
    let bytes = bytes::Bytes::copy_from_slice(file);
    let mut rows = Vec::new();
    for moof in boxes(&bytes).map(Result::unwrap).filter(|found| found.is(b"moof")) {
        let traf = moof.children().find(b"traf").unwrap();
        let trun = traf.children().find(b"trun").unwrap();
        let run: TrackRun = trun.read().unwrap();
        assert!(run.samples.get(0).unwrap().duration.is_some(), "rows state no duration");
        let count = run.samples.len() as usize;
        let end = (trun.offset() + trun.header().size) as usize;
        // The bits of the flags that state a field of every row.
        let row = 4 * (trun.bytes()[10] & 0x0F).count_ones() as usize;
        rows.extend((0..count).map(|index| end - (count - index) * row));
    }
    rows
}

/// What only looks negative: a still of three seconds counted in nanoseconds, and one that lasts half an hour.
#[test]
fn samples_that_are_long_stay_long() {
    let folder = Folder::new("long");
    let (plain, source) = (folder.file("plain.mp4"), folder.file("source.mp4"));
    if !pictures(&plain, &["-bf", "0", "-video_track_timescale", "1000000000"]) {
        return;
    }
    let file = std::fs::read(&plain).unwrap();
    let still = 3_000_000_000u32;
    let table = [2, 59, 1_000_000, 1, still];
    let long = changed(&file, &stbl(b"stts"), |_| numbers(b"stts", &table));
    let bytes = changed(&long, &[b"moov", b"trak", b"edts"], |_| numbers(b"free", &[]));
    let bytes = changed(&bytes, &[b"moov", b"trak", b"mdia", b"mdhd"], |_| {
        numbers(b"mdhd", &[0, 0, 1_000_000_000, 59_000_000 + still, 0x55C4_0000])
    });
    std::fs::write(&source, bytes).unwrap();
    assert_eq!(times(&source).last(), Some(&(59_000_000, i64::from(still))));
}
