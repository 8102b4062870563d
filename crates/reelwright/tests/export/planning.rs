//! What a plan makes of tracks that show nothing, or nothing when it is wanted.

use std::path::Path;

use reelwright::media::{Edit, ErrorKind, MediaType, PcmFormat, Size, Time, TimeRange, Track};
use reelwright::{
    Asset, AssetWriter, ExportOptions, ExportSession, FileType, InputConfig, Preset, Reason, TestSound,
};

use super::{Folder, generated};

/// The same samples under other edits.
fn with_edits(asset: &Asset, path: &Path, edits: impl Fn(&Track) -> Vec<Edit>) -> Asset {
    let movie = asset.movie();
    let mut builder = AssetWriter::create(path, FileType::Mov);
    let edited = movie.tracks.iter().map(|track| Track { edits: edits(track), ..track.clone() });
    let inputs: Vec<_> =
        edited.map(|track| (track.id, builder.add_input(InputConfig::copy_track(&track)).unwrap())).collect();
    let writer = builder.start().unwrap();
    writer.start_session(Time::ZERO).unwrap();
    for (id, mut input) in inputs {
        let mut cursor = asset.cursor(id).unwrap();
        while let Some(sample) = cursor.next_sample().unwrap() {
            input.append(sample).unwrap();
        }
    }
    writer.finish().unwrap();
    Asset::open(path).unwrap()
}

#[test]
fn pictures_that_no_edit_shows_are_left_out() {
    let folder = Folder::new("hidden");
    let source = generated(&folder.file("source.mov"), Size::new(64, 64), 1, TestSound::Aac(2));
    let empty = Edit::empty(Time::from_secs(1));
    let behind = Edit { media_time: Some(1 << 30), ..empty };
    for (name, edit) in [("empty.mov", empty), ("behind.mov", behind)] {
        let hidden = with_edits(&source, &folder.file(name), |track| match track.media {
            MediaType::Video => vec![edit],
            _ => track.edits.clone(),
        });
        let session = ExportSession::new(&hidden, Preset::HighestQuality);
        let plan = session.plan(FileType::Mp4).unwrap();
        let fates: Vec<_> = plan.tracks.iter().map(|track| (track.fate.name(), &track.reason)).collect();
        assert_eq!(fates[0], ("drop", &Reason::NothingShown), "{name}");
        assert_eq!(fates[1].0, "copy");
    }
}

#[test]
fn the_estimate_of_a_movie_beyond_all_time_ends_where_numbers_do() {
    let folder = Folder::new("endless");
    let source = generated(&folder.file("source.mov"), Size::new(64, 64), 1, TestSound::Aac(2));
    let endless = with_edits(&source, &folder.file("endless.mov"), |track| {
        let empty = Edit::empty(Time::new(i64::MAX / 4 * 3, source.movie().timescale));
        [&[empty], &track.edits[..]].concat()
    });
    let mut options = ExportOptions::new(Preset::HighestQuality).reencode(true);
    options.audio.as_encode_mut().unwrap().pcm = Some(PcmFormat::S16LE);
    let plan = ExportSession::new(&endless, options).plan(FileType::Mov).unwrap();
    assert_eq!(plan.estimated_bytes, u64::MAX);
}

#[test]
fn a_range_before_the_media_says_when_they_begin() {
    let folder = Folder::new("late");
    let source = generated(&folder.file("source.mov"), Size::new(64, 64), 1, TestSound::Aac(2));
    let late = with_edits(&source, &folder.file("late.mov"), |track| {
        let empty = Edit::empty(Time::from_secs(10));
        [&[empty], &track.edits[..]].concat()
    });
    let plan = |end: i64| {
        let range = Some(TimeRange::new(Time::ZERO, Time::from_secs(end)));
        let options = ExportOptions::new(Preset::HighestQuality).range(range);
        ExportSession::new(&late, options).plan(FileType::Mp4)
    };
    let error = plan(2).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misuse);
    assert!(error.message().contains("0:00.000 to 0:02.000"), "{error}");
    assert_eq!(error.hint().unwrap().to_string(), "its pictures and sound begin at 0:10.000");
    assert!(plan(11).unwrap().tracks.iter().all(|track| track.fate.is_output()));
}
