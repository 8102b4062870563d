//! Choosing scale factors: the path through all bands that costs least noise and bits together.

use super::bands::LONG;
use super::block::{Block, Content, Grid, MAX_BANDS};
use super::coded::{Coded, scale_bits};
use super::quantize::{fewest_bits, lowest_scale, noise, quantize, scale_for};

/// Scale factors tried around the one the noise asks for.
const FINER: i32 = 2;
const COARSER: i32 = 4;
/// Bits that no smoother path of scale factors makes up for.
const HOPELESS: f32 = 16.0;
/// Bits that the border of a stretch of zero bands costs, more or less.
const BORDER_BITS: f32 = 5.0;
/// Silencing a band is worse than noise of the same energy.
const HOLE: f32 = 1.6;
/// Noise of the same energy in its place is no worse than noise.
const NOISE: f32 = 1.0;
/// Bits it takes.
const NOISE_BITS: f32 = 4.0;
/// Its greatest line's energy in means: what sticks out further isn't noise.
const NOISE_PEAK: f32 = 8.0;
/// 2 ln 2: noise halves its amplitude for each bit of a line.
const SLOPE: f32 = 1.386_294_4;
/// The step of differences the codebook has.
const FARTHEST: i32 = 60;

/// No scale factor yet.
const NONE: usize = 256;
/// States: a scale factor or none, in a coded band or a zero one.
const STATES: usize = 2 * 257;

/// What a channel's search works on.
pub(super) struct Search {
    magnitudes: [f32; LONG],
    compressed: [f32; LONG],
    energy: [f32; MAX_BANDS],
    roots: [f32; MAX_BANDS],
    lowest: [i32; MAX_BANDS],
    /// Where noise may stand for a band.
    noise: [Content; MAX_BANDS],
    /// Per band and state: the state before.
    from: Vec<[u16; STATES]>,
    values: [i32; LONG],
}

#[derive(Clone, Copy)]
struct Candidate {
    scale: usize,
    cost: f32,
}

impl Default for Search {
    fn default() -> Self {
        Self {
            magnitudes: [0.0; LONG],
            compressed: [0.0; LONG],
            energy: [0.0; MAX_BANDS],
            roots: [0.0; MAX_BANDS],
            lowest: [0; MAX_BANDS],
            noise: [Content::Lines; MAX_BANDS],
            from: vec![[0; STATES]; MAX_BANDS],
            values: [0; LONG],
        }
    }
}

impl Search {
    /// Takes in a block; noise may stand for the bands of which `noisy` says so.
    pub(super) fn load(&mut self, grid: &Grid, block: &Block, noisy: impl Fn(usize) -> bool) {
        for ((line, magnitude), compressed) in
            block.lines[..grid.end()].iter().zip(&mut self.magnitudes).zip(&mut self.compressed)
        {
            *magnitude = line.abs();
            *compressed = (*magnitude * magnitude.sqrt()).sqrt();
        }
        for band in 0..grid.bands() {
            let magnitudes = &self.magnitudes[grid.lines(band)];
            self.energy[band] = magnitudes.iter().map(|m| m * m).sum();
            self.roots[band] = magnitudes.iter().map(|m| m.sqrt()).sum();
            let peak = magnitudes.iter().fold(0.0, |a: f32, &b| a.max(b));
            self.lowest[band] = lowest_scale(peak);
            let mean = self.energy[band] / magnitudes.len() as f32;
            self.noise[band] = if mean > 1.0 && peak * peak < NOISE_PEAK * mean && noisy(band) {
                Content::Noise((2.0 * self.energy[band].log2()).round() as i16)
            } else {
                Content::Lines
            };
        }
    }

    /// Codes the block loaded where a bit is worth `price` of weighted noise.
    pub(super) fn run(&mut self, grid: &Grid, block: &Block, price: f32, coded: &mut Coded) {
        let mut costs = [f32::MAX; STATES];
        costs[NONE + 257] = 0.0;
        let mut active = vec![NONE + 257];
        let mut candidates = Vec::with_capacity(16);
        for band in 0..grid.bands() {
            self.candidates(grid, block, band, price, &mut candidates);
            self.advance(band, block.weights[band], price, &candidates, &mut costs, &mut active);
        }
        let mut state = active.iter().copied().min_by(|&a, &b| costs[a].total_cmp(&costs[b])).unwrap_or(NONE);
        for band in (0..grid.bands()).rev() {
            let lines = grid.lines(band);
            coded.contents[band] = block.contents[band];
            if state < 257 {
                coded.scales[band] = state as u8;
                let values = &mut coded.values[lines.clone()];
                quantize(&self.compressed[lines.clone()], state, values);
                sign(&block.lines[lines], values);
            } else {
                coded.values[lines].fill(0);
                if self.silence(band, block.weights[band], price).1 {
                    coded.contents[band] = self.noise[band];
                }
            }
            state = usize::from(self.from[band][state]);
        }
        coded.settle(grid);
    }

    /// What a band costs of which no lines are coded, and whether noise stands for it.
    fn silence(&self, band: usize, weight: f32, price: f32) -> (f32, bool) {
        let energy = self.energy[band] * weight;
        let noise = energy * NOISE + price * NOISE_BITS;
        let noisy = self.noise[band] != Content::Lines && noise < energy * HOLE;
        (if noisy { noise } else { energy * HOLE }, noisy)
    }

    fn candidates(&mut self, grid: &Grid, block: &Block, band: usize, price: f32, out: &mut Vec<Candidate>) {
        out.clear();
        let lines = grid.lines(band);
        let (energy, weight) = (self.energy[band], block.weights[band]);
        let wanted = lines.len() as f32 * price / (SLOPE * weight);
        // Far below the noise nothing is worth coding.
        if energy < 0.3 * wanted / lines.len() as f32 || energy <= 0.0 {
            return;
        }
        let middle = scale_for(wanted, self.roots[band]).clamp(-20.0, 300.0).round() as i32;
        let first = (middle - FINER).max(self.lowest[band]);
        let mut least = f32::MAX;
        for scale in first..=(middle + COARSER).max(first) {
            let Ok(scale) = usize::try_from(scale.clamp(0, 255)) else { continue };
            let values = &mut self.values[..lines.len()];
            let max = quantize(&self.compressed[lines.clone()], scale, values);
            if max == 0 {
                break;
            }
            let distortion = noise(&self.magnitudes[lines.clone()], values, scale);
            sign(&block.lines[lines.clone()], values);
            let bits = fewest_bits(values, max);
            let cost = weight * distortion + price * bits as f32;
            out.push(Candidate { scale, cost });
            least = least.min(cost);
            // Coarser still is dearer still.
            if scale == 255 || cost > least + price * HOPELESS {
                break;
            }
        }
    }

    /// Moves all paths on by one band.
    fn advance(
        &mut self,
        band: usize,
        weight: f32,
        price: f32,
        candidates: &[Candidate],
        costs: &mut [f32; STATES],
        active: &mut Vec<usize>,
    ) {
        let border = price * BORDER_BITS;
        let mut next = [f32::MAX; STATES];
        let mut reached = Vec::with_capacity(64);
        let (silence, _) = self.silence(band, weight, price);
        let from = &mut self.from[band];
        for &state in active.iter() {
            let (scale, zero) = (state % 257, state >= 257);
            let cost = costs[state] + silence + if zero { 0.0 } else { border };
            let to = scale + 257;
            if cost < next[to] {
                if next[to] == f32::MAX {
                    reached.push(to);
                }
                next[to] = cost;
                from[to] = state as u16;
            }
        }
        for candidate in candidates {
            let mut best = (f32::MAX, 0);
            for &state in active.iter() {
                let (scale, zero) = (state % 257, state >= 257);
                let difference = if scale == NONE { 0 } else { candidate.scale as i32 - scale as i32 };
                if difference.abs() > FARTHEST {
                    continue;
                }
                let bits = price * scale_bits(difference) as f32 + if zero { border } else { 0.0 };
                let cost = costs[state] + bits;
                if cost < best.0 {
                    best = (cost, state);
                }
            }
            if best.0 < f32::MAX {
                next[candidate.scale] = best.0 + candidate.cost;
                from[candidate.scale] = best.1 as u16;
                reached.push(candidate.scale);
            }
        }
        let least = reached.iter().map(|&state| next[state]).fold(f32::MAX, f32::min);
        // No path that is this far behind can catch up.
        reached.retain(|&state| next[state] <= least + price * 20.0);
        *costs = next;
        *active = reached;
    }
}

/// Gives the magnitudes in `values` the signs of `lines`.
fn sign(lines: &[f32], values: &mut [i32]) {
    for (line, value) in lines.iter().zip(values) {
        if *line < 0.0 {
            *value = -*value;
        }
    }
}
