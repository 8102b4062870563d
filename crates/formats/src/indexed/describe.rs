use std::sync::Arc;

use reelwright_media::{
    ContainerKind, Edit, FormatDescription, FourCc, Language, Matrix, MediaType, Movie, Rounding, Time,
    TimeRange, Timescale, Track,
};

/// A movie of which only the container is known.
pub(crate) fn movie(container: ContainerKind, timescale: Timescale) -> Movie {
    Movie {
        container,
        major_brand: None,
        minor_version: 0,
        compatible_brands: Vec::new(),
        timescale,
        duration: Time::new(0, timescale),
        tracks: Vec::new(),
        metadata: Vec::new(),
        chapters: Vec::new(),
        creation_time: 0,
        matrix: Matrix::IDENTITY,
        fragmented: false,
        foreign: Vec::new(),
        warnings: Vec::new(),
        omissions: Vec::new(),
    }
}

/// A track of one format of which nothing else is known.
pub(crate) fn track(id: u32, format: Arc<FormatDescription>, timescale: Timescale) -> Track {
    let (media, handler) = match &*format {
        FormatDescription::Video(_) => (MediaType::Video, FourCc::new(b"vide")),
        FormatDescription::Audio(_) => (MediaType::Audio, FourCc::new(b"soun")),
        FormatDescription::Data(data) => (data.media, handler(data.media)),
    };
    let size = match &*format {
        FormatDescription::Video(video) => {
            let aspect = video.pixel_aspect.map_or((1, 1), |aspect| (aspect.num.max(1), aspect.den.max(1)));
            let wide = (u128::from(video.size.width) * u128::from(aspect.0)) << 16;
            let fixed = |pixels: u128| u32::try_from(pixels).unwrap_or(u32::MAX);
            (fixed(wide / u128::from(aspect.1)), fixed(u128::from(video.size.height) << 16))
        }
        _ => (0, 0),
    };
    Track {
        id,
        media,
        handler,
        handler_name: String::new(),
        timescale,
        media_duration: Time::new(0, timescale),
        range: TimeRange::new(Time::ZERO, Time::ZERO),
        sample_count: None,
        byte_count: None,
        formats: vec![format],
        enabled: true,
        header_flags: 0x7,
        language: Language::UNDETERMINED,
        header_size: size,
        matrix: Matrix::IDENTITY,
        volume: if media == MediaType::Audio { 0x100 } else { 0 },
        layer: 0,
        alternate_group: 0,
        edits: Vec::new(),
        references: Vec::new(),
        metadata: Vec::new(),
        roll_distance: None,
        creation_time: 0,
        foreign: Vec::new(),
    }
}

fn handler(media: MediaType) -> FourCc {
    match media {
        MediaType::Video => FourCc::new(b"vide"),
        MediaType::Audio => FourCc::new(b"soun"),
        MediaType::Text => FourCc::new(b"text"),
        MediaType::Subtitle => FourCc::new(b"sbtl"),
        MediaType::ClosedCaption => FourCc::new(b"clcp"),
        MediaType::Timecode => FourCc::new(b"tmcd"),
        MediaType::Metadata => FourCc::new(b"meta"),
        MediaType::Other(code) => code,
    }
}

/// Says how a track's media is presented: its ticks from `from` up to `to` are shown from `start` on. The edit list is
/// left empty where that is what a player does without one.
pub(crate) fn present(track: &mut Track, movie: Timescale, start: Time, from: i64, to: i64, media_end: i64) {
    let length = Time::new(to.saturating_sub(from).max(0), track.timescale);
    track.media_duration = Time::new(media_end.max(0), track.timescale);
    track.range = TimeRange::new(start, length);
    let rounded = |time: Time| time.rescale(movie, Rounding::Nearest).unwrap_or(time).max(Time::ZERO);
    let gap = rounded(start);
    if gap.is_zero() && from == 0 && to == media_end {
        track.edits.clear();
        return;
    }
    track.edits = Vec::new();
    if !gap.is_zero() {
        track.edits.push(Edit::empty(gap));
    }
    track.edits.push(Edit::showing(from, rounded(length)));
}
