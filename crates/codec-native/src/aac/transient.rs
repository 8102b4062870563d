//! Finding attacks, before which the noise of a long block would be heard.

use reelwright_bitstream::aac::bands::LONG;

/// Stretches a block is watched in.
const STRETCHES: usize = 8;
const LENGTH: usize = LONG / STRETCHES;
/// An attack has this many times the energy of what went before.
const RATIO: f32 = 8.0;
/// Energy of a stretch, differentiated, that nobody hears start: about -70 dB of full scale.
const FLOOR: f32 = 128.0 * 10.0 * 10.0;

/// Watches one channel, block by block.
#[derive(Clone, Default)]
pub(super) struct Detector {
    last: f32,
    average: f32,
}

impl Detector {
    /// The stretches of the next block that begin with an attack, as bits.
    pub(super) fn attacks(&mut self, block: &[f32]) -> u8 {
        let mut attacks = 0;
        for (index, stretch) in block.chunks_exact(LENGTH).take(STRETCHES).enumerate() {
            let mut energy = 0.0;
            for &sample in stretch {
                // The difference favours high frequencies, which long blocks smear most audibly.
                energy += (sample - self.last) * (sample - self.last);
                self.last = sample;
            }
            if energy > FLOOR && energy > self.average * RATIO {
                attacks |= 1 << index;
            }
            self.average = energy.max(0.7 * self.average + 0.3 * energy);
        }
        attacks
    }
}

/// Whether the block with these attacks in its older and newer half of samples needs short windows: they cover the
/// second half of the older and the first of the newer.
pub(super) const fn needs_short(older: u8, newer: u8) -> bool {
    older & 0xF0 != 0 || newer & 0x0F != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attack_is_found_where_it_is_and_only_once() {
        let mut detector = Detector::default();
        let tone = |n: usize| (n as f32 * 0.05).sin() * 300.0;
        let quiet: Vec<f32> = (0..LONG).map(tone).collect();
        detector.attacks(&quiet);
        assert_eq!(detector.attacks(&quiet) & 0xFE, 0);
        let mut loud = quiet.clone();
        for (n, sample) in loud.iter_mut().enumerate().skip(700) {
            *sample += if n % 2 == 0 { 8000.0 } else { -8000.0 };
        }
        assert_eq!(detector.attacks(&loud), 1 << 5);
        assert!(needs_short(1 << 5, 0) && !needs_short(0, 1 << 5));
    }
}
