use std::ops::Range;

use reelwright_media::{Error, Result};

use crate::indexed::{Packet, PacketTable};
use crate::window::Window;

/// The header of the `pakt` chunk.
#[derive(Clone, Copy, Debug)]
pub(super) struct PacketInfo {
    pub(super) packets: u64,
    pub(super) valid_frames: u64,
    pub(super) priming: i32,
    pub(super) remainder: i32,
}

impl PacketInfo {
    pub(super) fn read(window: &mut Window, at: u64) -> Result<Self> {
        let bytes = window.array::<24>(at)?;
        let number =
            |range: Range<usize>| bytes[range].iter().fold(0u64, |value, &byte| value << 8 | u64::from(byte));
        let signed =
            |range: Range<usize>| (number(range) & 0xFFFF_FFFF).try_into().map_or(0, u32::cast_signed);
        Ok(Self {
            packets: number(0..8),
            valid_frames: number(8..16),
            priming: signed(16..20),
            remainder: signed(20..24),
        })
    }

    /// The PCM frames that are heard of `total` ones that are stored.
    pub(super) fn heard(&self, total: i64) -> Range<i64> {
        let from = i64::from(self.priming.max(0)).min(total);
        let stated = i64::try_from(self.valid_frames).ok().filter(|&frames| frames > 0);
        let to = match stated {
            Some(frames) => from.saturating_add(frames).min(total),
            None => total.saturating_sub(self.remainder.max(0).into()).max(from),
        };
        from..to
    }
}

/// Reads the table: sizes where packets differ in size, then lengths where they differ in length.
pub(super) fn read(
    window: &mut Window,
    table: &mut PacketTable,
    sizes: Range<u64>,
    data: Range<u64>,
    count: u64,
    constant: (u32, u32),
    warnings: &mut Vec<String>,
) -> Result<()> {
    let (mut at, mut offset, mut time) = (sizes.start, data.start, 0i64);
    for _ in 0..count {
        let size = if constant.0 > 0 { constant.0 } else { number(window, &mut at, sizes.end)? };
        let frames = if constant.1 > 0 { constant.1 } else { number(window, &mut at, sizes.end)? };
        let next = offset + u64::from(size);
        // An empty packet takes no room in a table of constant lengths: nothing else bounds their number.
        if next > data.end || (size == 0 && constant.0 == 0 && at >= sizes.end) {
            warnings.push(format!(
                "the packet table states {count} packets; the data holds {}",
                table.packets.len()
            ));
            break;
        }
        let sync = true;
        let packet =
            Packet { offset, size, dts: time, pts: time, duration: frames, sync, skipped_leading: false };
        table.push(packet)?;
        offset = next;
        time = time.saturating_add(frames.into());
    }
    Ok(())
}

/// A number of seven bits a byte, the highest first.
fn number(window: &mut Window, at: &mut u64, end: u64) -> Result<u32> {
    let mut value = 0u32;
    for _ in 0..5 {
        if *at >= end {
            break;
        }
        let [byte] = window.array::<1>(*at)?;
        *at += 1;
        value = value << 7 | u32::from(byte & 0x7F);
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(Error::malformed("the packet table is cut short or badly coded").at_offset(*at).in_box("pakt"))
}
