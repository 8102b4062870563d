use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{OutputArgs, ProgressArgs, TagArgs, TrackArgs};
use crate::values;

/// Shown below the help.
pub(super) const EXAMPLES: &str =
    "Times are written as 90, 1:30, 00:01:30.5, 30/1 (seconds) or 120f (frames).

Examples:
  reel export phone.mov                              phone-1920x1080.mp4 beside it
  reel export phone.mov out.mp4 --preset 1280x720
  reel export phone.mov out.mp4 --from 1:30 --to 2:00 --overwrite
  reel export phone.mov out.mp4 --video-bitrate 3M --max-rate 4.5M --buffer 6M --keyint 60
  reel export phone.mov song.m4a --audio-only
  reel export phone.mov films/                       films/phone.mp4
  reel export film.mkv out.mp4 --lang de --title Holidays --set date=2026-08-01
  reel export phone.mov --dry-run                    show the plan, write nothing";

#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// The movie to export; - for standard input
    pub(crate) input: PathBuf,
    /// Where to write; beside the input and named after the preset where left out; a folder keeps the input's name, - is
    /// standard output
    pub(crate) output: Option<PathBuf>,
    /// What to make; `reel presets` lists them
    #[arg(long, short, value_name = "NAME", hide_possible_values = true, value_parser = values::PRESET)]
    pub(crate) preset: Option<reelwright::Preset>,
    /// Start here
    #[arg(long, value_name = "TIME", allow_negative_numbers = true, value_parser = values::position)]
    pub(crate) from: Option<values::Position>,
    /// Stop here
    #[arg(long, value_name = "TIME", allow_negative_numbers = true, value_parser = values::position)]
    pub(crate) to: Option<values::Position>,
    /// Use this encoder; `reel encoders` lists them
    #[arg(long, value_name = "ID")]
    pub(crate) encoder: Option<String>,
    /// Use this video codec
    #[arg(long, value_name = "CODEC", value_parser = values::CODEC)]
    pub(crate) codec: Option<reelwright::media::VideoCodec>,
    /// Fit the picture into this box; it is never enlarged
    #[arg(long, value_name = "WxH", value_parser = values::size)]
    pub(crate) size: Option<reelwright::media::Size>,
    /// What is fitted into the box: the picture as displayed, or as coded before it is turned
    #[arg(long, value_enum, default_value_t = FitArg::Display)]
    pub(crate) fit: FitArg,
    /// Convert to these colours; untagged input is taken to have these colours, be they hlg or pq
    #[arg(long, value_name = "COLOR", value_parser = values::COLOR)]
    pub(crate) color: Option<reelwright::media::Color>,
    /// Turn the pixels themselves, for players that don't heed how a track says it is turned
    #[arg(long)]
    pub(crate) upright: bool,
    /// Exactly this many frames per second (30, 29.97 or 30000/1001), repeating or dropping frames
    #[arg(long, value_name = "RATE", allow_negative_numbers = true, value_parser = values::frame_rate)]
    pub(crate) fps: Option<reelwright::media::Ratio>,
    /// Bits per second of video on average, such as 3M
    #[arg(long, value_name = "RATE", allow_negative_numbers = true, value_parser = values::bit_rate)]
    pub(crate) video_bitrate: Option<u32>,
    /// Bits per second of video at most, over the buffer's length
    #[arg(long, value_name = "RATE", allow_negative_numbers = true, value_parser = values::bit_rate)]
    pub(crate) max_rate: Option<u32>,
    /// Bits the player's buffer holds; twice the maximum rate where left out
    #[arg(long, value_name = "BITS", allow_negative_numbers = true, value_parser = values::bit_rate, requires = "max_rate")]
    pub(crate) buffer: Option<u32>,
    /// Constant quality from 0 (worst) to 1 (best) instead of a bit rate
    #[arg(long, value_name = "Q", allow_negative_numbers = true, value_parser = values::quality, conflicts_with = "video_bitrate")]
    pub(crate) quality: Option<f32>,
    /// Frames from one key frame to the next at most
    #[arg(long, value_name = "FRAMES", allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) keyint: Option<u32>,
    /// An option by the encoder's own name; may be repeated
    #[arg(long, value_name = "K=V", value_parser = values::key_value)]
    pub(crate) encoder_option: Vec<(String, String)>,
    /// Bits per second of sound, such as 128k
    #[arg(long, value_name = "RATE", allow_negative_numbers = true, value_parser = values::bit_rate)]
    pub(crate) audio_bitrate: Option<u32>,
    /// Export the sound alone, as M4A
    #[arg(long, conflicts_with = "no_audio")]
    pub(crate) audio_only: bool,
    /// Leave the sound out
    #[arg(long)]
    pub(crate) no_audio: bool,
    /// Copy the pictures as they are, whatever the preset says
    #[arg(long)]
    pub(crate) copy_video: bool,
    /// Copy the sound as it is, whatever the preset says
    #[arg(long, conflicts_with = "no_audio")]
    pub(crate) copy_audio: bool,
    /// Encode even what could be copied
    #[arg(long)]
    pub(crate) reencode: bool,
    /// Fail where anything would be lost, rather than leave it out and say so
    #[arg(long)]
    pub(crate) strict: bool,
    /// Show the plan and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) tracks: TrackArgs,
    #[command(flatten)]
    pub(crate) tags: TagArgs,
    #[command(flatten)]
    pub(crate) out: OutputArgs,
    #[command(flatten)]
    pub(crate) progress: ProgressArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FitArg {
    /// The picture as displayed, in a box turned the way it is
    Display,
    /// The picture as coded, as Apple's presets do
    Coded,
}
