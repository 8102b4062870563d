use reelwright_codec::{EncoderSpecification, KeyFrames, RateLimit, VideoProfile};
use reelwright_media::{AudioCodec, Color, PcmFormat, Ratio, Size, Time, TimeRange, VideoCodec};

use super::Preset;
use crate::{FileType, IndexPlace, MetadataPolicy, Overwrite};

/// Methods that take an option by value and give all of them back, each named as the field it sets. Those that may be absent
/// are given as they are or as an `Option`.
macro_rules! setters {
    ($($field:ident: $type:ty,)*; optional $($optional:ident: $inner:ty,)*) => {
        $(
            #[doc = concat!("The same options with this [`Self::", stringify!($field), "`].")]
            #[must_use]
            pub fn $field(mut self, $field: $type) -> Self {
                self.$field = $field;
                self
            }
        )*
        $(
            #[doc = concat!("The same options with this [`Self::", stringify!($optional), "`].")]
            #[must_use]
            pub fn $optional(mut self, $optional: impl Into<Option<$inner>>) -> Self {
                self.$optional = $optional.into();
                self
            }
        )*
    };
}

/// Everything an export is told: the full truth, of which presets are constructors.
///
/// Read as fields, changed field by field or by methods of the same names.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ExportOptions {
    /// The preset these options started from; it only stands in messages.
    pub preset: Preset,
    /// The kinds of file that may be made, the usual one first.
    pub file_types: Vec<FileType>,
    /// IDs of the source's tracks to take; `None`, the default, for all. What is disabled in the source is taken all the
    /// same where it is named.
    pub tracks: Option<Vec<u32>>,
    /// What happens to video.
    pub video: Treatment<VideoOptions>,
    /// What happens to sound.
    pub audio: Treatment<AudioOptions>,
    /// What happens to every other track.
    pub others: Others,
    /// Fail, before anything is written, where the container can't hold a track that is to be copied. Default: leave the
    /// track out and report it.
    pub strict: bool,
    /// The part of the source to export, on its presentation timeline; `None` is all of it. Clamped to the source.
    /// `AVAssetExportSession.timeRange`.
    pub range: Option<TimeRange>,
    /// Re-encode even what fits as it is.
    pub reencode: bool,
    /// Where the index goes. `shouldOptimizeForNetworkUse`.
    pub index: IndexPlace,
    /// What the output says about itself. `AVAssetExportSession.metadata`.
    pub metadata: MetadataPolicy,
    /// Whether an existing file is replaced, once the export is complete. Default: refuse.
    pub overwrite: Overwrite,
    /// Force the bytes to the disk before the export counts as done.
    pub sync: bool,
    /// Bytes of samples and pictures in flight at most, over all stages.
    pub memory_budget: u64,
    /// Threads to use at most; 0 is as many as the machine runs at once.
    pub threads: usize,
}

/// What happens to the tracks of one kind.
#[derive(Clone, Debug)]
pub enum Treatment<T> {
    /// Stored samples, as they are.
    Copy,
    /// Encoded as stated, or copied where they already fit.
    Encode(T),
    /// Left out.
    Drop,
}

impl<T> Treatment<T> {
    /// The options to encode with, if it is to be encoded.
    pub fn as_encode_mut(&mut self) -> Option<&mut T> {
        if let Self::Encode(options) = self { Some(options) } else { None }
    }
}

/// What happens to tracks that are neither video nor sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Others {
    /// Copied where the container can hold them, else dropped and reported.
    Copy,
    /// Left out.
    Drop,
}

/// How video is encoded. Read as fields, changed field by field or by methods of the same names.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct VideoOptions {
    /// The codec.
    pub codec: VideoCodec,
    /// Which encoder.
    pub encoder: EncoderSpecification,
    /// Options by the encoder's own names.
    pub encoder_options: Vec<(String, String)>,
    /// The box the picture must fit; it is never enlarged. `None` keeps the source's size.
    pub max_size: Option<Size>,
    /// What is fitted into the box.
    pub fit: Fit,
    /// How the picture comes to stand upright.
    pub orientation: Orientation,
    /// Widths and heights are rounded to multiples of this.
    pub align: u32,
    /// The codec's profile; `None` leaves it to the encoder.
    pub profile: Option<VideoProfile>,
    /// How bits are spent.
    pub rate: RateChoice,
    /// A ceiling over a window.
    pub limit: Option<RateLimit>,
    /// How often pictures can be decoded on their own.
    pub key_frames: KeyFrames,
    /// Exactly this many frames per second; `None` keeps the source's timing.
    pub frame_rate: Option<Ratio>,
    /// At most this many frames per second.
    pub max_frame_rate: Option<Ratio>,
    /// What colours it has.
    pub color: ColorPolicy,
    /// Encode even pictures that would fit as they are: what is asked for can't be seen in coded ones.
    pub always_encode: bool,
}

/// What is fitted into a size box.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fit {
    /// The coded picture, before the track's matrix turns it: Apple's rule, and the library's default.
    #[default]
    Coded,
    /// The picture as displayed, into the box turned the way the picture is: a portrait clip isn't squeezed.
    Displayed,
}

/// How a picture that a track's matrix turns or mirrors comes to stand upright.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Orientation {
    /// The output's matrix does what the source's did, and pixels stay as they are coded: Apple's rule.
    #[default]
    KeepMatrix,
    /// The pixels are turned, for players that don't look at the matrix; the output's then does nothing, and the box the
    /// picture must fit is that of the turned picture. A matrix that is no multiple of 90° is kept.
    TurnPixels,
}

/// What colours an encode has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColorPolicy {
    /// The source's, HDR among them. What is untagged stays so.
    Keep,
    /// The source's, but PQ, HLG and BT.2020 become BT.709, which players show alike.
    ToneMap,
    /// These. A source that is tagged otherwise is converted (and tone-mapped, if need be); what it leaves open is taken to
    /// be so already, and tagged.
    Convert(Color),
}

/// How the bit rate of an encode is found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RateChoice {
    /// From this nominal rate (bits per second at 30 fps in a full box), by the picture's real size and rate, and not
    /// above the source's: its own where the picture keeps its size, else what its codec's rate is worth in this one.
    Nominal(u32),
    /// Exactly so many bits per second on average.
    Average(u32),
    /// Constant quality, 0.0 to 1.0.
    Quality(f32),
}

/// How sound is encoded. Read as fields, changed field by field or by methods of the same names.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AudioOptions {
    /// The codec.
    pub codec: AudioCodec,
    /// Which encoder.
    pub encoder: EncoderSpecification,
    /// For LPCM, how it is laid out; else `None`.
    pub pcm: Option<PcmFormat>,
    /// Bits per second.
    pub rate: u32,
    /// Whether `rate` is that of the track, whatever its channels; else it is stereo's, and mono gets 5/8.
    pub exact_rate: bool,
    /// Channels at most; more are mixed down.
    pub max_channels: u16,
    /// Frames per second at most; more are resampled.
    pub max_sample_rate: u32,
}

impl ExportOptions {
    /// What `preset` stands for.
    pub fn new(preset: Preset) -> Self {
        let row = preset.row();
        let video = match (preset, row.video) {
            (Preset::Passthrough, _) => Treatment::Copy,
            (_, None) => Treatment::Drop,
            (_, Some(codec)) => Treatment::Encode(VideoOptions {
                codec,
                encoder: EncoderSpecification::default(),
                encoder_options: Vec::new(),
                max_size: row.max_size,
                fit: Fit::default(),
                orientation: Orientation::default(),
                align: row.align,
                profile: row.profile,
                rate: RateChoice::Nominal(row.video_rate),
                limit: None,
                key_frames: KeyFrames { frames: None, interval: Some(Time::from_secs(2)) },
                frame_rate: None,
                max_frame_rate: row.max_frame_rate,
                color: if row.keeps_hdr { ColorPolicy::Keep } else { ColorPolicy::ToneMap },
                always_encode: false,
            }),
        };
        let audio = match row.audio {
            None => Treatment::Copy,
            Some(codec) => Treatment::Encode(AudioOptions {
                codec,
                encoder: EncoderSpecification::default(),
                pcm: (codec == AudioCodec::Lpcm).then_some(PcmFormat { bits: 24, ..PcmFormat::S16LE }),
                rate: row.audio_rate,
                exact_rate: false,
                // PCM needn't be made less of to be carried.
                max_channels: if codec == AudioCodec::Lpcm { u16::MAX } else { 2 },
                max_sample_rate: if codec == AudioCodec::Lpcm { u32::MAX } else { 48_000 },
            }),
        };
        Self {
            preset,
            file_types: row.file_types.to_vec(),
            tracks: None,
            video,
            audio,
            others: if preset == Preset::AppleM4a { Others::Drop } else { Others::Copy },
            strict: false,
            range: None,
            reencode: false,
            index: IndexPlace::Last,
            metadata: MetadataPolicy::CarryOver,
            overwrite: Overwrite::Never,
            sync: false,
            memory_budget: 256 << 20,
            threads: 0,
        }
    }
}

impl ExportOptions {
    setters! {
        preset: Preset,
        file_types: Vec<FileType>,
        video: Treatment<VideoOptions>,
        audio: Treatment<AudioOptions>,
        others: Others,
        strict: bool,
        reencode: bool,
        index: IndexPlace,
        metadata: MetadataPolicy,
        overwrite: Overwrite,
        sync: bool,
        memory_budget: u64,
        threads: usize,
        ; optional
            tracks: Vec<u32>,
            range: TimeRange,
    }
}

impl VideoOptions {
    setters! {
        codec: VideoCodec,
        encoder: EncoderSpecification,
        encoder_options: Vec<(String, String)>,
        fit: Fit,
        orientation: Orientation,
        align: u32,
        rate: RateChoice,
        key_frames: KeyFrames,
        color: ColorPolicy,
        always_encode: bool,
        ; optional
            max_size: Size,
            profile: VideoProfile,
            limit: RateLimit,
            frame_rate: Ratio,
            max_frame_rate: Ratio,
    }
}

impl AudioOptions {
    setters! {
        codec: AudioCodec,
        encoder: EncoderSpecification,
        rate: u32,
        exact_rate: bool,
        max_channels: u16,
        max_sample_rate: u32,
        ; optional
            pcm: PcmFormat,
    }
}

impl From<Preset> for ExportOptions {
    fn from(preset: Preset) -> Self {
        Self::new(preset)
    }
}
