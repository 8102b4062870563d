use reelwright_media::{Error, ErrorKind, Hint, Result, Stage, Time};

/// Samples that a decoder refused while a track was read.
#[derive(Clone, Debug)]
pub struct Damage {
    /// How many.
    pub samples: u64,
    /// When the first of them is shown or heard, on the timeline that is read.
    pub from: Time,
    /// What the decoder said of the first.
    pub cause: Error,
}

/// Decides how much damage is read past.
///
/// A picture that can't be decoded is no reason to give up the others. What can't be read past: failures that aren't the
/// sample's (the disk's, a codec that does not know the coding at all), a track of which nothing decodes, and one of which
/// more than two thirds don't, as with ffmpeg's `-max_error_rate`.
#[derive(Debug, Default)]
pub(super) struct Tolerance {
    damage: Option<Damage>,
}

/// So many damaged samples before the first sound one are enough to know that nothing will come.
const MOST_BEFORE_ANY: u64 = 300;

impl Tolerance {
    /// Takes in that a sample shown at `at` was refused; so far `decoded` pictures or buffers came out.
    ///
    /// # Errors
    ///
    /// Where it is not to be read past: the failure itself.
    pub(super) fn note(&mut self, error: Error, at: Time, decoded: u64) -> Result<()> {
        let is_damage = match error.kind() {
            ErrorKind::Decode | ErrorKind::Malformed | ErrorKind::Truncated | ErrorKind::Limit => true,
            // A decoder that got somewhere knows the coding; a flipped bit made it look like another.
            ErrorKind::Unsupported => decoded > 0,
            _ => false,
        };
        if !is_damage {
            return Err(error);
        }
        let damage = self.damage.get_or_insert(Damage { samples: 0, from: at, cause: error });
        damage.samples += 1;
        damage.from = damage.from.min(at);
        if decoded == 0 && damage.samples >= MOST_BEFORE_ANY { Err(damage.cause.clone()) } else { Ok(()) }
    }

    /// Takes stock after `read` samples, of which `decoded` pictures or buffers came.
    ///
    /// # Errors
    ///
    /// Where nothing came at all: the first failure; where too little did: a failure that says so.
    pub(super) fn settle(&self, read: u64, decoded: u64) -> Result<()> {
        match &self.damage {
            Some(damage) if decoded == 0 => Err(damage.cause.clone()),
            // What decoders don't recognise they pass over.
            None if decoded == 0 && read > 0 => Err(Error::new(
                ErrorKind::Decode,
                format!("none of {read} samples holds anything that can be decoded"),
            )
            .at_stage(Stage::Decode)
            .with_hint(Hint::CopyTrack)),
            Some(damage) if damage.samples.saturating_mul(3) > read.saturating_mul(2) => {
                let message = format!("{} of {read} samples can't be decoded", damage.samples);
                Err(Error::new(ErrorKind::Decode, message)
                    .at_stage(Stage::Decode)
                    .at_time(damage.from)
                    .caused_by(damage.cause.clone())
                    .with_hint(Hint::CopyTrack))
            }
            _ => Ok(()),
        }
    }

    /// What was read past.
    pub(super) fn damage(&self) -> Option<&Damage> {
        self.damage.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(kind: ErrorKind) -> Error {
        Error::new(kind, "a broken sample")
    }

    #[test]
    fn some_damage_is_read_past() {
        let mut tolerance = Tolerance::default();
        for second in [5, 3] {
            tolerance.note(refused(ErrorKind::Decode), Time::from_secs(second), 0).unwrap();
        }
        let damage = tolerance.damage().unwrap();
        assert_eq!((damage.samples, damage.from), (2, Time::from_secs(3)));
        tolerance.settle(3, 1).unwrap();
        Tolerance::default().settle(0, 0).unwrap();
        Tolerance::default().settle(5, 0).unwrap_err();
        assert_eq!(tolerance.settle(2, 0).unwrap_err().message(), "a broken sample");
        assert!(tolerance.settle(2, 1).unwrap_err().message().starts_with("2 of 2 samples"));
    }

    #[test]
    fn what_is_not_the_samples_fault_is_not_read_past() {
        let mut tolerance = Tolerance::default();
        let at = Time::ZERO;
        assert!(tolerance.note(refused(ErrorKind::Io), at, 10).is_err());
        assert!(tolerance.note(refused(ErrorKind::Unsupported), at, 0).is_err());
        assert!(tolerance.note(refused(ErrorKind::Unsupported), at, 10).is_ok());
        let refusals = (0..1000).map(|_| tolerance.note(refused(ErrorKind::Decode), at, 0));
        assert!(refusals.into_iter().filter(Result::is_ok).count() < 300);
    }
}
