use std::path::PathBuf;
use std::time::Duration;

use reelwright_media::{MediaType, Time};

use crate::{Damage, FileType};

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
    /// What was lost because the input is damaged, in plain sentences; each is also in its track's report.
    pub warnings: Vec<String>,
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
    /// Samples that couldn't be decoded: their pictures are left out, their sound is silence.
    pub damaged: Option<Loss>,
    /// Samples that the input's index lists but the input doesn't hold.
    pub missing: Option<Loss>,
}

/// Part of a track that is lost although the rest isn't.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// Samples concerned.
    pub samples: u64,
    /// Pictures that the output has fewer for it; a decoder may show a damaged picture all the same.
    pub left_out: u64,
    /// When the first of them would be seen or heard, on the output's timeline.
    pub from: Time,
    /// Why.
    pub cause: String,
}

impl Loss {
    /// What a reader couldn't decode; `left_out` pictures are missing for it.
    pub(super) fn of(damage: &Damage, left_out: u64) -> Self {
        let Damage { samples, from, cause } = damage;
        // The decoder may tell of the first of several at once; every picture that is missing was damaged.
        Self { samples: (*samples).max(left_out), left_out, from: *from, cause: cause.message().to_owned() }
    }

    /// Pictures that refer to some before the first: a recording that was joined while it ran.
    pub(super) fn of_orphans(count: u64, from: Time) -> Self {
        let cause = "they refer to pictures before the first".to_owned();
        Self { samples: count, left_out: count, from, cause }
    }
}

impl TrackReport {
    /// What was lost of the track, in plain sentences.
    pub(super) fn losses(&self) -> impl Iterator<Item = String> {
        let track = self.source;
        let damaged = self.damaged.as_ref().map(|loss| {
            let outcome = match (self.media, loss.left_out) {
                (MediaType::Audio, _) => "don't decode and are silent".to_owned(),
                (_, 0) => "show damage".to_owned(),
                (_, left_out) => format!("don't decode, {left_out} pictures are left out"),
            };
            let Loss { samples, from, cause, .. } = loss;
            format!("track {track}: {samples} samples {outcome}, the first at {from}: {cause}")
        });
        let missing = self.missing.as_ref().map(|loss| {
            let Loss { samples, from, cause, .. } = loss;
            format!("track {track}: {samples} samples are missing, the first at {from}: {cause}")
        });
        damaged.into_iter().chain(missing)
    }
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
