use bytes::Bytes;
use reelwright_media::{Error, Result};

use crate::BitReader;

/// The decoder configuration of AV1: `av1C` (AV1-ISOBMFF, 2.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Av1Config {
    /// `seq_profile`.
    pub profile: u8,
    /// `seq_level_idx_0`.
    pub level: u8,
    /// Whether the tier is High.
    pub high_tier: bool,
    /// Bits per sample.
    pub bit_depth: u8,
    /// Luma only.
    pub monochrome: bool,
    /// Whether chroma is halved across, and down.
    pub subsampling: (bool, bool),
    /// `chroma_sample_position`.
    pub chroma_position: u8,
    /// `initial_presentation_delay`, where present.
    pub presentation_delay: Option<u8>,
    /// `configOBUs`: usually the sequence header unit.
    pub units: Bytes,
}

impl Av1Config {
    /// The body of an `av1C` box, or the codec private data of Matroska.
    ///
    /// # Errors
    ///
    /// Truncation, a missing marker.
    pub fn parse(body: &[u8]) -> Result<Self> {
        Self::read(body).map_err(|error| error.in_box("av1C"))
    }

    fn read(body: &[u8]) -> Result<Self> {
        let mut reader = BitReader::new(body);
        if reader.bits(8)? != 0x81 {
            return Err(Error::malformed("marker and version are not 1 and 1"));
        }
        let (profile, level) = (reader.small(3)?, reader.small(5)?);
        let high_tier = reader.flag()?;
        let (high, twelve) = (reader.flag()?, reader.flag()?);
        let monochrome = reader.flag()?;
        let subsampling = (reader.flag()?, reader.flag()?);
        let chroma_position = reader.small(2)?;
        reader.skip(3)?;
        let (delayed, delay) = (reader.flag()?, reader.small(4)?);
        Ok(Self {
            profile,
            level,
            high_tier,
            bit_depth: match (high, twelve) {
                (false, _) => 8,
                (true, false) => 10,
                (true, true) => 12,
            },
            monochrome,
            subsampling,
            chroma_position,
            presentation_delay: delayed.then_some(delay + 1),
            units: Bytes::copy_from_slice(reader.rest()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read() {
        let config = Av1Config::parse(&[0x81, 0x08, 0x4C, 0x13, 0x0A, 0x00]).unwrap();
        assert_eq!((config.level, config.bit_depth, config.presentation_delay), (8, 10, Some(4)));
        assert_eq!(config.units, [0x0A, 0x00][..]);
        assert!(Av1Config::parse(&[1, 2, 3, 4]).is_err());
        crate::noise::for_each(1000, |bytes| drop(Av1Config::parse(bytes)));
    }
}
