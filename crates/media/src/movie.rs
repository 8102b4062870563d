use std::sync::Arc;

use bytes::Bytes;

use crate::{
    AudioCodec, FormatDescription, FourCc, Language, Matrix, MediaType, MetadataItem, Omission, Time,
    TimeRange, Timescale,
};

/// What a reader knows about a file before it has read a sample, and what a writer needs to know to describe one.
#[derive(Clone, Debug)]
pub struct Movie {
    /// The container.
    pub container: ContainerKind,
    /// Major brand, where the container has one.
    pub major_brand: Option<FourCc>,
    /// Minor version of the major brand.
    pub minor_version: u32,
    /// Compatible brands, in order.
    pub compatible_brands: Vec<FourCc>,
    /// Ticks of the movie header; edits are counted in it.
    pub timescale: Timescale,
    /// The length of the presentation: the longest track's edits.
    pub duration: Time,
    /// The tracks, in file order.
    pub tracks: Vec<Track>,
    /// Facts about the movie.
    pub metadata: Vec<MetadataItem>,
    /// Chapters, in order.
    pub chapters: Vec<Chapter>,
    /// When it was made, in seconds since 1904-01-01 UTC; 0 where unknown.
    pub creation_time: u64,
    /// The movie's own matrix, over all tracks'.
    pub matrix: Matrix,
    /// Whether samples come in movie fragments.
    pub fragmented: bool,
    /// Boxes of `moov` that nobody here interprets, byte-exact, for copies within the family.
    pub foreign: Vec<ForeignBox>,
    /// What was wrong but could be read past without losing anything, in plain sentences.
    pub warnings: Vec<String>,
    /// What the reader doesn't hand on: tracks, stretches of sound or picture, chapters, facts.
    pub omissions: Vec<Omission>,
}

impl Movie {
    /// The track with this ID.
    pub fn track(&self, id: u32) -> Option<&Track> {
        self.tracks.iter().find(|track| track.id == id)
    }
}

/// One track. `AVAssetTrack`.
#[derive(Clone, Debug)]
pub struct Track {
    /// Its ID, unique in the file and not zero.
    pub id: u32,
    /// What it carries.
    pub media: MediaType,
    /// The handler's four-character code as stored.
    pub handler: FourCc,
    /// The handler's name as stored.
    pub handler_name: String,
    /// Ticks per second of its samples.
    pub timescale: Timescale,
    /// Length of the media in its own timescale, before edits.
    pub media_duration: Time,
    /// The part of the movie's timeline it covers; a start above zero means a leading empty edit.
    pub range: TimeRange,
    /// Samples (access units, packets; for LPCM frames), where the container tells before reading.
    pub sample_count: Option<u64>,
    /// Bytes of all samples, where the container tells before reading.
    pub byte_count: Option<u64>,
    /// The formats its samples use, in the order of the file; most tracks have one.
    pub formats: Vec<Arc<FormatDescription>>,
    /// Whether players present it by default.
    pub enabled: bool,
    /// Flags of the track header as stored (bit 0 enabled, 1 in movie, 2 in preview, 3 in poster).
    pub header_flags: u32,
    /// Its language.
    pub language: Language,
    /// Width and height of the track header in pixels, as 16.16 fixed point.
    pub header_size: (u32, u32),
    /// How the picture is turned and placed.
    pub matrix: Matrix,
    /// Loudness as 8.8 fixed point; 0x100 is full.
    pub volume: i16,
    /// Front-to-back order; lower is nearer.
    pub layer: i16,
    /// Tracks of which only one is presented share a number other than zero.
    pub alternate_group: u16,
    /// The edit list as stored; empty means the media is presented from its first tick to its last.
    pub edits: Vec<Edit>,
    /// Other tracks this one points at.
    pub references: Vec<TrackReference>,
    /// Facts about the track.
    pub metadata: Vec<MetadataItem>,
    /// Packets a decoder must be fed before the first that is presented (`roll`, `prol`), negative as stored.
    pub roll_distance: Option<i16>,
    /// When it was made, in seconds since 1904-01-01 UTC; 0 where unknown.
    pub creation_time: u64,
    /// Boxes of `trak`, `mdia`, `minf` and `stbl` that nobody here interprets, byte-exact, with the path of their
    /// parent.
    pub foreign: Vec<ForeignBox>,
}

impl Track {
    /// How much media before any point has to be decoded for the sound at that point to be right: transform codecs
    /// overlap packets, and MP3's borrow bits from those before. Zero where every packet stands alone, and for pictures.
    pub fn preroll(&self) -> Time {
        let Some(audio) = self.formats.first().and_then(|format| format.as_audio()) else {
            return Time::ZERO;
        };
        if audio.frames_per_packet <= 1 {
            return Time::ZERO;
        }
        let usual = match audio.codec {
            // 511 bytes of reservoir (ISO/IEC 11172-3, 2.4.2.7) are 9 packets at the lowest rates.
            AudioCodec::Mp3 => 9,
            // One for the overlap, one for what bandwidth extension carries on.
            _ => 2,
        };
        let packets = self.roll_distance.map_or(usual, |distance| i64::from(distance.unsigned_abs()));
        Time::new(packets * i64::from(audio.frames_per_packet), Timescale::or_one(audio.sample_rate))
    }
}

/// Samples that the index lists but the file doesn't hold: it was cut short, or the index is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missing {
    /// How many.
    pub samples: u64,
    /// When the first of them in decode order would be shown, in media time.
    pub from: Time,
    /// The end of the last sample that is there, in media time.
    pub end: Time,
    /// How many are there.
    pub held: u64,
}

/// A stretch of the movie's timeline and the media shown there (`elst`, ISO/IEC 14496-12, 8.6.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edit {
    /// Length on the movie's timeline, never negative. Zero goes on to the end of the media. Files count it in ticks of
    /// the movie's timescale.
    pub duration: Time,
    /// Where in the media it starts, in ticks of the track's timescale; `None` for an empty edit.
    pub media_time: Option<i64>,
    /// Playback rate as 16.16 fixed point; 0x10000 is normal, 0 holds one sample.
    pub rate: i32,
}

impl Edit {
    /// Normal speed as [`Edit::rate`].
    pub const NORMAL_RATE: i32 = 0x1_0000;

    /// An edit that shows the media from `media_time` (in ticks of the track) on, at normal speed.
    pub const fn showing(media_time: i64, duration: Time) -> Self {
        Self { duration, media_time: Some(media_time), rate: Self::NORMAL_RATE }
    }

    /// An edit that shows nothing.
    pub const fn empty(duration: Time) -> Self {
        Self { duration, media_time: None, rate: Self::NORMAL_RATE }
    }
}

/// A reference from one track to others (`tref`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackReference {
    /// What the reference means: `chap`, `tmcd`, `cdsc`, ...
    pub kind: FourCc,
    /// IDs of the tracks pointed at, in order; zeros as stored.
    pub tracks: Vec<u32>,
}

/// A named point of a movie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chapter {
    /// The stretch it covers, on the movie's timeline.
    pub range: TimeRange,
    /// Its title.
    pub title: String,
    /// The title's language.
    pub language: Language,
}

/// The two families of box layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BoxFamily {
    /// QuickTime File Format.
    QuickTime,
    /// ISO base media: MP4, M4A, 3GP, ...
    Iso,
}

/// The container a file was found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ContainerKind {
    /// QuickTime movie.
    QuickTime,
    /// MP4, M4V, M4A, 3GP, 3G2, CMAF: told apart by brand.
    Mp4,
    /// RIFF WAVE, RF64 or BW64.
    Wave,
    /// AIFF or AIFF-C.
    Aiff,
    /// Core Audio Format.
    Caf,
    /// Matroska or WebM.
    Matroska,
    /// MPEG-2 transport stream.
    MpegTs,
    /// MPEG audio (MP3) without a container.
    Mp3,
    /// Native FLAC.
    Flac,
    /// ADTS AAC.
    Adts,
}

impl ContainerKind {
    /// The name people use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::QuickTime => "QuickTime",
            Self::Mp4 => "MP4",
            Self::Wave => "WAVE",
            Self::Aiff => "AIFF",
            Self::Caf => "CAF",
            Self::Matroska => "Matroska",
            Self::MpegTs => "MPEG-TS",
            Self::Mp3 => "MP3",
            Self::Flac => "FLAC",
            Self::Adts => "ADTS",
        }
    }
}

/// A box that is carried, not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignBox {
    /// The path of its parent below `moov` or `trak`, as in `mdia/minf`; empty for the top.
    pub parent: String,
    /// The family of the file it came from.
    pub family: BoxFamily,
    /// The whole box, header included.
    pub bytes: Bytes,
}
