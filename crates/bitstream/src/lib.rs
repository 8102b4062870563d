//! Facts read from elementary streams: parameter sets, access units, key frames, priming.
//!
//! Pure functions over byte slices. Every parser is bounded by the bytes it is given and answers any input with a value
//! or an error, never a panic. One module a codec; [`annex_b_units`] and its neighbours convert between start codes and
//! length prefixes.
#![forbid(unsafe_code)]

mod bits;
mod codec_string;
mod nal;
#[cfg(test)]
mod noise;
mod sei;
mod vui;

pub mod aac;
pub mod ac3;
pub mod alac;
pub mod av1;
pub mod captions;
pub mod flac;
pub mod h264;
pub mod hevc;
pub mod jpeg;
pub mod mpeg_audio;
pub mod mpeg_video;
pub mod opus;
pub mod prores;
pub mod vp9;

pub use bits::{BitReader, BitWriter};
pub use codec_string::rfc6381;
pub use nal::{
    annex_b_ranges, annex_b_to_length_prefixed, annex_b_units, escape, length_prefixed_to_annex_b,
    length_prefixed_units, push_annex_b, push_length_prefixed, start_code, starts_with_start_code, unescape,
};
pub use sei::{LightFacts, SeiMessage, ambient_viewing, content_light, mastering_display, sei_messages};
pub use vui::Timing;
