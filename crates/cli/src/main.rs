//! `reel`: export, remux, inspect and generate movies from the command line.
#![forbid(unsafe_code)]

mod args;
mod codecs;
mod commands;
mod failure;
mod hints;
mod progress;
mod values;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Cli, Command};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.command {
        Command::Export(args) => commands::export::run(&args),
        Command::Remux(args) => commands::remux::run(&args),
        Command::Inspect(args) => commands::inspect::run(&args),
        Command::Presets(args) => commands::presets::run(&args),
        Command::Encoders(args) => commands::encoders::run(&args),
        Command::Generate(args) => commands::generate::run(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failure::report(&error),
    }
}
