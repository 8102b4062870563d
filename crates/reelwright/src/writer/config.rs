use std::sync::Arc;

use reelwright_codec::{AudioEncoderSettings, EncoderSpecification, VideoEncoderSettings};
use reelwright_media::{
    AudioCodec, BoxFamily, Error, FormatDescription, FourCc, Language, Matrix, MediaType, MetadataItem,
    Result, Size, Time, TimeRange, Timescale, Track, VideoFormat,
};
use reelwright_mux::{Chunks, FileType, Presentation, TrackSettings};

/// What an input takes and what its track will be: `InputConfig::encode_video(settings).language(..).sparse(true)`.
/// `AVAssetWriterInput` before it is added.
///
/// Fields are read; methods of the same names set them. Everything not set is chosen by what is written: header size and
/// volume by the format, flags by the file type.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct InputConfig {
    /// Where its samples come from.
    pub source: InputSource,
    /// Which encoders may be chosen; for inputs that encode. Default any.
    pub encoder: Option<EncoderSpecification>,
    /// Whether a copied track presents the part of the session its samples fall into, instead of its own edits. Default
    /// false for [`Self::copy_track`], true for all others.
    pub follow_session: bool,
    /// Ticks per second of the track. Default: those of the copied track or of the encoder; for a format alone its
    /// sample rate, or 90000 for what isn't sound. Sound that is encoded has no other than its sample rate.
    /// `mediaTimeScale`.
    pub timescale: Option<Timescale>,
    /// Whether players present the track by default. Default true. `marksOutputTrackAsEnabled`.
    pub enabled: bool,
    /// The language of the track. Default undetermined. `languageCode`, `extendedLanguageTag`.
    pub language: Language,
    /// The size of the presented picture. Default: the clean aperture in square pixels. `naturalSize`.
    pub natural_size: Option<Size>,
    /// How the picture is turned and placed. Default as it is. `transform`.
    pub transform: Matrix,
    /// Loudness, 1.0 being full; kept in steps of 1/256, below 128. Default full for sound, none for the rest.
    /// `preferredVolume`.
    pub volume: Option<f32>,
    /// Front-to-back order; lower is nearer. Default 0.
    pub layer: i16,
    /// Tracks that share a number other than zero exclude each other. Default 0.
    pub alternate_group: u16,
    /// The name of the handler. Default: the kind of track.
    pub name: Option<String>,
    /// Facts about the track. Default none.
    pub metadata: Vec<MetadataItem>,
    /// No chunk is longer than this, a single longer sample excepted. Default 1 s. `preferredMediaChunkDuration`.
    pub chunk_duration: Time,
    /// Whether the other inputs go on without this one when it has nothing to store. Default false.
    /// `MediaDataLocation.sparselyInterleavedWithMainMediaData`.
    pub sparse: bool,
    /// For sound that is encoded: buffers whose times miss each other by no more are joined end to end. The clock that
    /// counts samples is steadier than the one times are read from. Sound is off by as much at most; where the two clocks
    /// differ in speed, it catches up in steps of this length, by silence or by leaving out. Default 10 ms; where times say
    /// when a buffer arrived rather than when it was recorded, 40 ms or more keep it whole.
    pub join_within: Option<Time>,
    /// What a copied track has beside these.
    track: Option<Box<Track>>,
    /// Whether samples may be decoded at one time, as those of the input they are copied from.
    times_as_stored: bool,
}

/// Where the samples of a track come from.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum InputSource {
    /// They are given as they are to be stored; the formats known from the start.
    Copy(Vec<Arc<FormatDescription>>),
    /// They are made from pictures.
    Video(Box<VideoEncoderSettings>),
    /// They are made from PCM.
    Audio(Box<AudioEncoderSettings>),
}

/// How far apart the times of two buffers of sound may be that are joined.
const JOINED: Time = Time::from_millis(10);
/// 8.8 fixed point ends here.
const LOUDEST: f32 = 128.0;

impl InputConfig {
    /// Samples are stored as they are given; `format` is that of the first. `outputSettings` nil.
    pub fn copy(format: Arc<FormatDescription>) -> Self {
        Self::new(InputSource::Copy(vec![format]))
    }

    /// Samples of `track` are stored as they are given, under a header like that of `track`; its edits are kept, and
    /// the session has no say in them unless [`Self::follow_session`] is asked for. Its ID is assigned anew, and its
    /// references are left out: they name tracks of another file
    /// ([`AssetWriterBuilder::associate`](super::AssetWriterBuilder::associate) makes new ones).
    pub fn copy_track(track: &Track) -> Self {
        Self {
            follow_session: false,
            enabled: track.enabled,
            language: track.language.clone(),
            transform: track.matrix,
            volume: Some(f32::from(track.volume) / 256.0),
            layer: track.layer,
            alternate_group: track.alternate_group,
            name: Some(track.handler_name.clone()),
            metadata: track.metadata.clone(),
            track: Some(Box::new(track.clone())),
            ..Self::new(InputSource::Copy(track.formats.clone()))
        }
    }

    /// Takes decode times as an input has them: two may be one.
    pub(crate) fn keep_times(mut self) -> Self {
        self.times_as_stored = true;
        self
    }

    /// Whether [`Self::times_as_stored`] was asked for.
    pub(super) fn keeps_times(&self) -> bool {
        self.times_as_stored
    }

    /// Pictures are encoded. Their times may have any scale; they are rounded to the settings' timescale. Pictures of
    /// another layout (BGRA, ...), size or colour than the settings' are converted as they are appended; a size of another
    /// shape is stretched.
    pub fn encode_video(settings: VideoEncoderSettings) -> Self {
        Self::new(InputSource::Video(Box::new(settings)))
    }

    /// PCM is encoded. Buffers of another sample rate or channel layout than the settings' are converted as they are
    /// appended, and may change from one to the next.
    ///
    /// The track lasts as long as the times of the buffers say. Those that miss each other by at most 10 ms
    /// ([`Self::join_within`]) are joined end to end; wider gaps are filled with silence, and of a buffer that begins
    /// before the end of the one before, what was heard already is left out. [`crate::FinishReport::sound_gaps`] says how
    /// much that was.
    pub fn encode_audio(settings: AudioEncoderSettings) -> Self {
        Self::new(InputSource::Audio(Box::new(settings)))
    }

    fn new(source: InputSource) -> Self {
        Self {
            source,
            encoder: None,
            follow_session: true,
            timescale: None,
            enabled: true,
            language: Language::UNDETERMINED,
            natural_size: None,
            transform: Matrix::IDENTITY,
            volume: None,
            layer: 0,
            alternate_group: 0,
            name: None,
            metadata: Vec::new(),
            chunk_duration: Time::from_secs(1),
            sparse: false,
            join_within: None,
            track: None,
            times_as_stored: false,
        }
    }

    /// The same input with this [`Self::encoder`].
    #[must_use]
    pub fn encoder(mut self, encoder: EncoderSpecification) -> Self {
        self.encoder = Some(encoder);
        self
    }

    /// The same input with this [`Self::follow_session`].
    #[must_use]
    pub fn follow_session(mut self, follow_session: bool) -> Self {
        self.follow_session = follow_session;
        self
    }

    /// The same input with this [`Self::timescale`].
    #[must_use]
    pub fn timescale(mut self, timescale: Timescale) -> Self {
        self.timescale = Some(timescale);
        self
    }

    /// The same input with this [`Self::enabled`].
    #[must_use]
    pub fn enabled(mut self, enabled: bool) -> Self {
        self.enabled = enabled;
        self
    }

    /// The same input with this [`Self::language`].
    #[must_use]
    pub fn language(mut self, language: Language) -> Self {
        self.language = language;
        self
    }

    /// The same input with this [`Self::natural_size`].
    #[must_use]
    pub fn natural_size(mut self, natural_size: Size) -> Self {
        self.natural_size = Some(natural_size);
        self
    }

    /// The same input with this [`Self::transform`].
    #[must_use]
    pub fn transform(mut self, transform: Matrix) -> Self {
        self.transform = transform;
        self
    }

    /// The same input with this [`Self::volume`].
    #[must_use]
    pub fn volume(mut self, volume: f32) -> Self {
        self.volume = Some(volume);
        self
    }

    /// The same input with this [`Self::layer`].
    #[must_use]
    pub fn layer(mut self, layer: i16) -> Self {
        self.layer = layer;
        self
    }

    /// The same input with this [`Self::alternate_group`].
    #[must_use]
    pub fn alternate_group(mut self, alternate_group: u16) -> Self {
        self.alternate_group = alternate_group;
        self
    }

    /// The same input with this [`Self::name`].
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The same input with these [`Self::metadata`].
    #[must_use]
    pub fn metadata(mut self, metadata: impl IntoIterator<Item = MetadataItem>) -> Self {
        self.metadata = metadata.into_iter().collect();
        self
    }

    /// The same input with this [`Self::chunk_duration`].
    #[must_use]
    pub fn chunk_duration(mut self, chunk_duration: Time) -> Self {
        self.chunk_duration = chunk_duration;
        self
    }

    /// The same input with this [`Self::sparse`].
    #[must_use]
    pub fn sparse(mut self, sparse: bool) -> Self {
        self.sparse = sparse;
        self
    }

    /// The same input with this [`Self::join_within`].
    #[must_use]
    pub fn join_within(mut self, join_within: Time) -> Self {
        self.join_within = Some(join_within);
        self
    }

    /// Refuses what makes no sense, and settings that would have no effect.
    pub(super) fn check(&self) -> Result<()> {
        let misuse = |message: String| Err(Error::misuse(message));
        if self.encoder.is_some() && matches!(self.source, InputSource::Copy(_)) {
            return misuse("an encoder is chosen for a track that is copied".into());
        }
        match self.join_within {
            Some(_) if !matches!(self.source, InputSource::Audio(_)) => {
                return misuse("only buffers of sound that is encoded are joined".into());
            }
            Some(time) if time.is_negative() => {
                return misuse(format!("buffers that overlap by {time} can't be joined: it is 0 or more"));
            }
            _ => {}
        }
        if self.chunk_duration <= Time::ZERO {
            return misuse(format!("chunks of {}: they are longer than 0", self.chunk_duration));
        }
        if let Some(volume) = self.volume.filter(|volume| !(-LOUDEST..LOUDEST).contains(volume)) {
            return misuse(format!("a volume of {volume}: 1.0 is full, and it is below {LOUDEST}"));
        }
        if let Some(size) = self.natural_size.filter(|size| size.width.max(size.height) > u16::MAX.into()) {
            return misuse(format!("a presented picture of {size}: its sides are at most {}", u16::MAX));
        }
        Ok(())
    }

    /// How far apart the times of two buffers may be that are joined.
    pub(super) fn tolerance(&self) -> Time {
        self.join_within.unwrap_or(JOINED)
    }

    /// The kind of track.
    pub fn media_type(&self) -> MediaType {
        match (&self.source, &self.track) {
            (_, Some(track)) => track.media,
            (InputSource::Video(_), _) => MediaType::Video,
            (InputSource::Audio(_), _) => MediaType::Audio,
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
        let presentation = if self.follow_session { Presentation::Session } else { Presentation::Edits };
        let header_size = self.natural_size.or(natural).map_or((0, 0), fixed_size);
        let full = if media == MediaType::Audio { 0x100 } else { 0 };
        let base = match self.track {
            Some(track) => {
                let size = self.natural_size.map_or(track.header_size, fixed_size);
                Track { header_size: size, ..*track }
            }
            None => blank_track(media, file_type, header_size, encoder),
        };
        let track = Track {
            id,
            timescale,
            formats,
            enabled: self.enabled,
            handler_name: self.name.unwrap_or_else(|| default_name(media)),
            language: self.language,
            matrix: self.transform,
            // Within 8.8 fixed point, as was checked.
            volume: self.volume.map_or(full, |volume| (volume * 256.0).round() as i16),
            layer: self.layer,
            alternate_group: self.alternate_group,
            references: Vec::new(),
            metadata: self.metadata,
            ..base
        };
        let chunks = Chunks::UpTo(self.chunk_duration);
        TrackSettings { presentation, chunks, sparse: self.sparse, ..TrackSettings::copy(track) }
    }
}

/// A track of which nothing is known but its kind.
fn blank_track(
    media: MediaType,
    file_type: FileType,
    header_size: (u32, u32),
    encoder: Option<EncoderTrack>,
) -> Track {
    Track {
        id: 0,
        media,
        handler: handler_of(media),
        handler_name: String::new(),
        timescale: Timescale::SECONDS,
        media_duration: Time::ZERO,
        range: TimeRange::new(Time::ZERO, Time::ZERO),
        sample_count: None,
        byte_count: None,
        formats: Vec::new(),
        enabled: true,
        header_flags: if file_type.family() == BoxFamily::QuickTime { 0xF } else { 0x3 },
        language: Language::UNDETERMINED,
        header_size,
        matrix: Matrix::IDENTITY,
        volume: 0,
        layer: 0,
        alternate_group: 0,
        edits: Vec::new(),
        references: Vec::new(),
        metadata: Vec::new(),
        roll_distance: encoder.and_then(|encoder| encoder.roll_distance),
        creation_time: 0,
        foreign: Vec::new(),
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
