use std::collections::BTreeMap;

use reelwright_media::{Language, MetadataItem, MetadataKey};

use super::ebml::{elements, text, unsigned};
use super::entry::language;
use super::find_unsigned;
use crate::limits::{MOST_ITEMS, MOST_TRACKS};
use crate::wave::item;

/// MovieTags from tags (RFC 9559, 5.1.8): about the film on several levels, and about tracks.
#[derive(Default)]
pub(super) struct Tags {
    /// With the level each is about.
    movie: Vec<(u64, MetadataItem)>,
    tracks: BTreeMap<u64, Vec<MetadataItem>>,
    /// Of all tracks.
    track_items: usize,
}

/// Facts about all tracks together.
const MOST_TRACK_ITEMS: usize = 16 * MOST_ITEMS;

/// `TargetTypeValue`: a collection, its season or volume, the film or album, the song or chapter.
const COLLECTION: u64 = 70;
const SEASON: u64 = 60;
const FILM: u64 = 50;
const SONG: u64 = 30;

impl Tags {
    /// Keeps a fact about the film while there is room.
    pub(super) fn note(&mut self, item: MetadataItem) {
        if self.movie.len() < MOST_ITEMS {
            self.movie.push((0, item));
        }
    }

    /// Reads tags. What some writers leave for themselves is left out: it is about the file, not the film.
    pub(super) fn read(&mut self, data: &[u8]) {
        for (_, tag) in elements(data).filter(|(id, _)| *id == 0x7373) {
            let targets = elements(tag).find(|(id, _)| *id == 0x63C0).map_or(&[][..], |(_, data)| data);
            let track = find_unsigned(targets, 0x63C5).unwrap_or(0);
            // Chapters (0x63C4) and attachments (0x63C6) have no place for facts of their own.
            if elements(targets).any(|(id, data)| matches!(id, 0x63C4 | 0x63C6) && unsigned(data) != 0) {
                continue;
            }
            let mut items = Vec::new();
            for (_, simple) in elements(tag).filter(|(id, _)| *id == 0x67C8) {
                simple_tag(simple, None, &mut items);
            }
            if track == 0 {
                let level = find_unsigned(targets, 0x68CA).unwrap_or(FILM);
                let room = MOST_ITEMS - self.movie.len().min(MOST_ITEMS);
                self.movie.extend(items.into_iter().take(room).map(|item| (level, item)));
                continue;
            }
            if self.tracks.len() >= MOST_TRACKS && !self.tracks.contains_key(&track) {
                continue;
            }
            let list = self.tracks.entry(track).or_default();
            let before = list.len();
            list.extend(items.into_iter().take(MOST_TRACK_ITEMS - self.track_items));
            self.track_items += list.len() - before;
        }
    }

    /// The facts about the track with this UID.
    pub(super) fn of_track(&self, uid: u64) -> Vec<MetadataItem> {
        self.tracks.get(&uid).cloned().unwrap_or_default()
    }

    /// The facts about the film, each once: writers say the same in the segment's information and in a tag. Where tags
    /// are on several levels, names are those they have without levels.
    pub(super) fn take_movie(&mut self) -> Vec<MetadataItem> {
        let tags = std::mem::take(&mut self.movie);
        let levels = Levels {
            songs: tags.iter().any(|(level, _)| *level == SONG),
            seasons: tags.iter().any(|(level, _)| matches!(*level, SEASON | COLLECTION)),
        };
        let mut facts: Vec<MetadataItem> = Vec::new();
        for (level, item) in tags {
            let item = levels.renamed(level, item);
            if !facts.contains(&item) {
                facts.push(item);
            }
        }
        facts
    }
}

/// Which levels a film's tags have.
struct Levels {
    songs: bool,
    seasons: bool,
}

impl Levels {
    fn renamed(&self, level: u64, item: MetadataItem) -> MetadataItem {
        let MetadataKey::Other(name) = &item.key else { return item };
        let name = name.to_ascii_uppercase();
        let other = match (level, name.as_str()) {
            (FILM, "TITLE") if self.songs => "ALBUM",
            (FILM, "ARTIST") if self.songs => "ALBUM_ARTIST",
            (FILM, "PART_NUMBER") if self.songs => "DISC",
            // How many songs an album has is said with the album.
            (SEASON, "TOTAL_PARTS") if self.songs => "DISC_TOTAL",
            (FILM, "PART_NUMBER") if self.seasons => "EPISODE_SORT",
            (SEASON, "PART_NUMBER") => "SEASON_NUMBER",
            (COLLECTION, "TITLE") => "SHOW",
            // What is said of the whole is not said of this part of it.
            (SEASON | COLLECTION, other)
                if ["TITLE", "ARTIST", "DATE_RELEASED", "TOTAL_PARTS"].contains(&other) =>
            {
                let name = format!("{}/{name}", if level == SEASON { "SEASON" } else { "COLLECTION" });
                return MetadataItem { key: MetadataKey::Other(name), ..item };
            }
            _ => return item,
        };
        MetadataItem { key: MetadataKey::Other(other.into()), ..item }
    }
}

/// A tag and those inside of it, which say more about it.
fn simple_tag(data: &[u8], parent: Option<&str>, items: &mut Vec<MetadataItem>) {
    const OF_THE_FILE: [&str; 6] =
        ["BPS", "DURATION", "NUMBER_OF_FRAMES", "NUMBER_OF_BYTES", "HANDLER_NAME", "VENDOR_ID"];
    let of = |wanted| elements(data).find(|(id, _)| *id == wanted).map(|(_, data)| text(data));
    let Some(name) = of(0x45A3).filter(|name| !name.is_empty()) else { return };
    if OF_THE_FILE.contains(&name.as_str()) || name.starts_with("_STATISTICS") {
        return;
    }
    let name = match (parent, name.as_str()) {
        (Some(parent), "SORT_WITH") => format!("{parent}SORT"),
        (Some(parent), name) => format!("{parent}/{name}"),
        (None, _) => name,
    };
    if let Some(value) = of(0x4487).filter(|_| items.len() < MOST_ITEMS) {
        let language = of(0x447A).map_or(Language::UNDETERMINED, |code| language(&code));
        items.push(MetadataItem { language, ..item(&name, value) });
    }
    if parent.is_none() {
        for (_, inner) in elements(data).filter(|(id, _)| *id == 0x67C8) {
            simple_tag(inner, Some(&name), items);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(id: &[u8], data: &[u8]) -> Vec<u8> {
        [id, &[0x40 | (data.len() >> 8) as u8, data.len() as u8], data].concat()
    }

    fn simple(name: &str, value: &str, inner: &[u8]) -> Vec<u8> {
        let name = element(&[0x45, 0xA3], name.as_bytes());
        element(&[0x67, 0xC8], &[&name, &element(&[0x44, 0x87], value.as_bytes()), inner].concat())
    }

    fn tag(level: u8, simple: &[Vec<u8>]) -> Vec<u8> {
        let targets = element(&[0x63, 0xC0], &element(&[0x68, 0xCA], &[level]));
        element(&[0x73, 0x73], &[targets, simple.concat()].concat())
    }

    fn read(all: &[Vec<u8>]) -> Vec<(String, String)> {
        let mut tags = Tags::default();
        tags.read(&all.concat());
        let text = |item: MetadataItem| {
            let MetadataKey::Other(name) = &item.key else { unreachable!() };
            (name.clone(), item.value.as_text().unwrap().to_owned())
        };
        tags.take_movie().into_iter().map(text).collect()
    }

    #[test]
    fn levels_tell_an_album_from_its_songs() {
        let sort = simple("SORT_WITH", "Fall, The", &[]);
        let album = tag(50, &[simple("TITLE", "Hex", &[]), simple("ARTIST", "The Fall", &sort)]);
        let song = tag(30, &[simple("TITLE", "Winter", &[]), simple("PART_NUMBER", "6", &[])]);
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let wanted = [
            pair("ALBUM", "Hex"),
            pair("ALBUM_ARTIST", "The Fall"),
            pair("ARTISTSORT", "Fall, The"),
            pair("TITLE", "Winter"),
            pair("PART_NUMBER", "6"),
        ];
        assert_eq!(read(&[album.clone(), song]), wanted);
        assert_eq!(read(&[album])[0], pair("TITLE", "Hex"));
        let show = tag(70, &[simple("TITLE", "Show", &[])]);
        let season = tag(60, &[simple("PART_NUMBER", "2", &[])]);
        let episode = tag(50, &[simple("TITLE", "Pilot", &[]), simple("PART_NUMBER", "1", &[])]);
        let wanted = [pair("SHOW", "Show"), pair("SEASON_NUMBER", "2"), pair("TITLE", "Pilot")];
        assert_eq!(read(&[show, season, episode])[..3], wanted);
    }
}
