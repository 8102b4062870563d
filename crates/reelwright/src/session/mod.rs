//! Sessions: a codec on a thread of its own, fed through a bounded queue, one answer per frame with the caller's token.

mod compression;
mod decompression;
mod pipeline;

pub use compression::{CompressionSession, DecodeTimes};
pub use decompression::DecompressionSession;
use reelwright_media::Result;

/// The answer to one accepted frame or sample: exactly one per acceptance, unless the session is torn down before.
#[derive(Debug)]
pub struct Output<T, P> {
    /// What the caller gave along.
    pub token: T,
    /// What became of it.
    pub result: Result<Answer<P>>,
}

/// What became of an accepted frame or sample.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer<P> {
    /// It was coded.
    Done(P),
    /// It was left out: in a session in real time that fell behind, or a picture that can't be decoded from where
    /// decoding began. `kVTEncodeInfo_FrameDropped`.
    Dropped,
}

/// How a frame or sample was accepted. `infoFlagsOut`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Whether it was dropped before the call returned; its answer says so too.
    pub dropped: bool,
}
