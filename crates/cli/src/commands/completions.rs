use clap::CommandFactory;
use reelwright::media::Result;

use super::print_text;
use crate::args::{Cli, CompletionsArgs};

/// Prints what makes a shell complete the command's arguments.
pub(super) fn run(args: &CompletionsArgs) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "reel", &mut script);
    print_text(&String::from_utf8_lossy(&script))
}
