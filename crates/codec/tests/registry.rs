//! Which encoder is taken, and what is said of it.
#![allow(clippy::unwrap_used)] // A test states what it expects by unwrapping, its own small functions included.

use std::sync::Arc;

use reelwright_codec::{
    AudioDecoder, AudioEncoder, AudioEncoderSettings, ChoiceReason, Codec, DecoderInfo, EncoderInfo,
    EncoderSpecification, HardwareUse, Lack, Licence, Provider, QualityClass, Registry, SpeedClass,
    VideoDecoder, VideoDecoderSettings, VideoEncoder, VideoEncoderSettings,
};
use reelwright_media::{Error, ErrorKind, FormatDescription, Hint, Result, Size, VideoCodec};

const H264: Codec = Codec::Video(VideoCodec::H264);

/// Encoders that are only listed.
struct Listed(&'static str, Vec<EncoderInfo>);

impl Provider for Listed {
    fn name(&self) -> &'static str {
        self.0
    }

    fn encoders(&self) -> &[EncoderInfo] {
        &self.1
    }

    fn decoders(&self) -> &[DecoderInfo] {
        &[]
    }

    fn video_encoder(&self, id: &str, _: &VideoEncoderSettings) -> Result<Box<dyn VideoEncoder>> {
        Err(Error::new(ErrorKind::Encode, format!("{id} was asked")))
    }

    fn audio_encoder(&self, _: &str, _: &AudioEncoderSettings) -> Result<Box<dyn AudioEncoder>> {
        Err(Error::cancelled())
    }

    fn video_decoder(&self, _: &str, _: &VideoDecoderSettings) -> Result<Box<dyn VideoDecoder>> {
        Err(Error::cancelled())
    }

    fn audio_decoder(&self, _: &str, _: &Arc<FormatDescription>) -> Result<Box<dyn AudioDecoder>> {
        Err(Error::cancelled())
    }
}

/// Two providers; the second has better encoders, one of them slow and one on hardware.
fn registry() -> Registry {
    let modest = EncoderInfo {
        quality: QualityClass::Good,
        min_size: Some(Size::new(16, 16)),
        max_size: Some(Size::new(1920, 1080)),
        ..EncoderInfo::new("modest", "Modest", "plain", H264)
    };
    let best = EncoderInfo {
        licence: Licence::Gpl,
        speed: SpeedClass::Slow,
        ..EncoderInfo::new("best", "Best", "system", H264)
    };
    let quick =
        EncoderInfo { quality: QualityClass::Basic, ..EncoderInfo::new("quick", "Quick", "system", H264) };
    let card = EncoderInfo {
        hardware: true,
        quality: QualityClass::Good,
        ..EncoderInfo::new("card", "On a card", "system", H264)
    };
    Registry::new()
        .with(Arc::new(Listed("plain", vec![modest])))
        .with(Arc::new(Listed("system", vec![quick, best, card])))
}

fn taken(registry: &Registry, specification: &EncoderSpecification) -> (String, ChoiceReason) {
    let choice = registry.select(H264, specification).unwrap();
    (choice.encoder.id, choice.reason)
}

#[test]
fn the_order_of_the_providers_decides_and_is_the_program_s_to_set() {
    let any = EncoderSpecification::new();
    let registry = registry();
    assert_eq!(registry.providers().collect::<Vec<_>>(), ["plain", "system"]);
    assert_eq!(taken(&registry, &any), ("modest".into(), ChoiceReason::ProviderOrder));
    let preferred = registry.clone().prefer("system").unwrap();
    assert_eq!(preferred.providers().collect::<Vec<_>>(), ["system", "plain"]);
    assert_eq!(format!("{preferred:?}"), r#"Registry["system", "plain"]"#);
    assert_eq!(taken(&preferred, &any).0, "best");
    let alone = registry.clone().only("plain").unwrap();
    assert_eq!(taken(&alone, &any), ("modest".into(), ChoiceReason::OnlyOne));
    let unknown = registry.prefer("sistem").unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::Misuse);
    assert!(unknown.message().ends_with("'sistem'; there are plain, system"), "{unknown}");
}

#[test]
fn of_one_provider_s_the_best_is_taken_and_in_real_time_the_fastest() {
    let system = registry().only("system").unwrap();
    let any = EncoderSpecification::new();
    assert_eq!(taken(&system, &any), ("best".into(), ChoiceReason::Quality));
    assert_eq!(taken(&system, &any.clone().real_time(true)), ("quick".into(), ChoiceReason::Speed));
    let hardware = any.clone().hardware(HardwareUse::Prefer);
    assert_eq!(taken(&registry(), &hardware), ("card".into(), ChoiceReason::Hardware));
    assert_eq!(taken(&registry(), &EncoderSpecification::with_id("best")).1, ChoiceReason::Named);
    // The settings alone say it, too: this is what the encoder is made by.
    let settings = VideoEncoderSettings::new(VideoCodec::H264, Size::new(320, 240));
    let asked = |real_time| {
        let settings = settings.clone().real_time(real_time);
        system.video_encoder(&settings, &any).err().unwrap().message().to_owned()
    };
    assert_eq!((asked(false), asked(true)), ("best was asked".into(), "quick was asked".into()));
}

#[test]
fn a_choice_tells_why_and_what_the_others_lack() {
    let lgpl = EncoderSpecification::new().licence(Licence::Lesser).size(Size::new(1080, 1920));
    let choice = registry().select(H264, &lgpl).unwrap();
    assert_eq!(
        choice.to_string(),
        "modest, because its provider is asked first (quick would fit; best is GPL; card runs on hardware)"
    );
    assert_eq!(choice.others[1], ("best".to_owned(), Some(Lack::Licence(Licence::Gpl))));
    assert_eq!(lgpl.to_string(), "an encoder in software, LGPL at most, for 1080x1920");
    assert_eq!(EncoderSpecification::with_id("best").to_string(), "encoder best");
    for (size, lack) in [(Size::new(8, 1000), "begins at 16x16"), (Size::new(1921, 2), "stops at 1920x1080")]
    {
        let modest = registry().only("plain").unwrap();
        let error = modest.select(H264, &EncoderSpecification::new().size(size)).unwrap_err();
        assert_eq!(error.hint(), Some(&Hint::RelaxRequest));
        assert!(error.message().ends_with(&format!("modest {lack}")), "{error}");
    }
}
