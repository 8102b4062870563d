use reelwright::media::{Error, ErrorKind, Result};
use reelwright::{FileType, IndexPlace, TestMovie, TestSound};

use super::export::unknown_extension;
use super::{cancel_on_interrupt, print_json, print_text};
use crate::args::{AudioArg, GenerateArgs};
use crate::progress::bytes;

/// Writes a test movie.
pub(crate) fn run(args: &GenerateArgs) -> Result<()> {
    let extension = args.output.extension().and_then(|extension| extension.to_str());
    let file_type =
        extension.and_then(FileType::from_extension).ok_or_else(|| unknown_extension(&args.output))?;
    if args.output.exists() && !args.out.overwrite {
        return Err(Error::new(ErrorKind::Exists, format!("{} exists already", args.output.display())));
    }
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
        index: if args.out.network { IndexPlace::First } else { IndexPlace::Last },
        overwrite: args.out.overwrite,
        sync: args.out.sync,
    };
    let written = movie.write(&args.output, file_type, &cancel_on_interrupt())?;
    if args.out.json {
        let row = serde_json::json!({
            "output": args.output.display().to_string(),
            "frames": written.frames,
            "sound_frames": written.sound_frames,
            "bytes": written.bytes,
        });
        return print_json(&row);
    }
    if args.out.quiet {
        return Ok(());
    }
    print_text(&format!("{}: {} frames, {}\n", args.output.display(), written.frames, bytes(written.bytes)))
}
