//! The examples do what they say.
#![cfg(feature = "native")]
#![allow(clippy::unwrap_used, reason = "tests state what they expect by unwrapping")]
#![allow(dead_code, reason = "an example's `main` only reads its arguments")]

#[path = "../examples/choose_encoder.rs"]
mod choose_encoder;
#[path = "../examples/compose.rs"]
mod compose;
#[path = "../examples/export_async.rs"]
mod export_async;
mod folder;
mod foreign;
#[path = "../examples/invert.rs"]
mod invert;
#[path = "../examples/record.rs"]
mod record;
#[path = "../examples/thumbnail.rs"]
mod thumbnail;
#[path = "../examples/tracks.rs"]
mod tracks;
#[path = "../examples/trim_and_tag.rs"]
mod trim_and_tag;
#[path = "../examples/write_pipe.rs"]
mod write_pipe;

use std::sync::Arc;

use bytes::Bytes;
use folder::Folder;
use reelwright::media::{CancelToken, MediaType, PixelFormat, Size, Time};
use reelwright::{Asset, FileType, TestMovie, TestSound};

/// A movie of the test picture and a beep, as the examples want one.
fn source(folder: &Folder, name: &str, seconds: i64) -> String {
    let path = folder.file(name).to_str().unwrap().to_owned();
    let movie = TestMovie {
        duration: Time::from_secs(seconds),
        size: Size::new(160, 96),
        sound: TestSound::Aac(2),
        ..TestMovie::new()
    };
    movie.write(&path, FileType::Mov, &CancelToken::new()).unwrap();
    path
}

/// The mean of each second's first picture, from 0 to 255, and how many frames of sound there are.
fn seen_and_heard(path: &str) -> (Vec<f64>, usize) {
    let asset = Asset::open(path).unwrap();
    let id = |kind| asset.movie().tracks.iter().find(|track| track.media == kind).unwrap().id;
    let frames = asset.frames(id(MediaType::Video)).format(PixelFormat::Bgra).open().unwrap();
    let bright = frames.map(Result::unwrap).step_by(30).map(|frame| {
        let rows = (0..frame.pixels.size.height as usize).flat_map(|row| frame.pixels.row(0, row));
        let sum: u64 = rows.map(|&byte| u64::from(byte)).sum();
        // Alpha is 255 everywhere.
        (sum as f64 / frame.pixels.size.area() as f64 - 255.0) / 3.0
    });
    let bright = bright.collect();
    let sound = asset.sound(id(MediaType::Audio)).open().unwrap();
    (bright, sound.map(|buffer| buffer.unwrap().frames()).sum())
}

#[test]
fn invert_turns_light_into_dark_and_keeps_every_frame_of_sound() {
    let folder = Folder::new("invert");
    let (input, output) = (source(&folder, "in.mov", 2), folder.file("out.mp4"));
    let output = output.to_str().unwrap();
    invert::run(&input, output).unwrap();
    let ((before, heard), (after, kept)) = (seen_and_heard(&input), seen_and_heard(output));
    assert_eq!((heard, after.len()), (kept, before.len()));
    for (before, after) in before.iter().zip(after) {
        // Saturated colours are clipped on the way.
        assert!((before + after - 255.0).abs() < 6.0, "{before} became {after}");
    }
}

#[test]
fn trim_and_tag_keeps_ten_seconds_under_another_title() {
    let folder = Folder::new("trim");
    let (input, output) = (source(&folder, "in.mov", 12), folder.file("out.mp4"));
    trim_and_tag::run(&input, output.to_str().unwrap(), "Another title").unwrap();
    let asset = Asset::open(output).unwrap();
    let movie = asset.movie();
    assert_eq!(movie.duration, Time::from_secs(10));
    let titles = movie.metadata.iter().filter(|item| item.key.common() == Some("title"));
    assert_eq!(titles.map(|item| item.value.as_text().unwrap()).collect::<Vec<_>>(), ["Another title"]);
}

#[test]
fn export_async_makes_a_movie_on_any_executor() {
    let folder = Folder::new("async");
    let (input, output) = (source(&folder, "in.mov", 1), folder.file("out.mp4"));
    export_async::block_on(export_async::run(&input, output.to_str().unwrap())).unwrap();
    assert_eq!(Asset::open(output).unwrap().movie().duration, Time::from_secs(1));
}

#[test]
fn choose_encoder_says_who_and_why() {
    let said = choose_encoder::run();
    let line = |start: &str| said.lines().find(|line| line.starts_with(start)).unwrap_or_default();
    assert!(line("H.264, an encoder in software: openh264, because ").len() > 45, "{said}");
    assert!(
        line("H.264, an encoder in software, for 7680x4320: ").contains("openh264 stops at 3840x2160"),
        "{said}"
    );
}

#[test]
fn thumbnail_is_the_picture_of_that_time() {
    let folder = Folder::new("thumbnail");
    let input = source(&folder, "in.mov", 3);
    let image = thumbnail::run(&input, Time::from_secs(2)).unwrap();
    let pixels = image.strip_prefix(b"P6 160 96 255\n").unwrap();
    assert_eq!(pixels.len(), 160 * 96 * 3);
    let mean = pixels.iter().map(|&byte| f64::from(byte)).sum::<f64>() / pixels.len() as f64;
    assert!((mean - seen_and_heard(&input).0[2]).abs() < 2.0);
    assert!(thumbnail::run(&input, Time::from_secs(9)).is_err());
}

#[test]
fn compose_shows_both_and_fades_the_first() {
    let folder = Folder::new("compose");
    let (first, second) = (source(&folder, "first.mov", 2), source(&folder, "second.mov", 1));
    let output = folder.file("out.mp4");
    let output = output.to_str().unwrap();
    compose::run(&[&first, &second], output).unwrap();
    let (bright, heard) = seen_and_heard(output);
    assert_eq!((bright.len(), heard), (3, 3 * 48_000));
    // The second begins at full light; at the first's last picture next to none is left.
    let asset = Asset::open(output).unwrap();
    let last =
        asset.frames(1).range(Time::from_ratio(59, 30).unwrap()..).format(PixelFormat::Bgra).open().unwrap();
    let last = last.into_iter().next().unwrap().unwrap().pixels;
    let peak = last.row(0, 48).chunks_exact(4).map(|pixel| pixel[1]).max().unwrap();
    assert!(peak < 60 && bright[2] > 40.0, "{peak}, {bright:?}");
}

#[test]
fn record_leaves_the_pause_out_of_both_tracks() {
    const PAUSES: &[(Time, Time)] = &[(Time::from_secs(1), Time::from_secs(3))];
    let folder = Folder::new("record");
    let output = folder.file("out.mp4");
    let report = record::run(output.to_str().unwrap(), 4, PAUSES).unwrap();
    assert_eq!((report.duration, report.tracks[0].samples), (Time::from_secs(2), 60));
    assert_eq!(report.sound_gaps, []);
    let (bright, heard) = seen_and_heard(output.to_str().unwrap());
    assert_eq!(heard, 2 * 48_000);
    // The second second is the fourth of the clock: a picture of 90.
    assert!((bright[1] - 90.0).abs() < 3.0, "{bright:?}");
}

#[test]
fn write_pipe_fills_a_vector() {
    let bytes = write_pipe::run(Vec::new()).unwrap().unwrap();
    let asset = Asset::from_source(Arc::new(Bytes::from(bytes))).unwrap();
    assert_eq!(
        (asset.movie().duration, asset.movie().tracks[0].sample_count),
        (Time::from_secs(2), Some(60))
    );
}

#[test]
fn tracks_have_languages_and_chapters() {
    let folder = Folder::new("tracks");
    let output = folder.file("out.mov");
    tracks::run(output.to_str().unwrap()).unwrap();
    let asset = Asset::open(&output).unwrap();
    let movie = asset.movie();
    let chapters: Vec<_> =
        movie.chapters.iter().map(|chapter| (chapter.range.start, &*chapter.title)).collect();
    assert_eq!(chapters, [(Time::ZERO, "One"), (Time::from_secs(2), "Two")]);
    let sound = movie.tracks.iter().filter(|track| track.media == MediaType::Audio);
    let sound: Vec<_> =
        sound.map(|track| (track.language.to_string(), track.enabled, track.alternate_group)).collect();
    assert_eq!(
        sound.iter().map(|(_, enabled, group)| (*enabled, *group)).collect::<Vec<_>>(),
        [(true, 1), (false, 1)]
    );
    assert_ne!(sound[0].0, sound[1].0);
    if let Some(lines) = foreign::ffprobe(&output, &["-show_chapters", "-of", "csv=p=0"]) {
        assert_eq!(lines.len(), 2, "{lines:?}");
    }
}
