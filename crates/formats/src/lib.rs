//! Probing, the [`Demuxer`] trait, and every container Reelwright reads.
#![forbid(unsafe_code)]

mod demuxer;

pub use demuxer::{Demuxer, SampleCursor};
