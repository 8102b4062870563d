//! The bodies of boxes, in the order a file has them.

mod file;
mod fragment;
mod group;
mod media;
mod movie;
mod picture;
mod run;
mod sound;
mod table;

pub use file::{
    FileType, FragmentRandomAccessOffset, ProducerReferenceTime, RandomAccess, SegmentIndex,
    SegmentReference, TrackFragmentRandomAccess,
};
pub use fragment::{
    FragmentDecodeTime, FragmentHeader, MovieExtendsHeader, TrackExtends, TrackFragmentHeader,
};
pub use group::{GroupRun, SampleGroupDescription, SampleToGroup};
pub use media::{
    DataReference, DataReferences, ExtendedLanguage, GenericMediaInfo, Handler, MediaHeader, NullMediaHeader,
    SoundMediaHeader, SubtitleMediaHeader, TimecodeMediaInfo, VideoMediaHeader,
};
pub use movie::{
    CleanApertureDimensions, EditList, EditRow, EncodedPixelsDimensions, LoadSettings, MovieHeader,
    ProductionApertureDimensions, TrackHeader, TrackReferences,
};
pub use picture::{BitRates, ColorInfo, FieldHandling, PixelAspect};
pub use run::{RunSample, RunSamples, TrackRun};
pub use sound::{Endianness, PcmConfig, SamplingRate, StreamDescriptor};
pub use table::{
    ChunkOffsets, ChunkOffsets64, ChunkRun, CompactSampleSizes, CompositionOffsets, CompositionShift,
    OffsetRun, PartialSyncSamples, SampleDependencies, SampleDescriptions, SampleSizes, SampleToChunk,
    SyncSamples, TimeRun, TimeToSample,
};
