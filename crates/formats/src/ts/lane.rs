use reelwright_media::{Error, FourCc, MediaType, Result};

use super::clock::Clock;
use super::mpeg::Mpeg;
use super::packet::{Continuity, Packet};
use super::pending::{Pending, Stamps, Times};
use super::pes::{Opening, PesHeader, Unwrap};
use super::sound::Sound;
use super::tables::Stream;
use super::units::{AccessUnits, Splitter, Taken, Units, Whole};
use super::video::{Avc, Hevc};

/// One elementary stream while the file is read.
pub(super) struct Lane {
    pub(super) codec: Codec,
    /// Where packets stand in which PES packets begin.
    pub(super) starts: Vec<u64>,
    pub(super) units: Units,
    pending: Pending,
    /// What takes the PES header in; nothing once it is complete.
    opening: Option<Opening>,
    /// Nothing is taken in until another PES packet begins.
    lost: bool,
    continuity: Continuity,
    unwrap: Unwrap,
    /// The latest decode time so far.
    last: Option<i64>,
    /// Before this it can't begin, where it does so on the way.
    earliest: Option<i64>,
    /// Bytes that are scrambled.
    scrambled: u64,
    /// Bytes that waited in vain for the end of their unit.
    endless: u64,
}

/// What a stream carries, with what its splitter has learned.
pub(super) enum Codec {
    Avc(AccessUnits<Avc>),
    Hevc(AccessUnits<Hevc>),
    Mpeg(AccessUnits<Mpeg>),
    Sound(Sound),
    /// Subtitles, by four-character code.
    Subtitle(&'static [u8; 4], Whole),
}

impl Codec {
    /// What a stream of the program map carries.
    fn of(stream: &Stream) -> Result<Self> {
        let described = |tag: u8| stream.descriptor(tag);
        Ok(match (stream.kind, stream.registered()) {
            (0x01 | 0x02, _) => Self::Mpeg(AccessUnits::new(Mpeg::new(false))),
            (0x10, _) => Self::Mpeg(AccessUnits::new(Mpeg::new(true))),
            (0x1B, _) => Self::Avc(AccessUnits::new(Avc::default())),
            (0x24, _) => Self::Hevc(AccessUnits::new(Hevc::default())),
            (0x03 | 0x04, _) => Self::Sound(Sound::mpeg()),
            (0x0F | 0x11, _) => Self::Sound(Sound::aac()),
            (0x81 | 0x84 | 0x87 | 0xA1, _) => Self::Sound(Sound::dolby()),
            (0x90, _) => Self::Subtitle(b"pgs ", Whole),
            (0x06, Some(b"AC-3" | b"EAC3")) => Self::Sound(Sound::dolby()),
            (0x06, Some(b"HEVC")) => Self::Hevc(AccessUnits::new(Hevc::default())),
            (0x06, _) if described(0x6A).or(described(0x7A)).is_some() => Self::Sound(Sound::dolby()),
            (0x06, _) if described(0x59).is_some() => Self::Subtitle(b"dvbs", Whole),
            (0x06, _) if described(0x56).is_some() => Self::Subtitle(b"ttxt", Whole),
            _ => return Err(unread(stream)),
        })
    }

    fn splitter(&mut self) -> &mut dyn Splitter {
        match self {
            Self::Avc(units) => units,
            Self::Hevc(units) => units,
            Self::Mpeg(units) => units,
            Self::Sound(sound) => sound,
            Self::Subtitle(_, whole) => whole,
        }
    }

    /// The kind of track.
    pub(super) fn media(&self) -> MediaType {
        match self {
            Self::Avc(_) | Self::Hevc(_) | Self::Mpeg(_) => MediaType::Video,
            Self::Sound(_) => MediaType::Audio,
            Self::Subtitle(..) => MediaType::Subtitle,
        }
    }
}

/// What a stream carries, where that is known, and its name, where it isn't read.
fn named(stream: &Stream) -> (MediaType, &'static str) {
    const DATA: MediaType = MediaType::Other(FourCc::new(b"data"));
    use MediaType::{Audio, Metadata, Subtitle, Video};
    let disc = stream.program == Some(*b"HDMV");
    match (stream.kind, stream.registered()) {
        (_, Some(b"Opus")) => (Audio, "Opus"),
        (_, Some(b"AC-4")) => (Audio, "AC-4"),
        (_, Some(b"BSSD")) => (Audio, "PCM after SMPTE 302"),
        (_, Some(b"DTS1" | b"DTS2" | b"DTS3" | b"DTSH")) => (Audio, "DTS"),
        (_, Some(b"AV01")) => (Video, "AV1"),
        (_, Some(b"VC-1")) => (Video, "VC-1"),
        (_, Some(b"KLVA")) => (Metadata, "KLV metadata"),
        (0x06, _) if stream.descriptor(0x7B).is_some() => (Audio, "DTS"),
        (0x06, _) => (DATA, "private data"),
        (0x86, _) if disc => (Audio, "DTS"),
        (0x05 | 0x0B..=0x0D | 0x86 | 0xC0..=0xC6, _) => (DATA, "application data"),
        (0x15, _) => (Metadata, "timed metadata"),
        (0x1C | 0x2D | 0x2E, _) => (Audio, "MPEG-4 or MPEG-H sound"),
        (0x20, _) => (Video, "MVC video"),
        (0x21, _) => (Video, "JPEG 2000"),
        (0x33 | 0x34, _) => (Video, "VVC"),
        (0x80, _) if disc => (Audio, "LPCM"),
        (0x82 | 0x85 | 0x88..=0x8A | 0xA2, _) => (Audio, "DTS"),
        (0x83, _) => (Audio, "TrueHD"),
        (0x91, _) => (DATA, "interactive graphics"),
        (0x92, _) => (Subtitle, "text subtitles of Blu-ray"),
        (0xEA, _) => (Video, "VC-1"),
        _ => (DATA, "an unknown codec"),
    }
}

fn unread(stream: &Stream) -> Error {
    let registered = stream
        .registered()
        .map_or_else(String::new, |code| format!(", registered as '{}'", String::from_utf8_lossy(code)));
    let (kind, (_, name)) = (stream.kind, named(stream));
    Error::unsupported(format!("{name} (stream type 0x{kind:02x}{registered}) is not supported"))
}

/// What a stream of the program map carries, whether or not it is read.
pub(super) fn media_of(stream: &Stream) -> MediaType {
    Codec::of(stream).map_or_else(|_| named(stream).0, |codec| codec.media())
}

impl Lane {
    /// A stream of the program as it begins.
    ///
    /// # Errors
    ///
    /// Where what it carries isn't read.
    pub(super) fn new(stream: &Stream) -> Result<Self> {
        Ok(Self {
            codec: Codec::of(stream)?,
            starts: Vec::new(),
            units: Units::default(),
            pending: Pending::default(),
            opening: None,
            lost: true,
            continuity: Continuity::new(),
            unwrap: Unwrap::default(),
            last: None,
            earliest: None,
            scrambled: 0,
            endless: 0,
        })
    }

    /// A stream that begins now that the clock has got on.
    ///
    /// # Errors
    ///
    /// Where it isn't read, like [`Self::new`].
    pub(super) fn added(stream: &Stream, clock: &Clock) -> Result<Self> {
        Ok(Self { earliest: Some(clock.earliest()), ..Self::new(stream)? })
    }

    /// Takes in a packet that stands at `at`; `clock` is the one of all streams.
    ///
    /// # Errors
    ///
    /// Where the file can't hold as many samples as it seems to.
    pub(super) fn note(
        &mut self,
        packet: &Packet<'_>,
        at: u64,
        clock: &mut Clock,
        taken: &mut Taken,
    ) -> Result<()> {
        if packet.scrambled {
            self.scrambled += packet.payload.len() as u64;
            return Ok(());
        }
        if packet.payload.is_empty() || !self.continuity.is_new(packet) {
            return Ok(());
        }
        if packet.starts {
            self.units.split(self.codec.splitter(), &mut self.pending, false, taken)?;
            self.starts.push(at);
            self.opening = Some(Opening::new());
            self.lost = false;
        }
        if self.lost {
            return Ok(());
        }
        match self.opening.as_mut().map(|opening| opening.take(packet.payload)) {
            None => self.pending.append(packet.payload),
            Some(Ok(Some((header, data)))) => {
                self.opening = None;
                let times = self.times(&header, clock);
                let start = self.starts.last().copied().unwrap_or(at);
                self.pending.begin(start, times);
                self.pending.append(data);
            }
            Some(Ok(None)) => {}
            Some(Err(_)) => self.lose(),
        }
        if self.pending.bytes().len() > Pending::MOST {
            self.endless += self.pending.bytes().len() as u64;
            self.pending = Pending::default();
            self.codec.splitter().restart();
            self.lose();
        }
        Ok(())
    }

    /// The file is damaged here: nothing is believed until another PES packet begins.
    pub(super) fn lose(&mut self) {
        self.lost = true;
        self.opening = None;
        self.continuity = Continuity::new();
    }

    /// The stream has ended.
    pub(super) fn finish(&mut self, taken: &mut Taken) -> Result<()> {
        self.units.split(self.codec.splitter(), &mut self.pending, true, taken)?;
        self.pending = Pending::default();
        Ok(())
    }

    /// How many bytes were no use, and why.
    pub(super) fn unused(&self) -> impl Iterator<Item = (u64, &'static str)> {
        let unused =
            [(self.scrambled, "they are scrambled"), (self.endless, "no picture or frame ends among them")];
        unused.into_iter().filter(|(count, _)| *count > 0)
    }

    fn times(&mut self, header: &PesHeader, clock: &mut Clock) -> Times {
        let dts = header.dts.or(header.pts)?;
        let dts = self.unwrap.time(dts, clock.near);
        clock.near = Some(dts);
        // Subtitles come when they like.
        let leads = self.codec.media() != MediaType::Subtitle;
        let dts = clock.place(dts, self.last, self.earliest, leads);
        self.last = Some(self.last.map_or(dts, |last| last.max(dts)));
        // Both stamps are 33 bits of the same clock, close together.
        const WHOLE: i64 = 1 << 33;
        let lag = header.pts.zip(header.dts).map_or(0, |(pts, dts)| {
            let distance = i64::try_from(pts).unwrap_or(0) - i64::try_from(dts).unwrap_or(0);
            (distance + WHOLE / 2).rem_euclid(WHOLE) - WHOLE / 2
        });
        Some(Stamps { dts, pts: dts + lag })
    }
}
