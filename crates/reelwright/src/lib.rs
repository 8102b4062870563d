//! Write, export and read movies: AVFoundation's and VideoToolbox's writing half for every machine.
//!
//! | to... | begin with |
//! |---|---|
//! | make one movie of another | [`ExportSession`] and a [`Preset`] |
//! | copy into another container | [`Preset::Passthrough`], or [`Remux`] |
//! | write pictures and sound of your own | [`AssetWriter`] |
//! | read pictures, sound or stored samples | [`Asset::frames`], [`Asset::sound`], [`Asset::samples`] |
//! | encode and decode without a file | [`CompressionSession`], [`DecompressionSession`] |
//! | scale, convert, mix by hand | [`process`] |
//! | know which codecs there are | [`registry`], [`all_codecs`], [`codec::Registry`] |
//! | know what times, pictures and errors are | [`media`] |
//!
//! Nothing appears under its name before it is complete. Every failure is a [`media::Error`]: what, where, and the next step.
//! Calls that take long have a [`media::CancelToken`]. Without another registry only codecs under permissive licences are used.
//!
//! # The ten most common jobs
//!
//! **1. What is in this file?**
//!
//! ```no_run
//! let asset = reelwright::Asset::open("phone.mov")?;
//! for track in &asset.movie().tracks {
//!     println!("{} {}: {}", track.id, track.media, track.range.duration);
//! }
//! # Ok::<(), reelwright::media::Error>(())
//! ```
//!
//! **2. Make a movie that plays everywhere**, after asking what would happen:
//!
//! ```no_run
//! # use reelwright::*;
//! let session = ExportSession::new(&Asset::open("phone.mov")?, Preset::H264(SizeClass::Hd1080));
//! for track in session.plan(FileType::Mp4)?.tracks {
//!     println!("track {}: {} ({})", track.source, track.fate.name(), track.reason);
//! }
//! let report = session.export("out.mp4", FileType::Mp4)?;
//! # Ok::<(), media::Error>(())
//! ```
//!
//! **3. Copy a part, without encoding:**
//!
//! ```no_run
//! # use reelwright::{*, media::{Time, TimeRange}};
//! let part = TimeRange::from(Time::from_secs(5)..Time::from_secs(9));
//! let options = ExportOptions::new(Preset::Passthrough).range(part);
//! ExportSession::new(&Asset::open("phone.mov")?, options).export("part.mov", FileType::Mov)?;
//! # Ok::<(), media::Error>(())
//! ```
//!
//! **4. Export, show how far it is, and be able to stop:**
//!
//! ```no_run
//! # use reelwright::*;
//! let export = ExportSession::new(&Asset::open("phone.mov")?, Preset::MediumQuality).start("out.mp4", FileType::Mp4);
//! for state in export.states(Some(std::time::Duration::from_millis(100))) {
//!     println!("{state:?}"); // `export.cancel()` stops it
//! }
//! let report = export.wait()?; // in async code: `export.await?`, and `states.next_state().await`
//! # Ok::<(), media::Error>(())
//! ```
//!
//! **5. Read pictures, as an application shows them:**
//!
//! ```no_run
//! # use reelwright::{*, media::{PixelFormat, Time}};
//! # let asset = Asset::open("phone.mov")?;
//! for frame in asset.frames(1).range(Time::from_secs(2)..).format(PixelFormat::Bgra).upright().open()? {
//!     let frame = frame?;
//!     println!("{}: {}", frame.pts, frame.pixels.size);
//! }
//! # Ok::<(), media::Error>(())
//! ```
//!
//! **6. Read sound:**
//!
//! ```no_run
//! # use reelwright::{*, media::ChannelLayout};
//! # let asset = Asset::open("phone.mov")?;
//! for buffer in asset.sound(2).format(16_000, ChannelLayout::mono()).open()? {
//!     let loudest = buffer?.planes()[0].iter().fold(0.0, |most: f32, sample| most.max(sample.abs()));
//! }
//! # Ok::<(), media::Error>(())
//! ```
//!
//! **7. Write pictures of your own:**
//!
//! ```no_run
//! # use reelwright::{*, codec::VideoEncoderSettings, media::*};
//! let size = Size::new(1280, 720);
//! let mut builder = AssetWriter::create("made.mp4", FileType::Mp4);
//! let settings = VideoEncoderSettings::new(VideoCodec::H264, size).color(Color::BT709);
//! let mut pictures = builder.add_input(InputConfig::encode_video(settings))?;
//! let writer = builder.start()?;
//! writer.start_session(Time::ZERO)?;
//! for number in 0..30 {
//!     let mut pixels = PixelBuffer::zeroed(PixelFormat::Bgra, size);
//!     pixels.make_mut().plane(0).0.fill(number as u8);
//!     pictures.append(VideoFrame { pixels, pts: Time::new(number, Timescale::or_one(30)), duration: None })?;
//! }
//! pictures.finish()?;
//! writer.finish()?;
//! # Ok::<(), Error>(())
//! ```
//!
//! **8. Compress frames for a wire**, each as one access unit of a raw stream:
//!
//! ```no_run
//! # use reelwright::{*, codec::*, media::*};
//! let settings = VideoEncoderSettings::new(VideoCodec::H264, Size::new(1280, 720)).real_time(true);
//! let mut session = CompressionSession::new(settings, &EncoderSpecification::new(), |output: Output<u32, _>| {
//!     if let Ok(Answer::Done(sample)) = output.result {
//!         let _unit = annex_b(&sample);
//!     }
//! })?;
//! let frame = VideoFrame { pixels: session.pool().take(), pts: Time::ZERO, duration: None };
//! session.encode(frame, FrameOptions::default(), 0)?;
//! session.complete()?;
//! # Ok::<(), Error>(())
//! ```
//!
//! **9. Choose the encoder, and hear why it is this one:**
//!
//! ```
//! # use reelwright::{*, codec::*, media::VideoCodec};
//! # fn main() -> media::Result<()> { if cfg!(feature = "native") {
//! let permissive = EncoderSpecification::new().licence(Licence::Permissive);
//! let choice = all_codecs().select(Codec::Video(VideoCodec::H264), &permissive)?;
//! println!("{choice}"); // openh264, because no other fits
//! # assert_eq!(choice.encoder.id, "openh264"); } Ok(()) }
//! ```
//!
//! **10. Write to memory, or to anything:**
//!
//! ```no_run
//! # use reelwright::*;
//! let (sink, output) = MemorySink::new();
//! ExportSession::new(&Asset::open("phone.mov")?, Preset::AppleM4a).export_to(sink, FileType::M4a)?;
//! let bytes = output.take();
//! # Ok::<(), media::Error>(())
//! ```
//!
//! `examples/` has whole programs: transcode, remux, trim and tag, invert, compose, thumbnail, export in async code, choose
//! an encoder, read and write frames.
//!
//! # Features
//!
//! `native` (default): the permissive codecs. `libav`: those of the system's libavcodec as well, in [`all_codecs`].
//! `tracing`: spans and events of the target `reelwright` where a stage begins and ends: open, plan, decode, encode, copy, mux,
//! finish. Features only add.
#![forbid(unsafe_code)]

mod asset;
mod boxes;
mod chapters;
mod codecs;
mod cut_short;
mod export;
mod generate;
mod metadata;
mod operations;
mod parameter_sets;
mod presentation;
mod reader;
mod references;
mod remux;
mod session;
pub mod sink;
mod spool;
mod statistics;
mod subtitles;
mod trace;
mod verdict;
mod whole;
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
pub use generate::{TestMovie, TestMovieReport, TestSound};
pub use metadata::MetadataPolicy;
pub use presentation::{average_frame_rate, display_size};
pub use reader::{Damage, Frames, FramesBuilder, Samples, SoundBuffers, SoundBuilder};
pub use remux::{CopyStep, CopyWatch, Remux, RemuxReport, RemuxedTrack, TrackOutcome};
pub use session::{Accepted, Answer, CompressionSession, DecodeTimes, DecompressionSession, Output};
pub use sink::{FileSink, MemoryOutput, MemorySink, Overwrite, Sink, WriterSink};
pub use spool::spool;
pub use statistics::TrackStatistics;
pub use writer::{
    AssetWriter, AssetWriterBuilder, Association, FinishReport, Input, InputConfig, InputData, InputId,
    InputSource, Readiness, SoundGaps, TryAppend, WriterHandle, WriterStatus,
};

pub use reelwright_bitstream::rfc6381;
pub use reelwright_formats::FileSource;
pub use reelwright_formats::{Demuxer, SampleCursor};
pub use reelwright_mux::{Capabilities, FileType, IndexPlace, Op, Outcome, TrackSummary};

/// The README's examples, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
