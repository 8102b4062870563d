//! ID3 tags: version 2 (id3.org, "ID3 tag version 2.4.0") and version 1 at the end of a file.

mod chapters;
mod frame;
mod picture;
mod text;

use std::ops::Range;

use reelwright_bmff::metadata::id3_genre;
use reelwright_media::{Language, MetadataItem, MetadataKey, Omitted, Result};

use crate::movie_tags::MovieTags;
use crate::wave::{item, plain_text};
use crate::window::Window;
use chapters::Chapters;
use frame::{Frames, resynchronise};
use text::{decode, split};

pub(crate) use picture::kind as picture_kind;

/// Longer tags are passed over unread but for this much of their beginning.
pub(crate) const MOST: usize = Window::MOST;

/// The length of the tag at the start of `bytes`, header and footer included; `None` where there is none.
pub(crate) fn length(bytes: &[u8]) -> Option<u64> {
    let header = bytes.first_chunk::<10>().filter(|header| header.starts_with(b"ID3"))?;
    let size = syncsafe(&header[6..])?;
    let footer = if header[5] & 0x10 != 0 { 10 } else { 0 };
    Some(10 + u64::from(size) + footer)
}

/// What the tag at the start of `bytes` says. What is cut short is left out.
pub(crate) fn parse(bytes: &[u8]) -> MovieTags {
    let mut facts = MovieTags::default();
    let Some(length) = length(bytes) else { return facts };
    let (major, flags) = (bytes[3], bytes[5]);
    let end = usize::try_from(length).unwrap_or(usize::MAX).min(bytes.len());
    if (end as u64) < length {
        let reason = "the tag is longer than what is read of it";
        facts.leave_out(Omitted::Metadata("the end of the ID3 tag".into()), reason);
    }
    let body = &bytes[10..end];
    if major == 2 && flags & 0x40 != 0 {
        let reason = "it is compressed, in a way no standard describes";
        facts.leave_out(Omitted::Metadata("the ID3 tag".into()), reason);
        return facts;
    }
    let undone;
    let mut rest = if flags & 0x80 != 0 && major < 4 {
        undone = resynchronise(body);
        &undone[..]
    } else {
        body
    };
    if flags & 0x40 != 0 && major > 2 {
        rest = rest.get(extended_header(rest, major)..).unwrap_or_default();
    }
    let mut reading = Reading { major, facts, ..Reading::default() };
    let frames = Frames { rest, major, unsynchronised: flags & 0x80 != 0 };
    reading.read(frames);
    reading.finish()
}

/// Where the sound stands between the tags in front of it and the one behind, and what the former say, or else the latter.
pub(crate) fn read_around(window: &mut Window) -> Result<(Range<u64>, MovieTags)> {
    let (mut start, mut facts) = (0u64, MovieTags::default());
    while let Some(length) = length(window.at(start, 10)?) {
        let held = usize::try_from(length).unwrap_or(usize::MAX).min(MOST);
        facts.extend(parse(window.at(start, held)?));
        start = start.saturating_add(length);
    }
    let mut end = window.len();
    if let Some(tail) = end.checked_sub(128).filter(|&tail| tail >= start)
        && window.at(tail, 3)? == b"TAG"
    {
        if facts.items.is_empty() {
            facts.items = parse_v1(window.at(tail, 128)?);
        }
        end = tail;
    }
    Ok((start..end, facts))
}

/// The items of a version 1 tag: the last 128 bytes of a file.
fn parse_v1(tail: &[u8]) -> Vec<MetadataItem> {
    if tail.len() != 128 || !tail.starts_with(b"TAG") {
        return Vec::new();
    }
    let fields = [("TIT2", 3..33), ("TPE1", 33..63), ("TALB", 63..93), ("TDRC", 93..97), ("COMM", 97..127)];
    let texts = fields.into_iter().map(|(key, range)| (key, plain_text(&tail[range])));
    let texts = texts.filter(|(_, text)| !text.is_empty()).map(|(key, text)| item(key, text));
    // Version 1.1: the last two bytes of the remark are a zero and the track's number.
    let track = (tail[125] == 0 && tail[126] != 0).then(|| item("TRCK", tail[126].to_string()));
    let genre = id3_genre(tail[127].into()).map(|name| item("TCON", name.into()));
    texts.chain(track).chain(genre).collect()
}

/// A tag on its way into facts.
#[derive(Default)]
struct Reading {
    major: u8,
    facts: MovieTags,
    chapters: Chapters,
    /// By what they show, so that the front of the cover comes first.
    pictures: Vec<(u8, MetadataItem)>,
}

impl Reading {
    fn read(&mut self, frames: Frames<'_>) {
        let (major, unsynchronised) = (frames.major, frames.unsynchronised);
        let inner = Frames { rest: &[], major, unsynchronised };
        for frame in frames.take(MOST_FRAMES) {
            if let Some(reason) = frame.hidden {
                self.facts.leave_out(Omitted::Metadata(format!("ID3 {}", frame.id)), reason);
                continue;
            }
            match frame.id.as_str() {
                "CHAP" => _ = self.chapters.read_chapter(&frame.data, &inner, &mut self.facts),
                "CTOC" => _ = self.chapters.read_table(&frame.data),
                "APIC" if self.pictures.len() < MOST_PICTURES => match picture::read(&frame.data, self.major)
                {
                    Some(found) => self.pictures.push(found),
                    None => self.leave_out("APIC", "it holds no picture"),
                },
                id => self.read_text(id, &frame.data),
            }
        }
    }

    fn leave_out(&mut self, id: &str, reason: &str) {
        self.facts.leave_out(Omitted::Metadata(format!("ID3 {id}")), reason);
    }

    fn read_text(&mut self, id: &str, data: &[u8]) {
        let Some((&encoding, body)) = data.split_first() else { return };
        let found = match id {
            "COMM" | "USLT" => remark(id, encoding, body),
            "TXXX" => {
                let (key, text) = split(encoding, body);
                text.map(|text| item(&format!("TXXX:{}", decode(encoding, key)), decode(encoding, text)))
            }
            // How long the sound is and what kind of file it was in.
            "TLEN" | "TFLT" | "TSIZ" | "TDLY" => return,
            "TCON" => Some(item(id, genre(&decode(encoding, body)))),
            "WXXX" => {
                let (key, link) = split(encoding, body);
                link.map(|link| item(&format!("WXXX:{}", decode(encoding, key)), plain_text(link)))
            }
            // Links have no encoding in front.
            id if id.starts_with('W') => Some(item(id, plain_text(data))),
            id if id.starts_with('T') || matches!(id, "GRP1" | "MVNM" | "MVIN") => {
                Some(item(id, decode(encoding, body)))
            }
            "PCST" => Some(item(id, "1".into())),
            _ => return self.leave_out(id, "only texts, links, pictures and chapters are read"),
        };
        if let Some(found) = found.filter(|item| item.value.as_text().is_some_and(|text| !text.is_empty())) {
            self.facts.note(found);
        }
    }

    fn finish(mut self) -> MovieTags {
        const FRONT: u8 = 3;
        self.pictures.sort_by_key(|(role, _)| *role != FRONT);
        for (_, picture) in self.pictures {
            self.facts.note(picture);
        }
        self.chapters.list(&mut self.facts);
        join_date(&mut self.facts.items);
        self.facts
    }
}

/// Frames of one tag that are looked at.
const MOST_FRAMES: usize = 16_384;

/// Pictures of one tag.
const MOST_PICTURES: usize = 64;

/// A remark or lyrics: a language, what it is about, the text. iTunes keeps its own numbers there; those that describe
/// the packets of this file are of no use in another.
fn remark(id: &str, encoding: u8, body: &[u8]) -> Option<MetadataItem> {
    let (code, rest) = body.split_at_checked(3)?;
    let (about, text) = split(encoding, rest);
    let (about, text) = (decode(encoding, about), decode(encoding, text?));
    let key = match about.as_str() {
        "iTunSMPB" | "iTunPGAP" => return None,
        own if own.starts_with("iTun") => own.to_owned(),
        "" => id.to_owned(),
        about => format!("{id}:{about}"),
    };
    let language = std::str::from_utf8(code).ok().and_then(Language::from_code);
    Some(MetadataItem { language: language.unwrap_or_default(), ..item(&key, text) })
}

/// Year, day and month, and hour and minute, which version 2.3 keeps apart, as the one date of 2.4.
fn join_date(items: &mut Vec<MetadataItem>) {
    let digits = |items: &[MetadataItem], id: &str| {
        let found = items.iter().find(|found| found.key == MetadataKey::Other(id.into()));
        let text = found.and_then(|found| found.value.as_text()).map(str::to_owned);
        text.filter(|text| text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let (Some(year), Some(day)) = (digits(items, "TYER"), digits(items, "TDAT")) else { return };
    let mut date = format!("{year}-{}-{}", &day[2..], &day[..2]);
    let time = digits(items, "TIME");
    if let Some(time) = &time {
        date.push_str(&format!("T{}:{}", &time[..2], &time[2..]));
    }
    let is = |found: &MetadataItem, id: &str| found.key == MetadataKey::Other(id.into());
    items.retain(|found| !is(found, "TDAT") && (time.is_none() || !is(found, "TIME")));
    if let Some(found) = items.iter_mut().find(|found| is(found, "TYER")) {
        *found = item("TDRC", date);
    }
}

/// Genres by name, which tags state by number, in brackets or alone, or by both: `(17)`, `17`, `(17)Rock`, `17; 4`.
fn genre(text: &str) -> String {
    let mut names: Vec<String> = Vec::new();
    for part in text.split("; ") {
        let mut rest = part.trim();
        while let Some((number, tail)) = rest.strip_prefix('(').and_then(|rest| rest.split_once(')')) {
            let Some(name) = number.parse().ok().and_then(id3_genre) else { break };
            // What follows is the same in the writer's own words.
            if tail.is_empty() || tail.starts_with('(') {
                names.push(name.into());
            }
            rest = tail;
        }
        let name = rest.parse().ok().and_then(id3_genre).unwrap_or(rest);
        if !name.is_empty() {
            names.push(name.into());
        }
    }
    names.join("; ")
}

fn extended_header(bytes: &[u8], major: u8) -> usize {
    let Some(size) = bytes.first_chunk::<4>() else { return 0 };
    if major == 4 {
        syncsafe(size).unwrap_or(0) as usize
    } else {
        (u32::from_be_bytes(*size) as usize).saturating_add(4)
    }
}

fn syncsafe(bytes: &[u8]) -> Option<u32> {
    let sound = bytes.iter().take(4).all(|byte| byte & 0x80 == 0);
    sound.then(|| bytes.iter().take(4).fold(0, |value, &byte| value << 7 | u32::from(byte)))
}

#[cfg(test)]
mod tests {
    use reelwright_media::{MetadataValue, Time};

    use super::*;

    fn tag(major: u8, frames: &[u8]) -> Vec<u8> {
        let mut out =
            vec![b'I', b'D', b'3', major, 0, 0, 0, 0, (frames.len() >> 7) as u8, (frames.len() & 0x7F) as u8];
        out.extend(frames);
        out
    }

    #[test]
    fn texts_of_every_version_are_read() {
        let v4 = tag(4, b"TIT2\0\0\0\x06\0\0\x03H\xC3\xA9llCOMM\0\0\0\x08\0\0\x00eng\0abc");
        let items = parse(&v4).items;
        assert_eq!(items[0].value.as_text(), Some("Héll"));
        assert_eq!((items[1].value.as_text(), items[1].language.code()), (Some("abc"), "eng"));
        let v2 = parse(&tag(2, b"TT2\0\0\x03\0AB")).items;
        assert_eq!(v2[0].key, MetadataKey::Other("TIT2".into()));
        let v3 = parse(&tag(3, b"TPE1\0\0\0\x07\0\0\x01\xFF\xFEA\0B\0")).items;
        assert_eq!(v3[0].value.as_text(), Some("AB"));
        assert_eq!(length(&v4), Some(v4.len() as u64));
    }

    #[test]
    fn pictures_of_version_2_2_name_their_format_in_three_letters() {
        let picture = parse(&tag(2, b"PIC\0\0\x0A\0JPG\x03\0\xFF\xD8\xFF\xE0"));
        let wanted = MetadataValue::Data { kind: 13, bytes: (&b"\xFF\xD8\xFF\xE0"[..]).into() };
        assert_eq!(picture.items[0].value, wanted);
    }

    /// 200 is two bytes of seven bits where the standard is heeded, one of eight where iTunes wrote.
    #[test]
    fn sizes_of_version_2_4_are_read_both_ways() {
        for size in [[0, 0, 1, 0x48], [0, 0, 0, 200]] {
            let frames = [b"TIT2", &size[..], b"\0\0\x03", &[b'x'; 199], b"TPE1\0\0\0\x02\0\0\x03A"].concat();
            let items = parse(&tag(4, &frames)).items;
            assert_eq!(items[0].value.as_text().map(str::len), Some(199), "{size:?}");
            assert_eq!(items[1].value.as_text(), Some("A"), "{size:?}");
        }
    }

    #[test]
    fn chapters_are_those_of_the_table_of_contents() {
        let chapter = |id: &str, start: u8, end: u8, title: &str| {
            let text = [b"\x03", title.as_bytes()].concat();
            let title = [b"TIT2\0\0\0", &[text.len() as u8][..], b"\0\0", &text].concat();
            let times = [0, 0, 0, start, 0, 0, 0, end, 255, 255, 255, 255, 255, 255, 255, 255];
            let body = [id.as_bytes(), &[0], &times, &title].concat();
            [b"CHAP\0\0\0", &[body.len() as u8][..], b"\0\0", &body].concat()
        };
        let table = b"CTOC\0\0\0\x0C\0\0toc\0\x03\x02c1\0c2\0";
        let frames = [
            &table[..],
            &chapter("c2", 20, 90, "Two"),
            &chapter("hidden", 30, 40, "?"),
            &chapter("c1", 0, 20, "One"),
        ]
        .concat();
        let chapters = parse(&tag(4, &frames)).chapters.until(Time::from_secs(9));
        let read = chapters.iter().map(|chapter| (chapter.title.as_str(), chapter.range.end()));
        let wanted = [("One", Time::from_millis(20)), ("Two", Time::from_millis(90))];
        assert_eq!(read.collect::<Vec<_>>(), wanted);
    }

    #[test]
    fn genres_have_names() {
        let pairs = [("(17)", "Rock"), ("17", "Rock"), ("(17)Hard", "Hard"), ("(4)(17)", "Disco; Rock")];
        for (stated, name) in
            pairs.into_iter().chain([("Own", "Own"), ("(x)", "(x)"), ("17; 4", "Rock; Disco")])
        {
            assert_eq!(genre(stated), name);
        }
    }

    #[test]
    fn cut_and_damaged_tags_are_survived() {
        let sound = tag(4, b"TIT2\0\0\0\x06\0\0\x03H\xC3\xA9llAPIC\0\0\0\x10\0\0\0image/png\0\x03\0abc");
        for cut in 0..sound.len() {
            parse(&sound[..cut]);
            let mut damaged = sound.clone();
            for value in [0, 0x7F, 0xFF] {
                damaged[cut] = value;
                parse(&damaged);
            }
        }
    }
}
