use std::fmt;

use reelwright_media::{PixelFormat, Size};

use super::{EncoderInfo, Licence};
use crate::VideoProfile;

/// Whether dedicated hardware may, should or must be used.
/// `kVTVideoEncoderSpecification_EnableHardwareAcceleratedVideoEncoder` and `_Require...`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum HardwareUse {
    /// Software only. The default: its output is the same everywhere.
    #[default]
    Avoid,
    /// Hardware where there is some.
    Prefer,
    /// Nothing but hardware.
    Require,
}

impl fmt::Display for HardwareUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Avoid => "in software",
            Self::Prefer => "on hardware or in software",
            Self::Require => "on hardware",
        })
    }
}

/// A filter over the encoders of a registry: an unmet demand fails the selection. `encoderSpecification`.
///
/// The default demands an encoder in software and nothing else. Every demand is a field and a setter of the same name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct EncoderSpecification {
    /// Only the encoder with this id.
    pub id: Option<String>,
    /// Only, rather or never hardware.
    pub hardware: HardwareUse,
    /// Nothing stricter than this licence.
    pub licence: Option<Licence>,
    /// Only encoders that reorder.
    pub reordering: bool,
    /// Only encoders with this profile.
    pub profile: Option<VideoProfile>,
    /// Only encoders that take pictures of this size.
    pub size: Option<Size>,
    /// Only encoders that take this layout.
    pub pixel_format: Option<PixelFormat>,
    /// Of a provider's encoders that fit, the fastest instead of the one of the highest quality. Nothing is refused for
    /// it.
    pub real_time: bool,
}

impl EncoderSpecification {
    /// Any encoder in software. The default.
    pub fn new() -> Self {
        Self::default()
    }

    /// Only the encoder with this id, in software or on hardware.
    pub fn with_id(id: impl Into<String>) -> Self {
        Self::new().id(id).hardware(HardwareUse::Prefer)
    }

    /// Sets [`Self::id`](struct@Self).
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Sets whether hardware may, should or must be used.
    #[must_use]
    pub fn hardware(mut self, hardware: HardwareUse) -> Self {
        self.hardware = hardware;
        self
    }

    /// Sets the strictest licence allowed.
    #[must_use]
    pub fn licence(mut self, licence: impl Into<Option<Licence>>) -> Self {
        self.licence = licence.into();
        self
    }

    /// Sets whether the encoder must be able to reorder frames.
    #[must_use]
    pub fn reordering(mut self, reordering: bool) -> Self {
        self.reordering = reordering;
        self
    }

    /// Sets the profile the encoder must have.
    #[must_use]
    pub fn profile(mut self, profile: impl Into<Option<VideoProfile>>) -> Self {
        self.profile = profile.into();
        self
    }

    /// Sets the size of picture the encoder must take.
    #[must_use]
    pub fn size(mut self, size: impl Into<Option<Size>>) -> Self {
        self.size = size.into();
        self
    }

    /// Sets the layout of picture the encoder must take.
    #[must_use]
    pub fn pixel_format(mut self, pixel_format: impl Into<Option<PixelFormat>>) -> Self {
        self.pixel_format = pixel_format.into();
        self
    }

    /// Sets whether the fastest encoder is wanted.
    #[must_use]
    pub fn real_time(mut self, real_time: bool) -> Self {
        self.real_time = real_time;
        self
    }

    /// The first demand `info` doesn't meet.
    pub fn lacks(&self, info: &EncoderInfo) -> Option<Lack> {
        if let Some(id) = &self.id
            && *id != info.id
        {
            return Some(Lack::Id(id.clone()));
        }
        match self.hardware {
            HardwareUse::Avoid if info.hardware => return Some(Lack::Software),
            HardwareUse::Require if !info.hardware => return Some(Lack::Hardware),
            _ => {}
        }
        if self.licence.is_some_and(|licence| info.licence > licence) {
            return Some(Lack::Licence(info.licence));
        }
        if self.reordering && !info.reordering {
            return Some(Lack::Reordering);
        }
        if let Some(profile) = self.profile
            && !info.profiles.contains(&profile)
        {
            return Some(Lack::Profile(profile));
        }
        let (long, short) =
            (|size: Size| size.width.max(size.height), |size: Size| size.width.min(size.height));
        let within = |small: Size, large: Size| long(small) <= long(large) && short(small) <= short(large);
        if let Some(size) = self.size {
            if let Some(max) = info.max_size.filter(|max| !within(size, *max)) {
                return Some(Lack::MaxSize(max));
            }
            if let Some(min) = info.min_size.filter(|min| !within(*min, size)) {
                return Some(Lack::MinSize(min));
            }
        }
        if let Some(format) = self.pixel_format
            && !info.pixel_formats.contains(&format)
        {
            return Some(Lack::PixelFormat(format));
        }
        None
    }
}

impl fmt::Display for EncoderSpecification {
    /// The demands as the rest of a sentence: `an encoder in software, LGPL at most, for 1920x1080`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.id {
            Some(id) => write!(f, "encoder {id}")?,
            None => f.write_str("an encoder")?,
        }
        if self.id.is_none() || self.hardware != HardwareUse::Prefer {
            write!(f, " {}", self.hardware)?;
        }
        if let Some(licence) = self.licence {
            write!(f, ", {licence} at most")?;
        }
        if self.reordering {
            f.write_str(", that reorders frames")?;
        }
        if let Some(profile) = self.profile {
            write!(f, ", with profile {profile:?}")?;
        }
        if let Some(size) = self.size {
            write!(f, ", for {size}")?;
        }
        if let Some(format) = self.pixel_format {
            write!(f, ", that takes {format:?}")?;
        }
        if self.real_time { f.write_str(", in real time") } else { Ok(()) }
    }
}

/// What an encoder lacks of a request. Displayed as the rest of a sentence about the encoder: `stops at 3840x2160`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lack {
    /// Another one was asked for, with this id.
    Id(String),
    /// It runs on hardware, which wasn't allowed.
    Software,
    /// It runs in software, and hardware was required.
    Hardware,
    /// This is its licence, and a more liberal one was asked for.
    Licence(Licence),
    /// It stores frames in the order they are shown.
    Reordering,
    /// It can't be asked for this profile.
    Profile(VideoProfile),
    /// It takes no larger pictures than these.
    MaxSize(Size),
    /// It takes no smaller pictures than these.
    MinSize(Size),
    /// It takes no pictures of this layout.
    PixelFormat(PixelFormat),
    /// It fits, but could not be started here: its device or driver is missing.
    Device(String),
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(f, "is not {id}"),
            Self::Software => f.write_str("runs on hardware"),
            Self::Hardware => f.write_str("runs in software"),
            Self::Licence(licence) => write!(f, "is {licence}"),
            Self::Reordering => f.write_str("does not reorder frames"),
            Self::Profile(profile) => write!(f, "lacks profile {profile:?}"),
            Self::MaxSize(max) => write!(f, "stops at {max}"),
            Self::MinSize(min) => write!(f, "begins at {min}"),
            Self::PixelFormat(format) => write!(f, "does not take {format:?}"),
            Self::Device(message) => write!(f, "does not work here: {message}"),
        }
    }
}
