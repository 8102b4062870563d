//! Write, export and read movies: AVFoundation's and VideoToolbox's writing half for every machine.
#![forbid(unsafe_code)]

mod asset;
mod boxes;
mod chapters;
mod codecs;
mod drive;
mod export;
mod facts;
mod generate;
mod held;
mod metadata;
mod parameter_sets;
mod reader;
mod references;
mod remux;
mod session;
pub mod sink;
mod spool;
mod subtitles;
mod verdict;
mod writer;

pub use reelwright_codec as codec;
pub use reelwright_media as media;
pub use reelwright_process as process;

pub use asset::Asset;
pub use boxes::{dump_boxes, dump_boxes_of};
pub use codecs::{all_codecs, registry};
pub use export::{
    AudioOptions, AudioPlan, ColorPolicy, Counts, ExportFuture, ExportHandle, ExportOptions, ExportSession,
    ExportState, ExportStates, ExportStatus, Fate, Fit, Loss, Orientation, Others, PRESETS, Plan, Preset,
    PresetRow, Progress, RateChoice, Reason, Report, SizeClass, TrackPlan, TrackReport, Treatment,
    VideoOptions, VideoPlan,
};
pub use facts::{TrackFacts, average_frame_rate, display_size};
pub use generate::{TestMovie, TestMovieReport, TestSound};
pub use metadata::MetadataPolicy;
pub use reader::{Damage, Frames, FramesBuilder, Samples, SoundBuffers, SoundBuilder};
pub use remux::{CopyStep, CopyWatch, Remux, RemuxReport, RemuxedTrack, TrackOutcome};
pub use session::{Accepted, Answer, CompressionSession, DecodeTimes, DecompressionSession, Output};
pub use sink::{FileSink, MemoryOutput, MemorySink, Overwrite, Sink, WriterSink};
pub use spool::spool;
pub use writer::{
    AssetWriter, AssetWriterBuilder, Association, FinishReport, Input, InputConfig, InputData, InputId,
    InputSource, Readiness, SoundGaps, TryAppend, WriterHandle, WriterStatus,
};

pub use reelwright_bitstream::rfc6381;
pub use reelwright_formats::FileSource;
pub use reelwright_formats::{Demuxer, SampleCursor};
pub use reelwright_mux::{Capabilities, FileType, IndexPlace, Op, Outcome, TrackSummary};
