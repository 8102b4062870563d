//! How much noise each band hides: spreading on the Bark scale, tonality, the threshold in quiet, pre-echo.

use reelwright_bitstream::aac::SAMPLE_RATES;
use reelwright_bitstream::aac::bands::{self, LONG, SHORT};

/// Energy of a full-scale sine in one long block's spectrum, in dB, less its 96 dB of sound pressure.
const QUIET_OFFSET_DB: f32 = 150.5 - 96.0;
/// Spreading towards higher and lower bands in dB per Bark.
const UP_DB: f32 = 15.0;
const DOWN_DB: f32 = 27.0;
/// How far noise must stay below a tone, and below noise, in dB.
const TONE_DB: f32 = 20.0;
const NOISE_DB: f32 = 7.0;
/// A threshold grows from one long block to the next by at most this factor.
const PRE_ECHO_GROWTH: f32 = 2.0;
/// What is left of a short window's masking in the next one.
const POST_MASKING: f32 = 0.3;

/// What is fixed for one kind of window at one sample rate.
struct Scale {
    bands: &'static [u16],
    /// Per band: what of the masking of the band below and above arrives.
    from_below: Vec<f32>,
    from_above: Vec<f32>,
    /// Per band: noise energy nobody hears in silence.
    quiet: Vec<f32>,
}

impl Scale {
    fn new(bands: &'static [u16], lines: usize, rate: u32) -> Self {
        let width = rate as f32 / 2.0 / lines as f32;
        let count = bands.len() - 1;
        let center = |band: usize| bark((f32::from(bands[band]) + f32::from(bands[band + 1])) / 2.0 * width);
        let step = |band: usize, db: f32| 10f32.powf((center(band - 1) - center(band)) * db / 10.0);
        // A short window holds 1/64 of the energy a long one would.
        let offset = QUIET_OFFSET_DB - if lines == SHORT { 18.0 } else { 0.0 };
        let quiet = (0..count).map(|band| {
            let lowest = (bands[band]..bands[band + 1])
                .map(|line| threshold_in_quiet((f32::from(line) + 0.5) * width))
                .fold(f32::MAX, f32::min);
            10f32.powf((lowest.min(60.0) + offset) / 10.0)
        });
        Self {
            bands,
            from_below: (0..count).map(|band| if band == 0 { 0.0 } else { step(band, UP_DB) }).collect(),
            from_above: (0..count).map(|b| if b + 1 == count { 0.0 } else { step(b + 1, DOWN_DB) }).collect(),
            quiet: quiet.collect(),
        }
    }

    /// Spreads the maskers in place.
    fn spread(&self, masks: &mut [f32]) {
        let mut below = 0.0;
        let mut own = [0.0; 64];
        for (band, mask) in masks.iter_mut().enumerate() {
            own[band] = *mask;
            below = below * self.from_below[band] + *mask;
            *mask = below;
        }
        let mut above = 0.0;
        for (band, mask) in masks.iter_mut().enumerate().rev() {
            above *= self.from_above[band];
            *mask += above;
            above += own[band];
        }
    }
}

/// The model for one sample rate.
pub(super) struct Model {
    long: Scale,
    short: Scale,
}

/// What the model remembers of a channel.
#[derive(Clone, Default)]
pub(super) struct Memory {
    /// The thresholds of the previous block, if that was long.
    previous: Vec<f32>,
}

impl Model {
    pub(super) fn new(rate_index: usize) -> Self {
        let rate = SAMPLE_RATES[rate_index];
        Self {
            long: Scale::new(bands::long(rate_index), LONG, rate),
            short: Scale::new(bands::short(rate_index), SHORT, rate),
        }
    }

    /// The noise energy each band of a long block hides. `power` is that of each line; one threshold per band of `out`.
    pub(super) fn long(&self, power: &[f32], memory: &mut Memory, out: &mut [f32]) {
        let scale = &self.long;
        let count = scale.bands.len() - 1;
        let mut masks = [0.0; 64];
        for (band, mask) in masks[..count].iter_mut().enumerate() {
            let lines = usize::from(scale.bands[band])..usize::from(scale.bands[band + 1]);
            let energy: f32 = power[lines.clone()].iter().sum();
            let below = tonality(power, lines) * (TONE_DB - NOISE_DB) + NOISE_DB;
            *mask = energy * 10f32.powf(-below / 10.0);
        }
        scale.spread(&mut masks[..count]);
        let first = memory.previous.is_empty();
        memory.previous.resize(count, 0.0);
        for (band, threshold) in out.iter_mut().enumerate().take(count) {
            let hidden = masks[band];
            let limit = if first { f32::MAX } else { memory.previous[band] * PRE_ECHO_GROWTH };
            memory.previous[band] = hidden.max(scale.quiet[band]);
            *threshold = hidden.min(limit).max(scale.quiet[band]);
        }
    }

    /// The same for eight short windows: `power` and `out` hold window after window.
    pub(super) fn short(&self, power: &[f32], memory: &mut Memory, out: &mut [f32]) {
        memory.previous.clear();
        let scale = &self.short;
        let count = scale.bands.len() - 1;
        let mut before = [0.0f32; 64];
        for (power, out) in power.chunks_exact(SHORT).zip(out.chunks_exact_mut(count)) {
            let mut masks = [0.0; 64];
            for (band, mask) in masks[..count].iter_mut().enumerate() {
                let lines = usize::from(scale.bands[band])..usize::from(scale.bands[band + 1]);
                *mask = power[lines].iter().sum::<f32>() * 10f32.powf(-(NOISE_DB + 3.0) / 10.0);
            }
            scale.spread(&mut masks[..count]);
            for (band, threshold) in out.iter_mut().enumerate() {
                let hidden = masks[band].max(before[band] * POST_MASKING);
                before[band] = hidden;
                *threshold = hidden.max(scale.quiet[band]);
            }
        }
    }
}

/// How tonal the lines are, from 0 (noise) to 1: from how far their power's geometric mean is below the arithmetic one.
fn tonality(power: &[f32], lines: std::ops::Range<usize>) -> f32 {
    // A mean of few lines says nothing.
    let missing = 12usize.saturating_sub(lines.len());
    let start = lines.start.saturating_sub(missing / 2);
    let lines = &power[start..(lines.end + missing.div_ceil(2)).min(power.len())];
    let mut sum = 1e-9;
    let mut logs = 0.0;
    // Powers are below 10^18: so many don't leave the range of numbers.
    for some in lines.chunks(8) {
        let mut product = 1.0f64;
        for &power in some {
            sum += power;
            product *= f64::from(power + 1e-9);
        }
        logs += product.log2() as f32;
    }
    let count = lines.len() as f32;
    let flatness_db = 3.0103 * (logs / count - (sum / count).log2());
    // Noise gives -2.5 dB: its lines' power is exponentially distributed.
    ((-flatness_db - 3.0) / 12.0).clamp(0.0, 1.0)
}

/// The critical band rate of a frequency (Zwicker and Terhardt).
pub(super) fn bark(hertz: f32) -> f32 {
    13.0 * (0.00076 * hertz).atan() + 3.5 * (hertz / 7500.0).powi(2).atan()
}

/// Sound pressure in dB of a tone that is just heard (Terhardt, with the gentler rise at the top that ITU-R BS.1387 takes).
fn threshold_in_quiet(hertz: f32) -> f32 {
    let khz = (hertz / 1000.0).max(0.02);
    3.64 * khz.powf(-0.8) - 6.5 * (-0.6 * (khz - 3.3).powi(2)).exp() + 0.001 * khz.powf(3.6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_masks_less_than_noise_and_upwards_more_than_downwards() {
        let model = Model::new(3);
        let mut tone = vec![1.0f32; LONG];
        tone[200] = 1e12;
        let mut out = [0.0; 49];
        model.long(&tone, &mut Memory::default(), &mut out);
        let band = bands::long(3).iter().position(|&first| first > 200).unwrap() - 1;
        assert!(out[band] < 1.1e10 && out[band] > 0.9e10, "{}", out[band]);
        assert!(out[band + 3] > out[band - 3] * 5.0);
        assert!((bark(1000.0) - 8.5).abs() < 0.1);
    }
}
