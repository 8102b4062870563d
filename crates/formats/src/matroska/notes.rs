use std::collections::BTreeMap;

use bytes::Bytes;
use reelwright_media::{Chapter, Language, MetadataItem, MetadataKey, MetadataValue, Time};

use super::ebml::{elements, signed, text, unsigned};
use super::entry::language;
use super::{find_unsigned, stretch};
use crate::limits::{MOST_CHAPTERS, MOST_ITEMS, MOST_TRACKS};
use crate::wave::item;

/// Facts about the film and its tracks: segment information, tags, chapters, attachments.
#[derive(Default)]
pub(super) struct Notes {
    movie: Vec<MetadataItem>,
    tracks: BTreeMap<u64, Vec<MetadataItem>>,
    /// Of all tracks.
    track_items: usize,
    chapters: Vec<RawChapter>,
    /// Nanoseconds since 2001.
    date: Option<i64>,
}

/// Facts about all tracks together.
const MOST_TRACK_ITEMS: usize = 16 * MOST_ITEMS;

struct RawChapter {
    start: u64,
    end: Option<u64>,
    title: String,
}

impl Notes {
    /// Reads the segment information; nanoseconds per tick, where stated.
    pub(super) fn read_info(&mut self, data: &[u8]) -> Option<u64> {
        let mut scale = None;
        for (id, data) in elements(data) {
            match id {
                0x2A_D7B1 => scale = Some(unsigned(data)),
                0x4461 => self.date = Some(signed(data)),
                0x7BA9 => self.note(item("TITLE", text(data))),
                0x5741 => self.note(item("ENCODER", text(data))),
                _ => {}
            }
        }
        scale
    }

    /// Keeps a fact about the film while there is room.
    fn note(&mut self, item: MetadataItem) {
        if self.movie.len() < MOST_ITEMS {
            self.movie.push(item);
        }
    }

    /// Reads the first edition's chapters that are meant to be seen.
    pub(super) fn read_chapters(&mut self, data: &[u8]) {
        let editions = elements(data).filter(|(id, _)| *id == 0x45B9).map(|(_, edition)| edition);
        let shown = editions.filter(|edition| find_unsigned(edition, 0x45BD).unwrap_or(0) == 0);
        let Some(edition) = shown.into_iter().next() else { return };
        for (_, atom) in elements(edition).filter(|(id, _)| *id == 0xB6).take(MOST_CHAPTERS) {
            if self.chapters.len() >= MOST_CHAPTERS {
                break;
            }
            let flag = |id, default| find_unsigned(atom, id).unwrap_or(default) != 0;
            if flag(0x98, 0) || !flag(0x4598, 1) {
                continue;
            }
            let display = elements(atom).find(|(id, _)| *id == 0x80).map_or(&[][..], |(_, data)| data);
            let title = elements(display)
                .find(|(id, _)| *id == 0x85)
                .map_or_else(String::new, |(_, data)| text(data));
            let start = find_unsigned(atom, 0x91).unwrap_or(0);
            self.chapters.push(RawChapter { start, end: find_unsigned(atom, 0x92), title });
        }
        self.chapters.sort_by_key(|chapter| chapter.start);
    }

    /// Reads tags. Statistics that some writers leave for themselves are left out: they are about the file, not the film.
    pub(super) fn read_tags(&mut self, data: &[u8]) {
        for (_, tag) in elements(data).filter(|(id, _)| *id == 0x7373) {
            let targets = elements(tag).find(|(id, _)| *id == 0x63C0).map_or(&[][..], |(_, data)| data);
            let track = find_unsigned(targets, 0x63C5).unwrap_or(0);
            // Chapters (0x63C4) and attachments (0x63C6) have no place for facts of their own.
            if elements(targets).any(|(id, data)| matches!(id, 0x63C4 | 0x63C6) && unsigned(data) != 0) {
                continue;
            }
            let tags = elements(tag).filter(|(id, _)| *id == 0x67C8);
            let items = tags.filter_map(|(_, data)| simple_tag(data));
            if track == 0 {
                items.for_each(|item| self.note(item));
                continue;
            }
            if self.tracks.len() >= MOST_TRACKS && !self.tracks.contains_key(&track) {
                continue;
            }
            let list = self.tracks.entry(track).or_default();
            let before = list.len();
            list.extend(items.take(MOST_TRACK_ITEMS - self.track_items));
            self.track_items += list.len() - before;
        }
    }

    /// Keeps an attached file that is a picture: a cover.
    pub(super) fn read_attachment(&mut self, file: &[u8]) {
        let of = |wanted| elements(file).find(|(id, _)| *id == wanted).map(|(_, data)| data);
        let kind = match of(0x4660).map(text).as_deref() {
            Some("image/jpeg") => 13,
            Some("image/png") => 14,
            _ => return,
        };
        let Some(bytes) = of(0x465C) else { return };
        self.note(MetadataItem {
            key: MetadataKey::Other("COVER".into()),
            value: MetadataValue::Data { kind, bytes: Bytes::copy_from_slice(bytes) },
            language: Language::UNDETERMINED,
        });
    }

    /// The facts about the track with this UID.
    pub(super) fn of_track(&self, uid: u64) -> Vec<MetadataItem> {
        self.tracks.get(&uid).cloned().unwrap_or_default()
    }

    /// Facts about the film and its chapters, the last of which ends with it.
    pub(super) fn of_movie(&mut self, duration: Time) -> (Vec<MetadataItem>, Vec<Chapter>) {
        let whole = duration.scaled_by(1_000_000_000, i64::from(duration.scale().ticks()));
        let whole = whole.and_then(|time| u64::try_from(time.value()).ok()).unwrap_or(u64::MAX >> 1);
        let next =
            self.chapters.iter().skip(1).map(|chapter| chapter.start).chain([whole]).collect::<Vec<_>>();
        let chapters = self.chapters.iter().zip(next).map(|(chapter, next)| Chapter {
            range: stretch(chapter.start, chapter.end.filter(|&end| end > chapter.start).unwrap_or(next)),
            title: chapter.title.clone(),
        });
        let chapters = chapters.collect();
        // Writers say the same in the segment's information and in a tag.
        let mut facts: Vec<MetadataItem> = Vec::new();
        for item in std::mem::take(&mut self.movie) {
            if !facts.contains(&item) {
                facts.push(item);
            }
        }
        (facts, chapters)
    }

    /// Seconds since 1904; 0 where unknown.
    pub(super) fn creation_time(&self) -> u64 {
        // From 1904-01-01 to 2001-01-01.
        const TO_2001: i64 = 3_061_152_000;
        self.date.and_then(|date| u64::try_from(date / 1_000_000_000 + TO_2001).ok()).unwrap_or(0)
    }
}

fn simple_tag(data: &[u8]) -> Option<MetadataItem> {
    const STATISTICS: [&str; 4] = ["BPS", "DURATION", "NUMBER_OF_FRAMES", "NUMBER_OF_BYTES"];
    let of = |wanted| elements(data).find(|(id, _)| *id == wanted).map(|(_, data)| text(data));
    let (name, value) = (of(0x45A3)?, of(0x4487)?);
    if name.is_empty() || STATISTICS.contains(&name.as_str()) || name.starts_with("_STATISTICS") {
        return None;
    }
    let language = of(0x447A).map_or(Language::UNDETERMINED, |code| language(&code));
    Some(MetadataItem { language, ..item(&name, value) })
}
