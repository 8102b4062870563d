//! Writes a movie of frames made on the spot: `cargo run --release --example write_frames -- out.mp4`

use reelwright::codec::VideoEncoderSettings;
use reelwright::media::{PixelFormat, PixelPool, Size, Time, Timescale, VideoCodec, VideoFrame};
use reelwright::{AssetWriter, FileType, InputConfig};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let output = std::env::args().nth(1).ok_or("usage: write_frames OUTPUT.mp4")?;
    let size = Size::new(640, 360);
    let mut builder = AssetWriter::create(output, FileType::Mp4);
    let mut input =
        builder.add_input(InputConfig::encode_video(VideoEncoderSettings::new(VideoCodec::H264, size)))?;
    let writer = builder.start()?;
    writer.start_session(Time::ZERO)?;
    let pool = PixelPool::new(PixelFormat::YUV420, size);
    let thirtieths = Timescale::or_one(30);
    for number in 0..90u8 {
        let mut pixels = pool.take();
        let mut planes = pixels.make_mut();
        for (plane, value) in [(0, number * 2), (1, 128), (2, 255 - number)] {
            planes.plane(plane).0.fill(value);
        }
        let pts = Time::new(i64::from(number), thirtieths);
        input.append(VideoFrame { pixels, pts, duration: Some(Time::new(1, thirtieths)) })?;
    }
    input.finish()?;
    let report = writer.finish()?;
    println!("{} bytes, {}", report.bytes, report.duration);
    Ok(())
}
