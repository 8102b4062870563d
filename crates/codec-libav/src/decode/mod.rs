//! Decoding: which of libavcodec's decoders reads what, its configuration, and what it puts out.

mod audio;
mod catalogue;
mod extradata;
mod picture;
mod unpack;
mod video;

pub(crate) use audio::Decoder as AudioDecoder;
pub(crate) use catalogue::{available, codec};
pub(crate) use video::Decoder as VideoDecoder;
