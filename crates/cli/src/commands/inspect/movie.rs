use reelwright::media::{
    ChannelLayout, ContainerKind, Edit, FormatDescription, MediaType, MetadataValue, Movie, Result, Time,
    Track,
};
use reelwright::{Asset, TrackStatistics};

use super::date::iso_date;
use super::rows::{AudioRow, ChapterRow, EditRow, Exact, ItemRow, ReferenceRow, Report, TrackRow};
use super::video::video;

impl Report {
    pub(super) fn new(asset: &Asset) -> Result<Self> {
        let movie = asset.movie();
        let mut warnings = movie.warnings.clone();
        let tracks = movie.tracks.iter().map(|track| row(asset, track, &mut warnings));
        let tracks = tracks.collect::<Result<Vec<_>>>()?;
        let size = asset.source().len();
        Ok(Self {
            container: container(movie),
            major_brand: movie.major_brand.map(|brand| brand.to_string()),
            minor_version: movie.minor_version,
            compatible_brands: movie.compatible_brands.iter().map(ToString::to_string).collect(),
            fragmented: movie.fragmented,
            timescale: movie.timescale.ticks(),
            duration: movie.duration.into(),
            size,
            bit_rate: per_second(size, movie.duration),
            creation_time: (movie.creation_time > 0).then(|| iso_date(movie.creation_time)),
            tracks,
            metadata: movie.metadata.iter().map(item).collect(),
            chapters: movie
                .chapters
                .iter()
                .map(|chapter| ChapterRow {
                    start: chapter.range.start.into(),
                    end: chapter.range.end().into(),
                    title: chapter.title.clone(),
                })
                .collect(),
            warnings,
        })
    }
}

fn row(asset: &Asset, track: &Track, warnings: &mut Vec<String>) -> Result<TrackRow> {
    let facts = TrackStatistics::measure(asset, track).map_err(|error| error.at_track(track.id))?;
    warnings.extend(facts.damage.as_ref().map(|damage| damage.clone().at_track(track.id).to_string()));
    let format = track.formats.first().map(AsRef::as_ref);
    Ok(TrackRow {
        id: track.id,
        kind: kind(track.media),
        handler: track.handler.to_string(),
        codec: format.map(|format| format.tag().to_string()),
        codec_name: format.map(codec_name),
        rfc6381: format.and_then(reelwright::rfc6381),
        enabled: track.enabled,
        language: track.language.code().to_owned(),
        language_tag: track.language.tag().map(str::to_owned),
        timescale: track.timescale.ticks(),
        start: facts.first_time.map(Exact::from),
        duration: shown_length(track, facts.first_time).into(),
        media_duration: track.media_duration.into(),
        samples: facts.samples,
        sync_samples: facts.sync_samples,
        bytes: facts.bytes,
        bit_rate: per_second(facts.bytes, track.media_duration),
        video: format.and_then(FormatDescription::as_video).map(|_| video(track, &facts)),
        audio: format.and_then(FormatDescription::as_audio).map(|audio| AudioRow {
            sample_rate: audio.sample_rate,
            channels: audio.channels,
            channel_layout: audio.layout.as_ref().map(ChannelLayout::name),
            bits: audio.bits,
        }),
        alternate_group: track.alternate_group,
        edits: track.edits.iter().map(edit).collect(),
        references: track
            .references
            .iter()
            .map(|reference| ReferenceRow {
                kind: reference.kind.to_string(),
                tracks: reference.tracks.clone(),
            })
            .collect(),
        metadata: track.metadata.iter().map(item).collect(),
        sample_descriptions: track.formats.len(),
    })
}

/// How long the track is presented. Without an edit list that begins at the first sample, wherever it stands.
fn shown_length(track: &Track, first: Option<Time>) -> Time {
    match first.filter(|first| track.edits.is_empty() && *first > track.range.start) {
        Some(first) => track.range.end().saturating_sub(first),
        None => track.range.duration,
    }
}

fn container(movie: &Movie) -> &'static str {
    match (movie.container, movie.major_brand.map(|brand| brand.0)) {
        (ContainerKind::Mp4, Some(brand)) => match &brand[..3] {
            b"M4A" => "M4A",
            b"M4V" => "M4V",
            b"3gp" => "3GP",
            b"3g2" => "3G2",
            _ => "MP4",
        },
        (kind, _) => kind.name(),
    }
}

fn kind(media: MediaType) -> &'static str {
    match media {
        MediaType::Video => "video",
        MediaType::Audio => "audio",
        MediaType::Text => "text",
        MediaType::Subtitle => "subtitle",
        MediaType::ClosedCaption => "closed caption",
        MediaType::Timecode => "timecode",
        MediaType::Metadata => "metadata",
        MediaType::Other(_) => "other",
    }
}

fn codec_name(format: &FormatDescription) -> String {
    match format {
        FormatDescription::Video(video) => video.codec.name(),
        FormatDescription::Audio(audio) => audio.codec.name(),
        FormatDescription::Data(data) => data.tag.to_string(),
    }
}

fn edit(edit: &Edit) -> EditRow {
    EditRow {
        duration: edit.duration.value(),
        media_time: edit.media_time.unwrap_or(-1),
        rate: f64::from(edit.rate) / f64::from(Edit::NORMAL_RATE),
    }
}

fn item(item: &reelwright::media::MetadataItem) -> ItemRow {
    let value = match &item.value {
        MetadataValue::Text(text) => text.clone().into(),
        MetadataValue::Integer(number) => (*number).into(),
        MetadataValue::Float(number) => (*number).into(),
        MetadataValue::Data { kind, bytes } => serde_json::json!({ "type": kind, "bytes": bytes.len() }),
    };
    ItemRow {
        key: item.key.identifier(),
        meaning: item.key.common(),
        value,
        language: (!item.language.is_undetermined()).then(|| item.language.to_string()),
    }
}

fn per_second(bytes: u64, duration: Time) -> Option<u64> {
    let seconds = duration.to_seconds_lossy();
    (seconds > 0.0).then(|| (bytes as f64 * 8.0 / seconds).round() as u64)
}
