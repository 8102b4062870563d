//! Time, samples, frames, formats, metadata and errors: the nouns every other Reelwright crate shares.
#![forbid(unsafe_code)]
