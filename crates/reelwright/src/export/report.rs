use std::path::PathBuf;
use std::time::Duration;

use reelwright_media::{MediaType, Time};

use crate::FileType;

/// What an export did, track by track.
#[derive(Clone, Debug)]
pub struct Report {
    /// Where the output is.
    pub output: PathBuf,
    /// Its container.
    pub file_type: FileType,
    /// Its length.
    pub duration: Time,
    /// Its size in bytes.
    pub bytes: u64,
    /// How long it took.
    pub elapsed: Duration,
    /// One entry per source track, in the plan's order.
    pub tracks: Vec<TrackReport>,
    /// What could not be carried over and why, in plain sentences; empty when nothing was lost.
    pub notes: Vec<String>,
}

/// What became of one source track.
#[derive(Clone, Debug)]
pub struct TrackReport {
    /// The track's ID in the source.
    pub source: u32,
    /// The track's ID in the output, where there is one.
    pub output: Option<u32>,
    /// What it carries.
    pub media: MediaType,
    /// The source track in a few words.
    pub summary: String,
    /// What was done, in one word: `copy`, `encode`, `mix`, `drop`.
    pub fate: &'static str,
    /// Why.
    pub reason: String,
    /// The encoder that was used.
    pub encoder: Option<String>,
    /// The decoder that was used.
    pub decoder: Option<String>,
    /// What was read, decoded and written.
    pub counts: Counts,
}

/// Samples on their way through an export.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Samples read from the source.
    pub read: u64,
    /// Pictures, or frames of sound, that came out of the decoder.
    pub decoded: u64,
    /// Pictures, frames of sound or (copied) samples handed to the writer.
    pub written: u64,
    /// Pictures repeated to reach a constant rate.
    pub repeated: u64,
    /// Pictures left out: outside the edits and the range, or to reach a constant rate.
    pub left_out: u64,
}
