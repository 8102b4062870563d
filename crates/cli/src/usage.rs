//! What is wrong with a command line, as clap finds it.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory};

use crate::answer::Answer;
use crate::args::Cli;
use crate::destination::is_stdout;
use crate::failure::{self, BAD_COMMAND_LINE};

/// Prints help where it was asked for, else what is wrong: as JSON too, if the arguments ask for that.
pub(crate) fn report(mut error: clap::Error, arguments: &[OsString]) -> ExitCode {
    let asked = !error.use_stderr();
    if !asked {
        explain_hyphen(&mut error, arguments);
    }
    let answer = Answer {
        json: !asked && arguments.iter().any(|argument| argument == "--json"),
        beside_movie: arguments.iter().skip(1).any(|argument| is_stdout(Path::new(argument))),
    };
    if answer.says_it_to_people() {
        // Nothing is left to say it on if this fails.
        let _ = error.print();
    }
    if answer.json {
        let text = error.render().to_string();
        let (message, hint) = parts(&text);
        failure::report_usage(&message, hint, answer);
    }
    if asked { ExitCode::SUCCESS } else { ExitCode::from(BAD_COMMAND_LINE) }
}

/// The message without its heading, and the tip below it.
fn parts(text: &str) -> (String, Option<String>) {
    let text = text.strip_prefix("error: ").unwrap_or(text);
    let message: Vec<_> = text.split("\n\n").next().unwrap_or_default().lines().map(str::trim).collect();
    let tips: Vec<_> = text.lines().filter_map(|line| line.trim().strip_prefix("tip: ")).collect();
    (message.join(" "), (!tips.is_empty()).then(|| tips.join("; ")))
}

/// A value that begins with a hyphen looks like a flag. Clap's tip is to put it behind `--`, which would make a file of it:
/// it belongs to the option before.
fn explain_hyphen(error: &mut clap::Error, arguments: &[OsString]) {
    if error.kind() != ErrorKind::UnknownArgument && error.kind() != ErrorKind::InvalidValue {
        return;
    }
    let cli = Cli::command();
    let verb = arguments.iter().skip(1).find_map(|argument| cli.find_subcommand(argument));
    let Some(verb) = verb else { return };
    let Some((option, value)) = arguments.windows(2).find_map(|pair| hyphenated(verb, pair)) else { return };
    let shown = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(shown)) => shown.clone(),
        _ => return,
    };
    // Of flags run together clap shows the first.
    let concerned = value.starts_with(shown.as_str()) || shown.starts_with(&option);
    if !concerned {
        return;
    }
    let tip = format!("to give '{value}' to {option}, write '{option}={value}'");
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
}

/// An option that takes a value, and a value that looks like a flag but is none.
fn hyphenated(verb: &Command, pair: &[OsString]) -> Option<(String, String)> {
    let [option, value] = pair else { return None };
    let (option, value) = (option.to_str()?, value.to_str()?);
    let named = |name: &str| {
        verb.get_arguments().find(|arg| {
            name.strip_prefix("--").is_some_and(|long| arg.get_long() == Some(long))
                || name
                    .strip_prefix('-')
                    .is_some_and(|short| arg.get_short().is_some_and(|letter| short.chars().eq([letter])))
        })
    };
    let takes_value = named(option)?.get_action().takes_values();
    let is_flag = named(value.split('=').next().unwrap_or(value)).is_some();
    (takes_value && value.starts_with('-') && !is_flag).then(|| (option.to_owned(), value.to_owned()))
}
