//! The codec provider compiled in by default: permissive licences and no system library.
//!
//! [`provider`] makes it. No C parses input here: OpenH264 only encodes, and every decoder is Rust. The decoders are
//! young, so each is pinned to one exact version, wrapped once, and gated by a corpus of real files in the tests.
#![deny(unsafe_code)]

mod aac_decoder;
mod h264;
mod hevc;
mod nal;
mod openh264;
mod pcm;
mod picture;
mod provider;

pub use provider::provider;
