//! Reading as an application does it: what iterators give, and how pictures stand.
#![cfg(feature = "native")]
#![allow(clippy::unwrap_used, reason = "tests state what they expect by unwrapping")]

mod corner;
mod folder;

use std::path::Path;

use folder::Folder;
use reelwright::codec::VideoEncoderSettings;
use reelwright::media::{
    CancelToken, ChannelLayout, ErrorKind, Matrix, MediaType, PixelFormat, PixelPool, Ratio, Rotation, Size,
    Time, VideoCodec, VideoFrame,
};
use reelwright::{Asset, AssetWriter, FileType, InputConfig, Overwrite, TestMovie, TestSound};

const SIZE: Size = Size::new(128, 64);

/// One picture, bright in its upper left corner, in a track of this matrix and shape of pixels.
fn bright_corner(path: &Path, matrix: Matrix, pixel_aspect: Ratio) -> Asset {
    let settings = VideoEncoderSettings::new(VideoCodec::H264, SIZE).pixel_aspect(pixel_aspect);
    let mut builder = AssetWriter::create(path, FileType::Mov).overwrite(Overwrite::Replace);
    let mut input = builder.add_input(InputConfig::encode_video(settings).transform(matrix)).unwrap();
    let writer = builder.start().unwrap();
    writer.start_session(Time::ZERO).unwrap();
    assert_eq!((writer.path(), writer.file_type()), (Some(path), FileType::Mov));
    assert_eq!(input.media_type(), MediaType::Video);
    let mut pixels = corner::bright_corner(&PixelPool::new(input.pixel_format().unwrap(), SIZE));
    pixels.pixel_aspect = pixel_aspect;
    input.append(VideoFrame { pixels, pts: Time::ZERO, duration: Time::from_ratio(1, 25) }).unwrap();
    input.finish().unwrap();
    writer.finish().unwrap();
    Asset::open(path).unwrap()
}

/// The blue of every pixel.
fn blue(frame: &VideoFrame) -> Vec<u8> {
    let rows = 0..frame.pixels.size.height as usize;
    rows.flat_map(|row| frame.pixels.row(0, row).iter().copied().step_by(4)).collect()
}

#[test]
fn upright_pictures_stand_and_are_shaped_as_they_are_shown() {
    let folder = Folder::new("upright");
    let width = i32::try_from(SIZE.width << 16).unwrap();
    let mirror = Matrix([-0x1_0000, 0, 0, 0, 0x1_0000, 0, width, 0, 0x4000_0000]);
    for (rotation, plain, mirrored) in [
        (Rotation::None, (false, false), (true, false)),
        (Rotation::Clockwise90, (true, false), (true, true)),
        (Rotation::Half, (true, true), (false, true)),
        (Rotation::Clockwise270, (false, true), (false, false)),
    ] {
        let turn = Matrix::rotation(rotation, SIZE);
        for (matrix, corner) in [(turn, plain), (mirror.then(&turn), mirrored)] {
            for (aspect, square) in [(Ratio::ONE, SIZE), (Ratio::new(3, 2).unwrap(), Size::new(192, 64))] {
                let asset = bright_corner(&folder.file("corner.mov"), matrix, aspect);
                let read = asset.frames(1).format(PixelFormat::Bgra);
                let stored = read.clone().open().unwrap().next().unwrap().unwrap();
                assert_eq!((stored.pixels.size, stored.pixels.pixel_aspect), (SIZE, aspect));
                let shown = read.upright().open().unwrap().next().unwrap().unwrap();
                let size = if rotation.is_quarter() { square.turned() } else { square };
                assert_eq!((shown.pixels.format, shown.pixels.size), (PixelFormat::Bgra, size));
                assert_eq!(shown.pixels.pixel_aspect, Ratio::ONE);
                assert_eq!(corner::bright_side(&blue(&shown), size), corner, "{rotation:?} {aspect}");
                // Small ones stand alike, and as decoded: no layout was asked for.
                let small = asset.frames(1).upright().max_size(Size::new(48, 48)).open().unwrap();
                let small = small.into_iter().next().unwrap().unwrap().pixels;
                assert_eq!(small.size.width.max(small.size.height), 48);
                assert_eq!(small.format, PixelFormat::YUV420);
            }
        }
    }
}

#[test]
fn iterators_give_what_was_asked_for_and_end() {
    let folder = Folder::new("iterators");
    let path = folder.file("in.mov");
    let movie = TestMovie {
        duration: Time::from_secs(2),
        size: Size::new(64, 48),
        sound: TestSound::Aac(2),
        ..TestMovie::new()
    };
    movie.write(&path, FileType::Mov, &CancelToken::new()).unwrap();
    let asset = Asset::open(&path).unwrap();
    let half = Time::from_ratio(1, 2).unwrap();

    let mut frames = asset.frames(1).range(half..Time::from_secs(1)).open().unwrap();
    let times: Vec<_> = frames.by_ref().map(|frame| frame.unwrap().pts).collect();
    assert_eq!((times.len(), times[0], frames.next().is_none()), (15, Time::ZERO, true));
    assert_eq!((frames.decoder(), frames.counts().1), (Some("h264"), frames.counts().0));
    assert_eq!(asset.frames(1).range(half..).open().unwrap().count(), 45);

    let heard = |buffers: reelwright::SoundBuffers| -> (usize, usize) {
        let buffers: Vec<_> = buffers.map(|buffer| buffer.unwrap()).collect();
        (buffers.iter().map(|buffer| buffer.frames()).sum(), buffers[0].channels())
    };
    assert_eq!(heard(asset.sound(2).open().unwrap()), (96_000, 2));
    let mono = asset.sound(2).range(..Time::from_secs(1)).format(16_000, ChannelLayout::mono());
    assert_eq!(heard(mono.open().unwrap()), (16_000, 1));

    let mut samples = asset.samples(1).unwrap();
    assert_eq!(samples.by_ref().map(Result::unwrap).collect::<Vec<_>>().len(), 60);
    assert!(samples.next().is_none());
    samples.seek(Time::from_secs(1)).unwrap();
    assert!(samples.next().unwrap().unwrap().flags.sync);
    let format = asset.movie().tracks[0].formats[0].as_video().unwrap();
    let kinds: Vec<_> = format.parameter_sets().iter().map(|set| set[0] & 31).collect();
    assert_eq!((kinds, format.nal_length_size()), (vec![7, 8], Some(4)));

    // What is no such track is said before anything is read.
    let kind = |result: Option<reelwright::media::Error>| result.unwrap().kind();
    assert_eq!(kind(asset.frames(2).open().err()), ErrorKind::Misuse);
    assert_eq!(kind(asset.sound(9).open().err()), ErrorKind::Misuse);
    assert_eq!(kind(asset.samples(9).err()), ErrorKind::Misuse);
    // After a failure there is nothing more.
    let stop = CancelToken::new();
    let mut frames = asset.frames(1).cancelled_by(stop.clone()).open().unwrap();
    frames.next().unwrap().unwrap();
    stop.cancel();
    let failed = frames.by_ref().find_map(Result::err);
    assert_eq!((kind(failed), frames.next().is_none()), (ErrorKind::Cancelled, true));
}
