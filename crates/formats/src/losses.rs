use std::ops::Range;

use reelwright_media::{Omission, Omitted, Time, TimeRange, Timescale};

/// What of a track's stream is left out on the way, in ticks of its table.
#[derive(Debug, Default)]
pub(crate) struct Losses(Vec<Loss>);

#[derive(Debug)]
struct Loss {
    what: Omitted,
    ticks: Range<i64>,
    reason: String,
}

impl Losses {
    /// A frame that would sound during `ticks`. All of one reason are one loss, from the first to the last.
    pub(crate) fn frame(&mut self, ticks: Range<i64>, reason: &str) {
        let same = |loss: &&mut Loss| loss.reason == reason && matches!(loss.what, Omitted::Samples(_));
        match self.0.iter_mut().find(same) {
            Some(Loss { what: Omitted::Samples(count), ticks: range, .. }) => {
                *count += 1;
                range.end = range.end.max(ticks.end);
            }
            _ => self.0.push(Loss { what: Omitted::Samples(1), ticks, reason: reason.to_owned() }),
        }
    }

    /// Bytes somewhere in `ticks` that are no frame, if there are any.
    pub(crate) fn bytes(&mut self, count: u64, ticks: Range<i64>) {
        if count > 0 {
            let reason = "they are no frame of sound that can be read".to_owned();
            self.0.push(Loss { what: Omitted::Bytes(count), ticks, reason });
        }
    }

    /// The table's ticks begin at `base` now.
    pub(crate) fn rebase(&mut self, base: i64) {
        for Loss { ticks, .. } in &mut self.0 {
            *ticks = ticks.start.saturating_sub(base).max(0)..ticks.end.saturating_sub(base).max(0);
        }
    }

    /// The same for others to know; `shift` leads from the media's time to the presentation's.
    pub(crate) fn omissions(self, track: u32, timescale: Timescale, shift: Time) -> Vec<Omission> {
        let time =
            |ticks: i64| Time::new(ticks, timescale).saturating_add(shift).max(Time::new(0, timescale));
        let omission = |loss: Loss| {
            let range = TimeRange::between(time(loss.ticks.start), time(loss.ticks.end));
            Omission::new(loss.what, Some(track), loss.reason).during(range)
        };
        self.0.into_iter().map(omission).collect()
    }
}

/// Bytes between frames, and where.
#[derive(Clone, Debug, Default)]
pub(crate) struct Junk {
    bytes: u64,
    around: Range<usize>,
}

impl Junk {
    /// So many bytes in front of frame number `frame`.
    pub(crate) fn add(&mut self, bytes: usize, frame: usize) {
        let first = if self.bytes == 0 { frame } else { self.around.start };
        self.around = first..frame;
        self.bytes += bytes as u64;
    }

    /// How many there are.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The numbers of the frames before which the first and the last of them stand.
    pub(crate) fn around(&self) -> Range<usize> {
        self.around.clone()
    }
}
