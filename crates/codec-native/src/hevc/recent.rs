//! The samples since the random access point before last, so that they can be decoded again.

use bytes::Bytes;
use reelwright_media::Time;

/// More compressed bytes aren't kept.
const MOST: usize = 32 << 20;

/// What is needed to decode a damaged stretch again, on one thread: a decoder that works on several pictures at a time
/// tells of damage late, when it is no longer clear which picture it concerns.
#[derive(Debug)]
pub(super) struct Recent<T> {
    samples: Vec<(Bytes, T)>,
    /// Where the last random access point is among them. Pictures that follow it may refer to those before it, so the
    /// stretch before is kept too.
    last: usize,
    bytes: usize,
    /// Whether the first sample is a random access point.
    whole: bool,
    /// Presentation times of what has been put out of them, and perhaps of older ones.
    shown: Vec<Time>,
}

/// A stretch that begins at a random access point.
pub(super) struct Kept<T> {
    /// Its samples in decode order.
    pub(super) samples: Vec<(Bytes, T)>,
    /// Presentation times of what has been put out of them.
    pub(super) shown: Vec<Time>,
}

impl<T> Recent<T> {
    /// Nothing kept yet.
    pub(super) const fn new() -> Self {
        Self { samples: Vec::new(), last: 0, bytes: 0, whole: false, shown: Vec::new() }
    }

    /// Keeps a sample; `starts` says that decoding can start at it.
    pub(super) fn keep(&mut self, sample: &Bytes, token: T, starts: bool) {
        if starts {
            let old = if self.whole { self.last } else { self.samples.len() };
            self.bytes -= self.samples.drain(..old).map(|(sample, _)| sample.len()).sum::<usize>();
            self.last = self.samples.len();
            self.whole = true;
            // No more pictures than samples are waiting.
            let old = self.shown.len().saturating_sub(self.samples.len() + 64);
            self.shown.drain(..old);
        }
        self.bytes += sample.len();
        self.samples.push((sample.clone(), token));
        if self.bytes > MOST {
            self.take();
        }
    }

    /// Notes that the picture shown at `time` has been put out.
    pub(super) fn note_shown(&mut self, time: Time) {
        if self.whole {
            self.shown.push(time);
        }
    }

    /// What is kept; `None` where it doesn't begin at a random access point.
    pub(super) fn take(&mut self) -> Option<Kept<T>> {
        let Self { samples, whole, shown, .. } = std::mem::replace(self, Self::new());
        whole.then_some(Kept { samples, shown })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_periods_are_kept() {
        let mut recent = Recent::new();
        recent.keep(&Bytes::from_static(b"lost"), 0, false);
        assert!(recent.take().is_none());
        for (number, starts) in [(1, true), (2, false), (3, true), (4, false), (5, true), (6, false)] {
            recent.keep(&Bytes::from_static(b"x"), number, starts);
            recent.note_shown(Time::from_secs(number));
        }
        let Kept { samples, shown } = recent.take().unwrap();
        assert_eq!(samples.iter().map(|(_, number)| *number).collect::<Vec<_>>(), [3, 4, 5, 6]);
        assert!(shown.contains(&Time::from_secs(6)));
    }
}
