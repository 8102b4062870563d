//! What a channel's block became.

use std::mem::replace;

use reelwright_bitstream::aac::bands::LONG;
use reelwright_bitstream::aac::codebooks::{SCALE_FACTORS, length};

use super::block::{Content, Grid, MAX_BANDS};
use super::sections;

/// Codebooks, those that stand for noise (13) and intensity (14 and 15) included.
pub(super) const BOOKS: usize = 16;
/// What the first energy of noise counts from, below `global_gain`.
const NOISE_OFFSET: i16 = 90;

/// Scale factors, codebooks and values of a channel.
#[derive(Clone)]
pub(super) struct Coded {
    /// Per band; of bands of book 0 without meaning.
    pub(super) scales: [u8; MAX_BANDS],
    /// Per band.
    pub(super) books: [u8; MAX_BANDS],
    /// Per band.
    pub(super) contents: [Content; MAX_BANDS],
    /// In coding order, with signs.
    pub(super) values: [i32; LONG],
    /// Per band, the bits in each book.
    pub(super) book_bits: [[u32; BOOKS]; MAX_BANDS],
    /// Bits of `section_data`, `scale_factor_data` and `spectral_data` together.
    pub(super) bits: u32,
}

impl Default for Coded {
    fn default() -> Self {
        Self {
            scales: [0; MAX_BANDS],
            books: [0; MAX_BANDS],
            contents: [Content::Lines; MAX_BANDS],
            values: [0; LONG],
            book_bits: [[0; BOOKS]; MAX_BANDS],
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
            if !self.has_lines(band) {
                continue;
            }
            // Values of zero don't need the scale factor they have; the one before costs one bit.
            if self.book_bits[band][0] == 0 {
                self.scales[band] = scale.unwrap_or_else(|| self.first_scale(grid, band));
            }
            scale = Some(self.scales[band]);
        }
        self.bits = bits + self.scale_entries(grid).map(length).sum::<u32>();
    }

    fn first_scale(&self, grid: &Grid, from: usize) -> u8 {
        let band = (from..grid.bands()).find(|&band| self.has_lines(band) && self.book_bits[band][0] != 0);
        band.map_or(0, |band| self.scales[band])
    }

    /// `global_gain`: the first scale factor that is coded.
    pub(super) fn global_gain(&self, grid: &Grid) -> u8 {
        (0..grid.bands()).find(|&band| self.has_lines(band)).map_or(0, |band| self.scales[band])
    }

    /// How many lines are written.
    pub(super) fn lines(&self, grid: &Grid) -> usize {
        (0..grid.bands()).filter(|&band| self.has_lines(band)).map(|band| grid.lines(band).len()).sum()
    }

    /// Whether lines of the band are written, zeros maybe.
    fn has_lines(&self, band: usize) -> bool {
        (1..=11).contains(&self.books[band])
    }

    /// The codes of `scale_factor_data` (4.6.2), as `code << 5 | length`: scale factors, energies of noise and intensity
    /// positions, each as the difference from the one of its kind before.
    pub(super) fn scale_entries(&self, grid: &Grid) -> impl Iterator<Item = u32> {
        let gain = i16::from(self.global_gain(grid));
        let (mut scale, mut noise, mut position) = (gain, None, 0);
        (0..grid.bands()).filter(|&band| self.books[band] != 0).map(move |band| match self.contents[band] {
            Content::Lines => scale_entry(
                (i16::from(self.scales[band]) - replace(&mut scale, self.scales[band].into())).into(),
            ),
            Content::Intensity(next, _) => scale_entry((next - replace(&mut position, next)).into()),
            Content::Noise(next) => match noise.replace(next) {
                Some(before) => scale_entry((next - before).into()),
                // The first one in 9 bits.
                None => ((next - gain + NOISE_OFFSET + 256).clamp(0, 511) as u32) << 5 | 9,
            },
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
