use bytes::Bytes;

use crate::{FourCc, Language};

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
            Self::QuickTime(key) => Some(match key.strip_prefix("com.apple.quicktime.")? {
                "title" => "title",
                "displayname" => "display_name",
                "artist" => "artist",
                "author" => "author",
                "album" => "album",
                "comment" => "comment",
                "description" => "description",
                "copyright" => "copyright",
                "creationdate" => "creation_date",
                "location.ISO6709" => "location",
                "make" => "make",
                "model" => "model",
                "software" => "software",
                "genre" => "genre",
                "keywords" => "keywords",
                "year" => "date",
                _ => return None,
            }),
            Self::UserData(code) | Self::ITunes(code) => Some(match &code.0 {
                b"\xA9nam" => "title",
                b"\xA9ART" => "artist",
                b"\xA9aut" => "author",
                b"\xA9alb" => "album",
                b"aART" => "album_artist",
                b"\xA9cmt" => "comment",
                b"\xA9des" | b"desc" => "description",
                b"\xA9inf" => "information",
                b"\xA9cpy" | b"cprt" => "copyright",
                b"\xA9day" => "creation_date",
                b"\xA9xyz" => "location",
                b"\xA9mak" => "make",
                b"\xA9mod" => "model",
                b"\xA9swr" => "software",
                b"\xA9too" | b"\xA9enc" => "encoder",
                b"\xA9gen" | b"gnre" => "genre",
                b"\xA9wrt" => "composer",
                b"\xA9lyr" => "lyrics",
                b"keyw" => "keywords",
                b"trkn" => "track",
                b"disk" => "disc",
                b"covr" => "artwork",
                b"name" => "name",
                _ => return None,
            }),
            Self::Iso(code) => Some(match &code.0 {
                b"titl" => "title",
                b"perf" => "artist",
                b"auth" => "author",
                b"albm" => "album",
                b"dscp" => "description",
                b"cprt" => "copyright",
                b"yrrc" => "date",
                b"date" => "creation_date",
                b"loci" => "location",
                b"gnre" => "genre",
                b"kywd" => "keywords",
                _ => return None,
            }),
            Self::Other(name) => meaning_elsewhere(name),
            Self::ITunesFreeForm { .. } => None,
        }
    }
}

/// What a tag of another container means: Matroska's and Vorbis's names, whatever their case; the codes of WAVE's `INFO`,
/// of AIFF and of ID3; the names of EBU's broadcast extension.
fn meaning_elsewhere(name: &str) -> Option<&'static str> {
    const NAMES: &[(&str, &[&str])] = &[
        ("title", &["title", "inam", "name", "tit2"]),
        ("artist", &["artist", "performer", "iart", "auth", "tpe1"]),
        ("author", &["author", "originator"]),
        ("album", &["album", "iprd", "talb"]),
        ("album_artist", &["album_artist", "albumartist", "tpe2"]),
        ("comment", &["comment", "comments", "icmt", "anno", "comm"]),
        ("description", &["description"]),
        ("copyright", &["copyright", "icop", "(c) ", "tcop"]),
        ("creation_date", &["creation_date"]),
        (
            "date",
            &["date", "date_released", "date_recorded", "year", "icrd", "tdrc", "tyer", "originationdate"],
        ),
        ("location", &["location"]),
        ("make", &["make"]),
        ("model", &["model"]),
        ("software", &["software"]),
        ("encoder", &["encoder", "encoding application", "isft", "tsse"]),
        ("genre", &["genre", "ignr", "tcon"]),
        ("keywords", &["keywords", "ikey"]),
        ("composer", &["composer", "tcom"]),
        ("lyrics", &["lyrics", "uslt"]),
        ("track", &["track", "tracknumber", "track number", "trck"]),
        ("artwork", &["cover", "metadata_block_picture", "apic"]),
    ];
    let name = name.to_ascii_lowercase();
    NAMES.iter().find(|(_, names)| names.contains(&name.as_str())).map(|(meaning, _)| *meaning)
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
    }
}
