//! Priming and padding as iTunes states them: in a metadata item, where other writers use an edit list.

use reelwright_media::{Edit, MetadataKey, Movie, Rounding, Time, Timescale, Track};

/// Priming, padding and length as the item ` 00000000 PRIMING PADDING COUNT ...` has them in hexadecimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gapless([i64; 3]);

impl Gapless {
    /// What the movie's metadata say.
    pub(super) fn find(movie: &Movie) -> Option<Self> {
        let is_gapless =
            |key: &MetadataKey| matches!(key, MetadataKey::ITunesFreeForm { name, .. } if name == "iTunSMPB");
        let item = movie.metadata.iter().find(|item| is_gapless(&item.key))?;
        Self::parse(item.value.as_text()?)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split_ascii_whitespace().skip(1);
        let mut frames = || i64::from_str_radix(numbers.next()?, 16).ok().filter(|frames| *frames >= 0);
        Some(Self([frames()?, frames()?, frames()?]))
    }

    /// Gives `track`, which has no edit list, the one that says the same, and the overlap a decoder needs.
    ///
    /// With spectral band replication writers could count the decoder's frames or the core's; the three numbers add up
    /// to the media's length in one of them. Where they don't, nothing is claimed.
    pub(super) fn apply(self, track: &mut Track, movie: Timescale) {
        let Some(audio) = track.formats.first().and_then(|format| format.as_audio()) else { return };
        let whole = self.0.iter().try_fold(0i64, |sum, part| sum.checked_add(*part));
        let scales = [Some(track.timescale), Timescale::new(audio.sample_rate)];
        let adds_up =
            |scale: &Timescale| whole.is_some_and(|whole| Time::new(whole, *scale) == track.media_duration);
        let Some(scale) = scales.into_iter().flatten().find(adds_up) else { return };
        let [priming, _, length] = self.0.map(|frames| Time::new(frames, scale));
        let duration = length.rescale(movie, Rounding::Nearest).filter(|length| *length > Time::ZERO);
        let from = priming.ticks_in(track.timescale, Rounding::Nearest);
        let (Some(duration), Some(from)) = (duration, from) else { return };
        track.edits = vec![Edit::showing(from, duration)];
        track.roll_distance = track.roll_distance.or(Some(-1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_item_is_read() {
        let text = " 00000000 00000840 000003C0 0000000000019000 00000000 00000000";
        assert_eq!(Gapless::parse(text), Some(Gapless([2112, 960, 102_400])));
        assert_eq!(Gapless::parse(" 00000000 00000840"), None);
        assert_eq!(Gapless::parse(" 0 -1 0 0"), None);
    }
}
