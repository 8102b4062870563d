//! What a channel's block became.

use super::bands::LONG;
use super::block::{Grid, MAX_BANDS};
use super::codebooks::{SCALE_FACTORS, length};
use super::sections;

/// Scale factors, codebooks and values of a channel.
#[derive(Clone)]
pub(super) struct Coded {
    /// Per band; of bands of book 0 without meaning.
    pub(super) scales: [u8; MAX_BANDS],
    /// Per band.
    pub(super) books: [u8; MAX_BANDS],
    /// In coding order, with signs.
    pub(super) values: [i32; LONG],
    /// Per band, the bits in each book.
    pub(super) book_bits: [[u32; 12]; MAX_BANDS],
    /// Bits of `section_data`, `scale_factor_data` and `spectral_data` together.
    pub(super) bits: u32,
}

impl Default for Coded {
    fn default() -> Self {
        Self {
            scales: [0; MAX_BANDS],
            books: [0; MAX_BANDS],
            values: [0; LONG],
            book_bits: [[0; 12]; MAX_BANDS],
            bits: 0,
        }
    }
}

impl Coded {
    /// Chooses sections for the values, gives zero bands in other sections a scale factor that costs least, and counts.
    pub(super) fn settle(&mut self, grid: &Grid) {
        sections::measure(grid, self);
        let bits = sections::choose(grid, self);
        let mut scale = None;
        for band in 0..grid.bands() {
            if self.books[band] == 0 {
                continue;
            }
            // Values of zero don't need the scale factor they have; the one before costs one bit.
            if self.book_bits[band][0] == 0 {
                self.scales[band] = scale.unwrap_or_else(|| self.first_scale(grid, band));
            }
            scale = Some(self.scales[band]);
        }
        self.bits = bits + self.differences(grid).map(scale_bits).sum::<u32>();
    }

    fn first_scale(&self, grid: &Grid, from: usize) -> u8 {
        let band = (from..grid.bands()).find(|&band| self.books[band] != 0 && self.book_bits[band][0] != 0);
        band.map_or(0, |band| self.scales[band])
    }

    /// `global_gain`: the first scale factor that is coded.
    pub(super) fn global_gain(&self, grid: &Grid) -> u8 {
        (0..grid.bands()).find(|&band| self.books[band] != 0).map_or(0, |band| self.scales[band])
    }

    /// The differences of `scale_factor_data` (4.6.2).
    pub(super) fn differences(&self, grid: &Grid) -> impl Iterator<Item = i32> {
        let mut previous = self.global_gain(grid);
        (0..grid.bands()).filter(|&band| self.books[band] != 0).map(move |band| {
            let difference = i32::from(self.scales[band]) - i32::from(previous);
            previous = self.scales[band];
            difference
        })
    }
}

/// The entry of the scale factor codebook for a difference.
pub(super) fn scale_entry(difference: i32) -> u32 {
    SCALE_FACTORS[(difference + 60).clamp(0, 120) as usize]
}

/// Bits of a difference of scale factors, from -60 to 60.
pub(super) fn scale_bits(difference: i32) -> u32 {
    length(scale_entry(difference))
}
