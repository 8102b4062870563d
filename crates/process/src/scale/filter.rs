/// The shape of the curve that weighs source samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kernel {
    /// A triangle: fast and soft.
    Bilinear,
    /// The two-parameter cubics of Mitchell and Netravali; (0, 0.5) is Catmull-Rom, (1/3, 1/3) Mitchell.
    Bicubic {
        /// Blur.
        b: f32,
        /// Overshoot.
        c: f32,
    },
    /// A sinc windowed by its own main lobe, three lobes: the sharpest.
    Lanczos3,
}

impl Kernel {
    /// B = 0, C = 0.6: what most converters call bicubic, and the default here.
    pub const BICUBIC: Self = Self::Bicubic { b: 0.0, c: 0.6 };

    fn radius(self) -> f64 {
        match self {
            Self::Bilinear => 1.0,
            Self::Bicubic { .. } => 2.0,
            Self::Lanczos3 => 3.0,
        }
    }

    fn weight(self, x: f64) -> f64 {
        let x = x.abs();
        if x >= self.radius() {
            return 0.0;
        }
        match self {
            Self::Bilinear => 1.0 - x,
            Self::Bicubic { b, c } => {
                let (b, c) = (f64::from(b), f64::from(c));
                let (x2, x3) = (x * x, x * x * x);
                let sixths = if x < 1.0 {
                    (12.0 - 9.0 * b - 6.0 * c) * x3 + (-18.0 + 12.0 * b + 6.0 * c) * x2 + (6.0 - 2.0 * b)
                } else {
                    (-b - 6.0 * c) * x3
                        + (6.0 * b + 30.0 * c) * x2
                        + (-12.0 * b - 48.0 * c) * x
                        + 8.0 * b
                        + 24.0 * c
                };
                sixths / 6.0
            }
            Self::Lanczos3 => {
                let sinc = |x: f64| {
                    if x < 1e-9 { 1.0 } else { (x * std::f64::consts::PI).sin() / (x * std::f64::consts::PI) }
                };
                sinc(x) * sinc(x / 3.0)
            }
        }
    }
}

impl Default for Kernel {
    fn default() -> Self {
        Self::BICUBIC
    }
}

/// Where the samples of a target line lie on the source line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mapping {
    /// Source samples that may be looked at.
    pub(crate) window: usize,
    /// Target samples.
    pub(crate) outputs: usize,
    /// Source samples from one target sample to the next.
    pub(crate) step: f64,
    /// Where target sample 0 lies, in source samples; whole numbers are their middles.
    pub(crate) first: f64,
}

/// A polyphase filter for one direction: for each target sample a start and a row of 14-bit weights.
pub(crate) struct Filter {
    /// Source samples weighed for each target sample.
    taps: usize,
    /// From one row of `weights` to the next: `taps` rounded up to a whole number of vectors, padded with zeros.
    stride: usize,
    starts: Vec<u32>,
    weights: Vec<i16>,
    /// Set where the filter only copies, from this sample on.
    copy_from: Option<usize>,
}

/// The weight 1.
pub(crate) const ONE: i32 = 1 << 14;

/// Weights are padded to a whole number of these.
pub(crate) const LANES: usize = 8;

impl Filter {
    pub(crate) fn new(kernel: Kernel, map: Mapping) -> Self {
        let Mapping { window, outputs, step, first } = map;
        if step == 1.0 && first >= 0.0 && first.fract() == 0.0 && first as usize + outputs <= window {
            let starts = (0..outputs).map(|output| position(first + output as f64, window)).collect();
            let mut weights = vec![0; outputs * LANES];
            weights.iter_mut().step_by(LANES).for_each(|weight| *weight = ONE as i16);
            return Self { taps: 1, stride: LANES, starts, weights, copy_from: Some(first as usize) };
        }
        // Going down, the curve is widened so that it takes in every source sample.
        let widen = step.max(1.0);
        let radius = kernel.radius() * widen;
        let wanted = (radius * 2.0).ceil() as usize;
        let taps = wanted.clamp(1, window.max(1));
        let stride = taps.next_multiple_of(LANES);
        let mut starts = Vec::with_capacity(outputs);
        let mut weights = vec![0i16; outputs * stride];
        let mut exact = vec![0.0f64; taps];
        for (output, row) in weights.chunks_exact_mut(stride).enumerate() {
            let center = first + output as f64 * step;
            let begin = (center - radius).floor() + 1.0;
            let start = position(begin, window.saturating_sub(taps) + 1);
            exact.fill(0.0);
            for tap in 0..wanted {
                let at = begin + tap as f64;
                // Beyond the edge the outermost sample is repeated.
                let held = (position(at, window) as usize).saturating_sub(start as usize).min(taps - 1);
                exact[held] += kernel.weight((at - center) / widen);
            }
            quantize(&exact, row);
            starts.push(start);
        }
        Self { taps, stride, starts, weights, copy_from: None }
    }

    /// Source samples weighed for each target sample.
    pub(crate) fn taps(&self) -> usize {
        self.taps
    }

    pub(crate) fn stride(&self) -> usize {
        self.stride
    }

    pub(crate) fn starts(&self) -> &[u32] {
        &self.starts
    }

    pub(crate) fn weights(&self) -> &[i16] {
        &self.weights
    }

    /// First source sample and weights, padded with zeros, of one target sample.
    pub(crate) fn row(&self, output: usize) -> (usize, &[i16]) {
        (self.starts[output] as usize, &self.weights[output * self.stride..][..self.stride])
    }

    /// The first source sample, where every target sample is just a source sample in turn.
    pub(crate) fn copy_from(&self) -> Option<usize> {
        self.copy_from
    }

    pub(crate) fn outputs(&self) -> usize {
        self.starts.len()
    }
}

/// The index nearest below `at` within `0..count`.
fn position(at: f64, count: usize) -> u32 {
    // A float turns into the nearest value of the integer type, so that nothing overflows.
    (at as u32).min(u32::try_from(count.saturating_sub(1)).unwrap_or(u32::MAX))
}

/// Scales to a sum of exactly [`ONE`]; what rounding leaves over goes from tap to tap.
fn quantize(exact: &[f64], row: &mut [i16]) {
    let sum: f64 = exact.iter().sum();
    let scale = if sum.abs() > 1e-9 { f64::from(ONE) / sum } else { 0.0 };
    let (mut wanted, mut given) = (0.0, 0);
    for (value, weight) in exact.iter().zip(row.iter_mut()) {
        wanted += value * scale;
        let rounded = (wanted.round() as i32 - given).clamp(i16::MIN.into(), i16::MAX.into());
        given += rounded;
        *weight = rounded as i16;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_sums_to_one_and_stays_inside() {
        for kernel in [Kernel::Bilinear, Kernel::BICUBIC, Kernel::Lanczos3] {
            for (window, outputs) in
                [(1920, 1280), (1280, 1920), (1, 7), (3, 2), (7, 1), (640, 640), (5000, 3)]
            {
                let step = window as f64 / outputs as f64;
                for first in [step * 0.5 - 0.5, -0.25, 0.0] {
                    let filter = Filter::new(kernel, Mapping { window, outputs, step, first });
                    for output in 0..outputs {
                        let (start, row) = filter.row(output);
                        assert!(start + filter.taps() <= window, "{kernel:?} {window} -> {outputs}");
                        assert_eq!(row.iter().map(|&weight| i32::from(weight)).sum::<i32>(), ONE);
                    }
                }
            }
        }
    }

    #[test]
    fn nothing_to_do_is_a_copy() {
        let map = Mapping { window: 10, outputs: 6, step: 1.0, first: 4.0 };
        assert_eq!(Filter::new(Kernel::BICUBIC, map).copy_from(), Some(4));
        assert_eq!(Filter::new(Kernel::BICUBIC, Mapping { first: 4.5, ..map }).copy_from(), None);
    }
}
