use reelwright_bitstream::aac::{AdtsHeader, LatmReader, loas_frame};
use reelwright_bitstream::ac3::SyncFrame;
use reelwright_bitstream::mpeg_audio::MpegAudioHeader;
use reelwright_media::{AudioCodec, AudioFormat, CodecConfig, Error, FourCc, Result};

use super::pending::Pending;
use super::units::{Splitter, Unit, Units};
use crate::{adts, dolby, mpeg_audio};

/// Cuts sound into packets by the headers of its frames.
#[derive(Debug)]
pub(super) struct Sound {
    kind: Kind,
    format: Option<Result<AudioFormat>>,
    /// Bytes that belong to no frame.
    pub(super) junk: u64,
}

#[derive(Debug)]
enum Kind {
    Mpeg(Option<MpegAudioHeader>),
    /// AAC of which nothing has come yet.
    Aac,
    Adts(Option<AdtsHeader>),
    Latm(LatmReader),
    Dolby,
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
        Self::of(Kind::Mpeg(None))
    }

    /// AAC in ADTS or LATM: the stream itself decides, for broadcasters announce one and send the other.
    pub(super) fn aac() -> Self {
        Self::of(Kind::Aac)
    }

    pub(super) fn dolby() -> Self {
        Self::of(Kind::Dolby)
    }

    fn of(kind: Kind) -> Self {
        Self { kind, format: None, junk: 0 }
    }

    /// What the stream is.
    pub(super) fn describe(&self) -> Result<AudioFormat> {
        self.format.clone().unwrap_or_else(|| Err(Error::malformed("no frame of sound was found")))
    }

    /// The reader that has seen the configuration, where packets must be taken out of LATM.
    pub(super) fn latm_reader(&self) -> Option<&LatmReader> {
        if let Kind::Latm(reader) = &self.kind { Some(reader) } else { None }
    }

    fn front(&self, bytes: &[u8], last: bool) -> Front {
        let length = match &self.kind {
            Kind::Mpeg(first) => MpegAudioHeader::parse(bytes).ok().and_then(|header| {
                let sound = first.is_none_or(|first| first.same_stream(&header));
                sound.then_some(header.frame_length as usize)
            }),
            Kind::Adts(first) => AdtsHeader::parse(bytes).ok().and_then(|header| {
                let sound = first.is_none_or(|first| first.same_stream(&header));
                sound.then_some(header.frame_length as usize)
            }),
            Kind::Latm(_) => loas_frame(bytes),
            Kind::Aac => None,
            Kind::Dolby => return dolby_front(bytes, last),
        };
        match length {
            _ if bytes.len() < SyncFrame::PREFIX && !last => Front::More,
            None | Some(0) => Front::Junk,
            Some(length) if length > bytes.len() => {
                if last {
                    Front::Junk
                } else {
                    Front::More
                }
            }
            Some(length) => Front::Frame(length),
        }
    }

    fn take(&mut self, pending: &mut Pending, length: usize, out: &mut Units) {
        let held = self.read(&pending.bytes()[..length]);
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
            None => {}
        }
    }

    /// What the whole frame `bytes` holds.
    fn read(&mut self, bytes: &[u8]) -> Option<Held> {
        match &mut self.kind {
            Kind::Mpeg(first) => {
                let header = MpegAudioHeader::parse(bytes).ok()?;
                first.get_or_insert(header);
                self.format.get_or_insert_with(|| Ok(mpeg_audio::format_of(&header)));
                Some(Held::Packet { samples: header.samples, header: 0 })
            }
            Kind::Adts(first) => {
                let header = AdtsHeader::parse(bytes).ok()?;
                first.get_or_insert(header);
                let data = bytes.get(header.header_length as usize..)?;
                self.format.get_or_insert_with(|| adts::format_of(&header, data));
                Some(Held::Packet { samples: 1024, header: header.header_length })
            }
            Kind::Latm(reader) => {
                let frame = reader.read(bytes.get(3..)?).ok()??;
                let samples = reader.config()?.output_frame_length();
                self.format.get_or_insert_with(|| latm_format(reader));
                let size = |packet: &Vec<u8>| u32::try_from(packet.len()).unwrap_or(u32::MAX);
                Some(Held::Parts { samples, sizes: frame.packets.iter().map(size).collect() })
            }
            Kind::Aac => None,
            Kind::Dolby => {
                let frame = SyncFrame::parse(bytes).ok()?;
                self.format.get_or_insert_with(|| dolby::describe(bytes));
                Some(Held::Packet { samples: frame.samples, header: 0 })
            }
        }
    }
}

/// What a frame holds, each packet of so many PCM frames.
enum Held {
    /// One packet, behind a header of so many bytes.
    Packet { samples: u32, header: u32 },
    /// Packets of these sizes, which don't stand at byte boundaries.
    Parts { samples: u32, sizes: Vec<u32> },
}

fn latm_format(reader: &LatmReader) -> Result<AudioFormat> {
    let missing = || Error::malformed("LATM without a configuration");
    let config = reader.config().ok_or_else(missing)?;
    let bytes = reader.config_bytes().ok_or_else(missing)?.to_vec();
    let codec = if config.object_type == 42 { AudioCodec::Usac } else { AudioCodec::Aac };
    Ok(AudioFormat {
        layout: config.layout(),
        frames_per_packet: config.output_frame_length(),
        config: Some(CodecConfig { kind: FourCc::new(b"esds"), bytes: bytes.into() }),
        ..AudioFormat::new(codec, FourCc::new(b"mp4a"), config.output_sample_rate(), config.output_channels())
    })
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
        if let (Kind::Aac, false) = (&self.kind, pending.bytes().is_empty()) {
            let latm = loas_frame(pending.bytes()).is_some();
            self.kind = if latm { Kind::Latm(LatmReader::new()) } else { Kind::Adts(None) };
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
                    self.junk += skip as u64;
                    pending.skip(skip);
                }
            }
        }
    }
}
