use std::collections::BTreeMap;

use reelwright_media::{Language, Time, Timescale};

use super::plain_text;
use crate::limits::MOST_CHAPTERS;
use crate::movie_tags::ChapterList;

/// Points in the sound (`cue `) and their names (`LIST` of type `adtl`): named points are chapters.
#[derive(Default)]
pub(super) struct Marks {
    /// PCM frames by number of the point.
    points: BTreeMap<u32, u32>,
    names: BTreeMap<u32, String>,
}

impl Marks {
    /// Reads `cue `: for each point a number, a position in play order, a chunk's name and three offsets, of which the
    /// last counts PCM frames.
    pub(super) fn note_points(&mut self, chunk: &[u8]) {
        for point in chunk.get(4..).unwrap_or_default().chunks_exact(24).take(MOST_CHAPTERS) {
            let number =
                |at: usize| u32::from_le_bytes([point[at], point[at + 1], point[at + 2], point[at + 3]]);
            self.points.insert(number(0), number(20));
        }
    }

    /// Reads the names of points (`labl`).
    pub(super) fn note_labels(&mut self, mut rest: &[u8]) {
        while let Some(([a, b, c, d, sizes @ ..], tail)) = rest.split_first_chunk::<8>() {
            let length = u32::from_le_bytes(*sizes) as usize;
            let Some((body, tail)) = tail.split_at_checked(length) else { break };
            if let (b"labl", Some((point, name))) = (&[*a, *b, *c, *d], body.split_first_chunk::<4>())
                && self.names.len() < MOST_CHAPTERS
            {
                self.names.insert(u32::from_le_bytes(*point), plain_text(name));
            }
            rest = tail.get(length & 1..).unwrap_or_default();
        }
    }

    /// The points that have names.
    pub(super) fn named(self, rate: Timescale) -> ChapterList {
        let mut chapters = ChapterList::default();
        for (number, name) in self.names {
            if let Some(frames) = self.points.get(&number) {
                chapters.push(Time::new((*frames).into(), rate), None, name, Language::UNDETERMINED);
            }
        }
        chapters
    }
}
