//! The muxer: samples in, operations on an output out, no I/O.
//!
//! [`Muxer`] interleaves the samples of several tracks, keeps packed tables of what a finished file must say about
//! them and lays the file out, index last or first. What it wants done it says as [`Op`]s; a sink runs them and reports
//! an [`Outcome`].
#![forbid(unsafe_code)]

mod chapters;
mod edits;
mod file_type;
mod file_type_text;
mod index;
mod interleave;
mod media_run;
mod muxer;
mod op;
mod settings;
mod tables;
mod track;

pub use file_type::FileType;
pub use interleave::{Interleave, sample_cost};
pub use muxer::{MuxSummary, Muxer, TrackSummary};
pub use op::{Capabilities, Op, Outcome};
pub use settings::{Chunks, IndexPlace, MovieSettings, Presentation, Session, TrackSettings};
