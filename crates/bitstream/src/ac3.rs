//! AC-3 and Enhanced AC-3 (ETSI TS 102 366): sync frames, `dac3`, `dec3`.

use reelwright_media::{Channel, ChannelLayout, CodecConfig, Error, FourCc, Result};

use crate::{BitReader, BitWriter};

/// The beginning of a sync frame: `syncinfo` and `bsi` (4.3, 4.4 and E.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyncFrame {
    /// Whether it is Enhanced AC-3.
    pub enhanced: bool,
    /// `fscod`.
    pub rate_code: u8,
    /// Hz.
    pub sample_rate: u32,
    /// Bytes of the frame, sync word included.
    pub frame_length: u32,
    /// PCM frames: 256 per audio block.
    pub samples: u32,
    /// `bsid`.
    pub bsid: u8,
    /// `bsmod`.
    pub bsmod: u8,
    /// `acmod`: which full-range channels there are.
    pub acmod: u8,
    /// Whether there is a low-frequency channel.
    pub lfe: bool,
    /// `frmsizecod` divided by two: AC-3's index of bit rates.
    pub bit_rate_code: u8,
    /// `strmtyp` of Enhanced AC-3: 0 independent, 1 dependent, 2 converted from AC-3.
    pub stream_type: u8,
    /// `substreamid` of Enhanced AC-3.
    pub substream: u8,
    /// `chanmap` of a dependent substream, where present.
    pub channel_map: Option<u16>,
}

/// Kilobits per second by `frmsizecod / 2` (table 4.13).
const BIT_RATES: [u32; 19] =
    [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640];

impl SyncFrame {
    /// Enough bytes for [`Self::parse`].
    pub const PREFIX: usize = 16;

    /// Parses the frame at the start of `bytes`, of which the first [`Self::PREFIX`] bytes suffice.
    ///
    /// # Errors
    ///
    /// Where there is no sync word or a field has a reserved value.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let mut reader = BitReader::new(bytes);
        if reader.bits(16)? != 0x0B77 {
            return Err(Error::malformed("no AC-3 sync word"));
        }
        let bsid = bytes.get(5).map_or(0, |byte| byte >> 3);
        match bsid {
            0..=10 => Self::read_ac3(&mut reader),
            11..=16 => Self::read_eac3(&mut reader),
            _ => Err(Error::unsupported(format!("AC-3 of bsid {bsid}; 0 to 16 are known"))),
        }
    }

    fn read_ac3(reader: &mut BitReader<'_>) -> Result<Self> {
        reader.skip(16)?; // crc1
        let (rate_code, size_code) = (reader.small(2)?, reader.small(6)?);
        let (bsid, bsmod, acmod) = (reader.small(5)?, reader.small(3)?, reader.small(3)?);
        if acmod & 1 != 0 && acmod != 1 {
            reader.skip(2)?; // cmixlev
        }
        if acmod & 4 != 0 {
            reader.skip(2)?; // surmixlev
        }
        if acmod == 2 {
            reader.skip(2)?; // dsurmod
        }
        let lfe = reader.flag()?;
        let bit_rate_code = size_code / 2;
        let kilobits = *BIT_RATES
            .get(usize::from(bit_rate_code))
            .ok_or_else(|| Error::malformed(format!("frmsizecod is {size_code}; at most 37 is allowed")))?;
        let full_rate =
            full_rate(rate_code).ok_or_else(|| Error::malformed("fscod 3 is reserved in AC-3"))?;
        // 1536 PCM frames of `kilobits`; at 44.1 kHz an odd code is one word longer.
        let words = kilobits * 96_000 / full_rate + u32::from(rate_code == 1 && size_code % 2 == 1);
        // bsid 9 and 10 halve and quarter the rate.
        let sample_rate = full_rate >> bsid.saturating_sub(8);
        Ok(Self {
            enhanced: false,
            rate_code,
            sample_rate,
            frame_length: words * 2,
            samples: 1536,
            bsid,
            bsmod,
            acmod,
            lfe,
            bit_rate_code,
            stream_type: 0,
            substream: 0,
            channel_map: None,
        })
    }

    fn read_eac3(reader: &mut BitReader<'_>) -> Result<Self> {
        let (stream_type, substream) = (reader.small(2)?, reader.small(3)?);
        let frame_length = (reader.bits(11)? + 1) * 2;
        let rate_code = reader.small(2)?;
        let second = reader.small(2)?;
        let (sample_rate, blocks) = if rate_code == 3 {
            let full = full_rate(second).ok_or_else(|| Error::malformed("fscod2 3 is reserved in E-AC-3"))?;
            (full / 2, 6)
        } else {
            let blocks = [1, 2, 3, 6][usize::from(second)];
            (full_rate(rate_code).unwrap_or(48_000), blocks)
        };
        let (acmod, lfe, bsid) = (reader.small(3)?, reader.flag()?, reader.small(5)?);
        for _ in 0..if acmod == 0 { 2 } else { 1 } {
            reader.skip(5)?; // dialnorm
            if reader.flag()? {
                reader.skip(8)?; // compr
            }
        }
        let channel_map = if stream_type == 1 && reader.flag()? { Some(reader.short(16)?) } else { None };
        Ok(Self {
            enhanced: true,
            rate_code,
            sample_rate,
            frame_length,
            samples: blocks * 256,
            bsid,
            bsmod: 0,
            acmod,
            lfe,
            bit_rate_code: 0,
            stream_type,
            substream,
            channel_map,
        })
    }

    /// Channels, the low-frequency one counted.
    pub const fn channels(&self) -> u16 {
        channel_count(self.acmod, self.lfe)
    }

    /// Which channel is which in what a decoder puts out.
    pub fn layout(&self) -> ChannelLayout {
        layout(self.acmod, self.lfe)
    }

    /// Bits per second of AC-3; of Enhanced AC-3, what this frame alone would make.
    pub const fn bit_rate(&self) -> u32 {
        let bits = self.frame_length as u64 * 8 * self.sample_rate as u64;
        (bits / self.samples as u64) as u32
    }

    /// The `dac3` configuration of a stream of such frames (F.4).
    pub fn dac3(&self) -> CodecConfig {
        let mut writer = BitWriter::new();
        writer.bits(self.rate_code.into(), 2);
        writer.bits(self.bsid.into(), 5);
        writer.bits(self.bsmod.into(), 3);
        writer.bits(self.acmod.into(), 3);
        writer.flag(self.lfe);
        writer.bits(self.bit_rate_code.into(), 5);
        writer.bits(0, 5);
        CodecConfig { kind: FourCc::new(b"dac3"), bytes: writer.finish().into() }
    }
}

/// Splits bytes that hold whole frames of one access unit.
pub fn sync_frames(bytes: &[u8]) -> impl Iterator<Item = (SyncFrame, &[u8])> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let frame = SyncFrame::parse(rest).ok()?;
        let (bytes, tail) = rest.split_at_checked(frame.frame_length as usize)?;
        rest = tail;
        Some((frame, bytes))
    })
}

/// The `dec3` configuration (F.6) of a stream of which `frames` are the frames of one access unit: an independent
/// substream and its dependent ones, then perhaps others. `None` where the first frame isn't independent.
pub fn dec3(frames: &[SyncFrame]) -> Option<CodecConfig> {
    frames.first().filter(|first| first.enhanced && first.stream_type != 1)?;
    let mut independent: Vec<(SyncFrame, Vec<SyncFrame>)> = Vec::new();
    for frame in frames {
        match independent.last_mut() {
            Some((_, dependent)) if frame.stream_type == 1 => dependent.push(*frame),
            _ => independent.push((*frame, Vec::new())),
        }
    }
    independent.truncate(8);
    let kilobits: u32 = frames.iter().map(|frame| frame.bit_rate() / 1000).sum();
    let mut writer = BitWriter::new();
    writer.bits(kilobits.min(0x1FFF).into(), 13);
    writer.bits(independent.len() as u64 - 1, 3);
    for (frame, dependent) in &independent {
        writer.bits(frame.rate_code.into(), 2);
        writer.bits(frame.bsid.into(), 5);
        writer.bits(0, 2); // reserved, asvc
        writer.bits(frame.bsmod.into(), 3);
        writer.bits(frame.acmod.into(), 3);
        writer.flag(frame.lfe);
        writer.bits(0, 3);
        writer.bits(dependent.len().min(15) as u64, 4);
        if dependent.is_empty() {
            writer.bits(0, 1);
        } else {
            let map = dependent.iter().fold(0, |map, frame| map | frame.channel_map.unwrap_or(0));
            writer.bits(locations(map).into(), 9);
        }
    }
    Some(CodecConfig { kind: FourCc::new(b"dec3"), bytes: writer.finish().into() })
}

/// `chan_loc` (table F.6.1) from `chanmap` (table E.1.4), whose bit 0 is the most significant: locations 5 (Lc/Rc) to 12
/// (LFE2) apart from two that `chan_loc` has no bit for.
fn locations(map: u16) -> u16 {
    let location = |bit: u16| map >> (15 - bit) & 1;
    [(5, 0), (6, 1), (7, 2), (8, 3), (9, 4), (10, 5), (11, 6), (12, 7), (14, 8)]
        .into_iter()
        .fold(0, |out, (from, to)| out | location(from) << to)
}

/// What `dac3` or `dec3` says of the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ac3Config {
    /// Hz, where the box says it.
    pub sample_rate: Option<u32>,
    /// Channels of the first programme, dependent substreams counted.
    pub channels: u16,
    /// Which channel is which, where the first substream has them all.
    pub layout: Option<ChannelLayout>,
    /// Bits per second.
    pub bit_rate: u32,
    /// Whether Dolby Atmos objects are signalled, and their complexity index.
    pub atmos: Option<u8>,
}

impl Ac3Config {
    /// Parses the body of `dac3`.
    pub fn parse_dac3(body: &[u8]) -> Result<Self> {
        let mut reader = BitReader::new(body);
        let rate_code = reader.small(2)?;
        let bsid = reader.small(5)?;
        reader.skip(3)?;
        let (acmod, lfe) = (reader.small(3)?, reader.flag()?);
        let code = usize::from(reader.small(5)?);
        Ok(Self {
            sample_rate: full_rate(rate_code).map(|rate| rate >> bsid.saturating_sub(8).min(3)),
            channels: channel_count(acmod, lfe),
            layout: Some(layout(acmod, lfe)),
            bit_rate: BIT_RATES.get(code).map_or(0, |kilobits| kilobits * 1000),
            atmos: None,
        })
    }

    /// Parses the body of `dec3`.
    pub fn parse_dec3(body: &[u8]) -> Result<Self> {
        let mut reader = BitReader::new(body);
        let bit_rate = reader.bits(13)? * 1000;
        let substreams = reader.bits(3)? + 1;
        let mut first = None;
        for _ in 0..substreams {
            let rate_code = reader.small(2)?;
            reader.skip(5 + 2 + 3)?;
            let (acmod, lfe) = (reader.small(3)?, reader.flag()?);
            reader.skip(3)?;
            let dependent = reader.bits(4)?;
            let extra = if dependent > 0 { reader.short(9)? } else { 0 };
            if dependent == 0 {
                reader.skip(1)?;
            }
            first.get_or_insert((rate_code, acmod, lfe, extra));
        }
        let (rate_code, acmod, lfe, extra) =
            first.ok_or_else(|| Error::malformed("dec3 without substreams"))?;
        // Bits of `chan_loc` that stand for pairs: Lc/Rc, Lrs/Rrs, Lsd/Rsd, Lw/Rw, Lvh/Rvh.
        let pairs = (extra & 0b0_0111_0011).count_ones();
        let added = extra.count_ones() + pairs;
        let atmos = match (reader.bits(7), reader.flag(), reader.small(8)) {
            (Ok(_), Ok(true), Ok(index)) => Some(index),
            _ => None,
        };
        Ok(Self {
            sample_rate: full_rate(rate_code),
            channels: channel_count(acmod, lfe) + added as u16,
            layout: (extra == 0).then(|| layout(acmod, lfe)),
            bit_rate,
            atmos,
        })
    }
}

const fn full_rate(code: u8) -> Option<u32> {
    Some(match code {
        0 => 48_000,
        1 => 44_100,
        2 => 32_000,
        _ => return None,
    })
}

const fn channel_count(acmod: u8, lfe: bool) -> u16 {
    let full = match acmod {
        1 => 1,
        0 | 2 => 2,
        3 | 4 => 3,
        5 | 6 => 4,
        _ => 5,
    };
    full + lfe as u16
}

fn layout(acmod: u8, lfe: bool) -> ChannelLayout {
    use Channel::*;
    let mut channels: Vec<Channel> = match acmod {
        1 => vec![Center],
        3 | 5 | 7 => vec![Left, Right, Center],
        _ => vec![Left, Right],
    };
    if lfe {
        channels.push(Lfe);
    }
    match acmod {
        4 | 5 => channels.push(BackCenter),
        6 | 7 => channels.extend([SideLeft, SideRight]),
        _ => {}
    }
    ChannelLayout::new(channels)
}

/// The configuration of a stream of which `unit` is the first access unit.
///
/// # Errors
///
/// Where no whole frame begins at its start.
pub fn config(unit: &[u8]) -> Result<(SyncFrame, CodecConfig)> {
    let frames: Vec<SyncFrame> = sync_frames(unit).map(|(frame, _)| frame).collect();
    let first = *frames.first().ok_or_else(|| Error::malformed("no whole AC-3 frame"))?;
    let config = if first.enhanced {
        dec3(&frames).ok_or_else(|| Error::malformed("an E-AC-3 stream begins with a dependent substream"))?
    } else {
        first.dac3()
    };
    Ok((first, config))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ac3_is_read() {
        // 48 kHz, 384 kbit/s, 3/2 with LFE.
        let frame = SyncFrame::parse(&[0x0B, 0x77, 0, 0, 0x1C, 0x40, 0xE1, 0, 0, 0, 0, 0]).unwrap();
        assert_eq!((frame.sample_rate, frame.frame_length, frame.samples), (48_000, 1536, 1536));
        assert_eq!((frame.channels(), frame.layout()), (6, ChannelLayout::surround_5_1()));
        let config = Ac3Config::parse_dac3(&frame.dac3().bytes).unwrap();
        assert_eq!((config.sample_rate, config.channels, config.bit_rate), (Some(48_000), 6, 384_000));
    }

    #[test]
    fn eac3_is_read_and_described() {
        let bytes = [0x0B, 0x77, 0x02, 0xFF, 0x3F, 0x86, 0xFF, 0, 0, 0, 0, 0];
        let frame = SyncFrame::parse(&bytes).unwrap();
        assert_eq!((frame.sample_rate, frame.frame_length, frame.samples), (48_000, 1536, 1536));
        assert_eq!((frame.enhanced, frame.channels(), frame.bsid), (true, 6, 16));
        let config = Ac3Config::parse_dec3(&dec3(&[frame]).unwrap().bytes).unwrap();
        assert_eq!((config.channels, config.bit_rate, config.atmos), (6, 384_000, None));
    }

    #[test]
    fn any_bytes_are_survived() {
        crate::noise::for_each(5000, |bytes| {
            let mut frame = vec![0x0B, 0x77];
            frame.extend(bytes);
            let _ = config(&frame);
            let _ = Ac3Config::parse_dac3(bytes);
            let _ = Ac3Config::parse_dec3(bytes);
        });
    }
}
