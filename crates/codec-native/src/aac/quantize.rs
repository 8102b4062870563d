//! Quantisation of a band, and how many bits its values take in each codebook.

use std::sync::LazyLock;

use reelwright_bitstream::aac::codebooks::{SPECTRAL, length};

/// Highest magnitude of a quantised value (4.6.1.3).
pub(super) const MAX_VALUE: i32 = 8191;
/// What is added before truncation. Half way between two values after expansion would be 0.4054 for 0 and 1; less
/// costs little noise and saves bits.
const ROUNDING: f32 = 0.4054;
/// 2 ln 2: noise halves its amplitude for each bit of a line.
pub(super) const SLOPE: f32 = 1.386_294_4;
/// From here on, floats are integers.
const INTEGERS: f32 = 8_388_608.0;
/// The scale factor of a step of 1.
const UNIT: i32 = 100;
/// The escape of book 11.
const ESCAPE: usize = 16;

/// Steps by scale factor.
pub(super) struct Steps {
    /// The step: 2^((s - 100) / 4).
    pub(super) step: [f32; 256],
    /// Its inverse.
    pub(super) inverse: [f32; 256],
    /// The inverse to the power of 3/4.
    pub(super) compressed: [f32; 256],
    /// Magnitudes below 8192 to the power of 4/3.
    pub(super) expanded: [f32; MAX_VALUE as usize + 1],
}

/// The tables of quantisation.
pub(super) static STEPS: LazyLock<Steps> = LazyLock::new(|| {
    let power = |factor: f64| {
        let mut out = [0.0; 256];
        for (scale, out) in (0..).zip(&mut out) {
            *out = (factor * f64::from(scale - UNIT)).exp2() as f32;
        }
        out
    };
    Steps {
        step: power(0.25),
        inverse: power(-0.25),
        compressed: power(-0.1875),
        expanded: std::array::from_fn(|value| (value as f64).powf(4.0 / 3.0) as f32),
    }
});

/// The scale factor at which a band of this sum of square roots of magnitudes has about so much noise energy.
pub(super) fn scale_for(noise: f32, roots: f32) -> f32 {
    // A value's uniform error of 1/12 in the compressed domain, expanded: step^1.5 * 4/27 * sum of roots.
    UNIT as f32 + 8.0 / 3.0 * (6.75 * noise / roots.max(1e-20)).log2()
}

/// The lowest scale factor that keeps `peak` within the range of values.
pub(super) fn lowest_scale(peak: f32) -> i32 {
    let limit = STEPS.expanded[MAX_VALUE as usize - 1];
    let scale = UNIT as f32 + 4.0 * (peak.max(1e-20) / limit).log2();
    (scale.ceil() as i32).clamp(0, 255)
}

/// Magnitudes of one band quantised, and the greatest.
pub(super) fn quantize(compressed: &[f32], scale: usize, out: &mut [i32]) -> i32 {
    let factor = STEPS.compressed[scale];
    let mut max = 0;
    for (value, out) in compressed.iter().zip(out.iter_mut()) {
        // In range: `lowest_scale` bounds the scale factor. Beside 2^23 a float has no fraction left; its low bits are the
        // integer, sooner than a conversion would give it.
        *out = ((value * factor + (ROUNDING - 0.5) + INTEGERS).to_bits() & 0x7F_FFFF)
            .cast_signed()
            .min(MAX_VALUE);
        max = max.max(*out);
    }
    max
}

/// The energy of what quantising made of the magnitudes.
pub(super) fn noise(magnitudes: &[f32], values: &[i32], scale: usize) -> f32 {
    let steps = &*STEPS;
    let inverse = steps.inverse[scale];
    let mut lanes = [0.0; 4];
    // Bands have a multiple of 4 lines.
    for (magnitudes, values) in magnitudes.as_chunks::<4>().0.iter().zip(values.as_chunks::<4>().0) {
        for ((lane, magnitude), value) in lanes.iter_mut().zip(magnitudes).zip(values) {
            let error = magnitude * inverse - steps.expanded[*value as usize & 0x1FFF];
            *lane += error * error;
        }
    }
    lanes.iter().sum::<f32>() * steps.step[scale] * steps.step[scale]
}

/// Lengths of codes, two or four books in the lanes of one number, sign bits included. What has 81 entries is filled up
/// with zeros, so that a mask keeps an index within.
struct Lengths {
    /// Books 1 and 2 by signed values.
    signed_quads: [u32; 128],
    /// Books 3 and 4 by magnitudes.
    quads: [u32; 128],
    /// Books 5 and 6 by signed values.
    signed_pairs: [u32; 128],
    /// Books 7 to 10 by magnitudes up to 12, `first * 16 + second`.
    pairs: [u64; 256],
    /// Book 11 by magnitudes up to 16.
    escapes: [u32; 289],
}

static LENGTHS: LazyLock<Lengths> = LazyLock::new(|| {
    let digits = |place: usize| [place / 27, place / 9 % 3, place / 3 % 3, place % 3];
    let signs = |values: &[usize]| values.iter().filter(|&&value| value != 0).count() as u32;
    let two = |low: usize, place: usize, extra: u32| {
        (length(SPECTRAL[low][place]) + extra) | ((length(SPECTRAL[low + 1][place]) + extra) << 16)
    };
    let filled =
        |bits: &dyn Fn(usize) -> u32| std::array::from_fn(|place| if place < 81 { bits(place) } else { 0 });
    let mut pairs = [0; 256];
    for (place, pair) in pairs.iter_mut().enumerate() {
        let (a, b) = (place / 16, place % 16);
        for (lane, (book, base)) in [(7, 8), (8, 8), (9, 13), (10, 13)].into_iter().enumerate() {
            if a < base && b < base {
                let bits = length(SPECTRAL[book][a * base + b]) + signs(&[a, b]);
                *pair |= u64::from(bits) << (lane * 16);
            }
        }
    }
    Lengths {
        signed_quads: filled(&|place| two(1, place, 0)),
        quads: filled(&|place| two(3, place, signs(&digits(place)))),
        signed_pairs: filled(&|place| two(5, place, 0)),
        pairs,
        escapes: std::array::from_fn(|place| length(SPECTRAL[11][place]) + signs(&[place / 17, place % 17])),
    }
});

impl Lengths {
    /// Books 1 and 2, for magnitudes up to 1.
    fn signed_quads(&self, values: &[i32]) -> [u32; 2] {
        let place = |q: &[i32]| 27 * q[0] + 9 * q[1] + 3 * q[2] + q[3] + 40;
        lanes(values.chunks_exact(4).map(|quad| self.signed_quads[place(quad) as usize & 127]).sum())
    }

    /// Books 3 and 4, for magnitudes up to 2.
    fn quads(&self, values: &[i32]) -> [u32; 2] {
        let place = |q: &[i32]| 27 * q[0].abs() + 9 * q[1].abs() + 3 * q[2].abs() + q[3].abs();
        lanes(values.chunks_exact(4).map(|quad| self.quads[place(quad) as usize & 127]).sum())
    }

    /// Books 5 and 6, for magnitudes up to 4.
    fn signed_pairs(&self, values: &[i32]) -> [u32; 2] {
        let place = |pair: &[i32]| 9 * pair[0] + pair[1] + 40;
        lanes(values.chunks_exact(2).map(|pair| self.signed_pairs[place(pair) as usize & 127]).sum())
    }

    /// Books 7 to 10, for magnitudes up to 12; 7 and 8 without meaning beyond 7.
    fn pairs(&self, values: &[i32]) -> [u32; 4] {
        let place = |pair: &[i32]| 16 * pair[0].abs() + pair[1].abs();
        let sum: u64 = values.chunks_exact(2).map(|pair| self.pairs[place(pair) as usize & 0xFF]).sum();
        std::array::from_fn(|lane| (sum >> (16 * lane) & 0xFFFF) as u32)
    }

    /// Book 11.
    fn escapes(&self, values: &[i32], max: i32) -> u32 {
        let magnitude = |value: i32| value.unsigned_abs() as usize;
        let place = |pair: &[i32]| magnitude(pair[0]).min(ESCAPE) * 17 + magnitude(pair[1]).min(ESCAPE);
        let codes: u32 = values.chunks_exact(2).map(|pair| self.escapes[place(pair)]).sum();
        if max < ESCAPE as i32 {
            return codes;
        }
        let escaped = values.iter().map(|&value| magnitude(value)).filter(|&value| value >= ESCAPE);
        codes + escaped.map(escape_bits).sum::<u32>()
    }
}

fn lanes(sum: u32) -> [u32; 2] {
    [sum & 0xFFFF, sum >> 16]
}

/// Bits of an escape sequence for a magnitude of at least 16 (4.6.3.3).
const fn escape_bits(magnitude: usize) -> u32 {
    2 * magnitude.ilog2() - 3
}

/// Bits a band takes in each codebook; [`u32::MAX`] where its values don't fit.
///
/// `values` have signs; `max` is the greatest magnitude.
pub(super) fn book_bits(values: &[i32], max: i32) -> [u32; 12] {
    let tables = &*LENGTHS;
    let mut out = [u32::MAX; 12];
    if max == 0 {
        out[0] = 0;
    }
    if max <= 1 {
        [out[1], out[2]] = tables.signed_quads(values);
    }
    if max <= 2 {
        [out[3], out[4]] = tables.quads(values);
    }
    if max <= 4 {
        [out[5], out[6]] = tables.signed_pairs(values);
    }
    if max <= 12 {
        [out[7], out[8], out[9], out[10]] = tables.pairs(values);
        if max > 7 {
            out[7..9].fill(u32::MAX);
        }
    }
    out[11] = tables.escapes(values, max);
    out
}

/// Bits a band takes in the best of the codebooks made for its greatest magnitude.
pub(super) fn fewest_bits(values: &[i32], max: i32) -> u32 {
    let tables = &*LENGTHS;
    let [a, b] = match max {
        0 => return 0,
        1 => {
            let ([a, b], [c, d]) = (tables.signed_quads(values), tables.quads(values));
            [a.min(b), c.min(d)]
        }
        2 => tables.quads(values),
        3 | 4 => tables.signed_pairs(values),
        5..=12 => {
            let [a, b, c, d] = tables.pairs(values);
            if max <= 7 { [a, b] } else { [c, d] }
        }
        _ => return tables.escapes(values, max),
    };
    a.min(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_noise_of_a_step_is_about_what_was_asked_for() {
        let magnitudes: Vec<f32> =
            (0..96).map(|n| 1000.0 + 37.0 * (n as f32 * 1.7).sin().abs() * n as f32).collect();
        let compressed: Vec<f32> = magnitudes.iter().map(|m| m.powf(0.75)).collect();
        let roots: f32 = magnitudes.iter().map(|m| m.sqrt()).sum();
        for wanted in [1e3, 1e4, 1e5, 1e6] {
            let scale = scale_for(wanted, roots).round() as usize;
            let mut values = vec![0; 96];
            quantize(&compressed, scale, &mut values);
            let ratio = noise(&magnitudes, &values, scale) / wanted;
            assert!((0.5..2.0).contains(&ratio), "{wanted}: {ratio}");
        }
    }

    #[test]
    fn the_best_book_for_the_greatest_value_is_among_all() {
        let mut state = 7u32;
        for max in [0, 1, 2, 3, 4, 5, 7, 8, 12, 13, 15, 16, 31, 400, 8191] {
            let values: Vec<i32> = (0..32)
                .map(|n| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let value = (state >> 8) as i32 % (max + 1);
                    if n == 3 {
                        max
                    } else if state & 1 == 0 {
                        value
                    } else {
                        -value
                    }
                })
                .collect();
            let all = book_bits(&values, max);
            let best = fewest_bits(&values, max);
            assert!(all.contains(&best) && all.iter().min().unwrap() <= &best, "{max}: {all:?} {best}");
        }
        assert_eq!((escape_bits(16), escape_bits(31), escape_bits(32), escape_bits(8191)), (5, 5, 7, 21));
    }
}
