//! The encoders of libavcodec that are offered, preferred ones first within a codec.

use reelwright_codec::{Codec, EncoderInfo, Licence, QualityClass, SpeedClass, VideoProfile};
use reelwright_media::{AudioCodec, PixelFormat, PixelLayout, Size, VideoCodec};

use crate::ffi::{self, SampleKind};

/// A video encoder.
pub(crate) struct VideoRow {
    /// Its id, which is libavcodec's name for it.
    pub(crate) id: &'static str,
    title: &'static str,
    /// What it makes.
    pub(crate) codec: VideoCodec,
    /// How it wants its settings.
    pub(crate) dialect: Dialect,
    /// Layouts it takes at 8 bit and above, preferred ones first.
    pub(crate) formats: &'static [PixelFormat],
    /// Whether it runs on dedicated hardware.
    pub(crate) hardware: bool,
    speed: SpeedClass,
    quality: QualityClass,
    /// Profiles it can be asked for.
    pub(crate) profiles: &'static [VideoProfile],
    /// Whether it can store pictures in another order than shown.
    pub(crate) reordering: bool,
    min_size: Option<Size>,
    max_size: Option<Size>,
}

/// An encoder's way to be told things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// libx264: `crf`, `preset`, `tune`, `x264-params`.
    X264,
    /// libx265: the same with `x265-params`.
    X265,
    /// SVT-AV1: `crf`, numbered presets, `svtav1-params`.
    SvtAv1,
    /// libaom: `crf` beside a bit rate of 0, `cpu-used`.
    Aom,
    /// ProRes: the profile decides everything.
    ProRes,
    /// Motion JPEG: a quantiser scale.
    Jpeg,
    /// NVENC: `cq`.
    Nvenc,
    /// Anything else: the general options.
    General,
}

const YUV420: &[PixelFormat] = &[PixelFormat::YUV420];
const YUV420_OR_10: &[PixelFormat] = &[PixelFormat::YUV420, PixelFormat::YUV420_10];
const X26X: &[PixelFormat] = &[
    PixelFormat::YUV420,
    PixelFormat::YUV420_10,
    PixelFormat::Yuv(PixelLayout::Yuv422, 8),
    PixelFormat::Yuv(PixelLayout::Yuv422, 10),
    PixelFormat::Yuv(PixelLayout::Yuv444, 8),
    PixelFormat::Yuv(PixelLayout::Yuv444, 10),
];
const PRORES: &[PixelFormat] = &[
    PixelFormat::Yuv(PixelLayout::Yuv422, 10),
    PixelFormat::Yuv(PixelLayout::Yuv444, 10),
    PixelFormat::Yuva(PixelLayout::Yuv444, 10),
];
const JPEG: &[PixelFormat] = &[
    PixelFormat::YUV420,
    PixelFormat::Yuv(PixelLayout::Yuv422, 8),
    PixelFormat::Yuv(PixelLayout::Yuv444, 8),
];
const NV12: &[PixelFormat] = &[PixelFormat::Nv12];

const H264: &[VideoProfile] = &[VideoProfile::H264Baseline, VideoProfile::H264Main, VideoProfile::H264High];
const HEVC: &[VideoProfile] = &[VideoProfile::HevcMain, VideoProfile::HevcMain10];
const PRORES_PROFILES: &[VideoProfile] = &[
    VideoProfile::ProRes422,
    VideoProfile::ProResHq,
    VideoProfile::ProResLt,
    VideoProfile::ProResProxy,
    VideoProfile::ProRes4444,
];

/// A software encoder that reorders, to be changed field by field.
const SOFTWARE: VideoRow = VideoRow {
    id: "",
    title: "",
    codec: VideoCodec::H264,
    dialect: Dialect::General,
    formats: YUV420,
    hardware: false,
    speed: SpeedClass::Medium,
    quality: QualityClass::Best,
    profiles: &[],
    reordering: true,
    min_size: None,
    max_size: None,
};

/// A hardware encoder.
const HARDWARE: VideoRow = VideoRow {
    hardware: true,
    speed: SpeedClass::Fast,
    quality: QualityClass::Good,
    dialect: Dialect::General,
    ..SOFTWARE
};

/// Every video encoder there may be.
pub(crate) const VIDEO: &[VideoRow] = &[
    VideoRow {
        id: "libx264",
        title: "x264",
        dialect: Dialect::X264,
        formats: X26X,
        profiles: H264,
        max_size: Some(Size::new(16_384, 16_384)),
        ..SOFTWARE
    },
    VideoRow {
        id: "h264_nvenc",
        title: "NVIDIA NVENC H.264",
        dialect: Dialect::Nvenc,
        profiles: H264,
        max_size: Some(Size::new(4096, 4096)),
        ..HARDWARE
    },
    VideoRow { id: "h264_qsv", title: "Intel Quick Sync H.264", formats: NV12, profiles: H264, ..HARDWARE },
    VideoRow { id: "h264_videotoolbox", title: "Apple VideoToolbox H.264", profiles: H264, ..HARDWARE },
    VideoRow { id: "h264_amf", title: "AMD AMF H.264", profiles: H264, ..HARDWARE },
    VideoRow { id: "h264_v4l2m2m", title: "V4L2 H.264", reordering: false, ..HARDWARE },
    VideoRow {
        id: "libx265",
        title: "x265",
        codec: VideoCodec::Hevc,
        dialect: Dialect::X265,
        formats: X26X,
        speed: SpeedClass::Slow,
        profiles: HEVC,
        // Measured, as are the others: the smallest square that it opens with.
        min_size: Some(Size::new(16, 16)),
        ..SOFTWARE
    },
    VideoRow {
        id: "hevc_nvenc",
        title: "NVIDIA NVENC HEVC",
        codec: VideoCodec::Hevc,
        dialect: Dialect::Nvenc,
        profiles: HEVC,
        max_size: Some(Size::new(8192, 8192)),
        ..HARDWARE
    },
    VideoRow {
        id: "hevc_qsv",
        title: "Intel Quick Sync HEVC",
        codec: VideoCodec::Hevc,
        formats: NV12,
        profiles: HEVC,
        ..HARDWARE
    },
    VideoRow {
        id: "hevc_videotoolbox",
        title: "Apple VideoToolbox HEVC",
        codec: VideoCodec::Hevc,
        profiles: HEVC,
        ..HARDWARE
    },
    VideoRow {
        id: "libsvtav1",
        title: "SVT-AV1",
        codec: VideoCodec::Av1,
        dialect: Dialect::SvtAv1,
        formats: YUV420_OR_10,
        reordering: false,
        min_size: Some(Size::new(64, 64)),
        max_size: Some(Size::new(16_384, 8704)),
        ..SOFTWARE
    },
    VideoRow {
        id: "libaom-av1",
        title: "libaom AV1",
        codec: VideoCodec::Av1,
        dialect: Dialect::Aom,
        formats: YUV420_OR_10,
        speed: SpeedClass::Slow,
        reordering: false,
        ..SOFTWARE
    },
    VideoRow {
        id: "av1_nvenc",
        title: "NVIDIA NVENC AV1",
        codec: VideoCodec::Av1,
        dialect: Dialect::Nvenc,
        reordering: false,
        ..HARDWARE
    },
    VideoRow {
        id: "prores_ks",
        title: "ProRes",
        codec: VideoCodec::ProRes,
        dialect: Dialect::ProRes,
        formats: PRORES,
        profiles: PRORES_PROFILES,
        reordering: false,
        ..SOFTWARE
    },
    VideoRow {
        id: "prores_aw",
        title: "ProRes, the faster one",
        codec: VideoCodec::ProRes,
        dialect: Dialect::ProRes,
        formats: PRORES,
        speed: SpeedClass::Fast,
        quality: QualityClass::Good,
        profiles: PRORES_PROFILES,
        reordering: false,
        ..SOFTWARE
    },
    VideoRow {
        id: "mjpeg",
        title: "Motion JPEG",
        codec: VideoCodec::Jpeg,
        dialect: Dialect::Jpeg,
        formats: JPEG,
        speed: SpeedClass::Fast,
        quality: QualityClass::Good,
        reordering: false,
        max_size: Some(Size::new(65_500, 65_500)),
        ..SOFTWARE
    },
];

/// An audio encoder.
pub(crate) struct AudioRow {
    /// Its id.
    pub(crate) id: &'static str,
    /// libavcodec's name for it.
    pub(crate) name: &'static str,
    title: &'static str,
    /// What it makes.
    pub(crate) codec: AudioCodec,
    /// How it wants samples, and whether one plane a channel.
    pub(crate) kind: (SampleKind, bool),
    /// How it wants samples of more than 16 bits, where it is lossless.
    pub(crate) deep: Option<(SampleKind, bool)>,
    quality: QualityClass,
    max_channels: u16,
}

/// Every audio encoder there may be.
pub(crate) const AUDIO: &[AudioRow] = &[
    row("libav-aac", "aac", "AAC-LC", AudioCodec::Aac, QualityClass::Good, 8),
    AudioRow {
        kind: (SampleKind::I16, false),
        ..row("libfdk_aac", "libfdk_aac", "Fraunhofer AAC", AudioCodec::Aac, QualityClass::Best, 8)
    },
    AudioRow {
        kind: (SampleKind::F32, false),
        ..row("libopus", "libopus", "Opus", AudioCodec::Opus, QualityClass::Best, 8)
    },
    AudioRow {
        kind: (SampleKind::I16, true),
        deep: Some((SampleKind::I32, true)),
        ..row("libav-alac", "alac", "Apple Lossless", AudioCodec::Alac, QualityClass::Best, 8)
    },
    AudioRow {
        kind: (SampleKind::I16, false),
        deep: Some((SampleKind::I32, false)),
        ..row("libav-flac", "flac", "FLAC", AudioCodec::Flac, QualityClass::Best, 8)
    },
    row("libav-ac3", "ac3", "AC-3", AudioCodec::Ac3, QualityClass::Good, 6),
    row("libav-eac3", "eac3", "E-AC-3", AudioCodec::Eac3, QualityClass::Good, 6),
    row("libmp3lame", "libmp3lame", "LAME MP3", AudioCodec::Mp3, QualityClass::Best, 2),
];

const fn row(
    id: &'static str,
    name: &'static str,
    title: &'static str,
    codec: AudioCodec,
    quality: QualityClass,
    max_channels: u16,
) -> AudioRow {
    AudioRow { id, name, title, codec, kind: (SampleKind::F32, true), deep: None, quality, max_channels }
}

/// The option that says how many bits a lossless audio encoder keeps.
pub(crate) const BITS: (&str, &str) = ("bits", "bits a sample that are kept, 16 (default) or 24");

/// How a video encoder appears in the registry, where the linked library has it.
pub(crate) fn video_info(row: &VideoRow, licence: Licence) -> Option<EncoderInfo> {
    let codec = ffi::Codec::encoder(row.id)?;
    Some(EncoderInfo {
        id: row.id.into(),
        name: row.title.into(),
        provider: crate::NAME,
        codec: Codec::Video(row.codec),
        licence,
        hardware: row.hardware,
        speed: row.speed,
        quality: row.quality,
        profiles: row.profiles.to_vec(),
        pixel_formats: row.formats.to_vec(),
        min_size: row.min_size,
        max_size: row.max_size,
        reordering: row.reordering,
        max_channels: 0,
        options: codec.options().iter().map(|option| (option.name, option.help)).collect(),
    })
}

/// How an audio encoder appears in the registry, where the linked library has it.
pub(crate) fn audio_info(row: &AudioRow, licence: Licence) -> Option<EncoderInfo> {
    let codec = ffi::Codec::encoder(row.name)?;
    let own = row.deep.is_some().then_some(BITS);
    let options = codec.options().into_iter().map(|option| (option.name, option.help));
    Some(EncoderInfo {
        id: row.id.into(),
        name: row.title.into(),
        provider: crate::NAME,
        codec: Codec::Audio(row.codec),
        licence,
        hardware: false,
        speed: SpeedClass::Fast,
        quality: row.quality,
        profiles: Vec::new(),
        pixel_formats: Vec::new(),
        min_size: None,
        max_size: None,
        reordering: false,
        max_channels: row.max_channels,
        options: own.into_iter().chain(options).collect(),
    })
}
