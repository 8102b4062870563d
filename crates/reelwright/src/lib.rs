//! Write, export and read movies: AVFoundation's and VideoToolbox's writing half for every machine.
#![forbid(unsafe_code)]

mod drive;
mod remux;
mod sink;

pub use remux::{Remux, RemuxReport, RemuxedTrack, TrackOutcome};
pub use sink::{FileSink, MemoryOutput, MemorySink, Overwrite, Sink};

pub use reelwright_mux::{FileType, IndexPlace, TrackSummary};
