//! A writer looked at, stopped, awaited and finished from elsewhere; inputs that refer to each other.
#![allow(clippy::unwrap_used)] // A test states what it expects by unwrapping, its own small functions included.

mod executor;
mod folder;
mod generated;

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use executor::block_on;
use folder::Folder;
use generated::{pcm, pcm_format};
use reelwright::codec::EncoderSpecification;
use reelwright::media::{
    DataFormat, ErrorKind, FormatDescription, FourCc, MediaType, Result, Size, Time, TrackReference,
};
use reelwright::{
    Asset, AssetWriter, AssetWriterBuilder, Association, FileType, Input, InputConfig, MemorySink, Overwrite,
    WriterHandle, WriterStatus,
};

fn is_shared<T: Send + Sync>() {}

fn started(builder: AssetWriterBuilder) -> (AssetWriter, Input) {
    let mut builder = builder;
    let input = builder.add_input(InputConfig::copy(pcm_format())).unwrap();
    let writer = builder.start().unwrap();
    writer.start_session(Time::ZERO).unwrap();
    (writer, input)
}

#[test]
fn a_stop_button_on_another_thread_stops_the_writer() {
    is_shared::<AssetWriter>();
    is_shared::<WriterHandle>();
    is_shared::<Input>();
    let folder = Folder::new("stop");
    let (writer, mut input) = started(AssetWriter::create(folder.file("out.mov"), FileType::Mov));
    let handle = writer.handle();
    assert!(matches!(handle.status(), WriterStatus::Writing));
    input.append(pcm(&pcm_format(), 0, 1024)).unwrap();
    let button = handle.clone();
    std::thread::spawn(move || button.cancel()).join().unwrap();
    assert!(matches!(writer.status(), WriterStatus::Cancelled));
    assert_eq!(input.append(pcm(&pcm_format(), 1024, 1024)).unwrap_err().kind(), ErrorKind::Cancelled);
    assert_eq!(writer.finish().unwrap_err().kind(), ErrorKind::Cancelled);
    assert!(matches!(handle.status(), WriterStatus::Cancelled));
    assert!(folder.names().is_empty());
}

#[test]
fn a_handle_outlives_the_writer_and_tells_how_it_ended() {
    let folder = Folder::new("ended");
    let path = folder.file("out.mov");
    let (writer, mut input) = started(AssetWriter::create(&path, FileType::Mov));
    let handle = writer.handle();
    input.append(pcm(&pcm_format(), 0, 1024)).unwrap();
    writer.finish().unwrap();
    assert!(matches!(handle.status(), WriterStatus::Completed) && handle.error().is_none());
    // Without effect: the file is there.
    handle.cancel();
    assert!(matches!(handle.status(), WriterStatus::Completed) && path.exists());

    let (writer, _input) = started(AssetWriter::create(folder.file("other.mov"), FileType::Mov));
    let handle = writer.handle();
    std::fs::write(folder.file("other.mov"), "somebody was faster").unwrap();
    writer.finish().unwrap_err();
    assert!(matches!(handle.status(), WriterStatus::Failed(error) if error.kind() == ErrorKind::Exists));
    assert_eq!(handle.error().unwrap().kind(), ErrorKind::Exists);
}

#[test]
fn finishing_can_be_awaited_called_back_and_given_up() {
    let folder = Folder::new("finish");
    let start = |name: &str| {
        let path = folder.file(name);
        let (writer, mut input) = started(AssetWriter::create(path, FileType::Mov));
        input.append(pcm(&pcm_format(), 0, 1024)).unwrap();
        (writer, input)
    };
    // The input is finished by the writer.
    let (writer, _input) = start("awaited.mov");
    assert_eq!(block_on(writer.finish_async()).unwrap().tracks[0].samples, 1024);

    let (writer, _input) = start("called.mov");
    let (sender, answers) = channel();
    writer.finish_then(move |outcome| sender.send(outcome).unwrap());
    let report = answers.recv_timeout(Duration::from_secs(60)).unwrap().unwrap();
    assert_eq!(report.path, Some(folder.file("called.mov")));
    assert!(answers.recv().is_err(), "answered twice");

    let (writer, input) = start("dropped.mov");
    drop(input);
    drop(writer.finish_async());
    assert_eq!(folder.names(), ["awaited.mov", "called.mov"]);

    let (writer, input) = start("failed.mov");
    writer.handle().cancel();
    let (sender, answers) = channel();
    writer.finish_then(move |outcome| sender.send(outcome).unwrap());
    let outcome: Result<_> = answers.recv_timeout(Duration::from_secs(60)).unwrap();
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Cancelled);
    drop(input);
}

fn data(media: MediaType) -> InputConfig {
    let codec = match media {
        MediaType::Text => FourCc::new(b"text"),
        _ => FourCc::new(b"tmcd"),
    };
    InputConfig::copy(Arc::new(FormatDescription::Data(DataFormat { media, tag: codec, entry: None })))
}

#[test]
fn references_are_made_to_inputs_and_nothing_else() {
    let (sink, _) = MemorySink::new();
    let mut builder = AssetWriter::create_on(sink, FileType::Mov);
    let sound = builder.add_input(InputConfig::copy(pcm_format())).unwrap();
    let other = builder.add_input(InputConfig::copy(pcm_format())).unwrap();
    let (elsewhere, _) = MemorySink::new();
    let stranger =
        AssetWriter::create_on(elsewhere, FileType::Mov).add_input(InputConfig::copy(pcm_format()));
    let stranger = stranger.unwrap();
    for (refused, why) in [
        (builder.associate(&sound, Association::AudioFallback, &sound), "itself"),
        (builder.associate(&sound, Association::AudioFallback, &stranger), "another writer"),
        (builder.associate(&stranger, Association::AudioFallback, &sound), "another writer"),
        (builder.associate(&sound, Association::Chapters, &other), "can't be chap"),
        (builder.associate(&sound, Association::Timecode, &other), "can't be tmcd"),
        (builder.associate(&sound, Association::Describes, &other), "can't be cdsc"),
    ] {
        let error = refused.unwrap_err();
        assert!(error.kind() == ErrorKind::Misuse && error.message().contains(why), "{error}");
    }
    builder.associate(&sound, Association::AudioFallback, &other).unwrap();
}

/// The numbers a source's tracks had mean other tracks, or none, in the output.
#[test]
fn a_copied_track_refers_to_what_it_is_told_to() {
    let folder = Folder::new("copied");
    let path = folder.file("out.mov");
    let (sink, source) = MemorySink::new();
    let mut builder = AssetWriter::create_on(sink, FileType::Mov);
    let mut inputs = [(); 3].map(|()| builder.add_input(InputConfig::copy(pcm_format())).unwrap());
    builder.associate(&inputs[2], Association::AudioFallback, &inputs[0]).unwrap();
    let writer = builder.start().unwrap();
    writer.start_session(Time::ZERO).unwrap();
    inputs.iter_mut().for_each(|input| input.append(pcm(&pcm_format(), 0, 1024)).unwrap());
    writer.finish().unwrap();
    let source = Asset::from_source(Arc::new(source.take().unwrap())).unwrap();
    let track = source.movie().tracks.iter().find(|track| !track.references.is_empty()).unwrap();

    let mut builder = AssetWriter::create(&path, FileType::Mov);
    let mut first = builder.add_input(InputConfig::copy_track(track)).unwrap();
    let mut second = builder.add_input(InputConfig::copy(pcm_format())).unwrap();
    builder.associate(&second, Association::AudioFallback, &first).unwrap();
    let writer = builder.start().unwrap();
    writer.start_session(Time::ZERO).unwrap();
    first.append(pcm(&pcm_format(), 0, 1024)).unwrap();
    second.append(pcm(&pcm_format(), 0, 1024)).unwrap();
    writer.finish().unwrap();
    let made = Asset::open(&path).unwrap();
    let references: Vec<_> = made.movie().tracks.iter().map(|track| track.references.clone()).collect();
    assert_eq!(references[0], []);
    assert_eq!(references[1], [TrackReference { kind: FourCc::new(b"fall"), tracks: vec![1] }]);
}

#[test]
fn settings_without_effect_are_refused() {
    let copy = || InputConfig::copy(pcm_format());
    for (config, why) in [
        (copy().encoder(EncoderSpecification::with_id("openh264")), "is copied"),
        (copy().join_within(Time::from_millis(40)), "are joined"),
        (copy().chunk_duration(Time::ZERO), "longer than 0"),
        (copy().volume(f32::NAN), "1.0 is full"),
        (copy().volume(128.0), "1.0 is full"),
        (copy().natural_size(Size::new(70_000, 1)), "at most 65535"),
        (data(MediaType::Text).join_within(Time::ZERO), "are joined"),
    ] {
        let (sink, _) = MemorySink::new();
        let mut builder = AssetWriter::create_on(sink, FileType::Mov).overwrite(Overwrite::Never);
        let error = builder.add_input(config).unwrap_err();
        assert!(error.kind() == ErrorKind::Misuse && error.message().contains(why), "{error}");
    }
}
