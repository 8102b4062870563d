use std::ops::Range;

use bytes::Bytes;
use reelwright_media::{Ratio, Time, Timescale, VideoFrame};

/// Turns any timing into a constant rate: each tick shows the last frame that has begun by then, so some frames are
/// repeated and some never shown.
pub(super) struct Pacer {
    rate: Ratio,
    held: Option<(i64, VideoFrame)>,
    end: Time,
    settled: bool,
}

/// A frame and the ticks that show it; never none.
pub(super) struct Paced {
    frame: VideoFrame,
    ticks: Range<i64>,
    rate: Ratio,
}

impl Pacer {
    pub(super) fn new(rate: Ratio) -> Self {
        Self { rate, held: None, end: Time::ZERO, settled: false }
    }

    /// Takes the next frame; the one before, if any tick shows it, now has its ticks.
    pub(super) fn push(&mut self, mut frame: VideoFrame) -> Option<Paced> {
        let tick = self.tick(frame.pts);
        if let Some((_, held)) = self.held.as_mut().filter(|(held, _)| *held >= tick) {
            // It is never shown, but what was said is said.
            let unsaid = held.pixels.closed_captions.take();
            frame.pixels.closed_captions = joined(unsaid, frame.pixels.closed_captions);
        }
        self.end = frame.pts.saturating_add(frame.duration.unwrap_or_else(|| step(self.rate, 1)));
        let settled = self.settle(tick);
        self.held = Some((tick, frame));
        settled
    }

    /// The last frame and the ticks it covers.
    pub(super) fn finish(&mut self) -> Option<Paced> {
        let (tick, _) = self.held.as_ref()?;
        // Even the shortest movie has a frame.
        let end = self.tick(self.end).max(if self.settled { *tick } else { tick.saturating_add(1) });
        self.settle(end)
    }

    fn settle(&mut self, until: i64) -> Option<Paced> {
        let (tick, frame) = self.held.take().filter(|(tick, _)| *tick < until)?;
        self.settled = true;
        Some(Paced { frame, ticks: tick..until, rate: self.rate })
    }

    /// The first tick at or after `time`; one up to a quarter of a tick before it counts too, since recorders' clocks
    /// jitter.
    fn tick(&self, time: Time) -> i64 {
        let denominator = i128::from(time.scale().ticks()) * i128::from(self.rate.den);
        let quarters = i128::from(time.value()) * i128::from(self.rate.num) * 4 - denominator;
        let tick = -(-quarters).div_euclid(denominator * 4);
        i64::try_from(tick).unwrap_or(if tick < 0 { i64::MIN } else { i64::MAX })
    }
}

impl Paced {
    /// How many ticks beyond the first show it.
    pub(super) fn repeated(&self) -> u64 {
        u64::try_from(self.ticks.end.saturating_sub(self.ticks.start).saturating_sub(1)).unwrap_or(0)
    }

    /// The frame, made what `make` makes of it, once for every tick.
    pub(super) fn frames<E>(
        self,
        make: impl FnOnce(VideoFrame) -> Result<VideoFrame, E>,
    ) -> Result<impl Iterator<Item = VideoFrame>, E> {
        let Self { frame, ticks, rate } = self;
        let mut frame = make(frame)?;
        let mut captions = frame.pixels.closed_captions.take();
        Ok(ticks.map(move |tick| {
            let (pts, duration) = (step(rate, tick), Some(step(rate, 1)));
            let mut frame = VideoFrame { pts, duration, ..frame.clone() };
            // However often it is shown, what goes with it is said once.
            frame.pixels.closed_captions = captions.take();
            frame
        }))
    }
}

fn joined(first: Option<Bytes>, second: Option<Bytes>) -> Option<Bytes> {
    match (first, second) {
        (Some(first), Some(second)) => Some([first, second].concat().into()),
        (first, second) => first.or(second),
    }
}

fn step(rate: Ratio, ticks: i64) -> Time {
    Time::new(ticks.saturating_mul(i64::from(rate.den)), Timescale::or_one(rate.num))
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use reelwright_media::{PixelBuffer, PixelFormat, Size};

    use super::*;

    fn run(rate: Ratio, frames: &[(i64, u32)]) -> (Vec<(i64, u32)>, u64) {
        let pixels = PixelBuffer::zeroed(PixelFormat::YUV420, Size::new(16, 16));
        let mut pacer = Pacer::new(rate);
        let (mut out, mut repeated) = (Vec::new(), 0);
        let mut take = |paced: Option<Paced>| {
            let Some(paced) = paced else { return };
            repeated += paced.repeated();
            let Ok(frames) = paced.frames(Ok::<_, Infallible>);
            out.extend(frames.map(|frame| (frame.pts.value(), frame.pts.scale().ticks())));
        };
        for (index, (value, scale)) in frames.iter().enumerate() {
            let pts = Time::from_ratio(*value, *scale).unwrap();
            let duration = frames
                .get(index + 1)
                .map(|next| Time::from_ratio(next.0, next.1).unwrap().saturating_sub(pts));
            let duration = duration.or(Time::from_ratio(1, 30));
            take(pacer.push(VideoFrame { pixels: pixels.clone(), pts, duration }));
        }
        take(pacer.finish());
        (out, repeated)
    }

    #[test]
    fn halving_and_doubling() {
        let thirty: Vec<_> = (0..6).map(|index| (index, 30)).collect();
        let (out, repeated) = run(Ratio::new(15, 1).unwrap(), &thirty);
        assert_eq!((out.len(), repeated), (3, 0));
        let (out, repeated) = run(Ratio::new(60, 1).unwrap(), &thirty);
        assert_eq!((out.len(), repeated), (12, 6));
        assert_eq!(out[11], (11, 60));
    }

    #[test]
    fn times_beyond_all_counting_are_counted_as_far_as_it_goes() {
        let pixels = PixelBuffer::zeroed(PixelFormat::YUV420, Size::new(16, 16));
        let mut pacer = Pacer::new(Ratio::new(240, 1).unwrap());
        let frame =
            |value| VideoFrame { pixels: pixels.clone(), pts: Time::from_secs(value), duration: None };
        assert!(pacer.push(frame(i64::MIN / 2)).is_none());
        assert!(pacer.push(frame(i64::MAX / 2)).is_some_and(|paced| paced.repeated() > 1 << 40));
        let _ = pacer.finish();
    }

    #[test]
    fn ntsc_steps_are_exact() {
        let (out, ..) = run(
            Ratio::new(30_000, 1001).unwrap(),
            &(0..30).map(|index| (index * 1001, 30_000)).collect::<Vec<_>>(),
        );
        assert_eq!(out.len(), 30);
        assert_eq!(out[29], (29 * 1001, 30_000));
    }
}
