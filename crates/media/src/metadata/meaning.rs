//! What the keys of each key space mean, and which of them to write for a meaning.

use crate::FourCc;

/// QuickTime metadata, behind `com.apple.quicktime.`: meaning and name. The first of a meaning is written.
const QUICKTIME: &[(&str, &str)] = &[
    ("title", "title"),
    ("display_name", "displayname"),
    ("artist", "artist"),
    ("author", "author"),
    ("album", "album"),
    ("comment", "comment"),
    ("description", "description"),
    ("information", "information"),
    ("copyright", "copyright"),
    ("creation_date", "creationdate"),
    ("date", "year"),
    ("location", "location.ISO6709"),
    ("make", "make"),
    ("model", "model"),
    ("software", "software"),
    ("genre", "genre"),
    ("keywords", "keywords"),
    ("composer", "composer"),
    ("artwork", "artwork"),
    ("director", "director"),
    ("producer", "producer"),
    ("publisher", "publisher"),
    ("performer", "performer"),
    ("arranger", "arranger"),
    ("original_artist", "originalartist"),
];

/// Items of iTunes: meaning and code. The first of a meaning is written.
const ITUNES: &[(&str, &[u8; 4])] = &[
    ("title", b"\xA9nam"),
    ("artist", b"\xA9ART"),
    ("album", b"\xA9alb"),
    ("album_artist", b"aART"),
    ("comment", b"\xA9cmt"),
    ("description", b"desc"),
    ("synopsis", b"ldes"),
    ("copyright", b"cprt"),
    ("creation_date", b"\xA9day"),
    ("date", b"\xA9day"),
    ("genre", b"\xA9gen"),
    ("genre", b"gnre"),
    ("composer", b"\xA9wrt"),
    ("lyrics", b"\xA9lyr"),
    ("encoder", b"\xA9too"),
    ("artwork", b"covr"),
    ("track", b"trkn"),
    ("disc", b"disk"),
    ("compilation", b"cpil"),
    ("tempo", b"tmpo"),
    ("grouping", b"\xA9grp"),
    ("gapless", b"pgap"),
    ("podcast", b"pcst"),
    ("category", b"catg"),
    ("show", b"tvsh"),
    ("season_number", b"tvsn"),
    ("episode_id", b"tven"),
    ("episode_sort", b"tves"),
    ("network", b"tvnn"),
    ("media_type", b"stik"),
    ("sort_name", b"sonm"),
    ("sort_artist", b"soar"),
    ("sort_album", b"soal"),
    ("sort_album_artist", b"soaa"),
    ("sort_composer", b"soco"),
    ("sort_show", b"sosn"),
    ("work", b"\xA9wrk"),
    ("movement", b"\xA9mvn"),
    ("movement_number", b"\xA9mvi"),
    ("movement_count", b"\xA9mvc"),
    ("conductor", b"\xA9con"),
    ("narrator", b"\xA9nrt"),
];

/// Codes of QuickTime user data that iTunes hasn't, or that both use with this meaning.
const USER_DATA: &[(&str, &[u8; 4])] = &[
    ("author", b"\xA9aut"),
    ("description", b"\xA9des"),
    ("information", b"\xA9inf"),
    ("copyright", b"\xA9cpy"),
    ("location", b"\xA9xyz"),
    ("make", b"\xA9mak"),
    ("model", b"\xA9mod"),
    ("software", b"\xA9swr"),
    ("encoder", b"\xA9enc"),
    ("composer", b"\xA9com"),
    ("keywords", b"keyw"),
    ("keywords", b"\xA9key"),
    ("track", b"\xA9trk"),
    ("director", b"\xA9dir"),
    ("producer", b"\xA9prd"),
    ("publisher", b"\xA9pub"),
    ("performer", b"\xA9prf"),
    ("arranger", b"\xA9arg"),
    ("original_artist", b"\xA9ope"),
    ("name", b"name"),
];

/// Boxes of ISO and 3GPP user data.
const ISO: &[(&str, &[u8; 4])] = &[
    ("title", b"titl"),
    ("artist", b"perf"),
    ("author", b"auth"),
    ("album", b"albm"),
    ("description", b"dscp"),
    ("copyright", b"cprt"),
    ("date", b"yrrc"),
    ("creation_date", b"date"),
    ("location", b"loci"),
    ("genre", b"gnre"),
    ("keywords", b"kywd"),
];

/// Matroska's and Vorbis's names, whatever their case; the codes of WAVE's `INFO`, of AIFF and of ID3; the names of EBU's
/// broadcast extension.
const ELSEWHERE: &[(&str, &[&str])] = &[
    ("title", &["title", "inam", "name", "tit2"]),
    ("artist", &["artist", "performer", "lead_performer", "iart", "auth", "tpe1"]),
    ("author", &["author", "originator"]),
    ("album", &["album", "iprd", "talb"]),
    ("album_artist", &["album_artist", "albumartist", "album artist", "tpe2"]),
    ("comment", &["comment", "comments", "icmt", "anno", "comm"]),
    ("description", &["description", "isbj", "subject", "tdes"]),
    ("synopsis", &["synopsis", "summary", "longdescription", "ldes"]),
    ("copyright", &["copyright", "icop", "(c) ", "tcop"]),
    ("creation_date", &["creation_date"]),
    (
        "date",
        &[
            "date",
            "date_released",
            "date_recorded",
            "year",
            "icrd",
            "tdrc",
            "tdrl",
            "tyer",
            "originationdate",
        ],
    ),
    ("location", &["location"]),
    ("make", &["make"]),
    ("model", &["model"]),
    ("software", &["software"]),
    ("encoder", &["encoder", "encoding application", "isft", "tsse"]),
    ("genre", &["genre", "ignr", "tcon"]),
    ("keywords", &["keywords", "ikey", "tkwd"]),
    ("composer", &["composer", "imus", "tcom"]),
    ("lyrics", &["lyrics", "unsyncedlyrics", "unsynced lyrics", "uslt"]),
    ("track", &["track", "tracknumber", "track number", "part_number", "itrk", "iprt", "trck"]),
    (
        "track_total",
        &["tracktotal", "totaltracks", "track_total", "total_tracks", "total_parts", "tracktotals"],
    ),
    ("disc", &["disc", "disk", "discnumber", "disknumber", "disc number", "tpos"]),
    ("disc_total", &["disctotal", "totaldiscs", "disc_total", "total_discs", "disktotal"]),
    ("compilation", &["compilation", "itunescompilation", "tcmp"]),
    ("tempo", &["tempo", "bpm", "tbpm"]),
    ("grouping", &["grouping", "contentgroup", "tit1", "grp1"]),
    ("artwork", &["cover", "artwork", "coverart", "metadata_block_picture", "apic"]),
    ("sort_name", &["sort_name", "titlesort", "title-sort", "tsot"]),
    ("sort_artist", &["sort_artist", "artistsort", "artist-sort", "tsop"]),
    ("sort_album", &["sort_album", "albumsort", "album-sort", "tsoa"]),
    ("sort_album_artist", &["sort_album_artist", "albumartistsort", "album_artistsort", "tso2"]),
    ("sort_composer", &["sort_composer", "composersort", "composer-sort", "tsoc"]),
    ("sort_show", &["sort_show", "showsort"]),
    ("show", &["show", "tvshow"]),
    ("season_number", &["season_number", "tvseason"]),
    ("episode_id", &["episode_id", "tvepisodeid"]),
    ("episode_sort", &["episode_sort", "tvepisode"]),
    ("network", &["network", "tvnetwork"]),
    ("media_type", &["media_type"]),
    ("podcast", &["podcast", "pcst"]),
    ("category", &["category", "tcat"]),
    ("work", &["work"]),
    ("movement", &["movement", "movementname", "mvnm"]),
    ("conductor", &["conductor", "tpe3"]),
    ("director", &["director"]),
    ("producer", &["producer", "ipro"]),
    ("publisher", &["publisher", "organization", "label", "tpub"]),
    ("narrator", &["narrator"]),
    ("arranger", &["arranger"]),
    ("original_artist", &["original_artist", "originalartist", "tope"]),
];

pub(super) fn of_quicktime(name: &str) -> Option<&'static str> {
    QUICKTIME.iter().find(|(_, known)| *known == name).map(|(meaning, _)| *meaning)
}

pub(super) fn of_code(code: FourCc) -> Option<&'static str> {
    let mut known = ITUNES.iter().chain(USER_DATA);
    known.find(|(_, known)| **known == code.0).map(|(meaning, _)| *meaning)
}

pub(super) fn of_iso(code: FourCc) -> Option<&'static str> {
    ISO.iter().find(|(_, known)| **known == code.0).map(|(meaning, _)| *meaning)
}

/// What a name in any other container means. ID3's own texts stand behind `TXXX:`, remarks behind what they are about.
pub(super) fn elsewhere(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    let name = name.strip_prefix("txxx:").or(name.split(':').next()).unwrap_or_default();
    ELSEWHERE.iter().find(|(_, names)| names.contains(&name)).map(|(meaning, _)| *meaning)
}

pub(super) fn itunes(meaning: &str) -> Option<FourCc> {
    ITUNES.iter().find(|(known, _)| *known == meaning).map(|(_, code)| FourCc(**code))
}

pub(super) fn quicktime(meaning: &str) -> Option<&'static str> {
    QUICKTIME.iter().find(|(known, _)| *known == meaning).map(|(_, name)| *name)
}
