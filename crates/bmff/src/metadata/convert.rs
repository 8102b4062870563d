use reelwright_media::{BoxFamily, FourCc, MetadataItem, MetadataKey, MetadataValue};

use super::number::{number_pair, pair_value, parse_pair, truth, whole};
use super::{Level, iso::parse_place};

/// The items under keys of `family`, and those it has no place for. An item stays as it is where the family has its key
/// space, else it goes under the equivalent key, else, if it is a text, under its own name among the free-form ones.
pub(super) fn to_native(
    items: &[MetadataItem],
    family: BoxFamily,
    level: Level,
) -> (Vec<MetadataItem>, Vec<MetadataItem>) {
    let totals = Totals::of(items);
    let (mut kept, mut dropped): (Vec<MetadataItem>, Vec<MetadataItem>) = (Vec::new(), Vec::new());
    for item in items {
        let meaning = item.key.common();
        if level == Level::Movie && totals.are_said_with(meaning, items) {
            continue;
        }
        let candidates = [
            native(item, family, level),
            meaning.and_then(|meaning| equivalent(item, meaning, family, level, &totals)),
            free_form(item, meaning, family, level),
        ];
        let place = |item: &MetadataItem| {
            !is_single(&item.key)
                || kept.iter().all(|other| other.key != item.key || other.value == item.value)
        };
        match candidates.into_iter().flatten().find(place) {
            // Files say the same thing in several of their own ways.
            Some(found) if item.key != found.key && kept.contains(&found) => {}
            Some(found) => kept.push(found),
            None => dropped.push(item.clone()),
        }
    }
    (kept, dropped)
}

/// How many tracks and discs there are, where that is said apart from which this is.
struct Totals {
    tracks: u16,
    discs: u16,
}

impl Totals {
    fn of(items: &[MetadataItem]) -> Self {
        let total = |meaning: &str| {
            let found = items.iter().find(|item| item.key.common() == Some(meaning));
            let value = found.and_then(|item| whole(&item.value));
            value.and_then(|total| u16::try_from(total).ok()).unwrap_or(0)
        };
        Self { tracks: total("track_total"), discs: total("disc_total") }
    }

    fn of_meaning(&self, meaning: &str) -> u16 {
        match meaning {
            "track" | "track_total" => self.tracks,
            "disc" | "disc_total" => self.discs,
            _ => 0,
        }
    }

    /// Whether an item is a total that goes with the number of another.
    fn are_said_with(&self, meaning: Option<&str>, items: &[MetadataItem]) -> bool {
        let number = match meaning {
            Some("track_total") => "track",
            Some("disc_total") => "disc",
            _ => return false,
        };
        let is_number = |item: &MetadataItem| {
            item.key.common() == Some(number)
                && (parse_pair(&item.value).is_some() || number_pair(item).is_some())
        };
        self.of_meaning(number) > 0 && items.iter().any(is_number)
    }

    fn complete(&self, meaning: &str, (number, total): (u16, u16)) -> (u16, u16) {
        (number, if total == 0 { self.of_meaning(meaning) } else { total })
    }
}

/// The item as it is, where the family has its key space and no better key.
fn native(item: &MetadataItem, family: BoxFamily, level: Level) -> Option<MetadataItem> {
    let is_native = match (&item.key, family) {
        (MetadataKey::UserData(_), _) | (MetadataKey::QuickTime(_), BoxFamily::QuickTime) => true,
        // Android's own tools look for theirs in MP4, and plain words are somebody's own; nobody looks for Apple's.
        (MetadataKey::QuickTime(name), BoxFamily::Iso) => !name.starts_with("com.apple."),
        (MetadataKey::ITunes(_) | MetadataKey::ITunesFreeForm { .. }, BoxFamily::Iso) => {
            level == Level::Movie
        }
        (MetadataKey::Iso(_), BoxFamily::Iso) => true,
        _ => false,
    };
    is_native.then(|| item.clone())
}

/// The item under the family's own key for the same thing.
fn equivalent(
    item: &MetadataItem,
    meaning: &'static str,
    family: BoxFamily,
    level: Level,
    totals: &Totals,
) -> Option<MetadataItem> {
    let keys = match (family, level) {
        (BoxFamily::QuickTime, Level::Movie) => [quicktime(meaning), itunes(meaning)],
        (BoxFamily::QuickTime, Level::Track) => [quicktime(meaning), None],
        (BoxFamily::Iso, Level::Movie) => [iso_movie(meaning), None],
        (BoxFamily::Iso, Level::Track) => [iso_track(meaning), None],
    };
    let mut fitting = keys.into_iter().flatten().filter_map(|key| {
        // What is under this key already needs no other form.
        let value = if key == item.key { item.value.clone() } else { fit(item, meaning, &key, totals)? };
        Some(MetadataItem { key, value, language: item.language.clone() })
    });
    fitting.next()
}

fn itunes(meaning: &str) -> Option<MetadataKey> {
    let whole = match meaning {
        "track_total" => "track",
        "disc_total" => "disc",
        meaning => meaning,
    };
    MetadataKey::itunes(whole)
}

fn quicktime(meaning: &str) -> Option<MetadataKey> {
    match meaning {
        "encoder" => MetadataKey::quicktime("software"),
        "name" => Some(MetadataKey::UserData(FourCc::new(b"name"))),
        _ => MetadataKey::quicktime(meaning),
    }
}

fn iso_movie(meaning: &str) -> Option<MetadataKey> {
    match meaning {
        "author" => Some(MetadataKey::Iso(FourCc::new(b"auth"))),
        "keywords" => Some(MetadataKey::Iso(FourCc::new(b"kywd"))),
        "location" => Some(MetadataKey::Iso(FourCc::new(b"loci"))),
        "make" => Some(MetadataKey::UserData(FourCc::new(b"\xA9mak"))),
        "model" => Some(MetadataKey::UserData(FourCc::new(b"\xA9mod"))),
        "software" => Some(MetadataKey::UserData(FourCc::new(b"\xA9swr"))),
        _ => itunes(meaning),
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

/// The item under its own name: iTunes' free-form items for the movie, plain keys for a track. Apple's own names have no
/// meaning outside of QuickTime, and bytes can't be told from others'.
fn free_form(
    item: &MetadataItem,
    meaning: Option<&str>,
    family: BoxFamily,
    level: Level,
) -> Option<MetadataItem> {
    let name = match &item.key {
        MetadataKey::ITunes(_) | MetadataKey::ITunesFreeForm { .. }
            if level == Level::Movie && family == BoxFamily::QuickTime =>
        {
            return Some(item.clone());
        }
        MetadataKey::Other(name) => own_name(name),
        MetadataKey::QuickTime(_) | MetadataKey::Iso(_) => meaning?.to_ascii_uppercase(),
        _ => return None,
    };
    let value = match &item.value {
        MetadataValue::Data { .. } => return None,
        value => MetadataValue::Text(super::user_data::as_text(value)),
    };
    let key = match level {
        Level::Movie => MetadataKey::ITunesFreeForm { mean: "com.apple.iTunes".into(), name },
        Level::Track => MetadataKey::QuickTime(name),
    };
    Some(MetadataItem { key, value, language: item.language.clone() })
}

/// The name that players show and search for, in place of a code.
fn own_name(name: &str) -> String {
    const NAMES: [(&str, &str); 16] = [
        ("TPUB", "LABEL"),
        ("TSRC", "ISRC"),
        ("TEXT", "LYRICIST"),
        ("TPE4", "REMIXER"),
        ("TKEY", "initialkey"),
        ("TMOO", "MOOD"),
        ("TLAN", "LANGUAGE"),
        ("TMED", "MEDIA"),
        ("TENC", "ENCODEDBY"),
        ("TIT3", "SUBTITLE"),
        ("TOAL", "ORIGINALALBUM"),
        ("TOPE", "ORIGINALARTIST"),
        ("TDOR", "ORIGINALDATE"),
        ("TORY", "ORIGINALYEAR"),
        ("TSST", "DISCSUBTITLE"),
        ("ILNG", "LANGUAGE"),
    ];
    let known = NAMES.iter().find(|(code, _)| *code == name).map(|(_, name)| *name);
    known.or_else(|| name.strip_prefix("TXXX:")).unwrap_or(name).to_owned()
}

/// Items of which readers expect one.
fn is_single(key: &MetadataKey) -> bool {
    matches!(key, MetadataKey::ITunes(code) if form(*code) != Form::Text && &code.0 != b"covr")
}

/// What an item of iTunes holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Text,
    Picture,
    /// A position and a total.
    Pair,
    Number,
    Truth,
}

fn form(code: FourCc) -> Form {
    match &code.0 {
        b"covr" => Form::Picture,
        b"trkn" | b"disk" => Form::Pair,
        b"tmpo" | b"tvsn" | b"tves" | b"stik" | b"\xA9mvi" | b"\xA9mvc" => Form::Number,
        b"cpil" | b"pgap" | b"pcst" => Form::Truth,
        _ => Form::Text,
    }
}

/// The value in a form `key` can hold; places must be readable.
fn fit(item: &MetadataItem, meaning: &str, key: &MetadataKey, totals: &Totals) -> Option<MetadataValue> {
    let wanted = match key {
        MetadataKey::ITunes(code) => form(*code),
        MetadataKey::QuickTime(name) if name.ends_with(".artwork") => Form::Picture,
        _ => Form::Text,
    };
    let value = match (wanted, &item.value, key) {
        (Form::Picture, value @ MetadataValue::Data { .. }, _) => value.clone(),
        (Form::Picture, ..) => return None,
        (Form::Pair, _, MetadataKey::ITunes(code)) => {
            let pair = match meaning {
                "track_total" | "disc_total" => (0, totals.of_meaning(meaning)),
                _ => totals.complete(meaning, number_pair(item).or_else(|| parse_pair(&item.value))?),
            };
            pair_value(*code, pair)
        }
        (Form::Number, value, _) => MetadataValue::Integer(whole(value)?),
        (Form::Truth, value, _) => MetadataValue::Integer(truth(value)?),
        (_, MetadataValue::Text(text), _) => MetadataValue::Text(text.clone()),
        (_, MetadataValue::Integer(number), _) => MetadataValue::Text(number.to_string()),
        (_, MetadataValue::Float(number), _) => MetadataValue::Text(number.to_string()),
        (_, MetadataValue::Data { .. }, _) => return None,
    };
    let is_place = matches!(key, MetadataKey::Iso(code) if &code.0 == b"loci");
    let readable = !is_place || value.as_text().is_some_and(|text| parse_place(text).is_some());
    readable.then_some(value)
}
