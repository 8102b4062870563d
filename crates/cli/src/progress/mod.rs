//! How far an export is: a bar for people, lines for programs, on standard error.

mod lines;

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use reelwright::media::Result;
use reelwright::{ExportHandle, ExportState, Progress, Report};

use crate::args::ProgressArg;
use lines::{Form, Lines};

/// Waits for the end of an export, and shows how far it is.
pub(crate) fn follow(handle: ExportHandle, how: ProgressArg, quiet: bool) -> Result<Report> {
    let mut shown = match how {
        ProgressArg::Off => None,
        ProgressArg::Auto => {
            let bar = !quiet && std::io::stderr().is_terminal();
            bar.then(|| Shown::Bar(ProgressLine::new()))
        }
        ProgressArg::Plain => Some(Shown::Lines(Lines::new(Form::Plain))),
        ProgressArg::Json => Some(Shown::Lines(Lines::new(Form::Json))),
    };
    for state in handle.states(Some(INTERVAL)) {
        if let (ExportState::Exporting(progress), Some(shown)) = (state, &mut shown) {
            match shown {
                Shown::Bar(bar) => bar.update(&progress),
                Shown::Lines(lines) => lines.update(&progress),
            }
        }
    }
    match &mut shown {
        Some(Shown::Bar(bar)) => bar.finish(),
        Some(Shown::Lines(lines)) => lines.end(&handle.progress(), handle.status()),
        None => {}
    }
    handle.wait()
}

enum Shown {
    Bar(ProgressLine),
    Lines(Lines),
}

/// Draws progress on standard error at most ten times a second.
struct ProgressLine {
    started: Instant,
    drawn: Option<Instant>,
    width: usize,
}

const INTERVAL: Duration = Duration::from_millis(100);
const BAR: usize = 24;

impl ProgressLine {
    fn new() -> Self {
        Self { started: Instant::now(), drawn: None, width: 0 }
    }

    /// Draws `progress` if it is time to.
    fn update(&mut self, progress: &Progress) {
        let now = Instant::now();
        if self.drawn.is_some_and(|drawn| now - drawn < INTERVAL) {
            return;
        }
        self.drawn = Some(now);
        self.draw(&line(progress, self.started.elapsed()));
    }

    /// Wipes the line.
    fn finish(&mut self) {
        if self.drawn.is_some() {
            self.draw("");
            let _ = std::io::stderr().write_all(b"\r");
        }
    }

    fn draw(&mut self, text: &str) {
        let padding = self.width.saturating_sub(text.chars().count());
        // A terminal that went away must not stop an export.
        let _ = write!(std::io::stderr(), "\r{text}{:padding$}", "");
        let _ = std::io::stderr().flush();
        self.width = text.chars().count();
    }
}

fn line(progress: &Progress, elapsed: Duration) -> String {
    let filled = (progress.fraction.clamp(0.0, 1.0) * BAR as f64) as usize;
    let seconds = elapsed.as_secs_f64().max(0.001);
    let rate = progress.frames as f64 / seconds;
    let speed = progress.time.to_seconds_lossy() / seconds;
    let eta = progress.remaining.map_or_else(|| "--:--".to_owned(), |left| clock(left.as_secs_f64()));
    format!(
        "[{}{}] {:3.0}%  {rate:.0} fps  {speed:.1}x  {}  {eta} left",
        "=".repeat(filled),
        " ".repeat(BAR - filled),
        progress.fraction * 100.0,
        bytes(progress.bytes)
    )
}

fn clock(seconds: f64) -> String {
    let seconds = seconds.round() as u64;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// Bytes as people say them, in decimal units.
pub(crate) fn bytes(count: u64) -> String {
    match count {
        0..1_000 => format!("{count} B"),
        1_000..1_000_000 => format!("{:.1} kB", count as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", count as f64 / 1e6),
        _ => format!("{:.2} GB", count as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_readable() {
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(1_500), "1.5 kB");
        assert_eq!(bytes(1_700_000_000), "1.70 GB");
    }
}
