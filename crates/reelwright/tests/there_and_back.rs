//! The sessions over the real codecs: what is compressed is decompressed, frame by frame.
#![cfg(feature = "native")]
#![allow(clippy::unwrap_used)]

use std::sync::{Arc, Mutex};

use reelwright::codec::{EncoderSpecification, FrameOptions, VideoDecoderSettings, VideoEncoderSettings};
use reelwright::media::{PixelBuffer, SampleBuffer, Size, Time, VideoCodec, VideoFrame};
use reelwright::{Answer, CompressionSession, DecompressionSession};

#[test]
fn there_and_back() {
    let size = Size::new(320, 240);
    let settings = VideoEncoderSettings::new(VideoCodec::H264, size).threads(1);
    let samples: Arc<Mutex<Vec<SampleBuffer>>> = Arc::default();
    let kept = samples.clone();
    let any = EncoderSpecification::default();
    let mut session = CompressionSession::new(settings, &any, move |output| {
        let Ok(Answer::Done(sample)) = output.result else { panic!("{:?}", output.result) };
        assert_eq!(sample.pts, output.token);
        kept.lock().unwrap().push(sample);
    })
    .unwrap();
    let time = |index: i64| Time::from_ratio(index, 25).unwrap();
    let format = session.format().clone();
    for index in 0..40 {
        let mut pixels: PixelBuffer = session.pool().take();
        pixels.make_mut().plane(0).0.fill(40 + 4 * index as u8);
        (1..3).for_each(|plane| pixels.make_mut().plane(plane).0.fill(128));
        let frame = VideoFrame { pixels, pts: time(index), duration: None };
        session.encode(frame, FrameOptions::default(), time(index)).unwrap();
    }
    session.complete().unwrap();
    assert_eq!(samples.lock().unwrap().len(), 40);

    for threads in [1, 2] {
        let frames: Arc<Mutex<Vec<(Time, u8)>>> = Arc::default();
        let kept = frames.clone();
        let settings = VideoDecoderSettings { threads, ..VideoDecoderSettings::new(format.clone()) };
        let mut session = DecompressionSession::new(settings, move |output| {
            let Ok(Answer::Done(frame)) = output.result else { panic!("{:?}", output.result) };
            assert_eq!(frame.pts, output.token);
            kept.lock().unwrap().push((frame.pts, frame.pixels.row(0, 100)[100]));
        })
        .unwrap();
        for sample in samples.lock().unwrap().iter() {
            session.decode(sample.clone(), sample.pts).unwrap();
        }
        session.complete().unwrap();
        let frames = frames.lock().unwrap();
        assert_eq!(frames.len(), 40);
        for (index, (pts, luma)) in (0i64..).zip(frames.iter()) {
            assert_eq!(*pts, time(index));
            assert!(luma.abs_diff(40 + 4 * index as u8) <= 3, "frame {index} has luma {luma}");
        }
    }
}
