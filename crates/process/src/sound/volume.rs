use reelwright_media::{Error, Result, Rounding, Time, Timescale};

/// How loud a track is over time, as factors of its amplitude. `AVAudioMixInputParameters`.
///
/// 1 before the first point, straight lines along ramps, the last value held after them. A later entry wins where two
/// overlap.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Volume {
    /// In the order of their starts.
    ramps: Vec<Ramp>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Ramp {
    start: Time,
    end: Time,
    from: f32,
    to: f32,
}

impl Volume {
    /// The same volume throughout.
    ///
    /// # Errors
    ///
    /// As [`Volume::set`].
    pub fn constant(volume: f32) -> Result<Self> {
        let mut constant = Self::default();
        constant.set(volume, Time::new(i64::MIN, Timescale::or_one(1)))?;
        Ok(constant)
    }

    /// Sets the volume from `at` on.
    ///
    /// # Errors
    ///
    /// [`reelwright_media::ErrorKind::Misuse`] for a volume that is negative or no number.
    pub fn set(&mut self, volume: f32, at: Time) -> Result<()> {
        self.ramp(volume, volume, at, at)
    }

    /// Changes the volume evenly from `from` at `start` to `to` at `end`.
    ///
    /// # Errors
    ///
    /// [`reelwright_media::ErrorKind::Misuse`] for volumes that are negative or no numbers, and for an end before the
    /// start.
    pub fn ramp(&mut self, from: f32, to: f32, start: Time, end: Time) -> Result<()> {
        if !(from.is_finite() && to.is_finite() && from >= 0.0 && to >= 0.0) {
            return Err(Error::misuse(format!("volumes are factors from 0 on, not {from} and {to}")));
        }
        if end < start {
            return Err(Error::misuse("a ramp of the volume ends before it starts"));
        }
        let place = self.ramps.partition_point(|ramp| ramp.start <= start);
        self.ramps.insert(place, Ramp { start, end, from, to });
        Ok(())
    }

    /// Multiplies samples, the first of which is frame `first` of the timeline.
    pub(super) fn apply(&self, rate: Timescale, first: i64, planes: &mut [Vec<f32>]) {
        if self.ramps.is_empty() {
            return;
        }
        let frames = planes.first().map_or(0, Vec::len);
        let end = first.saturating_add(i64::try_from(frames).unwrap_or(i64::MAX));
        let mut at = first;
        while at < end {
            let (line, until) = self.line(rate, at);
            let until = until.min(end);
            let range = usize::try_from(at - first).unwrap_or(0)..usize::try_from(until - first).unwrap_or(0);
            for plane in planes.iter_mut() {
                for (value, frame) in plane[range.clone()].iter_mut().zip(at..) {
                    *value *= line.at(frame);
                }
            }
            at = until;
        }
    }

    /// The line frame `frame` is on, and the frame at which the next one begins.
    fn line(&self, rate: Timescale, frame: i64) -> (Line, i64) {
        let frames = |time: Time| {
            let outside = if time.is_negative() { i64::MIN } else { i64::MAX };
            time.ticks_in(rate, Rounding::Nearest).unwrap_or(outside)
        };
        let next = self.ramps.partition_point(|ramp| frames(ramp.start) <= frame);
        let until = self.ramps.get(next).map_or(i64::MAX, |ramp| frames(ramp.start));
        let Some(ramp) = next.checked_sub(1).and_then(|last| self.ramps.get(last)) else {
            return (Line { value: 1.0, step: 0.0, origin: 0 }, until);
        };
        let (start, end) = (frames(ramp.start), frames(ramp.end));
        if frame >= end {
            return (Line { value: ramp.to, step: 0.0, origin: 0 }, until);
        }
        let step = f64::from(ramp.to - ramp.from) / (end as f64 - start as f64);
        (Line { value: ramp.from, step, origin: start }, until.min(end))
    }
}

/// A piece of the curve.
struct Line {
    value: f32,
    step: f64,
    origin: i64,
}

impl Line {
    fn at(&self, frame: i64) -> f32 {
        if self.step == 0.0 {
            self.value
        } else {
            self.value + ((frame as f64 - self.origin as f64) * self.step) as f32
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ramps_are_straight_and_hold() {
        let rate = Timescale::new(10).unwrap();
        let mut volume = Volume::default();
        volume.ramp(1.0, 0.0, Time::from_secs(1), Time::from_secs(2)).unwrap();
        volume.set(0.5, Time::from_secs(3)).unwrap();
        let mut planes = vec![vec![1.0; 40]];
        volume.apply(rate, 0, &mut planes);
        let at = |frame: usize| planes[0][frame];
        assert_eq!(
            (at(0), at(9), at(10), at(20), at(29), at(30), at(39)),
            (1.0, 1.0, 1.0, 0.0, 0.0, 0.5, 0.5)
        );
        assert!((at(15) - 0.5).abs() < 1e-6 && (at(11) - 0.9).abs() < 1e-6);
        // The same in two pieces.
        let mut halves = [vec![vec![1.0; 15]], vec![vec![1.0; 25]]];
        volume.apply(rate, 0, &mut halves[0]);
        volume.apply(rate, 15, &mut halves[1]);
        assert_eq!([&halves[0][0][..], &halves[1][0][..]].concat(), planes[0]);
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(Volume::constant(f32::NAN).is_err() && Volume::constant(-1.0).is_err());
        assert!(Volume::default().ramp(0.0, 1.0, Time::from_secs(2), Time::from_secs(1)).is_err());
        let mut planes = vec![vec![1.0; 3]];
        Volume::constant(0.25).unwrap().apply(Timescale::new(48_000).unwrap(), -5, &mut planes);
        assert_eq!(planes[0], [0.25; 3]);
    }
}
