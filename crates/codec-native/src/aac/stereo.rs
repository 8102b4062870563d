//! Coding a pair as sum and difference where that is cheaper (4.6.8.1).

use super::block::{Block, Grid, MAX_BANDS};

/// Replaces left and right by middle and side in the bands where they cost less at `price`; says in which.
pub(super) fn decide(grid: &Grid, pair: &mut [Block], price: f32) -> [bool; MAX_BANDS] {
    let mut used = [false; MAX_BANDS];
    let [left, right] = pair else { return used };
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
        if joint.total() < apart.total() {
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
        Self { scale: 1.386_294_4 / price, linear: 0.0, product: 1.0, logarithms: 0.0, count: 0 }
    }

    fn add(&mut self, a: f32, b: f32) {
        for weighted in [a, b] {
            let ratio = weighted * self.scale;
            if ratio < 1.0 {
                self.linear += ratio;
            } else {
                self.linear += 1.0;
                self.product *= f64::from(ratio);
            }
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
