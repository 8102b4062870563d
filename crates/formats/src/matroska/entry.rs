use bytes::Bytes;
use reelwright_media::{
    ChromaSiting, Color, ColorMatrix, ColorPrimaries, ColorRange, ContentLight, FieldOrder, FourCc, Language,
    MasteringDisplay, MediaType, TransferFunction,
};

use super::ebml::{elements, float, text, unsigned};
use super::encoding::{self, Encodings};
use crate::inflate::Coating;

/// A track as the segment describes it (RFC 9559, 5.1.4.1).
#[derive(Clone, Debug)]
pub(super) struct TrackEntry {
    pub(super) number: u64,
    pub(super) uid: u64,
    /// 1 video, 2 audio, 17 subtitles.
    pub(super) kind: u64,
    pub(super) enabled: bool,
    pub(super) default: bool,
    /// Nanoseconds per frame; 0 where not stated.
    pub(super) default_duration: u64,
    pub(super) name: String,
    /// Subtitles that are shown though subtitles are off.
    pub(super) forced: bool,
    pub(super) hearing_impaired: bool,
    pub(super) visual_impaired: bool,
    pub(super) commentary: bool,
    pub(super) language: Language,
    pub(super) codec: String,
    pub(super) private: Bytes,
    /// Nanoseconds the codec puts in front.
    pub(super) codec_delay: u64,
    /// Nanoseconds a decoder needs before what it puts out is right.
    pub(super) seek_pre_roll: u64,
    pub(super) video: Video,
    pub(super) audio: Audio,
    /// What was done to every frame.
    pub(super) coating: Coating,
    /// Why the frames can't be read, where that is so.
    pub(super) hidden: Option<String>,
    /// Dolby Vision configuration by four-character code.
    pub(super) dolby_vision: Option<([u8; 4], Bytes)>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Video {
    pub(super) width: u32,
    pub(super) height: u32,
    /// Pixels cut off at the left, right, top, bottom.
    pub(super) crop: [u32; 4],
    /// Width and height to show it in; 0 where not stated.
    pub(super) display: (u32, u32),
    /// 0: pixels. Anything else is a length or unknown.
    pub(super) display_unit: u64,
    pub(super) interlaced: u64,
    pub(super) field_order: Option<FieldOrder>,
    pub(super) color: Option<Color>,
    pub(super) bit_depth: Option<u8>,
    pub(super) mastering: Option<MasteringDisplay>,
    pub(super) content_light: Option<ContentLight>,
    /// Degrees counter-clockwise that a rectangular projection is rolled.
    pub(super) roll: f64,
    pub(super) projected: bool,
    /// `StereoMode`: how two views share a picture; 0 is one view.
    pub(super) stereo: u64,
    /// The block additions hold transparency.
    pub(super) transparent: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Audio {
    pub(super) rate: f64,
    pub(super) output_rate: f64,
    pub(super) channels: u16,
    pub(super) bits: u16,
}

impl TrackEntry {
    pub(super) fn parse(data: &[u8]) -> Self {
        let mut out = Self {
            number: 0,
            uid: 0,
            kind: 0,
            enabled: true,
            default: true,
            default_duration: 0,
            name: String::new(),
            forced: false,
            hearing_impaired: false,
            visual_impaired: false,
            commentary: false,
            // What the standard says of a track that says nothing.
            language: language("eng"),
            codec: String::new(),
            private: Bytes::new(),
            codec_delay: 0,
            seek_pre_roll: 0,
            video: Video::default(),
            audio: Audio { rate: 8000.0, output_rate: 0.0, channels: 1, bits: 0 },
            coating: Coating::default(),
            hidden: None,
            dolby_vision: None,
        };
        let (mut tag, mut encodings) = (None, &[][..]);
        for (id, data) in elements(data) {
            match id {
                0xD7 => out.number = unsigned(data),
                0x73C5 => out.uid = unsigned(data),
                0x83 => out.kind = unsigned(data),
                0xB9 => out.enabled = unsigned(data) != 0,
                0x88 => out.default = unsigned(data) != 0,
                0x23_E383 => out.default_duration = unsigned(data),
                0x536E => out.name = text(data),
                0x55AA => out.forced = unsigned(data) != 0,
                0x55AB => out.hearing_impaired = unsigned(data) != 0,
                0x55AC => out.visual_impaired = unsigned(data) != 0,
                0x55AF => out.commentary = unsigned(data) != 0,
                0x22_B59C => out.language = language(&text(data)),
                0x22_B59D => tag = Some(text(data)),
                0x86 => out.codec = text(data),
                0x63A2 => out.private = Bytes::copy_from_slice(data),
                0x56AA => out.codec_delay = unsigned(data),
                0x56BB => out.seek_pre_roll = unsigned(data),
                0xE0 => out.video = Video::parse(data),
                0xE1 => out.audio = Audio::parse(data),
                0x6D80 => encodings = data,
                0x41E4 => out.read_addition(data),
                _ => {}
            }
        }
        match encoding::read(encodings) {
            Ok(Encodings { frames, private }) => {
                out.coating = frames;
                match private.undo(&out.private) {
                    Ok(private) => out.private = private.into(),
                    Err(error) => out.hidden = Some(format!("of its private data {}", error.message())),
                }
            }
            Err(error) => out.hidden = Some(error.message().to_owned()),
        }
        if let Some(tag) = tag {
            let code = tag.split('-').next().unwrap_or_default();
            out.language = language(code).with_tag(tag);
        }
        out
    }

    /// The track's ID here: its number. IDs are 32 bits; numbers beyond that exist on paper only.
    pub(super) fn id(&self) -> u32 {
        u32::try_from(self.number).unwrap_or(u32::MAX).max(1)
    }

    /// What it carries.
    pub(super) fn media(&self) -> MediaType {
        match self.kind {
            1 => MediaType::Video,
            2 => MediaType::Audio,
            17 => MediaType::Subtitle,
            33 => MediaType::Metadata,
            _ => MediaType::Other(FourCc::new(b"data")),
        }
    }

    /// `BlockAdditionMapping`: the configuration of Dolby Vision stands there.
    fn read_addition(&mut self, data: &[u8]) {
        let (mut kind, mut extra) = (0, &[][..]);
        for (id, data) in elements(data) {
            match id {
                0x41E7 => kind = unsigned(data),
                0x41ED => extra = data,
                _ => {}
            }
        }
        let code = (kind as u32).to_be_bytes();
        if matches!(&code, b"dvcC" | b"dvvC" | b"dvwC") {
            self.dolby_vision = Some((code, Bytes::copy_from_slice(extra)));
        }
    }
}

impl Video {
    /// What the track says of its pictures that goes no further than here.
    pub(super) fn unread(&self) -> impl Iterator<Item = &'static str> {
        [
            (self.transparent, "the transparency that stands in its block additions"),
            (self.stereo != 0, "how its pictures show two views (StereoMode)"),
            (self.projected, "what its pictures are projected onto (ProjectionType)"),
        ]
        .into_iter()
        .filter_map(|(there, what)| there.then_some(what))
    }

    fn parse(data: &[u8]) -> Self {
        let mut out = Self::default();
        let long = |data: &[u8]| u32::try_from(unsigned(data)).unwrap_or(0);
        let mut fields = 2;
        for (id, data) in elements(data) {
            match id {
                0xB0 => out.width = long(data),
                0xBA => out.height = long(data),
                0x54CC => out.crop[0] = long(data),
                0x54DD => out.crop[1] = long(data),
                0x54BB => out.crop[2] = long(data),
                0x54AA => out.crop[3] = long(data),
                0x54B0 => out.display.0 = long(data),
                0x54BA => out.display.1 = long(data),
                0x54B2 => out.display_unit = unsigned(data),
                0x9A => out.interlaced = unsigned(data),
                0x9D => fields = unsigned(data),
                0x53B8 => out.stereo = unsigned(data),
                0x53C0 => out.transparent = unsigned(data) != 0,
                0x55B0 => out.read_color(data),
                0x7670 => out.read_projection(data),
                _ => {}
            }
        }
        out.field_order = match (out.interlaced, fields) {
            (2, _) => Some(FieldOrder::Progressive),
            (1, 1 | 9) => Some(FieldOrder::TopFirst),
            (1, 6 | 14) => Some(FieldOrder::BottomFirst),
            _ => None,
        };
        out
    }

    fn read_color(&mut self, data: &[u8]) {
        let mut color = Color::UNSPECIFIED;
        let mut light = ContentLight { max: 0, max_frame_average: 0 };
        let byte = |data: &[u8]| u8::try_from(unsigned(data)).unwrap_or(2);
        let short = |data: &[u8]| u16::try_from(unsigned(data)).unwrap_or(u16::MAX);
        let (mut across, mut down) = (0, 0);
        for (id, data) in elements(data) {
            match id {
                0x55B1 => color.matrix = ColorMatrix(byte(data)),
                0x55B2 => self.bit_depth = Some(byte(data)).filter(|&bits| bits >= 8),
                0x55B7 => across = unsigned(data),
                0x55B8 => down = unsigned(data),
                0x55B9 => {
                    color.range = match unsigned(data) {
                        1 => Some(ColorRange::Video),
                        2 => Some(ColorRange::Full),
                        _ => None,
                    }
                }
                0x55BA => color.transfer = TransferFunction(byte(data)),
                0x55BB => color.primaries = ColorPrimaries(byte(data)),
                0x55BC => light.max = short(data),
                0x55BD => light.max_frame_average = short(data),
                0x55D0 => self.mastering = mastering(data),
                _ => {}
            }
        }
        // 1: with the first column or row; 2: between two.
        color.siting = match (across, down) {
            (1, 1) => Some(ChromaSiting::TopLeft),
            (1, 2) => Some(ChromaSiting::Left),
            (2, 1) => Some(ChromaSiting::Top),
            (2, 2) => Some(ChromaSiting::Center),
            _ => None,
        };
        self.color = Some(color);
        self.content_light = (light.max > 0 || light.max_frame_average > 0).then_some(light);
    }

    fn read_projection(&mut self, data: &[u8]) {
        for (id, data) in elements(data) {
            match id {
                0x7671 => self.projected = unsigned(data) != 0,
                0x7675 => self.roll = float(data),
                _ => {}
            }
        }
    }
}

/// `MasteringMetadata`: floats of chromaticity and cd/m².
fn mastering(data: &[u8]) -> Option<MasteringDisplay> {
    let mut values = [None; 10];
    for (id, data) in elements(data) {
        let slot = id.checked_sub(0x55D1).and_then(|index| values.get_mut(index as usize));
        if let Some(slot) = slot {
            *slot = Some(float(data)).filter(|value| value.is_finite() && *value >= 0.0);
        }
    }
    // The cast saturates, and the values are finite and not negative.
    let point =
        |x: usize| Some(((values[x]? * 50_000.0).round() as u16, (values[x + 1]? * 50_000.0).round() as u16));
    let luminance = |index: usize| Some((values[index]? * 10_000.0).round() as u32);
    let (red, green, blue) = (point(0)?, point(2)?, point(4)?);
    Some(MasteringDisplay {
        primaries: [green, blue, red],
        white: point(6)?,
        max_luminance: luminance(8)?,
        min_luminance: luminance(9)?,
    })
}

impl Audio {
    fn parse(data: &[u8]) -> Self {
        let mut out = Self { rate: 8000.0, output_rate: 0.0, channels: 1, bits: 0 };
        for (id, data) in elements(data) {
            match id {
                0xB5 => out.rate = float(data),
                0x78B5 => out.output_rate = float(data),
                0x9F => out.channels = u16::try_from(unsigned(data)).unwrap_or(0),
                0x6264 => out.bits = u16::try_from(unsigned(data)).unwrap_or(0),
                _ => {}
            }
        }
        out
    }
}

/// A language by its ISO 639-2 code or a two-letter code.
pub(super) fn language(code: &str) -> Language {
    const SHORT: [(&str, &str); 13] = [
        ("en", "eng"),
        ("de", "deu"),
        ("fr", "fra"),
        ("es", "spa"),
        ("it", "ita"),
        ("pt", "por"),
        ("nl", "nld"),
        ("ja", "jpn"),
        ("zh", "zho"),
        ("ko", "kor"),
        ("ru", "rus"),
        ("sv", "swe"),
        ("pl", "pol"),
    ];
    let known = SHORT.iter().find(|(from, _)| *from == code).map_or(code, |(_, to)| *to);
    Language::from_code(known).unwrap_or_default()
}
