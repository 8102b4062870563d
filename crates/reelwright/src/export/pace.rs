use reelwright_media::{Ratio, Time, Timescale, VideoFrame};

/// Turns any timing into a constant rate: each tick shows the last frame that has begun by then, so some frames are
/// repeated and some never shown.
pub(super) struct Pacer {
    rate: Ratio,
    held: Option<(i64, VideoFrame)>,
    end: Time,
    settled: bool,
    pub(super) repeated: u64,
}

impl Pacer {
    pub(super) fn new(rate: Ratio) -> Self {
        Self { rate, held: None, end: Time::ZERO, settled: false, repeated: 0 }
    }

    /// Takes the next frame; `out` is called for every tick that is settled by it.
    pub(super) fn push<E>(
        &mut self,
        frame: VideoFrame,
        out: impl FnMut(VideoFrame) -> Result<(), E>,
    ) -> Result<(), E> {
        let tick = self.tick(frame.pts);
        self.end = frame.pts.saturating_add(frame.duration.unwrap_or_else(|| self.step(1)));
        let result = self.settle(tick, out);
        self.held = Some((tick, frame));
        result
    }

    /// Puts out the ticks the last frame covers.
    pub(super) fn finish<E>(&mut self, out: impl FnMut(VideoFrame) -> Result<(), E>) -> Result<(), E> {
        let Some((tick, _)) = &self.held else { return Ok(()) };
        // Even the shortest movie has a frame.
        let end = self.tick(self.end).max(if self.settled { *tick } else { tick + 1 });
        self.settle(end, out)
    }

    fn settle<E>(&mut self, until: i64, mut out: impl FnMut(VideoFrame) -> Result<(), E>) -> Result<(), E> {
        let Some((tick, frame)) = self.held.take() else { return Ok(()) };
        if until <= tick {
            return Ok(());
        }
        self.settled = true;
        self.repeated += u64::try_from(until - tick - 1).unwrap_or(0);
        for tick in tick..until {
            out(VideoFrame { pts: self.step(tick), duration: Some(self.step(1)), ..frame.clone() })?;
        }
        Ok(())
    }

    /// The first tick at or after `time`; one up to a quarter of a tick before it counts too, since recorders' clocks
    /// jitter.
    fn tick(&self, time: Time) -> i64 {
        let denominator = i128::from(time.scale().ticks()) * i128::from(self.rate.den);
        let quarters = i128::from(time.value()) * i128::from(self.rate.num) * 4 - denominator;
        let tick = -(-quarters).div_euclid(denominator * 4);
        i64::try_from(tick).unwrap_or(i64::MAX)
    }

    fn step(&self, ticks: i64) -> Time {
        Time::new(ticks.saturating_mul(i64::from(self.rate.den)), Timescale::or_one(self.rate.num))
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use reelwright_media::{PixelBuffer, PixelFormat, Size};

    use super::*;

    fn run(rate: Ratio, frames: &[(i64, u32)]) -> (Vec<(i64, u32)>, u64) {
        let pixels = PixelBuffer::zeroed(PixelFormat::YUV420, Size::new(16, 16));
        let mut pacer = Pacer::new(rate);
        let mut out = Vec::new();
        let mut take = |frame: VideoFrame| {
            out.push((frame.pts.value(), frame.pts.scale().ticks()));
            Ok::<_, Infallible>(())
        };
        for (index, (value, scale)) in frames.iter().enumerate() {
            let pts = Time::from_ratio(*value, *scale).unwrap();
            let duration = frames
                .get(index + 1)
                .map(|next| Time::from_ratio(next.0, next.1).unwrap().saturating_sub(pts));
            let duration = duration.or(Time::from_ratio(1, 30));
            let Ok(()) = pacer.push(VideoFrame { pixels: pixels.clone(), pts, duration }, &mut take);
        }
        let Ok(()) = pacer.finish(&mut take);
        (out, pacer.repeated)
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
    fn ntsc_steps_are_exact() {
        let (out, ..) = run(
            Ratio::new(30_000, 1001).unwrap(),
            &(0..30).map(|index| (index * 1001, 30_000)).collect::<Vec<_>>(),
        );
        assert_eq!(out.len(), 30);
        assert_eq!(out[29], (29 * 1001, 30_000));
    }
}
