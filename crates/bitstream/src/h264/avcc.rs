use bytes::Bytes;
use reelwright_media::{CodecConfig, Error, FourCc, Result};

use super::{NalType, Sps};
use crate::BitReader;

/// The decoder configuration of H.264: `avcC` (ISO/IEC 14496-15, 5.3.3.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AvcConfig {
    /// `AVCProfileIndication`.
    pub profile: u8,
    /// `profile_compatibility`: the byte of `constraint_set` flags.
    pub constraints: u8,
    /// `AVCLevelIndication`.
    pub level: u8,
    /// Bytes of the length in front of each NAL unit: 1, 2 or 4.
    pub length_size: u8,
    /// Sequence parameter sets, as whole NAL units.
    pub sps: Vec<Bytes>,
    /// Picture parameter sets, as whole NAL units.
    pub pps: Vec<Bytes>,
    /// Sequence parameter set extensions, as whole NAL units.
    pub sps_extensions: Vec<Bytes>,
}

impl AvcConfig {
    /// The body of an `avcC` box, or the codec private data of Matroska.
    ///
    /// # Errors
    ///
    /// Truncated or malformed records. A missing extension of the high profiles is none.
    pub fn parse(body: &[u8]) -> Result<Self> {
        Self::read(body).map_err(|error| error.in_box("avcC"))
    }

    fn read(body: &[u8]) -> Result<Self> {
        if body.is_empty() {
            return Err(Error::malformed("it is empty, and so are the first samples of parameter sets")
                .with_hint("the stream can't be decoded without them: make the file again"));
        }
        let mut reader = BitReader::new(body);
        let version = reader.bits(8)?;
        if version != 1 {
            return Err(Error::malformed(format!("configurationVersion is {version}; 1 is the only one")));
        }
        let (profile, constraints, level) = (reader.small(8)?, reader.small(8)?, reader.small(8)?);
        reader.skip(6)?;
        let length_size = reader.small(2)? + 1;
        if length_size == 3 {
            return Err(Error::malformed("NAL unit lengths of 3 bytes; 1, 2 and 4 are allowed"));
        }
        reader.skip(3)?;
        let count = reader.bits(5)?;
        let sps = sets(&mut reader, count)?;
        let count = reader.bits(8)?;
        let pps = sets(&mut reader, count)?;
        let mut sps_extensions = Vec::new();
        if is_high(profile) && reader.remaining() >= 32 {
            reader.skip(24)?;
            let count = reader.bits(8)?;
            sps_extensions = sets(&mut reader, count).unwrap_or_default();
        }
        Ok(Self { profile, constraints, level, length_size, sps, pps, sps_extensions })
    }

    /// A record with 4-byte lengths from parameter sets as whole NAL units; units of other types are passed over.
    ///
    /// # Errors
    ///
    /// Where there is no sequence parameter set, or no picture parameter set.
    pub fn from_units<'a>(units: impl IntoIterator<Item = &'a [u8]>) -> Result<Self> {
        let (mut sps, mut pps, mut sps_extensions) = (Vec::new(), Vec::new(), Vec::new());
        for unit in units {
            let list = match NalType::of(unit) {
                Some(NalType::SPS) => &mut sps,
                Some(NalType::PPS) => &mut pps,
                Some(NalType::SPS_EXTENSION) => &mut sps_extensions,
                _ => continue,
            };
            let unit = Bytes::copy_from_slice(unit);
            if !list.contains(&unit) {
                list.push(unit);
            }
        }
        let missing = |what| Error::malformed(format!("the stream has no {what} parameter set"));
        let first = sps.first().ok_or_else(|| missing("sequence"))?;
        let [_, profile, constraints, level, ..] = first[..] else {
            return Err(Error::truncated("a sequence parameter set is shorter than 4 bytes"));
        };
        if pps.is_empty() {
            return Err(missing("picture"));
        }
        Ok(Self { profile, constraints, level, length_size: 4, sps, pps, sps_extensions })
    }

    /// The body of the box.
    ///
    /// # Errors
    ///
    /// Where there are more sets than the record can count, or one is longer than 65535 bytes.
    pub fn to_bytes(&self) -> Result<Bytes> {
        let too_many = || Error::malformed("more or longer parameter sets than avcC can hold");
        let mut out = vec![1, self.profile, self.constraints, self.level, 0xFC | (self.length_size - 1) & 3];
        let count = u8::try_from(self.sps.len()).ok().filter(|&count| count < 32).ok_or_else(too_many)?;
        out.push(0xE0 | count);
        push_sets(&mut out, &self.sps).ok_or_else(too_many)?;
        out.push(u8::try_from(self.pps.len()).map_err(|_| too_many())?);
        push_sets(&mut out, &self.pps).ok_or_else(too_many)?;
        if let (true, Ok(sps)) = (is_high(self.profile), self.first_sps()) {
            out.extend([
                0xFC | sps.chroma_format,
                0xF8 | (sps.bit_depth - 8),
                0xF8 | (sps.chroma_bit_depth - 8),
            ]);
            out.push(u8::try_from(self.sps_extensions.len()).map_err(|_| too_many())?);
            push_sets(&mut out, &self.sps_extensions).ok_or_else(too_many)?;
        }
        Ok(out.into())
    }

    /// The configuration as a format description holds it.
    ///
    /// # Errors
    ///
    /// As [`Self::to_bytes`].
    pub fn to_config(&self) -> Result<CodecConfig> {
        Ok(CodecConfig { kind: FourCc::new(b"avcC"), bytes: self.to_bytes()? })
    }

    /// The first sequence parameter set.
    ///
    /// # Errors
    ///
    /// Where there is none, or it is malformed.
    pub fn first_sps(&self) -> Result<Sps> {
        let unit = self.sps.first().ok_or_else(|| Error::malformed("no sequence parameter set"))?;
        Sps::parse(unit)
    }

    /// All sets in the order a decoder wants them.
    pub fn units(&self) -> impl Iterator<Item = &Bytes> {
        self.sps.iter().chain(&self.sps_extensions).chain(&self.pps)
    }
}

const fn is_high(profile: u8) -> bool {
    matches!(profile, 100 | 110 | 122 | 144 | 244 | 44 | 118 | 128)
}

fn sets(reader: &mut BitReader<'_>, count: u32) -> Result<Vec<Bytes>> {
    let mut out = Vec::new();
    for _ in 0..count {
        let length = reader.bits(16)? as usize;
        out.push(Bytes::copy_from_slice(reader.bytes(length)?));
    }
    Ok(out)
}

fn push_sets(out: &mut Vec<u8>, sets: &[Bytes]) -> Option<()> {
    for set in sets {
        out.extend_from_slice(&u16::try_from(set.len()).ok()?.to_be_bytes());
        out.extend_from_slice(set);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPS: &[u8] = &[0x67, 66, 0xC0, 30, 0xF4, 0x0B, 0x04, 0xB0, 0x24, 0x80];
    const PPS: &[u8] = &[0x68, 0xCE, 0x3C, 0x80];

    #[test]
    fn a_record_round_trips() {
        let config = AvcConfig::from_units([SPS, PPS, SPS, &[0x65, 1]]).unwrap();
        assert_eq!((config.sps.len(), config.pps.len(), config.profile, config.level), (1, 1, 66, 30));
        let bytes = config.to_bytes().unwrap();
        assert_eq!(AvcConfig::parse(&bytes).unwrap(), config);
        assert!(AvcConfig::from_units([SPS]).is_err());
        assert!(AvcConfig::parse(&[]).unwrap_err().hint().is_some());
    }

    #[test]
    fn any_bytes_are_survived() {
        let sound = AvcConfig::from_units([SPS, PPS]).unwrap().to_bytes().unwrap();
        crate::noise::for_each_damage(&sound, 5000, |bytes| {
            if let Ok(config) = AvcConfig::parse(bytes) {
                let _ = config.to_bytes();
                let _ = config.first_sps();
            }
        });
    }
}
