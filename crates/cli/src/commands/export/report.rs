use reelwright::media::{MediaType, Result};
use reelwright::{Loss, Report};
use serde::Serialize;

use super::omission::OmissionRow;
use crate::answer::Answer;
use crate::destination::Destination;
use crate::failure;
use crate::progress::bytes;

#[derive(Serialize)]
struct ReportRow<'a> {
    output: String,
    container: &'static str,
    duration: f64,
    bytes: u64,
    elapsed: f64,
    tracks: Vec<TrackReportRow<'a>>,
    omissions: Vec<OmissionRow<'a>>,
    notes: &'a [String],
}

#[derive(Serialize)]
struct TrackReportRow<'a> {
    track: u32,
    output: Option<u32>,
    kind: String,
    source: &'a str,
    fate: &'a str,
    reason: String,
    encoder: Option<&'a str>,
    decoder: Option<&'a str>,
    read: u64,
    decoded: u64,
    written: u64,
    repeated: u64,
    left_out: u64,
    damaged: Option<LossRow<'a>>,
}

#[derive(Serialize)]
struct LossRow<'a> {
    samples: u64,
    left_out: u64,
    from: f64,
    cause: &'a str,
}

/// Prints what was done; what was lost is said on standard error, however quiet the rest is.
///
/// `remark` stands below it.
pub(in crate::commands) fn print_report(
    report: &Report,
    destination: &Destination,
    quiet: bool,
    answer: Answer,
    remark: Option<&str>,
) -> Result<()> {
    if answer.says_it_to_people() {
        report.omissions.iter().for_each(|omission| failure::warn(&omission.to_string()));
    }
    if answer.json {
        return answer.print_json(&ReportRow {
            output: destination.to_string(),
            container: report.file_type.name(),
            duration: report.duration.to_seconds_lossy(),
            bytes: report.bytes,
            elapsed: report.elapsed.as_secs_f64(),
            tracks: report.tracks.iter().map(track_row).collect(),
            omissions: report.omissions.iter().map(OmissionRow::new).collect(),
            notes: &report.notes,
        });
    }
    if quiet {
        return Ok(());
    }
    let mut text = format!(
        "{destination}: {}, {}, {} in {:.1} s\n",
        report.file_type.name(),
        report.duration,
        bytes(report.bytes),
        report.elapsed.as_secs_f64()
    );
    for track in &report.tracks {
        let encoder = track.encoder.as_ref().map(|encoder| format!(" with {encoder}")).unwrap_or_default();
        let counts = match track.counts.written {
            0 => String::new(),
            written if track.media == MediaType::Video => format!(", {written} frames"),
            _ => String::new(),
        };
        text += &format!(
            "  track {} {} {}: {}{encoder}{counts} ({})\n",
            track.source, track.media, track.summary, track.fate, track.reason
        );
    }
    for note in report.notes.iter().map(String::as_str).chain(remark) {
        text += &format!("  note: {note}\n");
    }
    answer.print(&text)
}

fn track_row(track: &reelwright::TrackReport) -> TrackReportRow<'_> {
    TrackReportRow {
        track: track.source,
        output: track.output,
        kind: track.media.name(),
        source: &track.summary,
        fate: track.fate,
        reason: track.reason.to_string(),
        encoder: track.encoder.as_deref(),
        decoder: track.decoder.as_deref(),
        read: track.counts.read,
        decoded: track.counts.decoded,
        written: track.counts.written,
        repeated: track.counts.repeated,
        left_out: track.counts.left_out,
        damaged: track.damaged.as_ref().map(loss_row),
    }
}

fn loss_row(loss: &Loss) -> LossRow<'_> {
    let Loss { samples, left_out, from, cause } = loss;
    LossRow { samples: *samples, left_out: *left_out, from: from.to_seconds_lossy(), cause }
}
