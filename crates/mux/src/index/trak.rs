use reelwright_bmff::metadata::{self, Level, Written};
use reelwright_bmff::{
    CleanApertureDimensions, DataReference, DataReferences, EditList, EditRow, EncodedPixelsDimensions,
    ExtendedLanguage, GenericMediaInfo, Handler, MediaHeader, NullMediaHeader, ProductionApertureDimensions,
    SoundMediaHeader, SubtitleMediaHeader, TimecodeMediaInfo, TrackHeader, TrackReferences, VideoMediaHeader,
    Writer,
};
use reelwright_media::{BoxFamily, FourCc, MediaType, Result, Rounding, Time, Timescale, VideoFormat};

use super::{is_superseded, stbl};
use crate::track::TrackState;

/// What a track's boxes must know of the file around them.
pub(super) struct Context {
    pub(super) family: BoxFamily,
    pub(super) movie: Timescale,
    /// The edit list to write; empty for none.
    pub(super) edits: Vec<EditRow>,
    /// Where the media data begins.
    pub(super) base: u64,
    /// Chunk offsets take 64 bits.
    pub(super) wide: bool,
}

/// The track's length on the movie's timeline: its edits, or else all of its media.
pub(super) fn duration(track: &TrackState, edits: &[EditRow], movie: Timescale) -> u64 {
    if edits.is_empty() {
        let ticks = i64::try_from(track.duration()).unwrap_or(i64::MAX);
        let length = Time::new(ticks, track.timescale());
        return length.ticks_in(movie, Rounding::Nearest).map_or(u64::MAX, i64::unsigned_abs);
    }
    edits.iter().fold(0, |sum, edit| sum.saturating_add(edit.duration))
}

/// Writes the `trak` box.
pub(super) fn write(w: &mut Writer, track: &TrackState, context: &Context) -> Result<()> {
    let described = &track.settings.track;
    let mut outcome = Ok(());
    w.write_box(b"trak", |w| {
        w.put(&header(track, context));
        aperture(w, track, context.family);
        if !context.edits.is_empty() {
            w.write_box(b"edts", |w| {
                w.put(&EditList { edits: context.edits.clone(), ..EditList::default() });
            });
        }
        if !described.references.is_empty() {
            w.put(&TrackReferences { references: described.references.clone() });
        }
        w.write_box(b"mdia", |w| outcome = media(w, track, context));
        let facts = metadata::write(&described.metadata, context.family, Level::Track);
        w.bytes(&facts.meta);
        w.bytes(&facts.udta);
        foreign(w, track, context.family, "", &facts);
    });
    outcome
}

fn header(track: &TrackState, context: &Context) -> TrackHeader {
    let described = &track.settings.track;
    let enabled = if described.enabled { TrackHeader::ENABLED } else { 0 };
    TrackHeader {
        version: 0,
        flags: described.header_flags & !TrackHeader::ENABLED | enabled,
        creation_time: described.creation_time,
        modification_time: described.creation_time,
        track_id: described.id,
        duration: duration(track, &context.edits, context.movie),
        layer: described.layer,
        alternate_group: described.alternate_group,
        volume: described.volume,
        matrix: described.matrix,
        width: described.header_size.0,
        height: described.header_size.1,
        ..TrackHeader::default()
    }
}

/// QuickTime states the track's size in three ways; without it, old players show anamorphic pictures squeezed.
fn aperture(w: &mut Writer, track: &TrackState, family: BoxFamily) {
    if family != BoxFamily::QuickTime || has_foreign(track, family, "", b"tapt") {
        return;
    }
    let Some(video) = track.formats().next().and_then(|format| format.as_video()) else {
        return;
    };
    let fixed = |pixels: f64| (pixels * 65536.0).round() as u32;
    let (coded_width, coded_height) = (f64::from(video.size.width), f64::from(video.size.height));
    let (clean_width, clean_height) = clean_size(video);
    let aspect = video.pixel_aspect.map_or(1.0, |aspect| aspect.to_f64());
    w.write_box(b"tapt", |w| {
        w.put(&CleanApertureDimensions {
            width: fixed(clean_width * aspect),
            height: fixed(clean_height),
            ..CleanApertureDimensions::default()
        });
        w.put(&ProductionApertureDimensions {
            width: fixed(coded_width * aspect),
            height: fixed(coded_height),
            ..ProductionApertureDimensions::default()
        });
        w.put(&EncodedPixelsDimensions {
            width: fixed(coded_width),
            height: fixed(coded_height),
            ..EncodedPixelsDimensions::default()
        });
    });
}

fn clean_size(video: &VideoFormat) -> (f64, f64) {
    let coded = (f64::from(video.size.width), f64::from(video.size.height));
    let quotient = |(num, den): (u32, u32)| (den != 0).then(|| f64::from(num) / f64::from(den));
    let clean =
        video.clean_aperture.and_then(|clean| Some((quotient(clean.width)?, quotient(clean.height)?)));
    clean.unwrap_or(coded)
}

fn media(w: &mut Writer, track: &TrackState, context: &Context) -> Result<()> {
    let described = &track.settings.track;
    w.put(&MediaHeader {
        creation_time: described.creation_time,
        modification_time: described.creation_time,
        timescale: described.timescale.ticks(),
        duration: track.duration(),
        language: described.language.to_packed(),
        ..MediaHeader::default()
    });
    if let Some(tag) = described.language.tag() {
        w.put(&ExtendedLanguage { tag: tag.to_owned() });
    }
    w.put(&Handler::new(context.family, described.handler, &described.handler_name));
    let mut outcome = Ok(());
    w.write_box(b"minf", |w| {
        media_information(w, track, context.family);
        if context.family == BoxFamily::QuickTime {
            w.put(&data_handler());
        }
        w.write_box(b"dinf", |w| {
            let entries = vec![DataReference::this_file(context.family)];
            w.put(&DataReferences { entries, ..DataReferences::default() });
        });
        w.write_box(b"stbl", |w| {
            outcome = stbl::write(w, track, context);
            foreign(w, track, context.family, "mdia/minf/stbl", &Written::default());
        });
        foreign(w, track, context.family, "mdia/minf", &Written::default());
    });
    foreign(w, track, context.family, "mdia", &Written::default());
    outcome
}

/// The header that goes with the handler: `vmhd`, `smhd`, `sthd`, `nmhd`, or QuickTime's `gmhd`.
fn media_information(w: &mut Writer, track: &TrackState, family: BoxFamily) {
    const DITHER_COPY: u16 = 0x40;
    let kinds: [&[u8; 4]; 6] = [b"vmhd", b"smhd", b"gmhd", b"nmhd", b"sthd", b"hmhd"];
    if kinds.iter().any(|kind| has_foreign(track, family, "mdia/minf", kind)) {
        return;
    }
    let described = &track.settings.track;
    let quicktime = family == BoxFamily::QuickTime;
    match described.media {
        MediaType::Video => {
            let graphics_mode = if quicktime { DITHER_COPY } else { 0 };
            let op_color = if quicktime { [0x8000; 3] } else { [0; 3] };
            w.put(&VideoMediaHeader { flags: 1, graphics_mode, op_color, ..VideoMediaHeader::default() });
        }
        MediaType::Audio => w.put(&SoundMediaHeader::default()),
        media if quicktime => w.write_box(b"gmhd", |w| {
            w.put(&GenericMediaInfo {
                graphics_mode: DITHER_COPY,
                op_color: [0x8000; 3],
                ..GenericMediaInfo::default()
            });
            match media {
                MediaType::Text => w.write_box(b"text", |w| w.matrix(&reelwright_media::Matrix::IDENTITY)),
                MediaType::Timecode => w.write_box(b"tmcd", |w| w.put(&timecode_information())),
                _ => {}
            }
        }),
        MediaType::Subtitle if described.handler == FourCc::new(b"subt") => {
            w.put(&SubtitleMediaHeader::default());
        }
        _ => w.put(&NullMediaHeader::default()),
    }
}

fn timecode_information() -> TimecodeMediaInfo {
    TimecodeMediaInfo {
        size: 12,
        background_color: [0xFFFF; 3],
        font_name: bytes::Bytes::from_static(b"\x06System"),
        ..TimecodeMediaInfo::default()
    }
}

/// QuickTime says in every track that the media is in the same file.
fn data_handler() -> Handler {
    Handler {
        component: FourCc::new(b"dhlr"),
        ..Handler::new(BoxFamily::QuickTime, FourCc::new(b"alis"), "Core Media Data Handler")
    }
}

fn foreign(w: &mut Writer, track: &TrackState, family: BoxFamily, parent: &str, facts: &Written) {
    for (_, bytes) in track.foreign(family).filter(|(at, _)| *at == parent) {
        if !is_superseded(bytes, facts) {
            w.bytes(bytes);
        }
    }
}

fn has_foreign(track: &TrackState, family: BoxFamily, parent: &str, kind: &[u8; 4]) -> bool {
    track.foreign(family).any(|(at, bytes)| at == parent && bytes.get(4..8) == Some(kind))
}
