//! Encoder and decoder traits, and the registry that selects among the codecs there are.
//!
//! What VideoToolbox's encoder specifications are to AVFoundation. A provider crate implements [`Provider`]; a [`Registry`] holds providers and
//! selects among their codecs by [`EncoderSpecification`].
#![forbid(unsafe_code)]

mod annex_b;
mod annotated;
mod audio;
mod cancellable;
mod convert;
mod level;
mod registry;
mod settings;
mod video;
mod widened;

pub use annex_b::annex_b;
pub use annotated::{carries_captions, states_field_order};
pub use audio::{AudioDecoder, AudioEncoder};
pub use convert::Converter;
pub use level::VideoLevel;
pub use reelwright_process::Workers;
pub use registry::{
    Choice, ChoiceReason, Codec, DecoderInfo, EncoderInfo, EncoderSpecification, HardwareUse, Lack, Licence,
    Provider, QualityClass, Registry, SpeedClass,
};
pub use settings::{
    AudioEncoderSettings, AudioRate, KeyFrames, RateLimit, VideoEncoderSettings, VideoProfile, VideoRate,
};
pub use video::{FrameOptions, PictureWork, VideoDecoder, VideoDecoderSettings, VideoEncoder};
