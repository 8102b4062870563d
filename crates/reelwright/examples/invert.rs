//! Inverts every picture and keeps the sound as it is: `cargo run --release --example invert -- phone.mov out.mp4`

use reelwright::codec::VideoEncoderSettings;
use reelwright::media::{Color, MediaType, PixelFormat, Result, Time, VideoCodec};
use reelwright::{Asset, AssetWriter, FileType, InputConfig};

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let (input, output) = args.next().zip(args.next()).ok_or("usage: invert INPUT OUTPUT.mp4")?;
    Ok(run(&input, &output)?)
}

pub(crate) fn run(input: &str, output: &str) -> Result<()> {
    let asset = Asset::open(input)?;
    let track = |kind| asset.movie().tracks.iter().find(|track| track.media == kind);
    let mut builder = AssetWriter::create(output, FileType::Mp4);
    let mut pictures = Vec::new();
    if let Some(video) = track(MediaType::Video) {
        let size = reelwright::display_size(video).unwrap_or_default();
        let settings = VideoEncoderSettings::new(VideoCodec::H264, size).color(Color::BT709);
        pictures.push((video.id, builder.add_input(InputConfig::encode_video(settings))?));
    }
    let sound = track(MediaType::Audio)
        .map(|audio| Ok((audio.id, builder.add_input(InputConfig::copy_track(audio))?)))
        .transpose()?;
    let writer = builder.start()?;
    writer.start_session(Time::ZERO)?;
    // The sound waits in the writer until the pictures have come as far; a thread of its own would do as well.
    std::thread::scope(|scope| -> Result<()> {
        let copied = scope.spawn(|| -> Result<()> {
            let Some((id, mut input)) = sound else { return Ok(()) };
            asset.samples(id)?.try_for_each(|sample| input.append(sample?))
        });
        for (id, mut input) in pictures {
            for frame in asset.frames(id).format(PixelFormat::Bgra).color(Color::BT709).upright().open()? {
                let mut frame = frame?;
                for pixel in frame.pixels.make_mut().plane(0).0.chunks_exact_mut(4) {
                    pixel[..3].iter_mut().for_each(|value| *value = 255 - *value);
                }
                input.append(frame)?;
            }
        }
        copied.join().unwrap_or(Ok(()))
    })?;
    println!("{}", writer.finish()?.duration);
    Ok(())
}
