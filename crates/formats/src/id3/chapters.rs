use std::collections::BTreeSet;

use reelwright_media::{Language, Omitted, Time};

use super::frame::Frames;
use super::text::{decode, split};
use crate::limits::MOST_CHAPTERS;
use crate::movie_tags::MovieTags;

/// The chapters of a tag (id3.org, "ID3v2 Chapter Frame Addendum").
#[derive(Default)]
pub(super) struct Chapters {
    chapters: Vec<Chapter>,
    tables: Vec<Table>,
}

struct Chapter {
    id: Vec<u8>,
    start: u32,
    end: u32,
    title: String,
}

struct Table {
    id: Vec<u8>,
    top: bool,
    entries: Vec<Vec<u8>>,
}

impl Chapters {
    /// Reads a `CHAP` frame.
    pub(super) fn read_chapter(
        &mut self,
        data: &[u8],
        frames: &Frames<'_>,
        facts: &mut MovieTags,
    ) -> Option<()> {
        if self.chapters.len() >= MOST_CHAPTERS {
            return None;
        }
        let (id, rest) = split(0, data);
        let (times, rest) = rest?.split_first_chunk::<16>()?;
        let time = |at: usize| u32::from_be_bytes([times[at], times[at + 1], times[at + 2], times[at + 3]]);
        let mut title = None;
        for frame in (Frames { rest, ..*frames }).take(64) {
            let text = || frame.data.split_first().map(|(&encoding, text)| decode(encoding, text));
            match frame.id.as_str() {
                "TIT2" => title = text(),
                "TIT3" if title.is_none() => title = text(),
                id => facts.leave_out(
                    Omitted::Metadata(format!("ID3 CHAP/{id}")),
                    "a chapter has no place for more than its title",
                ),
            }
        }
        let title = title.unwrap_or_default();
        self.chapters.push(Chapter { id: id.to_vec(), start: time(0), end: time(4), title });
        Some(())
    }

    /// Reads a `CTOC` frame.
    pub(super) fn read_table(&mut self, data: &[u8]) -> Option<()> {
        if self.tables.len() >= MOST_CHAPTERS {
            return None;
        }
        let (id, rest) = split(0, data);
        let (&[flags, count], mut rest) = rest?.split_first_chunk::<2>()?;
        let mut entries = Vec::new();
        for _ in 0..count {
            let (entry, tail) = split(0, rest);
            entries.push(entry.to_vec());
            let Some(tail) = tail else { break };
            rest = tail;
        }
        self.tables.push(Table { id: id.to_vec(), top: flags & 2 != 0, entries });
        Some(())
    }

    /// Lists the chapters that a table of contents names; all of them where there is none.
    pub(super) fn list(self, facts: &mut MovieTags) {
        let listed = self.listed();
        let is_listed = |chapter: &Chapter| listed.contains(&chapter.id[..]);
        let all = !self.chapters.iter().any(is_listed);
        let time = |milliseconds: u32| Time::from_millis(milliseconds.into());
        for chapter in &self.chapters {
            if all || is_listed(chapter) {
                let end = (chapter.end > chapter.start).then(|| time(chapter.end));
                facts.chapters.push(time(chapter.start), end, chapter.title.clone(), Language::UNDETERMINED);
            }
        }
    }

    /// What the topmost table names, and what the tables named there name.
    fn listed(&self) -> BTreeSet<&[u8]> {
        let mut listed = BTreeSet::new();
        let mut open: Vec<&Table> = self.tables.iter().filter(|table| table.top).collect();
        while let Some(table) = open.pop() {
            for entry in &table.entries {
                // A table that was named before is not opened again, so that circles end.
                if listed.insert(&entry[..]) {
                    open.extend(self.tables.iter().find(|table| table.id == *entry));
                }
            }
        }
        listed
    }
}
