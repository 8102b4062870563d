//! Groups of pictures decoded side by side: they stop where they are told to, and come out as they are decoded.
#![allow(clippy::unwrap_used, reason = "tests state what they expect by unwrapping")]

mod corpus;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reelwright_codec::{PictureWork, Registry, VideoDecoder, VideoDecoderSettings};
use reelwright_media::{CancelToken, Error, ErrorKind, PixelBuffer, Result, VideoFrame};

const THREADS: usize = 2;

/// A stream of 24 pictures in groups of `group`, and how ffmpeg makes it.
fn stream(name: &str, codec: &[&str], group: &str) -> Option<corpus::Stream> {
    let arguments = [codec, &["-g", group, "-keyint_min", group, "-pix_fmt", "yuv420p"]].concat();
    let made = corpus::Made::new(name, "128x96", &arguments)?;
    Some(corpus::stream(&made.0, "v"))
}

const H264: [&str; 6] = ["-c:v", "libx264", "-bf", "0", "-sc_threshold", "0"];
const VP9: [&str; 6] = ["-c:v", "libvpx-vp9", "-auto-alt-ref", "0", "-lag-in-frames", "0"];

/// A decoder that calls `work` for every picture decoded.
fn decoder(
    stream: &corpus::Stream,
    cancel: &CancelToken,
    work: impl Fn(PixelBuffer) -> Result<PixelBuffer> + Send + Sync + 'static,
) -> Box<dyn VideoDecoder> {
    let work: PictureWork = Arc::new(work);
    let settings = VideoDecoderSettings {
        threads: THREADS,
        early: Some(work),
        cancel: cancel.clone(),
        ..VideoDecoderSettings::new(stream.format.clone())
    };
    let registry = Registry::new().with(reelwright_codec_native::provider());
    registry.video_decoder(&settings).unwrap().1
}

/// How many pictures were decoded once the token had been raised with the fifth; every sample is in by then.
fn decoded_after_cancelling(stream: &corpus::Stream) -> usize {
    let (cancel, count) = (CancelToken::new(), Arc::new(AtomicUsize::new(0)));
    let (open, closed) = channel::<()>();
    let (raise, seen, closed) = (cancel.clone(), count.clone(), Mutex::new(closed));
    let mut decoder = decoder(stream, &cancel, move |pixels| {
        // Nothing is decoded before all is in.
        let _ = closed.lock().unwrap().recv();
        if seen.fetch_add(1, Ordering::SeqCst) == 4 {
            raise.cancel();
        }
        Ok(pixels)
    });
    for sample in &stream.samples {
        decoder.decode(sample, &mut |_| Ok(())).unwrap();
    }
    drop(open);
    let error = decoder.finish(&mut |_| Ok(())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled, "{error}");
    // The threads have ended with it.
    drop(decoder);
    count.load(Ordering::SeqCst) - 5
}

#[test]
fn a_raised_token_ends_the_group_every_thread_is_in() {
    for (name, codec, group) in [("g24.mp4", H264, "24"), ("g12.mp4", H264, "12"), ("g24-vp9.mp4", VP9, "24")]
    {
        let Some(stream) = stream(name, &codec, group) else { return };
        // Where a thread waits for the other is chance.
        for _ in 0..20 {
            let more = decoded_after_cancelling(&stream);
            assert!(more <= THREADS, "{name}: {more} pictures more");
        }
    }
}

#[test]
fn nothing_goes_in_or_comes_out_of_any_decoder_once_the_token_is_raised() {
    let hevc = ["-c:v", "libx265", "-x265-params", "log-level=error", "-bf", "2"];
    let jpeg = ["-c:v", "mjpeg", "-q:v", "5", "-strict", "-1"];
    for (name, codec) in [("o.mp4", H264), ("o-vp9.mp4", VP9), ("o.mov", hevc), ("j.mov", jpeg)] {
        let Some(stream) = stream(name, &codec, "24") else { return };
        let cancel = CancelToken::new();
        let mut decoder = decoder(&stream, &cancel, Ok);
        let mut pictures = 0;
        for sample in stream.samples.iter().take(12) {
            decoder
                .decode(sample, &mut |_| {
                    pictures += 1;
                    Ok(())
                })
                .unwrap();
        }
        cancel.cancel();
        let before = pictures;
        let mut out = |_| {
            pictures += 1;
            Ok(())
        };
        let kinds = [
            decoder.decode(&stream.samples[12], &mut out).unwrap_err().kind(),
            decoder.catch_up(&mut out).unwrap_err().kind(),
            decoder.drain(&mut out).unwrap_err().kind(),
            decoder.finish(&mut out).unwrap_err().kind(),
        ];
        assert_eq!((kinds, pictures), ([ErrorKind::Cancelled; 4], before), "{name}");
    }
}

#[test]
fn the_pictures_of_a_group_come_out_before_its_end() {
    let Some(stream) = stream("flow.mp4", &H264, "24") else { return };
    let (open, closed) = channel::<()>();
    let (count, closed) = (AtomicUsize::new(0), Mutex::new(closed));
    // The group stands still at its thirteenth picture until those before it have come out.
    let mut decoder = decoder(&stream, &CancelToken::new(), move |pixels| {
        let waits = count.fetch_add(1, Ordering::SeqCst) == 12;
        match closed.lock().unwrap().recv_timeout(Duration::from_secs(if waits { 30 } else { 0 })) {
            Err(RecvTimeoutError::Timeout) if waits => Err(Error::misuse("nothing came out")),
            _ => Ok(pixels),
        }
    });
    let (mut open, mut pictures) = (Some(open), 0);
    let mut run = |work: &mut dyn FnMut(&mut Out<'_>) -> Result<bool>| {
        let mut came = 0;
        let more = work(&mut |_| {
            came += 1;
            Ok(())
        })
        .unwrap();
        pictures += came;
        open.take_if(|_| pictures >= 12);
        more
    };
    for sample in &stream.samples {
        while run(&mut |out| decoder.catch_up(out)) {}
        run(&mut |out| decoder.decode(sample, out).map(|()| false));
    }
    while run(&mut |out| decoder.drain(out)) {}
    assert_eq!(pictures, stream.samples.len());
}

type Out<'a> = dyn FnMut(VideoFrame) -> Result<()> + 'a;
