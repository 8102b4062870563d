//! The fragments behind one `moov`, in a file that may have several.

use std::sync::Arc;

use reelwright_media::{Rounding, Time, Timescale};

use crate::TrackExtends;

/// The fragments of one track behind one `moov`.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// What they call the track.
    pub(super) id: u32,
    pub(super) initial: Arc<Initial>,
    /// Ticks of their times.
    pub(super) timescale: Timescale,
    /// Ticks of the track's.
    pub(super) track: Timescale,
    /// Added to their times, in their ticks.
    pub(super) shift: i64,
    /// Added to their numbers of sample descriptions.
    pub(super) descriptions: u32,
}

/// What fragments take from the `moov` in front of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Initial {
    /// What fragments leave unsaid, of all tracks.
    pub(super) extends: Vec<TrackExtends>,
    /// Where the file began that the fragments were written into: zero but for files joined end to end.
    pub(super) base: u64,
}

impl Part {
    /// A time of the fragments in ticks of the track.
    pub(super) fn ticks(&self, ticks: i64) -> i64 {
        let ticks = ticks.saturating_add(self.shift);
        if self.is_plain() {
            return ticks;
        }
        Time::new(ticks, self.timescale).ticks_in(self.track, Rounding::Nearest).unwrap_or(i64::MAX)
    }

    /// A length of the fragments in ticks of the track.
    pub(super) fn length(&self, ticks: i64) -> i64 {
        if self.is_plain() {
            return ticks;
        }
        Time::new(ticks, self.timescale).ticks_in(self.track, Rounding::Nearest).unwrap_or(i64::MAX)
    }

    /// Whether its ticks are the track's.
    pub(super) fn is_plain(&self) -> bool {
        self.timescale == self.track
    }
}

/// How the times and descriptions of a fragment's samples are counted in the track they belong to.
#[derive(Clone, Debug, Default)]
pub(super) struct Counted(Option<Part>);

impl Counted {
    pub(super) const fn of(part: Part) -> Self {
        Self(Some(part))
    }

    /// A time in ticks of the track.
    pub(super) fn ticks(&self, ticks: i64) -> i64 {
        self.0.as_ref().map_or(ticks, |part| part.ticks(ticks))
    }

    /// The number of a sample description, from 1.
    pub(super) fn description(&self, number: u32) -> u32 {
        self.0.as_ref().map_or(number, |part| number.saturating_add(part.descriptions))
    }

    /// Whether equal lengths stay equal.
    pub(super) fn is_even(&self) -> bool {
        self.0.as_ref().is_none_or(Part::is_plain)
    }
}
