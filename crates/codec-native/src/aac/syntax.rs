//! Writing raw data blocks (4.4.2).

use reelwright_bitstream::BitWriter;
use reelwright_bitstream::aac::codebooks::{SPECTRAL, code, length};

use super::block::{Grid, MAX_BANDS, Sequence};
use super::coded::Coded;
use super::mdct::Shape;
use super::sections;
use super::shaping::{self, Filter};

/// Bits of an element's identifier and tag.
const ELEMENT_BITS: u32 = 3 + 4;
/// Bits of `id_syn_ele` at the end of a raw data block.
pub(super) const END_BITS: u32 = 3;
/// `global_gain`, and that there are no pulses and no gain control.
const STREAM_BITS: u32 = 8 + 2;

/// `id_syn_ele`.
#[derive(Clone, Copy)]
pub(super) enum Id {
    Single = 0,
    Pair = 1,
    Lfe = 3,
    Fill = 6,
    End = 7,
}

/// Bits of an element of one channel.
pub(super) fn single_bits(grid: &Grid, coded: &Coded, filters: &[Option<Filter>]) -> u32 {
    ELEMENT_BITS + info_bits(grid) + STREAM_BITS + coded.bits + filter_bits(filters)
}

/// Bits of an element of two channels.
pub(super) fn pair_bits(
    grid: &Grid,
    joint: &[bool; MAX_BANDS],
    coded: &[Coded],
    filters: &[Option<Filter>],
) -> u32 {
    let mask = if mask_kind(grid, joint) == 1 { grid.bands() as u32 } else { 0 };
    let streams: u32 = coded.iter().map(|coded| STREAM_BITS + coded.bits).sum();
    ELEMENT_BITS + 1 + info_bits(grid) + 2 + mask + streams + filter_bits(filters)
}

fn filter_bits(filters: &[Option<Filter>]) -> u32 {
    filters.iter().map(|filter| shaping::bits(filter.as_ref())).sum()
}

/// `single_channel_element` or `lfe_channel_element`.
pub(super) fn write_single(
    writer: &mut BitWriter,
    id: Id,
    tag: u64,
    grid: &Grid,
    coded: &Coded,
    filters: &[Option<Filter>],
) {
    writer.bits(id as u64, 3);
    writer.bits(tag, 4);
    write_stream(writer, grid, coded, filters.first().and_then(Option::as_ref), true);
}

/// `channel_pair_element` with a common window.
pub(super) fn write_pair(
    writer: &mut BitWriter,
    tag: u64,
    grid: &Grid,
    joint: &[bool; MAX_BANDS],
    coded: &[Coded],
    filters: &[Option<Filter>],
) {
    writer.bits(Id::Pair as u64, 3);
    writer.bits(tag, 4);
    writer.flag(true);
    write_info(writer, grid);
    let kind = mask_kind(grid, joint);
    writer.bits(kind, 2);
    if kind == 1 {
        joint[..grid.bands()].iter().for_each(|&joint| writer.flag(joint));
    }
    for (coded, filter) in coded.iter().zip(filters) {
        write_stream(writer, grid, coded, filter.as_ref(), false);
    }
}

/// Fill elements of `bits` bits in all, or up to 6 fewer: the least takes 7.
pub(super) fn write_fill(writer: &mut BitWriter, mut bits: u32) {
    while bits >= 7 {
        let bytes = ((bits - 7) / 8).min(269);
        // From 15 bytes on, an escape counts on from 14.
        let bytes = if bytes >= 15 { bytes - 1 } else { bytes };
        writer.bits(Id::Fill as u64, 3);
        writer.bits(u64::from(bytes.min(15)), 4);
        if bytes >= 15 {
            writer.bits(u64::from(bytes - 14), 8);
        }
        for _ in 0..bytes {
            writer.bits(0, 8);
        }
        bits -= 7 + 8 * bytes + if bytes >= 15 { 8 } else { 0 };
    }
}

/// `ms_mask_present`.
fn mask_kind(grid: &Grid, joint: &[bool; MAX_BANDS]) -> u64 {
    let joint = &joint[..grid.bands()];
    match joint.iter().filter(|&&joint| joint).count() {
        0 => 0,
        count if count == joint.len() => 2,
        _ => 1,
    }
}

fn info_bits(grid: &Grid) -> u32 {
    if grid.sequence == Sequence::Short { 1 + 2 + 1 + 4 + 7 } else { 1 + 2 + 1 + 6 + 1 }
}

/// `ics_info`.
fn write_info(writer: &mut BitWriter, grid: &Grid) {
    let sequence = match grid.sequence {
        Sequence::Long => 0,
        Sequence::Start => 1,
        Sequence::Short => 2,
        Sequence::Stop => 3,
    };
    writer.bits(0, 1);
    writer.bits(sequence, 2);
    writer.flag(grid.shape == Shape::Kbd);
    if grid.sequence == Sequence::Short {
        writer.bits(grid.per_group as u64, 4);
        for (group, &windows) in grid.groups.iter().enumerate() {
            // One bit for each window but the first: whether it belongs to the group of the one before.
            if group > 0 {
                writer.flag(false);
            }
            (1..windows).for_each(|_| writer.flag(true));
        }
    } else {
        writer.bits(grid.per_group as u64, 6);
        writer.flag(false);
    }
}

/// `individual_channel_stream`.
fn write_stream(
    writer: &mut BitWriter,
    grid: &Grid,
    coded: &Coded,
    filter: Option<&Filter>,
    with_info: bool,
) {
    writer.bits(coded.global_gain(grid).into(), 8);
    if with_info {
        write_info(writer, grid);
    }
    sections::write(grid, coded, writer);
    coded.scale_entries(grid).for_each(|entry| put(writer, entry));
    writer.flag(false); // no pulses
    shaping::write(filter, writer);
    writer.flag(false); // no gain control
    for band in 0..grid.bands() {
        write_values(writer, usize::from(coded.books[band]), &coded.values[grid.lines(band)]);
    }
}

fn put(writer: &mut BitWriter, entry: u32) {
    writer.bits(code(entry).into(), length(entry));
}

/// A band of `spectral_data`.
fn write_values(writer: &mut BitWriter, book: usize, values: &[i32]) {
    let (width, base, signed) = match book {
        0 | 13.. => return,
        1 | 2 => (4, 3, true),
        3 | 4 => (4, 3, false),
        5 | 6 => (2, 9, true),
        7 | 8 => (2, 8, false),
        9 | 10 => (2, 13, false),
        _ => (2, 17, false),
    };
    for group in values.chunks_exact(width) {
        let digit = |value: i32| if signed { value + base / 2 } else { value.abs().min(16) };
        let place = group.iter().fold(0, |place, &value| place * base + digit(value));
        put(writer, SPECTRAL[book][place as usize]);
        if signed {
            continue;
        }
        group.iter().filter(|&&value| value != 0).for_each(|&value| writer.flag(value < 0));
        if book == 11 {
            group
                .iter()
                .filter(|value| value.abs() >= 16)
                .for_each(|&value| escape(writer, value.unsigned_abs()));
        }
    }
}

/// An escape sequence: as many ones as bits beyond 5 the magnitude has, a zero, and the magnitude below its first bit.
fn escape(writer: &mut BitWriter, magnitude: u32) {
    let bits = magnitude.ilog2();
    writer.bits(u64::MAX << 1, bits - 4 + 1);
    writer.bits(magnitude.into(), bits);
}
