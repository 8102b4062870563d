use std::fs;
use std::io;
use std::path::Path;

use clap::{Command, CommandFactory};
use clap_mangen::Man;
use reelwright::media::{Error, Result};

use super::print_text;
use crate::args::{Cli, ManArgs};

/// Prints the manual page of `reel`, or writes it and those of its verbs into a folder.
pub(super) fn run(args: &ManArgs) -> Result<()> {
    let mut command = Cli::command();
    command.build();
    match &args.folder {
        None => print_text(&String::from_utf8_lossy(&page(command).map_err(cannot_write)?)),
        Some(folder) => write(command, folder).map_err(|cause| cannot_write(cause).at_path(folder.display())),
    }
}

fn write(command: Command, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for verb in command.get_subcommands().filter(|verb| verb.get_name() != "help") {
        let name = format!("reel-{}", verb.get_name());
        fs::write(folder.join(name + ".1"), page(verb.clone())?)?;
    }
    fs::write(folder.join("reel.1"), page(command)?)
}

fn page(command: Command) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    Man::new(command).render(&mut page)?;
    Ok(page)
}

fn cannot_write(cause: io::Error) -> Error {
    Error::io("can't write the manual", cause)
}
