//! Chapters: text tracks that another track names as its chapter list (QuickTime File Format, "Chapter Lists").

use std::sync::Arc;

use reelwright_media::{Chapter, Edit, EditTimeline, MediaType, Movie, ReadAt, TimeRange};

use super::cursor::{Cursor, TrackData};
use crate::metadata::text;

/// More chapters than this, or longer titles, are somebody's mistake.
const MOST: usize = 10_000;
const LONGEST: u64 = 64 << 10;
/// All titles together; samples may lie over each other, so the file's length is no bound.
const ALL_TITLES: usize = 1 << 20;

/// The titles of the first chapter list; nothing where its samples can't be read.
pub(super) fn read(source: &Arc<dyn ReadAt>, movie: &Movie, tracks: &[Arc<TrackData>]) -> Vec<Chapter> {
    let lists = movie
        .tracks
        .iter()
        .flat_map(|track| &track.references)
        .filter(|reference| &reference.kind.0 == b"chap");
    let mut listed = lists.flat_map(|reference| &reference.tracks).take(MOST);
    let is_text = |id: &&u32| movie.track(**id).is_some_and(|track| track.media == MediaType::Text);
    let Some(data) = listed.find(is_text).and_then(|id| tracks.iter().find(|data| data.id == *id)) else {
        return Vec::new();
    };
    let Some(track) = movie.track(data.id) else { return Vec::new() };
    let spans = EditTimeline::of(track, movie.timescale).spans(EditTimeline::everything(movie.timescale));
    let mut cursor = Cursor::new(source.clone(), data.clone());
    let (mut chapters, mut titles) = (Vec::new(), 0);
    while let Ok(Some(sample)) = cursor.next_sample() {
        if chapters.len() == MOST || sample.payload.len() > LONGEST {
            break;
        }
        let Ok(bytes) = sample.payload.load() else { break };
        let title = title(&bytes);
        titles += title.len() * spans.len();
        if titles > ALL_TITLES {
            break;
        }
        let end = sample.pts.saturating_add(sample.duration);
        for span in spans.iter().filter(|span| span.rate == Edit::NORMAL_RATE).take(MOST - chapters.len()) {
            let (from, to) = (sample.pts.max(span.media_start), end.min(span.media_end));
            if from < to {
                let range = TimeRange::between(span.shown_at(from), span.shown_at(to));
                let language = track.language.clone();
                chapters.push(Chapter { range, title: title.clone(), language });
            }
        }
    }
    chapters.sort_by_key(|chapter| chapter.range.start);
    chapters
}

/// A text sample: 16 bits of length, then UTF-8, or UTF-16 behind a byte order mark.
fn title(sample: &[u8]) -> String {
    let Some((length, text)) = sample.split_first_chunk::<2>() else { return String::new() };
    text::marked(&text[..text.len().min(usize::from(u16::from_be_bytes(*length)))])
}

#[cfg(test)]
mod tests {
    use super::title;

    #[test]
    fn titles_in_both_encodings() {
        assert_eq!(title(b"\0\x05Intro\0\0\0\x0Cencd\0\0\x01\0"), "Intro");
        assert_eq!(title(b"\0\x06\xFE\xFF\0A\0\xE9"), "Aé");
        assert_eq!(title(b"\0\x06\xFF\xFEA\0\xE9\0"), "Aé");
        assert_eq!(title(b"\xFF\xFFshort"), "short");
        assert_eq!(title(b"\0"), "");
    }
}
