use crate::{Error, Result, Rounding, Time, Timescale};

/// The one rule of times that must rise: counted in the ticks they are stored in, each is later than the one before. Two
/// that are apart by less than a tick would be the same instant in the file, and are refused.
#[derive(Clone, Copy, Debug)]
pub struct RisingTimes {
    scale: Timescale,
    last: Option<i64>,
    may_rest: bool,
}

impl RisingTimes {
    /// Times counted in ticks of `scale`.
    pub const fn new(scale: Timescale) -> Self {
        Self { scale, last: None, may_rest: false }
    }

    /// As [`Self::new`], but a time may equal the one before.
    pub const fn never_falling(scale: Timescale) -> Self {
        Self { scale, last: None, may_rest: true }
    }

    /// What they are counted in.
    pub const fn scale(&self) -> Timescale {
        self.scale
    }

    /// The time taken last.
    pub fn last(&self) -> Option<Time> {
        self.last.map(|ticks| Time::new(ticks, self.scale))
    }

    /// The ticks of `time`, to the nearest, where it may come next; nothing changes. [`Self::take`] takes it.
    ///
    /// # Errors
    ///
    /// [`crate::ErrorKind::Misuse`] for a time that isn't later than the last, or doesn't fit 64 bits; located at `time`.
    pub fn next(&self, time: Time) -> Result<i64> {
        let ticks = time.ticks_in(self.scale, Rounding::Nearest).ok_or_else(|| {
            Error::misuse(format!("the time does not fit 64 bits of 1/{} s", self.scale)).at_time(time)
        })?;
        match self.last {
            Some(last) if ticks < last || ticks == last && !self.may_rest => {
                let last = Time::new(last, self.scale);
                Err(Error::misuse(format!(
                    "{time} is not later than {last} before it, counted in 1/{} s",
                    self.scale
                ))
                .with_hint(
                    "times must rise by a tick or more; choose a finer timescale where they are closer",
                )
                .at_time(time))
            }
            _ => Ok(ticks),
        }
    }

    /// Takes `time` as the last one, and gives its ticks.
    ///
    /// # Errors
    ///
    /// As [`Self::next`]; nothing has changed then.
    pub fn take(&mut self, time: Time) -> Result<i64> {
        let ticks = self.next(time)?;
        self.last = Some(ticks);
        Ok(ticks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    fn time(value: i64, scale: u32) -> Time {
        Time::new(value, Timescale::or_one(scale))
    }

    #[test]
    fn times_rise_after_rounding() {
        let mut times = RisingTimes::new(Timescale::or_one(30));
        assert_eq!(times.take(time(1, 30)).unwrap(), 1);
        // Later, but not by a tick.
        let close = times.take(time(1001, 30_000)).unwrap_err();
        assert_eq!((close.kind(), close.place().time), (ErrorKind::Misuse, Some(time(1001, 30_000))));
        assert!(close.message().contains("1/30 s"), "{close}");
        assert!(times.take(time(0, 30)).is_err());
        assert!(times.next(time(2, 30)).is_ok() && times.last() == Some(time(1, 30)));
        assert_eq!(times.take(time(2, 30)).unwrap(), 2);
        assert!(times.take(time(i64::MAX, 1)).is_err());
        assert_eq!(times.take(time(3, 30)).unwrap(), 3);
    }

    #[test]
    fn times_that_may_rest_do_not_fall() {
        let mut times = RisingTimes::never_falling(Timescale::or_one(30));
        assert_eq!((times.take(time(1, 30)).unwrap(), times.take(time(1, 30)).unwrap()), (1, 1));
        assert!(times.take(Time::ZERO).is_err());
    }
}
