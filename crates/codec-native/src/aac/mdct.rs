//! The modified discrete cosine transform and its windows (ISO/IEC 14496-3, 4.6.11).

use std::f64::consts::PI;

/// A transform of `2 * lines` windowed samples to `lines` coefficients: folding, then a DCT-IV by way of a complex FFT
/// of half its length.
pub(super) struct Mdct {
    lines: usize,
    /// e^(-pi i (k + 1/8) / lines), for k below `lines / 2`.
    twiddle: Vec<(f32, f32)>,
    fft: Fft,
}

impl Mdct {
    /// For a power of two of `lines`, at least 8.
    pub(super) fn new(lines: usize) -> Self {
        let twiddle = (0..lines / 2).map(|k| polar(-PI * (k as f64 + 0.125) / lines as f64));
        Self { lines, twiddle: twiddle.collect(), fft: Fft::new(lines / 2) }
    }

    /// `out[k] = 2 sum input[n] cos(pi / lines (n + 1/2 + lines / 2) (k + 1/2))`.
    pub(super) fn forward(&mut self, input: &[f32], out: &mut [f32]) {
        let (n, half) = (self.lines, self.lines / 2);
        let (input, out) = (&input[..2 * n], &mut out[..n]);
        // The quarters (a, b, c, d) fold to (-c reversed - d, a - b reversed).
        let (a, rest) = input.split_at(half);
        let (b, rest) = rest.split_at(half);
        let (c, d) = rest.split_at(half);
        for k in 0..half / 2 {
            let low = (-c[half - 1 - 2 * k] - d[2 * k], a[half - 1 - 2 * k] - b[2 * k]);
            let high = (a[2 * k] - b[half - 1 - 2 * k], -c[2 * k] - d[half - 1 - 2 * k]);
            self.fft.set(k, product(low, self.twiddle[k]));
            self.fft.set(half / 2 + k, product(high, self.twiddle[half / 2 + k]));
        }
        self.fft.transform();
        for k in 0..half {
            let (re, im) = product(self.fft.value(k), self.twiddle[k]);
            out[2 * k] = 2.0 * re;
            out[n - 1 - 2 * k] = -2.0 * im;
        }
    }
}

fn polar(angle: f64) -> (f32, f32) {
    (angle.cos() as f32, angle.sin() as f32)
}

fn product((a, b): (f32, f32), (c, d): (f32, f32)) -> (f32, f32) {
    (a * c - b * d, a * d + b * c)
}

/// A complex Fourier transform in place, radix 2, decimating in time.
struct Fft {
    re: Vec<f32>,
    im: Vec<f32>,
    /// Where input k goes: its bits reversed.
    reversed: Vec<usize>,
    /// The twiddles of all passes but the first two, one after another, so that each pass reads them in order.
    cos: Vec<f32>,
    sin: Vec<f32>,
}

impl Fft {
    fn new(length: usize) -> Self {
        let bits = length.trailing_zeros();
        let reversed = (0..length).map(|k| k.reverse_bits() >> (usize::BITS - bits)).collect();
        let (mut cos, mut sin) = (Vec::new(), Vec::new());
        let mut span = 4;
        while span < length {
            for k in 0..span {
                let (c, s) = polar(-PI * k as f64 / span as f64);
                cos.push(c);
                sin.push(s);
            }
            span *= 2;
        }
        Self { re: vec![0.0; length], im: vec![0.0; length], reversed, cos, sin }
    }

    fn set(&mut self, k: usize, (re, im): (f32, f32)) {
        let place = self.reversed[k];
        self.re[place] = re;
        self.im[place] = im;
    }

    fn value(&self, k: usize) -> (f32, f32) {
        (self.re[k], self.im[k])
    }

    fn transform(&mut self) {
        let length = self.re.len();
        fours(&mut self.re, &mut self.im);
        let mut span = 4;
        let mut first = 0;
        while span < length {
            let (cos, sin) = (&self.cos[first..first + span], &self.sin[first..first + span]);
            for (re, im) in self.re.chunks_exact_mut(2 * span).zip(self.im.chunks_exact_mut(2 * span)) {
                butterflies(re, im, cos, sin);
            }
            first += span;
            span *= 2;
        }
    }
}

/// The first two passes, whose factors are 1 and -i.
fn fours(re: &mut [f32], im: &mut [f32]) {
    for (re, im) in re.as_chunks_mut::<4>().0.iter_mut().zip(im.as_chunks_mut::<4>().0) {
        let a = [re[0] + re[1], re[0] - re[1], re[2] + re[3], re[2] - re[3]];
        let b = [im[0] + im[1], im[0] - im[1], im[2] + im[3], im[2] - im[3]];
        *re = [a[0] + a[2], a[1] + b[3], a[0] - a[2], a[1] - b[3]];
        *im = [b[0] + b[2], b[1] - a[3], b[0] - b[2], b[1] + a[3]];
    }
}

fn butterflies(re: &mut [f32], im: &mut [f32], cos: &[f32], sin: &[f32]) {
    let (re0, re1) = re.split_at_mut(cos.len());
    let (im0, im1) = im.split_at_mut(cos.len());
    let low = re0.iter_mut().zip(im0);
    let high = re1.iter_mut().zip(im1);
    for (((re0, im0), (re1, im1)), (cos, sin)) in low.zip(high).zip(cos.iter().zip(sin)) {
        let r = *re1 * cos - *im1 * sin;
        let i = *re1 * sin + *im1 * cos;
        *re1 = *re0 - r;
        *im1 = *im0 - i;
        *re0 += r;
        *im0 += i;
    }
}

/// The shape of a window's slopes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shape {
    /// A sine: the nearest lines are told apart better.
    #[default]
    Sine,
    /// Kaiser-Bessel derived: lines far from a strong tone stay clear of it.
    Kbd,
}

/// The rising slope of `lines` samples; the falling one is its mirror image.
pub(super) fn slope(shape: Shape, lines: usize) -> Vec<f32> {
    match shape {
        Shape::Sine => {
            (0..lines).map(|n| (PI * (n as f64 + 0.5) / (2 * lines) as f64).sin() as f32).collect()
        }
        Shape::Kbd => {
            let alpha = if lines == reelwright_bitstream::aac::bands::LONG { 4.0 } else { 6.0 };
            let kaiser: Vec<f64> = (0..=lines)
                .map(|n| {
                    let x = 2.0 * n as f64 / lines as f64 - 1.0;
                    bessel(PI * alpha * (1.0 - x * x).max(0.0).sqrt())
                })
                .collect();
            let total: f64 = kaiser.iter().sum();
            let mut sum = 0.0;
            let slope = kaiser[..lines].iter().map(|value| {
                sum += value;
                (sum / total).sqrt() as f32
            });
            slope.collect()
        }
    }
}

/// The modified Bessel function of the first kind and order 0.
fn bessel(x: f64) -> f64 {
    let (mut sum, mut term, mut k) = (1.0, 1.0, 1.0);
    while term > sum * 1e-18 {
        term *= (x / 2.0 / k).powi(2);
        sum += term;
        k += 1.0;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(count: usize) -> Vec<f32> {
        let mut state = 1u32;
        let next = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state as f32 / u32::MAX as f32 - 0.5
        };
        (0..count).map(next).collect()
    }

    fn cosine(lines: usize, n: usize, k: usize) -> f64 {
        let n = n as f64 + 0.5 + lines as f64 / 2.0;
        (PI / lines as f64 * n * (k as f64 + 0.5)).cos()
    }

    #[test]
    fn it_is_the_defined_transform() {
        for lines in [16, 128, 1024] {
            let input = noise(2 * lines);
            let mut out = vec![0.0; lines];
            Mdct::new(lines).forward(&input, &mut out);
            for k in (0..lines).step_by(lines / 16) {
                let sum: f64 = (0..2 * lines).map(|n| f64::from(input[n]) * cosine(lines, n, k)).sum();
                assert!((f64::from(out[k]) - 2.0 * sum).abs() < 1e-3, "{lines} {k}");
            }
        }
    }

    #[test]
    fn overlapping_blocks_reconstruct_perfectly() {
        let lines = 128;
        for shape in [Shape::Sine, Shape::Kbd] {
            let slope = slope(shape, lines);
            let window: Vec<f32> = slope.iter().chain(slope.iter().rev()).copied().collect();
            let input = noise(4 * lines);
            let mut output = vec![0.0f64; 4 * lines];
            let mut mdct = Mdct::new(lines);
            let mut spectrum = vec![0.0; lines];
            for block in 0..3 {
                let start = block * lines;
                let windowed: Vec<f32> = (0..2 * lines).map(|n| input[start + n] * window[n]).collect();
                mdct.forward(&windowed, &mut spectrum);
                for n in 0..2 * lines {
                    let sum: f64 = (0..lines).map(|k| f64::from(spectrum[k]) * cosine(lines, n, k)).sum();
                    // The decoder's factor of 2 / N, where N is the window's length.
                    output[start + n] += sum / lines as f64 * f64::from(window[n]);
                }
            }
            for n in lines..3 * lines {
                assert!((output[n] - f64::from(input[n])).abs() < 1e-5, "{shape:?} {n}");
            }
        }
    }
}
