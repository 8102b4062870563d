//! Items people want without knowing a key.

use bytes::Bytes;

use super::{MetadataItem, MetadataKey, MetadataValue};
use crate::{Error, Language, Result};

impl MetadataItem {
    /// An item of QuickTime's keys; a file of another kind gets the key it has for the same.
    fn quicktime(name: &str, value: MetadataValue) -> Self {
        let key = MetadataKey::QuickTime(format!("com.apple.quicktime.{name}"));
        Self { key, value, language: Language::UNDETERMINED }
    }

    fn text(name: &str, text: impl Into<String>) -> Self {
        Self::quicktime(name, MetadataValue::Text(text.into()))
    }

    /// What the movie is called.
    pub fn title(title: impl Into<String>) -> Self {
        Self::text("title", title)
    }

    /// Who made or performs it.
    pub fn artist(artist: impl Into<String>) -> Self {
        Self::text("artist", artist)
    }

    /// What it is about.
    pub fn description(description: impl Into<String>) -> Self {
        Self::text("description", description)
    }

    /// Whose rights they are.
    pub fn copyright(copyright: impl Into<String>) -> Self {
        Self::text("copyright", copyright)
    }

    /// What wrote it.
    pub fn software(software: impl Into<String>) -> Self {
        Self::text("software", software)
    }

    /// When it was recorded, as ISO 8601: `2026-11-30T22:51:57+01:00`, `2026-11-30`.
    pub fn creation_date(date: impl Into<String>) -> Self {
        Self::text("creationdate", date)
    }

    /// Where it was recorded: degrees north and east. Written as ISO 6709 to a hundred-thousandth of a degree, about a metre.
    ///
    /// # Errors
    ///
    /// [`crate::ErrorKind::Misuse`] beyond -90 to 90 degrees north and -180 to 180 east.
    pub fn location(latitude: f64, longitude: f64) -> Result<Self> {
        if !(-90.0..=90.0).contains(&latitude) || !(-180.0..=180.0).contains(&longitude) {
            let message = format!("no place is at {latitude} degrees north, {longitude} east");
            return Err(Error::misuse(message).with_hint("there are -90 to 90 north, -180 to 180 east"));
        }
        Ok(Self::text("location.ISO6709", format!("{latitude:+09.5}{longitude:+010.5}/")))
    }

    /// Its cover: a whole JPEG or PNG file.
    ///
    /// # Errors
    ///
    /// [`crate::ErrorKind::Misuse`] for anything else.
    pub fn artwork(picture: impl Into<Bytes>) -> Result<Self> {
        let bytes = picture.into();
        let kind = match &bytes[..] {
            [0xFF, 0xD8, 0xFF, ..] => 13,
            [0x89, b'P', b'N', b'G', ..] => 14,
            _ => {
                return Err(Error::misuse("the artwork is neither a JPEG nor a PNG file"));
            }
        };
        Ok(Self::quicktime("artwork", MetadataValue::Data { kind, bytes }))
    }

    /// The same item, its value being in this language.
    #[must_use]
    pub fn in_language(self, language: Language) -> Self {
        Self { language, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_mean_what_they_are_called() {
        let meaning = |item: &MetadataItem| item.key.common();
        assert_eq!(meaning(&MetadataItem::title("T")), Some("title"));
        assert_eq!(meaning(&MetadataItem::artist("A")), Some("artist"));
        assert_eq!(meaning(&MetadataItem::description("D")), Some("description"));
        assert_eq!(meaning(&MetadataItem::copyright("C")), Some("copyright"));
        assert_eq!(meaning(&MetadataItem::software("S")), Some("software"));
        assert_eq!(meaning(&MetadataItem::creation_date("2026")), Some("creation_date"));
        let artwork = MetadataItem::artwork(vec![0xFF, 0xD8, 0xFF, 0xE0]).unwrap();
        assert_eq!(meaning(&artwork), Some("artwork"));
        assert!(MetadataItem::artwork(b"GIF89a".to_vec()).is_err());
    }

    #[test]
    fn places_are_spelled_as_iso_6709_has_them() {
        let place = |north, east| MetadataItem::location(north, east).unwrap().value;
        let text = |text: &str| MetadataValue::Text(text.into());
        assert_eq!(place(48.8577, 2.295), text("+48.85770+002.29500/"));
        assert_eq!(place(-0.5, -179.999_99), text("-00.50000-179.99999/"));
        for (north, east) in [(90.1, 0.0), (0.0, -181.0), (f64::NAN, 0.0)] {
            assert!(MetadataItem::location(north, east).is_err());
        }
    }

    #[test]
    fn identifiers_are_read_as_they_are_written() {
        let free =
            |mean: &str, name: &str| MetadataKey::ITunesFreeForm { mean: mean.into(), name: name.into() };
        for key in [
            MetadataKey::QuickTime("com.apple.quicktime.title".into()),
            MetadataKey::UserData(crate::FourCc::new(b"\xA9nam")),
            MetadataKey::ITunes(crate::FourCc::new(b"covr")),
            MetadataKey::Iso(crate::FourCc::new(b"titl")),
            MetadataKey::Other("TITLE/of it".into()),
            free("com.apple.iTunes", "iTunSMPB"),
            free("com.apple.iTunes", "a name.with dots"),
            free("org.example", "key"),
        ] {
            assert_eq!(key.identifier().parse::<MetadataKey>().unwrap(), key);
        }
        assert!(
            ["", "title", "mdta", "abcd/x", "itsk/toolong", "itlk/nodot"]
                .iter()
                .all(|text| text.parse::<MetadataKey>().is_err())
        );
    }
}
