use reelwright_media::{Error, Result};

use super::{AudioSpecificConfig, Sbr, config, sample_rate};
use crate::{BitReader, BitWriter};

/// The header of an ADTS frame (ISO/IEC 14496-3, 1.A.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdtsHeader {
    /// `audioObjectType`: 1 Main, 2 LC, 3 SSR, 4 LTP.
    pub object_type: u8,
    /// Rate of the core in Hz.
    pub sample_rate: u32,
    /// `channel_configuration`; 0 where a program config element in the data counts the channels.
    pub channel_configuration: u8,
    /// Bytes of this header, with its check where it has one: 7 or 9.
    pub header_length: u32,
    /// Bytes of the frame, header included.
    pub frame_length: u32,
    /// Raw data blocks in the frame: 1 to 4, each of 1024 PCM frames.
    pub blocks: u8,
}

impl AdtsHeader {
    /// Bytes of the header without its check.
    pub const LENGTH: usize = 7;

    /// Parses the header at the start of `bytes`.
    ///
    /// # Errors
    ///
    /// Where there is no sync word, the header is cut short, or the frame is shorter than its header.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let mut reader = BitReader::new(bytes);
        if reader.bits(12)? != 0xFFF {
            return Err(Error::malformed("no ADTS sync word"));
        }
        reader.flag()?; // MPEG-4 or MPEG-2
        if reader.bits(2)? != 0 {
            return Err(Error::malformed("the layer of an ADTS header is not 0"));
        }
        let unprotected = reader.flag()?;
        let object_type = reader.small(2)? + 1;
        let index = reader.small(4)?;
        let sample_rate = sample_rate(index)
            .ok_or_else(|| Error::malformed(format!("samplingFrequencyIndex {index} is reserved")))?;
        reader.flag()?;
        let channel_configuration = reader.small(3)?;
        reader.skip(4)?;
        let frame_length = reader.bits(13)?;
        reader.skip(11)?; // buffer fullness
        let blocks = reader.small(2)? + 1;
        let header_length = if unprotected { 7 } else { 9 };
        if frame_length < header_length {
            return Err(Error::malformed(format!("an ADTS frame of {frame_length} bytes")));
        }
        Ok(Self { object_type, sample_rate, channel_configuration, header_length, frame_length, blocks })
    }

    /// Whether two headers describe the same stream.
    pub const fn same_stream(&self, other: &Self) -> bool {
        self.object_type == other.object_type
            && self.sample_rate == other.sample_rate
            && self.channel_configuration == other.channel_configuration
    }

    /// The configuration of the stream, as far as headers tell: [`AudioSpecificConfig::complete`] knows the rest.
    pub fn config(&self) -> AudioSpecificConfig {
        let channels = config::layout(self.channel_configuration).map_or(0, |layout| layout.count() as u16);
        AudioSpecificConfig {
            object_type: self.object_type,
            sample_rate: self.sample_rate,
            channel_configuration: self.channel_configuration,
            program: None,
            sbr: Sbr::Unknown,
            ps: false,
            extension_sample_rate: None,
            frame_length: 1024,
            channels,
            hierarchical: false,
        }
    }

    /// A header without check for `length` bytes of AAC as `config` describes it.
    ///
    /// # Errors
    ///
    /// [`reelwright_media::ErrorKind::Unsupported`] where ADTS can't say it: other object types, rates beside the table,
    /// more than 7 in `channelConfiguration`, frames beyond 8191 bytes.
    pub fn write(config: &AudioSpecificConfig, length: usize) -> Result<[u8; 7]> {
        let unsupported = || Error::unsupported("ADTS can't say this AAC configuration or frame length");
        let index = super::rate_index(config.sample_rate).ok_or_else(unsupported)?;
        let frame_length = length.saturating_add(Self::LENGTH);
        if !matches!(config.object_type, 1..=4) || config.channel_configuration > 7 || frame_length > 0x1FFF {
            return Err(unsupported());
        }
        let mut writer = BitWriter::new();
        writer.bits(0xFFF1, 16);
        writer.bits(u64::from(config.object_type) - 1, 2);
        writer.bits(index.into(), 4);
        writer.bits(0, 1);
        writer.bits(config.channel_configuration.into(), 3);
        writer.bits(0, 4);
        writer.bits(frame_length as u64, 13);
        writer.bits(0x7FF, 11);
        writer.bits(0, 2);
        writer.finish().try_into().map_err(|_| unsupported())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_round_trips() {
        let config = AudioSpecificConfig::aac_lc(48_000, 2).unwrap();
        let header = AdtsHeader::parse(&AdtsHeader::write(&config, 300).unwrap()).unwrap();
        assert_eq!((header.frame_length, header.header_length, header.blocks), (307, 7, 1));
        assert_eq!(header.config(), config);
        assert!(AdtsHeader::write(&config, 9000).is_err());
        crate::noise::for_each(3000, |bytes| {
            if let Ok(header) = AdtsHeader::parse(bytes) {
                header.config().complete([bytes]);
            }
        });
    }
}
