use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use reelwright_codec::{Codec, EncoderSpecification, Registry, VideoProfile};
use reelwright_media::{AudioCodec, Error, Hint, MediaType, Ratio, Size, Stage, VideoCodec};

use super::{ExportOptions, Plan};
use crate::{Asset, FileType};

/// A named target. `AVAssetExportSession`'s presets; each is a constructor of [`super::ExportOptions`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Preset {
    /// Every track copied as it is. `AVAssetExportPresetPassthrough`.
    Passthrough,
    /// Small enough for the worst connection. `AVAssetExportPresetLowQuality`.
    LowQuality,
    /// Small enough to share anywhere. `AVAssetExportPresetMediumQuality`.
    MediumQuality,
    /// H.264 at the source's size. `AVAssetExportPresetHighestQuality`.
    HighestQuality,
    /// HEVC at the source's size, HDR kept. `AVAssetExportPresetHEVCHighestQuality`.
    HevcHighestQuality,
    /// H.264 inside a box. `AVAssetExportPreset640x480` to `AVAssetExportPreset3840x2160`.
    H264(SizeClass),
    /// HEVC inside a box, HDR kept. `AVAssetExportPresetHEVC1920x1080` to `AVAssetExportPresetHEVC7680x4320`.
    Hevc(SizeClass),
    /// ProRes 422 at the source's size, HDR kept, with PCM sound. `AVAssetExportPresetAppleProRes422LPCM`.
    ProRes422,
    /// ProRes 4444 at the source's size, HDR kept, with PCM sound. `AVAssetExportPresetAppleProRes4444LPCM`.
    ProRes4444,
    /// The sound alone, as AAC. `AVAssetExportPresetAppleM4A`.
    AppleM4a,
}

/// The boxes pictures are fitted into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SizeClass {
    /// 640x480.
    Sd480,
    /// 960x540.
    Qhd540,
    /// 1280x720.
    Hd720,
    /// 1920x1080.
    Hd1080,
    /// 3840x2160.
    Uhd2160,
    /// 4320x2160.
    Wide2160,
    /// 7680x4320.
    Uhd4320,
}

impl SizeClass {
    /// The box in pixels.
    pub const fn size(self) -> Size {
        match self {
            Self::Sd480 => Size::new(640, 480),
            Self::Qhd540 => Size::new(960, 540),
            Self::Hd720 => Size::new(1280, 720),
            Self::Hd1080 => Size::new(1920, 1080),
            Self::Uhd2160 => Size::new(3840, 2160),
            Self::Wide2160 => Size::new(4320, 2160),
            Self::Uhd4320 => Size::new(7680, 4320),
        }
    }
}

/// The published numbers of a preset: one row of the table in `docs/presets.md`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PresetRow {
    /// The preset.
    pub preset: Preset,
    /// The name `reel` prints.
    pub name: &'static str,
    /// Apple's constant.
    pub apple: &'static str,
    /// The video codec; `None` where video is copied or dropped.
    pub video: Option<VideoCodec>,
    /// The codec's profile; `None` leaves it to the encoder.
    pub profile: Option<VideoProfile>,
    /// The box pictures are fitted into; `None` keeps the source's size.
    pub max_size: Option<Size>,
    /// Widths and heights are multiples of this.
    pub align: u32,
    /// Bits per second at 30 frames per second in a full box (or at 1920x1080 where there is none).
    pub video_rate: u32,
    /// The most frames per second; `None` keeps the source's timing.
    pub max_frame_rate: Option<Ratio>,
    /// The audio codec; `None` where audio is copied.
    pub audio: Option<AudioCodec>,
    /// Bits per second of stereo; mono gets 5/8 of it. 0 for copies and PCM, which take what they take.
    pub audio_rate: u32,
    /// Whether PQ and HLG are kept; else they are tone-mapped to BT.709.
    pub keeps_hdr: bool,
    /// The containers it may be written to, the default first.
    pub file_types: &'static [FileType],
}

const MOVIES: &[FileType] = &[FileType::Mp4, FileType::Mov, FileType::M4v];
const AUDIO: &[FileType] = &[FileType::M4a, FileType::M4b];
const QUICKTIME: &[FileType] = &[FileType::Mov];
const ANY: &[FileType] = &[FileType::Mov, FileType::Mp4, FileType::M4v, FileType::M4a, FileType::M4b];

const fn row(preset: Preset, name: &'static str, apple: &'static str, video_rate: u32) -> PresetRow {
    let (video, max_size) = match preset {
        Preset::H264(class) => (Some(VideoCodec::H264), Some(class.size())),
        Preset::Hevc(class) => (Some(VideoCodec::Hevc), Some(class.size())),
        Preset::HevcHighestQuality => (Some(VideoCodec::Hevc), None),
        Preset::LowQuality => (Some(VideoCodec::H264), Some(Size::new(224, 144))),
        Preset::MediumQuality => (Some(VideoCodec::H264), Some(Size::new(568, 360))),
        Preset::HighestQuality => (Some(VideoCodec::H264), None),
        Preset::ProRes422 | Preset::ProRes4444 => (Some(VideoCodec::ProRes), None),
        Preset::Passthrough | Preset::AppleM4a => (None, None),
    };
    let small = matches!(preset, Preset::LowQuality | Preset::MediumQuality);
    let prores = matches!(preset, Preset::ProRes422 | Preset::ProRes4444);
    PresetRow {
        preset,
        name,
        apple,
        video,
        profile: match preset {
            Preset::ProRes422 => Some(VideoProfile::ProRes422),
            Preset::ProRes4444 => Some(VideoProfile::ProRes4444),
            _ => None,
        },
        max_size,
        align: if small { 8 } else { 2 },
        video_rate,
        max_frame_rate: if small { Ratio::new(30, 1) } else { None },
        audio: match preset {
            Preset::Passthrough => None,
            _ if prores => Some(AudioCodec::Lpcm),
            _ => Some(AudioCodec::Aac),
        },
        audio_rate: match preset {
            _ if prores => 0,
            Preset::Passthrough => 0,
            Preset::LowQuality => 64_000,
            Preset::MediumQuality => 96_000,
            Preset::HighestQuality | Preset::HevcHighestQuality | Preset::AppleM4a => 192_000,
            _ => 160_000,
        },
        keeps_hdr: prores
            || matches!(preset, Preset::Hevc(_) | Preset::HevcHighestQuality | Preset::Passthrough),
        file_types: match preset {
            Preset::AppleM4a => AUDIO,
            _ if prores => QUICKTIME,
            Preset::Passthrough => ANY,
            _ => MOVIES,
        },
    }
}

/// Every preset, in the order `reel presets` lists them.
pub const PRESETS: &[PresetRow] = &[
    row(Preset::Passthrough, "passthrough", "AVAssetExportPresetPassthrough", 0),
    row(Preset::LowQuality, "low", "AVAssetExportPresetLowQuality", 128_000),
    row(Preset::MediumQuality, "medium", "AVAssetExportPresetMediumQuality", 800_000),
    row(Preset::HighestQuality, "highest", "AVAssetExportPresetHighestQuality", 12_000_000),
    row(Preset::H264(SizeClass::Sd480), "640x480", "AVAssetExportPreset640x480", 2_500_000),
    row(Preset::H264(SizeClass::Qhd540), "960x540", "AVAssetExportPreset960x540", 4_000_000),
    row(Preset::H264(SizeClass::Hd720), "1280x720", "AVAssetExportPreset1280x720", 6_000_000),
    row(Preset::H264(SizeClass::Hd1080), "1920x1080", "AVAssetExportPreset1920x1080", 12_000_000),
    row(Preset::H264(SizeClass::Uhd2160), "3840x2160", "AVAssetExportPreset3840x2160", 45_000_000),
    row(Preset::HevcHighestQuality, "hevc-highest", "AVAssetExportPresetHEVCHighestQuality", 7_000_000),
    row(Preset::Hevc(SizeClass::Hd1080), "hevc-1920x1080", "AVAssetExportPresetHEVC1920x1080", 7_000_000),
    row(Preset::Hevc(SizeClass::Uhd2160), "hevc-3840x2160", "AVAssetExportPresetHEVC3840x2160", 25_000_000),
    row(Preset::Hevc(SizeClass::Wide2160), "hevc-4320x2160", "AVAssetExportPresetHEVC4320x2160", 30_000_000),
    row(Preset::Hevc(SizeClass::Uhd4320), "hevc-7680x4320", "AVAssetExportPresetHEVC7680x4320", 80_000_000),
    row(Preset::ProRes422, "prores-422", "AVAssetExportPresetAppleProRes422LPCM", 147_000_000),
    row(Preset::ProRes4444, "prores-4444", "AVAssetExportPresetAppleProRes4444LPCM", 330_000_000),
    row(Preset::AppleM4a, "m4a", "AVAssetExportPresetAppleM4A", 0),
];

impl Preset {
    /// Its row of the table.
    pub fn row(self) -> &'static PresetRow {
        PRESETS.iter().find(|row| row.preset == self).unwrap_or(&PRESETS[0])
    }

    /// The name `reel` prints: `1280x720`, `hevc-1920x1080`, `m4a`.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// AVFoundation's name: `AVAssetExportPreset1280x720`. `AVAssetExportSession.presetName`.
    pub fn apple_name(self) -> &'static str {
        self.row().apple
    }

    /// The containers it may be written to, the default first, whatever the asset. `supportedFileTypes`.
    pub fn file_types(self) -> &'static [FileType] {
        self.row().file_types
    }

    /// Bytes a movie of this length comes to at the preset's rates, whatever the asset; `None` where they don't follow from
    /// the preset: copies and ProRes. `estimatedOutputFileLength`.
    pub fn nominal_bytes(self, duration: Duration) -> Option<u64> {
        let row = self.row();
        let video = row.video.map_or(0, |_| u64::from(row.video_rate));
        let known = row.audio_rate > 0;
        let bits = (video + u64::from(row.audio_rate)) as f64 * duration.as_secs_f64();
        known.then_some((bits / 8.0) as u64)
    }

    /// The presets the codecs of [`crate::registry`] can make, in the table's order; without [`Self::Passthrough`], which
    /// makes nothing. `allExportPresets()`.
    pub fn available() -> Vec<Self> {
        Self::available_with(&crate::registry())
    }

    /// The presets these codecs can make, in the table's order; without [`Self::Passthrough`], which makes nothing.
    /// `allExportPresets()`.
    pub fn available_with(registry: &Registry) -> Vec<Self> {
        let made = PRESETS.iter().map(|row| row.preset).filter(|preset| *preset != Self::Passthrough);
        made.filter(|preset| preset.why_not_with(registry).is_none()).collect()
    }

    /// The presets the codecs of [`crate::registry`] can make of `asset`: those of [`Self::available`] whose export can be
    /// planned, and that make pictures only of an asset with some. Opens codecs. `exportPresets(compatibleWith:)`.
    pub fn compatible_with(asset: &Asset) -> Vec<Self> {
        Self::compatible_with_codecs(asset, &crate::registry())
    }

    /// The presets these codecs can make of `asset`: those of [`Self::available_with`] whose export can be planned, and
    /// that make pictures only of an asset with some. `exportPresets(compatibleWith:)`.
    pub fn compatible_with_codecs(asset: &Asset, registry: &Registry) -> Vec<Self> {
        let suits = |preset: &Self| {
            let plan = Plan::new(asset, &ExportOptions::new(*preset), preset.file_types()[0], registry);
            let has_pictures = |plan: Plan| {
                plan.tracks.iter().any(|track| track.media == MediaType::Video && track.fate.is_output())
            };
            plan.is_ok_and(|plan| preset.row().video.is_none() || has_pictures(plan))
        };
        Self::available_with(registry).into_iter().filter(suits).collect()
    }

    /// Whether `asset` can be exported with it, by the codecs of [`crate::registry`], into a file of this type, or into any
    /// of its types. `determineCompatibility(ofExportPreset:with:outputFileType:)`.
    ///
    /// # Errors
    ///
    /// As [`Self::check_with`].
    pub fn check(self, asset: &Asset, file_type: Option<FileType>) -> Result<(), Error> {
        self.check_with(asset, file_type, &crate::registry())
    }

    /// Whether `asset` can be exported with it, by these codecs, into a file of this type, or into any of its types: what an export would say
    /// before it writes anything. Reads the index, opens codecs, writes nothing.
    /// `determineCompatibility(ofExportPreset:with:outputFileType:)`.
    ///
    /// # Errors
    ///
    /// Why not: where several types are asked for, of the first.
    pub fn check_with(
        self,
        asset: &Asset,
        file_type: Option<FileType>,
        registry: &Registry,
    ) -> Result<(), Error> {
        let types = file_type.as_ref().map_or(self.file_types(), std::slice::from_ref);
        let options = ExportOptions::new(self);
        let mut refusal = None;
        for &file_type in types {
            match Plan::new(asset, &options, file_type, registry) {
                Ok(_) => return Ok(()),
                Err(error) => refusal = refusal.or(Some(error)),
            }
        }
        refusal.map_or(Ok(()), Err)
    }

    /// Why the codecs of [`crate::registry`] can't make it; `None` where they can. As [`Self::why_not_with`].
    pub fn why_not(self) -> Option<Error> {
        self.why_not_with(&crate::registry())
    }

    /// Why these codecs can't make it: [`reelwright_media::ErrorKind::NoCodec`], with what would help; `None` where they
    /// can.
    pub fn why_not_with(self, registry: &Registry) -> Option<Error> {
        let row = self.row();
        let codecs = row.video.map(Codec::Video).into_iter().chain(row.audio.map(Codec::Audio));
        let missing = |codec| {
            let wanted = match codec {
                Codec::Video(_) => (row.max_size, row.profile),
                Codec::Audio(_) => (None, None),
            };
            let (size, profile) = wanted;
            registry.select(codec, &EncoderSpecification::new().size(size).profile(profile)).err()
        };
        codecs.into_iter().find_map(missing).map(|error| error.at_stage(Stage::Plan))
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Preset {
    type Err = Error;

    /// Reads a preset's short name or Apple's, whole or without its `AVAssetExportPreset` prefix, in any case.
    fn from_str(text: &str) -> Result<Self, Error> {
        let plain = |name: &str| name.to_ascii_lowercase().replace(['-', '_', ' '], "");
        let wanted = plain(text);
        let wanted = wanted.strip_prefix("avassetexportpreset").unwrap_or(&wanted);
        PRESETS
            .iter()
            .find(|row| {
                plain(row.name) == wanted
                    || plain(row.apple).strip_prefix("avassetexportpreset") == Some(wanted)
            })
            .map(|row| row.preset)
            .ok_or_else(|| {
                let names: Vec<_> = PRESETS.iter().map(|row| row.name).collect();
                Error::misuse(format!("there is no preset named '{text}'; there are {}", names.join(", ")))
                    .with_hint(Hint::SeePresets)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_however_they_are_written() {
        let hd = Preset::H264(SizeClass::Hd720);
        for name in ["1280x720", "1280X720", "AVAssetExportPreset1280x720", "avassetexportpreset1280X720"] {
            assert_eq!(name.parse::<Preset>().unwrap(), hd);
        }
        assert_eq!("HEVCHighestQuality".parse::<Preset>().unwrap(), Preset::HevcHighestQuality);
        assert_eq!("LowQuality".parse::<Preset>().unwrap(), Preset::LowQuality);
        assert!("720p".parse::<Preset>().unwrap_err().to_string().contains("1280x720"));
    }

    #[test]
    fn nominal_bytes_follow_from_the_rates_alone() {
        let minute = Duration::from_secs(60);
        assert_eq!(Preset::H264(SizeClass::Hd720).nominal_bytes(minute), Some(6_160_000 * 60 / 8));
        assert_eq!(Preset::AppleM4a.nominal_bytes(minute), Some(192_000 * 60 / 8));
        for preset in [Preset::Passthrough, Preset::ProRes422, Preset::ProRes4444] {
            assert_eq!(preset.nominal_bytes(minute), None);
        }
    }

    #[test]
    fn every_preset_has_its_own_row() {
        for row in PRESETS {
            assert_eq!(row.preset.row(), row);
            assert_eq!(row.name.parse::<Preset>().unwrap(), row.preset);
            assert_eq!(row.apple.parse::<Preset>().unwrap(), row.preset);
            assert_eq!(row.preset.apple_name(), row.apple);
            assert_eq!(ExportOptions::new(row.preset).file_types, row.file_types);
        }
    }
}
