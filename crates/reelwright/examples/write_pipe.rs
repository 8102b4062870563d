//! Writes a movie to the standard output: `cargo run --release --example write_pipe | ffprobe -`

use std::io::{self, Write};

use reelwright::codec::VideoEncoderSettings;
use reelwright::media::{Color, PixelFormat, PixelPool, Result, Size, Time, VideoCodec, VideoFrame};
use reelwright::{AssetWriter, FileType, InputConfig, WriterSink};

/// Writes two seconds into anything that takes bytes, and gives it back.
pub(crate) fn run<W: Write + Send + 'static>(writer: W) -> Result<Option<W>> {
    let size = Size::new(320, 180);
    let sink = WriterSink::new(writer);
    let output = sink.output();
    // What can't be written by position has its index first: the coded pictures wait in memory until it is known.
    let mut builder = AssetWriter::create_on(sink, FileType::Mp4).hold_back(64 << 20);
    let video = VideoEncoderSettings::new(VideoCodec::H264, size).color(Color::BT709);
    let mut input = builder.add_input(InputConfig::encode_video(video))?;
    let writer = builder.start()?;
    writer.start_session(Time::ZERO)?;
    let pool = PixelPool::new(PixelFormat::Bgra, size);
    for number in 0..60 {
        let mut pixels = pool.take();
        let pixel = [number * 4, 80, 160, 255];
        pixels.make_mut().plane(0).0.chunks_exact_mut(4).for_each(|to| to.copy_from_slice(&pixel));
        input.append(VideoFrame { pixels, pts: Time::frames(number.into(), 30), duration: None })?;
    }
    drop(input);
    writer.finish()?;
    Ok(output.take())
}

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    run(io::stdout())?;
    Ok(())
}
