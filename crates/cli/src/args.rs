//! The command line, as clap reads it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::values;

/// Export, remux, inspect and generate movies.
#[derive(Debug, Parser)]
#[command(
    name = "reel",
    version,
    about,
    arg_required_else_help = true,
    after_help = "Examples:
  reel export phone.mov                          an H.264 movie beside it, at most 1920x1080
  reel export phone.mov out.mp4 --preset 1280x720 --from 0:10 --to 0:20
  reel export phone.mov song.m4a --audio-only
  reel remux phone.mov phone.mp4                 the same samples in another container
  reel inspect phone.mov
  reel generate test.mp4 --duration 10

Exit codes: 0 done, 1 failed or defects found, 2 bad command line, 130 cancelled."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make the movie a preset describes out of another one.
    #[command(after_help = EXPORT_EXAMPLES)]
    Export(Box<ExportArgs>),
    /// Copy every track into another container, sample by sample.
    #[command(after_help = "Examples:
  reel remux phone.mov phone.mp4
  reel remux recording.mp4 fixed.mp4 --network   the index first, for playing while it downloads")]
    Remux(RemuxArgs),
    /// Say what a file holds.
    #[command(after_help = "Examples:
  reel inspect phone.mov
  reel inspect phone.mov --json
  reel inspect phone.mov --boxes")]
    Inspect(InspectArgs),
    /// List the presets, or what each would make of a file.
    Presets(PresetsArgs),
    /// List the encoders of this build, with their licences.
    Encoders(EncodersArgs),
    /// Make a test movie: a moving picture with its frame number, and a beep every second.
    #[command(after_help = "Examples:
  reel generate test.mp4
  reel generate test.mov --duration 1:00 --size 1920x1080 --rate 60 --audio none")]
    Generate(GenerateArgs),
}

const EXPORT_EXAMPLES: &str = "Times are written as 90, 1:30, 00:01:30.5, 30/1 (seconds) or 120f (frames).

Examples:
  reel export phone.mov                              phone-1920x1080.mp4 beside it
  reel export phone.mov out.mp4 --preset 1280x720
  reel export phone.mov out.mp4 --from 1:30 --to 2:00 --overwrite
  reel export phone.mov out.mp4 --video-bitrate 3M --max-rate 4.5M --buffer 6M --keyint 60
  reel export phone.mov song.m4a --audio-only
  reel export phone.mov --dry-run                    show the plan, write nothing";

/// Flags every writing command shares.
#[derive(Debug, Args)]
pub(crate) struct OutputArgs {
    /// Put the index first, so that the movie plays while it downloads
    #[arg(long)]
    pub(crate) network: bool,
    /// Replace an existing output once the new one is complete
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Force the bytes to the disk before reporting success
    #[arg(long)]
    pub(crate) sync: bool,
    /// Print the report as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Print nothing but errors
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// The movie to export
    pub(crate) input: PathBuf,
    /// Where to write; beside the input and named after the preset where left out
    pub(crate) output: Option<PathBuf>,
    /// What to make; `reel presets` lists them
    #[arg(long, short, value_name = "NAME", value_parser = values::preset)]
    pub(crate) preset: Option<reelwright::Preset>,
    /// Start here
    #[arg(long, value_name = "TIME", value_parser = values::position)]
    pub(crate) from: Option<values::Position>,
    /// Stop here
    #[arg(long, value_name = "TIME", value_parser = values::position)]
    pub(crate) to: Option<values::Position>,
    /// Use this encoder; `reel encoders` lists them
    #[arg(long, value_name = "ID")]
    pub(crate) encoder: Option<String>,
    /// Use this video codec
    #[arg(long, value_name = "CODEC", value_parser = values::codec)]
    pub(crate) codec: Option<reelwright::media::VideoCodec>,
    /// Fit the picture into this box; it is never enlarged
    #[arg(long, value_name = "WxH", value_parser = values::size)]
    pub(crate) size: Option<reelwright::media::Size>,
    /// What is fitted into the box: the picture as displayed, or as coded before it is turned
    #[arg(long, value_enum, default_value_t = FitArg::Display)]
    pub(crate) fit: FitArg,
    /// Convert to bt709, bt601, bt601-625, p3 or bt2020; untagged input is taken to have these colours, be they hlg or pq
    #[arg(long, value_name = "COLOR", value_parser = values::color)]
    pub(crate) color: Option<reelwright::media::Color>,
    /// Turn the pixels themselves, for players that don't heed how a track says it is turned
    #[arg(long)]
    pub(crate) upright: bool,
    /// Exactly this many frames per second (30, 29.97 or 30000/1001), repeating or dropping frames
    #[arg(long, value_name = "RATE", value_parser = values::frame_rate)]
    pub(crate) fps: Option<reelwright::media::Ratio>,
    /// Bits per second of video on average, such as 3M
    #[arg(long, value_name = "RATE", value_parser = values::bit_rate)]
    pub(crate) video_bitrate: Option<u32>,
    /// Bits per second of video at most, over the buffer's length
    #[arg(long, value_name = "RATE", value_parser = values::bit_rate)]
    pub(crate) max_rate: Option<u32>,
    /// Bits the player's buffer holds; twice the maximum rate where left out
    #[arg(long, value_name = "BITS", value_parser = values::bit_rate, requires = "max_rate")]
    pub(crate) buffer: Option<u32>,
    /// Constant quality from 0 (worst) to 1 (best) instead of a bit rate
    #[arg(long, value_name = "Q", value_parser = values::quality, conflicts_with = "video_bitrate")]
    pub(crate) quality: Option<f32>,
    /// Frames from one key frame to the next at most
    #[arg(long, value_name = "FRAMES", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) keyint: Option<u32>,
    /// An option by the encoder's own name; may be repeated
    #[arg(long, value_name = "K=V", value_parser = values::key_value)]
    pub(crate) encoder_option: Vec<(String, String)>,
    /// Bits per second of sound, such as 128k
    #[arg(long, value_name = "RATE", value_parser = values::bit_rate)]
    pub(crate) audio_bitrate: Option<u32>,
    /// Export the sound alone, as M4A
    #[arg(long, conflicts_with = "no_audio")]
    pub(crate) audio_only: bool,
    /// Leave the sound out
    #[arg(long)]
    pub(crate) no_audio: bool,
    /// Encode even what could be copied
    #[arg(long)]
    pub(crate) reencode: bool,
    /// Fail where the container can't hold a track, rather than leave it out
    #[arg(long)]
    pub(crate) strict: bool,
    /// Show the plan and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) out: OutputArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FitArg {
    /// The picture as displayed, in a box turned the way it is
    Display,
    /// The picture as coded, as Apple's presets do
    Coded,
}

#[derive(Debug, Args)]
pub(crate) struct RemuxArgs {
    /// The movie to copy
    pub(crate) input: PathBuf,
    /// Where to write; the extension says which container
    pub(crate) output: PathBuf,
    /// Fail where the container can't hold a track, rather than leave it out
    #[arg(long)]
    pub(crate) strict: bool,
    #[command(flatten)]
    pub(crate) out: OutputArgs,
}

#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// The file to look at
    pub(crate) input: PathBuf,
    /// Print everything as JSON
    #[arg(long, conflicts_with_all = ["boxes", "samples"])]
    pub(crate) json: bool,
    /// Print the tree of boxes
    #[arg(long, conflicts_with = "samples")]
    pub(crate) boxes: bool,
    /// Print a line for every sample
    #[arg(long)]
    pub(crate) samples: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PresetsArgs {
    /// Say what each preset would make of this file
    pub(crate) input: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct EncodersArgs {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct GenerateArgs {
    /// Where to write; the extension says which container
    pub(crate) output: PathBuf,
    /// How long
    #[arg(long, value_name = "TIME", default_value = "5", value_parser = values::position)]
    pub(crate) duration: values::Position,
    /// The picture's size
    #[arg(long, value_name = "WxH", default_value = "1280x720", value_parser = values::size)]
    pub(crate) size: reelwright::media::Size,
    /// Frames per second: 30, 29.97 or 30000/1001
    #[arg(long, value_name = "RATE", default_value = "30", value_parser = values::frame_rate)]
    pub(crate) rate: reelwright::media::Ratio,
    /// The sound
    #[arg(long, value_enum, default_value_t = AudioArg::Stereo)]
    pub(crate) audio: AudioArg,
    #[command(flatten)]
    pub(crate) out: OutputArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum AudioArg {
    /// Two channels of AAC
    Stereo,
    /// One channel of AAC
    Mono,
    /// Two channels of 16-bit PCM
    Pcm,
    /// No sound
    None,
}
