//! The codec provider compiled in by default: permissive licences and no system library.
//!
//! [`provider`] makes it. No C parses input here: OpenH264 only encodes, and every decoder is Rust. The decoders are
//! young, so each is pinned to one exact version, wrapped once, and gated by a corpus of real files in the tests.
#![deny(unsafe_code)]

pub mod aac;
mod aac_decoder;
mod aac_encoder;
mod av1;
mod h264;
mod hevc;
mod jpeg;
mod nal;
mod openh264;
mod opus;
mod parallel;
mod pcm;
mod picture;
mod provider;
mod symphonia;
mod telephony;
mod vp8;
mod vp9;
mod vpx;

pub use provider::provider;

/// The threads a decoder may use: as many as were asked for, else as many as run at once, within reason.
fn threads(settings: &reelwright_codec::VideoDecoderSettings) -> usize {
    match settings.threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from).min(8),
        threads => threads.min(64),
    }
}
