use std::cmp::Reverse;
use std::sync::Arc;

use reelwright_media::{
    AudioCodec, Error, ErrorKind, FormatDescription, PixelFormat, Result, Size, Stage, VideoCodec,
};

use crate::{
    AudioDecoder, AudioEncoder, AudioEncoderSettings, VideoDecoder, VideoDecoderSettings, VideoEncoder,
    VideoEncoderSettings, VideoProfile,
};

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

/// The terms of a codec, as they matter to whoever passes a program on.
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

/// A filter over the encoders of a registry: an unmet demand fails the selection. `encoderSpecification`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
}

/// A set of codecs from one source.
pub trait Provider: Send + Sync {
    /// `native`, `libav`.
    fn name(&self) -> &'static str;

    /// Its encoders, preferred ones first within a codec.
    fn encoders(&self) -> &[EncoderInfo];

    /// Its decoders, preferred ones first within a codec.
    fn decoders(&self) -> &[DecoderInfo];

    /// Makes the video encoder with this id.
    fn video_encoder(&self, id: &str, settings: &VideoEncoderSettings) -> Result<Box<dyn VideoEncoder>>;

    /// Makes the audio encoder with this id.
    fn audio_encoder(&self, id: &str, settings: &AudioEncoderSettings) -> Result<Box<dyn AudioEncoder>>;

    /// Makes the video decoder with this id, or says why not: a decoder may refuse a profile it can't decode
    /// ([`ErrorKind::Unsupported`]), upon which the next one is asked.
    fn video_decoder(&self, id: &str, settings: &VideoDecoderSettings) -> Result<Box<dyn VideoDecoder>>;

    /// Makes the audio decoder with this id, or says why not.
    fn audio_decoder(&self, id: &str, format: &Arc<FormatDescription>) -> Result<Box<dyn AudioDecoder>>;
}

/// The codecs of this build, best provider first. Of the encoders that fit a request the one of the highest
/// [`QualityClass`] is taken.
#[derive(Clone, Default)]
pub struct Registry {
    providers: Vec<Arc<dyn Provider>>,
}

impl Registry {
    /// A registry without codecs.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same registry with another provider, asked after those before it.
    #[must_use]
    pub fn with(mut self, provider: Arc<dyn Provider>) -> Self {
        self.providers.push(provider);
        self
    }

    /// Every encoder, in the order they are asked.
    pub fn encoders(&self) -> impl Iterator<Item = &EncoderInfo> {
        self.providers.iter().flat_map(|provider| provider.encoders())
    }

    /// Every decoder, in the order they are asked.
    pub fn decoders(&self) -> impl Iterator<Item = &DecoderInfo> {
        self.providers.iter().flat_map(|provider| provider.decoders())
    }

    /// The first encoder of `codec` that satisfies `specification`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoCodec`], saying which encoders there are and what each lacks.
    pub fn select(&self, codec: Codec, specification: &EncoderSpecification) -> Result<&EncoderInfo> {
        Ok(self.fitting(codec, specification)?[0].1)
    }

    /// Selects and makes a video encoder. An encoder on hardware that doesn't work here, and that wasn't asked for by its
    /// id, makes way for the next that fits.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misuse`] for settings that make no sense ([`VideoEncoderSettings::check`]), [`ErrorKind::NoCodec`]
    /// where nothing fits, and the encoder's own.
    pub fn video_encoder(
        &self,
        settings: &VideoEncoderSettings,
        specification: &EncoderSpecification,
    ) -> Result<(EncoderInfo, Box<dyn VideoEncoder>)> {
        let codec = Codec::Video(settings.codec);
        settings.check().map_err(|error| error.at_stage(Stage::Encode))?;
        self.encoder(codec, specification, |provider, id| provider.video_encoder(id, settings))
    }

    /// Selects and makes an audio encoder.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misuse`] for settings that make no sense ([`AudioEncoderSettings::check`]), [`ErrorKind::NoCodec`]
    /// where nothing fits, and the encoder's own.
    pub fn audio_encoder(
        &self,
        settings: &AudioEncoderSettings,
        specification: &EncoderSpecification,
    ) -> Result<(EncoderInfo, Box<dyn AudioEncoder>)> {
        let codec = Codec::Audio(settings.codec);
        settings.check().map_err(|error| error.at_stage(Stage::Encode))?;
        self.encoder(codec, specification, |provider, id| provider.audio_encoder(id, settings))
    }

    /// Makes the first video decoder that takes the format.
    pub fn video_decoder(
        &self,
        settings: &VideoDecoderSettings,
    ) -> Result<(DecoderInfo, Box<dyn VideoDecoder>)> {
        let codec = Codec::Video(settings.format.video()?.codec);
        self.decoder(codec, |provider, id| provider.video_decoder(id, settings))
    }

    /// Makes the first audio decoder that takes the format.
    pub fn audio_decoder(
        &self,
        format: &Arc<FormatDescription>,
    ) -> Result<(DecoderInfo, Box<dyn AudioDecoder>)> {
        let codec = Codec::Audio(format.audio()?.codec);
        self.decoder(codec, |provider, id| provider.audio_decoder(id, format))
    }

    fn encoder<T>(
        &self,
        codec: Codec,
        specification: &EncoderSpecification,
        make: impl Fn(&dyn Provider, &str) -> Result<T>,
    ) -> Result<(EncoderInfo, T)> {
        let mut refusals = Vec::new();
        for (provider, info) in self.fitting(codec, specification)? {
            match make(provider.as_ref(), &info.id) {
                Ok(encoder) => return Ok((info.clone(), encoder)),
                // Its device or driver may be missing.
                Err(error) if info.hardware && specification.id.is_none() => {
                    refusals.push(format!("{}: {}", info.id, error.message()));
                }
                Err(error) => return Err(error.at_stage(Stage::Encode)),
            }
        }
        let message =
            format!("no {} encoder works on this machine's hardware: {}", codec.name(), refusals.join("; "));
        Err(Error::new(ErrorKind::NoCodec, message)
            .at_stage(Stage::Encode)
            .with_hint("allow an encoder in software"))
    }

    fn decoder<T>(
        &self,
        codec: Codec,
        make: impl Fn(&dyn Provider, &str) -> Result<T>,
    ) -> Result<(DecoderInfo, T)> {
        let mut refusal = None;
        for provider in &self.providers {
            for info in provider.decoders().iter().filter(|info| info.codec == codec) {
                match make(provider.as_ref(), &info.id) {
                    Ok(decoder) => return Ok((info.clone(), decoder)),
                    Err(error) => refusal = refusal.or(Some(error)),
                }
            }
        }
        Err(refusal
            .unwrap_or_else(|| {
                let more = self.more_codecs(", or ");
                Error::new(ErrorKind::NoCodec, format!("this build has no decoder for {}", codec.name()))
                    .with_hint(format!("{more}copy the track instead of re-encoding it"))
            })
            .at_stage(Stage::Decode))
    }

    /// Advice to build with the feature that brings more codecs, and what joins it to the next; empty where it is on.
    fn more_codecs(&self, joint: &str) -> String {
        let on = self.providers.iter().any(|provider| provider.name() == "libav");
        if on { String::new() } else { format!("build with `--features libav`{joint}") }
    }

    /// The encoders that fit, the best first; never none.
    fn fitting(
        &self,
        codec: Codec,
        specification: &EncoderSpecification,
    ) -> Result<Vec<(&Arc<dyn Provider>, &EncoderInfo)>> {
        let candidates = || {
            let all = self
                .providers
                .iter()
                .flat_map(|provider| provider.encoders().iter().map(move |info| (provider, info)));
            all.filter(|(_, info)| info.codec == codec)
        };
        let mut fitting: Vec<_> =
            candidates().filter(|(_, info)| specification.lacks(info).is_none()).collect();
        // Stable: among equals the provider asked first wins.
        let hardware_first = specification.hardware == HardwareUse::Prefer;
        fitting.sort_by_key(|(_, info)| (hardware_first && !info.hardware, Reverse(info.quality)));
        if fitting.is_empty() { Err(self.nothing_fits(codec, specification)) } else { Ok(fitting) }
    }

    fn nothing_fits(&self, codec: Codec, specification: &EncoderSpecification) -> Error {
        if let Some(id) = &specification.id
            && let Some(error) = self.misnamed(codec, id)
        {
            return error;
        }
        let reasons: Vec<_> = self
            .encoders()
            .filter(|info| info.codec == codec)
            .filter_map(|info| specification.lacks(info).map(|lack| format!("{} {lack}", info.id)))
            .collect();
        if reasons.is_empty() {
            let more = self.more_codecs("; ");
            return Error::new(ErrorKind::NoCodec, format!("this build has no encoder for {}", codec.name()))
                .with_hint(format!("{more}`reel encoders` lists what there is"));
        }
        Error::new(
            ErrorKind::NoCodec,
            format!("no {} encoder fits the request: {}", codec.name(), reasons.join("; ")),
        )
        .with_hint("relax the request; `reel encoders` lists what there is")
    }

    /// Why the encoder with this id can't be had, where the name alone says so.
    fn misnamed(&self, codec: Codec, id: &str) -> Option<Error> {
        let names: Vec<_> =
            self.encoders().filter(|info| info.codec == codec).map(|info| info.id.as_str()).collect();
        let message = match self.encoders().find(|info| info.id == id) {
            Some(info) if info.codec == codec => return None,
            Some(info) => format!("encoder {id} makes {}, not {}", info.codec.name(), codec.name()),
            None => format!("this build has no encoder '{id}'"),
        };
        let hint = match names.is_empty() {
            true => {
                let more = self.more_codecs(&format!(" for one of {}; ", codec.name()));
                format!("{more}`reel encoders` lists what there is")
            }
            false => format!("for {} there are {}", codec.name(), names.join(", ")),
        };
        Some(Error::new(ErrorKind::NoCodec, message).with_hint(hint))
    }
}

impl EncoderSpecification {
    /// Only the encoder with this id.
    pub fn with_id(id: impl Into<String>) -> Self {
        // Asking for an encoder by name is asking for its hardware too.
        Self { id: Some(id.into()), hardware: HardwareUse::Prefer, ..Self::default() }
    }

    /// The first demand `info` doesn't meet, as the rest of a sentence about it.
    pub fn lacks(&self, info: &EncoderInfo) -> Option<String> {
        if let Some(id) = &self.id
            && *id != info.id
        {
            return Some(format!("is not {id}"));
        }
        match self.hardware {
            HardwareUse::Avoid if info.hardware => return Some("runs on hardware".into()),
            HardwareUse::Require if !info.hardware => return Some("runs in software".into()),
            _ => {}
        }
        if let Some(licence) = self.licence
            && info.licence > licence
        {
            return Some(format!("is {}", info.licence.name()));
        }
        if self.reordering && !info.reordering {
            return Some("does not reorder frames".into());
        }
        if let Some(profile) = self.profile
            && !info.profiles.contains(&profile)
        {
            return Some(format!("lacks profile {profile:?}"));
        }
        let fits = |small: Size, large: Size| {
            let (short, long) = (small.width.min(small.height), small.width.max(small.height));
            short <= large.width.min(large.height) && long <= large.width.max(large.height)
        };
        if let (Some(size), Some(max)) = (self.size, info.max_size)
            && !fits(size, max)
        {
            return Some(format!("stops at {max}"));
        }
        if let (Some(size), Some(min)) = (self.size, info.min_size)
            && !fits(min, size)
        {
            return Some(format!("begins at {min}"));
        }
        if let Some(format) = self.pixel_format
            && !info.pixel_formats.contains(&format)
        {
            return Some(format!("does not take {format:?}"));
        }
        None
    }
}
