use std::fmt;

use reelwright_media::{AudioCodec, PixelFormat, Size, VideoCodec};

use crate::VideoProfile;

/// A codec of either kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Codec {
    /// A video codec.
    Video(VideoCodec),
    /// An audio codec.
    Audio(AudioCodec),
}

impl Codec {
    /// The name people use.
    pub fn name(self) -> String {
        match self {
            Self::Video(codec) => codec.name(),
            Self::Audio(codec) => codec.name(),
        }
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

/// One encoder a provider offers. `VTCopyVideoEncoderList`'s rows.
#[derive(Clone, Debug, PartialEq)]
pub struct EncoderInfo {
    /// Unique, short, lower case: `openh264`, `libx264`, `aac`.
    pub id: String,
    /// For people.
    pub name: String,
    /// The provider's name.
    pub provider: &'static str,
    /// What it makes.
    pub codec: Codec,
    /// Under which terms a program that contains it may be passed on.
    pub licence: Licence,
    /// Whether it runs on dedicated hardware.
    pub hardware: bool,
    /// How fast it is for its codec.
    pub speed: SpeedClass,
    /// How much quality it makes of a bit.
    pub quality: QualityClass,
    /// Profiles it can be asked for; empty where it has none or chooses itself.
    pub profiles: Vec<VideoProfile>,
    /// Layouts it takes; empty for audio.
    pub pixel_formats: Vec<PixelFormat>,
    /// The smallest picture, where there is a limit: both its sides, whichever way it lies.
    pub min_size: Option<Size>,
    /// The largest picture, where there is a limit: likewise.
    pub max_size: Option<Size>,
    /// Whether it can store pictures in another order than shown.
    pub reordering: bool,
    /// The most channels it takes; 0 for video.
    pub max_channels: u16,
    /// Names of the options it knows, each with a sentence.
    pub options: Vec<(&'static str, &'static str)>,
}

impl EncoderInfo {
    /// A row that says what most of them do: permissive, in software, fast, of the best quality, without profiles,
    /// layouts, limits or options, in the order of display.
    pub fn new(id: impl Into<String>, name: impl Into<String>, provider: &'static str, codec: Codec) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            provider,
            codec,
            licence: Licence::Permissive,
            hardware: false,
            speed: SpeedClass::Fast,
            quality: QualityClass::Best,
            profiles: Vec::new(),
            pixel_formats: Vec::new(),
            min_size: None,
            max_size: None,
            reordering: false,
            max_channels: 0,
            options: Vec::new(),
        }
    }

    /// Whether it codes transparency when it makes `profile` ([`VideoEncoderSettings::alpha`](crate::VideoEncoderSettings::alpha)):
    /// one of its layouts has it, and of ProRes only 4444 does.
    pub fn takes_alpha(&self, profile: Option<VideoProfile>) -> bool {
        let able =
            self.codec != Codec::Video(VideoCodec::ProRes) || profile == Some(VideoProfile::ProRes4444);
        able && self.pixel_formats.iter().any(|format| format.has_alpha())
    }
}

/// One decoder a provider offers.
#[derive(Clone, Debug, PartialEq)]
pub struct DecoderInfo {
    /// Unique, short, lower case.
    pub id: String,
    /// For people.
    pub name: String,
    /// The provider's name.
    pub provider: &'static str,
    /// What it reads.
    pub codec: Codec,
    /// Under which terms a program that contains it may be passed on.
    pub licence: Licence,
    /// Whether it runs on dedicated hardware.
    pub hardware: bool,
    /// How fast it is for its codec.
    pub speed: SpeedClass,
}

impl DecoderInfo {
    /// A row that says what most of them do: permissive, in software, fast.
    pub fn new(id: impl Into<String>, name: impl Into<String>, provider: &'static str, codec: Codec) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            provider,
            codec,
            licence: Licence::Permissive,
            hardware: false,
            speed: SpeedClass::Fast,
        }
    }
}

/// The terms under which a program that contains a codec may be passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Licence {
    /// MIT, BSD, Apache, MPL: anything goes, with credit.
    Permissive,
    /// LGPL.
    Lesser,
    /// GPL: so is the program that contains it.
    Gpl,
}

impl Licence {
    /// The name people use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Permissive => "permissive",
            Self::Lesser => "LGPL",
            Self::Gpl => "GPL",
        }
    }
}

impl fmt::Display for Licence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How fast a codec is among those of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SpeedClass {
    /// Below real time for common sizes.
    Slow,
    /// About real time.
    Medium,
    /// Several times real time.
    Fast,
}

impl fmt::Display for SpeedClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Slow => "slow",
            Self::Medium => "medium",
            Self::Fast => "fast",
        })
    }
}

/// How much quality an encoder makes of a bit among those of its codec.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum QualityClass {
    /// For previews.
    Basic,
    /// For everyday use.
    Good,
    /// For archives and delivery.
    Best,
}

impl fmt::Display for QualityClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Basic => "basic",
            Self::Good => "good",
            Self::Best => "best",
        })
    }
}
