//! Choosing scale factors: the path through all bands that costs least noise and bits together.

use reelwright_bitstream::aac::bands::LONG;

use super::block::{Block, Content, Grid, MAX_BANDS};
use super::coded::{Coded, scale_bits};
use super::lanes::dot;
use super::quantize::{SLOPE, fewest_bits, lowest_scale, noise, quantize, scale_for};

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
/// The greatest difference between scale factors the codebook has.
const FARTHEST: i32 = 60;

/// Bits behind the cheapest path that none catches up on.
const FAR_BEHIND: f32 = 20.0;

/// No scale factor yet.
const NONE: usize = 256;
/// A state is a scale factor or none, and this much more in a zero band.
const ZERO: usize = 257;
const STATES: usize = 2 * ZERO;
/// No place in a list.
const ABSENT: u16 = u16::MAX;

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
    /// Of the band at hand.
    candidates: Vec<Candidate>,
    /// That lead to the band at hand, and beyond it.
    paths: Vec<Path>,
    next: Vec<Path>,
    /// Where in `next` a state is; [`ABSENT`] between bands.
    place: [u16; STATES],
    values: [i32; LONG],
}

#[derive(Clone, Copy)]
struct Candidate {
    scale: usize,
    cost: f32,
}

/// The cheapest way to a state.
#[derive(Clone, Copy)]
struct Path {
    state: usize,
    cost: f32,
}

/// What bits cost.
struct Prices {
    bit: f32,
    border: f32,
    /// Of differences between scale factors, from -60 on.
    steps: [f32; 2 * FARTHEST as usize + 1],
}

impl Prices {
    fn new(bit: f32) -> Self {
        let steps = std::array::from_fn(|step| bit * scale_bits(step as i32 - FARTHEST) as f32);
        Self { bit, border: bit * BORDER_BITS, steps }
    }

    /// From the scale factor of a path, if it has one, to the next; nothing where the codebook has no such step.
    fn step(&self, from: usize, to: usize) -> Option<f32> {
        let middle = FARTHEST as usize;
        let place = if from == NONE { middle } else { (to + middle).wrapping_sub(from) };
        self.steps.get(place).copied()
    }
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
            candidates: Vec::new(),
            paths: Vec::new(),
            next: Vec::new(),
            place: [ABSENT; STATES],
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
            self.energy[band] = dot(magnitudes, magnitudes);
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
        let prices = Prices::new(price);
        self.paths.clear();
        self.paths.push(Path { state: NONE + ZERO, cost: 0.0 });
        for band in 0..grid.bands() {
            self.candidates(grid, block, band, price);
            self.advance(band, block.weights[band], &prices);
        }
        let cheapest = self.paths.iter().min_by(|a, b| a.cost.total_cmp(&b.cost));
        let mut state = cheapest.map_or(NONE, |path| path.state);
        for band in (0..grid.bands()).rev() {
            let lines = grid.lines(band);
            coded.contents[band] = block.contents[band];
            if state < NONE {
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

    /// The scale factors that may be worth their bits in a band.
    fn candidates(&mut self, grid: &Grid, block: &Block, band: usize, price: f32) {
        self.candidates.clear();
        let lines = grid.lines(band);
        let (energy, weight) = (self.energy[band], block.weights[band]);
        let wanted = lines.len() as f32 * price / (SLOPE * weight);
        // Far below the noise nothing is worth coding.
        if energy < 0.3 * wanted / lines.len() as f32 || energy <= 0.0 {
            return;
        }
        let middle = scale_for(wanted, self.roots[band]).clamp(-20.0, 300.0).round() as i32;
        let first = (middle - FINER).max(self.lowest[band]).clamp(0, 255);
        let last = (middle + COARSER).clamp(first, 255);
        let mut least = f32::MAX;
        // In range: both ends are.
        for scale in first as usize..=last as usize {
            let values = &mut self.values[..lines.len()];
            let max = quantize(&self.compressed[lines.clone()], scale, values);
            if max == 0 {
                break;
            }
            let distortion = noise(&self.magnitudes[lines.clone()], values, scale);
            sign(&block.lines[lines.clone()], values);
            let cost = weight * distortion + price * fewest_bits(values, max) as f32;
            self.candidates.push(Candidate { scale, cost });
            least = least.min(cost);
            // Coarser still is dearer still.
            if cost > least + price * HOPELESS {
                break;
            }
        }
    }

    /// Moves all paths on by one band.
    fn advance(&mut self, band: usize, weight: f32, prices: &Prices) {
        let (silence, _) = self.silence(band, weight, prices.bit);
        let Self { from, candidates, paths, next, place, .. } = self;
        let from = &mut from[band];
        next.clear();
        for path in paths.iter() {
            let border = if path.state >= ZERO { 0.0 } else { prices.border };
            let way = Path { state: path.state % ZERO + ZERO, cost: path.cost + silence + border };
            match next.get_mut(usize::from(place[way.state])) {
                Some(known) if known.cost <= way.cost => continue,
                Some(known) => *known = way,
                None => {
                    place[way.state] = next.len() as u16;
                    next.push(way);
                }
            }
            from[way.state] = path.state as u16;
        }
        next.iter().for_each(|way| place[way.state] = ABSENT);
        for &Candidate { scale, cost } in candidates.iter() {
            let mut best = Path { state: 0, cost: f32::MAX };
            for path in paths.iter() {
                let Some(step) = prices.step(path.state % ZERO, scale) else { continue };
                let border = if path.state >= ZERO { prices.border } else { 0.0 };
                let way = path.cost + (step + border);
                if way < best.cost {
                    best = Path { state: path.state, cost: way };
                }
            }
            if best.cost < f32::MAX {
                next.push(Path { state: scale, cost: best.cost + cost });
                from[scale] = best.state as u16;
            }
        }
        let least = next.iter().fold(f32::MAX, |least, path| least.min(path.cost));
        // No path that is this far behind can catch up.
        next.retain(|path| path.cost <= least + prices.bit * FAR_BEHIND);
        std::mem::swap(paths, next);
    }
}

/// Gives the magnitudes in `values` the signs of `lines`.
fn sign(lines: &[f32], values: &mut [i32]) {
    for (line, value) in lines.iter().zip(values) {
        // All ones where the line is negative.
        let mask = line.to_bits().cast_signed() >> 31;
        *value = (*value ^ mask) - mask;
    }
}
