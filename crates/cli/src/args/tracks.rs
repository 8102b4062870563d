use clap::Args;
use reelwright::media::Language;

use crate::values;

/// Which of the source's tracks are taken.
#[derive(Debug, Args)]
#[command(next_help_heading = "Tracks and tags")]
pub(crate) struct TrackArgs {
    /// Take only the tracks with these IDs, which `reel inspect` shows
    #[arg(long, value_name = "ID", value_delimiter = ',', conflicts_with = "lang")]
    pub(crate) track: Vec<u32>,
    /// Take sound, subtitles and chapters in these languages only, such as en,de
    #[arg(long, value_name = "LANG", value_delimiter = ',', value_parser = values::language)]
    pub(crate) lang: Vec<Language>,
}
