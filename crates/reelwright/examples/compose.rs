//! Shows one movie after the other, the first fading to black, its sound fading out:
//! `cargo run --release --example compose -- first.mov second.mov out.mp4`

use reelwright::codec::{AudioEncoderSettings, VideoEncoderSettings};
use reelwright::media::{
    AudioCodec, ChannelLayout, Color, Error, MediaType, PixelFormat, Result, Size, Time, VideoCodec,
};
use reelwright::{Asset, AssetWriter, FileType, InputConfig};

const SIZE: Size = Size::new(640, 360);
const FADE: i64 = 1;

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let args: Vec<_> = std::env::args().skip(1).collect();
    let [first, second, output] = args.as_slice() else {
        return Err("usage: compose FIRST SECOND OUT.mp4".into());
    };
    Ok(run(&[first, second], output)?)
}

pub(crate) fn run(inputs: &[&str], output: &str) -> Result<()> {
    let video = VideoEncoderSettings::new(VideoCodec::H264, SIZE).color(Color::BT709);
    let audio = AudioEncoderSettings::new(AudioCodec::Aac, 48_000, ChannelLayout::stereo());
    let mut builder = AssetWriter::create(output, FileType::Mp4);
    let mut pictures = builder.add_input(InputConfig::encode_video(video))?;
    let mut sound = builder.add_input(InputConfig::encode_audio(audio))?;
    let writer = builder.start()?;
    writer.start_session(Time::ZERO)?;
    let mut start = Time::ZERO;
    for (index, input) in inputs.iter().enumerate() {
        let asset = Asset::open(input)?;
        let track = |kind| {
            let found = asset.movie().tracks.iter().find(|track| track.media == kind);
            found.map(|track| track.id).ok_or_else(|| Error::misuse(format!("{input} has no {kind}")))
        };
        let (length, fades) = (asset.movie().duration, index + 1 < inputs.len());
        // 1 until the fade, 0 at the end.
        let level = |time: Time| match fades {
            true => (length.saturating_sub(time).to_seconds_lossy() / FADE as f64).clamp(0.0, 1.0) as f32,
            false => 1.0,
        };
        let frames = asset.frames(track(MediaType::Video)?).upright().format(PixelFormat::Bgra).open()?;
        let buffers = asset.sound(track(MediaType::Audio)?).format(48_000, ChannelLayout::stereo()).open()?;
        std::thread::scope(|scope| -> Result<()> {
            let heard = scope.spawn(|| -> Result<()> {
                for buffer in buffers {
                    let mut buffer = buffer?;
                    let volume = level(buffer.pts);
                    buffer.planes_mut().iter_mut().flatten().for_each(|sample| *sample *= volume);
                    buffer.pts = start.saturating_add(buffer.pts);
                    sound.append(buffer)?;
                }
                Ok(())
            });
            for frame in frames {
                let mut frame = frame?;
                let light = level(frame.pts);
                for byte in frame.pixels.make_mut().plane(0).0 {
                    *byte = (f32::from(*byte) * light) as u8;
                }
                frame.pts = start.saturating_add(frame.pts);
                pictures.append(frame)?;
            }
            heard.join().unwrap_or(Ok(()))
        })?;
        start = start.saturating_add(length);
    }
    drop((pictures, sound));
    println!("{}", writer.finish()?.duration);
    Ok(())
}
