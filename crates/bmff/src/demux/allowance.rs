use reelwright_media::{Error, ErrorKind, Result};

use super::warnings::Warnings;

/// What an index may still ask for. A few bytes of a hostile file can state thousands of things that take far more memory
/// or time than they took bytes; sound files stay far below these counts.
#[derive(Debug)]
pub(super) struct Allowance {
    tracks: usize,
    descriptions: usize,
    foreign: usize,
    /// What there was too much of last.
    noted: Option<Counted>,
    /// Bytes of samples that the index places without naming each.
    repeated: u64,
    /// Bytes of fragments that are looked through to find those of one track.
    scanned: u64,
    file: u64,
}

/// Things that are counted over the whole movie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counted {
    /// `trak` boxes.
    Track,
    /// Sample descriptions of all tracks.
    Description,
    /// Boxes that are kept for copies because nobody here interprets them.
    Foreign,
}

impl Counted {
    const fn most(self) -> usize {
        match self {
            Self::Track => 512,
            Self::Description => 4096,
            Self::Foreign => 4096,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Track => "tracks",
            Self::Description => "sample descriptions",
            Self::Foreign => "boxes of unknown kinds",
        }
    }
}

impl Allowance {
    /// For a file of `file` bytes.
    pub(super) fn new(file: u64) -> Self {
        Self {
            tracks: Counted::Track.most(),
            descriptions: Counted::Description.most(),
            foreign: Counted::Foreign.most(),
            noted: None,
            // Tracks may share media; four times over is more than any does.
            repeated: file.saturating_mul(4).saturating_add(64 << 10),
            // Few files alternate between tracks within a fragment, and those between two or three.
            scanned: file.saturating_mul(16).saturating_add(1 << 20),
            file,
        }
    }

    /// Bytes of the file.
    pub(super) fn file(&self) -> u64 {
        self.file
    }

    /// Whether one more is read; the first that isn't is noted.
    pub(super) fn take(&mut self, what: Counted, warnings: &mut Warnings) -> bool {
        let left = match what {
            Counted::Track => &mut self.tracks,
            Counted::Description => &mut self.descriptions,
            Counted::Foreign => &mut self.foreign,
        };
        if *left == 0 {
            if self.noted.replace(what) == Some(what) {
                return false;
            }
            warnings.push(format!(
                "the movie has more than {} {}; the rest is ignored",
                what.most(),
                what.name()
            ));
            return false;
        }
        *left -= 1;
        true
    }

    /// Takes in `bytes` of samples that lie in the file and are stated all at once.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Limit`] where the samples of all tracks would lie over each other many times.
    pub(super) fn repeat(&mut self, bytes: u64) -> Result<()> {
        self.repeated = self.repeated.checked_sub(bytes).ok_or_else(|| {
            let message = format!(
                "the index places samples over each other: more of them than a file of {} bytes holds",
                self.file
            );
            Error::new(ErrorKind::Limit, message)
                .with_hint("the index is damaged: copy the file again from where it came from")
        })?;
        Ok(())
    }

    /// Takes in `bytes` of fragments that are looked through once a track.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Limit`] where the tracks are mixed so that every one has to look through all of it.
    pub(super) fn scan(&mut self, bytes: u64) -> Result<()> {
        self.scanned = self.scanned.checked_sub(bytes).ok_or_else(|| {
            Error::new(ErrorKind::Limit, "the fragments of too many tracks are mixed with each other")
        })?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_end_with_one_warning_and_bytes_with_an_error() {
        let (mut allowance, mut warnings) = (Allowance::new(1000), Warnings::default());
        let taken = (0..600).filter(|_| allowance.take(Counted::Track, &mut warnings)).count();
        assert_eq!((taken, warnings.into_vec().len()), (512, 1));
        allowance.repeat(60_000).unwrap();
        assert_eq!(allowance.repeat(60_000).unwrap_err().kind(), ErrorKind::Limit);
    }
}
