//! Errors as a person reads them: cause, place, next step; as JSON for programs; and the exit code.

use std::error::Error as _;
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use reelwright::media::{Error, ErrorKind, Stage};
use serde::Serialize;

use crate::answer::Answer;
use crate::hints::spelled;

const RED: Style = Style::new().bold().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Red)));
const YELLOW: Style = Style::new().bold().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Yellow)));
const CYAN: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Cyan)));

/// The exit code of a command line that asks for what makes no sense.
pub(crate) const BAD_COMMAND_LINE: u8 = 2;
const FAILED: u8 = 1;
const CANCELLED: u8 = 130;

/// A failure as JSON: an interface, documented in `docs/command.md`.
#[derive(Serialize)]
struct FailureRow {
    kind: &'static str,
    stage: Option<&'static str>,
    path: Option<String>,
    track: Option<u32>,
    sample: Option<u64>,
    time: Option<f64>,
    byte: Option<u64>,
    box_path: Option<String>,
    message: String,
    cause: Option<String>,
    hint: Option<String>,
    exit_code: u8,
}

/// Prints the error and chooses the exit code: 130 when cancelled, 2 where what was asked for is wrong, else 1.
pub(crate) fn report(error: &Error, answer: Answer) -> ExitCode {
    let code = exit_code(error);
    let hint = error.hint().map(spelled).or_else(|| general_hint(error.kind()).map(str::to_owned));
    if answer.says_it_to_people() {
        print(error, code, hint.as_deref());
    }
    if answer.json {
        let place = error.place().clone();
        answer.failure(&FailureRow {
            kind: error.kind().name(),
            stage: place.stage.map(Stage::name),
            path: place.path,
            track: place.track,
            sample: place.sample,
            time: place.time.map(|time| time.to_seconds_lossy()),
            byte: place.offset,
            box_path: place.box_path,
            message: error.message().to_owned(),
            cause: error.source().map(ToString::to_string),
            hint,
            exit_code: code,
        });
    }
    ExitCode::from(code)
}

/// Prints what is wrong with the command line, as clap words it.
pub(crate) fn report_usage(message: &str, hint: Option<String>, answer: Answer) {
    answer.failure(&FailureRow {
        kind: ErrorKind::Misuse.name(),
        stage: None,
        path: None,
        track: None,
        sample: None,
        time: None,
        byte: None,
        box_path: None,
        message: message.to_owned(),
        cause: None,
        hint,
        exit_code: BAD_COMMAND_LINE,
    });
}

/// Misuse is the caller's where it shows before anything is read; later it is what a bad file leads to.
fn exit_code(error: &Error) -> u8 {
    match (error.kind(), error.place().stage) {
        (ErrorKind::Cancelled, _) => CANCELLED,
        (ErrorKind::Misuse, None | Some(Stage::Plan)) => BAD_COMMAND_LINE,
        _ => FAILED,
    }
}

fn print(error: &Error, code: u8, hint: Option<&str>) {
    if code == CANCELLED {
        anstream::eprintln!("cancelled; nothing was left behind");
        return;
    }
    let text = error.to_string();
    // What clap would have refused, had it known the files: said in its way.
    let prefix = format!("{}: ", ErrorKind::Misuse.name());
    let text = text.strip_prefix(&prefix).unwrap_or(&text);
    anstream::eprintln!("{RED}error{RED:#}: {text}");
    if let Some(hint) = hint {
        anstream::eprintln!("{CYAN}  try{CYAN:#}: {hint}");
    }
}

/// Prints what went wrong without stopping anything.
pub(crate) fn warn(warning: &str) {
    anstream::eprintln!("{YELLOW}warning{YELLOW:#}: {warning}");
}

/// The next step where the error itself knows none.
fn general_hint(kind: ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::Exists => {
            "choose another name, or add --overwrite to replace it once the new file is complete"
        }
        ErrorKind::NoSpace => "free some space, or write to another disk; nothing was left behind",
        ErrorKind::Truncated => "the file was cut short: copy it again from where it came from",
        ErrorKind::Malformed => "`reel inspect FILE --boxes` shows how far the file can be read",
        ErrorKind::NoCodec => "`reel encoders` lists what this build can write",
        ErrorKind::Bug => "please report this, with the command and the file if you can share it",
        _ => return None,
    })
}
