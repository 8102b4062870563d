use reelwright_media::{Error, MediaType, Result};

use super::mpeg::Mpeg;
use super::packet::{Continuity, Packet};
use super::pending::{Pending, Times};
use super::pes::{PesHeader, Unwrap};
use super::sound::Sound;
use super::tables::Stream;
use super::units::{AccessUnits, Splitter, Unit, Whole};
use super::video::{Avc, Hevc};

/// One elementary stream while the file is read.
pub(super) struct Lane {
    pub(super) codec: Codec,
    /// Where packets stand in which PES packets begin.
    pub(super) starts: Vec<u64>,
    pub(super) units: Vec<Unit>,
    pending: Pending,
    /// The PES header, as far as it has come; nothing once it is complete.
    header: Option<Vec<u8>>,
    /// Nothing is taken in until another PES packet begins.
    lost: bool,
    continuity: Continuity,
    unwrap: Unwrap,
    /// Added to times, after they jumped back.
    shift: i64,
    last: Option<i64>,
    jumps: u32,
    scrambled: bool,
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
        let described =
            |tag: u8| stream.descriptors.iter().find(|(known, _)| *known == tag).map(|(_, body)| &body[..]);
        let registered = described(0x05).and_then(|body| body.first_chunk::<4>());
        Ok(match (stream.kind, registered) {
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
            (kind, registered) => return Err(Error::unsupported(unread(kind, registered))),
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

fn unread(kind: u8, registered: Option<&[u8; 4]>) -> String {
    let name = match kind {
        0x05 | 0x0B..=0x0D | 0x86 | 0xC0..=0xC6 => "application data",
        0x06 => "private data",
        0x15 => "timed metadata",
        0x20 => "MVC video",
        0x21 => "JPEG 2000",
        0x33 | 0x34 => "VVC",
        0x80 => "LPCM",
        0x82 | 0x85 | 0x86..=0x8A => "DTS",
        0x83 => "TrueHD",
        0xEA => "VC-1",
        _ => "an unknown codec",
    };
    let registered = registered
        .map_or_else(String::new, |code| format!(", registered as '{}'", String::from_utf8_lossy(code)));
    format!("{name} (stream type 0x{kind:02x}{registered}) is not supported")
}

impl Lane {
    pub(super) fn new(stream: &Stream) -> Result<Self> {
        Ok(Self {
            codec: Codec::of(stream)?,
            starts: Vec::new(),
            units: Vec::new(),
            pending: Pending::default(),
            header: None,
            lost: true,
            continuity: Continuity::default(),
            unwrap: Unwrap::default(),
            shift: 0,
            last: None,
            jumps: 0,
            scrambled: false,
        })
    }

    /// Takes in a packet that stands at `at`. `near` is the time last heard of in any stream.
    pub(super) fn note(&mut self, packet: &Packet<'_>, at: u64, near: &mut Option<i64>) {
        if packet.scrambled {
            self.scrambled = true;
            return;
        }
        if packet.payload.is_empty() || !self.continuity.is_new(packet) {
            return;
        }
        if packet.starts {
            self.codec.splitter().split(&mut self.pending, false, &mut self.units);
            self.starts.push(at);
            self.header = Some(Vec::new());
            self.lost = false;
        }
        if self.lost {
            return;
        }
        let Some(header) = &mut self.header else {
            self.pending.append(packet.payload);
            return;
        };
        header.extend_from_slice(packet.payload);
        match PesHeader::parse(header) {
            Ok(Some(found)) => {
                let data = header[found.length.min(header.len())..].to_vec();
                self.header = None;
                let times = self.times(&found, near);
                let start = self.starts.last().copied().unwrap_or(at);
                self.pending.begin(start, times);
                self.pending.append(&data);
            }
            Ok(None) => {}
            Err(_) => self.lose(),
        }
        if self.pending.bytes().len() > Pending::MOST {
            self.pending = Pending::default();
            self.lose();
        }
    }

    /// The file is damaged here: nothing is believed until another PES packet begins.
    pub(super) fn lose(&mut self) {
        self.lost = true;
        self.header = None;
        self.continuity = Continuity::default();
    }

    /// The stream has ended.
    pub(super) fn finish(&mut self, warnings: &mut Vec<String>) {
        self.codec.splitter().split(&mut self.pending, true, &mut self.units);
        if self.jumps > 0 {
            warnings.push(format!("{} times jump back; what follows goes on from there", self.jumps));
        }
        if self.scrambled {
            warnings.push("a stream is scrambled; what is scrambled is left out".into());
        }
    }

    fn times(&mut self, header: &PesHeader, near: &mut Option<i64>) -> Times {
        /// Half a second: more than any reordering, less than any cut.
        const JUMP: i64 = 45_000;
        let Some(dts) = header.dts.or(header.pts) else { return Times::default() };
        let dts = self.unwrap.time(dts, *near);
        *near = Some(dts);
        if let (Some(last), true) = (self.last, self.codec.media() != MediaType::Subtitle)
            && dts + self.shift < last - JUMP
        {
            self.shift = last - dts;
            self.jumps += 1;
        }
        // Both stamps are 33 bits of the same clock, close together.
        let lag = header.pts.map(|pts| {
            const WHOLE: i64 = 1 << 33;
            let distance =
                i64::try_from(pts).unwrap_or(0) - i64::try_from(header.dts.unwrap_or(pts)).unwrap_or(0);
            (distance + WHOLE / 2).rem_euclid(WHOLE) - WHOLE / 2
        });
        let dts = dts + self.shift;
        self.last = Some(self.last.map_or(dts, |last| last.max(dts)));
        Times { dts: Some(dts), pts: lag.map(|lag| dts + lag) }
    }
}
