//! Records pictures and sound from two threads, with a pause in between: `cargo run --release --example record -- out.mp4`

use std::sync::mpsc::channel;
use std::thread;

use reelwright::codec::{AudioEncoderSettings, VideoEncoderSettings};
use reelwright::media::{
    AudioBuffer, AudioCodec, ChannelLayout, Color, PixelFormat, PixelPool, Result, Size, Time, Timescale,
    VideoCodec, VideoFrame,
};
use reelwright::{AssetWriter, FileType, FinishReport, InputConfig, Overwrite};

/// What is left of a clock's time when the pauses are taken out; `None` during one.
fn recorded(time: Time, pauses: &[(Time, Time)]) -> Option<Time> {
    if pauses.iter().any(|(start, end)| (*start..*end).contains(&time)) {
        return None;
    }
    let over = pauses.iter().filter(|(_, end)| *end <= time);
    Some(over.fold(time, |time, (start, end)| time - (*end - *start)))
}

/// Records `seconds` of two clocks that tick together, and leaves the pauses out.
pub(crate) fn run(output: &str, seconds: i64, pauses: &'static [(Time, Time)]) -> Result<FinishReport> {
    let (size, rate) = (Size::new(320, 180), Timescale::or_one(48_000));
    let video = VideoEncoderSettings::new(VideoCodec::H264, size).color(Color::BT709).real_time(true);
    let audio = AudioEncoderSettings::new(AudioCodec::Aac, 48_000, ChannelLayout::mono());
    let mut builder = AssetWriter::create(output, FileType::Mp4).overwrite(Overwrite::Replace);
    let mut camera = builder.add_input(InputConfig::encode_video(video))?;
    let mut microphone = builder.add_input(InputConfig::encode_audio(audio))?;
    let writer = builder.start()?;
    writer.start_session(Time::ZERO)?;

    // Whichever thread fails or panics fails the writer; a stop button would hold this too.
    let handle = writer.handle();
    let pictures = thread::spawn(move || {
        let pool = PixelPool::new(PixelFormat::Bgra, size);
        for number in 0..seconds * 30 {
            if let Some(pts) = recorded(Time::frames(number, 30), pauses) {
                let mut pixels = pool.take();
                let grey = number as u8;
                let pixel = [grey, grey, grey, 255];
                pixels.make_mut().plane(0).0.chunks_exact_mut(4).for_each(|to| to.copy_from_slice(&pixel));
                camera.append(VideoFrame { pixels, pts, duration: None })?;
            }
        }
        camera.finish()
    });
    let sound = thread::spawn(move || {
        for number in 0..seconds * 100 {
            if let Some(pts) = recorded(Time::frames(number, 100), pauses) {
                microphone.append(AudioBuffer::from_i16(rate, ChannelLayout::mono(), pts, &[1000; 480]))?;
            }
        }
        microphone.finish()
    });
    for thread in [pictures, sound] {
        if let Ok(Err(error)) = thread.join() {
            handle.cancel();
            return Err(error);
        }
    }
    // The file is completed by the writer's own thread; a user interface needn't wait for it.
    let (sender, answer) = channel();
    writer.finish_then(move |outcome| drop(sender.send(outcome)));
    answer.recv().unwrap_or_else(|_| Err(reelwright::media::Error::misuse("nobody answered")))
}

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    const PAUSES: &[(Time, Time)] = &[(Time::from_secs(2), Time::from_secs(3))];
    let output = std::env::args().nth(1).ok_or("usage: record OUTPUT.mp4")?;
    let report = run(&output, 5, PAUSES)?;
    println!("{} bytes, {}", report.bytes, report.duration);
    Ok(())
}
