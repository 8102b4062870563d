//! Write, export and read movies: AVFoundation's and VideoToolbox's writing half for every machine.
#![forbid(unsafe_code)]

mod drive;
mod remux;
mod sink;
mod writer;

pub use remux::{Remux, RemuxReport, RemuxedTrack, TrackOutcome};
pub use sink::{FileSink, MemoryOutput, MemorySink, Overwrite, Sink};
pub use writer::{
    AssetWriter, AssetWriterBuilder, FinishReport, Input, InputConfig, InputData, Readiness, TryAppend,
};

pub use reelwright_mux::{FileType, IndexPlace, TrackSummary};
