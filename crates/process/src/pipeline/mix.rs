//! What is done to the components of a row once they lie on the target's grid.

use super::plan::Output;
use crate::color::{Affine, Light};
use crate::scale::{Store, WORK_BITS};
use crate::simd::{Simd, Work};

/// So many samples are worked on at a time: they stay in the nearest cache.
const BLOCK: usize = 64;

/// Writes an output's weighted sum of the inputs.
pub(super) fn weigh<T: Copy + Into<f32>>(
    simd: Simd,
    inputs: [&[T]; 3],
    output: &Output,
    store: Store,
    out: &mut [u8],
) {
    // Work units to code values.
    let unit = 1.0 / f32::from(1u16 << (WORK_BITS - store.bits()));
    let (weights, bias) = (output.weights.map(|weight| weight * unit), output.bias * unit);
    let out = &mut out[output.channel.offset * store.bytes()..];
    simd.run(Weigh { inputs, weights, bias, store, step: output.channel.step, out });
}

struct Weigh<'a, T> {
    inputs: [&'a [T]; 3],
    weights: [f32; 3],
    bias: f32,
    store: Store,
    step: usize,
    out: &'a mut [u8],
}

impl<T: Copy + Into<f32>> Work for Weigh<'_, T> {
    #[inline(always)]
    fn run(self) {
        let Self { inputs, weights, bias, store, step, out } = self;
        let most = f32::from((1u16 << store.bits()) - 1);
        let width = inputs[0].len();
        let mut values = [0u16; BLOCK];
        for at in (0..width).step_by(BLOCK) {
            let count = (width - at).min(BLOCK);
            let [a, b, c] = inputs.map(|input| &input[at..][..count]);
            for (index, value) in values[..count].iter_mut().enumerate() {
                let sum = weights[0] * a[index].into()
                    + weights[1] * b[index].into()
                    + weights[2] * c[index].into();
                *value = ((sum + bias).max(0.0).min(most) + ROUND).to_bits() as u16;
            }
            put(&values[..count], store, &mut out[at * step * store.bytes()..], step);
        }
    }
}

/// Added to a small positive number, leaves it, rounded, in the lowest bits: faster than a checked conversion.
const ROUND: f32 = 8_388_608.0;

/// Stores finished code values `step` samples apart.
#[inline(always)]
fn put(values: &[u16], store: Store, out: &mut [u8], step: usize) {
    match (store, step) {
        (Store::Eight, 1) => out.iter_mut().zip(values).for_each(|(byte, &value)| *byte = value as u8),
        (Store::Eight, _) => {
            out.iter_mut().step_by(step).zip(values).for_each(|(byte, &value)| *byte = value as u8);
        }
        (Store::Deep(_), _) => {
            for (bytes, value) in out.chunks_mut(step * 2).zip(values) {
                bytes[..2].copy_from_slice(&value.to_ne_bytes());
            }
        }
    }
}

/// From code values to R'G'B', through light, to R'G'B'.
pub(super) fn relight(
    simd: Simd,
    inputs: [&[i16]; 3],
    decode: &Affine,
    light: &Light,
    out: &mut [Vec<f32>; 3],
) {
    simd.run(Relight { inputs, decode, light, out });
}

struct Relight<'a> {
    inputs: [&'a [i16]; 3],
    decode: &'a Affine,
    light: &'a Light,
    out: &'a mut [Vec<f32>; 3],
}

impl Work for Relight<'_> {
    #[inline(always)]
    fn run(self) {
        let Self { inputs, decode, light, out } = self;
        let [red, green, blue] = out;
        for at in (0..inputs[0].len()).step_by(BLOCK) {
            let count = (inputs[0].len() - at).min(BLOCK);
            let [a, b, c] = inputs.map(|input| &input[at..][..count]);
            let [red, green, blue] = [&mut *red, &mut *green, &mut *blue].map(|row| &mut row[at..][..count]);
            for (row, out) in [&mut *red, &mut *green, &mut *blue].into_iter().enumerate() {
                let weights = decode.matrix[row].map(|weight| weight as f32);
                let offset = decode.offset[row] as f32;
                for (index, value) in out.iter_mut().enumerate() {
                    *value = weights[0] * f32::from(a[index])
                        + weights[1] * f32::from(b[index])
                        + weights[2] * f32::from(c[index])
                        + offset;
                }
            }
            light.convert([red, green, blue]);
        }
    }
}
