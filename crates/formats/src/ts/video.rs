use std::collections::BTreeMap;

use bytes::Bytes;
use reelwright_bitstream::h264::{AvcConfig, SliceHeader};
use reelwright_bitstream::hevc::HevcConfig;
use reelwright_bitstream::{BitReader, LightFacts, h264, hevc, unescape};
use reelwright_bmff::entry::complete_video;
use reelwright_media::{FieldOrder, FourCc, Ratio, Result, VideoCodec, VideoFormat};

use super::rebuilt::{keeps_avc, keeps_hevc};
use super::units::{Field, MovieTags, Sections};

/// Parameter sets by type and ID: the first of each, and whether one changed later.
#[derive(Debug, Default)]
pub(super) struct Sets {
    first: BTreeMap<(u8, u32), Bytes>,
    pub(super) change: bool,
}

impl Sets {
    /// No configuration has room for longer ones.
    const LONGEST: usize = u16::MAX as usize;

    fn note(&mut self, kind: u8, id: u32, unit: &[u8]) {
        match self.first.get(&(kind, id)) {
            None if unit.len() > Self::LONGEST => {}
            None => {
                self.first.insert((kind, id), Bytes::copy_from_slice(unit));
            }
            Some(known) => self.change |= known != unit,
        }
    }

    fn units(&self) -> impl Iterator<Item = &[u8]> {
        self.first.values().map(|unit| &unit[..])
    }
}

/// Bytes of a sample with and without parameter sets, each NAL unit behind its length.
#[derive(Debug, Default)]
struct Sizes(u32, u32);

impl Sizes {
    fn note(&mut self, unit: &[u8], keeps: fn(&[u8], bool) -> bool) {
        let length = u32::try_from(unit.len() + 4).unwrap_or(u32::MAX);
        let of = |with_sets| if keeps(unit, with_sets) { length } else { 0 };
        *self = Self(self.0.saturating_add(of(true)), self.1.saturating_add(of(false)));
    }

    fn take(&mut self) -> Option<(u32, u32)> {
        let Self(all, bare) = std::mem::take(self);
        Some((all, bare))
    }
}

/// H.264.
#[derive(Debug, Default)]
pub(super) struct Avc {
    pub(super) sets: Sets,
    sps: BTreeMap<u32, h264::Sps>,
    pps: BTreeMap<u32, h264::Pps>,
    /// The first slice of the current picture: its header, where the sets for it have come.
    picture: Option<Option<SliceHeader>>,
    facts: h264::AccessUnit,
    sizes: Sizes,
    top_first: Option<bool>,
    /// The first picture that decoding can start at refers to nothing, and so does nothing behind it to what is before.
    pub(super) begins_with_idr: bool,
    seen_key: bool,
}

impl Avc {
    fn header(&self, unit: &[u8]) -> Option<SliceHeader> {
        let pps = self.pps.get(&SliceHeader::pps_id(unit).ok()?)?;
        SliceHeader::parse(unit, self.sps.get(&pps.sps_id)?, pps).ok()
    }

    /// What the stream is.
    pub(super) fn describe(&self) -> Result<VideoFormat> {
        let config = AvcConfig::from_units(self.sets.units())?;
        let sps = config.first_sps()?;
        let tag = if self.sets.change { b"avc3" } else { b"avc1" };
        let mut format = VideoFormat {
            pixel_aspect: sps.sample_aspect().filter(|&aspect| aspect != Ratio::ONE),
            config: Some(config.to_config()?),
            field_order: self
                .top_first
                .map(|top| if top { FieldOrder::TopFirst } else { FieldOrder::BottomFirst }),
            ..VideoFormat::new(VideoCodec::H264, FourCc::new(tag), sps.size())
        };
        complete_video(&mut format);
        Ok(format)
    }

    /// Pictures per second, where the stream says.
    pub(super) fn frame_rate(&self) -> Option<Ratio> {
        self.sps.values().next()?.frame_rate()
    }
}

impl Sections for Avc {
    /// Detection of the first NAL unit of a primary coded picture (7.4.1.2.3 and 7.4.1.2.4).
    fn begins_unit(&mut self, unit: &[u8]) -> bool {
        let (Some(kind), Some(picture)) = (h264::NalType::of(unit), &self.picture) else { return false };
        match kind.0 {
            6..=9 | 14..=18 => true,
            1 | 2 | 5 => match (picture, self.header(unit)) {
                (Some(first), Some(this)) => {
                    let told = |slice: &SliceHeader| {
                        (
                            slice.frame_num,
                            slice.pps_id,
                            slice.field,
                            slice.bottom,
                            slice.reference,
                            slice.idr_id,
                            slice.poc_lsb,
                        )
                    };
                    // Slices of one picture may use different picture sets; order tells them apart then.
                    told(first) != told(&this)
                        && (first.poc_lsb != this.poc_lsb || this.first_macroblock == 0)
                }
                // Without the sets: a picture begins with its first macroblock.
                _ => unit.get(1).is_some_and(|byte| byte & 0x80 != 0),
            },
            _ => false,
        }
    }

    fn note(&mut self, unit: &[u8]) {
        use h264::NalType;
        self.facts.note(unit);
        self.sizes.note(unit, keeps_avc);
        match NalType::of(unit) {
            Some(NalType::SPS) => {
                if let Ok(sps) = h264::Sps::parse(unit) {
                    self.sets.note(7, sps.id, unit);
                    self.sps.insert(sps.id, sps);
                }
            }
            Some(NalType::PPS) => {
                if let Ok(pps) = h264::Pps::parse(unit) {
                    self.sets.note(8, pps.id, unit);
                    self.pps.insert(pps.id, pps);
                }
            }
            Some(kind) if kind.is_slice() && self.picture.is_none() => self.picture = Some(self.header(unit)),
            _ => {}
        }
    }

    fn finish(&mut self, _unit: &[u8]) -> MovieTags {
        let facts = std::mem::take(&mut self.facts);
        if facts.is_key() && !self.seen_key {
            (self.seen_key, self.begins_with_idr) = (true, facts.idr);
        }
        let header = self.picture.take().flatten();
        let field = header.filter(|header| header.field).map(|header| Field {
            bottom: header.bottom,
            frame: header.frame_num,
            reference: header.reference,
            idr: facts.idr,
        });
        if let Some(field) = field {
            self.top_first.get_or_insert(!field.bottom);
        }
        MovieTags { sync: facts.is_key(), leading: false, field, sizes: self.sizes.take() }
    }
}

/// HEVC.
#[derive(Debug, Default)]
pub(super) struct Hevc {
    pub(super) sets: Sets,
    light: LightFacts,
    has_picture: bool,
    facts: hevc::AccessUnit,
    sizes: Sizes,
}

impl Hevc {
    /// What the stream is.
    pub(super) fn describe(&self) -> Result<VideoFormat> {
        let config = HevcConfig::from_units(self.sets.units(), !self.sets.change)?;
        let sps = config.first_sps()?;
        let tag = if self.sets.change { b"hev1" } else { b"hvc1" };
        let mut format = VideoFormat {
            pixel_aspect: sps.sample_aspect().filter(|&aspect| aspect != Ratio::ONE),
            config: Some(config.to_config()?),
            mastering: self.light.mastering,
            content_light: self.light.content_light,
            ambient: self.light.ambient,
            ..VideoFormat::new(VideoCodec::Hevc, FourCc::new(tag), sps.size())
        };
        complete_video(&mut format);
        Ok(format)
    }

    /// Pictures per second, where the stream says.
    pub(super) fn frame_rate(&self) -> Option<Ratio> {
        let sets = || self.sets.units().filter(|unit| hevc::layer_id(unit) == Some(0));
        let of = |kind| sets().find(move |unit| hevc::NalType::of(unit) == Some(kind));
        let stated = of(hevc::NalType::SPS).and_then(|unit| hevc::Sps::parse(unit).ok()?.frame_rate());
        stated.or_else(|| {
            let timing = hevc::Vps::parse(of(hevc::NalType::VPS)?).ok()?.timing?;
            Ratio::new(timing.time_scale, timing.units_in_tick)
        })
    }
}

impl Sections for Hevc {
    /// Order of NAL units and their association to coded pictures (7.4.2.4.4).
    fn begins_unit(&mut self, unit: &[u8]) -> bool {
        let Some(kind) = hevc::NalType::of(unit) else { return false };
        if !self.has_picture || hevc::layer_id(unit) != Some(0) {
            return false;
        }
        match kind.0 {
            32..=35 | 39 | 41..=44 | 48..=55 => true,
            // first_slice_segment_in_pic_flag
            _ => kind.is_slice() && unit.get(2).is_some_and(|byte| byte & 0x80 != 0),
        }
    }

    fn note(&mut self, unit: &[u8]) {
        use hevc::NalType;
        self.facts.note(unit);
        self.sizes.note(unit, keeps_hevc);
        match NalType::of(unit) {
            Some(kind @ (NalType::VPS | NalType::SPS | NalType::PPS)) => {
                if let Some(id) = set_id(kind, unit) {
                    self.sets.note(kind.0, id, unit);
                }
            }
            Some(kind) if kind.is_slice() && hevc::layer_id(unit) == Some(0) => self.has_picture = true,
            _ => {}
        }
    }

    fn finish(&mut self, _unit: &[u8]) -> MovieTags {
        let facts = std::mem::take(&mut self.facts);
        self.has_picture = false;
        self.light.mastering = self.light.mastering.or(facts.light.mastering);
        self.light.content_light = self.light.content_light.or(facts.light.content_light);
        self.light.ambient = self.light.ambient.or(facts.light.ambient);
        MovieTags { sync: facts.is_key(), leading: facts.is_rasl(), field: None, sizes: self.sizes.take() }
    }
}

/// The ID of a parameter set, set apart by layer.
fn set_id(kind: hevc::NalType, unit: &[u8]) -> Option<u32> {
    let layer = u32::from(hevc::layer_id(unit)?) << 8;
    let payload = unescape(unit.get(2..)?);
    let id = match kind {
        hevc::NalType::VPS => BitReader::new(&payload).bits(4).ok()?,
        hevc::NalType::SPS => hevc::Sps::parse(unit).ok()?.id,
        _ => BitReader::new(&payload).ue().ok()?,
    };
    Some(layer | id & 0xFF)
}
