use std::sync::Arc;

use reelwright_codec::{AudioEncoderSettings, EncoderSpecification, VideoEncoderSettings};
use reelwright_media::{
    AudioCodec, BoxFamily, FormatDescription, FourCc, Language, Matrix, MediaType, MetadataItem, Size, Time,
    TimeRange, Timescale, Track, TrackReference, VideoFormat,
};
use reelwright_mux::{Chunks, FileType, Presentation, TrackSettings};

/// What an input takes and what its track will be. `AVAssetWriterInput` before it is added.
///
/// Everything not set is chosen by what is written: header size and volume by the format, flags by the file type.
#[derive(Clone, Debug)]
pub struct InputConfig {
    pub(super) source: InputSource,
    track: Option<Track>,
    presentation: Presentation,
    pub(super) timescale: Option<Timescale>,
    enabled: bool,
    language: Language,
    size: Option<Size>,
    matrix: Matrix,
    volume: Option<i16>,
    layer: i16,
    alternate_group: u16,
    name: Option<String>,
    references: Vec<TrackReference>,
    metadata: Vec<MetadataItem>,
    chunk_duration: Time,
    sparse: bool,
    pub(super) join_within: Time,
}

/// Where the samples of a track come from.
#[derive(Clone, Debug)]
pub(super) enum InputSource {
    /// They are given as they are to be stored.
    Copy(Vec<Arc<FormatDescription>>),
    /// They are made from pictures.
    Video(Box<VideoEncoderSettings>, EncoderSpecification),
    /// They are made from PCM.
    Audio(Box<AudioEncoderSettings>, EncoderSpecification),
}

impl InputConfig {
    /// Samples are stored as they are given; `format` is that of the first. `outputSettings` nil.
    pub fn copy(format: Arc<FormatDescription>) -> Self {
        Self::new(InputSource::Copy(vec![format]))
    }

    /// Samples of `track` are stored as they are given, under a header like that of `track`; its edits are kept, and
    /// the session has no say in them unless [`Self::follow_session`] is asked for. The track's ID is assigned anew.
    pub fn copy_track(track: &Track) -> Self {
        Self {
            track: Some(track.clone()),
            presentation: Presentation::Edits,
            references: track.references.clone(),
            ..Self::new(InputSource::Copy(track.formats.clone()))
        }
    }

    /// Pictures are encoded. Their times may have any scale; they are rounded to the settings' timescale. Pictures of
    /// another layout (BGRA, ...), size or colour than the settings' are converted as they are appended; a size of another
    /// shape is stretched.
    pub fn encode_video(settings: VideoEncoderSettings) -> Self {
        Self::new(InputSource::Video(Box::new(settings), EncoderSpecification::default()))
    }

    /// PCM is encoded. Buffers of another sample rate or channel layout than the settings' are converted as they are
    /// appended, and may change from one to the next.
    ///
    /// The track lasts as long as the times of the buffers say. Those that miss each other by at most 10 ms
    /// ([`Self::join_within`]) are joined end to end; wider gaps are filled with silence, and of a buffer that begins
    /// before the end of the one before, what was heard already is left out. [`crate::FinishReport::sound_gaps`] says how
    /// much that was.
    pub fn encode_audio(settings: AudioEncoderSettings) -> Self {
        Self::new(InputSource::Audio(Box::new(settings), EncoderSpecification::default()))
    }

    fn new(source: InputSource) -> Self {
        Self {
            source,
            track: None,
            presentation: Presentation::Session,
            timescale: None,
            enabled: true,
            language: Language::UNDETERMINED,
            size: None,
            matrix: Matrix::IDENTITY,
            volume: None,
            layer: 0,
            alternate_group: 0,
            name: None,
            references: Vec::new(),
            metadata: Vec::new(),
            chunk_duration: Time::from_secs(1),
            sparse: false,
            join_within: Time::from_millis(10),
        }
    }

    /// Which encoders may be chosen; without effect on a copy.
    #[must_use]
    pub fn encoder(mut self, wanted: EncoderSpecification) -> Self {
        match &mut self.source {
            InputSource::Video(_, specification) | InputSource::Audio(_, specification) => {
                *specification = wanted
            }
            InputSource::Copy(_) => {}
        }
        self
    }

    /// A copied track presents the part of the session its samples fall into, instead of its own edits.
    #[must_use]
    pub fn follow_session(mut self) -> Self {
        self.presentation = Presentation::Session;
        self
    }

    /// Ticks per second of the track. Default: those of the copied track or of the encoder; for a format alone its
    /// sample rate, or 90000 for what isn't sound. Sound that is encoded has no other than its sample rate.
    /// `mediaTimeScale`.
    #[must_use]
    pub fn timescale(mut self, timescale: Timescale) -> Self {
        self.timescale = Some(timescale);
        self
    }

    /// Whether players present the track by default. Default true. `marksOutputTrackAsEnabled`.
    #[must_use]
    pub fn enabled(mut self, enabled: bool) -> Self {
        self.enabled = enabled;
        if let Some(track) = &mut self.track {
            track.enabled = enabled;
        }
        self
    }

    /// The language of the track. Default undetermined. `languageCode`, `extendedLanguageTag`.
    #[must_use]
    pub fn language(mut self, language: Language) -> Self {
        if let Some(track) = &mut self.track {
            track.language = language.clone();
        }
        self.language = language;
        self
    }

    /// The size of the presented picture. Default: the clean aperture in square pixels. `naturalSize`.
    #[must_use]
    pub fn natural_size(mut self, size: Size) -> Self {
        if let Some(track) = &mut self.track {
            track.header_size = fixed_size(size);
        }
        self.size = Some(size);
        self
    }

    /// How the picture is turned and placed. Default as it is. `transform`.
    #[must_use]
    pub fn transform(mut self, matrix: Matrix) -> Self {
        if let Some(track) = &mut self.track {
            track.matrix = matrix;
        }
        self.matrix = matrix;
        self
    }

    /// Loudness as 8.8 fixed point; 0x100 is full. Default full for sound, none for the rest. `preferredVolume`.
    #[must_use]
    pub fn volume(mut self, volume: i16) -> Self {
        if let Some(track) = &mut self.track {
            track.volume = volume;
        }
        self.volume = Some(volume);
        self
    }

    /// Front-to-back order; lower is nearer. Default 0.
    #[must_use]
    pub fn layer(mut self, layer: i16) -> Self {
        if let Some(track) = &mut self.track {
            track.layer = layer;
        }
        self.layer = layer;
        self
    }

    /// Tracks that share a number other than zero exclude each other. Default 0.
    #[must_use]
    pub fn alternate_group(mut self, group: u16) -> Self {
        if let Some(track) = &mut self.track {
            track.alternate_group = group;
        }
        self.alternate_group = group;
        self
    }

    /// The name of the handler. Default: the kind of track.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        let name = name.into();
        if let Some(track) = &mut self.track {
            track.handler_name = name.clone();
        }
        self.name = Some(name);
        self
    }

    /// Points at other tracks, by their IDs in this writer: 1 for the input added first, and so on. A copied track's
    /// references are replaced. `addTrackAssociation(withTrackOf:type:)`.
    #[must_use]
    pub fn references(mut self, references: Vec<TrackReference>) -> Self {
        self.references = references;
        self
    }

    /// Facts about the track.
    #[must_use]
    pub fn metadata(mut self, metadata: impl IntoIterator<Item = MetadataItem>) -> Self {
        let metadata: Vec<_> = metadata.into_iter().collect();
        if let Some(track) = &mut self.track {
            track.metadata = metadata.clone();
        }
        self.metadata = metadata;
        self
    }

    /// No chunk is longer than this, a single longer sample excepted. Default 1 s. `preferredMediaChunkDuration`.
    #[must_use]
    pub fn chunk_duration(mut self, duration: Time) -> Self {
        self.chunk_duration = duration;
        self
    }

    /// The other inputs don't wait for this one when it has nothing to store. Default false.
    /// `MediaDataLocation.sparselyInterleavedWithMainMediaData`.
    #[must_use]
    pub fn sparse(mut self, sparse: bool) -> Self {
        self.sparse = sparse;
        self
    }

    /// Buffers of PCM whose times miss each other by no more are joined end to end: the clock that counts samples is
    /// steadier than the one times are read from. Sound is off by as much at most; where the two clocks differ in speed, it
    /// catches up in steps of this length, by silence or by leaving out. Default 10 ms; where times say when a buffer
    /// arrived rather than when it was recorded, 40 ms or more keep it whole. Without effect on what isn't encoded.
    #[must_use]
    pub fn join_within(mut self, tolerance: Time) -> Self {
        self.join_within = tolerance;
        self
    }

    /// The kind of track.
    pub fn media_type(&self) -> MediaType {
        match (&self.source, &self.track) {
            (_, Some(track)) => track.media,
            (InputSource::Video(..), _) => MediaType::Video,
            (InputSource::Audio(..), _) => MediaType::Audio,
            (InputSource::Copy(formats), _) => {
                formats.first().map_or(MediaType::Metadata, |format| media_of(format))
            }
        }
    }

    /// The track of this input: number `id`, with samples of these formats and in this timescale.
    pub(super) fn into_track(
        self,
        id: u32,
        file_type: FileType,
        formats: Vec<Arc<FormatDescription>>,
        encoder: Option<EncoderTrack>,
    ) -> TrackSettings {
        let media = self.media_type();
        let natural = formats.first().and_then(|format| Some(square_size(format.as_video()?)));
        let timescale = self
            .timescale
            .or(encoder.as_ref().map(|encoder| encoder.timescale))
            .or(self.track.as_ref().map(|track| track.timescale))
            .unwrap_or_else(|| default_timescale(&formats));
        let track = match self.track {
            Some(track) => Track { id, timescale, formats, references: self.references, ..track },
            None => Track {
                id,
                media,
                handler: handler_of(media),
                handler_name: self.name.unwrap_or_else(|| default_name(media)),
                timescale,
                media_duration: Time::ZERO,
                range: TimeRange::new(Time::ZERO, Time::ZERO),
                sample_count: None,
                byte_count: None,
                formats,
                enabled: self.enabled,
                header_flags: if file_type.family() == BoxFamily::QuickTime { 0xF } else { 0x3 },
                language: self.language,
                header_size: self.size.or(natural).map_or((0, 0), fixed_size),
                matrix: self.matrix,
                volume: self.volume.unwrap_or(if media == MediaType::Audio { 0x100 } else { 0 }),
                layer: self.layer,
                alternate_group: self.alternate_group,
                edits: Vec::new(),
                references: self.references,
                metadata: self.metadata,
                roll_distance: encoder.and_then(|encoder| encoder.roll_distance),
                creation_time: 0,
                foreign: Vec::new(),
            },
        };
        TrackSettings {
            presentation: self.presentation,
            chunks: Chunks::UpTo(self.chunk_duration),
            sparse: self.sparse,
            ..TrackSettings::copy(track)
        }
    }
}

/// What an encoder says about its track.
#[derive(Clone, Copy, Debug)]
pub(super) struct EncoderTrack {
    pub(super) timescale: Timescale,
    pub(super) roll_distance: Option<i16>,
}

impl EncoderTrack {
    pub(super) fn of_audio(format: &FormatDescription, priming: u32) -> Self {
        let audio = format.as_audio();
        let timescale = Timescale::or_one(audio.map_or(0, |audio| audio.sample_rate));
        let roll_distance = audio.filter(|_| priming > 0).and_then(|audio| match audio.codec {
            AudioCodec::Aac => Some(-1),
            // RFC 7845, 4.2: decoders converge within 80 ms.
            AudioCodec::Opus => {
                let packet = i16::try_from(audio.frames_per_packet.max(120)).ok()?;
                Some(-(3840 / packet))
            }
            _ => None,
        });
        Self { timescale, roll_distance }
    }
}

fn media_of(format: &FormatDescription) -> MediaType {
    match format {
        FormatDescription::Video(_) => MediaType::Video,
        FormatDescription::Audio(_) => MediaType::Audio,
        FormatDescription::Data(data) => data.media,
    }
}

fn default_timescale(formats: &[Arc<FormatDescription>]) -> Timescale {
    let rate = formats.first().and_then(|format| Some(format.as_audio()?.sample_rate));
    rate.and_then(Timescale::new).unwrap_or(Timescale::or_one(90_000))
}

const fn handler_of(media: MediaType) -> FourCc {
    match media {
        MediaType::Video => FourCc::new(b"vide"),
        MediaType::Audio => FourCc::new(b"soun"),
        MediaType::Text => FourCc::new(b"text"),
        MediaType::Subtitle => FourCc::new(b"sbtl"),
        MediaType::ClosedCaption => FourCc::new(b"clcp"),
        MediaType::Timecode => FourCc::new(b"tmcd"),
        MediaType::Metadata => FourCc::new(b"meta"),
        MediaType::Other(code) => code,
    }
}

fn default_name(media: MediaType) -> String {
    let mut name = media.name();
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    name + " handler"
}

/// The clean aperture, in square pixels.
fn square_size(video: &VideoFormat) -> Size {
    let clean = video.clean_aperture.and_then(|aperture| aperture.rect(video.size));
    let (width, height) =
        clean.map_or((video.size.width, video.size.height), |(_, _, width, height)| (width, height));
    let aspect = video.pixel_aspect.map_or(1.0, |aspect| aspect.to_f64());
    Size::new((f64::from(width) * aspect).round() as u32, height)
}

fn fixed_size(size: Size) -> (u32, u32) {
    let fixed = |pixels: u32| pixels.saturating_mul(0x1_0000);
    (fixed(size.width), fixed(size.height))
}
