use bytes::Bytes;
use reelwright_media::{Language, MetadataItem, MetadataKey, MetadataValue, Movie, Omission, Omitted};

use super::ebml::{elements, signed, text, unsigned};
use super::entry::language;
use super::tags::Tags;
use super::{find_unsigned, nanoseconds};
use crate::id3::picture_kind;
use crate::limits::MOST_CHAPTERS;
use crate::movie_tags::MovieTags;
use crate::wave::item;

/// Facts about the film and its tracks: segment information, tags, chapters, attachments.
#[derive(Default)]
pub(super) struct Notes {
    pub(super) tags: Tags,
    facts: MovieTags,
    /// Nanoseconds since 2001.
    date: Option<i64>,
}

impl Notes {
    /// Reads the segment information; nanoseconds per tick, where stated.
    pub(super) fn read_info(&mut self, data: &[u8]) -> Option<u64> {
        let mut scale = None;
        for (id, data) in elements(data) {
            match id {
                0x2A_D7B1 => scale = Some(unsigned(data)),
                0x4461 => self.date = Some(signed(data)),
                0x7BA9 => self.tags.note(item("TITLE", text(data))),
                0x5741 => self.tags.note(item("ENCODER", text(data))),
                _ => {}
            }
        }
        scale
    }

    /// Reads the chapters of one edition that are meant to be seen: the default one, or else the first.
    pub(super) fn read_chapters(&mut self, data: &[u8]) {
        let editions = elements(data).filter(|(id, _)| *id == 0x45B9).map(|(_, edition)| edition);
        let flag = |edition: &[u8], id| find_unsigned(edition, id).unwrap_or(0) != 0;
        let shown: Vec<_> = editions.filter(|edition| !flag(edition, 0x45BD)).take(MOST_CHAPTERS).collect();
        let Some(default) = shown.iter().position(|edition| flag(edition, 0x45DB)).or(Some(0)) else {
            return;
        };
        for (index, edition) in shown.into_iter().enumerate() {
            if index != default {
                let count = elements(edition).filter(|(id, _)| *id == 0xB6).count();
                self.leave_out_chapters(count, "they are of another edition");
                continue;
            }
            if flag(edition, 0x45DD) {
                self.facts.omissions.push(Omission::new(
                    Omitted::SideData("the order in which the edition's chapters are to be played".into()),
                    None,
                    "the film is presented as it is stored",
                ));
            }
            self.read_edition(edition);
        }
    }

    fn leave_out_chapters(&mut self, count: usize, reason: &str) {
        if count > 0 {
            self.facts.leave_out(Omitted::Chapters(count), reason);
        }
    }

    fn read_edition(&mut self, edition: &[u8]) {
        let mut inner = 0;
        for (_, atom) in elements(edition).filter(|(id, _)| *id == 0xB6).take(MOST_CHAPTERS) {
            let flag = |id, default| find_unsigned(atom, id).unwrap_or(default) != 0;
            if flag(0x98, 0) || !flag(0x4598, 1) {
                continue;
            }
            inner += elements(atom).filter(|(id, _)| *id == 0xB6).count();
            let display = elements(atom).find(|(id, _)| *id == 0x80).map_or(&[][..], |(_, data)| data);
            let of = |wanted| elements(display).find(|(id, _)| *id == wanted).map(|(_, data)| text(data));
            // What the standard says of a title that says nothing.
            let code = of(0x437D).or_else(|| of(0x437C)).unwrap_or_else(|| "eng".into());
            let language = language(code.split('-').next().unwrap_or_default());
            let title = of(0x85).unwrap_or_default();
            let time = |id| find_unsigned(atom, id).map(|time| nanoseconds(time.into()));
            let start = time(0x91).unwrap_or_else(|| nanoseconds(0));
            self.facts.chapters.push(start, time(0x92), title, language);
        }
        self.leave_out_chapters(inner, "they are parts of other chapters");
    }

    /// Keeps an attached file that is a picture: a cover.
    pub(super) fn read_attachment(&mut self, file: &[u8]) {
        let of = |wanted| elements(file).find(|(id, _)| *id == wanted).map(|(_, data)| data);
        let media_type = of(0x4660).map(text).unwrap_or_default();
        let bytes = of(0x465C).unwrap_or_default();
        let kind = picture_kind(media_type.as_bytes(), bytes);
        if !media_type.starts_with("image/") || kind == 0 || bytes.is_empty() {
            let name = of(0x466E).map(text).unwrap_or_default();
            let what = Omitted::Metadata(format!("the attached file '{name}'"));
            return self.facts.leave_out(what, "only pictures have a place elsewhere");
        }
        self.tags.note(MetadataItem {
            key: MetadataKey::Other("COVER".into()),
            value: MetadataValue::Data { kind, bytes: Bytes::copy_from_slice(bytes) },
            language: Language::UNDETERMINED,
        });
    }

    /// Says of a file that is too long to be looked at that it is left out.
    pub(super) fn leave_out_attachment(&mut self) {
        self.facts.leave_out(Omitted::Metadata("an attached file".into()), "it is longer than 8 MiB");
    }

    /// Writes the facts about the film into `movie`, whose duration is known.
    pub(super) fn describe(mut self, movie: &mut Movie) {
        movie.creation_time = self.creation_time();
        self.facts.items = self.tags.take_movie();
        self.facts.describe(movie);
    }

    /// Seconds since 1904; 0 where unknown.
    fn creation_time(&self) -> u64 {
        // From 1904-01-01 to 2001-01-01.
        const TO_2001: i64 = 3_061_152_000;
        self.date.and_then(|date| u64::try_from(date / 1_000_000_000 + TO_2001).ok()).unwrap_or(0)
    }
}
