use std::io::Write;
use std::time::{Duration, Instant};

use reelwright::{ExportStatus, Progress};
use serde::Serialize;

/// How a record is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `key=value`, separated by spaces.
    Plain,
    /// A JSON object.
    Json,
}

/// Records for programs that follow an export, one a line: an interface, documented in `docs/command.md`.
pub(super) struct Lines {
    form: Form,
    started: Instant,
    written: Option<Instant>,
}

/// The time between two records.
const INTERVAL: Duration = Duration::from_millis(500);

#[derive(Serialize)]
struct Record {
    progress: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    fraction: f64,
    time: f64,
    frames: u64,
    bytes: u64,
    speed: f64,
    elapsed: f64,
    remaining: Option<f64>,
}

impl Lines {
    pub(super) fn new(form: Form) -> Self {
        Self { form, started: Instant::now(), written: None }
    }

    /// Writes a record if it is time to.
    pub(super) fn update(&mut self, progress: &Progress) {
        let now = Instant::now();
        if self.written.is_none_or(|written| now - written >= INTERVAL) {
            self.written = Some(now);
            self.write(&self.record(progress));
        }
    }

    /// Writes the last record.
    pub(super) fn end(&mut self, progress: &Progress, status: ExportStatus) {
        let (status, remaining) = match status {
            ExportStatus::Completed => ("done", Some(0.0)),
            ExportStatus::Cancelled => ("cancelled", None),
            _ => ("failed", None),
        };
        let last = self.record(progress);
        self.write(&Record { progress: "end", status: Some(status), remaining, ..last });
    }

    fn record(&self, progress: &Progress) -> Record {
        let round = |value: f64, unit: f64| (value * unit).round() / unit;
        let elapsed = self.started.elapsed().as_secs_f64();
        let time = progress.time.to_seconds_lossy();
        Record {
            progress: "continue",
            status: None,
            fraction: round(progress.fraction, 1e4),
            time: round(time, 1e6),
            frames: progress.frames,
            bytes: progress.bytes,
            speed: round(time / elapsed.max(0.001), 1e2),
            elapsed: round(elapsed, 1e3),
            remaining: progress.remaining.map(|left| round(left.as_secs_f64(), 1e1)),
        }
    }

    fn write(&self, record: &Record) {
        let line = match self.form {
            Form::Json => serde_json::to_string(record).unwrap_or_default(),
            Form::Plain => record.plain(),
        };
        // Whoever follows may go away; the export goes on.
        let _ = std::io::stderr().write_all((line + "\n").as_bytes());
    }
}

impl Record {
    fn plain(&self) -> String {
        let Self { progress, fraction, time, frames, bytes, speed, elapsed, .. } = self;
        let status = self.status.map(|status| format!(" status={status}")).unwrap_or_default();
        let remaining = self.remaining.map_or_else(|| "unknown".to_owned(), |left| format!("{left:.1}"));
        format!(
            "progress={progress}{status} fraction={fraction:.4} time={time:.6} frames={frames} bytes={bytes} \
             speed={speed:.2} elapsed={elapsed:.3} remaining={remaining}"
        )
    }
}
