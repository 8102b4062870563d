//! What `reel inspect` and planning want to know of a movie, worked out from its tracks.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use reelwright_media::{
    Edit, EditTimeline, Error, Matrix, Movie, Ratio, Result, Rounding, Size, Time, Timescale, Track,
    VideoFormat,
};

use crate::Asset;

/// Facts of a track that take a walk over its samples.
#[derive(Clone, Debug)]
pub struct TrackFacts {
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

impl TrackFacts {
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

/// Where media time `time` (or what the first edit shows in its stead) is presented.
pub(crate) fn presented(movie: &Movie, track: &Track, time: Time) -> Time {
    let everything = EditTimeline::everything(movie.timescale);
    match EditTimeline::of(track, movie.timescale).spans(everything).first() {
        Some(span) if track.edits.iter().any(|edit| edit.media_time.is_some()) => {
            span.shown_at(time.max(span.media_start))
        }
        _ => time,
    }
}

/// The picture as displayed: clean aperture, pixel aspect and the matrix's stretch applied, then turned.
pub fn display_size(track: &Track) -> Option<Size> {
    let square = square_size(track.formats.first()?.as_video()?, &track.matrix);
    let quarter = track.matrix.orientation().is_some_and(|(rotation, _)| rotation.is_quarter());
    Some(if quarter { square.turned() } else { square })
}

/// The picture with square pixels, clean aperture and the matrix's stretch applied: what the output has to show.
pub(crate) fn square_size(format: &VideoFormat, matrix: &Matrix) -> Size {
    let seen = match format.clean_aperture.and_then(|aperture| aperture.rect(format.size)) {
        Some((_, _, width, height)) => Size::new(width, height),
        None => format.size,
    };
    let aspect = format.pixel_aspect.unwrap_or(Ratio::ONE);
    let width = (u64::from(seen.width) * u64::from(aspect.num) + u64::from(aspect.den) / 2)
        / u64::from(aspect.den.max(1));
    let width = (width as f64 * stretch(matrix)).round().min(f64::from(u32::MAX)) as u32;
    Size::new(width.clamp(1, 16_384), seen.height.max(1))
}

/// How much wider than high a matrix makes a square. 1 for all but a few old files, which state their pixels' shape so.
pub(crate) fn stretch(matrix: &Matrix) -> f64 {
    let length = |x: i32, y: i32| f64::from(x).hypot(f64::from(y));
    let [a, b, _, c, d, ..] = matrix.0;
    let stretch = length(a, b) / length(c, d);
    // Rotations by a few degrees are rounded; beyond 16 is nobody's pixel.
    if (stretch - 1.0).abs() > 0.01 && (1.0 / 16.0..=16.0).contains(&stretch) { stretch } else { 1.0 }
}

/// Frames per second on average: samples over media time.
pub fn average_frame_rate(track: &Track, samples: u64) -> Option<Ratio> {
    let ticks = track.media_duration.value();
    let (num, den) =
        (u128::from(samples) * u128::from(track.media_duration.scale().ticks()), u128::try_from(ticks).ok()?);
    if num == 0 || den == 0 {
        return None;
    }
    let divisor = gcd(num, den);
    let (mut num, mut den) = (num / divisor, den / divisor);
    while num > u128::from(u32::MAX) || den > u128::from(u32::MAX) {
        (num, den) = (num >> 1, den >> 1);
    }
    Ratio::new(u32::try_from(num).ok()?, u32::try_from(den).ok()?)
}

/// Whether the edit list does no more than hide priming or delay the start.
pub(crate) fn is_simple(edits: &[Edit]) -> bool {
    edits.iter().filter(|edit| edit.media_time.is_some()).count() <= 1
        && edits.iter().all(|edit| edit.media_time.is_none() || edit.rate == Edit::NORMAL_RATE)
}

const fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
