//! The vector kernels against their scalar twins, bit by bit.

use super::*;
use crate::simd::Simd;

/// A fixed sequence of numbers that look random.
fn noise(seed: &mut u64) -> u32 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 33) as u32
}

fn bytes(seed: &mut u64, samples: usize, depth: u32) -> Vec<u8> {
    if depth == 8 {
        return (0..samples).map(|_| noise(seed) as u8).collect();
    }
    (0..samples).flat_map(|_| ((noise(seed) % (1 << depth)) as u16).to_ne_bytes()).collect()
}

#[test]
fn vertical_kernels_agree() {
    let mut seed = 1;
    for depth in [8, 10, 12, 14, 16] {
        for width in [1, 15, 16, 31, 32, 33, 100, 1279] {
            for (window, outputs) in [(9, 5), (40, 3), (3, 8), (1, 4)] {
                let step = window as f64 / outputs as f64;
                let map = Mapping { window, outputs, step, first: step * 0.5 - 0.5 };
                let filter = Filter::new(Kernel::Lanczos3, map);
                let stride = width * if depth > 8 { 2 } else { 1 };
                let plane = bytes(&mut seed, width * window, depth);
                for output in 0..outputs {
                    let (start, weights) = filter.row(output);
                    let strip = Strip { bytes: &plane[start * stride..], stride, depth };
                    let mut rows = [vec![0i16; width], vec![0i16; width]];
                    vertical(Simd::Scalar, strip, filter.taps(), weights, &mut rows[0]);
                    vertical(Simd::detect(), strip, filter.taps(), weights, &mut rows[1]);
                    assert_eq!(rows[0], rows[1], "{depth} bit, {width} wide, {window} -> {outputs}");
                }
            }
        }
    }
}

#[test]
fn horizontal_kernels_agree() {
    let mut seed = 2;
    for (window, outputs) in [(1920, 1280), (640, 213), (100, 31), (20, 160), (1, 40), (5000, 17)] {
        for kernel in [Kernel::Bilinear, Kernel::BICUBIC, Kernel::Lanczos3] {
            let step = window as f64 / outputs as f64;
            let filter = Filter::new(kernel, Mapping { window, outputs, step, first: step * 0.5 - 0.5 });
            let mut row: Vec<i16> = (0..window).map(|_| (noise(&mut seed) % 24_000) as i16 - 3000).collect();
            row.resize(window + filter.stride(), 0);
            for store in [Store::Eight, Store::Deep(10), Store::Deep(14)] {
                let mut rows = [vec![0u8; outputs * store.bytes()], vec![0u8; outputs * store.bytes()]];
                horizontal(Simd::Scalar, &row, &filter, store, &mut rows[0]);
                horizontal(Simd::detect(), &row, &filter, store, &mut rows[1]);
                assert_eq!(rows[0], rows[1], "{kernel:?} {window} -> {outputs} {store:?}");
            }
            let mut rows = [vec![0i16; outputs], vec![0i16; outputs]];
            horizontal_work(Simd::Scalar, &row, &filter, &mut rows[0]);
            horizontal_work(Simd::detect(), &row, &filter, &mut rows[1]);
            assert_eq!(rows[0], rows[1]);
        }
    }
}
