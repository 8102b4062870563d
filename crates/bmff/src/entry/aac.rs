use reelwright_bitstream::BitReader;
use reelwright_media::{Channel, ChannelLayout, Error, Result};

/// What an AudioSpecificConfig says of the decoder's output (ISO/IEC 14496-3, 1.6.2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AacFacts {
    /// `audioObjectType` of the core.
    pub(super) object_type: u8,
    /// Frames per second put out, with band replication where that is signalled.
    pub(super) sample_rate: u32,
    /// Channels put out, with parametric stereo where that is signalled.
    pub(super) channels: u16,
    /// PCM frames put out per packet.
    pub(super) frame_length: u32,
    /// Which channel is which, in WAVE order.
    pub(super) layout: Option<ChannelLayout>,
}

const SAMPLE_RATES: [u32; 13] =
    [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];

/// Of USAC, from index 15 (ISO/IEC 23003-3, table 67).
const USAC_RATES: [u32; 12] =
    [51_200, 40_000, 38_400, 34_150, 28_800, 25_600, 20_000, 19_200, 17_075, 14_400, 12_800, 9_600];

/// Reads the configuration.
pub(super) fn facts(config: &[u8]) -> Result<AacFacts> {
    let mut r = BitReader::new(config);
    let mut object_type = object_type(&mut r)?;
    let core_rate = sample_rate(&mut r)?;
    let mut configuration = r.small(4)?;
    let (mut extended_rate, mut parametric) = (None, false);
    if matches!(object_type, 5 | 29) {
        parametric = object_type == 29;
        extended_rate = Some(sample_rate(&mut r)?);
        object_type = self::object_type(&mut r)?;
        if object_type == 22 {
            r.skip(4)?;
        }
    }
    if object_type == 42 {
        return usac(&mut r);
    }
    let mut channels = channel_count(configuration);
    let mut frame_length = 1024;
    if matches!(object_type, 1..=4 | 6 | 7 | 17 | 19..=23) {
        let short = r.flag()?;
        frame_length = match (object_type, short) {
            (23, false) => 512,
            (23, true) => 480,
            (_, true) => 960,
            (_, false) => 1024,
        };
        if r.flag()? {
            r.skip(14)?;
        }
        let extension = r.flag()?;
        if configuration == 0 {
            channels = program_channels(&mut r)?;
        }
        if matches!(object_type, 6 | 20) {
            r.skip(3)?;
        }
        if extension {
            r.skip(match object_type {
                22 => 16,
                17 | 19 | 20 | 23 => 3,
                _ => 0,
            })?;
            r.skip(1)?;
        }
        if extended_rate.is_none()
            && let Some((rate, stereo)) = late_extension(&mut r)
        {
            (extended_rate, parametric) = (Some(rate), stereo);
        }
    } else if object_type == 39 {
        frame_length = if r.flag()? { 480 } else { 512 };
    }
    if parametric && channels == 1 {
        (channels, configuration) = (2, 2);
    }
    if extended_rate.is_some_and(|rate| rate != core_rate) {
        frame_length *= 2;
    }
    Ok(AacFacts {
        object_type,
        sample_rate: extended_rate.unwrap_or(core_rate),
        channels,
        frame_length,
        layout: layout(configuration),
    })
}

/// Band replication signalled behind the configuration: its rate, and whether parametric stereo comes with it.
fn late_extension(r: &mut BitReader<'_>) -> Option<(u32, bool)> {
    if r.remaining() < 16 || r.bits(11).ok()? != 0x2B7 || object_type(r).ok()? != 5 || !r.flag().ok()? {
        return None;
    }
    let rate = sample_rate(r).ok()?;
    let parametric = r.remaining() >= 12 && r.bits(11).ok()? == 0x548 && r.flag().ok()?;
    Some((rate, parametric))
}

fn usac(r: &mut BitReader<'_>) -> Result<AacFacts> {
    let index = usize::from(r.small(5)?);
    let rate = match index {
        31 => r.bits(24)?,
        _ => *SAMPLE_RATES
            .get(index)
            .or_else(|| USAC_RATES.get(index.wrapping_sub(15)))
            .ok_or_else(reserved)?,
    };
    let frame_length = match r.bits(3)? {
        0 => 768,
        1 => 1024,
        2 | 3 => 2048,
        4 => 4096,
        _ => 0,
    };
    let configuration = r.small(5)?;
    let channels = match configuration {
        0 => u16::try_from(escaped_channels(r)?).unwrap_or(0),
        1..=7 => channel_count(configuration),
        8 => 2,
        9 => 3,
        10 => 4,
        11 => 7,
        12 => 8,
        13 => 24,
        _ => 0,
    };
    let layout = if configuration <= 7 { layout(configuration) } else { None };
    Ok(AacFacts { object_type: 42, sample_rate: rate, channels, frame_length, layout })
}

/// `escapedValue(5, 8, 16)` (ISO/IEC 23003-3, 5.2).
fn escaped_channels(r: &mut BitReader<'_>) -> Result<u32> {
    let mut value = r.bits(5)?;
    if value == 31 {
        let more = r.bits(8)?;
        value += more;
        if more == 255 {
            value += r.bits(16)?;
        }
    }
    Ok(value)
}

fn object_type(r: &mut BitReader<'_>) -> Result<u8> {
    Ok(match r.small(5)? {
        31 => 32 + r.small(6)?,
        object_type => object_type,
    })
}

fn sample_rate(r: &mut BitReader<'_>) -> Result<u32> {
    match r.small(4)? {
        15 => r.bits(24),
        index => SAMPLE_RATES.get(usize::from(index)).copied().ok_or_else(reserved),
    }
}

fn reserved() -> Error {
    Error::malformed("the AudioSpecificConfig has a reserved sampling frequency")
}

/// The channels a program config element counts (ISO/IEC 14496-3, 4.4.1.1).
fn program_channels(r: &mut BitReader<'_>) -> Result<u16> {
    r.skip(10)?;
    let main = r.bits(4)? + r.bits(4)? + r.bits(4)?;
    let (low, data, coupling) = (r.bits(2)?, r.bits(3)?, r.bits(4)?);
    for length in [4, 4, 3] {
        if r.flag()? {
            r.skip(length)?;
        }
    }
    let mut channels = u16::try_from(low).unwrap_or(0);
    for _ in 0..main {
        channels += if r.flag()? { 2 } else { 1 };
        r.skip(4)?;
    }
    for _ in 0..low + data {
        r.skip(4)?;
    }
    for _ in 0..coupling {
        r.skip(5)?;
    }
    r.align();
    let comment = r.bits(8)?;
    for _ in 0..comment {
        r.skip(8)?;
    }
    Ok(channels)
}

/// Channels of a `channelConfiguration` (ISO/IEC 14496-3, table 1.19).
fn channel_count(configuration: u8) -> u16 {
    match configuration {
        1..=6 => configuration.into(),
        7 | 12 | 14 => 8,
        11 => 7,
        _ => 0,
    }
}

fn layout(configuration: u8) -> Option<ChannelLayout> {
    use Channel::*;
    Some(match configuration {
        7 => ChannelLayout::new([Left, Right, Center, Lfe, LeftCenter, RightCenter, SideLeft, SideRight]),
        14 => {
            ChannelLayout::new([Left, Right, Center, Lfe, SideLeft, SideRight, TopFrontLeft, TopFrontRight])
        }
        _ => return ChannelLayout::default_for(channel_count(configuration)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(config: &[u8]) -> (u8, u32, u16, u32) {
        let facts = facts(config).unwrap();
        (facts.object_type, facts.sample_rate, facts.channels, facts.frame_length)
    }

    #[test]
    fn plain_replicated_and_usac() {
        assert_eq!(of(&[0x12, 0x10]), (2, 44_100, 2, 1024));
        assert_eq!(of(&[0x14, 0x10, 0x56, 0xE5, 0xA8]), (2, 32_000, 2, 2048));
        let counted = [0x13, 0, 0x05, 0x8C, 0x01, 0, 0x01, 0x08, 0x80, 0, 0x56, 0xE5, 0x98];
        assert_eq!(of(&counted), (2, 48_000, 6, 2048));
    }

    #[test]
    fn every_prefix_is_an_error_or_a_value() {
        let counted = [0x13, 0, 0x05, 0x8C, 0x01, 0, 0x01, 0x08, 0x80, 0, 0x56, 0xE5, 0x98];
        for end in 0..counted.len() {
            _ = facts(&counted[..end]);
        }
    }
}
