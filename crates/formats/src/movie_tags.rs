use reelwright_media::{Chapter, Language, MetadataItem, Movie, Omission, Omitted, Time, TimeRange};

use crate::limits::{MOST_CHAPTERS, MOST_ITEMS};

/// What a file says about its film beside the film itself.
#[derive(Debug, Default)]
pub(crate) struct MovieTags {
    pub(crate) items: Vec<MetadataItem>,
    pub(crate) chapters: ChapterList,
    pub(crate) omissions: Vec<Omission>,
}

impl MovieTags {
    /// Whether anything is said at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty() && self.chapters.is_empty()
    }

    /// Adds an item while there is room.
    pub(crate) fn note(&mut self, item: MetadataItem) {
        if self.items.len() < MOST_ITEMS {
            self.items.push(item);
        }
    }

    /// Says once that `what` is left out.
    pub(crate) fn leave_out(&mut self, what: Omitted, reason: &str) {
        let omission = Omission::new(what, None, reason);
        if self.omissions.len() < MOST_ITEMS && !self.omissions.contains(&omission) {
            self.omissions.push(omission);
        }
    }

    /// Adds those of another place in the file.
    pub(crate) fn extend(&mut self, others: Self) {
        let room = MOST_ITEMS - self.items.len().min(MOST_ITEMS);
        self.items.extend(others.items.into_iter().take(room));
        self.omissions.extend(others.omissions);
        if self.chapters.is_empty() {
            self.chapters = others.chapters;
        }
    }

    /// Writes them into `movie`, whose duration is known.
    pub(crate) fn describe(self, movie: &mut Movie) {
        movie.metadata = self.items;
        movie.chapters = self.chapters.until(movie.duration);
        movie.omissions.extend(self.omissions);
    }
}

/// Chapters as files list them: by their beginnings, in any order.
#[derive(Debug, Default)]
pub(crate) struct ChapterList(Vec<Beginning>);

#[derive(Debug)]
struct Beginning {
    start: Time,
    end: Option<Time>,
    title: String,
    language: Language,
}

impl ChapterList {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a chapter while there is room. Without an end it lasts until the next.
    pub(crate) fn push(&mut self, start: Time, end: Option<Time>, title: String, language: Language) {
        if self.0.len() < MOST_CHAPTERS {
            self.0.push(Beginning { start, end, title, language });
        }
    }

    /// The chapters in order, the last of which ends with the film.
    pub(crate) fn until(mut self, duration: Time) -> Vec<Chapter> {
        self.0.sort_by_key(|chapter| chapter.start);
        let next: Vec<_> = self.0.iter().skip(1).map(|chapter| chapter.start).chain([duration]).collect();
        let chapter = |(chapter, next): (Beginning, Time)| {
            let end = chapter.end.filter(|&end| end > chapter.start).unwrap_or(next);
            let range = TimeRange::between(chapter.start, end.max(chapter.start));
            Chapter { range, title: chapter.title, language: chapter.language }
        };
        self.0.into_iter().zip(next).map(chapter).collect()
    }
}
