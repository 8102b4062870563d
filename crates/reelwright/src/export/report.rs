use std::path::PathBuf;
use std::time::Duration;

use reelwright_media::{MediaType, Omission, Omitted, Time, TimeRange};

use super::{Plan, Reason};
use crate::{Damage, FileType};

/// What an export did, track by track.
#[derive(Clone, Debug)]
pub struct Report {
    /// Where the output is; `None` where its bytes went to a sink.
    pub output: Option<PathBuf>,
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
    /// Everything of the source that did not reach the output: what the plan said, and what turned out to be damaged. Nothing
    /// here was left out on request. Empty where nothing was lost.
    pub omissions: Vec<Omission>,
    /// What was wrong with the source and could be mended without losing anything, in plain sentences.
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
    /// Why, as the plan has it.
    pub reason: Reason,
    /// The encoder that was used.
    pub encoder: Option<String>,
    /// The decoder that was used.
    pub decoder: Option<String>,
    /// What was read, decoded and written.
    pub counts: Counts,
    /// Samples that couldn't be decoded: their pictures are left out, their sound is silence.
    pub damaged: Option<Loss>,
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
    /// What of the track turned out to be damaged.
    fn damage(&self) -> Option<Omission> {
        let Loss { samples, left_out, from, cause } = self.damaged.as_ref()?;
        let what = match (self.media, left_out) {
            (MediaType::Audio, _) => Omitted::Silence(*samples),
            (_, 0) => Omitted::Damage(*samples),
            (_, left_out) => Omitted::Samples(*left_out),
        };
        let damage = Omission::new(what, Some(self.source), cause.clone());
        Some(damage.during(TimeRange::new(*from, Time::ZERO)))
    }
}

/// What was lost by plan and by damage.
pub(super) fn omissions(plan: &Plan, tracks: &[TrackReport]) -> Vec<Omission> {
    plan.omissions().cloned().chain(tracks.iter().filter_map(TrackReport::damage)).collect()
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
