//! One file a verb.

pub(crate) mod encoders;
pub(crate) mod export;
pub(crate) mod generate;
pub(crate) mod inspect;
pub(crate) mod presets;
pub(crate) mod remux;

use std::io::Write;

use reelwright::media::{CancelToken, Error, Result};
use serde::Serialize;

/// Prints `value` as indented JSON on standard output.
fn print_json(value: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(value).map_err(|cause| {
        Error::new(reelwright::media::ErrorKind::Bug, "can't write JSON").caused_by(cause)
    })?;
    print_text(&(text + "\n"))
}

/// Writes to standard output; a reader that went away (`reel inspect | head`) is no failure.
fn print_text(text: &str) -> Result<()> {
    match anstream::stdout().write_all(text.as_bytes()) {
        Err(cause) if cause.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Error::io("can't write to standard output", cause))
        }
        _ => Ok(()),
    }
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
