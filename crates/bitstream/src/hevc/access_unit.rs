use super::{NalType, layer_id};
use crate::{LightFacts, sei_messages, unescape};

/// What a demuxer must know about a coded picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AccessUnit {
    /// The type of the base layer's first slice, which all its slices share.
    pub picture: Option<NalType>,
    /// It carries its own sequence parameter set.
    pub has_sps: bool,
    /// Light facts of its SEI messages.
    pub light: LightFacts,
}

impl AccessUnit {
    /// Takes in the next NAL unit. A damaged one counts for nothing.
    pub fn note(&mut self, unit: &[u8]) {
        match NalType::of(unit) {
            Some(NalType::SPS) => self.has_sps = true,
            Some(NalType::PREFIX_SEI) => {
                let payload = unescape(unit.get(2..).unwrap_or_default());
                sei_messages(&payload).for_each(|message| self.light.note(message));
            }
            Some(kind) if kind.is_slice() && layer_id(unit) == Some(0) && self.picture.is_none() => {
                self.picture = Some(kind);
            }
            _ => {}
        }
    }

    /// Decoding can start here: an intra random access point.
    pub fn is_key(&self) -> bool {
        self.picture.is_some_and(NalType::is_irap)
    }

    /// It can't be decoded after starting at the random access point before it.
    pub fn is_rasl(&self) -> bool {
        self.picture.is_some_and(NalType::is_rasl)
    }
}

/// Looks at the NAL units of one access unit. Damaged units count for nothing.
pub fn access_unit<'a>(units: impl IntoIterator<Item = &'a [u8]>) -> AccessUnit {
    let mut out = AccessUnit::default();
    units.into_iter().for_each(|unit| out.note(unit));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_told_apart() {
        let key: [&[u8]; 2] = [&[0x42, 1, 1], &[0x26, 1, 0x80]];
        assert!(access_unit(key).is_key() && access_unit(key).has_sps);
        let skipped: [&[u8]; 1] = [&[0x12, 1, 0x80]];
        assert!(access_unit(skipped).is_rasl() && !access_unit(skipped).is_key());
        crate::noise::for_each(1000, |bytes| {
            access_unit(bytes.chunks(5));
        });
    }
}
