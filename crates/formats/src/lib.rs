//! Probing, the [`Demuxer`] trait, and every container Reelwright reads.
#![forbid(unsafe_code)]

mod boxes;
mod demuxer;
mod file;
mod probe;

pub use demuxer::{Demuxer, SampleCursor};
pub use file::FileSource;
pub use probe::open;
