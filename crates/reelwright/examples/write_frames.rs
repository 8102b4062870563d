//! Writes a movie of pictures and sound made on the spot: `cargo run --release --example write_frames -- out.mp4`

use reelwright::codec::{AudioEncoderSettings, VideoEncoderSettings};
use reelwright::media::{
    AudioBuffer, AudioCodec, ChannelLayout, Color, PixelFormat, PixelPool, Size, Time, Timescale, VideoCodec,
    VideoFrame,
};
use reelwright::{AssetWriter, FileType, InputConfig};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let output = std::env::args().nth(1).ok_or("usage: write_frames OUTPUT.mp4")?;
    let size = Size::new(640, 360);
    let video = VideoEncoderSettings::new(VideoCodec::H264, size).color(Color::BT709);
    let audio = AudioEncoderSettings::new(AudioCodec::Aac, 48_000, ChannelLayout::stereo());
    let mut builder = AssetWriter::create(output, FileType::Mp4);
    let mut pictures = builder.add_input(InputConfig::encode_video(video))?;
    let mut sound = builder.add_input(InputConfig::encode_audio(audio))?;
    let writer = builder.start()?;
    writer.start_session(Time::ZERO)?;

    let (thirtieths, frames) = (Timescale::or_one(30), Timescale::or_one(48_000));
    let pool = PixelPool::new(PixelFormat::Bgra, size);
    for number in 0..90u8 {
        let mut pixels = pool.take();
        for pixel in pixels.make_mut().plane(0).0.chunks_exact_mut(4) {
            pixel.copy_from_slice(&[255 - number, 80, number * 2, 255]);
        }
        let pts = Time::new(i64::from(number), thirtieths);
        pictures.append(VideoFrame { pixels, pts, duration: None })?;

        let start = i64::from(number) * 1600;
        let tone = (start..start + 1600).map(|frame| (frame as f32 * 0.06).sin() * 0.3).flat_map(|x| [x, x]);
        sound.append(AudioBuffer::interleaved(
            frames,
            ChannelLayout::stereo(),
            Time::new(start, frames),
            tone,
        ))?;
    }
    // Inputs that are dropped are finished.
    drop((pictures, sound));
    let report = writer.finish()?;
    println!("{} bytes, {}", report.bytes, report.duration);
    Ok(())
}
