use reelwright_media::{BoxFamily, Result};

use crate::{BoxRef, Reader};

/// The fields of a sound description before its children (ISO/IEC 14496-12, 12.2.3; QuickTime File Format, "Sound
/// Sample Descriptions").
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct SoundHeader {
    pub(super) channels: u32,
    /// Bits per sample.
    pub(super) bits: u32,
    /// Frames per second; 0 where it doesn't fit.
    pub(super) sample_rate: u32,
    /// -2: packets may differ in size and duration.
    pub(super) compression_id: i16,
    /// Version 1: frames in a packet, bytes in a packet of all channels.
    pub(super) packet: Option<(u32, u32)>,
    /// Version 2: the format flags of LPCM.
    pub(super) lpcm_flags: Option<u32>,
}

/// Bytes of the fixed fields of version 0, behind the box header.
const SHORT_LEN: usize = 28;

impl SoundHeader {
    /// Reads the fields; the second value stands at the children.
    pub(super) fn read<'a>(entry: &BoxRef<'a>, family: BoxFamily) -> Result<(Self, Reader<'a>)> {
        let mut r = entry.body();
        r.skip(8)?;
        let version = r.u16()?;
        r.skip(6)?;
        let mut header = Self { channels: r.u16()?.into(), bits: r.u16()?.into(), ..Self::default() };
        header.compression_id = r.i16()?;
        r.skip(2)?;
        header.sample_rate = r.u32()? >> 16;
        match version {
            // Some writers state version 1 but leave its fields out.
            1 if r.remaining() >= 16 && (family == BoxFamily::QuickTime || !starts_a_box(&r)) => {
                let (frames, _, bytes) = (r.u32()?, r.u32()?, r.u32()?);
                r.skip(4)?;
                header.packet = Some((frames, bytes));
            }
            2 => header.second_version(entry, &mut r)?,
            _ => {}
        }
        Ok((header, r))
    }

    fn second_version<'a>(&mut self, entry: &BoxRef<'a>, r: &mut Reader<'a>) -> Result<()> {
        let struct_size = usize::try_from(r.u32()?).unwrap_or(usize::MAX);
        let rate = r.f64()?;
        // Rates are whole numbers in 32 bits; anything else is nonsense and becomes 0 or the largest.
        self.sample_rate = rate.round() as u32;
        self.channels = r.u32()?;
        r.skip(4)?;
        self.bits = r.u32()?;
        self.lpcm_flags = Some(r.u32()?);
        let (bytes, frames) = (r.u32()?, r.u32()?);
        self.packet = Some((frames, bytes));
        // The size counts from the beginning of the box; there the children are.
        let mut children = entry.body();
        if struct_size > SHORT_LEN + 8 && children.skip(struct_size - 8).is_ok() {
            *r = children;
        }
        Ok(())
    }
}

/// Whether a child box stands here: tells ISO's version 1, which adds no fields, from QuickTime's, which adds 16 bytes
/// and is found in MP4 files too.
fn starts_a_box(r: &Reader<'_>) -> bool {
    let mut ahead = r.clone();
    let (Ok(size), Ok(kind)) = (ahead.u32(), ahead.fourcc()) else { return false };
    let fits = usize::try_from(size).is_ok_and(|size| size >= 8 && size <= r.remaining());
    fits && kind.0.iter().all(|&byte| byte >= b' ')
}
