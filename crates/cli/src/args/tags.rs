use clap::Args;

use crate::tags::Tag;
use crate::values;

/// What the output says about itself.
#[derive(Debug, Args)]
#[command(next_help_heading = "Tracks and tags")]
pub(crate) struct TagArgs {
    /// Set the title
    #[arg(long, value_name = "TEXT")]
    pub(crate) title: Option<String>,
    /// Set a tag by name (title, artist, album, date, comment, description, genre, location, copyright, ...) or by its
    /// full identifier (mdta/com.apple.quicktime.title, itsk/©nam, ...); without a value remove it; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = values::tag)]
    pub(crate) set: Vec<Tag>,
    /// Carry over nothing the source says about itself, neither tags nor dates; tracks of timed metadata stay
    #[arg(long)]
    pub(crate) strip_metadata: bool,
}
