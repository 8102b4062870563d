//! A channel's block in the order it is coded.

use reelwright_bitstream::aac::bands::{LONG, SHORT};

use super::mdct::Shape;

/// Bands of a block at most: 15 bands in each of 8 groups.
pub(super) const MAX_BANDS: usize = 120;

/// `window_sequence`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Sequence {
    /// One long window.
    #[default]
    Long,
    /// A long window that ends in a short slope.
    Start,
    /// Eight short windows.
    Short,
    /// A long window that begins with a short slope.
    Stop,
}

impl Sequence {
    /// The sequence of a block by the need for short windows in it and its neighbours.
    pub(super) const fn choose(previous: Self, short: bool, next_short: bool) -> Self {
        let after_short = matches!(previous, Self::Short | Self::Start);
        match (after_short, short, next_short) {
            (_, true, _) => Self::Short,
            // Between two blocks of short windows there is no room for a slope down and up again.
            (true, false, true) => Self::Short,
            (true, false, false) => Self::Stop,
            (false, false, true) => Self::Start,
            (false, false, false) => Self::Long,
        }
    }
}

/// The frame a block is cut into.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Grid {
    /// The windows.
    pub(super) sequence: Sequence,
    /// The shape of the windows' slopes.
    pub(super) shape: Shape,
    /// Windows in each group; one group of one for long windows.
    pub(super) groups: Vec<u8>,
    /// Bands in each group (`max_sfb`).
    pub(super) per_group: usize,
    /// The first line of each band of each group in coding order, then the number of lines that are coded.
    pub(super) starts: Vec<u16>,
}

impl Grid {
    /// Becomes the grid of the first `per_group` of the bands that begin at `bands`.
    pub(super) fn cut(
        &mut self,
        sequence: Sequence,
        shape: Shape,
        groups: &[u8],
        bands: &[u16],
        per_group: usize,
    ) {
        (self.sequence, self.shape, self.per_group) = (sequence, shape, per_group);
        self.groups.clear();
        self.groups.extend(groups);
        self.starts.clear();
        let mut line = 0;
        for &windows in groups {
            for band in bands.windows(2).take(per_group) {
                self.starts.push(line);
                line += (band[1] - band[0]) * u16::from(windows);
            }
        }
        self.starts.push(line);
    }

    /// How many bands there are over all groups.
    pub(super) fn bands(&self) -> usize {
        self.starts.len() - 1
    }

    /// The lines of a band.
    pub(super) fn lines(&self, band: usize) -> std::ops::Range<usize> {
        usize::from(self.starts[band])..usize::from(self.starts[band + 1])
    }

    /// How many lines are coded.
    pub(super) fn end(&self) -> usize {
        self.starts.last().map_or(0, |&end| usize::from(end))
    }

    /// Puts `spectrum`, window after window, into coding order: in a group, band after band, in a band, window after
    /// window.
    pub(super) fn order(&self, spectrum: &[f32], bands: &[u16], out: &mut [f32; LONG]) {
        if self.sequence != Sequence::Short {
            out[..self.end()].copy_from_slice(&spectrum[..self.end()]);
            return;
        }
        let mut place = 0;
        let mut first = 0;
        for &windows in &self.groups {
            let windows = usize::from(windows);
            for band in bands.windows(2).take(self.per_group) {
                for window in first..first + windows {
                    let start = window * SHORT + usize::from(band[0]);
                    let width = usize::from(band[1] - band[0]);
                    out[place..place + width].copy_from_slice(&spectrum[start..start + width]);
                    place += width;
                }
            }
            first += windows;
        }
    }
}

/// What a band is coded as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Content {
    /// Quantised lines.
    #[default]
    Lines,
    /// Noise of the decoder's own making (4.6.13): the logarithm of its energy, `noise_nrg`.
    Noise(i16),
    /// In the right channel of a pair: the left one's lines, scaled (4.6.8.2): `is_position`, and whether they change sign.
    Intensity(i16, bool),
}

/// A channel's lines and how much noise in each band matters.
#[derive(Clone)]
pub(super) struct Block {
    /// The lines in coding order, in units where the decoder's output is 16 bits.
    pub(super) lines: [f32; LONG],
    /// Per band: what one unit of noise energy costs.
    pub(super) weights: [f32; MAX_BANDS],
    /// Per band: lines, or the other channel's.
    pub(super) contents: [Content; MAX_BANDS],
}

impl Default for Block {
    fn default() -> Self {
        Self { lines: [0.0; LONG], weights: [0.0; MAX_BANDS], contents: [Content::Lines; MAX_BANDS] }
    }
}

#[cfg(test)]
mod tests {
    use reelwright_bitstream::aac::bands;

    use super::*;

    #[test]
    fn sequences_follow_the_standard() {
        use Sequence::*;
        let needs = [false, false, true, false, false, true, false, true, true, false, false];
        let mut previous = Long;
        let mut chosen = Vec::new();
        for pair in needs.windows(2) {
            previous = Sequence::choose(previous, pair[0], pair[1]);
            chosen.push(previous);
        }
        assert_eq!(chosen, [Long, Start, Short, Stop, Start, Short, Short, Short, Short, Stop]);
    }

    #[test]
    fn short_windows_are_ordered_by_band_within_a_group() {
        let bands = bands::short(3);
        let mut grid = Grid::default();
        grid.cut(Sequence::Short, Shape::Sine, &[3, 5], bands, 14);
        let spectrum: Vec<f32> = (0..LONG).map(|line| line as f32).collect();
        let mut out = [0.0; LONG];
        grid.order(&spectrum, bands, &mut out);
        assert_eq!(out[..12], [0.0, 1.0, 2.0, 3.0, 128.0, 129.0, 130.0, 131.0, 256.0, 257.0, 258.0, 259.0]);
        assert_eq!((out[12], out[384], out[388]), (4.0, 384.0, 512.0));
        assert_eq!((grid.bands(), grid.end(), grid.lines(14)), (28, LONG, 384..404));
    }
}
