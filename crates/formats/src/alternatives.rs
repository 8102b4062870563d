use reelwright_media::{MediaType, Movie, Time, Track};

/// Of several tracks of pictures, of sound or of subtitles that go on at the same time one is presented: they are
/// alternatives, as a film's languages are. Of each group it is the first that the file means to be presented; where it
/// means none to be, the first of pictures and sound, and none of the subtitles.
///
/// What follows each other is no alternative: a broadcast may give the next film's sound a stream of its own.
pub(crate) fn choose_alternatives(movie: &mut Movie) {
    let mut number = 0;
    for media in [MediaType::Video, MediaType::Audio, MediaType::Subtitle] {
        let alike = || movie.tracks.iter().enumerate().filter(|(_, track)| track.media == media);
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for (index, track) in alike() {
            let group = groups.iter_mut().find(|group| are_alternatives(&movie.tracks[group[0]], track));
            match group {
                Some(group) => group.push(index),
                None => groups.push(vec![index]),
            }
        }
        for group in groups {
            let default = group.iter().position(|&index| movie.tracks[index].enabled).unwrap_or(0);
            // Players show the first track of pictures that is enabled and need no group for it.
            let several = group.len() > 1 && media != MediaType::Video;
            number += u16::from(several);
            for (place, &index) in group.iter().enumerate() {
                let track = &mut movie.tracks[index];
                track.alternate_group = if several { number } else { 0 };
                // Subtitles are shown only where the file says so.
                track.enabled = place == default && (track.enabled || media != MediaType::Subtitle);
                track.header_flags = if track.enabled { 7 } else { 6 };
            }
        }
    }
}

/// Whether most of the shorter of two tracks of a kind goes on while the other does. Subtitles come and go: they always are.
fn are_alternatives(one: &Track, other: &Track) -> bool {
    let (start, end) = (one.range.start.max(other.range.start), one.range.end().min(other.range.end()));
    let together = end.saturating_sub(start).max(Time::ZERO);
    let shorter = one.range.duration.min(other.range.duration);
    one.media == MediaType::Subtitle || together.saturating_add(together) >= shorter
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use reelwright_media::{ContainerKind, DataFormat, FormatDescription, FourCc, TimeRange, Timescale};

    use super::*;
    use crate::indexed;

    /// A movie of tracks of `media` from second to second, each meant to be presented or not.
    fn of(media: MediaType, tracks: &[(i64, i64, bool)]) -> Movie {
        let scale = Timescale::or_one(1);
        let mut movie = indexed::movie(ContainerKind::MpegTs, scale);
        for (id, &(start, end, enabled)) in (1..).zip(tracks) {
            let format = DataFormat { media, tag: FourCc::new(b"test"), entry: None };
            let track = indexed::track(id, Arc::new(FormatDescription::Data(format)), scale);
            let range = TimeRange::between(Time::from_secs(start), Time::from_secs(end));
            movie.tracks.push(Track { range, enabled, ..track });
        }
        movie
    }

    /// Whether each is presented, and its group.
    fn chosen(media: MediaType, tracks: &[(i64, i64, bool)]) -> Vec<(bool, u16)> {
        let mut movie = of(media, tracks);
        choose_alternatives(&mut movie);
        movie.tracks.iter().map(|track| (track.enabled, track.alternate_group)).collect()
    }

    #[test]
    fn one_of_those_at_the_same_time_is_presented() {
        let languages = [(0, 10, false), (0, 10, true), (4, 10, true)];
        assert_eq!(chosen(MediaType::Audio, &languages), [(false, 1), (true, 1), (false, 1)]);
        assert_eq!(chosen(MediaType::Video, &languages), [(false, 0), (true, 0), (false, 0)]);
        let none = [(0, 10, false), (0, 10, false)];
        assert_eq!(chosen(MediaType::Audio, &none), [(true, 1), (false, 1)]);
        assert_eq!(chosen(MediaType::Subtitle, &none), [(false, 1), (false, 1)]);
        assert_eq!(chosen(MediaType::Audio, &[(0, 10, false)]), [(true, 0)]);
    }

    #[test]
    fn what_follows_each_other_is_all_presented() {
        let films = [(0, 10, true), (0, 10, true), (9, 20, true), (9, 20, true)];
        assert_eq!(chosen(MediaType::Audio, &films), [(true, 1), (false, 1), (true, 2), (false, 2)]);
        assert_eq!(chosen(MediaType::Audio, &[(0, 10, true), (9, 20, true)]), [(true, 0); 2]);
        // Cues come and go.
        let cues = [(0, 2, true), (5, 8, true)];
        assert_eq!(chosen(MediaType::Subtitle, &cues), [(true, 1), (false, 1)]);
    }
}
