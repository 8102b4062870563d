use reelwright_media::{Chapter, ForeignBox, Matrix, MetadataItem, Time, Timescale, Track};

use crate::{FileType, Interleave};

/// What a file is to be, besides its tracks.
#[derive(Clone, Debug)]
pub struct MovieSettings {
    /// The kind of file.
    pub file_type: FileType,
    /// Ticks of the movie header, in which edits are counted; `None` for the largest timescale of a track.
    pub timescale: Option<Timescale>,
    /// Where the index goes. Default last.
    pub index: IndexPlace,
    /// The order of samples. Default by time, in chunks of half a second.
    pub interleave: Interleave,
    /// Facts about the movie.
    pub metadata: Vec<MetadataItem>,
    /// Its chapters, in order. They become a track of text that the tracks of pictures and sound name as their list, unless
    /// a track they name already is one, and in MPEG-4 files also a list beside the metadata (`chpl`). Default none.
    pub chapters: Vec<Chapter>,
    /// When it was made, in seconds since 1904-01-01 UTC. Default 0, unknown, so that equal input makes equal files.
    pub creation_time: u64,
    /// The movie's own matrix.
    pub matrix: Matrix,
    /// Boxes of `moov` to carry along; those of the other family are left out.
    pub foreign: Vec<ForeignBox>,
    /// Whether the finished file must survive a power cut. Default false.
    pub sync: bool,
    /// Bytes of memory that may be held back for an index that comes first or an output that can't be written by
    /// position. Default 8 MiB.
    pub memory: u64,
}

impl MovieSettings {
    /// A plain file of this type, its index last.
    pub fn new(file_type: FileType) -> Self {
        Self {
            file_type,
            timescale: None,
            index: IndexPlace::Last,
            interleave: Interleave::default(),
            metadata: Vec::new(),
            chapters: Vec::new(),
            creation_time: 0,
            matrix: Matrix::IDENTITY,
            foreign: Vec::new(),
            sync: false,
            memory: 8 << 20,
        }
    }
}

/// Where the index (`moov`) goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IndexPlace {
    /// Behind the media: nothing has to be known in advance, nothing is moved.
    #[default]
    Last,
    /// In front of the media, so that playing can begin before everything has arrived.
    /// `shouldOptimizeForNetworkUse`.
    First,
}

/// What a track is to be.
#[derive(Clone, Debug)]
pub struct TrackSettings {
    /// Header, formats, references, metadata. `media_duration`, `range` and the counts are found out while writing.
    pub track: Track,
    /// What of the media is shown, and when.
    pub presentation: Presentation,
    /// Which samples stand together. Default up to 1 s of them.
    pub chunks: Chunks,
    /// Whether the others go on without it when it has nothing to store. Default false.
    pub sparse: bool,
}

impl TrackSettings {
    /// The track as it is, its edits as they are.
    pub fn copy(track: Track) -> Self {
        Self {
            track,
            presentation: Presentation::Edits,
            chunks: Chunks::UpTo(Time::from_secs(1)),
            sparse: false,
        }
    }
}

/// Which samples of a track stand together in a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chunks {
    /// No more than last so long, a single longer sample excepted. `preferredMediaChunkDuration`.
    UpTo(Time),
    /// As the source had them, as far as it tells: a buffer of many LPCM frames is a chunk. Else up to 1 s.
    AsFed,
}

impl Chunks {
    /// The longest a chunk of several samples gets.
    pub(crate) const fn longest(self) -> Time {
        match self {
            Self::UpTo(longest) => longest,
            Self::AsFed => Time::from_secs(1),
        }
    }
}

/// What of a track's media is shown, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presentation {
    /// What the track's own edits say, in the times of the samples; without edits everything, at those times.
    Edits,
    /// The part of the session the samples fall into, without what they say is to be trimmed.
    Session,
}

/// The stretch of source time a file presents; its start becomes the movie's time zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Session {
    /// Where it starts. `startSession(atSourceTime:)`.
    pub start: Time,
    /// Where it ends; `None` for the end of the longest track. `endSession(atSourceTime:)`.
    pub end: Option<Time>,
}
