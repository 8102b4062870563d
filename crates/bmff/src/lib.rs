//! MP4 and QuickTime boxes (ISO/IEC 14496-12; QuickTime File Format), each declared once for reading, writing and
//! dumping; sample tables and the demuxer.
//!
//! [`boxes`] walks the boxes of a piece of memory, [`BoxRef::read`] reads one that is known here, and
//! [`Writer`] writes them.
#![forbid(unsafe_code)]

mod body;
#[cfg(test)]
mod corpus;
mod declare;
mod demux;
mod dump;
pub mod entry;
mod header;
mod known;
pub mod metadata;
mod packed;
mod reader;
mod walk;
mod writer;

pub use body::{
    BitRates, ChunkOffsets, ChunkOffsets64, ChunkRun, CleanApertureDimensions, ColorInfo, CompactSampleSizes,
    CompositionOffsets, CompositionShift, DataReference, DataReferences, EditList, EditRow,
    EncodedPixelsDimensions, Endianness, ExtendedLanguage, FieldHandling, FileType, FragmentDecodeTime,
    FragmentHeader, FragmentRandomAccessOffset, GenericMediaInfo, GroupRun, Handler, LoadSettings,
    MediaHeader, MovieExtendsHeader, MovieHeader, NullMediaHeader, OffsetRun, PartialSyncSamples, PcmConfig,
    PixelAspect, ProducerReferenceTime, ProductionApertureDimensions, RandomAccess, RunSample, RunSamples,
    SampleDependencies, SampleDescriptions, SampleGroupDescription, SampleSizes, SampleToChunk,
    SampleToGroup, SamplingRate, SegmentIndex, SegmentReference, SoundMediaHeader, StreamDescriptor,
    SubtitleMediaHeader, SyncSamples, TimeRun, TimeToSample, TimecodeMediaInfo, TrackExtends,
    TrackFragmentHeader, TrackFragmentRandomAccess, TrackHeader, TrackReferences, TrackRun, VideoMediaHeader,
};
pub use declare::{BoxBody, Field, Fields, Version};
pub use demux::{Cursor, Demuxer, is_box_file, movie_box};
pub use dump::dump;
pub use header::BoxHeader;
pub use packed::{Entry, Packed};
pub use reader::{BoxPath, Reader};
pub use walk::{BoxRef, Boxes, boxes, boxes_at};
pub use writer::Writer;
