use reelwright::media::Time;
use serde::Serialize;

/// The JSON interface of `reel inspect`, documented in `docs/inspect.md`.
#[derive(Serialize)]
pub(super) struct Report {
    pub(super) container: &'static str,
    pub(super) major_brand: Option<String>,
    pub(super) minor_version: u32,
    pub(super) compatible_brands: Vec<String>,
    pub(super) fragmented: bool,
    pub(super) timescale: u32,
    pub(super) duration: Exact,
    pub(super) size: u64,
    pub(super) bit_rate: Option<u64>,
    pub(super) creation_time: Option<String>,
    pub(super) tracks: Vec<TrackRow>,
    pub(super) metadata: Vec<ItemRow>,
    pub(super) chapters: Vec<ChapterRow>,
    pub(super) warnings: Vec<String>,
}

/// A time both ways: exactly, and in seconds for people and scripts that don't mind.
#[derive(Serialize)]
pub(super) struct Exact {
    pub(super) value: i64,
    pub(super) timescale: u32,
    pub(super) seconds: f64,
}

impl From<Time> for Exact {
    fn from(time: Time) -> Self {
        Self { value: time.value(), timescale: time.scale().ticks(), seconds: time.to_seconds_lossy() }
    }
}

#[derive(Serialize)]
pub(super) struct TrackRow {
    pub(super) id: u32,
    pub(super) kind: &'static str,
    pub(super) handler: String,
    pub(super) codec: Option<String>,
    pub(super) codec_name: Option<String>,
    pub(super) rfc6381: Option<String>,
    pub(super) enabled: bool,
    pub(super) language: String,
    pub(super) language_tag: Option<String>,
    pub(super) timescale: u32,
    pub(super) start: Option<Exact>,
    pub(super) duration: Exact,
    pub(super) media_duration: Exact,
    pub(super) samples: u64,
    pub(super) sync_samples: u64,
    pub(super) bytes: u64,
    pub(super) bit_rate: Option<u64>,
    #[serde(flatten)]
    pub(super) video: Option<VideoRow>,
    #[serde(flatten)]
    pub(super) audio: Option<AudioRow>,
    pub(super) alternate_group: u16,
    pub(super) edits: Vec<EditRow>,
    pub(super) references: Vec<ReferenceRow>,
    pub(super) metadata: Vec<ItemRow>,
    pub(super) sample_descriptions: usize,
}

#[derive(Serialize)]
pub(super) struct VideoRow {
    pub(super) coded_width: u32,
    pub(super) coded_height: u32,
    pub(super) display_width: u32,
    pub(super) display_height: u32,
    pub(super) rotation: u32,
    pub(super) mirrored: bool,
    pub(super) pixel_aspect: String,
    pub(super) clean_aperture: Option<[u32; 4]>,
    pub(super) frames: u64,
    pub(super) average_frame_rate: Option<String>,
    pub(super) real_frame_rate: Option<String>,
    pub(super) bit_depth: Option<u8>,
    pub(super) field_order: Option<String>,
    pub(super) color: ColorRow,
    pub(super) hdr: HdrRow,
}

#[derive(Serialize)]
pub(super) struct ColorRow {
    pub(super) primaries: String,
    pub(super) transfer: String,
    pub(super) matrix: String,
    pub(super) range: &'static str,
    pub(super) siting: Option<String>,
    pub(super) icc_profile_bytes: Option<usize>,
}

#[derive(Serialize)]
pub(super) struct HdrRow {
    pub(super) mastering_display: Option<MasteringRow>,
    pub(super) content_light: Option<LightRow>,
    pub(super) ambient_viewing: Option<AmbientRow>,
    pub(super) dolby_vision: Option<DolbyRow>,
}

#[derive(Serialize)]
pub(super) struct MasteringRow {
    pub(super) green: [f64; 2],
    pub(super) blue: [f64; 2],
    pub(super) red: [f64; 2],
    pub(super) white: [f64; 2],
    pub(super) max_luminance: f64,
    pub(super) min_luminance: f64,
}

#[derive(Serialize)]
pub(super) struct LightRow {
    pub(super) max: u16,
    pub(super) max_frame_average: u16,
}

#[derive(Serialize)]
pub(super) struct AmbientRow {
    pub(super) illuminance: f64,
    pub(super) light: [f64; 2],
}

#[derive(Serialize)]
pub(super) struct DolbyRow {
    pub(super) kind: String,
    pub(super) profile: Option<u8>,
    pub(super) level: Option<u8>,
}

#[derive(Serialize)]
pub(super) struct AudioRow {
    pub(super) sample_rate: u32,
    pub(super) channels: u16,
    pub(super) channel_layout: Option<String>,
    pub(super) bits: Option<u16>,
}

#[derive(Serialize)]
pub(super) struct EditRow {
    pub(super) duration: i64,
    pub(super) media_time: i64,
    pub(super) rate: f64,
}

#[derive(Serialize)]
pub(super) struct ReferenceRow {
    pub(super) kind: String,
    pub(super) tracks: Vec<u32>,
}

#[derive(Serialize)]
pub(super) struct ItemRow {
    pub(super) key: String,
    pub(super) meaning: Option<&'static str>,
    pub(super) value: serde_json::Value,
    pub(super) language: Option<String>,
}

#[derive(Serialize)]
pub(super) struct ChapterRow {
    pub(super) start: Exact,
    pub(super) end: Exact,
    pub(super) title: String,
}
