use reelwright::media::{Error, Result};
use reelwright::{FileType, TestMovie, TestSound};

use super::cancel_on_interrupt;
use crate::answer::Answer;
use crate::args::{AudioArg, GenerateArgs};
use crate::progress::bytes;

/// Writes a test movie.
pub(super) fn run(args: &GenerateArgs, answer: Answer) -> Result<()> {
    let destination = args.out.destination(&args.output, || Ok("test".into()), FileType::Mp4)?;
    args.out.refuse_taken(&destination)?;
    let duration = args.duration.at(args.rate);
    if duration.is_zero() {
        return Err(Error::misuse("--duration 0 leaves nothing to write"));
    }
    let movie = TestMovie {
        duration,
        size: args.size,
        rate: args.rate,
        sound: match args.audio {
            AudioArg::Stereo => TestSound::Aac(2),
            AudioArg::Mono => TestSound::Aac(1),
            AudioArg::Pcm => TestSound::Pcm(2),
            AudioArg::None => TestSound::None,
        },
        index: args.out.index(),
        overwrite: args.out.overwrite,
        sync: args.out.sync,
    };
    let cancel = cancel_on_interrupt();
    let written = match destination.stream()? {
        Some(sink) => movie.write_to(sink, destination.file_type, &cancel)?,
        None => movie.write(&destination.path, destination.file_type, &cancel)?,
    };
    if answer.json {
        let row = serde_json::json!({
            "output": destination.to_string(),
            "frames": written.frames,
            "sound_frames": written.sound_frames,
            "bytes": written.bytes,
        });
        return answer.print_json(&row);
    }
    if args.out.quiet {
        return Ok(());
    }
    answer.print(&format!("{destination}: {} frames, {}\n", written.frames, bytes(written.bytes)))
}
