//! What is done to the components of a row once they lie on the target's grid.

use super::plan::Output;
use crate::color::{Affine, Light};
use crate::scale::{Store, WORK_BITS};
use crate::simd::Simd;

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
    let bits = store.bits();
    // Work units to code values.
    let unit = 1.0 / f32::from(1u16 << (WORK_BITS - bits));
    let weights = output.weights.map(|weight| weight * unit);
    let bias = output.bias * unit;
    let most = f32::from((1u16 << bits) - 1);
    let (step, bytes) = (output.channel.step, store.bytes());
    let width = inputs[0].len();
    let first = output.channel.offset * bytes;
    simd.run(|| {
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
            put(&values[..count], store, &mut out[at * step * bytes + first..], step);
        }
    });
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
    let rows: [[f32; 3]; 3] = decode.matrix.map(|row| row.map(|value| value as f32));
    let offset = decode.offset.map(|value| value as f32);
    let [red, green, blue] = out;
    simd.run(|| {
        for at in (0..inputs[0].len()).step_by(BLOCK) {
            let count = (inputs[0].len() - at).min(BLOCK);
            let [a, b, c] = inputs.map(|input| &input[at..][..count]);
            let [red, green, blue] = [&mut *red, &mut *green, &mut *blue].map(|row| &mut row[at..][..count]);
            for (row, out) in [&mut *red, &mut *green, &mut *blue].into_iter().enumerate() {
                let weights = rows[row];
                for (index, value) in out.iter_mut().enumerate() {
                    *value = weights[0] * f32::from(a[index])
                        + weights[1] * f32::from(b[index])
                        + weights[2] * f32::from(c[index])
                        + offset[row];
                }
            }
            light.convert([red, green, blue]);
        }
    });
}
