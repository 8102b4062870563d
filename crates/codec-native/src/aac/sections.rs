//! Cutting a channel's bands into sections of one codebook each, in the fewest bits.

use super::block::Content;
use super::block::{Grid, Sequence};
use super::coded::{BOOKS, Coded};
use super::quantize::book_bits;

/// Bits of `sect_cb`.
const BOOK: u32 = 4;
/// Added to the spectral bits of a non-zero book: the scale factor, of about this length, that a zero band needn't have.
const SCALE_FACTOR: u32 = 1;

/// Bits and greatest value of `sect_len_incr`.
const fn increment(sequence: Sequence) -> (u32, usize) {
    match sequence {
        Sequence::Short => (3, 7),
        _ => (5, 31),
    }
}

/// Chooses the codebook of every band; gives the bits of sections and spectrum together.
pub(super) fn choose(grid: &Grid, coded: &mut Coded) -> u32 {
    let mut total = 0;
    for first in (0..grid.bands()).step_by(grid.per_group.max(1)) {
        choose_in_group(grid, first, coded);
        total += group_bits(grid, first, coded);
    }
    total
}

/// One state of the search: the path that ends in a book.
#[derive(Clone, Copy)]
struct Path {
    bits: u32,
    length: usize,
}

fn choose_in_group(grid: &Grid, first: usize, coded: &mut Coded) {
    let (increment_bits, most) = increment(grid.sequence);
    // Which book the band before had, for the best path to each band and book.
    let mut before = [[0u8; BOOKS]; 64];
    let mut paths = [Path { bits: 0, length: 0 }; BOOKS];
    let mut best = (0u32, 0u8);
    for (band, before) in before.iter_mut().enumerate().take(grid.per_group) {
        let costs = &coded.book_bits[first + band];
        let mut next_best = (u32::MAX, 0);
        let mut next = [Path { bits: u32::MAX, length: 0 }; BOOKS];
        for book in 0..BOOKS {
            if costs[book] == u32::MAX {
                continue;
            }
            let own = costs[book] + if book == 0 { 0 } else { SCALE_FACTOR };
            let path = paths[book];
            let extend = if band == 0 || path.bits == u32::MAX {
                u32::MAX
            } else if (path.length + 1).is_multiple_of(most) {
                path.bits + increment_bits
            } else {
                path.bits
            };
            let open = best.0 + BOOK + increment_bits;
            let (bits, length, from) =
                if extend <= open { (extend, path.length + 1, book as u8) } else { (open, 1, best.1) };
            next[book] = Path { bits: bits + own, length };
            before[book] = from;
            if next[book].bits < next_best.0 {
                next_best = (next[book].bits, book as u8);
            }
        }
        paths = next;
        best = next_best;
    }
    let mut book = best.1;
    for band in (0..grid.per_group).rev() {
        coded.books[first + band] = book;
        book = before[band][usize::from(book)];
    }
}

/// The sections of a group that begins at band `first`: book and bands.
pub(super) fn sections(grid: &Grid, first: usize, coded: &Coded) -> impl Iterator<Item = (u8, usize)> {
    let books = &coded.books[first..first + grid.per_group];
    books.chunk_by(|a, b| a == b).map(|section| (section[0], section.len()))
}

fn group_bits(grid: &Grid, first: usize, coded: &Coded) -> u32 {
    let (increment_bits, most) = increment(grid.sequence);
    let headers: u32 = sections(grid, first, coded)
        .map(|(_, length)| BOOK + increment_bits * (length / most + 1) as u32)
        .sum();
    let spectrum: u32 = (first..first + grid.per_group)
        .map(|band| coded.book_bits[band][usize::from(coded.books[band])])
        .sum();
    headers + spectrum
}

/// Writes `section_data` (4.4.2.7).
pub(super) fn write(grid: &Grid, coded: &Coded, writer: &mut reelwright_bitstream::BitWriter) {
    let (increment_bits, most) = increment(grid.sequence);
    for first in (0..grid.bands()).step_by(grid.per_group.max(1)) {
        for (book, mut length) in sections(grid, first, coded) {
            writer.bits(book.into(), BOOK);
            while length >= most {
                writer.bits(most as u64, increment_bits);
                length -= most;
            }
            writer.bits(length as u64, increment_bits);
        }
    }
}

/// Fills in what each band takes in each book.
pub(super) fn measure(grid: &Grid, coded: &mut Coded) {
    for band in 0..grid.bands() {
        let values = &coded.values[grid.lines(band)];
        let max = values.iter().map(|value| value.abs()).max().unwrap_or(0);
        let bits = &mut coded.book_bits[band];
        bits.fill(u32::MAX);
        match coded.contents[band] {
            Content::Lines => bits[..12].copy_from_slice(&book_bits(values, max)),
            Content::Noise(_) => bits[13] = 0,
            Content::Intensity(_, true) => bits[14] = 0,
            Content::Intensity(_, false) => bits[15] = 0,
        }
    }
}
