use reelwright_media::{ContentLight, MasteringDisplay, Result};

use super::{FRAME, FRAME_HEADER, METADATA, SEQUENCE_HEADER, obus};
use crate::BitReader;

/// Whether decoding can start at `sample`: its first frame is a shown key frame, and the sample carries a sequence header
/// or the stream's configuration is at hand.
pub fn is_key(sample: &[u8]) -> bool {
    let mut units = obus(sample).map_while(Result::ok);
    let mut reduced = false;
    let frame = units.find(|unit| {
        // reduced_still_picture_header is the fifth bit: such streams have key frames only, without the bits below.
        reduced |= unit.kind == SEQUENCE_HEADER && unit.payload.first().is_some_and(|first| first & 8 != 0);
        matches!(unit.kind, FRAME | FRAME_HEADER)
    });
    match frame.and_then(|unit| unit.payload.first()) {
        // show_existing_frame 0, frame_type KEY_FRAME 0, show_frame 1.
        Some(first) => reduced || first & 0xF0 == 0x10,
        None => false,
    }
}

/// Mastering display and light level from the metadata units of a sample (5.8).
pub fn light(sample: &[u8]) -> (Option<MasteringDisplay>, Option<ContentLight>) {
    let mut out = (None, None);
    let units = obus(sample).map_while(Result::ok);
    for unit in units.filter(|unit| unit.kind == METADATA) {
        match unit.payload.split_first() {
            Some((1, payload)) => out.1 = crate::content_light(payload).ok(),
            Some((2, payload)) => out.0 = mastering(payload).ok(),
            _ => {}
        }
    }
    out
}

/// AV1 counts red, green, blue in 0.16 fixed point, and luminances in 24.8 and 18.14 (6.7.4).
fn mastering(payload: &[u8]) -> Result<MasteringDisplay> {
    let mut reader = BitReader::new(payload);
    let scale = |value: u32| u16::try_from((value * 50_000 + 0x8000) >> 16).unwrap_or(u16::MAX);
    let mut point = || -> Result<(u16, u16)> { Ok((scale(reader.bits(16)?), scale(reader.bits(16)?))) };
    let [red, green, blue, white] = [point()?, point()?, point()?, point()?];
    let (max, min) = (u64::from(reader.bits(32)?), u64::from(reader.bits(32)?));
    let clamp = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
    Ok(MasteringDisplay {
        primaries: [green, blue, red],
        white,
        max_luminance: clamp((max * 10_000 + 0x80) >> 8),
        min_luminance: clamp((min * 10_000 + 0x2000) >> 14),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_frames_are_told_apart() {
        assert!(is_key(&[0x12, 0, 0x32, 1, 0x10]));
        assert!(!is_key(&[0x32, 1, 0x30]) && !is_key(&[]));
    }

    #[test]
    fn light_is_read() {
        let (mastering, content) = light(&[0x2A, 5, 1, 3, 0xE8, 1, 0x90]);
        assert_eq!((mastering, content.map(|light| light.max)), (None, Some(1000)));
        crate::noise::for_each(2000, |bytes| {
            let _ = (is_key(bytes), light(bytes), super::mastering(bytes));
        });
    }
}
