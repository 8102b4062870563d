//! Choosing among the codecs of a registry.

use std::cmp::Reverse;
use std::sync::Arc;

use reelwright_media::{Error, ErrorKind, FormatDescription, Hint, Result, Stage};

use super::{
    Choice, ChoiceReason, Codec, DecoderInfo, EncoderInfo, EncoderSpecification, HardwareUse, Lack, Provider,
    Registry,
};
use crate::annotated::annotated;
use crate::cancellable::Cancellable;
use crate::widened::widened;
use crate::{
    AudioDecoder, AudioEncoder, AudioEncoderSettings, VideoDecoder, VideoDecoderSettings, VideoEncoder,
    VideoEncoderSettings,
};

/// An encoder that fits, and its provider.
#[derive(Clone, Copy)]
struct Candidate<'a> {
    /// The provider's place in the order.
    order: usize,
    provider: &'a Arc<dyn Provider>,
    info: &'a EncoderInfo,
}

impl Registry {
    /// The encoder of `codec` that satisfies `specification` and comes first in the registry's order, and why it does.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoCodec`], saying which encoders there are and what each lacks.
    pub fn select(&self, codec: Codec, specification: &EncoderSpecification) -> Result<Choice> {
        let fitting = self.fitting(codec, specification)?;
        Ok(self.choice(&fitting, codec, specification))
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
    ) -> Result<(Choice, Box<dyn VideoEncoder>)> {
        let codec = Codec::Video(settings.codec);
        settings.check().map_err(|error| error.at_stage(Stage::Encode))?;
        let real_time = specification.real_time || settings.real_time;
        let specification = specification.clone().real_time(real_time);
        self.encoder(codec, &specification, |provider, id| {
            annotated(widened(settings, |settings| provider.video_encoder(id, settings))?, settings)
        })
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
    ) -> Result<(Choice, Box<dyn AudioEncoder>)> {
        let codec = Codec::Audio(settings.codec);
        settings.check().map_err(|error| error.at_stage(Stage::Encode))?;
        self.encoder(codec, specification, |provider, id| provider.audio_encoder(id, settings))
    }

    /// Makes the first video decoder that takes the format.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoCodec`] where there is none of the codec, else why the first one refused.
    pub fn video_decoder(
        &self,
        settings: &VideoDecoderSettings,
    ) -> Result<(DecoderInfo, Box<dyn VideoDecoder>)> {
        let codec = Codec::Video(settings.format.video()?.codec);
        let (info, decoder) = self.decoder(codec, |provider, id| provider.video_decoder(id, settings))?;
        Ok((info, Box::new(Cancellable { decoder, cancel: settings.cancel.clone() })))
    }

    /// Makes the first audio decoder that takes the format.
    ///
    /// # Errors
    ///
    /// As [`Self::video_decoder`].
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
    ) -> Result<(Choice, T)> {
        let fitting = self.fitting(codec, specification)?;
        let mut broken = Vec::new();
        for (index, candidate) in fitting.iter().enumerate() {
            match make(candidate.provider.as_ref(), &candidate.info.id) {
                Ok(encoder) => {
                    let mut choice = self.choice(&fitting[index..], codec, specification);
                    choice.others.extend(broken);
                    return Ok((choice, encoder));
                }
                // Its device or driver may be missing.
                Err(error) if candidate.info.hardware && specification.id.is_none() => {
                    let lack = Lack::Device(error.message().to_owned());
                    broken.push((candidate.info.id.clone(), Some(lack)));
                }
                Err(error) => return Err(error.at_stage(Stage::Encode)),
            }
        }
        let refusals: Vec<_> = broken
            .iter()
            .map(|(id, lack)| match lack {
                Some(Lack::Device(message)) => format!("{id}: {message}"),
                _ => id.clone(),
            })
            .collect();
        let message = format!("no {codec} encoder works on this machine's hardware: {}", refusals.join("; "));
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
        let none = || {
            Error::new(ErrorKind::NoCodec, format!("there is no decoder for {codec}"))
                .with_hint(Hint::AnotherDecoder)
        };
        Err(refusal.unwrap_or_else(none).at_stage(Stage::Decode))
    }

    /// Every encoder of `codec`, in the order the providers are asked.
    fn candidates(&self, codec: Codec) -> impl Iterator<Item = Candidate<'_>> {
        self.providers.iter().enumerate().flat_map(move |(order, provider)| {
            let all = provider.encoders().iter().filter(move |info| info.codec == codec);
            all.map(move |info| Candidate { order, provider, info })
        })
    }

    /// The encoders that fit, in the order they are taken; never none.
    fn fitting(&self, codec: Codec, specification: &EncoderSpecification) -> Result<Vec<Candidate<'_>>> {
        let fits = |candidate: &Candidate<'_>| specification.lacks(candidate.info).is_none();
        let mut fitting: Vec<_> = self.candidates(codec).filter(fits).collect();
        // Stable: among equals the one that its provider names first wins.
        fitting.sort_by_key(|candidate| {
            let info = candidate.info;
            let on_hardware = specification.hardware == HardwareUse::Prefer && info.hardware;
            let speed = if specification.real_time { Some(info.speed) } else { None };
            let named = self.first.contains(&info.id);
            (!on_hardware, !named, candidate.order, Reverse(speed), Reverse(info.quality))
        });
        if fitting.is_empty() { Err(self.nothing_fits(codec, specification)) } else { Ok(fitting) }
    }

    /// What there is to say of taking the first of `fitting`.
    fn choice(
        &self,
        fitting: &[Candidate<'_>],
        codec: Codec,
        specification: &EncoderSpecification,
    ) -> Choice {
        let first = fitting[0];
        let reason = match fitting.get(1) {
            _ if specification.id.is_some() => ChoiceReason::Named,
            None => ChoiceReason::OnlyOne,
            Some(next)
                if specification.hardware == HardwareUse::Prefer
                    && first.info.hardware != next.info.hardware =>
            {
                ChoiceReason::Hardware
            }
            Some(_) if self.first.contains(&first.info.id) => ChoiceReason::TakenFirst,
            Some(next) if next.order != first.order => ChoiceReason::ProviderOrder,
            Some(next) if specification.real_time && next.info.speed != first.info.speed => {
                ChoiceReason::Speed
            }
            Some(next) if next.info.quality != first.info.quality => ChoiceReason::Quality,
            Some(_) => ChoiceReason::First,
        };
        let fit = fitting[1..].iter().map(|other| (other.info.id.clone(), None));
        let others = self.candidates(codec).filter_map(|other| {
            specification.lacks(other.info).map(|lack| (other.info.id.clone(), Some(lack)))
        });
        Choice { encoder: first.info.clone(), reason, others: fit.chain(others).collect() }
    }

    fn nothing_fits(&self, codec: Codec, specification: &EncoderSpecification) -> Error {
        if let Some(id) = &specification.id
            && let Some(error) = self.misnamed(codec, id)
        {
            return error;
        }
        let reasons: Vec<_> = self
            .candidates(codec)
            .filter_map(|other| {
                specification.lacks(other.info).map(|lack| format!("{} {lack}", other.info.id))
            })
            .collect();
        if reasons.is_empty() {
            return Error::new(ErrorKind::NoCodec, format!("there is no encoder for {codec}"))
                .with_hint(Hint::AnotherEncoder);
        }
        let message = format!("no {codec} encoder fits the request: {}", reasons.join("; "));
        Error::new(ErrorKind::NoCodec, message).with_hint(Hint::RelaxRequest)
    }

    /// Why the encoder with this id can't be had, where the name alone says so.
    fn misnamed(&self, codec: Codec, id: &str) -> Option<Error> {
        let names: Vec<_> = self.candidates(codec).map(|other| other.info.id.as_str()).collect();
        let message = match self.encoders().find(|info| info.id == id) {
            Some(info) if info.codec == codec => return None,
            Some(info) => format!("encoder {id} makes {}, not {codec}", info.codec),
            None => format!("there is no encoder '{id}'"),
        };
        let hint = match names.is_empty() {
            true => Hint::AnotherEncoder,
            false => Hint::Text(format!("for {codec} there are {}", names.join(", "))),
        };
        Some(Error::new(ErrorKind::NoCodec, message).with_hint(hint))
    }
}
