//! The boxes of a finished file: `ftyp` and `moov` (ISO/IEC 14496-12, 4.3 and 8; QuickTime File Format).

mod stbl;
mod trak;

use reelwright_bmff::metadata;
use reelwright_bmff::{BoxHeader, FileType as FileTypeBox, MovieHeader, Writer};
use reelwright_media::{
    BoxFamily, FormatDescription, FourCc, MetadataItem, Result, Time, Timescale, VideoCodec,
};

use crate::track::TrackState;
use crate::{FileType, MovieSettings, Session};

/// The whole `ftyp` box.
pub(crate) fn file_type_box(settings: &MovieSettings, tracks: &[TrackState]) -> Vec<u8> {
    let (major_brand, minor_version, usual) = settings.file_type.brands();
    let mut brands: Vec<FourCc> = usual.iter().map(|brand| FourCc(**brand)).collect();
    if settings.file_type.family() == BoxFamily::Iso {
        // Signed composition offsets and sample groups came with `iso4`; nothing older is needed to read past them.
        brands.push(FourCc::new(b"iso4"));
        for format in tracks.iter().flat_map(TrackState::formats) {
            brands.extend(feature_brands(format).iter().map(|brand| FourCc(**brand)));
        }
        let mut seen = Vec::with_capacity(brands.len());
        brands.retain(|brand| {
            !seen.contains(brand) && {
                seen.push(*brand);
                true
            }
        });
    }
    let mut w = Writer::new();
    w.put(&FileTypeBox { major_brand, minor_version, compatible_brands: brands });
    w.into_bytes()
}

/// Brands a format asks for by its own specification.
fn feature_brands(format: &FormatDescription) -> &'static [&'static [u8; 4]] {
    match format {
        FormatDescription::Video(video) if video.dolby_vision.is_some() => &[b"dby1"],
        FormatDescription::Video(video) => match video.codec {
            VideoCodec::Av1 => &[b"av01"],
            _ => &[],
        },
        _ => &[],
    }
}

/// The kind of the empty box that keeps room for a 64-bit header of the media data.
pub(crate) const fn spare_kind(file_type: FileType) -> FourCc {
    match file_type.family() {
        BoxFamily::QuickTime => FourCc::new(b"wide"),
        BoxFamily::Iso => FourCc::new(b"free"),
    }
}

/// An empty box of this length, header included; nothing for zero.
pub(crate) fn padding_box(len: u64) -> Vec<u8> {
    let Some(content) = len.checked_sub(8) else {
        return Vec::new();
    };
    let mut bytes = BoxHeader::encode(FourCc::new(b"free"), content);
    bytes.resize(len as usize, 0);
    bytes
}

/// Each track's length on the movie's timeline, in its ticks.
pub(crate) fn durations(tracks: &[TrackState], movie: Timescale, session: Session) -> Vec<u64> {
    let end = session_end(tracks, session);
    tracks.iter().map(|track| trak::duration(track, &track.edits(movie, session, end), movie)).collect()
}

/// Where the session ends: where it was said to, or with the last sample of all.
fn session_end(tracks: &[TrackState], session: Session) -> Time {
    let latest = || tracks.iter().filter_map(TrackState::end).max();
    session.end.or_else(latest).unwrap_or(session.start)
}

/// The whole `moov` box of a file whose media data begins at `base`.
pub(crate) fn movie_box(
    settings: &MovieSettings,
    tracks: &[TrackState],
    movie: Timescale,
    session: Session,
    base: u64,
) -> Result<Vec<u8>> {
    let family = settings.file_type.family();
    let end = session_end(tracks, session);
    let durations = durations(tracks, movie, session);
    let last_offset = tracks.iter().filter_map(|track| track.table.chunks.last()).max().unwrap_or(0);
    let wide = base.saturating_add(last_offset) > u64::from(u32::MAX);
    let header = MovieHeader {
        creation_time: settings.creation_time,
        modification_time: settings.creation_time,
        duration: durations.iter().copied().max().unwrap_or(0),
        matrix: settings.matrix,
        next_track_id: tracks.iter().map(TrackState::id).max().unwrap_or(0).saturating_add(1),
        ..MovieHeader::new(movie.ticks())
    };
    let mut w = Writer::new();
    let mut outcome = Ok(());
    w.write_box(b"moov", |w| {
        w.put(&header);
        for track in tracks {
            let edits = track.edits(movie, session, end);
            let context = trak::Context { family, movie, edits, base, wide };
            outcome = std::mem::replace(&mut outcome, Ok(())).and_then(|()| trak::write(w, track, &context));
        }
        let facts = metadata::write_movie(&settings.metadata, &settings.chapters, family);
        w.bytes(&facts.udta);
        w.bytes(&facts.meta);
        for foreign in settings.foreign.iter().filter(|foreign| foreign.family == family) {
            if foreign.parent.is_empty() && !is_superseded(&foreign.bytes, &facts) {
                w.bytes(&foreign.bytes);
            }
        }
    });
    outcome?;
    Ok(w.into_bytes())
}

/// Facts about the movie and its tracks that the file has no place for.
pub(crate) fn dropped_metadata(settings: &MovieSettings, tracks: &[TrackState]) -> Vec<MetadataItem> {
    let of_tracks =
        tracks.iter().flat_map(|track| settings.file_type.placeless(&track.settings.track.metadata, true));
    settings.file_type.placeless(&settings.metadata, false).into_iter().chain(of_tracks).collect()
}

/// Whether a box of the source has no meaning in a file that is laid out anew, or is written anew from its content.
fn is_superseded(bytes: &[u8], facts: &metadata::Written) -> bool {
    const KINDS: [&[u8; 4]; 7] = [b"mvex", b"free", b"skip", b"wide", b"saio", b"saiz", b"senc"];
    let Some(kind) = bytes.get(4..8) else {
        return true;
    };
    KINDS.iter().any(|known| kind == *known)
        || kind == b"udta" && !facts.udta.is_empty()
        || kind == b"meta" && !facts.meta.is_empty()
}
