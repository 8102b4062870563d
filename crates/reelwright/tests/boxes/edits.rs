//! Tracks copied through the writer, whose movie counts in other ticks than the source's.

use std::path::Path;

use reelwright::media::{Time, Timescale};
use reelwright::{Asset, AssetWriter, FileType, InputConfig};

use crate::folder::Folder;
use crate::foreign;
use crate::made::ffmpeg;

/// Copies all tracks with the public writer, as its documentation shows it.
fn copy(source: &Path, path: &Path, timescale: Option<u32>) -> Time {
    let asset = Asset::open(source).unwrap();
    let mut builder = AssetWriter::create(path, FileType::Mp4).overwrite(reelwright::Overwrite::Replace);
    if let Some(timescale) = timescale {
        builder = builder.movie_timescale(Timescale::new(timescale).unwrap());
    }
    let mut inputs = Vec::new();
    for track in &asset.movie().tracks {
        inputs.push((track.id, builder.add_input(InputConfig::copy_track(track)).unwrap()));
    }
    let writer = builder.start().unwrap();
    writer.start_session(Time::ZERO).unwrap();
    for (id, mut input) in inputs {
        let mut cursor = asset.cursor(id).unwrap();
        while let Some(sample) = cursor.next_sample().unwrap() {
            input.append(sample).unwrap();
        }
        input.finish().unwrap();
    }
    writer.finish().unwrap().duration
}

/// Edits last as long in the copy as in the source, whatever ticks either counts in.
#[test]
fn copied_tracks_present_the_stretches_they_did() {
    let folder = Folder::new("edits");
    let (source, path) = (folder.file("source.mp4"), folder.file("copy.mp4"));
    let inputs = ["-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=3", "-f", "lavfi", "-i", "sine=440:d=3"];
    // A late start of the sound makes an empty edit, reordering and priming the others.
    let coded = ["-af", "asetpts=PTS+0.5/TB", "-c:v", "libx264", "-bf", "2", "-c:a", "aac"];
    if !ffmpeg(&source, &[&inputs[..], &coded].concat()) {
        return;
    }
    let entries = "stream=duration,start_time:format=duration";
    let expected = foreign::probe(&source, entries).unwrap();
    for timescale in [None, Some(600), Some(90_000), Some(1_000_000)] {
        let length = copy(&source, &path, timescale);
        let whole = Asset::open(&source).unwrap().movie().duration;
        let off = length.saturating_sub(whole).max(whole.saturating_sub(length));
        assert!(off < Time::from_millis(2), "{length} for {whole} in {timescale:?}");
        let found = foreign::probe(&path, entries).unwrap();
        for (found, expected) in found.iter().zip(&expected) {
            let seconds = |line: &str| line.rsplit('=').next().unwrap().parse::<f64>().unwrap();
            assert!(
                (seconds(found) - seconds(expected)).abs() < 0.002,
                "{found}, {expected} in {timescale:?}"
            );
        }
    }
}
