//! What a command answers, and where: standard output, unless that takes a movie.

use std::io::Write;

use reelwright::media::{Error, ErrorKind, Result};
use serde::Serialize;

/// How and where a command answers.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Answer {
    /// In JSON rather than in words.
    pub(crate) json: bool,
    /// On standard error, because standard output takes a movie.
    pub(crate) beside_movie: bool,
}

impl Answer {
    /// Whether people are spoken to on standard error: not where a program reads JSON there.
    pub(crate) fn says_it_to_people(self) -> bool {
        !(self.json && self.beside_movie)
    }

    /// Prints `value` as indented JSON.
    pub(crate) fn print_json(self, value: &impl Serialize) -> Result<()> {
        let text = serde_json::to_string_pretty(value)
            .map_err(|cause| Error::new(ErrorKind::Bug, "can't write JSON").caused_by(cause))?;
        self.print(&(text + "\n"))
    }

    /// Prints what went wrong as JSON.
    pub(crate) fn failure(self, failure: &impl Serialize) {
        // If this can't be printed either, the exit code still says it.
        let _ = self.print_json(&serde_json::json!({ "error": failure }));
    }

    /// Prints text; a reader that went away (`reel inspect | head`) is no failure.
    pub(crate) fn print(self, text: &str) -> Result<()> {
        let written = if self.beside_movie {
            anstream::stderr().write_all(text.as_bytes())
        } else {
            anstream::stdout().write_all(text.as_bytes())
        };
        match written {
            Err(cause) if cause.kind() != std::io::ErrorKind::BrokenPipe => {
                Err(Error::io("can't write the answer", cause))
            }
            _ => Ok(()),
        }
    }
}
