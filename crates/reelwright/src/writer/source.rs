use std::sync::Arc;

use reelwright_codec::{Converter, EncoderSpecification, Registry};
use reelwright_media::{Error, FormatDescription, PixelFormat, Result, RisingTimes};
use reelwright_process::Workers;

use super::config::{EncoderTrack, InputConfig, InputSource};
use super::encoding::{AudioLane, Encoding, VideoLane};

/// An input's source, opened.
pub(super) struct Source {
    pub(super) formats: Vec<Arc<FormatDescription>>,
    pub(super) encoding: Option<Encoding>,
    pub(super) track: Option<EncoderTrack>,
    pub(super) pixel_format: Option<PixelFormat>,
}

impl Source {
    /// Makes the encoder, where there is to be one.
    pub(super) fn open(config: &InputConfig, registry: &Registry) -> Result<Self> {
        config.check()?;
        let any = EncoderSpecification::default();
        let specification = config.encoder.as_ref().unwrap_or(&any);
        Ok(match &config.source {
            InputSource::Copy(formats) => {
                Self { formats: formats.clone(), encoding: None, track: None, pixel_format: None }
            }
            InputSource::Video(settings) => {
                // Two pictures within a tick of the track are refused, not brought together in it.
                let timescale = config.timescale.unwrap_or(settings.timescale);
                let settings = (**settings).clone().timescale(timescale);
                let (_, encoder) = registry.video_encoder(&settings, specification)?;
                let format = encoder.input_format();
                let converter = Converter::new(format, &settings);
                Self {
                    formats: vec![encoder.format().clone()],
                    pixel_format: Some(format),
                    track: Some(EncoderTrack { timescale, roll_distance: None }),
                    encoding: Some(Encoding::Video(VideoLane {
                        encoder,
                        converter,
                        workers: Workers::available(),
                        times: RisingTimes::new(timescale),
                    })),
                }
            }
            InputSource::Audio(settings) => {
                let (_, encoder) = registry.audio_encoder(settings, specification)?;
                let track = EncoderTrack::of_audio(encoder.format(), encoder.priming());
                if config.timescale.is_some_and(|timescale| timescale != track.timescale) {
                    return Err(Error::misuse(format!(
                        "the ticks of this track are its frames, {} a second",
                        track.timescale
                    ))
                    .with_hint("set no timescale for sound that is encoded"));
                }
                Self {
                    formats: vec![encoder.format().clone()],
                    pixel_format: None,
                    track: Some(track),
                    encoding: Some(Encoding::Audio(Box::new(AudioLane::new(
                        encoder,
                        settings,
                        config.tolerance(),
                    )))),
                }
            }
        })
    }
}
