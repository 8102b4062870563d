//! Opus: the identification header of Ogg and Matroska (RFC 7845, 5.1), `dOps`, and packet lengths (RFC 6716, 3.1).

use reelwright_media::{Channel, ChannelLayout, CodecConfig, Error, FourCc, Result};

use crate::BitReader;

/// How an Opus stream is to be decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpusConfig {
    /// Channels a decoder puts out.
    pub channels: u8,
    /// PCM frames at 48 kHz to discard at the start.
    pub pre_skip: u16,
    /// Rate of what was encoded, in Hz; 0 where unknown. Decoders put out 48 kHz whatever it says.
    pub input_sample_rate: u32,
    /// Gain to apply, as 8.8 fixed point in dB.
    pub output_gain: i16,
    /// `ChannelMappingFamily`.
    pub mapping_family: u8,
    /// For families other than 0: streams, coupled streams, and a stream channel for each output channel.
    pub mapping: Option<(u8, u8, Vec<u8>)>,
}

impl OpusConfig {
    /// Parses the `OpusHead` packet: Ogg's first, Matroska's codec private data.
    ///
    /// # Errors
    ///
    /// A missing signature, a version above 15, truncation.
    pub fn parse_head(bytes: &[u8]) -> Result<Self> {
        let body =
            bytes.strip_prefix(b"OpusHead").ok_or_else(|| Error::malformed("no OpusHead signature"))?;
        let mut reader = BitReader::new(body);
        let version = reader.small(8)?;
        if version > 15 {
            return Err(Error::unsupported(format!("OpusHead of version {version}; 0 to 15 are compatible")));
        }
        let channels = reader.small(8)?;
        let pre_skip = reader.short(16)?.swap_bytes();
        let input_sample_rate = reader.bits(32)?.swap_bytes();
        let output_gain = reader.short(16)?.swap_bytes().cast_signed();
        Self { channels, pre_skip, input_sample_rate, output_gain, mapping_family: 0, mapping: None }
            .read_mapping(&mut reader)
    }

    /// Parses the body of `dOps`, whose version is 0 and whose numbers are big-endian.
    ///
    /// # Errors
    ///
    /// Another version, truncation.
    pub fn parse_dops(body: &[u8]) -> Result<Self> {
        let mut reader = BitReader::new(body);
        let version = reader.small(8)?;
        if version != 0 {
            return Err(Error::unsupported(format!("dOps of version {version}; 0 is known")).in_box("dOps"));
        }
        let channels = reader.small(8)?;
        let pre_skip = reader.short(16)?;
        let input_sample_rate = reader.bits(32)?;
        let output_gain = reader.short(16)?.cast_signed();
        Self { channels, pre_skip, input_sample_rate, output_gain, mapping_family: 0, mapping: None }
            .read_mapping(&mut reader)
            .map_err(|error| error.in_box("dOps"))
    }

    fn read_mapping(mut self, reader: &mut BitReader<'_>) -> Result<Self> {
        self.mapping_family = reader.small(8)?;
        if self.mapping_family != 0 {
            let (streams, coupled) = (reader.small(8)?, reader.small(8)?);
            self.mapping = Some((streams, coupled, reader.bytes(self.channels.into())?.to_vec()));
        }
        Ok(self)
    }

    /// The body of `dOps`.
    pub fn to_dops(&self) -> CodecConfig {
        let mut out = vec![0, self.channels];
        out.extend(self.pre_skip.to_be_bytes());
        out.extend(self.input_sample_rate.to_be_bytes());
        out.extend(self.output_gain.to_be_bytes());
        self.push_mapping(&mut out);
        CodecConfig { kind: FourCc::new(b"dOps"), bytes: out.into() }
    }

    /// The `OpusHead` packet.
    pub fn to_head(&self) -> Vec<u8> {
        let mut out = b"OpusHead\x01".to_vec();
        out.push(self.channels);
        out.extend(self.pre_skip.to_le_bytes());
        out.extend(self.input_sample_rate.to_le_bytes());
        out.extend(self.output_gain.to_le_bytes());
        self.push_mapping(&mut out);
        out
    }

    fn push_mapping(&self, out: &mut Vec<u8>) {
        out.push(self.mapping_family);
        if let Some((streams, coupled, map)) = &self.mapping {
            out.extend([*streams, *coupled]);
            out.extend(map);
        }
    }

    /// Which channel is which: Vorbis order for families 0 and 1, `None` for others.
    pub fn layout(&self) -> Option<ChannelLayout> {
        if self.mapping_family > 1 {
            return None;
        }
        vorbis_layout(self.channels)
    }
}

/// The channel order of Vorbis and Opus (Vorbis I, 4.3.9).
pub fn vorbis_layout(channels: u8) -> Option<ChannelLayout> {
    use Channel::*;
    Some(match channels {
        1 | 2 => ChannelLayout::default_for(channels.into())?,
        3 => ChannelLayout::new([Left, Center, Right]),
        4 => ChannelLayout::new([Left, Right, BackLeft, BackRight]),
        5 => ChannelLayout::new([Left, Center, Right, BackLeft, BackRight]),
        6 => ChannelLayout::new([Left, Center, Right, SideLeft, SideRight, Lfe]),
        7 => ChannelLayout::new([Left, Center, Right, SideLeft, SideRight, BackCenter, Lfe]),
        8 => ChannelLayout::new([Left, Center, Right, SideLeft, SideRight, BackLeft, BackRight, Lfe]),
        _ => return None,
    })
}

/// PCM frames at 48 kHz in a packet; `None` for an empty packet or one of more than 120 ms.
pub fn packet_samples(packet: &[u8]) -> Option<u32> {
    let &first = packet.first()?;
    let configuration = first >> 3;
    let frame = match configuration {
        0..=11 => [480, 960, 1920, 2880][usize::from(configuration % 4)],
        12..=15 => [480, 960][usize::from(configuration % 2)],
        _ => [120, 240, 480, 960][usize::from(configuration % 4)],
    };
    let frames = match first & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u32::from(packet.get(1)? & 0x3F),
    };
    Some(frame * frames).filter(|&samples| samples > 0 && samples <= 5760)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_and_boxes_convert() {
        let mut config = OpusConfig {
            channels: 2,
            pre_skip: 312,
            input_sample_rate: 44_100,
            output_gain: -256,
            mapping_family: 0,
            mapping: None,
        };
        for _ in 0..2 {
            assert_eq!(OpusConfig::parse_head(&config.to_head()).unwrap(), config);
            assert_eq!(OpusConfig::parse_dops(&config.to_dops().bytes).unwrap(), config);
            (config.channels, config.mapping_family) = (6, 1);
            config.mapping = Some((4, 2, vec![0, 4, 1, 2, 3, 5]));
        }
        assert_eq!(packet_samples(&[0xFC]), Some(960));
        assert_eq!(packet_samples(&[0x78]), Some(960 / 2 * 2));
    }

    #[test]
    fn any_bytes_are_survived() {
        crate::noise::for_each(2000, |bytes| {
            let _ = OpusConfig::parse_dops(bytes);
            let _ = packet_samples(bytes);
            let mut head = b"OpusHead".to_vec();
            head.extend(bytes);
            let _ = OpusConfig::parse_head(&head);
        });
    }
}
