//! The opt-in codec provider over the system's libavcodec and libavutil; nothing else of FFmpeg is used.
//!
//! Empty without the feature `link`, which needs FFmpeg 5.1 to 9.0, pkg-config and libclang to build:
//! `apt-get install libavcodec-dev libavutil-dev pkg-config libclang-dev`. A program that contains it may be passed on
//! under the terms of that library only, which each codec's [`reelwright_codec::Licence`] tells: Debian's is GPL.
//!
//! All calls into the library go through one module, `ffi`.
#![cfg(feature = "link")]

mod channels;
mod decode;
mod encode;
mod ffi;
mod provider;

pub use provider::provider;

/// The provider's name.
const NAME: &str = "libav";
