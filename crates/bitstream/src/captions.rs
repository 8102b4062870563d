//! Closed captions inside pictures: the `cc_data` of CTA-708, as ATSC A/53 part 4 (6.2.3) puts them into user data.

use std::borrow::Cow;

use crate::mpeg_video;
use crate::{SeiMessage, escape, h264, hevc, sei_messages, unescape};

/// `itu_t_t35_country_code` United States, `itu_t_t35_provider_code` ATSC.
const T35: [u8; 3] = [0xB5, 0x00, 0x31];
/// `user_identifier` of ATSC, `user_data_type_code` of `cc_data`.
const CAPTIONS: [u8; 5] = *b"GA94\x03";
/// `cc_count` has five bits.
const MOST: usize = 31;

/// The captions of an access unit of H.264, given as its NAL units: triplets of three bytes each, as `cc_data` has them; empty
/// where there are none.
pub fn of_h264<'a>(units: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let messages = units.into_iter().filter(|unit| h264::NalType::of(unit) == Some(h264::NalType::SEI));
    of_messages(messages, 1)
}

/// The captions of an access unit of HEVC.
pub fn of_hevc<'a>(units: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let messages =
        units.into_iter().filter(|unit| hevc::NalType::of(unit) == Some(hevc::NalType::PREFIX_SEI));
    of_messages(messages, 2)
}

/// The captions of a coded picture of MPEG-2 video, in its user data.
pub fn of_mpeg2(picture: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for data in mpeg_video::user_data(picture) {
        out.extend(data.strip_prefix(&CAPTIONS).and_then(triplets).unwrap_or_default());
    }
    out
}

fn of_messages<'a>(units: impl Iterator<Item = &'a [u8]>, header: usize) -> Vec<u8> {
    let mut out = Vec::new();
    for unit in units {
        let payload: Cow<'_, [u8]> = unescape(unit.get(header..).unwrap_or_default());
        let messages = sei_messages(&payload).filter(|message| message.kind == SeiMessage::USER_DATA_T35);
        for message in messages {
            let data = message.payload.strip_prefix(&T35).and_then(|data| data.strip_prefix(&CAPTIONS));
            out.extend(data.and_then(triplets).unwrap_or_default());
        }
    }
    out
}

/// The triplets of a `cc_data` structure, where it says they are to be processed. One that is cut short has those that are
/// there.
fn triplets(data: &[u8]) -> Option<&[u8]> {
    let (flags, rest) = (*data.first()?, data.get(2..)?);
    let wanted = usize::from(flags & 0x1F) * 3;
    let whole = rest.len().min(wanted) / 3 * 3;
    (flags & 0x40 != 0).then(|| &rest[..whole])
}

/// An SEI NAL unit of H.264 with these triplets; `None` without any.
pub fn h264_unit(triplets: &[u8]) -> Option<Vec<u8>> {
    unit(&[h264::NalType::SEI.0], triplets)
}

/// An SEI NAL unit of HEVC, of the base layer, with these triplets; `None` without any.
pub fn hevc_unit(triplets: &[u8]) -> Option<Vec<u8>> {
    unit(&[hevc::NalType::PREFIX_SEI.0 << 1, 1], triplets)
}

fn unit(header: &[u8], triplets: &[u8]) -> Option<Vec<u8>> {
    let mut payload = Vec::with_capacity(triplets.len() + 32);
    // More than one message can count are spread over several.
    for some in triplets.chunks(MOST * 3) {
        let count = some.len() / 3;
        let size = T35.len() + CAPTIONS.len() + 2 + count * 3 + 1;
        payload.extend([SeiMessage::USER_DATA_T35 as u8, size as u8]);
        payload.extend(T35.iter().chain(&CAPTIONS));
        // reserved, process_cc_data_flag, zero_bit, cc_count; then em_data.
        payload.extend([0xC0 | count as u8, 0xFF]);
        payload.extend(&some[..count * 3]);
        payload.push(0xFF);
    }
    if payload.is_empty() {
        return None;
    }
    payload.push(0x80);
    let mut out = header.to_vec();
    out.extend(escape(&payload));
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captions_come_back() {
        for count in [1, 2, 31, 32, 80] {
            let triplets: Vec<u8> = (0..count * 3).map(|at| (at % 4) as u8).collect();
            assert_eq!(of_h264([&h264_unit(&triplets).unwrap()[..]]), triplets);
            assert_eq!(of_hevc([&hevc_unit(&triplets).unwrap()[..]]), triplets);
        }
        assert_eq!((h264_unit(&[]), of_h264([&[0x65, 1][..]])), (None, Vec::new()));
    }

    #[test]
    fn user_data_of_mpeg2_holds_them() {
        let mut picture = vec![0, 0, 1, 0, 0, 0x08, 0, 0, 1, 0xB2];
        picture.extend(b"GA94\x03\xC2\xFF\xFC\x94\x20\xFD\x80\x80\xFF");
        picture.extend([0, 0, 1, 0xB2, b'D', b'T', b'G', b'1', 0x41, 0, 0, 1, 1, 0x22]);
        assert_eq!(of_mpeg2(&picture), [0xFC, 0x94, 0x20, 0xFD, 0x80, 0x80]);
    }

    #[test]
    fn any_bytes_are_survived() {
        let unit = h264_unit(&[0xFC, 0x94, 0x20].repeat(20)).unwrap();
        crate::noise::for_each_damage(&unit, 2000, |bytes| drop(of_h264([bytes])));
        crate::noise::for_each(2000, |bytes| {
            of_h264([bytes]);
            of_hevc([bytes]);
            of_mpeg2(bytes);
        });
    }
}
