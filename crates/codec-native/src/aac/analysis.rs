//! From samples to a block: windows, transforms, groups, thresholds.

use reelwright_bitstream::aac::SAMPLE_RATES;

use super::bands::{self, LONG, SHORT};
use super::block::{Block, Grid, Sequence};
use super::mdct::{Mdct, Shape, slope};
use super::psycho::{Memory, Model};
use super::transient::Detector;

/// Where the short windows of a block begin.
const FIRST_SHORT: usize = (LONG - SHORT) / 2;
/// Lines an LFE element codes at most.
const LFE_LINES: u16 = 12;
/// How a band's share of the noise grows with its width: 0 gives all bands the same ratio of noise to threshold when
/// bits are scarce per band, 1 per line.
const WIDTH_POWER: f32 = 0.5;
/// Windows whose energies differ less than this, in doublings averaged over the bands, share scale factors.
const ALIKE: f32 = 1.5;

/// What is remembered of a channel.
#[derive(Clone)]
pub(super) struct Channel {
    /// The last three blocks, the newest last.
    samples: Vec<f32>,
    /// The attacks in each.
    pub(super) attacks: [u8; 3],
    detector: Detector,
    memory: Memory,
    /// Of the frame before.
    pub(super) sequence: Sequence,
    shape: Shape,
}

impl Default for Channel {
    fn default() -> Self {
        Self {
            samples: vec![0.0; 3 * LONG],
            attacks: [0; 3],
            detector: Detector::default(),
            memory: Memory::default(),
            sequence: Sequence::default(),
            shape: Shape::default(),
        }
    }
}

impl Channel {
    /// Takes in the next block.
    pub(super) fn push(&mut self, block: &[f32]) {
        self.samples.copy_within(LONG.., 0);
        self.samples[2 * LONG..].copy_from_slice(block);
        self.attacks.rotate_left(1);
        self.attacks[2] = self.detector.attacks(block);
    }
}

/// Windows, transforms and the model of a sample rate.
pub(super) struct Analyzer {
    shape: Shape,
    model: Model,
    long: Mdct,
    short: Mdct,
    /// Rising slopes by shape: of long windows, of short ones.
    slopes: [[Vec<f32>; 2]; 2],
    long_bands: &'static [u16],
    short_bands: &'static [u16],
    /// Bands that are coded.
    long_count: usize,
    short_count: usize,
    windowed: Vec<f32>,
    spectrum: Vec<f32>,
    quadrature: Vec<f32>,
    power: Vec<f32>,
}

impl Analyzer {
    /// For lines below `bandwidth` Hz.
    pub(super) fn new(rate_index: usize, bandwidth: f32, shape: Shape) -> Self {
        let (long_bands, short_bands) = (bands::long(rate_index), bands::short(rate_index));
        let nyquist = SAMPLE_RATES[rate_index] as f32 / 2.0;
        let count = |bands: &[u16], lines: usize| {
            let limit = bandwidth / nyquist * lines as f32;
            bands[..bands.len() - 1].iter().filter(|&&first| f32::from(first) < limit).count()
        };
        Self {
            shape,
            model: Model::new(rate_index),
            long: Mdct::new(LONG),
            short: Mdct::new(SHORT),
            slopes: [Shape::Sine, Shape::Kbd].map(|shape| [slope(shape, LONG), slope(shape, SHORT)]),
            long_count: count(long_bands, LONG),
            short_count: count(short_bands, SHORT),
            long_bands,
            short_bands,
            windowed: vec![0.0; 2 * LONG],
            spectrum: vec![0.0; LONG],
            quadrature: vec![0.0; LONG],
            power: vec![0.0; LONG],
        }
    }

    /// The grid of an element's frame.
    pub(super) fn grid(
        &mut self,
        sequence: Sequence,
        lfe: bool,
        places: &[usize],
        channels: &[Channel],
    ) -> Grid {
        if sequence == Sequence::Short {
            let mut alike = [true; 7];
            for &place in places {
                self.transform(sequence, self.shape, &channels[place]);
                for (alike, now) in alike.iter_mut().zip(self.alike()) {
                    *alike &= now;
                }
            }
            let mut groups = vec![1];
            for alike in alike {
                match groups.last_mut() {
                    Some(last) if alike => *last += 1,
                    _ => groups.push(1),
                }
            }
            return Grid::new(sequence, self.shape, groups, self.short_bands, self.short_count);
        }
        let count = if lfe {
            self.long_bands.iter().filter(|&&first| first < LFE_LINES).count().min(self.long_count)
        } else {
            self.long_count
        };
        Grid::new(sequence, self.shape, vec![1], self.long_bands, count)
    }

    /// Whether each short window's energies are like those of the one before.
    fn alike(&self) -> [bool; 7] {
        let energies = |window: usize, band: usize| {
            let start = window * SHORT;
            let lines =
                start + usize::from(self.short_bands[band])..start + usize::from(self.short_bands[band + 1]);
            self.power[lines].iter().sum::<f32>() + 1e4
        };
        std::array::from_fn(|window| {
            let difference: f32 = (0..self.short_count)
                .map(|band| (energies(window + 1, band) / energies(window, band)).log2().abs())
                .sum();
            difference < ALIKE * self.short_count as f32
        })
    }

    /// Transforms a channel's block and weighs its bands; says whether it is silent.
    pub(super) fn block(&mut self, grid: &Grid, channel: &mut Channel, block: &mut Block) -> bool {
        self.transform(grid.sequence, grid.shape, channel);
        channel.sequence = grid.sequence;
        channel.shape = grid.shape;
        let mut thresholds = [0.0; 128];
        if grid.sequence == Sequence::Short {
            let count = self.short_bands.len() - 1;
            self.model.short(&self.power, &mut channel.memory, &mut thresholds[..8 * count]);
            grid.order(&self.spectrum, self.short_bands, &mut block.lines);
            let mut first = 0;
            for (group, &windows) in grid.groups.iter().enumerate() {
                for band in 0..grid.per_group {
                    // The group's noise spreads evenly over its windows, and each is an eighth of the block.
                    let windows = first..first + usize::from(windows);
                    let share = 1.0 / windows.len() as f32;
                    let costs: f32 = windows.map(|window| 0.125 / thresholds[window * count + band]).sum();
                    let width = 8.0 * f32::from(self.short_bands[band + 1] - self.short_bands[band]);
                    block.weights[group * grid.per_group + band] = costs * share * width.powf(WIDTH_POWER);
                }
                first += usize::from(windows);
            }
        } else {
            self.model.long(&self.power, &mut channel.memory, &mut thresholds);
            grid.order(&self.spectrum, self.long_bands, &mut block.lines);
            let widths = self.long_bands.windows(2).map(|band| f32::from(band[1] - band[0]));
            for ((weight, threshold), width) in block.weights.iter_mut().zip(&thresholds).zip(widths) {
                *weight = width.powf(WIDTH_POWER) / threshold;
            }
        }
        block.lines[..grid.end()].iter().all(|line| line.abs() < 1.0)
    }

    /// Spectrum and power of the two older blocks of a channel.
    fn transform(&mut self, sequence: Sequence, shape: Shape, channel: &Channel) {
        let samples = &channel.samples[..2 * LONG];
        if sequence == Sequence::Short {
            for window in 0..8 {
                let left = if window == 0 { channel.shape } else { shape };
                let rise = &self.slopes[left as usize][1];
                let fall = &self.slopes[shape as usize][1];
                let start = FIRST_SHORT + window * SHORT;
                let windowed = &mut self.windowed[..2 * SHORT];
                for n in 0..SHORT {
                    windowed[n] = samples[start + n] * rise[n];
                    windowed[SHORT + n] = samples[start + SHORT + n] * fall[SHORT - 1 - n];
                }
                let lines = window * SHORT..(window + 1) * SHORT;
                self.short.forward(windowed, &mut self.spectrum[lines.clone()]);
                windowed.reverse();
                self.short.forward(windowed, &mut self.quadrature[lines]);
            }
        } else {
            let windowed = &mut self.windowed;
            windowed.copy_from_slice(samples);
            let rise = &self.slopes[channel.shape as usize];
            let fall = &self.slopes[shape as usize];
            rising(&mut windowed[..LONG], rise, sequence == Sequence::Stop);
            windowed[LONG..].reverse();
            rising(&mut windowed[LONG..], fall, sequence == Sequence::Start);
            windowed[LONG..].reverse();
            self.long.forward(windowed, &mut self.spectrum);
            windowed.reverse();
            self.long.forward(windowed, &mut self.quadrature);
        }
        for ((power, line), quadrature) in self.power.iter_mut().zip(&self.spectrum).zip(&self.quadrature) {
            *power = 0.5 * (line * line + quadrature * quadrature);
        }
    }
}

/// Applies a long window's rising half, or its short slope between zeros and ones.
fn rising(samples: &mut [f32], slopes: &[Vec<f32>; 2], short: bool) {
    let [long, shorter] = slopes;
    if short {
        samples[..FIRST_SHORT].fill(0.0);
        for (sample, factor) in samples[FIRST_SHORT..].iter_mut().zip(shorter) {
            *sample *= factor;
        }
    } else {
        for (sample, factor) in samples.iter_mut().zip(long) {
            *sample *= factor;
        }
    }
}
