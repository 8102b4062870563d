//! Which of a movie's tracks are taken.

use reelwright::media::{Error, FormatDescription, Language, MediaType, Movie, Result, Track};

use crate::args::TrackArgs;

/// The IDs of the tracks that are taken, where not all are.
pub(crate) fn tracks(args: &TrackArgs, movie: &Movie, wants_sound: bool) -> Result<Option<Vec<u32>>> {
    if !args.track.is_empty() {
        return by_id(&args.track, movie).map(Some);
    }
    if args.lang.is_empty() { Ok(None) } else { by_language(&args.lang, movie, wants_sound).map(Some) }
}

fn by_id(ids: &[u32], movie: &Movie) -> Result<Vec<u32>> {
    match ids.iter().find(|id| movie.track(**id).is_none()) {
        Some(id) => Err(Error::misuse(format!("there is no track {id}; there are {}", list(&movie.tracks)))
            .with_hint("`reel inspect` says more about each")),
        None => Ok(ids.to_vec()),
    }
}

/// What is spoken or written, as languages choose among it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Words {
    Sound,
    Subtitles,
    Chapters,
}

fn words(track: &Track, movie: &Movie) -> Option<Words> {
    let names = |other: &Track| {
        let chapters = other.references.iter().filter(|reference| &reference.kind.0 == b"chap");
        chapters.clone().any(|reference| reference.tracks.contains(&track.id))
    };
    match track.media {
        MediaType::Audio => Some(Words::Sound),
        MediaType::Text if movie.tracks.iter().any(names) => Some(Words::Chapters),
        MediaType::Text | MediaType::Subtitle | MediaType::ClosedCaption => Some(Words::Subtitles),
        _ => None,
    }
}

/// Tracks without words are taken. Of sound, subtitles and chapters those in the languages are, and those that state none
/// where none states a wanted one. Chapters are better in another language than lost.
fn by_language(wanted: &[Language], movie: &Movie, wants_sound: bool) -> Result<Vec<u32>> {
    let spoken = |track: &Track| wanted.iter().any(|language| speaks(&track.language, language));
    let of = |kind: Words| movie.tracks.iter().filter(move |track| words(track, movie) == Some(kind));
    let takes = |track: &&Track| {
        let Some(kind) = words(track, movie) else { return true };
        match of(kind).any(spoken) {
            true => spoken(track),
            false => kind == Words::Chapters || stated(&track.language).is_undetermined(),
        }
    };
    let taken: Vec<_> = movie.tracks.iter().filter(takes).map(|track| track.id).collect();
    let heard = of(Words::Sound).any(|track| taken.contains(&track.id));
    let matches = [Words::Sound, Words::Subtitles, Words::Chapters].iter().any(|kind| of(*kind).any(spoken));
    let names = || wanted.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ");
    if !matches {
        let message = format!("no track is in {}; there are {}", names(), list(&movie.tracks));
        return Err(Error::misuse(message));
    }
    if wants_sound && !heard && of(Words::Sound).next().is_some() {
        let message = format!("no sound is in {}; there are {}", names(), list(&movie.tracks));
        return Err(Error::misuse(message).with_hint("add the language of the sound, or choose by --track"));
    }
    Ok(taken)
}

/// The language a track states, be it by its tag alone.
fn stated(language: &Language) -> Language {
    match language.tag() {
        Some(tag) if language.code() == "und" => Language::from_tag(tag).unwrap_or_default(),
        _ => language.clone(),
    }
}

/// Whether a track in `language` is one in `wanted`: `en-GB` is also `en`, but not the other way round.
fn speaks(language: &Language, wanted: &Language) -> bool {
    let language = stated(language);
    let within = |tag: &str, wanted: &str| {
        let rest = tag.get(wanted.len()..).filter(|_| tag[..wanted.len()].eq_ignore_ascii_case(wanted));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    language.code() == wanted.code()
        && wanted.tag().is_none_or(|wanted| language.tag().is_some_and(|tag| within(tag, wanted)))
}

/// The tracks in a few words.
fn list(tracks: &[Track]) -> String {
    let track = |track: &Track| {
        let format = match track.formats.first().map(AsRef::as_ref) {
            Some(FormatDescription::Video(video)) => format!(" {}", video.codec.name()),
            Some(FormatDescription::Audio(audio)) => format!(" {}", audio.codec.name()),
            _ => String::new(),
        };
        let language = stated(&track.language);
        let language = if language.is_undetermined() { String::new() } else { format!(" in {language}") };
        format!("{} ({}{format}{language})", track.id, track.media)
    };
    tracks.iter().map(track).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_part_of_its_language() {
        let language = |tag| Language::from_tag(tag).unwrap();
        for (track, wanted, is_one) in [
            ("en", "en", true),
            ("en-GB", "en", true),
            ("en-gb", "en-GB", true),
            ("en", "en-GB", false),
            ("en-GBX", "en-GB", false),
            ("zh-Hant-TW", "zh-Hant", true),
            ("ger", "de", true),
            ("de", "en", false),
        ] {
            assert_eq!(speaks(&language(track), &language(wanted)), is_one, "{track} {wanted}");
        }
        let by_tag = Language::UNDETERMINED.with_tag("fr-CA");
        assert!(speaks(&by_tag, &language("fr")));
    }
}
