//! The command line, as clap reads it.

mod export;
mod output;
mod tags;
mod tracks;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::destination::is_stdout;
use crate::values;

pub(crate) use export::{ExportArgs, FitArg};
pub(crate) use output::{OutputArgs, ProgressArg, ProgressArgs};
pub(crate) use tags::TagArgs;
pub(crate) use tracks::TrackArgs;

/// Export, remux, inspect and generate movies from the command line.
#[derive(Debug, Parser)]
#[command(
    name = "reel",
    version,
    arg_required_else_help = true,
    after_help = "Examples:
  reel export phone.mov                          an H.264 movie beside it, at most 1920x1080
  reel export phone.mov out.mp4 --preset 1280x720 --from 0:10 --to 0:20
  reel export phone.mov song.m4a --audio-only
  reel remux phone.mov phone.mp4                 the same samples in another container
  reel inspect phone.mov
  reel generate test.mp4 --duration 10

Where a file is named, - is standard input or output; a folder as output keeps the input's name.
With --json the answer on standard output is JSON, that to a failure or a bad command line too.
Exit codes: 0 done, 1 failed or defects found, 2 bad command line, 130 cancelled."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make the movie a preset describes out of another one.
    #[command(after_help = export::EXAMPLES)]
    Export(Box<ExportArgs>),
    /// Copy every track into another container, sample by sample.
    #[command(after_help = "Examples:
  reel remux phone.mov phone.mp4
  reel remux recording.mp4 fixed.mp4 --network   the index first, for playing while it downloads
  reel remux film.mp4 tagged.mp4 --title Holidays --set date=2026-08-01
  reel remux film.mkv film.mp4 --lang de         the pictures, and sound and subtitles in German
  cat film.mov | reel remux - - --format mp4 | ...")]
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
    /// Print what makes a shell complete reel's commands.
    #[command(after_help = "Examples:
  reel completions bash > ~/.local/share/bash-completion/completions/reel
  reel completions zsh > ~/.zfunc/_reel          with fpath+=~/.zfunc before compinit in ~/.zshrc
  reel completions fish > ~/.config/fish/completions/reel.fish")]
    Completions(CompletionsArgs),
    /// Print the manual page, or write those of all commands into a folder.
    #[command(after_help = "Examples:
  reel man | man -l -
  reel man ~/.local/share/man/man1               then: man reel-export")]
    Man(ManArgs),
}

impl Command {
    /// Whether the answer is to be JSON.
    pub(crate) fn json(&self) -> bool {
        match self {
            Self::Export(args) => args.out.json,
            Self::Remux(args) => args.out.json,
            Self::Inspect(args) => args.json,
            Self::Presets(args) => args.json,
            Self::Encoders(args) => args.json,
            Self::Generate(args) => args.out.json,
            Self::Completions(_) | Self::Man(_) => false,
        }
    }

    /// Whether standard output takes a movie, and answers have to go elsewhere.
    pub(crate) fn fills_stdout(&self) -> bool {
        match self {
            Self::Export(args) => args.output.as_deref().is_some_and(is_stdout) && !args.dry_run,
            Self::Remux(args) => is_stdout(&args.output),
            Self::Generate(args) => is_stdout(&args.output),
            _ => false,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct RemuxArgs {
    /// The movie to copy; - for standard input
    pub(crate) input: PathBuf,
    /// Where to write; the extension says which container; a folder keeps the input's name, - is standard output
    pub(crate) output: PathBuf,
    /// Fail where anything would be lost, rather than leave it out and say so
    #[arg(long)]
    pub(crate) strict: bool,
    #[command(flatten)]
    pub(crate) tracks: TrackArgs,
    #[command(flatten)]
    pub(crate) tags: TagArgs,
    #[command(flatten)]
    pub(crate) out: OutputArgs,
    #[command(flatten)]
    pub(crate) progress: ProgressArgs,
}

#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// The file to look at; - for standard input
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
    /// Say what each preset would make of this file; - for standard input
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
    /// Where to write; the extension says which container; a folder gets test.mp4, - is standard output
    pub(crate) output: PathBuf,
    /// How long
    #[arg(long, value_name = "TIME", default_value = "5", allow_negative_numbers = true, value_parser = values::position)]
    pub(crate) duration: values::Position,
    /// The picture's size
    #[arg(long, value_name = "WxH", default_value = "1280x720", value_parser = values::size)]
    pub(crate) size: reelwright::media::Size,
    /// Frames per second: 30, 29.97 or 30000/1001
    #[arg(long, value_name = "RATE", default_value = "30", allow_negative_numbers = true, value_parser = values::frame_rate)]
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

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// Write reel.1, reel-export.1, ... here
    pub(crate) folder: Option<PathBuf>,
}
