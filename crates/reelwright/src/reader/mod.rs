//! Reading a movie as it is presented: `AVAssetReader`.

mod frames;
mod sound;
mod span;

pub use frames::FrameReader;
pub use sound::SoundReader;
pub(crate) use span::{Span, everything, spans};
