use std::fmt;

use bytes::Bytes;

use crate::{
    AmbientViewing, BoxFamily, ChannelLayout, CleanAperture, Color, ContentLight, Error, FourCc,
    MasteringDisplay, Ratio, Result, Size,
};

/// What kind of thing a track carries, by its handler (`hdlr`). `AVMediaType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MediaType {
    /// Pictures: `vide`.
    Video,
    /// Sound: `soun`.
    Audio,
    /// QuickTime text, chapters among it: `text`.
    Text,
    /// Subtitles: `sbtl`, `subt`, `subp`.
    Subtitle,
    /// Closed captions: `clcp`.
    ClosedCaption,
    /// Timecode: `tmcd`.
    Timecode,
    /// Timed metadata: `meta`.
    Metadata,
    /// Any other handler, carried as it is.
    Other(FourCc),
}

impl MediaType {
    /// The type of a track with this handler.
    pub const fn from_handler(handler: FourCc) -> Self {
        match &handler.0 {
            b"vide" => Self::Video,
            b"soun" => Self::Audio,
            b"text" => Self::Text,
            b"sbtl" | b"subt" | b"subp" => Self::Subtitle,
            b"clcp" => Self::ClosedCaption,
            b"tmcd" => Self::Timecode,
            b"meta" => Self::Metadata,
            _ => Self::Other(handler),
        }
    }

    /// The type as one plain word.
    pub fn name(self) -> String {
        match self {
            Self::Video => "video".into(),
            Self::Audio => "audio".into(),
            Self::Text => "text".into(),
            Self::Subtitle => "subtitle".into(),
            Self::ClosedCaption => "closed captions".into(),
            Self::Timecode => "timecode".into(),
            Self::Metadata => "timed metadata".into(),
            Self::Other(code) => format!("'{code}'"),
        }
    }
}

impl fmt::Display for VideoCodec {
    /// [`VideoCodec::name`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name())
    }
}

impl fmt::Display for AudioCodec {
    /// [`AudioCodec::name`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name())
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

/// What the samples of a track are. `CMFormatDescription`.
#[derive(Clone, Debug, PartialEq)]
pub enum FormatDescription {
    /// Compressed or raw video.
    Video(VideoFormat),
    /// Compressed audio or LPCM.
    Audio(AudioFormat),
    /// Anything else, carried as it is.
    Data(DataFormat),
}

impl FormatDescription {
    /// The four-character code of the sample entry it came from or will be written as.
    pub fn tag(&self) -> FourCc {
        match self {
            Self::Video(video) => video.tag,
            Self::Audio(audio) => audio.tag,
            Self::Data(data) => data.tag,
        }
    }

    /// Whether the samples are encrypted: what decrypting takes lies outside of them (ISO/IEC 14496-12, 8.12).
    pub fn is_encrypted(&self) -> bool {
        matches!(&self.tag().0, b"encv" | b"enca" | b"encs" | b"enct")
    }

    /// The sample entry it was read from, where it was.
    pub fn entry(&self) -> Option<&SampleEntry> {
        match self {
            Self::Video(video) => video.entry.as_ref(),
            Self::Audio(audio) => audio.entry.as_ref(),
            Self::Data(data) => data.entry.as_ref(),
        }
    }

    /// The video format, if it is one.
    pub fn as_video(&self) -> Option<&VideoFormat> {
        if let Self::Video(video) = self { Some(video) } else { None }
    }

    /// The audio format, if it is one.
    pub fn as_audio(&self) -> Option<&AudioFormat> {
        if let Self::Audio(audio) = self { Some(audio) } else { None }
    }

    /// The video format.
    ///
    /// # Errors
    ///
    /// [`crate::ErrorKind::Misuse`] if it is another.
    pub fn video(&self) -> Result<&VideoFormat> {
        self.as_video().ok_or_else(|| self.is_no("video"))
    }

    /// The audio format.
    ///
    /// # Errors
    ///
    /// [`crate::ErrorKind::Misuse`] if it is another.
    pub fn audio(&self) -> Result<&AudioFormat> {
        self.as_audio().ok_or_else(|| self.is_no("audio"))
    }

    fn is_no(&self, wanted: &str) -> Error {
        Error::misuse(format!("'{}' is not the {wanted} format that is needed", self.tag()))
    }
}

/// A whole sample entry box as it stood in the source, header included, so that a copy into the same family of
/// containers loses nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleEntry {
    /// The family whose layout it has: QuickTime and ISO differ, above all for sound.
    pub family: BoxFamily,
    /// The box.
    pub bytes: Bytes,
}

/// How a video codec is called, independent of the four-character code a file uses for it. `CMVideoCodecType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum VideoCodec {
    /// ISO/IEC 14496-10.
    H264,
    /// ISO/IEC 23008-2.
    Hevc,
    /// ISO/IEC 23090-3.
    Vvc,
    /// AOMedia AV1.
    Av1,
    /// VP8.
    Vp8,
    /// VP9.
    Vp9,
    /// Apple ProRes, any flavour; the tag says which.
    ProRes,
    /// Motion JPEG.
    Jpeg,
    /// PNG pictures.
    Png,
    /// MPEG-4 Visual, ISO/IEC 14496-2.
    Mpeg4,
    /// MPEG-2 video.
    Mpeg2,
    /// MPEG-1 video.
    Mpeg1,
    /// ITU-T H.263.
    H263,
    /// Anything else, known by its tag alone.
    Other(FourCc),
}

impl VideoCodec {
    /// The name people use.
    pub fn name(self) -> String {
        match self {
            Self::H264 => "H.264".into(),
            Self::Hevc => "HEVC".into(),
            Self::Vvc => "VVC".into(),
            Self::Av1 => "AV1".into(),
            Self::Vp8 => "VP8".into(),
            Self::Vp9 => "VP9".into(),
            Self::ProRes => "ProRes".into(),
            Self::Jpeg => "JPEG".into(),
            Self::Png => "PNG".into(),
            Self::Mpeg4 => "MPEG-4 Visual".into(),
            Self::Mpeg2 => "MPEG-2 video".into(),
            Self::Mpeg1 => "MPEG-1 video".into(),
            Self::H263 => "H.263".into(),
            Self::Other(tag) => format!("'{tag}'"),
        }
    }
}

/// How an audio codec is called, independent of the four-character code a file uses for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AudioCodec {
    /// MPEG-4 AAC of any object type but USAC, and MPEG-2 AAC; the configuration says which.
    Aac,
    /// USAC (xHE-AAC).
    Usac,
    /// Linear PCM; [`AudioFormat::pcm`] says how.
    Lpcm,
    /// Apple Lossless.
    Alac,
    /// FLAC.
    Flac,
    /// Opus.
    Opus,
    /// Vorbis.
    Vorbis,
    /// MPEG-1/2 layer III.
    Mp3,
    /// MPEG-1/2 layer II.
    Mp2,
    /// AC-3.
    Ac3,
    /// Enhanced AC-3.
    Eac3,
    /// DTS.
    Dts,
    /// AMR narrow band.
    AmrNb,
    /// AMR wide band.
    AmrWb,
    /// IMA 4:1 as QuickTime stores it.
    Ima4,
    /// µ-law.
    Ulaw,
    /// A-law.
    Alaw,
    /// Anything else, known by its tag alone.
    Other(FourCc),
}

impl AudioCodec {
    /// The name people use.
    pub fn name(self) -> String {
        match self {
            Self::Aac => "AAC".into(),
            Self::Usac => "xHE-AAC".into(),
            Self::Lpcm => "PCM".into(),
            Self::Alac => "Apple Lossless".into(),
            Self::Flac => "FLAC".into(),
            Self::Opus => "Opus".into(),
            Self::Vorbis => "Vorbis".into(),
            Self::Mp3 => "MP3".into(),
            Self::Mp2 => "MP2".into(),
            Self::Ac3 => "AC-3".into(),
            Self::Eac3 => "E-AC-3".into(),
            Self::Dts => "DTS".into(),
            Self::AmrNb => "AMR-NB".into(),
            Self::AmrWb => "AMR-WB".into(),
            Self::Ima4 => "IMA ADPCM".into(),
            Self::Ulaw => "µ-law".into(),
            Self::Alaw => "A-law".into(),
            Self::Other(tag) => format!("'{tag}'"),
        }
    }
}

/// The decoder configuration of a format: the body of the box (or of the Matroska codec private data) named by `kind`.
///
/// The kinds in use: `avcC`, `hvcC`, `vvcC`, `av1C`, `vpcC`, `esds` (here only the MPEG-4 *DecoderSpecificInfo*: the
/// AudioSpecificConfig or the MPEG-4 Visual headers), `dac3`, `dec3`, `dOps`, `dfLa`, `alac` (the magic cookie),
/// `glbl`, `damr`, `ddts`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodecConfig {
    /// Which box the bytes belong in.
    pub kind: FourCc,
    /// The body, without box header; without version and flags where the box has them.
    pub bytes: Bytes,
}

/// Whether pictures are frames or fields (`fiel`; QuickTime File Format, "Field Handling").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FieldOrder {
    /// One field a sample: frames.
    Progressive,
    /// Two fields, the top one first in time.
    TopFirst,
    /// Two fields, the bottom one first in time.
    BottomFirst,
}

impl FieldOrder {
    /// Whether there are two fields.
    pub const fn is_interlaced(self) -> bool {
        !matches!(self, Self::Progressive)
    }

    /// The order after the rows have changed sides: moved by an odd number, or turned upside down.
    #[must_use]
    pub const fn swapped(self) -> Self {
        match self {
            Self::Progressive => Self::Progressive,
            Self::TopFirst => Self::BottomFirst,
            Self::BottomFirst => Self::TopFirst,
        }
    }
}

/// What the samples of a video track are. `CMVideoFormatDescription`.
#[derive(Clone, Debug, PartialEq)]
pub struct VideoFormat {
    /// The codec.
    pub codec: VideoCodec,
    /// The sample entry's code (`avc1`, `hvc1`, `apcn`, ...).
    pub tag: FourCc,
    /// The coded picture as the sample entry states it, in pixels.
    pub size: Size,
    /// The shape of a pixel, where stated (`pasp`).
    pub pixel_aspect: Option<Ratio>,
    /// The part meant to be seen, where stated (`clap`).
    pub clean_aperture: Option<CleanAperture>,
    /// Colour, from `colr`, else from the bitstream, else unspecified.
    pub color: Color,
    /// The ICC profile of `colr`, where there is one.
    pub icc_profile: Option<Bytes>,
    /// Mastering display (`mdcv`, or SEI).
    pub mastering: Option<MasteringDisplay>,
    /// Content light level (`clli`, or SEI).
    pub content_light: Option<ContentLight>,
    /// Ambient viewing environment (`amve`).
    pub ambient: Option<AmbientViewing>,
    /// Dolby Vision configuration: box code (`dvcC`, `dvvC`, `dvwC`) and body.
    pub dolby_vision: Option<CodecConfig>,
    /// Frames or fields, where stated.
    pub field_order: Option<FieldOrder>,
    /// Bits per luma sample, where known.
    pub bit_depth: Option<u8>,
    /// The decoder configuration, where the codec has one.
    pub config: Option<CodecConfig>,
    /// The sample entry it was read from.
    pub entry: Option<SampleEntry>,
}

impl VideoFormat {
    /// A format of `codec` and `size` about which nothing else is known.
    pub fn new(codec: VideoCodec, tag: FourCc, size: Size) -> Self {
        Self {
            codec,
            tag,
            size,
            pixel_aspect: None,
            clean_aperture: None,
            color: Color::UNSPECIFIED,
            icc_profile: None,
            mastering: None,
            content_light: None,
            ambient: None,
            dolby_vision: None,
            field_order: None,
            bit_depth: None,
            config: None,
            entry: None,
        }
    }
}

/// How linear PCM is laid out. `AudioStreamBasicDescription`'s flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PcmFormat {
    /// Bits per sample of one channel, 8 to 64, stored in whole bytes.
    pub bits: u8,
    /// IEEE floats rather than integers.
    pub float: bool,
    /// Most significant byte first.
    pub big_endian: bool,
    /// Two's complement rather than offset binary; floats are signed.
    pub signed: bool,
}

impl PcmFormat {
    /// Signed 16-bit, little-endian.
    pub const S16LE: Self = Self { bits: 16, float: false, big_endian: false, signed: true };

    /// Bytes per sample of one channel.
    pub const fn bytes(self) -> u32 {
        (self.bits as u32).div_ceil(8)
    }
}

/// What the samples of an audio track are. `CMAudioFormatDescription`.
#[derive(Clone, Debug, PartialEq)]
pub struct AudioFormat {
    /// The codec.
    pub codec: AudioCodec,
    /// The sample entry's code (`mp4a`, `sowt`, `alac`, ...).
    pub tag: FourCc,
    /// Frames per second of what a decoder puts out.
    pub sample_rate: u32,
    /// Channels of what a decoder puts out.
    pub channels: u16,
    /// Which channel is which, where stated.
    pub layout: Option<ChannelLayout>,
    /// Bits per sample where the codec is lossless, else what the sample entry says, else `None`.
    pub bits: Option<u16>,
    /// PCM frames in one packet; 1 for LPCM, 0 where it varies or is unknown.
    pub frames_per_packet: u32,
    /// Bytes of one packet where all are alike (LPCM: of one frame), else 0.
    pub bytes_per_packet: u32,
    /// How LPCM is laid out.
    pub pcm: Option<PcmFormat>,
    /// The decoder configuration, where the codec has one.
    pub config: Option<CodecConfig>,
    /// Average and peak bit rate as the source stated them, bits per second, 0 where it didn't.
    pub bit_rate: (u32, u32),
    /// The sample entry it was read from.
    pub entry: Option<SampleEntry>,
}

impl AudioFormat {
    /// A format of `codec` about which nothing else is known.
    pub fn new(codec: AudioCodec, tag: FourCc, sample_rate: u32, channels: u16) -> Self {
        Self {
            codec,
            tag,
            sample_rate,
            channels,
            layout: None,
            bits: None,
            frames_per_packet: 0,
            bytes_per_packet: 0,
            pcm: None,
            config: None,
            bit_rate: (0, 0),
            entry: None,
        }
    }

    /// Interleaved linear PCM.
    pub fn lpcm(pcm: PcmFormat, sample_rate: u32, channels: u16) -> Self {
        let tag = match (pcm.float, pcm.big_endian, pcm.bits) {
            (false, false, 16) => FourCc::new(b"sowt"),
            (false, true, 16) => FourCc::new(b"twos"),
            _ => FourCc::new(b"lpcm"),
        };
        Self {
            bits: Some(pcm.bits.into()),
            frames_per_packet: 1,
            bytes_per_packet: pcm.bytes() * u32::from(channels),
            pcm: Some(pcm),
            ..Self::new(AudioCodec::Lpcm, tag, sample_rate, channels)
        }
    }
}

/// What the samples of any other track are: carried, not understood.
#[derive(Clone, Debug, PartialEq)]
pub struct DataFormat {
    /// The kind of track.
    pub media: MediaType,
    /// The sample entry's code (`tmcd`, `mebx`, `tx3g`, `c608`, ...).
    pub tag: FourCc,
    /// The sample entry it was read from.
    pub entry: Option<SampleEntry>,
}
