//! `reel`: export, remux, inspect and generate movies from the command line.
#![forbid(unsafe_code)]

mod answer;
mod args;
mod codecs;
mod commands;
mod destination;
mod failure;
mod hints;
mod progress;
mod selection;
mod source;
mod tags;
mod usage;
mod values;

use std::process::ExitCode;

use clap::Parser;

use crate::answer::Answer;
use crate::args::Cli;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    let command = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli.command,
        Err(error) => return usage::report(error, &arguments),
    };
    let answer = Answer { json: command.json(), beside_movie: command.fills_stdout() };
    match commands::run(&command, answer) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failure::report(&error, answer),
    }
}
