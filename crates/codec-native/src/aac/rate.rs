//! What a bit is worth from frame to frame, so that the stream keeps its rate and the decoder's buffer.

use reelwright_bitstream::aac::bands::LONG;

use super::Rate;

/// Bits of a decoder's input buffer per channel (4.5.3.1).
pub(super) const BUFFER: u32 = 6144;
/// Price of a bit at quality 0.5, in weighted noise.
const MIDDLE_PRICE: f64 = 0.032;
/// Doublings of the price between qualities 0 and 1.
const QUALITY_SPAN: f64 = 14.0;
/// How many times the price doubles from a full to an empty buffer, where the rate is constant.
const PULL: f64 = 4.0;
/// Seconds in which two thirds of what was saved or owed are made up for, where the rate is an average.
const HORIZON: f64 = 0.5;
/// Frames that takes at least, where frames are long.
const SHORTEST_HORIZON: f64 = 8.0;
/// Seconds' worth of bits that silence can save for what comes after it, where the rate is an average.
const SAVED: f64 = 10.0;
/// Of what was saved, a frame gets so many times its own share at most.
const EXTRA: f64 = 3.0;
/// How many horizons the price itself takes to learn: so that where silence comes again and again, some is spent ahead of it.
const LEARNING: f64 = 2.0;
/// Halving the price gives a third more bits, but hardly one more for each line that is coded: there, half of one.
const RISE: f64 = 1.0 / 3.0;
/// And never less than this, by whatever tones.
const LEAST_RISE: f64 = 1.0 / 12.0;
/// The weight of a frame in the average of the lines coded.
const RECENT: f64 = 0.1;
/// The lowest price that is learnt: what a signal doesn't take at it isn't spent. Well below quality 1.
const LEAST_LEARNT: f64 = -16.0;
/// Cheaper than this, or dearer, nothing changes any more.
const LOWEST: f64 = -30.0;
const HIGHEST: f64 = 24.0;

/// Follows the bits spent.
pub(super) struct Control {
    kind: Kind,
    /// Bits of a frame on average.
    mean: f64,
    /// Bits saved that a later frame can use; owed, if negative.
    stock: f64,
    /// The most that can be saved.
    capacity: f64,
    /// Frames of [`HORIZON`].
    horizon: f64,
    /// Of a frame.
    most: u32,
    /// The price's logarithm to base 2, the stock apart.
    price: f64,
    /// Lines that were coded in the last frames, on average.
    lines: f64,
    /// Frames that were not silent.
    frames: u32,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Constant,
    Average,
    Variable,
}

/// The bits a frame may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    /// Where there are fewer, the frame is filled up.
    pub(super) least: u32,
    /// Never more.
    pub(super) most: u32,
}

impl Control {
    /// For `considered` channels that share the buffer.
    pub(super) fn new(rate: Rate, sample_rate: u32, considered: usize) -> Self {
        let buffer = BUFFER * considered.max(1) as u32;
        let frame = |bits: u32| f64::from(bits) * LONG as f64 / f64::from(sample_rate);
        let (kind, mean) = match rate {
            Rate::Constant(bits) => (Kind::Constant, frame(bits)),
            Rate::Average(bits) => (Kind::Average, frame(bits)),
            Rate::Variable(_) => (Kind::Variable, 0.0),
        };
        let second = f64::from(sample_rate) / LONG as f64;
        let capacity = if kind == Kind::Constant { f64::from(buffer) - mean } else { SAVED * second * mean };
        let stock = if kind == Kind::Constant { capacity / 2.0 } else { 0.0 };
        let quality = if let Rate::Variable(quality) = rate { f64::from(quality) } else { 0.5 };
        let price = MIDDLE_PRICE.log2() + (0.5 - quality) * QUALITY_SPAN;
        let horizon = (HORIZON * second).max(SHORTEST_HORIZON);
        Self { kind, mean, stock, capacity, horizon, most: buffer, price, lines: mean, frames: 0 }
    }

    /// The price of a bit for the next frame.
    pub(super) fn price(&self) -> f32 {
        let pull = match self.kind {
            Kind::Constant => PULL * (0.5 - self.stock / self.capacity.max(1.0)),
            Kind::Average => {
                let rise = RISE.min(self.lines / self.mean).max(LEAST_RISE);
                -self.surplus() / rise
            }
            Kind::Variable => 0.0,
        };
        (self.price + pull).clamp(LOWEST, HIGHEST).exp2() as f32
    }

    /// How much the next frame is to have beyond its share of an average rate, in shares.
    fn surplus(&self) -> f64 {
        let share = self.stock / self.mean / self.horizon;
        // Debts weigh more the greater they are: there may be no silence to come that pays them.
        if share > 0.0 { share.min(EXTRA) } else { share + share.powi(3) }
    }

    /// What the next frame's bits, a multiple of 8, must keep to.
    pub(super) fn bounds(&self) -> Bounds {
        match self.kind {
            Kind::Constant => {
                let most = (self.stock + self.mean).min(self.most.into());
                let least = (self.stock + self.mean - self.capacity).max(0.0);
                let most = (most / 8.0).floor() as u32 * 8;
                // Near the highest rate there is no whole number of bytes between the two.
                Bounds { least: ((least / 8.0).ceil() as u32 * 8).min(most), most }
            }
            Kind::Average | Kind::Variable => Bounds { least: 0, most: self.most },
        }
    }

    /// Bits the first frames should have, to find the price by; later `None`.
    pub(super) fn wanted(&self) -> Option<f64> {
        (self.kind != Kind::Variable && self.frames < 3).then_some(self.mean)
    }

    /// A price was found to give about the wanted bits.
    pub(super) fn calibrate(&mut self, price: f32) {
        let found = f64::from(price).log2();
        let known = f64::from(self.frames);
        self.price = ((self.price * known + found) / (known + 1.0)).clamp(LOWEST, HIGHEST);
    }

    /// A frame only fitted at so many times the price: half of that stays, so that the next ones fit sooner.
    pub(super) fn raise(&mut self, factor: f32) {
        if self.kind == Kind::Constant {
            self.price = (self.price + 0.5 * f64::from(factor).log2()).min(HIGHEST);
        }
    }

    /// A frame was written with `bits` that codes so many `lines`; `silent` ones say nothing about the price.
    pub(super) fn spent(&mut self, bits: u32, lines: usize, silent: bool) {
        if self.kind == Kind::Variable {
            return;
        }
        let bits = f64::from(bits);
        self.stock = (self.stock + self.mean - bits).min(self.capacity);
        if silent {
            return;
        }
        self.frames += 1;
        self.lines += RECENT * (lines as f64 - self.lines);
        let change = if self.kind == Kind::Constant {
            // Quick at first, then slow: a steady price is what makes quality steady.
            (1.0 / f64::from(self.frames + 4)).max(0.02) * (bits / self.mean - 1.0)
        } else {
            -self.surplus() / (RISE * LEARNING * self.horizon)
        };
        self.price = (self.price + change).clamp(LEAST_LEARNT, HIGHEST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_rate_never_leaves_the_buffer() {
        let mut control = Control::new(Rate::Constant(64_000), 44_100, 2);
        let (mut sent, mut stock) = (0.0, control.stock);
        for frame in 0..2000u32 {
            let bounds = control.bounds();
            assert!(bounds.least <= bounds.most && bounds.most <= 12_288);
            let wish = if frame % 700 < 300 { 100 } else { 9000 };
            let bits = wish.clamp(bounds.least, bounds.most) / 8 * 8;
            control.spent(bits, 500, false);
            sent += f64::from(bits);
            stock += control.mean - f64::from(bits);
            assert!((-1e-6..=control.capacity + 1e-6).contains(&stock), "frame {frame}: {stock}");
        }
        assert!((sent / 2000.0 / control.mean - 1.0).abs() < 0.01);
    }
}
