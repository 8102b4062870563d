mod item;
mod meaning;

use std::fmt;
use std::str::FromStr;

use bytes::Bytes;

use crate::{Error, FourCc, Language, Result};

/// One fact about a movie or track. `AVMetadataItem`.
#[derive(Clone, Debug, PartialEq)]
pub struct MetadataItem {
    /// What it says, in the key space it was found in or is meant for.
    pub key: MetadataKey,
    /// The value.
    pub value: MetadataValue,
    /// The language of the value.
    pub language: Language,
}

/// The name of a metadata item in its key space.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum MetadataKey {
    /// QuickTime metadata (`moov/meta` with `keys`): a reverse-DNS string; key space `mdta`.
    QuickTime(String),
    /// QuickTime user data (`udta/©nam`); key space `udta`.
    UserData(FourCc),
    /// iTunes metadata (`udta/meta/ilst`); key space `itsk`.
    ITunes(FourCc),
    /// iTunes free-form (`----`): mean and name.
    ITunesFreeForm {
        /// Usually `com.apple.iTunes`.
        mean: String,
        /// The key.
        name: String,
    },
    /// ISO and 3GPP user data (`udta/titl`, full boxes); key space `uiso`.
    Iso(FourCc),
    /// A tag of another container (Matroska, WAVE `LIST`/`INFO`, ...), by its name there.
    Other(String),
}

impl MetadataKey {
    /// Apple's spelling of the identifier: `mdta/com.apple.quicktime.title`, `udta/©nam`, `itsk/©nam`, ...
    pub fn identifier(&self) -> String {
        match self {
            Self::QuickTime(key) => format!("mdta/{key}"),
            Self::UserData(code) => format!("udta/{code}"),
            Self::ITunes(code) => format!("itsk/{code}"),
            Self::ITunesFreeForm { mean, name } => format!("itlk/{mean}.{name}"),
            Self::Iso(code) => format!("uiso/{code}"),
            Self::Other(key) => format!("other/{key}"),
        }
    }

    /// What the item means, whatever the key space: `title`, `artist`, `location`, `creation_time`, ...; the words
    /// ffprobe prints. `None` where the key has no common meaning.
    pub fn common(&self) -> Option<&'static str> {
        match self {
            Self::QuickTime(key) => match key.strip_prefix("com.apple.quicktime.") {
                Some(name) => meaning::of_quicktime(name),
                // Some writers put a plain word there.
                None => meaning::elsewhere(key),
            },
            Self::UserData(code) | Self::ITunes(code) => meaning::of_code(*code),
            Self::Iso(code) => meaning::of_iso(*code),
            Self::Other(name) | Self::ITunesFreeForm { name, .. } => meaning::elsewhere(name),
        }
    }

    /// The key of iTunes metadata for what means `meaning` (see [`Self::common`]).
    pub fn itunes(meaning: &str) -> Option<Self> {
        meaning::itunes(meaning).map(Self::ITunes)
    }

    /// The key of QuickTime metadata for what means `meaning` (see [`Self::common`]).
    pub fn quicktime(meaning: &str) -> Option<Self> {
        meaning::quicktime(meaning).map(|name| Self::QuickTime(format!("com.apple.quicktime.{name}")))
    }
}

impl fmt::Display for MetadataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.identifier())
    }
}

impl FromStr for MetadataKey {
    type Err = Error;

    /// As [`Self::identifier`] spells it. Of a free-form key the mean is `com.apple.iTunes`, or else what stands before the last
    /// point.
    fn from_str(text: &str) -> Result<Self> {
        const ITUNES: &str = "com.apple.iTunes";
        let free_form =
            |mean: &str, name: &str| Self::ITunesFreeForm { mean: mean.into(), name: name.into() };
        let key = match text.split_once('/') {
            Some(("mdta", key)) => Some(Self::QuickTime(key.into())),
            Some(("udta", code)) => Some(Self::UserData(code.parse()?)),
            Some(("itsk", code)) => Some(Self::ITunes(code.parse()?)),
            Some(("uiso", code)) => Some(Self::Iso(code.parse()?)),
            Some(("other", key)) => Some(Self::Other(key.into())),
            Some(("itlk", key)) => {
                let itunes = key.strip_prefix(ITUNES).and_then(|rest| rest.strip_prefix('.'));
                let itunes = itunes.map(|name| free_form(ITUNES, name));
                itunes.or_else(|| key.rsplit_once('.').map(|(mean, name)| free_form(mean, name)))
            }
            _ => None,
        };
        key.ok_or_else(|| {
            Error::misuse(format!("'{text}' is not the identifier of a metadata item")).with_hint(
                "write the key space and the key: mdta/com.apple.quicktime.title, udta/©nam, itsk/©nam",
            )
        })
    }
}

/// A metadata value with the type it was stored as.
#[derive(Clone, Debug, PartialEq)]
pub enum MetadataValue {
    /// UTF-8 (or converted to it).
    Text(String),
    /// A signed integer.
    Integer(i64),
    /// A floating-point number.
    Float(f64),
    /// A picture or other bytes, with the well-known type number of `data` (13 JPEG, 14 PNG, 0 none, ...).
    Data {
        /// Well-known type (QuickTime File Format, "Well-known types").
        kind: u32,
        /// The bytes.
        bytes: Bytes,
    },
}

impl MetadataValue {
    /// The text, if it is text.
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_of_other_containers_mean_something() {
        let meaning = |name: &str| MetadataKey::Other(name.into()).common();
        assert_eq!(
            (meaning("TITLE"), meaning("INAM"), meaning("TIT2")),
            (Some("title"), Some("title"), Some("title"))
        );
        assert_eq!((meaning("ARTIST"), meaning("_STATISTICS")), (Some("artist"), None));
        assert_eq!((meaning("TXXX:BARCODE"), meaning("TXXX:ALBUM ARTIST")), (None, Some("album_artist")));
    }

    #[test]
    fn what_is_written_means_the_same_when_read() {
        let words = ["title", "track", "disc", "compilation", "tempo", "artwork", "sort_artist", "lyrics"];
        for word in words {
            let key = MetadataKey::itunes(word).unwrap();
            assert_eq!(key.common(), Some(word));
        }
        for word in ["title", "artist", "artwork", "location", "producer"] {
            assert_eq!(MetadataKey::quicktime(word).unwrap().common(), Some(word));
        }
    }
}
