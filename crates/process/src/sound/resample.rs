use reelwright_media::{Error, Result};

/// Changes the sample rate of a stream: windowed sinc, zero phase, any ratio.
///
/// `n` frames in make `round(n * to / from)` frames out, the first at the same instant as the first in. Cost is
/// proportional to taps (96, more when the rate falls) per output frame and channel; memory is the filter (at most 1.7
/// MB, whatever the rates) and one window of input.
pub struct Resampler {
    from: u64,
    to: u64,
    filter: Filter,
    /// Input not yet passed by the window, per channel; begins with half a window of silence.
    input: Vec<Vec<f32>>,
    /// Frames dropped from the front of `input`, in frames of the stream; negative counts the silence before it.
    origin: i64,
    taken: u64,
    made: u64,
    /// The instant of the next frame to be made: so many input frames, and this share of `to` of another.
    whole: i64,
    fraction: u64,
}

/// Zero crossings to either side at the lower of the two rates: 96 taps.
const HALF_WIDTH: f64 = 48.0;
/// The pass band's end as a share of the lower Nyquist frequency.
const ROLL_OFF: f64 = 0.945;
/// Kaiser window shape: about 110 dB of stop-band attenuation.
const BETA: f64 = 11.0;
/// Phases kept; ratios that need more interpolate between neighbours, 140 dB down. Where the rate falls the filter is as
/// much longer and smoother, and as many fewer do.
const PHASES: u64 = 4096;

impl Resampler {
    /// From `from` frames per second to `to`, for `channels` channels.
    ///
    /// # Errors
    ///
    /// [`reelwright_media::ErrorKind::Unsupported`] for a rate of zero or a ratio beyond 256.
    pub fn new(from: u32, to: u32, channels: usize) -> Result<Self> {
        Self::check(from, to)?;
        let divisor = gcd(from.into(), to.into());
        let (from, to) = (u64::from(from) / divisor, u64::from(to) / divisor);
        let filter = Filter::new(from, to);
        let lead = i64::try_from(filter.half).unwrap_or(0);
        let input = vec![vec![0.0; filter.half]; channels];
        Ok(Self { from, to, filter, input, origin: -lead, taken: 0, made: 0, whole: 0, fraction: 0 })
    }

    /// Whether there is a way from one rate to the other.
    pub(super) fn check(from: u32, to: u32) -> Result<()> {
        let (low, high) = (from.min(to), from.max(to));
        if low == 0 || high / low > 256 {
            return Err(Error::unsupported(format!(
                "can't resample from {from} Hz to {to} Hz: the ratio must be within 256"
            )));
        }
        Ok(())
    }

    /// Takes a block of any length and returns the frames it completes; one plane a channel.
    ///
    /// # Errors
    ///
    /// [`reelwright_media::ErrorKind::Misuse`] for another number of channels, or planes of different lengths.
    pub fn process(&mut self, planes: &[Vec<f32>]) -> Result<Vec<Vec<f32>>> {
        let frames = planes.first().map_or(0, Vec::len);
        if planes.len() != self.input.len() || planes.iter().any(|plane| plane.len() != frames) {
            return Err(Error::misuse(format!("expected {} planes of equal length", self.input.len())));
        }
        for (kept, plane) in self.input.iter_mut().zip(planes) {
            kept.extend_from_slice(plane);
        }
        self.taken += frames as u64;
        Ok(self.make(u64::MAX))
    }

    /// Returns the frames that remain, so that the length comes out right. The resampler is spent afterwards.
    ///
    /// # Errors
    ///
    /// None at present.
    pub fn finish(&mut self) -> Result<Vec<Vec<f32>>> {
        let total = (u128::from(self.taken) * u128::from(self.to) + u128::from(self.from / 2))
            / u128::from(self.from);
        let tail = self.filter.taps() + usize::try_from(self.from / self.to).unwrap_or(0) + 1;
        for kept in &mut self.input {
            kept.resize(kept.len() + tail, 0.0);
        }
        Ok(self.make(u64::try_from(total).unwrap_or(u64::MAX)))
    }

    /// Every frame up to `limit` whose whole window is there.
    fn make(&mut self, limit: u64) -> Vec<Vec<f32>> {
        let available = self.input.first().map_or(0, Vec::len);
        let mut out = vec![Vec::new(); self.input.len()];
        // The window runs from half before the instant to half behind it.
        let lead = i64::try_from(self.filter.half).unwrap_or(0) - 1;
        let step = i64::try_from(self.from / self.to).unwrap_or(0);
        while self.made < limit {
            let Ok(start) = usize::try_from(self.whole - lead - self.origin) else { break };
            if start + self.filter.taps() > available {
                break;
            }
            let weights = self.filter.weights(self.fraction, self.to);
            for (kept, out) in self.input.iter().zip(&mut out) {
                out.push(weights.apply(&kept[start..start + self.filter.taps()]));
            }
            self.made += 1;
            self.whole += step;
            self.fraction += self.from % self.to;
            if self.fraction >= self.to {
                self.fraction -= self.to;
                self.whole += 1;
            }
        }
        self.forget();
        out
    }

    /// Drops input no later window reaches.
    fn forget(&mut self) {
        let lead = i64::try_from(self.filter.half).unwrap_or(0);
        let spent = usize::try_from(self.whole - lead - self.origin).unwrap_or(0);
        let spent = spent.min(self.input.first().map_or(0, Vec::len));
        for kept in &mut self.input {
            kept.drain(..spent);
        }
        self.origin += i64::try_from(spent).unwrap_or(0);
    }
}

/// The polyphase filter: for each phase, a row of weights.
struct Filter {
    half: usize,
    phases: u64,
    /// `phases + 1` rows of `2 * half` weights.
    rows: Vec<f32>,
}

/// The weights for one instant: a row, or a mixture of two neighbours.
struct Weights<'a> {
    row: &'a [f32],
    next: &'a [f32],
    mix: f32,
}

impl Filter {
    fn new(from: u64, to: u64) -> Self {
        // When the rate falls, the band is narrower and the window as much longer.
        let scale = if to < from { to as f64 / from as f64 } else { 1.0 };
        let half = (HALF_WIDTH / scale).ceil() as usize;
        let phases = to.min(PHASES * to.min(from) / from).max(1);
        let mut rows = Vec::with_capacity((phases as usize + 1) * half * 2);
        for phase in 0..=phases {
            let fraction = phase as f64 / phases as f64;
            let start = rows.len();
            for tap in 0..half * 2 {
                let distance = tap as f64 - (half as f64 - 1.0) - fraction;
                let window = kaiser(distance / half as f64);
                rows.push((sinc(distance * scale * ROLL_OFF) * scale * ROLL_OFF * window) as f32);
            }
            // Every phase passes a constant unchanged.
            let sum: f32 = rows[start..].iter().sum();
            rows[start..].iter_mut().for_each(|weight| *weight /= sum);
        }
        Self { half, phases, rows }
    }

    fn taps(&self) -> usize {
        self.half * 2
    }

    fn weights(&self, fraction: u64, to: u64) -> Weights<'_> {
        let row = |index: u64| {
            let start = usize::try_from(index).unwrap_or(0) * self.taps();
            &self.rows[start..start + self.taps()]
        };
        if self.phases == to {
            return Weights { row: row(fraction), next: &[], mix: 0.0 };
        }
        let exact = fraction as f64 / to as f64 * self.phases as f64;
        let index = (exact as u64).min(self.phases - 1);
        Weights { row: row(index), next: row(index + 1), mix: (exact - index as f64) as f32 }
    }
}

impl Weights<'_> {
    fn apply(&self, input: &[f32]) -> f32 {
        let first = dot(self.row, input);
        if self.mix == 0.0 { first } else { first + (dot(self.next, input) - first) * self.mix }
    }
}

/// Eight partial sums, so that the compiler may use vector registers.
fn dot(weights: &[f32], input: &[f32]) -> f32 {
    let mut sums = [0.0f32; 8];
    let (heads, tails) = (weights.chunks_exact(8), input.chunks_exact(8));
    let rest: f32 =
        heads.remainder().iter().zip(tails.remainder()).map(|(weight, value)| weight * value).sum();
    for (weights, values) in heads.zip(tails) {
        for lane in 0..8 {
            sums[lane] += weights[lane] * values[lane];
        }
    }
    sums.iter().sum::<f32>() + rest
}

fn sinc(x: f64) -> f64 {
    let x = x * std::f64::consts::PI;
    if x.abs() < 1e-12 { 1.0 } else { x.sin() / x }
}

/// The Kaiser window at `x`, from -1 to 1, but for a factor.
fn kaiser(x: f64) -> f64 {
    if x.abs() >= 1.0 { 0.0 } else { bessel(BETA * (1.0 - x * x).sqrt()) }
}

/// The modified Bessel function of order zero, by its series.
fn bessel(x: f64) -> f64 {
    let square = x * x / 4.0;
    let mut term = 1.0;
    let mut sum = 1.0;
    for k in 1..64 {
        term *= square / f64::from(k * k);
        sum += term;
        if term < sum * f64::EPSILON {
            break;
        }
    }
    sum
}

const fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(rate: u32, frequency: f64, frames: usize) -> Vec<f32> {
        let step = std::f64::consts::TAU * frequency / f64::from(rate);
        (0..frames).map(|index| (step * index as f64).sin() as f32).collect()
    }

    fn resample(from: u32, to: u32, input: &[f32], block: usize) -> Vec<f32> {
        let mut resampler = Resampler::new(from, to, 1).unwrap();
        let mut out = Vec::new();
        for chunk in input.chunks(block) {
            out.extend(resampler.process(&[chunk.to_vec()]).unwrap().remove(0));
        }
        out.extend(resampler.finish().unwrap().remove(0));
        out
    }

    #[test]
    fn a_sine_stays_where_it_was() {
        for (from, to) in [
            (44_100, 48_000),
            (48_000, 44_100),
            (96_000, 48_000),
            (8_000, 48_000),
            (44_101, 48_000),
            (1_000_003, 48_000),
        ] {
            let input = sine(from, 997.0, from as usize);
            let (out, wanted) = (resample(from, to, &input, 1000), sine(to, 997.0, to as usize));
            assert_eq!(out.len(), to as usize, "{from} -> {to}");
            let inner = to as usize / 10..to as usize * 9 / 10;
            let noise: f64 = inner.clone().map(|i| f64::from(out[i] - wanted[i]).powi(2)).sum();
            let signal: f64 = inner.map(|i| f64::from(wanted[i]).powi(2)).sum();
            let snr = 10.0 * (signal / noise).log10();
            assert!(snr > 100.0, "{from} -> {to}: {snr:.1} dB");
        }
    }

    /// Whatever rates a file claims.
    #[test]
    fn filters_stay_small() {
        for (from, to) in [(12_287_999, 48_000), (48_000, 12_287_999), (4_294_967, 4_294_966), (256, 1)] {
            let weights = Resampler::new(from, to, 1).unwrap().filter.rows.len();
            assert!(weights <= 400_000 + 96 * 256, "{from} -> {to}: {weights}");
        }
    }

    #[test]
    fn what_would_alias_is_gone() {
        let out = resample(48_000, 16_000, &sine(48_000, 12_000.0, 48_000), 4096);
        assert!(out[2000..14_000].iter().all(|value| value.abs() < 1e-4));
    }

    #[test]
    fn lengths_are_exact_and_blocks_do_not_matter() {
        for frames in [0, 1, 2, 100, 1023, 44_100] {
            let input = sine(44_100, 440.0, frames);
            let whole = resample(44_100, 48_000, &input, frames.max(1));
            assert_eq!(whole.len(), (frames * 160 + 73) / 147);
            assert_eq!(whole, resample(44_100, 48_000, &input, 7));
        }
    }
}
