//! Which track of pictures is the film, and which stand beside it.

use reelwright_codec::VideoDecoderSettings;
use reelwright_media::{MediaType, Movie, Track, VideoCodec};

use super::plan::Context;
use super::video_plan::misfit;
use super::{Reason, VideoOptions};
use crate::verdict;

/// The one track of pictures that is exported: the first enabled one, else the first. What stands beside another track
/// is passed over, and so is what can't be exported, as long as there is another.
pub(super) fn main_video(context: &Context<'_>, usable: &[&Track], options: &VideoOptions) -> Option<u32> {
    let pictures = || usable.iter().copied().filter(|track| track.media == MediaType::Video);
    let mut films: Vec<&Track> = pictures().filter(|track| !is_beside(context, track)).collect();
    if films.is_empty() {
        films.extend(pictures());
    }
    if films.len() > 1 {
        let lacks = |track: &Track| {
            verdict::unusable(track).is_some() || undecodable(context, track, options).is_some()
        };
        let (lacking, exportable): (Vec<_>, Vec<_>) = films.iter().copied().partition(|track| lacks(track));
        films = if exportable.is_empty() { lacking } else { exportable };
    }
    films.iter().find(|track| track.enabled).or(films.first()).map(|track| track.id)
}

/// Why a track of pictures isn't the one that is exported.
pub(super) fn why_not_main(context: &Context<'_>, track: &Track, options: &VideoOptions) -> Reason {
    let lack = if is_beside(context, track) { None } else { undecodable(context, track, options) };
    lack.unwrap_or(Reason::NotMain)
}

/// Why nothing can be made of the track with these options: it would have to be decoded, and can't be.
fn undecodable(context: &Context<'_>, track: &Track, options: &VideoOptions) -> Option<Reason> {
    let format = track.formats.first()?.as_video()?;
    misfit(context, track, format, options)?;
    let refusal = track.formats.iter().find_map(|format| {
        let settings = VideoDecoderSettings { threads: 1, ..VideoDecoderSettings::new(format.clone()) };
        context.registry.video_decoder(&settings).err()
    })?;
    Some(Reason::Undecodable(refusal.message().to_owned()))
}

/// Whether the track only stands beside another one of pictures.
fn is_beside(context: &Context<'_>, track: &Track) -> bool {
    let movie = context.asset.movie();
    is_attached(movie, track) || is_still(movie, track)
}

/// Whether the movie says that the track belongs to another one: auxiliary pictures and thumbnails (`auxl`, `thmb`, ISO/IEC
/// 14496-12, 8.3.3), depth and parallax (`vdep`, `vplx`, the same), layers and tiles on top of a base (`sbas`, `tbas`,
/// ISO/IEC 14496-15), and the pictures of chapters, which the other one points at (`chap`, QuickTime File Format).
fn is_attached(movie: &Movie, track: &Track) -> bool {
    const BELONGING: [&[u8; 4]; 6] = [b"auxl", b"thmb", b"vdep", b"vplx", b"sbas", b"tbas"];
    let pictures = |id: &u32| movie.track(*id).is_some_and(|other| other.media == MediaType::Video);
    let belongs = track.references.iter().any(|reference| {
        let others = reference.tracks.iter().filter(|id| **id != track.id);
        BELONGING.contains(&&reference.kind.0) && others.into_iter().any(pictures)
    });
    let others = movie.tracks.iter().filter(|other| other.id != track.id);
    let chapters =
        others.flat_map(|other| &other.references).filter(|reference| reference.kind.0 == *b"chap");
    belongs || chapters.into_iter().any(|reference| reference.tracks.contains(&track.id))
}

/// Whether the track is one photograph (JPEG, PNG) beside a track of several pictures: a cover.
fn is_still(movie: &Movie, track: &Track) -> bool {
    let format = track.formats.first().and_then(|format| format.as_video());
    let is_photograph =
        format.is_some_and(|format| matches!(format.codec, VideoCodec::Jpeg | VideoCodec::Png));
    let mut pictures = movie.tracks.iter().filter(|other| other.media == MediaType::Video);
    track.sample_count == Some(1)
        && is_photograph
        && pictures.any(|other| other.sample_count.is_none_or(|count| count > 1))
}
