//! How alike two pictures or two sounds are.

/// How pictures differ, in code values of 8 bit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Likeness {
    /// Peak signal to noise of the worst picture, in dB.
    pub(crate) worst: f64,
    /// Over all pictures.
    pub(crate) mean: f64,
    /// How much redder, greener, bluer the second is on average.
    pub(crate) bias: [f64; 3],
    /// How the luma of both goes together, from -1 to 1, over all pictures: blind to tone and colour.
    pub(crate) correlation: f64,
}

/// Compares pictures of R'G'B' one by one.
pub(crate) fn likeness(before: &[Vec<u8>], after: &[Vec<u8>]) -> Likeness {
    let (mut worst, mut total, mut samples) = (f64::INFINITY, 0.0, 0usize);
    let mut bias = [0.0; 3];
    let mut lumas = (Vec::new(), Vec::new());
    for (before, after) in before.iter().zip(after) {
        let mut error = 0.0;
        for (index, (&a, &b)) in before.iter().zip(after).enumerate() {
            let apart = f64::from(b) - f64::from(a);
            error += apart * apart;
            bias[index % 3] += apart;
        }
        worst = worst.min(psnr(error / before.len() as f64));
        total += error;
        samples += before.len();
        lumas.0.extend(before.chunks_exact(3).map(luma));
        lumas.1.extend(after.chunks_exact(3).map(luma));
    }
    let samples = samples.max(1) as f64;
    Likeness {
        worst,
        mean: psnr(total / samples),
        bias: bias.map(|sum| sum / (samples / 3.0)),
        correlation: correlation(&lumas.0, &lumas.1),
    }
}

fn psnr(error: f64) -> f64 {
    10.0 * (255.0 * 255.0 / error.max(0.01)).log10()
}

fn luma(pixel: &[u8]) -> f32 {
    f32::from(pixel[0]) * 0.2126 + f32::from(pixel[1]) * 0.7152 + f32::from(pixel[2]) * 0.0722
}

/// Pearson's.
pub(crate) fn correlation(a: &[f32], b: &[f32]) -> f64 {
    let count = a.len().min(b.len()).max(1) as f64;
    let mean = |values: &[f32]| values.iter().map(|&value| f64::from(value)).sum::<f64>() / count;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let (mut both, mut square_a, mut square_b) = (0.0, 0.0, 0.0);
    for (&a, &b) in a.iter().zip(b) {
        let (a, b) = (f64::from(a) - mean_a, f64::from(b) - mean_b);
        both += a * b;
        square_a += a * a;
        square_b += b * b;
    }
    both / (square_a * square_b).sqrt().max(1e-12)
}

/// By how many samples `after` comes later than `before` in the window of `length` from `from` on; `None` where the
/// window is silent. A lag near zero wins over an equally good one far off, as periodic sound has many.
pub(crate) fn lag(before: &[f32], after: &[f32], from: usize, length: usize, reach: usize) -> Option<i64> {
    let window = before.get(from..(from + length).min(before.len()))?;
    let loudness = window.iter().map(|value| value * value).sum::<f32>() / window.len().max(1) as f32;
    if window.len() < 2048 || loudness < 1e-6 {
        return None;
    }
    let at = |lag: i64| {
        let start = usize::try_from(i64::try_from(from).unwrap() + lag).ok()?;
        Some(correlation(window, after.get(start..start + window.len())?))
    };
    let reach = i64::try_from(reach).unwrap();
    let scores: Vec<_> = (-reach..=reach).filter_map(|lag| Some((lag, at(lag)?))).collect();
    let best = scores.iter().map(|(_, score)| *score).fold(f64::MIN, f64::max);
    scores.iter().filter(|(_, score)| *score >= best - 0.02).map(|(lag, _)| *lag).min_by_key(|lag| lag.abs())
}
