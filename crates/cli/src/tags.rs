//! Tags as they are set on the command line.

use reelwright::media::{Error, FourCc, Language, MetadataItem, MetadataKey, MetadataValue, Result};
use reelwright::{FileType, MetadataPolicy};

use crate::args::TagArgs;

/// A tag to set, or without a value to take away.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tag {
    /// As it was written.
    name: String,
    key: MetadataKey,
    value: Option<String>,
}

/// The names of tags, and the code of QuickTime user data where containers lack a better key for them.
const NAMES: &[(&str, Option<&[u8; 4]>)] = &[
    ("title", None),
    ("artist", None),
    ("album", None),
    ("album_artist", None),
    ("author", None),
    ("composer", Some(b"\xA9wrt")),
    ("genre", None),
    ("date", None),
    ("track", None),
    ("disc", None),
    ("comment", None),
    ("description", None),
    ("keywords", None),
    ("lyrics", Some(b"\xA9lyr")),
    ("copyright", None),
    ("location", None),
    ("make", None),
    ("model", None),
    ("software", None),
    ("encoder", None),
];

impl Tag {
    /// The tag `name`, which is one of [`NAMES`] or an identifier as `reel inspect --json` prints it.
    pub(crate) fn new(name: &str, value: &str) -> Result<Self, String> {
        let key = identifier(name).or_else(|| known(name)).ok_or_else(|| {
            let names: Vec<_> = NAMES.iter().map(|(name, _)| *name).collect();
            format!(
                "'{name}' is no tag; there are {}, and full identifiers such as mdta/com.example.key",
                names.join(", ")
            )
        })?;
        let value = match (key.common(), value) {
            (_, "") => None,
            (Some("location"), place) => Some(location(place)?),
            (_, text) => Some(text.to_owned()),
        };
        Ok(Self { name: name.to_owned(), key, value })
    }

    /// The item a file of this type can hold.
    fn item(&self, value: &str, file_type: FileType) -> Result<MetadataItem> {
        let code = NAMES.iter().find(|(name, _)| *name == self.name).and_then(|(_, code)| *code);
        let other = code.map(|code| MetadataKey::UserData(FourCc::new(code)));
        let item = |key| MetadataItem {
            key,
            value: MetadataValue::Text(value.to_owned()),
            language: Language::UNDETERMINED,
        };
        let mut ways = [Some(self.key.clone()), other].into_iter().flatten().map(item);
        ways.find(|item| file_type.placeless(std::slice::from_ref(item), false).is_empty()).ok_or_else(|| {
            Error::misuse(format!("a {} has no place for the tag {}", file_type.name(), self.name))
                .with_hint("leave it away, or write another container")
        })
    }
}

/// What the output says about itself: what the source does, with the changes asked for.
pub(crate) fn policy(args: &TagArgs, file_type: FileType) -> Result<MetadataPolicy> {
    let title = args.title.as_ref().map(|title| Tag::new("title", title));
    let title = title.transpose().map_err(Error::misuse)?;
    let mut set: Vec<MetadataItem> = Vec::new();
    let mut remove = Vec::new();
    for tag in args.set.iter().chain(&title) {
        match &tag.value {
            Some(value) => {
                let item = tag.item(value, file_type)?;
                // The last one counts.
                set.retain(|other| other.key != item.key);
                set.push(item);
            }
            None => remove.push(tag.key.clone()),
        }
    }
    Ok(match (args.strip_metadata, set.is_empty() && remove.is_empty()) {
        (true, _) => MetadataPolicy::Replace(set),
        (false, true) => MetadataPolicy::CarryOver,
        (false, false) => MetadataPolicy::Edit { set, remove },
    })
}

/// The key of one of [`NAMES`], or of another name for it, in no container's key space.
fn known(name: &str) -> Option<MetadataKey> {
    let key = MetadataKey::Other(name.to_ascii_lowercase());
    let meaning = key.common()?;
    let name = if meaning == "creation_date" { "date" } else { meaning };
    let known = NAMES.iter().any(|(known, _)| *known == name);
    // QuickTime's own players show this of the two dates it knows.
    let meant = if name == "date" { "creation_date" } else { name };
    known.then(|| MetadataKey::Other(meant.to_owned()))
}

/// Apple's spelling of an identifier; a bare reverse domain name is a QuickTime key.
fn identifier(name: &str) -> Option<MetadataKey> {
    let code = |name: &str| {
        let bytes: Option<Vec<u8>> = name.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
        bytes?.as_slice().try_into().ok().map(|code: &[u8; 4]| FourCc::new(code))
    };
    let Some((space, rest)) = name.split_once('/') else {
        let domain = name.contains('.') && !name.contains(char::is_whitespace);
        return domain.then(|| MetadataKey::QuickTime(name.to_owned()));
    };
    Some(match space {
        "mdta" if !rest.is_empty() => MetadataKey::QuickTime(rest.to_owned()),
        "udta" => MetadataKey::UserData(code(rest)?),
        "itsk" => MetadataKey::ITunes(code(rest)?),
        "uiso" => MetadataKey::Iso(code(rest)?),
        "itlk" => {
            let (mean, name) = rest.rsplit_once('.')?;
            MetadataKey::ITunesFreeForm { mean: mean.to_owned(), name: name.to_owned() }
        }
        _ => return None,
    })
}

/// A place as ISO 6709 writes it; `48.2082,16.3738` and `48.2082 16.3738 170` are understood as well.
fn location(text: &str) -> Result<String, String> {
    let wrong = || format!("'{text}' is not a place; write 48.2082,16.3738 or +48.2082+016.3738/");
    if text.starts_with(['+', '-']) && text.ends_with('/') {
        return Ok(text.to_owned());
    }
    let numbers = text.split([',', ' ']).filter(|part| !part.is_empty()).map(str::parse::<f64>);
    let numbers = numbers.collect::<Result<Vec<_>, _>>().map_err(|_| wrong())?;
    let ([latitude, longitude] | [latitude, longitude, _]) = numbers[..] else { return Err(wrong()) };
    if !(latitude.abs() <= 90.0 && longitude.abs() <= 180.0) {
        return Err(wrong());
    }
    let altitude = numbers.get(2).map(|metres| format!("{metres:+08.3}")).unwrap_or_default();
    Ok(format!("{latitude:+08.4}{longitude:+09.4}{altitude}/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_identifiers_are_understood() {
        let key = |name: &str| Tag::new(name, "x").unwrap().key;
        assert_eq!(key("Title"), MetadataKey::Other("title".into()));
        assert_eq!(key("year"), key("date"));
        assert_eq!(key("udta/©nam"), MetadataKey::UserData(FourCc::new(b"\xA9nam")));
        assert_eq!(key("com.example.key"), MetadataKey::QuickTime("com.example.key".into()));
        assert_eq!(key("mdta/any"), MetadataKey::QuickTime("any".into()));
        let free = MetadataKey::ITunesFreeForm { mean: "com.apple.iTunes".into(), name: "KEY".into() };
        assert_eq!(key("itlk/com.apple.iTunes.KEY"), free);
        assert_eq!(key(&free.identifier()), free);
        for wrong in ["titel", "", "udta/toolong", "what/ever"] {
            assert!(Tag::new(wrong, "x").is_err(), "{wrong}");
        }
    }

    #[test]
    fn places_are_written_as_iso_6709_does() {
        let place = |text: &str| location(text);
        assert_eq!(place("48.2082,16.3738"), Ok("+48.2082+016.3738/".into()));
        assert_eq!(place("-33.8568, 151.2153 5"), Ok("-33.8568+151.2153+005.000/".into()));
        assert_eq!(place("+48.2082+016.3738/"), Ok("+48.2082+016.3738/".into()));
        assert!(place("Vienna").is_err() && place("91,0").is_err() && place("1").is_err());
    }
}
