//! From samples to a block: windows, transforms, groups, thresholds.

use reelwright_bitstream::aac::SAMPLE_RATES;
use reelwright_bitstream::aac::bands::{self, LONG, SHORT};

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
    /// Of the block transformed last, and before that of the frame before.
    pub(super) sequence: Sequence,
    /// The block transformed last, window after window.
    spectrum: Vec<f32>,
    /// What is a quarter turn off, and the power of both.
    quadrature: Vec<f32>,
    power: Vec<f32>,
}

impl Default for Channel {
    fn default() -> Self {
        Self {
            samples: vec![0.0; 3 * LONG],
            attacks: [0; 3],
            detector: Detector::default(),
            memory: Memory::default(),
            sequence: Sequence::default(),
            spectrum: vec![0.0; LONG],
            quadrature: vec![0.0; LONG],
            power: vec![0.0; LONG],
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
    /// Rising slopes: of long windows, of short ones.
    slopes: [Vec<f32>; 2],
    long_bands: &'static [u16],
    short_bands: &'static [u16],
    /// Bands that are coded.
    long_count: usize,
    short_count: usize,
    windowed: Vec<f32>,
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
            slopes: [LONG, SHORT].map(|lines| slope(shape, lines)),
            long_count: count(long_bands, LONG),
            short_count: count(short_bands, SHORT),
            long_bands,
            short_bands,
            windowed: vec![0.0; 2 * LONG],
        }
    }

    /// Cuts an element's frame, whose channels at `places` are transformed, into `grid`.
    pub(super) fn cut(
        &self,
        grid: &mut Grid,
        sequence: Sequence,
        lfe: bool,
        places: &[usize],
        channels: &[Channel],
    ) {
        if sequence == Sequence::Short {
            let mut alike = [true; 7];
            for &place in places {
                for (alike, now) in alike.iter_mut().zip(self.alike(&channels[place].power)) {
                    *alike &= now;
                }
            }
            let (mut groups, mut last) = ([1, 0, 0, 0, 0, 0, 0, 0], 0);
            for alike in alike {
                last += usize::from(!alike);
                groups[last] += 1;
            }
            grid.cut(sequence, self.shape, &groups[..=last], self.short_bands, self.short_count);
            return;
        }
        let count = if lfe {
            self.long_bands.iter().filter(|&&first| first < LFE_LINES).count().min(self.long_count)
        } else {
            self.long_count
        };
        grid.cut(sequence, self.shape, &[1], self.long_bands, count);
    }

    /// Whether each short window's energies are like those of the one before.
    fn alike(&self, power: &[f32]) -> [bool; 7] {
        let energies = |window: usize, band: usize| {
            let start = window * SHORT;
            let lines =
                start + usize::from(self.short_bands[band])..start + usize::from(self.short_bands[band + 1]);
            power[lines].iter().sum::<f32>() + 1e4
        };
        std::array::from_fn(|window| {
            let difference: f32 = (0..self.short_count)
                .map(|band| (energies(window + 1, band) / energies(window, band)).log2().abs())
                .sum();
            difference < ALIKE * self.short_count as f32
        })
    }

    /// Weighs the bands of a channel's block, transformed before; says whether it is silent.
    pub(super) fn weigh(&self, grid: &Grid, channel: &mut Channel, block: &mut Block) -> bool {
        let mut thresholds = [0.0; 128];
        if grid.sequence == Sequence::Short {
            let count = self.short_bands.len() - 1;
            self.model.short(&channel.power, &mut channel.memory, &mut thresholds[..8 * count]);
            grid.order(&channel.spectrum, self.short_bands, &mut block.lines);
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
            self.model.long(&channel.power, &mut channel.memory, &mut thresholds);
            grid.order(&channel.spectrum, self.long_bands, &mut block.lines);
            let widths = self.long_bands.windows(2).map(|band| f32::from(band[1] - band[0]));
            for ((weight, threshold), width) in block.weights.iter_mut().zip(&thresholds).zip(widths) {
                *weight = width.powf(WIDTH_POWER) / threshold;
            }
        }
        block.lines[..grid.end()].iter().all(|line| line.abs() < 1.0)
    }

    /// Spectrum and power of the two older blocks of a channel.
    pub(super) fn transform(&mut self, sequence: Sequence, channel: &mut Channel) {
        let Channel { samples, spectrum, quadrature, power, .. } = channel;
        let samples = &samples[..2 * LONG];
        let [long, short] = &self.slopes;
        if sequence == Sequence::Short {
            for window in 0..8 {
                let start = FIRST_SHORT + window * SHORT;
                let windowed = &mut self.windowed[..2 * SHORT];
                for n in 0..SHORT {
                    windowed[n] = samples[start + n] * short[n];
                    windowed[SHORT + n] = samples[start + SHORT + n] * short[SHORT - 1 - n];
                }
                let lines = window * SHORT..(window + 1) * SHORT;
                self.short.forward(windowed, &mut spectrum[lines.clone()]);
                windowed.reverse();
                self.short.forward(windowed, &mut quadrature[lines]);
            }
        } else {
            let windowed = &mut self.windowed;
            windowed.copy_from_slice(samples);
            let slope = |shorter| if shorter { &short[..] } else { &long[..] };
            rising(&mut windowed[..LONG], slope(sequence == Sequence::Stop));
            windowed[LONG..].reverse();
            rising(&mut windowed[LONG..], slope(sequence == Sequence::Start));
            windowed[LONG..].reverse();
            self.long.forward(windowed, spectrum);
            windowed.reverse();
            self.long.forward(windowed, quadrature);
        }
        for ((power, line), quadrature) in power.iter_mut().zip(&*spectrum).zip(&*quadrature) {
            *power = 0.5 * (line * line + quadrature * quadrature);
        }
        channel.sequence = sequence;
    }
}

/// Applies a long window's rising half: a long slope, or a short one between zeros and ones.
fn rising(samples: &mut [f32], slope: &[f32]) {
    let first = (LONG - slope.len()) / 2;
    samples[..first].fill(0.0);
    for (sample, factor) in samples[first..].iter_mut().zip(slope) {
        *sample *= factor;
    }
}
