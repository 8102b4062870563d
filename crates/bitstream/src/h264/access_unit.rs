use super::{NalType, SliceHeader, SliceKind};
use crate::{BitReader, SeiMessage, sei_messages, unescape};

/// What a demuxer must know about a coded picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AccessUnit {
    /// It is an IDR picture: decoding can start here and nothing before is referred to.
    pub idr: bool,
    /// `recovery_frame_cnt` of its recovery point message, where it has one: decoding can start here and is right
    /// after that many frames.
    pub recovery_point: Option<u32>,
    /// All slices are intra-coded.
    pub intra: bool,
    /// Any slice may be referred to by others.
    pub reference: bool,
    /// It carries its own sequence parameter set.
    pub has_sps: bool,
    /// It carries picture data at all.
    pub has_picture: bool,
}

impl AccessUnit {
    /// Takes in the next NAL unit. A damaged one counts for nothing.
    pub fn note(&mut self, unit: &[u8]) {
        match NalType::of(unit) {
            Some(NalType::SEI) => self.recovery_point = self.recovery_point.or(recovery_point(unit)),
            Some(NalType::SPS) => self.has_sps = true,
            Some(kind) if kind.is_slice() => {
                self.idr |= kind == NalType::IDR;
                self.reference |= unit[0] & 0x60 != 0;
                // Partitions B and C (3, 4) have no slice type of their own.
                let intra = matches!(kind.0, 3 | 4)
                    || matches!(SliceHeader::slice_kind(unit), Ok(SliceKind::I | SliceKind::Si));
                self.intra = intra && (self.intra || !self.has_picture);
                self.has_picture = true;
            }
            _ => {}
        }
    }

    /// Decoding can start here: an IDR picture, or an intra picture with an immediate recovery point.
    pub fn is_key(&self) -> bool {
        self.idr || (self.intra && self.recovery_point == Some(0))
    }
}

/// Looks at the NAL units of one access unit. Damaged units count for nothing.
pub fn access_unit<'a>(units: impl IntoIterator<Item = &'a [u8]>) -> AccessUnit {
    let mut out = AccessUnit::default();
    units.into_iter().for_each(|unit| out.note(unit));
    out
}

/// `recovery_frame_cnt` of the recovery point message in an SEI unit, where there is one (D.1.8).
pub fn recovery_point(unit: &[u8]) -> Option<u32> {
    let payload = unescape(unit.get(1..)?);
    let message = sei_messages(&payload).find(|message| message.kind == SeiMessage::RECOVERY_POINT)?;
    BitReader::new(message.payload).ue().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_frames_are_told_apart() {
        let idr: [&[u8]; 2] = [&[0x67, 1], &[0x65, 0x88, 0x84]];
        let facts = access_unit(idr);
        assert!(facts.is_key() && facts.idr && facts.has_sps && facts.reference);
        let recovery: [&[u8]; 2] = [&[0x06, 6, 1, 0xC0, 0x80], &[0x61, 0x88, 0x84]];
        assert!(access_unit(recovery).is_key());
        let inter: [&[u8]; 1] = [&[0x41, 0x9A, 0x24]];
        assert!(!access_unit(inter).is_key());
        assert!(!access_unit([]).is_key());
    }

    #[test]
    fn any_bytes_are_survived() {
        crate::noise::for_each(2000, |bytes| {
            access_unit(bytes.chunks(7));
        });
    }
}
