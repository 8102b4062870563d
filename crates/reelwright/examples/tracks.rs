//! One picture, two languages and chapters: `cargo run --release --example tracks -- out.mov`

use reelwright::codec::{AudioEncoderSettings, VideoEncoderSettings};
use reelwright::media::{
    AudioBuffer, AudioCodec, ChannelLayout, Chapter, Color, Language, MetadataItem, PixelFormat, PixelPool,
    Result, Size, Time, TimeRange, Timescale, VideoCodec, VideoFrame,
};
use reelwright::{AssetWriter, Association, FileType, FinishReport, InputConfig, Overwrite};

/// Writes four seconds.
pub(crate) fn run(output: &str) -> Result<FinishReport> {
    let (size, rate) = (Size::new(320, 180), Timescale::or_one(48_000));
    let chapter = |start, title: &str| Chapter {
        range: TimeRange::new(Time::from_secs(start), Time::from_secs(2)),
        title: title.to_owned(),
        language: Language::UNDETERMINED,
    };
    let mut builder = AssetWriter::create(output, FileType::Mov)
        .overwrite(Overwrite::Replace)
        .metadata([MetadataItem::title("Two voices"), MetadataItem::location(48.8577, 2.295)?])
        .chapters([chapter(0, "One"), chapter(2, "Two")]);
    let video = VideoEncoderSettings::new(VideoCodec::H264, size).color(Color::BT709);
    let mut pictures = builder.add_input(InputConfig::encode_video(video))?;
    // Of tracks that share a group one is played, the enabled one unless the user chooses.
    let audio = AudioEncoderSettings::new(AudioCodec::Aac, 48_000, ChannelLayout::mono());
    let voice = |language: &str| {
        let config = InputConfig::encode_audio(audio.clone()).alternate_group(1);
        Result::Ok(config.language(language.parse()?))
    };
    let mut voices = [builder.add_input(voice("en")?)?, builder.add_input(voice("fr")?.enabled(false))?];
    builder.associate(&voices[1], Association::SelectionFollower, &pictures)?;
    let writer = builder.start()?;
    writer.start_session(Time::ZERO)?;
    let pool = PixelPool::new(PixelFormat::Bgra, size);
    for number in 0..120 {
        let pts = Time::frames(number, 30);
        pictures.append(VideoFrame { pixels: pool.take(), pts, duration: None })?;
        for voice in &mut voices {
            voice.append(AudioBuffer::silence(rate, ChannelLayout::mono(), pts, 1600))?;
        }
    }
    drop((pictures, voices));
    writer.finish()
}

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let output = std::env::args().nth(1).ok_or("usage: tracks OUTPUT.mov")?;
    let report = run(&output)?;
    println!("{} bytes, {}", report.bytes, report.duration);
    Ok(())
}
