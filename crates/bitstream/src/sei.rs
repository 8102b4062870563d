//! Supplemental enhancement information that H.264 (annex D) and HEVC (annex D) share.

use reelwright_media::{AmbientViewing, ContentLight, MasteringDisplay, Result};

use crate::BitReader;

/// One SEI message: its `payloadType` and payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeiMessage<'a> {
    /// `payloadType`.
    pub kind: u32,
    /// The payload, emulation prevention removed.
    pub payload: &'a [u8],
}

impl SeiMessage<'_> {
    /// `pic_timing`.
    pub const PICTURE_TIMING: u32 = 1;
    /// `user_data_registered_itu_t_t35`: captions, HDR10+, ...
    pub const USER_DATA_T35: u32 = 4;
    /// `recovery_point`.
    pub const RECOVERY_POINT: u32 = 6;
    /// `mastering_display_colour_volume`.
    pub const MASTERING_DISPLAY: u32 = 137;
    /// `content_light_level_info`.
    pub const CONTENT_LIGHT: u32 = 144;
    /// `ambient_viewing_environment`.
    pub const AMBIENT_VIEWING: u32 = 148;
}

/// The messages of an SEI NAL unit's raw byte sequence payload, without the unit's header. Stops at the first that
/// is cut short.
pub fn sei_messages(payload: &[u8]) -> impl Iterator<Item = SeiMessage<'_>> {
    let mut rest = payload;
    std::iter::from_fn(move || {
        // A lone 0x80 is the trailing bits.
        if rest.len() < 2 {
            return None;
        }
        let (kind, after) = extended(rest)?;
        let (size, after) = extended(after)?;
        let (payload, tail) = after.split_at_checked(usize::try_from(size).ok()?)?;
        rest = tail;
        Some(SeiMessage { kind, payload })
    })
}

/// A number coded as a run of 0xFF bytes and a last byte.
fn extended(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let run = bytes.iter().take_while(|&&byte| byte == 0xFF).count();
    let last = *bytes.get(run)?;
    let value = u32::try_from(run).ok()?.checked_mul(255)?.checked_add(last.into())?;
    Some((value, &bytes[run + 1..]))
}

/// Facts about the light of a programme, gathered from its SEI messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LightFacts {
    /// Mastering display colour volume.
    pub mastering: Option<MasteringDisplay>,
    /// Content light level.
    pub content_light: Option<ContentLight>,
    /// Ambient viewing environment.
    pub ambient: Option<AmbientViewing>,
}

impl LightFacts {
    /// Takes in what `message` says, if it is one of the three.
    pub fn note(&mut self, message: SeiMessage<'_>) {
        match message.kind {
            SeiMessage::MASTERING_DISPLAY => self.mastering = mastering_display(message.payload).ok(),
            SeiMessage::CONTENT_LIGHT => self.content_light = content_light(message.payload).ok(),
            SeiMessage::AMBIENT_VIEWING => self.ambient = ambient_viewing(message.payload).ok(),
            _ => {}
        }
    }
}

/// The payload of message 137, and of `mdcv`.
pub fn mastering_display(payload: &[u8]) -> Result<MasteringDisplay> {
    let mut reader = BitReader::new(payload);
    let mut point = || -> Result<(u16, u16)> { Ok((reader.short(16)?, reader.short(16)?)) };
    let primaries = [point()?, point()?, point()?];
    let white = point()?;
    Ok(MasteringDisplay {
        primaries,
        white,
        max_luminance: reader.bits(32)?,
        min_luminance: reader.bits(32)?,
    })
}

/// The payload of message 144, and of `clli`.
pub fn content_light(payload: &[u8]) -> Result<ContentLight> {
    let mut reader = BitReader::new(payload);
    Ok(ContentLight { max: reader.short(16)?, max_frame_average: reader.short(16)? })
}

/// The payload of message 148, and of `amve`.
pub fn ambient_viewing(payload: &[u8]) -> Result<AmbientViewing> {
    let mut reader = BitReader::new(payload);
    Ok(AmbientViewing { illuminance: reader.bits(32)?, light: (reader.short(16)?, reader.short(16)?) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn light_is_gathered() {
        let mut payload = vec![144, 4, 3, 0xE8, 1, 0x90, 137, 24];
        for value in [8500u16, 39850, 6550, 2300, 35400, 14600, 15635, 16450] {
            payload.extend_from_slice(&value.to_be_bytes());
        }
        payload.extend_from_slice(&10_000_000u32.to_be_bytes());
        payload.extend_from_slice(&50u32.to_be_bytes());
        payload.push(0x80);
        let mut facts = LightFacts::default();
        sei_messages(&payload).for_each(|message| facts.note(message));
        assert_eq!(facts.content_light, Some(ContentLight { max: 1000, max_frame_average: 400 }));
        assert_eq!(facts.mastering.map(|display| display.white), Some((15635, 16450)));
        assert_eq!(facts.ambient, None);
    }

    #[test]
    fn any_bytes_are_survived() {
        crate::noise::for_each(2000, |bytes| {
            let mut facts = LightFacts::default();
            sei_messages(bytes).for_each(|message| facts.note(message));
        });
    }
}
