use std::fmt::{self, Write};

use reelwright::media::{
    ChannelLayout, Color, ColorRange, ContainerKind, Edit, FormatDescription, MediaType, MetadataValue,
    Movie, Ratio, Result, Rounding, Time, Track,
};
use reelwright::{Asset, TrackFacts, average_frame_rate, display_size};
use serde::Serialize;

use super::{TextOutput, print_json, print_text};
use crate::args::InspectArgs;
use crate::progress::bytes;

/// Says what a file holds.
pub(crate) fn run(args: &InspectArgs) -> Result<()> {
    let mut out = TextOutput::default();
    if args.boxes {
        let printed = reelwright::dump_boxes(&args.input, &mut out);
        return out.finish().and(printed);
    }
    let asset = Asset::open(&args.input)?;
    if args.samples {
        let printed = samples(&asset, &mut out);
        return out.finish().and(printed);
    }
    let report = Report::new(&asset)?;
    if args.json { print_json(&report) } else { print_text(&report.text(&args.input.display().to_string())) }
}

/// A line a sample: track, index, decode and presentation time in ticks, duration, size, offset, sync.
fn samples(asset: &Asset, out: &mut TextOutput) -> Result<()> {
    let mut print = |line: fmt::Arguments<'_>| out.write_fmt(line).is_ok();
    let mut listens = print(format_args!("track  index  dts  pts  duration  bytes  offset  flags\n"));
    for track in &asset.movie().tracks {
        let ticks = |time: Time| time.ticks_in(track.timescale, Rounding::Nearest).unwrap_or(0);
        let mut cursor = asset.cursor(track.id)?;
        let mut index = 0u64;
        while listens && let Some(sample) = cursor.next_sample()? {
            let (dts, pts, duration) = (ticks(sample.dts), ticks(sample.pts), ticks(sample.duration));
            let bytes = sample.payload.len();
            let offset =
                sample.payload.source_offset().map_or_else(|| "-".to_owned(), |offset| offset.to_string());
            let flag = match sample.flags {
                flags if flags.sync => 'K',
                flags if flags.partial_sync => 'k',
                _ => '-',
            };
            let id = track.id;
            listens =
                print(format_args!("{id}  {index}  {dts}  {pts}  {duration}  {bytes}  {offset}  {flag}\n"));
            index += 1;
        }
    }
    Ok(())
}

/// The JSON interface of `reel inspect`, documented in `docs/inspect.md`.
#[derive(Serialize)]
struct Report {
    container: &'static str,
    major_brand: Option<String>,
    minor_version: u32,
    compatible_brands: Vec<String>,
    fragmented: bool,
    timescale: u32,
    duration: Exact,
    size: u64,
    bit_rate: Option<u64>,
    creation_time: Option<String>,
    tracks: Vec<TrackRow>,
    metadata: Vec<ItemRow>,
    chapters: Vec<ChapterRow>,
    warnings: Vec<String>,
}

/// A time both ways: exactly, and in seconds for people and scripts that don't mind.
#[derive(Serialize)]
struct Exact {
    value: i64,
    timescale: u32,
    seconds: f64,
}

impl From<Time> for Exact {
    fn from(time: Time) -> Self {
        Self { value: time.value(), timescale: time.scale().ticks(), seconds: time.to_seconds_lossy() }
    }
}

#[derive(Serialize)]
struct TrackRow {
    id: u32,
    kind: &'static str,
    handler: String,
    codec: Option<String>,
    codec_name: Option<String>,
    rfc6381: Option<String>,
    enabled: bool,
    language: String,
    language_tag: Option<String>,
    timescale: u32,
    start: Option<Exact>,
    duration: Exact,
    media_duration: Exact,
    samples: u64,
    sync_samples: u64,
    bytes: u64,
    bit_rate: Option<u64>,
    #[serde(flatten)]
    video: Option<VideoRow>,
    #[serde(flatten)]
    audio: Option<AudioRow>,
    alternate_group: u16,
    edits: Vec<EditRow>,
    references: Vec<ReferenceRow>,
    metadata: Vec<ItemRow>,
    sample_descriptions: usize,
}

#[derive(Serialize)]
struct VideoRow {
    coded_width: u32,
    coded_height: u32,
    display_width: u32,
    display_height: u32,
    rotation: u32,
    mirrored: bool,
    pixel_aspect: String,
    clean_aperture: Option<[u32; 4]>,
    frames: u64,
    average_frame_rate: Option<String>,
    real_frame_rate: Option<String>,
    bit_depth: Option<u8>,
    field_order: Option<String>,
    color: ColorRow,
    hdr: HdrRow,
}

#[derive(Serialize)]
struct ColorRow {
    primaries: String,
    transfer: String,
    matrix: String,
    range: &'static str,
    siting: Option<String>,
    icc_profile_bytes: Option<usize>,
}

#[derive(Serialize)]
struct HdrRow {
    mastering_display: Option<MasteringRow>,
    content_light: Option<LightRow>,
    ambient_viewing: Option<AmbientRow>,
    dolby_vision: Option<DolbyRow>,
}

#[derive(Serialize)]
struct MasteringRow {
    green: [f64; 2],
    blue: [f64; 2],
    red: [f64; 2],
    white: [f64; 2],
    max_luminance: f64,
    min_luminance: f64,
}

#[derive(Serialize)]
struct LightRow {
    max: u16,
    max_frame_average: u16,
}

#[derive(Serialize)]
struct AmbientRow {
    illuminance: f64,
    light: [f64; 2],
}

#[derive(Serialize)]
struct DolbyRow {
    kind: String,
    profile: Option<u8>,
    level: Option<u8>,
}

#[derive(Serialize)]
struct AudioRow {
    sample_rate: u32,
    channels: u16,
    channel_layout: Option<String>,
    bits: Option<u16>,
}

#[derive(Serialize)]
struct EditRow {
    duration: i64,
    media_time: i64,
    rate: f64,
}

#[derive(Serialize)]
struct ReferenceRow {
    kind: String,
    tracks: Vec<u32>,
}

#[derive(Serialize)]
struct ItemRow {
    key: String,
    meaning: Option<&'static str>,
    value: serde_json::Value,
    language: Option<String>,
}

#[derive(Serialize)]
struct ChapterRow {
    start: Exact,
    end: Exact,
    title: String,
}

impl Report {
    fn new(asset: &Asset) -> Result<Self> {
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

    fn text(&self, name: &str) -> String {
        let brand =
            self.major_brand.as_ref().map(|brand| format!(" '{}'", brand.trim_end())).unwrap_or_default();
        let fragmented = if self.fragmented { ", fragmented" } else { "" };
        let duration =
            Time::new(self.duration.value, reelwright::media::Timescale::or_one(self.duration.timescale));
        let mut out =
            format!("{name}: {}{brand}{fragmented}, {duration}, {}\n", self.container, bytes(self.size));
        for track in &self.tracks {
            out += &format!("  {}\n", track.text());
        }
        for item in self.metadata.iter().filter(|item| item.value.is_string()) {
            let label = item.meaning.map_or(item.key.as_str(), |meaning| meaning);
            out += &format!("  {label}: {}\n", item.value.as_str().unwrap_or_default());
        }
        for chapter in &self.chapters {
            out += &format!("  chapter at {:.3} s: {}\n", chapter.start.seconds, chapter.title);
        }
        for warning in &self.warnings {
            out += &format!("  warning: {warning}\n");
        }
        out
    }
}

impl TrackRow {
    fn text(&self) -> String {
        let codec = self.rfc6381.as_ref().or(self.codec.as_ref()).map_or("no format", String::as_str);
        let mut parts = vec![self.codec_name.clone().unwrap_or_else(|| "?".into()), format!("({codec})")];
        if let Some(video) = &self.video {
            parts.push(format!("{}x{}", video.coded_width, video.coded_height));
            if video.rotation != 0 || video.mirrored {
                let mirrored = if video.mirrored { " mirrored" } else { "" };
                parts.push(format!("turned {}°{mirrored}", video.rotation));
            }
            if let Some(rate) = &video.average_frame_rate {
                let (num, den) = rate.split_once('/').unwrap_or((rate, "1"));
                let rate = num.parse::<f64>().unwrap_or(0.0) / den.parse::<f64>().unwrap_or(1.0);
                parts.push(format!("{} fps", (rate * 1000.0).round() / 1000.0));
            }
            if video.color.primaries != "unknown" {
                parts.push(format!(
                    "{}/{}/{}",
                    video.color.primaries, video.color.transfer, video.color.matrix
                ));
            }
        }
        if let Some(audio) = &self.audio {
            let layout =
                audio.channel_layout.clone().unwrap_or_else(|| format!("{} channels", audio.channels));
            parts.push(format!("{} Hz {layout}", audio.sample_rate));
        }
        if let Some(rate) = self.bit_rate {
            parts.push(format!("{} kbit/s", rate / 1000));
        }
        if self.language != "und" {
            parts.push(self.language.clone());
        }
        let disabled = if self.enabled { "" } else { ", disabled" };
        format!("track {} {}: {}{disabled}", self.id, self.kind, parts.join(" "))
    }
}

fn row(asset: &Asset, track: &Track, warnings: &mut Vec<String>) -> Result<TrackRow> {
    let facts = TrackFacts::measure(asset, track).map_err(|error| error.at_track(track.id))?;
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

fn video(track: &Track, facts: &TrackFacts) -> VideoRow {
    let format = track.formats.first().and_then(|format| format.as_video());
    let size = format.map(|format| format.size).unwrap_or_default();
    let display = display_size(track).unwrap_or(size);
    let ratio = |ratio: Ratio| format!("{}/{}", ratio.num, ratio.den);
    let mirrored = track.matrix.orientation().is_some_and(|(_, mirrored)| mirrored);
    VideoRow {
        coded_width: size.width,
        coded_height: size.height,
        display_width: display.width,
        display_height: display.height,
        rotation: track.matrix.degrees(),
        mirrored,
        pixel_aspect: format.and_then(|format| format.pixel_aspect).unwrap_or(Ratio::ONE).to_string(),
        clean_aperture: format
            .and_then(|format| format.clean_aperture?.rect(format.size))
            .map(|(x, y, width, height)| [x, y, width, height]),
        frames: facts.samples,
        average_frame_rate: average_frame_rate(track, facts.samples).map(ratio),
        real_frame_rate: facts.real_frame_rate.map(ratio),
        bit_depth: format.and_then(|format| format.bit_depth),
        field_order: format
            .and_then(|format| format.field_order)
            .map(|order| format!("{order:?}").to_lowercase()),
        color: color(
            format.map_or(Color::UNSPECIFIED, |format| format.color),
            format.and_then(|format| format.icc_profile.as_ref()).map(|icc| icc.len()),
        ),
        hdr: hdr(format),
    }
}

fn color(color: Color, icc_profile_bytes: Option<usize>) -> ColorRow {
    let named = |name: Option<&'static str>, code: u8| name.map_or_else(|| code.to_string(), str::to_owned);
    ColorRow {
        primaries: named(color.primaries.name(), color.primaries.0),
        transfer: named(color.transfer.name(), color.transfer.0),
        matrix: named(color.matrix.name(), color.matrix.0),
        range: match color.range {
            Some(ColorRange::Full) => "full",
            Some(ColorRange::Video) => "video",
            None => "unknown",
        },
        siting: color.siting.map(|siting| format!("{siting:?}").to_lowercase()),
        icc_profile_bytes,
    }
}

fn hdr(format: Option<&reelwright::media::VideoFormat>) -> HdrRow {
    let point = |(x, y): (u16, u16)| [f64::from(x) / 50_000.0, f64::from(y) / 50_000.0];
    HdrRow {
        mastering_display: format.and_then(|format| format.mastering).map(|display| MasteringRow {
            green: point(display.primaries[0]),
            blue: point(display.primaries[1]),
            red: point(display.primaries[2]),
            white: point(display.white),
            max_luminance: f64::from(display.max_luminance) / 10_000.0,
            min_luminance: f64::from(display.min_luminance) / 10_000.0,
        }),
        content_light: format
            .and_then(|format| format.content_light)
            .map(|light| LightRow { max: light.max, max_frame_average: light.max_frame_average }),
        ambient_viewing: format.and_then(|format| format.ambient).map(|ambient| AmbientRow {
            illuminance: f64::from(ambient.illuminance) / 10_000.0,
            light: point(ambient.light),
        }),
        dolby_vision: format.and_then(|format| format.dolby_vision.as_ref()).map(|config| DolbyRow {
            kind: config.kind.to_string(),
            // Version 2 bytes, then 7 bits of profile and 6 of level (Dolby Vision Streams Within ISOBMFF, 3.2).
            profile: config.bytes.get(2).map(|byte| byte >> 1),
            level: config.bytes.get(2).zip(config.bytes.get(3)).map(|(high, low)| (high & 1) << 5 | low >> 3),
        }),
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

/// Seconds since 1904-01-01 as an ISO 8601 date.
fn iso_date(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Days from civil, turned round: eras of 400 years counted from 0000-03-01, which is 695,361 days before 1904.
    let days = days + 695_361;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let year = year_of_era + era * 400 + carry;
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", rest / 3600, rest / 60 % 60, rest % 60)
}

#[cfg(test)]
mod tests {
    use super::iso_date;

    #[test]
    fn dates_count_from_1904() {
        assert_eq!(iso_date(0), "1904-01-01T00:00:00Z");
        assert_eq!(iso_date(2_082_844_800), "1970-01-01T00:00:00Z");
        assert_eq!(iso_date(2_082_844_800 + 951_782_400), "2000-02-29T00:00:00Z");
    }
}
