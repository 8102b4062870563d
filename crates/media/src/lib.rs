//! The nouns every other Reelwright crate shares: exact [`Time`], [`SampleBuffer`]s and their [`Payload`]s,
//! [`FormatDescription`]s, [`PixelBuffer`]s and [`AudioBuffer`]s, colour, channel layouts, languages, metadata, the
//! description of a [`Movie`] and the located [`Error`].
//!
//! What CoreMedia and CoreVideo are to AVFoundation. Nothing here does I/O, and nothing knows a container.
#![forbid(unsafe_code)]

mod arithmetic;
mod audio;
mod cancel;
mod channels;
mod color;
mod error;
mod format;
mod fourcc;
mod geometry;
mod hint;
mod language;
mod metadata;
mod movie;
mod omission;
mod parameter_sets;
mod payload;
mod pixel;
mod range;
mod rising;
mod sample;
mod time;
mod timeline;

pub use audio::AudioBuffer;
pub use cancel::CancelToken;
pub use channels::{Channel, ChannelLayout};
pub use color::{
    AmbientViewing, ChromaSiting, Color, ColorMatrix, ColorPrimaries, ColorRange, ContentLight,
    MasteringDisplay, TransferFunction,
};
pub use error::{Error, ErrorKind, Place, Result, Stage};
pub use format::{
    AudioCodec, AudioFormat, CodecConfig, DataFormat, FieldOrder, FormatDescription, MediaType, PcmFormat,
    SampleEntry, VideoCodec, VideoFormat,
};
pub use fourcc::FourCc;
pub use geometry::{CleanAperture, Matrix, Ratio, Rotation, Size};
pub use hint::Hint;
pub use language::Language;
pub use metadata::{MetadataItem, MetadataKey, MetadataValue};
pub use movie::{BoxFamily, Chapter, ContainerKind, Edit, ForeignBox, Missing, Movie, Track, TrackReference};
pub use omission::{Omission, Omitted, listed};
pub use payload::{Payload, Piece, ReadAt};
pub use pixel::{PixelBuffer, PixelFormat, PixelLayout, PixelPool, PixelStorage, Plane, PlanesMut};
pub use rising::RisingTimes;
pub use sample::{Dependency, SampleBuffer, SampleFlags, Trim, VideoFrame};
pub use time::{Rounding, Time, TimeRange, Timescale};
pub use timeline::{EditTimeline, Span};
