//! Coding a pair as sum and difference (4.6.8.1) or as one channel and its share in the other (4.6.8.2), where that is
//! cheaper.

use super::block::{Block, Content, Grid, MAX_BANDS};
use super::lanes::dot;
use super::quantize::SLOPE;

/// `is_position` at most, in steps of 1.5 dB.
const FARTHEST: f32 = 30.0;
/// One channel for two must be so much cheaper: the estimate flatters it. On the clips of `benches/aac_quality`, 0.2 dB NMR
/// is won by it at 64 kbit/s; with 1.0, 0.5 dB would be lost.
const CLEARLY: f32 = 0.8;
/// Channels less alike than this, by their squared correlation, are never one.
const ALIKE: f32 = 0.6;
/// Below this energy of a line, weighted, ears don't care.
const FAINT: f32 = 1e-9;

/// Replaces left and right by middle and side, or by one channel and silence, in the bands where that costs less at
/// `price`; says where by middle and side.
pub(super) fn decide(grid: &Grid, pair: &mut [Block], price: f32) -> [bool; MAX_BANDS] {
    let mut used = [false; MAX_BANDS];
    let [left, right] = pair else { return used };
    right.contents.fill(Content::Lines);
    for (band, used) in used.iter_mut().enumerate().take(grid.bands()) {
        let lines = grid.lines(band);
        let (l, r) = (&mut left.lines[lines.clone()], &mut right.lines[lines]);
        let weights = (left.weights[band], right.weights[band]);
        // Noise of either the middle or the side is heard in both channels.
        let both = weights.0 + weights.1;
        let (mut apart, mut joint) = (Cost::new(price), Cost::new(price));
        for (&l, &r) in l.iter().zip(r.iter()) {
            let (middle, side) = ((l + r) * 0.5, (l - r) * 0.5);
            apart.add(l * l * weights.0, r * r * weights.1);
            joint.add(middle * middle * both, side * side * both);
        }
        let least = joint.total().min(apart.total());
        if let Some(one) = One::new(l, r, weights).filter(|one| one.cost(l, r, price) < least * CLEARLY) {
            for (l, r) in l.iter_mut().zip(r) {
                (*l, *r) = (one.line(*l, *r), 0.0);
            }
            left.weights[band] = one.weight();
            right.contents[band] = one.content;
        } else if joint.total() < apart.total() {
            *used = true;
            for (l, r) in l.iter_mut().zip(r) {
                (*l, *r) = ((*l + *r) * 0.5, (*l - *r) * 0.5);
            }
            left.weights[band] = both;
            right.weights[band] = both;
        }
    }
    used
}

/// A band of both channels as one: `line` in the left, `gain` times that in the right.
struct One {
    content: Content,
    gain: f32,
    weights: (f32, f32),
}

impl One {
    /// Along the axis on which left and right, weighted, lie most; none where that is next to one of them.
    fn new(l: &[f32], r: &[f32], weights: (f32, f32)) -> Option<Self> {
        let (ll, rr) = (dot(l, l) * weights.0, dot(r, r) * weights.1);
        let lr = dot(l, r) * (weights.0 * weights.1).sqrt();
        if lr.abs() <= FAINT || lr * lr < ALIKE * ll * rr {
            return None;
        }
        let angle = 0.5 * (2.0 * lr).atan2(ll - rr);
        let wanted = angle.tan() * (weights.0 / weights.1).sqrt();
        let position = (-4.0 * wanted.abs().log2()).round();
        // No number or infinite where one channel is silent.
        if !position.is_finite() || position.abs() > FARTHEST {
            return None;
        }
        let gain = (-0.25 * position).exp2() * wanted.signum();
        Some(Self { content: Content::Intensity(position as i16, wanted < 0.0), gain, weights })
    }

    fn weight(&self) -> f32 {
        self.weights.0 + self.weights.1 * self.gain * self.gain
    }

    /// The line that leaves least noise in both.
    fn line(&self, l: f32, r: f32) -> f32 {
        (self.weights.0 * l + self.weights.1 * self.gain * r) / self.weight()
    }

    fn cost(&self, l: &[f32], r: &[f32], price: f32) -> f32 {
        let mut lines = Cost::new(price);
        let mut rest = 0.0;
        for (&l, &r) in l.iter().zip(r) {
            let line = self.line(l, r);
            lines.add(line * line * self.weight(), 0.0);
            rest += (r - self.gain * l) * (r - self.gain * l);
        }
        lines.total() + rest * self.weights.0 * self.weights.1 / self.weight() * lines.scale
    }
}

/// What lines cost at best, in the noise that is left and the bits: linear up to where coding begins to pay, then
/// logarithmic.
struct Cost {
    scale: f32,
    linear: f32,
    product: f64,
    logarithms: f32,
    count: u32,
}

impl Cost {
    fn new(price: f32) -> Self {
        Self { scale: SLOPE / price, linear: 0.0, product: 1.0, logarithms: 0.0, count: 0 }
    }

    fn add(&mut self, a: f32, b: f32) {
        for weighted in [a, b] {
            let ratio = weighted * self.scale;
            self.linear += ratio.min(1.0);
            self.product *= f64::from(ratio.max(1.0));
        }
        self.count += 1;
        if self.count.is_multiple_of(4) {
            self.logarithms += self.product.ln() as f32;
            self.product = 1.0;
        }
    }

    fn total(&self) -> f32 {
        self.linear + self.logarithms + self.product.ln() as f32
    }
}
