//! What only a walk over a track's samples tells.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use reelwright_media::{Error, Ratio, Result, Rounding, Time, Timescale, Track};

use crate::Asset;
use crate::presentation::presented;

/// Facts of a track that take a walk over its samples.
#[derive(Clone, Debug)]
pub struct TrackStatistics {
    /// Samples as the index counts them; for LPCM usually frames.
    pub samples: u64,
    /// Bytes of all samples.
    pub bytes: u64,
    /// Samples decoding can start at; equals `samples` where all are.
    pub sync_samples: u64,
    /// The earliest presentation time on the movie's timeline, edits applied; `None` without samples.
    pub first_time: Option<Time>,
    /// The shortest and the longest distance between pictures in presentation order, in track ticks.
    pub frame_durations: Option<(i64, i64)>,
    /// The distance most pictures have, as a rate; `None` for tracks that aren't video.
    pub real_frame_rate: Option<Ratio>,
    /// Where the walk ended before the last sample and why; counts are then those of the index, times those of the
    /// samples before.
    pub damage: Option<Error>,
}

impl TrackStatistics {
    /// Walks the samples of `track`.
    ///
    /// Sample data is not touched. An index that points outside the file ends the walk, and is noted.
    ///
    /// # Errors
    ///
    /// [`reelwright_media::ErrorKind::Misuse`] where the track isn't one of `asset`.
    pub fn measure(asset: &Asset, track: &Track) -> Result<Self> {
        let mut cursor = asset.cursor(track.id)?;
        let (mut samples, mut bytes, mut sync_samples) = (0u64, 0u64, 0u64);
        let video = track.formats.first().is_some_and(|format| format.as_video().is_some());
        let mut distances = Distances::default();
        let mut first: Option<Time> = None;
        let mut damage = None;
        while let Some(sample) = cursor.next_sample().unwrap_or_else(|error| {
            damage = Some(error);
            None
        }) {
            samples += 1;
            bytes += sample.payload.len();
            sync_samples += u64::from(sample.flags.sync);
            first = Some(first.map_or(sample.pts, |first| first.min(sample.pts)));
            if video {
                distances.take(sample.pts.ticks_in(track.timescale, Rounding::Nearest).unwrap_or(0));
            }
        }
        distances.close();
        // Sound whose index counts PCM frames is walked in runs of many.
        let counted = track.sample_count.unwrap_or(samples);
        let sync_samples = if sync_samples == samples { counted } else { sync_samples };
        if damage.is_some() || asset.demuxer().missing(track.id).is_some() {
            bytes = track.byte_count.unwrap_or(bytes);
        }
        Ok(Self {
            samples: counted,
            bytes,
            sync_samples,
            first_time: first.map(|first| presented(asset.movie(), track, first)),
            frame_durations: distances.range,
            real_frame_rate: distances.most_common().and_then(|ticks| rate_of(ticks, track.timescale)),
            damage,
        })
    }
}

/// Distances between neighbours in presentation order, counted as the pictures come in decode order.
#[derive(Default)]
struct Distances {
    /// Times that a picture still to come may lie before.
    waiting: BinaryHeap<Reverse<i64>>,
    last: Option<i64>,
    counts: BTreeMap<i64, u64>,
    /// The shortest and the longest.
    range: Option<(i64, i64)>,
}

impl Distances {
    /// No picture is decoded more pictures before it is shown than this; codecs allow 16.
    const REORDERED: usize = 256;
    /// Different distances that are counted.
    const MOST: usize = 1 << 14;

    fn take(&mut self, time: i64) {
        self.waiting.push(Reverse(time));
        if self.waiting.len() > Self::REORDERED {
            self.settle();
        }
    }

    fn close(&mut self) {
        while !self.waiting.is_empty() {
            self.settle();
        }
    }

    fn settle(&mut self) {
        let Some(Reverse(time)) = self.waiting.pop() else { return };
        let last = self.last.replace(self.last.map_or(time, |last| last.max(time)));
        let Some(ticks) = last.map(|last| time.saturating_sub(last)).filter(|ticks| *ticks > 0) else {
            return;
        };
        let (low, high) = self.range.unwrap_or((ticks, ticks));
        self.range = Some((low.min(ticks), high.max(ticks)));
        if self.counts.len() < Self::MOST || self.counts.contains_key(&ticks) {
            *self.counts.entry(ticks).or_default() += 1;
        }
    }

    fn most_common(&self) -> Option<i64> {
        self.counts.iter().max_by_key(|(_, count)| **count).map(|(ticks, _)| *ticks)
    }
}

fn rate_of(ticks: i64, scale: Timescale) -> Option<Ratio> {
    Ratio::new(scale.ticks(), u32::try_from(ticks).ok()?)
}
