//! One file a verb.

mod completions;
mod encoders;
mod export;
mod generate;
mod inspect;
mod man;
mod presets;
mod remux;

use reelwright::media::{CancelToken, Error, Result};
use serde::Serialize;

use crate::answer::Answer;
use crate::args::Command;

/// Does what the command line asks for.
pub(crate) fn run(command: &Command, answer: Answer) -> Result<()> {
    match command {
        Command::Export(args) => export::run(args, answer),
        Command::Remux(args) => remux::run(args, answer),
        Command::Inspect(args) => inspect::run(args),
        Command::Presets(args) => presets::run(args),
        Command::Encoders(args) => encoders::run(args),
        Command::Generate(args) => generate::run(args, answer),
        Command::Completions(args) => completions::run(args),
        Command::Man(args) => man::run(args),
    }
}

/// Prints `value` as indented JSON on standard output.
fn print_json(value: &impl Serialize) -> Result<()> {
    Answer::default().print_json(value)
}

/// Writes to standard output.
fn print_text(text: &str) -> Result<()> {
    Answer::default().print(text)
}

/// Standard output for text that is too much to keep. It is told where it failed at the end.
#[derive(Default)]
struct TextOutput {
    buffer: String,
    failure: Option<Error>,
}

impl TextOutput {
    /// Bytes gathered before they are written.
    const BUFFER: usize = 64 << 10;

    fn flush(&mut self) {
        self.failure = self.failure.take().or(print_text(&self.buffer).err());
        self.buffer.clear();
    }

    /// Writes what is left.
    fn finish(mut self) -> Result<()> {
        self.flush();
        self.failure.map_or(Ok(()), Err)
    }
}

impl std::fmt::Write for TextOutput {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.buffer.push_str(text);
        if self.buffer.len() >= Self::BUFFER {
            self.flush();
        }
        if self.failure.is_some() { Err(std::fmt::Error) } else { Ok(()) }
    }
}

/// A token that Ctrl-C and SIGTERM raise.
fn cancel_on_interrupt() -> CancelToken {
    let token = CancelToken::new();
    let raised = token.clone();
    // Without a handler the process just ends, and an unfinished output has no name yet.
    let _ = ctrlc::set_handler(move || raised.cancel());
    token
}
