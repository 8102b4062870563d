//! Temporal noise shaping of long blocks (4.6.9): prediction across the lines of a spectrum, so that a decoder's noise
//! follows the signal's envelope within the block.

use std::f32::consts::FRAC_PI_2;
use std::ops::Range;

use reelwright_bitstream::BitWriter;
use reelwright_bitstream::aac::SAMPLE_RATES;
use reelwright_bitstream::aac::bands::{LONG, long};

use super::block::{Block, Grid, Sequence};
use super::lanes::dot;

/// Coefficients at most: the standard allows 12 in LC, more than 8 hardly ever pay.
const ORDER: usize = 8;
/// From here on in Hz; lower down ears resolve frequency better than time.
const LOWEST_HERTZ: f32 = 1500.0;
/// The prediction has to gain this factor of energy, in the lower and the upper half of the bands each.
const LEAST_GAIN: f32 = 1.4;
/// How much likelier two channels get one filter, so that they stay alike for middle and side.
const JOINT_BONUS: f32 = 1.25;
/// What of the decoder's amplification of noise counts: it lands where the signal is loud.
const AMPLIFICATION_POWER: f32 = 1.0;
/// Steps of a coefficient's arcsine to either side.
const STEPS: f32 = 8.0;

/// The filter of a channel's long block.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Filter {
    /// Reflection coefficients as written, -8 to 7.
    coefficients: Vec<i8>,
    /// Bands from the top of all bands down.
    length: u8,
}

/// What may be shaped at a sample rate.
pub(super) struct Shaper {
    bands: usize,
    first_band: usize,
    end_band: usize,
}

impl Shaper {
    /// For the long blocks of a sample rate.
    pub(super) fn new(rate_index: usize) -> Self {
        // TNS_MAX_BANDS for long windows in LC (table 4.139).
        const END: [usize; 13] = [31, 31, 34, 40, 42, 51, 46, 46, 42, 42, 42, 39, 39];
        let bands = long(rate_index);
        let line = LOWEST_HERTZ * 2048.0 / SAMPLE_RATES[rate_index] as f32;
        let first_band = bands.iter().position(|&first| f32::from(first) >= line).unwrap_or(bands.len() - 1);
        Self { bands: bands.len() - 1, first_band, end_band: END[rate_index] }
    }

    /// Predicts the lines of an element's channels where that pays, in place; gives each channel's filter.
    pub(super) fn shape(&self, grid: &Grid, blocks: &mut [Block], filters: &mut [Option<Filter>]) {
        filters.fill(None);
        let end = self.end_band.min(grid.per_group);
        if grid.sequence == Sequence::Short || self.first_band + 4 > end {
            return;
        }
        let middle = (self.first_band + end) / 2;
        let halves =
            |block: &Block| [self.first_band..middle, middle..end].map(|bands| correlate(grid, block, bands));
        let mut all = [[[0.0; ORDER + 1]; 2]; 2];
        let all = &mut all[..blocks.len()];
        all.iter_mut().zip(&*blocks).for_each(|(all, block)| *all = halves(block));
        let joint = reflections(&sum(all.as_flattened()));
        for ((block, filter), halves) in blocks.iter_mut().zip(filters).zip(&*all) {
            let own = reflections(&sum(halves));
            // What happens at one time shows all over the spectrum; a tone's skirt shows in one half only.
            let gain =
                |reflections| halves.iter().map(|half| gain(reflections, half)).fold(f32::MAX, f32::min);
            let (joint_gain, own_gain) = (gain(&joint), gain(&own));
            let prefers_joint = joint_gain * JOINT_BONUS > own_gain;
            let (gain, reflections) = if prefers_joint { (joint_gain, &joint) } else { (own_gain, &own) };
            if gain > LEAST_GAIN {
                *filter = self.apply(grid, block, reflections, end);
            }
        }
    }

    /// Filters the lines with the coefficients as a decoder will know them.
    fn apply(
        &self,
        grid: &Grid,
        block: &mut Block,
        reflections: &[f32; ORDER],
        end: usize,
    ) -> Option<Filter> {
        let mut coefficients: Vec<i8> = reflections.iter().map(|&value| quantize(value)).collect();
        coefficients.truncate(coefficients.iter().rposition(|&value| value != 0)? + 1);
        let mut known = [0.0; ORDER];
        known.iter_mut().zip(&coefficients).for_each(|(known, &value)| *known = dequantize(value));
        let predictor = predictor(&known[..coefficients.len()]);
        let first = usize::from(grid.starts[self.first_band]);
        let lines = &mut block.lines[first..usize::from(grid.starts[end])];
        for line in (0..lines.len()).rev() {
            let reach = ORDER.min(line);
            lines[line] += (1..=reach).map(|lag| predictor[lag - 1] * lines[line - lag]).sum::<f32>();
        }
        let amplification = amplification(&predictor).powf(AMPLIFICATION_POWER);
        block.weights[self.first_band..end].iter_mut().for_each(|weight| *weight *= amplification);
        let length = (self.bands - self.first_band) as u8;
        Some(Filter { coefficients, length })
    }
}

/// The autocorrelation of some lines, of energy 1.
type Correlation = [f32; ORDER + 1];

/// The autocorrelation of the lines of some bands, weighted.
fn correlate(grid: &Grid, block: &Block, bands: Range<usize>) -> Correlation {
    let mut weighted = [0.0f32; LONG];
    let mut count = 0;
    for band in bands {
        let weight = block.weights[band].sqrt();
        for line in &block.lines[grid.lines(band)] {
            weighted[count] = line * weight;
            count += 1;
        }
    }
    let weighted = &weighted[..count];
    let energy = dot(weighted, weighted).max(1e-9);
    std::array::from_fn(|lag| {
        // A slight taper: the envelope needn't be followed closer than a few milliseconds.
        let taper = (-0.5 * (0.06 * lag as f32).powi(2)).exp();
        dot(weighted, &weighted[lag.min(count)..]) * taper / energy
    })
}

fn sum(correlations: &[Correlation]) -> Correlation {
    std::array::from_fn(|lag| correlations.iter().map(|correlation| correlation[lag]).sum())
}

/// Reflection coefficients by Levinson and Durbin.
fn reflections(correlation: &Correlation) -> [f32; ORDER] {
    let mut out = [0.0; ORDER];
    let mut predictor = [0.0f32; ORDER + 1];
    let mut error = correlation[0] * 1.0001 + 1e-9;
    for order in 1..=ORDER {
        let sum: f32 = (1..order).map(|lag| predictor[lag] * correlation[order - lag]).sum();
        let reflection = (-(correlation[order] + sum) / error).clamp(-0.98, 0.98);
        let before = predictor;
        for lag in 1..order {
            predictor[lag] = before[lag] + reflection * before[order - lag];
        }
        predictor[order] = reflection;
        out[order - 1] = reflection;
        error *= 1.0 - reflection * reflection;
    }
    out
}

/// The factor of energy that predicting lines of this correlation gains.
fn gain(reflections: &[f32; ORDER], correlation: &Correlation) -> f32 {
    let mut filter = [1.0; ORDER + 1];
    filter[1..].copy_from_slice(&predictor(reflections));
    let mut error = 0.0;
    for (i, a) in filter.iter().enumerate() {
        for (j, b) in filter.iter().enumerate() {
            error += a * b * correlation[i.abs_diff(j)];
        }
    }
    correlation[0] / error.max(1e-9)
}

fn quantize(reflection: f32) -> i8 {
    let scale = if reflection >= 0.0 { STEPS - 0.5 } else { STEPS + 0.5 } / FRAC_PI_2;
    // In range: the arcsine is at most a quarter turn.
    (reflection.asin() * scale).round().clamp(-STEPS, STEPS - 1.0) as i8
}

fn dequantize(value: i8) -> f32 {
    let scale = if value >= 0 { STEPS - 0.5 } else { STEPS + 0.5 } / FRAC_PI_2;
    (f32::from(value) / scale).sin()
}

/// The prediction filter's coefficients from lag 1 on, 0 beyond as many as there are reflections.
fn predictor(reflections: &[f32]) -> [f32; ORDER] {
    let mut out = [0.0; ORDER];
    for (order, &reflection) in reflections.iter().enumerate() {
        let before = out;
        for (value, other) in out[..order].iter_mut().zip(before[..order].iter().rev()) {
            *value += reflection * other;
        }
        out[order] = reflection;
    }
    out
}

/// The energy of the decoder's filter's response.
fn amplification(predictor: &[f32; ORDER]) -> f32 {
    let mut response = [0.0f32; 64];
    response[0] = 1.0;
    for n in 1..response.len() {
        let reach = predictor.len().min(n);
        response[n] = -(1..=reach).map(|lag| predictor[lag - 1] * response[n - lag]).sum::<f32>();
    }
    response.iter().map(|value| value * value).sum()
}

/// Bits of `tns_data_present` and `tns_data`.
pub(super) fn bits(filter: Option<&Filter>) -> u32 {
    filter.map_or(1, |filter| 1 + 2 + 1 + 6 + 5 + 2 + 4 * filter.coefficients.len() as u32)
}

/// Writes `tns_data_present` and `tns_data` (4.4.2.7) of a long block.
pub(super) fn write(filter: Option<&Filter>, writer: &mut BitWriter) {
    writer.flag(filter.is_some());
    let Some(filter) = filter else { return };
    writer.bits(1, 2); // one filter
    writer.flag(true); // 4 bits for a coefficient
    writer.bits(filter.length.into(), 6);
    writer.bits(filter.coefficients.len() as u64, 5);
    writer.bits(0, 2); // upwards, not compressed
    for &coefficient in &filter.coefficients {
        writer.bits(u64::from(coefficient as u8 & 0xF), 4);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aac::block::Sequence;
    use crate::aac::mdct::Shape;

    #[test]
    fn a_decoder_undoes_the_prediction() {
        let bands = long(3);
        let mut grid = Grid::default();
        grid.cut(Sequence::Long, Shape::Sine, &[1], bands, 49);
        let mut block = Block::default();
        // A click off the middle gives lines that swing like a sine.
        for (line, value) in block.lines.iter_mut().enumerate() {
            *value = 1000.0 * (line as f32 * 0.4).cos() + (line * 7919 % 101) as f32;
        }
        block.weights.fill(1.0);
        let original = block.clone();
        let mut blocks = [block];
        let mut filters = [None];
        let shaper = Shaper::new(3);
        shaper.shape(&grid, &mut blocks, &mut filters);
        let filter = filters[0].clone().unwrap();
        let known: Vec<f32> = filter.coefficients.iter().map(|&value| dequantize(value)).collect();
        let predictor = predictor(&known);
        let range = usize::from(grid.starts[shaper.first_band])..usize::from(grid.starts[40]);
        let energy = |lines: &[f32]| lines.iter().map(|line| line * line).sum::<f32>();
        assert!(energy(&blocks[0].lines[range.clone()]) * 3.0 < energy(&original.lines[range.clone()]));
        let mut lines = blocks[0].lines[range.clone()].to_vec();
        for line in 0..lines.len() {
            let reach = predictor.len().min(line);
            lines[line] -= (1..=reach).map(|lag| predictor[lag - 1] * lines[line - lag]).sum::<f32>();
        }
        for (line, original) in lines.iter().zip(&original.lines[range]) {
            assert!((line - original).abs() < 1.0);
        }
    }
}
