use clap::{Args, ValueEnum};
use reelwright::{FileType, IndexPlace, Overwrite};

use crate::values;

/// Flags every writing command shares.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArgs {
    /// Write this container, whatever the output's name says; needed where that says nothing
    #[arg(long, value_name = "KIND", value_parser = values::FILE_TYPE)]
    pub(crate) format: Option<FileType>,
    /// Put the index first, so that the movie plays while it downloads
    #[arg(long)]
    pub(crate) network: bool,
    /// Replace an existing output once the new one is complete; write to a device or a named pipe
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Force the bytes to the disk before reporting success
    #[arg(long)]
    pub(crate) sync: bool,
    /// Print the report, or what went wrong, as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Print nothing but errors
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

impl OutputArgs {
    /// Where the index goes.
    pub(crate) fn index(&self) -> IndexPlace {
        if self.network { IndexPlace::First } else { IndexPlace::Last }
    }

    /// Whether an existing file is replaced.
    pub(crate) fn policy(&self) -> Overwrite {
        if self.overwrite { Overwrite::Replace } else { Overwrite::Never }
    }
}

/// How the work is followed.
#[derive(Clone, Copy, Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct ProgressArgs {
    /// Show progress on standard error
    #[arg(long, value_enum, value_name = "HOW", default_value_t = ProgressArg::Auto)]
    pub(crate) progress: ProgressArg,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProgressArg {
    /// A bar, where standard error is a terminal
    Auto,
    /// A line `progress=continue fraction=0.25 time=3.000 ...` every half second, and one `progress=end`
    Plain,
    /// The same as JSON objects, one a line
    Json,
    /// Nothing
    Off,
}
