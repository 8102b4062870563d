use reelwright_bitstream::aac::{AdtsHeader, LatmReader, loas_frame};
use reelwright_bitstream::ac3::SyncFrame;
use reelwright_bitstream::mpeg_audio::MpegAudioHeader;

use super::pending::Pending;
use super::units::{Splitter, Unit, Units};
use crate::frames::{FrameKind, FrameKinds};
use crate::losses::Junk;

/// Cuts sound into packets by the headers of its frames.
#[derive(Debug)]
pub(super) struct Sound {
    syntax: Syntax,
    /// What the frames are.
    pub(super) kinds: FrameKinds,
    /// Bytes that belong to no frame, or to one that can't be read.
    pub(super) junk: Junk,
}

#[derive(Debug)]
enum Syntax {
    Mpeg,
    /// AAC of which nothing has come yet.
    Aac,
    Adts,
    Latm(Box<Latm>),
    Dolby,
}

/// AAC in LATM.
#[derive(Debug, Default)]
pub(super) struct Latm {
    reader: LatmReader,
    /// The reader as it has seen the configuration from each of these units on, by which packets are taken out again.
    pub(super) readers: Vec<(usize, LatmReader)>,
}

/// What stands at the front of the bytes that wait.
enum Front {
    /// A frame of so many bytes.
    Frame(usize),
    /// The beginning of one.
    More,
    /// Nothing that is known.
    Junk,
}

impl Sound {
    pub(super) fn mpeg() -> Self {
        Self::of(Syntax::Mpeg)
    }

    /// AAC in ADTS or LATM: the stream itself decides, for broadcasters announce one and send the other.
    pub(super) fn aac() -> Self {
        Self::of(Syntax::Aac)
    }

    pub(super) fn dolby() -> Self {
        Self::of(Syntax::Dolby)
    }

    fn of(syntax: Syntax) -> Self {
        Self { syntax, kinds: FrameKinds::default(), junk: Junk::default() }
    }

    /// What packets were taken out of, where that is LATM.
    pub(super) fn latm(&self) -> Option<&Latm> {
        if let Syntax::Latm(latm) = &self.syntax { Some(latm) } else { None }
    }

    /// What the header at the beginning of `bytes` says, and the length of its frame.
    fn header(&self, bytes: &[u8]) -> Option<(FrameKind, usize)> {
        match &self.syntax {
            Syntax::Mpeg => {
                let header = MpegAudioHeader::parse(bytes).ok()?;
                Some((FrameKind::Mpeg(header), header.frame_length as usize))
            }
            Syntax::Adts => {
                let header = AdtsHeader::parse(bytes).ok()?;
                Some((FrameKind::Adts(header), header.frame_length as usize))
            }
            _ => None,
        }
    }

    fn front(&self, bytes: &[u8], last: bool) -> Front {
        if matches!(self.syntax, Syntax::Dolby) {
            return dolby_front(bytes, last);
        }
        if bytes.len() < SyncFrame::PREFIX && !last {
            return Front::More;
        }
        let length = match self.header(bytes) {
            Some((kind, length)) => match self.is_believed(&kind, bytes, length, last) {
                Some(true) => Some(length),
                Some(false) => None,
                None => return Front::More,
            },
            None => loas_frame(bytes).filter(|_| matches!(self.syntax, Syntax::Latm(_))),
        };
        match length {
            None | Some(0) => Front::Junk,
            Some(length) if length <= bytes.len() => Front::Frame(length),
            Some(_) if last => Front::Junk,
            Some(_) => Front::More,
        }
    }

    /// Anything may look like a header. One that differs from those before it is believed where it leads to another of its
    /// kind, to one known before, or to the end; nothing where more bytes tell.
    fn is_believed(&self, kind: &FrameKind, bytes: &[u8], length: usize, last: bool) -> Option<bool> {
        if self.kinds.goes_on(kind) {
            return Some(true);
        }
        match bytes.get(length..).unwrap_or_default() {
            [] if last => Some(length == bytes.len()),
            rest if rest.len() < AdtsHeader::LENGTH && !last => None,
            rest => {
                Some(self.header(rest).is_some_and(|(next, _)| next.is_same(kind) || self.kinds.has(&next)))
            }
        }
    }

    fn take(&mut self, pending: &mut Pending, length: usize, out: &mut Units) {
        let held = self.read(&pending.bytes()[..length], out.rows.len());
        let unit = Unit::whole(pending.claim(length));
        match held {
            Some(Held::Packet { samples, header }) => {
                let ranges = if header > 0 { unit.ranges.without_front(header) } else { unit.ranges };
                let size = unit.size - header;
                out.push(Unit { ranges, size, bare: size, samples, ..unit });
            }
            Some(Held::Parts { samples, sizes }) => {
                for (part, size) in (0..).zip(sizes) {
                    let times = if part == 0 { unit.times } else { None };
                    out.push(Unit { size, bare: size, samples, part, times, ..unit.clone() });
                }
            }
            None => self.junk.add(length, out.rows.len()),
        }
    }

    /// What the whole frame `bytes` holds, which would be number `index`.
    fn read(&mut self, bytes: &[u8], index: usize) -> Option<Held> {
        match &mut self.syntax {
            Syntax::Mpeg => {
                let header = MpegAudioHeader::parse(bytes).ok()?;
                let taken = self.kinds.note(index, &FrameKind::Mpeg(header), bytes);
                taken.then_some(Held::Packet { samples: header.samples, header: 0 })
            }
            Syntax::Adts => {
                let header = AdtsHeader::parse(bytes).ok()?;
                let data = bytes.get(header.header_length as usize..)?;
                let taken = self.kinds.note(index, &FrameKind::Adts(header), data);
                let samples = 1024 * u32::from(header.blocks);
                taken.then_some(Held::Packet { samples, header: header.header_length })
            }
            Syntax::Latm(latm) => latm.read(bytes.get(3..)?, index, &mut self.kinds),
            Syntax::Aac => None,
            Syntax::Dolby => {
                let frame = SyncFrame::parse(bytes).ok()?;
                let taken = self.kinds.note(index, &FrameKind::Dolby(frame), bytes);
                taken.then_some(Held::Packet { samples: frame.samples, header: 0 })
            }
        }
    }
}

impl Latm {
    /// What an element holds whose first packet would be number `index`.
    fn read(&mut self, element: &[u8], index: usize, kinds: &mut FrameKinds) -> Option<Held> {
        let frame = self.reader.read(element).ok()??;
        let (config, bytes) = (self.reader.config()?, self.reader.config_bytes()?);
        let kind = FrameKind::Configured(Box::new(config.clone()), bytes.to_vec());
        let samples = config.frame_length;
        let first = frame.packets.first().map(|packet| &packet[..]).unwrap_or_default();
        if !kinds.note(index, &kind, first) {
            return None;
        }
        if self.readers.last().is_none_or(|(_, last)| *last != self.reader) {
            // How packets are laid out may change without the format.
            if self.readers.len() == FrameKinds::MOST_CHANGES {
                return None;
            }
            self.readers.push((index, self.reader.clone()));
        }
        let size = |packet: &Vec<u8>| u32::try_from(packet.len()).unwrap_or(u32::MAX);
        Some(Held::Parts { samples, sizes: frame.packets.iter().map(size).collect() })
    }
}

/// What a frame holds, each packet of so many PCM frames.
enum Held {
    /// One packet, behind a header of so many bytes.
    Packet { samples: u32, header: u32 },
    /// Packets of these sizes, which don't stand at byte boundaries.
    Parts { samples: u32, sizes: Vec<u32> },
}

/// An access unit of Dolby Digital: a frame, with the dependent and further substreams that follow it in the enhanced
/// kind.
fn dolby_front(bytes: &[u8], last: bool) -> Front {
    // Eight independent substreams, each with eight that depend on it (ETSI TS 102 366, E.2.3.1).
    const MOST: usize = 72;
    let mut at = 0;
    for _ in 0..MOST {
        let rest = &bytes[at..];
        if rest.len() < SyncFrame::PREFIX && !(last && rest.is_empty() && at > 0) {
            return if last { Front::Junk } else { Front::More };
        }
        match SyncFrame::parse(rest) {
            Ok(frame) if at > 0 && (!frame.enhanced || frame.stream_type != 1 && frame.substream == 0) => {
                return Front::Frame(at);
            }
            Ok(frame) => {
                let end = at + frame.frame_length as usize;
                if end > bytes.len() {
                    return if last { Front::Junk } else { Front::More };
                }
                if !frame.enhanced {
                    return Front::Frame(end);
                }
                at = end;
            }
            Err(_) if at > 0 => return Front::Frame(at),
            Err(_) => return Front::Junk,
        }
    }
    Front::Frame(at)
}

impl Splitter for Sound {
    fn split(&mut self, pending: &mut Pending, last: bool, out: &mut Units) {
        if let (Syntax::Aac, false) = (&self.syntax, pending.bytes().is_empty()) {
            let latm = loas_frame(pending.bytes()).is_some();
            self.syntax = if latm { Syntax::Latm(Box::default()) } else { Syntax::Adts };
        }
        loop {
            let bytes = pending.bytes();
            if bytes.is_empty() {
                return;
            }
            match self.front(bytes, last) {
                Front::More => return,
                Front::Frame(length) => self.take(pending, length, out),
                Front::Junk => {
                    // On to the next byte that may begin a header: 0xFF, LOAS's 0x56 or Dolby's 0x0B.
                    let may_begin = |byte: &u8| matches!(byte, 0xFF | 0x56 | 0x0B);
                    let skip = bytes[1..].iter().position(may_begin).map_or(bytes.len(), |at| at + 1);
                    self.junk.add(skip, out.rows.len());
                    pending.skip(skip);
                }
            }
        }
    }
}
