//! Errors as a person reads them: cause, place, next step; and the exit code.

use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use reelwright::media::{Error, ErrorKind};

use crate::hints::spelled;

const RED: Style = Style::new().bold().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Red)));
const YELLOW: Style = Style::new().bold().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Yellow)));
const CYAN: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Cyan)));

/// Prints the error and chooses the exit code: 130 when cancelled, 2 where what was asked for is wrong, else 1.
pub(crate) fn report(error: &Error) -> ExitCode {
    if error.kind() == ErrorKind::Cancelled {
        anstream::eprintln!("cancelled; nothing was left behind");
        return ExitCode::from(130);
    }
    let asked_wrong = error.kind() == ErrorKind::Misuse;
    let text = error.to_string();
    // What clap would have refused, had it known the files: said in its way.
    let prefix = format!("{}: ", ErrorKind::Misuse.name());
    let text = text.strip_prefix(&prefix).filter(|_| asked_wrong).unwrap_or(&text);
    anstream::eprintln!("{RED}error{RED:#}: {text}");
    let hint = error.hint().map(spelled).or_else(|| general_hint(error.kind()).map(str::to_owned));
    if let Some(hint) = hint {
        anstream::eprintln!("{CYAN}  try{CYAN:#}: {hint}");
    }
    if asked_wrong { ExitCode::from(2) } else { ExitCode::FAILURE }
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
