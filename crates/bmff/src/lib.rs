//! MP4 and QuickTime boxes (ISO/IEC 14496-12; QuickTime File Format), each declared once for reading, writing and
//! dumping; sample tables and the demuxer.
//!
//! [`boxes`] walks the boxes of a piece of memory, [`BoxRef::read`] reads one that is known here, and
//! [`Writer`] writes them.
#![forbid(unsafe_code)]

mod body;
mod declare;
mod dump;
mod header;
mod known;
mod packed;
mod reader;
mod walk;
mod writer;

pub use body::{
    ChunkOffsets, ChunkOffsets64, ChunkRun, CleanApertureDimensions, CompactSampleSizes, CompositionOffsets,
    CompositionShift, DataReference, DataReferences, EditList, EncodedPixelsDimensions, ExtendedLanguage,
    FileType, FragmentDecodeTime, FragmentHeader, FragmentRandomAccessOffset, GenericMediaInfo, GroupRun,
    Handler, LoadSettings, MediaHeader, MovieExtendsHeader, MovieHeader, NullMediaHeader, OffsetRun,
    PartialSyncSamples, ProducerReferenceTime, ProductionApertureDimensions, RandomAccess, RunSample,
    RunSamples, SampleDependencies, SampleDescriptions, SampleGroupDescription, SampleSizes, SampleToChunk,
    SampleToGroup, SegmentIndex, SegmentReference, SoundMediaHeader, SubtitleMediaHeader, SyncSamples,
    TimeRun, TimeToSample, TimecodeMediaInfo, TrackExtends, TrackFragmentHeader, TrackFragmentRandomAccess,
    TrackHeader, TrackReferences, TrackRun, VideoMediaHeader,
};
pub use declare::{BoxBody, Field, Fields, Version};
pub use dump::dump;
pub use header::BoxHeader;
pub use packed::{Entry, Packed};
pub use reader::{BoxPath, Reader};
pub use walk::{BoxRef, Boxes, boxes, boxes_at};
pub use writer::Writer;
