use bytes::Bytes;
use reelwright_media::{CodecConfig, Error, ErrorKind, FourCc, Result};

use super::{NalType, Pps, ProfileTierLevel, Sps, layer_id};
use crate::BitReader;

/// The decoder configuration of HEVC: `hvcC` (ISO/IEC 14496-15, 8.3.3.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HevcConfig {
    /// Profile, tier and level.
    pub profile: ProfileTierLevel,
    /// `min_spatial_segmentation_idc`, 0 to 4095.
    pub min_spatial_segmentation: u16,
    /// `parallelismType`: 0 unknown, 1 slices, 2 tiles, 3 wavefronts.
    pub parallelism: u8,
    /// `chroma_format_idc`.
    pub chroma_format: u8,
    /// Bits per luma sample.
    pub bit_depth: u8,
    /// Bits per chroma sample.
    pub chroma_bit_depth: u8,
    /// Average pictures per 256 seconds; 0 where not stated.
    pub average_frame_rate: u16,
    /// `constantFrameRate`.
    pub constant_frame_rate: u8,
    /// `numTemporalLayers`; 0 where unknown.
    pub temporal_layers: u8,
    /// `temporalIdNested`.
    pub temporal_nesting: bool,
    /// Bytes of the length in front of each NAL unit: 1, 2 or 4.
    pub length_size: u8,
    /// Parameter sets and SEI messages, by type.
    pub arrays: Vec<NalArray>,
}

/// NAL units of one type in an `hvcC`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NalArray {
    /// Their type.
    pub kind: NalType,
    /// Whether all units of the type are here and none in the samples.
    pub complete: bool,
    /// The units, headers included.
    pub units: Vec<Bytes>,
}

impl HevcConfig {
    /// The body of an `hvcC` box, or the codec private data of Matroska.
    ///
    /// # Errors
    ///
    /// Truncated or malformed records.
    pub fn parse(body: &[u8]) -> Result<Self> {
        Self::read(body).map_err(|error| error.in_box("hvcC"))
    }

    fn read(body: &[u8]) -> Result<Self> {
        let mut reader = BitReader::new(body);
        // Version 0 was written before the standard was finished; the layout is the same.
        let version = reader.bits(8)?;
        if version > 1 {
            return Err(Error::malformed(format!("configurationVersion is {version}; 1 is the only one")));
        }
        let profile = ProfileTierLevel::read(&mut reader, true, 0)?;
        reader.skip(4)?;
        let min_spatial_segmentation = reader.short(12)?;
        reader.skip(6)?;
        let parallelism = reader.small(2)?;
        reader.skip(6)?;
        let chroma_format = reader.small(2)?;
        reader.skip(5)?;
        let bit_depth = reader.small(3)? + 8;
        reader.skip(5)?;
        let chroma_bit_depth = reader.small(3)? + 8;
        let average_frame_rate = reader.short(16)?;
        let constant_frame_rate = reader.small(2)?;
        let temporal_layers = reader.small(3)?;
        let temporal_nesting = reader.flag()?;
        let length_size = reader.small(2)? + 1;
        if length_size == 3 {
            return Err(Error::malformed("NAL unit lengths of 3 bytes; 1, 2 and 4 are allowed"));
        }
        let arrays = read_arrays(&mut reader)?;
        Ok(Self {
            profile,
            min_spatial_segmentation,
            parallelism,
            chroma_format,
            bit_depth,
            chroma_bit_depth,
            average_frame_rate,
            constant_frame_rate,
            temporal_layers,
            temporal_nesting,
            length_size,
            arrays,
        })
    }

    /// A record with 4-byte lengths from parameter sets as whole NAL units; units of other types are passed over.
    /// `complete` says that the samples carry no parameter sets of their own (`hvc1` rather than `hev1`).
    ///
    /// # Errors
    ///
    /// Where a kind of set is missing, or the sequence parameter set is malformed.
    pub fn from_units<'a>(units: impl IntoIterator<Item = &'a [u8]>, complete: bool) -> Result<Self> {
        let kinds = [NalType::VPS, NalType::SPS, NalType::PPS];
        let mut arrays = kinds.map(|kind| NalArray { kind, complete, units: Vec::new() });
        for unit in units {
            let kind = NalType::of(unit);
            let Some(array) = arrays.iter_mut().find(|array| Some(array.kind) == kind) else { continue };
            let unit = Bytes::copy_from_slice(unit);
            if !array.units.contains(&unit) {
                array.units.push(unit);
            }
        }
        let base = |array: &NalArray| array.units.iter().find(|unit| layer_id(unit) == Some(0)).cloned();
        let missing = |what| Error::malformed(format!("the stream has no {what} parameter set"));
        base(&arrays[0]).ok_or_else(|| missing("video"))?;
        let sps = Sps::parse(&base(&arrays[1]).ok_or_else(|| missing("sequence"))?)?;
        let pps = base(&arrays[2]).ok_or_else(|| missing("picture"))?;
        let parallelism = match Pps::parse(&pps).map(|pps| pps.parallelism) {
            Ok((true, false)) => 2,
            Ok((false, true)) => 3,
            Ok((false, false)) => 1,
            _ => 0,
        };
        let segmentation = sps.vui.as_ref().map_or(0, |vui| vui.min_spatial_segmentation);
        Ok(Self {
            profile: sps.profile,
            min_spatial_segmentation: u16::try_from(segmentation).unwrap_or(0),
            parallelism: if segmentation == 0 { 0 } else { parallelism },
            chroma_format: sps.chroma_format,
            bit_depth: sps.bit_depth,
            chroma_bit_depth: sps.chroma_bit_depth,
            average_frame_rate: 0,
            constant_frame_rate: 0,
            temporal_layers: sps.sub_layers,
            temporal_nesting: sps.temporal_nesting,
            length_size: 4,
            arrays: arrays.into(),
        })
    }

    /// The body of the box.
    ///
    /// # Errors
    ///
    /// Where there are more sets than the record can count, or one is longer than 65535 bytes.
    pub fn to_bytes(&self) -> Result<Bytes> {
        let too_many = || Error::malformed("more or longer parameter sets than hvcC can hold");
        let profile = &self.profile;
        let mut out = vec![1, profile.space << 6 | u8::from(profile.high_tier) << 5 | profile.profile & 0x1F];
        out.extend(profile.compatibility.to_be_bytes());
        out.extend(&profile.constraints.to_be_bytes()[2..]);
        out.push(profile.level);
        out.extend((0xF000 | self.min_spatial_segmentation & 0xFFF).to_be_bytes());
        out.extend([
            0xFC | self.parallelism & 3,
            0xFC | self.chroma_format & 3,
            0xF8 | self.bit_depth.saturating_sub(8) & 7,
            0xF8 | self.chroma_bit_depth.saturating_sub(8) & 7,
        ]);
        out.extend(self.average_frame_rate.to_be_bytes());
        let nested = u8::from(self.temporal_nesting) << 2;
        let length = self.length_size.saturating_sub(1) & 3;
        out.push((self.constant_frame_rate & 3) << 6 | (self.temporal_layers & 7) << 3 | nested | length);
        out.push(u8::try_from(self.arrays.len()).map_err(|_| too_many())?);
        for array in &self.arrays {
            out.push(u8::from(array.complete) << 7 | array.kind.0 & 0x3F);
            out.extend(u16::try_from(array.units.len()).map_err(|_| too_many())?.to_be_bytes());
            for unit in &array.units {
                out.extend(u16::try_from(unit.len()).map_err(|_| too_many())?.to_be_bytes());
                out.extend_from_slice(unit);
            }
        }
        Ok(out.into())
    }

    /// The configuration as a format description holds it.
    ///
    /// # Errors
    ///
    /// As [`Self::to_bytes`].
    pub fn to_config(&self) -> Result<CodecConfig> {
        Ok(CodecConfig { kind: FourCc::new(b"hvcC"), bytes: self.to_bytes()? })
    }

    /// The units of one type.
    pub fn units_of(&self, kind: NalType) -> impl Iterator<Item = &Bytes> {
        self.arrays.iter().filter(move |array| array.kind == kind).flat_map(|array| &array.units)
    }

    /// All units in the order of the record.
    pub fn units(&self) -> impl Iterator<Item = &Bytes> {
        self.arrays.iter().flat_map(|array| &array.units)
    }

    /// The first sequence parameter set of the base layer.
    ///
    /// # Errors
    ///
    /// Where there is none, or it is malformed.
    pub fn first_sps(&self) -> Result<Sps> {
        let unit = self.units_of(NalType::SPS).find(|unit| layer_id(unit) == Some(0));
        Sps::parse(unit.ok_or_else(|| Error::malformed("no sequence parameter set"))?)
    }
}

/// A stream has at most 16 VPS, 16 SPS and 64 PPS; a unit can be empty, so that length is no bound.
const MOST_UNITS: usize = 1024;

fn read_arrays(reader: &mut BitReader<'_>) -> Result<Vec<NalArray>> {
    let (mut arrays, mut count) = (Vec::new(), 0);
    for _ in 0..reader.bits(8)? {
        let complete = reader.flag()?;
        reader.flag()?;
        let kind = NalType(reader.small(6)?);
        let mut units = Vec::new();
        for _ in 0..reader.bits(16)? {
            let length = reader.bits(16)? as usize;
            count += 1;
            if count > MOST_UNITS {
                return Err(Error::new(ErrorKind::Limit, format!("more than {MOST_UNITS} parameter sets")));
            }
            units.push(Bytes::copy_from_slice(reader.bytes(length)?));
        }
        arrays.push(NalArray { kind, complete, units });
    }
    Ok(arrays)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hevc::sps::tests::sample;

    #[test]
    fn a_record_round_trips() {
        let sps = sample();
        let units: [&[u8]; 3] = [&[0x40, 1, 0x0C, 1], &sps, &[0x44, 1, 0xC0]];
        let config = HevcConfig::from_units(units, true).unwrap();
        assert_eq!((config.profile.profile, config.profile.level, config.temporal_layers), (1, 120, 1));
        let bytes = config.to_bytes().unwrap();
        assert_eq!(HevcConfig::parse(&bytes).unwrap(), config);
        assert!(HevcConfig::from_units([&sps[..]], true).is_err());
        crate::noise::for_each_damage(&bytes, 5000, |bytes| {
            if let Ok(config) = HevcConfig::parse(bytes) {
                let _ = config.to_bytes();
                let _ = config.first_sps();
            }
        });
    }
}
