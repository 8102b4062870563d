//! Chapters on their way from an input to a file.

use reelwright_media::{Chapter, FourCc, MediaType, Movie, TimeRange, Track, TrackReference};

const LIST: FourCc = FourCc::new(b"chap");

/// The chapters that `range` of the presentation shows, on a timeline that begins with it.
pub(crate) fn clipped(chapters: &[Chapter], range: TimeRange) -> Vec<Chapter> {
    let clip = |chapter: &Chapter| {
        let shown = chapter.range.intersection(range);
        let start = shown.start.saturating_sub(range.start);
        let range = TimeRange::new(start, shown.duration);
        (!shown.is_empty()).then(|| Chapter { range, ..chapter.clone() })
    };
    chapters.iter().filter_map(clip).collect()
}

/// The track of text that others name as their chapter list.
pub(crate) fn list_of(movie: &Movie) -> Option<&Track> {
    let references = movie.tracks.iter().flat_map(|track| &track.references);
    let mut listed = references.filter(|reference| reference.kind == LIST).flat_map(|list| &list.tracks);
    listed.find_map(|id| movie.track(*id).filter(|track| track.media == MediaType::Text))
}

/// Adds the chapter list to what `track` refers to, where the list is among the tracks that are `kept` but none that names
/// it is: chapters outlive the picture they came with.
pub(crate) fn keep_list(
    references: &mut Vec<TrackReference>,
    movie: &Movie,
    track: &Track,
    kept: impl Fn(u32) -> bool,
) {
    let Some(list) = list_of(movie).filter(|list| kept(list.id)) else { return };
    let names = |track: &Track| {
        let lists = track.references.iter().filter(|reference| reference.kind == LIST);
        lists.flat_map(|reference| &reference.tracks).any(|id| *id == list.id)
    };
    let is_main = matches!(track.media, MediaType::Video | MediaType::Audio);
    if is_main && !movie.tracks.iter().any(|other| kept(other.id) && names(other)) {
        references.push(TrackReference { kind: LIST, tracks: vec![list.id] });
    }
}

#[cfg(test)]
mod tests {
    use reelwright_media::{Language, Time};

    use super::*;

    #[test]
    fn a_cut_moves_and_clips_chapters() {
        let seconds = |start, end| TimeRange::between(Time::from_secs(start), Time::from_secs(end));
        let chapter = |start, end| Chapter {
            range: seconds(start, end),
            title: start.to_string(),
            language: Language::UNDETERMINED,
        };
        let chapters = [chapter(0, 2), chapter(2, 5), chapter(5, 9)];
        let cut = clipped(&chapters, seconds(3, 7));
        let ranges: Vec<_> = cut.iter().map(|chapter| (chapter.range, chapter.title.as_str())).collect();
        assert_eq!(ranges, [(seconds(0, 2), "2"), (seconds(2, 4), "5")]);
        assert_eq!(clipped(&chapters, seconds(20, 30)), []);
    }
}
