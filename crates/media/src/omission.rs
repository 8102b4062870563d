use std::fmt;

use crate::{MediaType, TimeRange};

/// Something of an input that is not handed on, and why. Readers list what they leave out in
/// [`Movie::omissions`](crate::Movie::omissions); plans and reports add their own, so that nothing is lost in silence.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Omission {
    /// What is left out.
    pub what: Omitted,
    /// The input's track it belongs to, by ID (Matroska: track number; transport streams: PID); `None` for the movie itself.
    pub track: Option<u32>,
    /// The stretch of the presentation's timeline concerned; `None` for all of it. One without a length only begins there:
    /// it is known where the first sample concerned is, and not where the last.
    pub range: Option<TimeRange>,
    /// Why, as a clause without a full stop.
    pub reason: String,
}

/// The kind of thing an [`Omission`] is about.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Omitted {
    /// A whole track.
    Track(MediaType),
    /// So many samples of a track: pictures, packets of sound, cues.
    Samples(u64),
    /// So many packets of sound that don't decode: silence of the same length stands in for them.
    Silence(u64),
    /// So many pictures that don't decode as they should, and are shown all the same.
    Damage(u64),
    /// So many bytes in which nothing could be found that is read: damage, or something else in between.
    Bytes(u64),
    /// So many chapters.
    Chapters(usize),
    /// A fact about the movie or track, by its identifier.
    Metadata(String),
    /// Whatever follows, on all tracks: how much that is can't be told.
    Rest,
    /// What goes with samples and isn't a track: captions in pictures, transparency, a second layer, Dolby Vision's data.
    SideData(String),
}

impl Omitted {
    /// One word for tables: `track`, `samples`, `silence`, `damage`, `bytes`, `chapters`, `metadata`, `rest`,
    /// `side-data`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Track(_) => "track",
            Self::Samples(_) => "samples",
            Self::Silence(_) => "silence",
            Self::Damage(_) => "damage",
            Self::Bytes(_) => "bytes",
            Self::Chapters(_) => "chapters",
            Self::Metadata(_) => "metadata",
            Self::Rest => "rest",
            Self::SideData(_) => "side-data",
        }
    }

    /// How many, of what is counted.
    pub fn count(&self) -> Option<u64> {
        match self {
            Self::Samples(count) | Self::Silence(count) | Self::Damage(count) | Self::Bytes(count) => {
                Some(*count)
            }
            Self::Chapters(count) => u64::try_from(*count).ok(),
            Self::Track(_) | Self::Metadata(_) | Self::Rest | Self::SideData(_) => None,
        }
    }
}

impl Omission {
    /// Something that is left out as long as the movie lasts.
    pub fn new(what: Omitted, track: Option<u32>, reason: impl Into<String>) -> Self {
        Self { what, track, range: None, reason: reason.into() }
    }

    /// The same, of this stretch of the presentation's timeline.
    #[must_use]
    pub fn during(mut self, range: TimeRange) -> Self {
        self.range = Some(range);
        self
    }
}

impl fmt::Display for Omission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(track) = self.track {
            write!(f, "track {track}: ")?;
        }
        match &self.what {
            Omitted::Track(media) => write!(f, "the {media} track is left out")?,
            Omitted::Samples(1) => f.write_str("1 sample is left out")?,
            Omitted::Samples(count) => write!(f, "{count} samples are left out")?,
            Omitted::Silence(1) => f.write_str("1 sample is silent")?,
            Omitted::Silence(count) => write!(f, "{count} samples are silent")?,
            Omitted::Damage(1) => f.write_str("1 sample shows damage")?,
            Omitted::Damage(count) => write!(f, "{count} samples show damage")?,
            Omitted::Bytes(1) => f.write_str("1 byte is left out")?,
            Omitted::Bytes(count) => write!(f, "{count} bytes are left out")?,
            Omitted::Chapters(1) => f.write_str("1 chapter is left out")?,
            Omitted::Chapters(count) => write!(f, "{count} chapters are left out")?,
            Omitted::Metadata(key) => write!(f, "{key} is left out")?,
            Omitted::Rest => f.write_str("what follows is left out")?,
            Omitted::SideData(what) => write!(f, "{what} left out")?,
        }
        match self.range {
            Some(range) if range.is_empty() => write!(f, ", the first at {}", range.start)?,
            Some(range) => write!(f, " from {} to {}", range.start, range.end())?,
            None => {}
        }
        write!(f, ": {}", self.reason)
    }
}

/// The first eight clauses and how many more there are, for one message: a file may claim thousands of tracks.
pub fn listed(clauses: impl IntoIterator<Item = impl fmt::Display>) -> String {
    let mut clauses = clauses.into_iter();
    let first: Vec<_> = clauses.by_ref().take(8).map(|clause| clause.to_string()).collect();
    let text = first.join("; ");
    match clauses.count() {
        0 => text,
        more => format!("{text}; and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Time;

    #[test]
    fn long_lists_are_cut() {
        assert_eq!(listed(["a", "b"]), "a; b");
        assert_eq!(listed(0..11), "0; 1; 2; 3; 4; 5; 6; 7; and 3 more");
    }

    #[test]
    fn an_omission_reads_as_a_sentence() {
        let range = TimeRange::between(Time::from_secs(2), Time::from_secs(4));
        let sound = Omission::new(Omitted::Samples(94), Some(257), "its sample rate changes").during(range);
        assert_eq!(
            sound.to_string(),
            "track 257: 94 samples are left out from 0:02.000 to 0:04.000: its sample rate changes"
        );
        let between = TimeRange::between(Time::from_secs(2), Time::from_secs(2));
        let bytes = Omission::new(Omitted::Bytes(24), None, "no frame is among them").during(between);
        assert_eq!(bytes.to_string(), "24 bytes are left out, the first at 0:02.000: no frame is among them");
        let track = Omission::new(Omitted::Track(MediaType::Audio), Some(2), "TrueHD can't be carried");
        assert_eq!(track.to_string(), "track 2: the audio track is left out: TrueHD can't be carried");
    }
}
