use reelwright_media::{BoxFamily, FourCc, MetadataItem, MetadataKey, MetadataValue};

use super::{Level, iso::parse_place};

/// The item under a key of `family`: as it is where the family has its key space, else under the equivalent key, else
/// `None`.
pub(super) fn to_native(item: &MetadataItem, family: BoxFamily, level: Level) -> Option<MetadataItem> {
    if is_native(&item.key, family, level) {
        return Some(item.clone());
    }
    let meaning = item.key.common()?;
    let key = match (family, level) {
        (BoxFamily::QuickTime, _) => quicktime(meaning)?,
        (BoxFamily::Iso, Level::Movie) => iso_movie(meaning)?,
        (BoxFamily::Iso, Level::Track) => iso_track(meaning)?,
    };
    let value = fit(&item.value, &key)?;
    Some(MetadataItem { key, value, language: item.language.clone() })
}

fn is_native(key: &MetadataKey, family: BoxFamily, level: Level) -> bool {
    match (key, family) {
        (MetadataKey::UserData(_), _) | (MetadataKey::QuickTime(_), BoxFamily::QuickTime) => true,
        // Android's own tools look for these in MP4; nobody does for Apple's.
        (MetadataKey::QuickTime(name), BoxFamily::Iso) => name.starts_with("com.android."),
        (MetadataKey::ITunes(_) | MetadataKey::ITunesFreeForm { .. }, BoxFamily::Iso) => {
            level == Level::Movie
        }
        (MetadataKey::Iso(_), BoxFamily::Iso) => true,
        _ => false,
    }
}

fn quicktime(meaning: &str) -> Option<MetadataKey> {
    let name = match meaning {
        "title" | "artist" | "author" | "album" | "comment" | "description" | "information" | "copyright"
        | "make" | "model" | "software" | "genre" | "keywords" | "composer" | "artwork" => meaning,
        "creation_date" => "creationdate",
        "date" => "year",
        "location" => "location.ISO6709",
        "display_name" => "displayname",
        "encoder" => "software",
        "name" => return Some(MetadataKey::UserData(FourCc::new(b"name"))),
        _ => return None,
    };
    Some(MetadataKey::QuickTime(format!("com.apple.quicktime.{name}")))
}

fn iso_movie(meaning: &str) -> Option<MetadataKey> {
    let itunes = |code| Some(MetadataKey::ITunes(FourCc::new(code)));
    match meaning {
        "title" => itunes(b"\xA9nam"),
        "artist" => itunes(b"\xA9ART"),
        "album" => itunes(b"\xA9alb"),
        "album_artist" => itunes(b"aART"),
        "comment" => itunes(b"\xA9cmt"),
        "description" => itunes(b"desc"),
        "copyright" => itunes(b"cprt"),
        "creation_date" | "date" => itunes(b"\xA9day"),
        "genre" => itunes(b"\xA9gen"),
        "composer" => itunes(b"\xA9wrt"),
        "lyrics" => itunes(b"\xA9lyr"),
        "encoder" => itunes(b"\xA9too"),
        "artwork" => itunes(b"covr"),
        "author" => Some(MetadataKey::Iso(FourCc::new(b"auth"))),
        "keywords" => Some(MetadataKey::Iso(FourCc::new(b"kywd"))),
        "location" => Some(MetadataKey::Iso(FourCc::new(b"loci"))),
        "make" => Some(MetadataKey::UserData(FourCc::new(b"\xA9mak"))),
        "model" => Some(MetadataKey::UserData(FourCc::new(b"\xA9mod"))),
        "software" => Some(MetadataKey::UserData(FourCc::new(b"\xA9swr"))),
        _ => None,
    }
}

fn iso_track(meaning: &str) -> Option<MetadataKey> {
    let iso = |code| Some(MetadataKey::Iso(FourCc::new(code)));
    match meaning {
        "title" | "name" => Some(MetadataKey::UserData(FourCc::new(b"name"))),
        "artist" => iso(b"perf"),
        "author" => iso(b"auth"),
        "album" => iso(b"albm"),
        "description" => iso(b"dscp"),
        "copyright" => iso(b"cprt"),
        "genre" => iso(b"gnre"),
        "keywords" => iso(b"kywd"),
        "location" => iso(b"loci"),
        _ => None,
    }
}

/// The value in a form `key` can hold: pictures as they are, everything else as text; places must be readable.
fn fit(value: &MetadataValue, key: &MetadataKey) -> Option<MetadataValue> {
    let picture = match key {
        MetadataKey::ITunes(code) => &code.0 == b"covr",
        MetadataKey::QuickTime(name) => name.ends_with(".artwork"),
        _ => false,
    };
    let value = match value {
        MetadataValue::Data { .. } if picture => value.clone(),
        MetadataValue::Data { .. } => return None,
        _ if picture => return None,
        MetadataValue::Text(text) => MetadataValue::Text(text.clone()),
        MetadataValue::Integer(number) => MetadataValue::Text(number.to_string()),
        MetadataValue::Float(number) => MetadataValue::Text(number.to_string()),
    };
    let is_place = matches!(key, MetadataKey::Iso(code) if &code.0 == b"loci");
    let readable = !is_place || value.as_text().is_some_and(|text| parse_place(text).is_some());
    readable.then_some(value)
}
