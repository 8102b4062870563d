//! Probing, the [`Demuxer`] trait, and every container Reelwright reads.
#![forbid(unsafe_code)]

mod adts;
mod aiff;
mod alternatives;
mod bare;
mod boxes;
mod caf;
mod demuxer;
mod dolby;
mod file;
mod flac;
mod frames;
mod id3;
mod in_band;
mod indexed;
mod inflate;
mod limits;
mod losses;
mod matroska;
mod movie_tags;
mod mpeg_audio;
mod probe;
mod ts;
mod vorbis;
mod wave;
mod window;

pub use demuxer::{Demuxer, SampleCursor};
pub use file::FileSource;
pub use probe::open;
