//! The row kernels in AVX2. Each has a scalar twin in `rows`, to which tests compare it bit by bit.
#![allow(unsafe_code)]

use std::arch::x86_64::*;

use super::filter::{Filter, LANES};
use super::rows::{Store, Strip, WORK_BITS};

/// Narrower rows are left to the scalar twin.
pub(crate) const WIDTH: usize = 32;

/// See `rows::vertical`, which has checked that the strip holds `taps` rows of `out.len()` samples.
pub(crate) fn vertical(strip: Strip<'_>, taps: usize, weights: &[i16], out: &mut [i16]) {
    let sample = if strip.depth > 8 { 2 } else { 1 };
    assert!(out.len() >= WIDTH && weights.len() >= taps.next_multiple_of(2));
    assert!(strip.bytes.len() >= (taps - 1) * strip.stride + out.len() * sample);
    // SAFETY: the caller chose this kernel because the processor has AVX2; reads and writes stay within what was
    // checked above.
    unsafe {
        if strip.depth > 8 {
            vertical_deep(strip, taps, weights, out)
        } else {
            vertical_eight(strip, taps, weights, out)
        }
    }
}

/// Two neighbouring weights in every pair of lanes.
#[target_feature(enable = "avx2")]
unsafe fn pair(weights: *const i16, tap: usize) -> __m256i {
    // SAFETY: the caller's weights reach to an even count of taps.
    _mm256_set1_epi32(unsafe { weights.add(tap).cast::<i32>().read_unaligned() })
}

#[target_feature(enable = "avx2")]
unsafe fn vertical_eight(strip: Strip<'_>, taps: usize, weights: &[i16], out: &mut [i16]) {
    let zero = _mm256_setzero_si256();
    let round = _mm256_set1_epi32(1 << 7);
    let mut x = 0;
    while x < out.len() {
        // The last step overlaps the one before it.
        let at = x.min(out.len() - WIDTH);
        let mut sums = [round; 4];
        let mut tap = 0;
        while tap < taps {
            // SAFETY: rows `tap` and `next` are below `taps`, and `at + 32` is within the row.
            let (a, b, weight) = unsafe {
                let next = (tap + 1).min(taps - 1);
                let a = _mm256_loadu_si256(strip.bytes.as_ptr().add(tap * strip.stride + at).cast());
                let b = _mm256_loadu_si256(strip.bytes.as_ptr().add(next * strip.stride + at).cast());
                (a, b, pair(weights.as_ptr(), tap))
            };
            let (low, high) = (_mm256_unpacklo_epi8(a, b), _mm256_unpackhi_epi8(a, b));
            let parts = [
                _mm256_unpacklo_epi8(low, zero),
                _mm256_unpackhi_epi8(low, zero),
                _mm256_unpacklo_epi8(high, zero),
                _mm256_unpackhi_epi8(high, zero),
            ];
            for (sum, part) in sums.iter_mut().zip(parts) {
                *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(part, weight));
            }
            tap += 2;
        }
        let sums = sums.map(|sum| _mm256_srai_epi32::<8>(sum));
        // Each holds 8 samples of the lower and 8 of the upper half.
        let (a, b) = (_mm256_packs_epi32(sums[0], sums[1]), _mm256_packs_epi32(sums[2], sums[3]));
        // SAFETY: `at + 32` is within the row.
        unsafe {
            let target = out.as_mut_ptr().add(at);
            _mm256_storeu_si256(target.cast(), _mm256_permute2x128_si256::<0x20>(a, b));
            _mm256_storeu_si256(target.add(16).cast(), _mm256_permute2x128_si256::<0x31>(a, b));
        }
        x += WIDTH;
    }
}

#[target_feature(enable = "avx2")]
unsafe fn vertical_deep(strip: Strip<'_>, taps: usize, weights: &[i16], out: &mut [i16]) {
    let round = _mm256_set1_epi32(1 << (strip.shift() - 1));
    let shift = _mm_cvtsi32_si128(strip.shift() as i32);
    let cut = _mm_cvtsi32_si128(strip.cut() as i32);
    let mut x = 0;
    while x < out.len() {
        let at = x.min(out.len() - 16);
        let (mut low, mut high) = (round, round);
        let mut tap = 0;
        while tap < taps {
            // SAFETY: rows `tap` and `next` are below `taps`, and `at + 16` samples are within the row.
            let (a, b, weight) = unsafe {
                let next = (tap + 1).min(taps - 1);
                let a = _mm256_loadu_si256(strip.bytes.as_ptr().add(tap * strip.stride + at * 2).cast());
                let b = _mm256_loadu_si256(strip.bytes.as_ptr().add(next * strip.stride + at * 2).cast());
                (_mm256_srl_epi16(a, cut), _mm256_srl_epi16(b, cut), pair(weights.as_ptr(), tap))
            };
            low = _mm256_add_epi32(low, _mm256_madd_epi16(_mm256_unpacklo_epi16(a, b), weight));
            high = _mm256_add_epi32(high, _mm256_madd_epi16(_mm256_unpackhi_epi16(a, b), weight));
            tap += 2;
        }
        let row = _mm256_packs_epi32(_mm256_sra_epi32(low, shift), _mm256_sra_epi32(high, shift));
        // SAFETY: `at + 16` is within the row.
        unsafe { _mm256_storeu_si256(out.as_mut_ptr().add(at).cast(), row) };
        x += 16;
    }
}

/// See `rows::horizontal`. Returns how many samples are done; the rest is left to the scalar twin.
pub(crate) fn horizontal(row: &[i16], filter: &Filter, store: Store, out: &mut [u8]) -> usize {
    assert!(reaches(row, filter) && out.len() >= filter.outputs() * store.bytes());
    // SAFETY: the caller chose this kernel because the processor has AVX2; all starts lie a row of weights before the
    // end of `row`, and the outputs fit.
    unsafe {
        match store {
            Store::Eight => horizontal_eight(row, filter, out),
            Store::Deep(bits) => horizontal_deep(row, filter, bits, out),
        }
    }
}

/// See `rows::horizontal_work`. Returns how many samples are done; the rest is left to the scalar twin.
pub(crate) fn horizontal_work(row: &[i16], filter: &Filter, out: &mut [i16]) -> usize {
    assert!(reaches(row, filter) && out.len() >= filter.outputs());
    // SAFETY: as above.
    unsafe { horizontal_sixteen(row, filter, out) }
}

/// Whether every row of weights finds as many samples. Starts never decrease, so the last one decides.
fn reaches(row: &[i16], filter: &Filter) -> bool {
    let last = filter.starts().last().map_or(0, |&start| start as usize);
    filter.weights().len() >= filter.outputs() * filter.stride() && row.len() >= last + filter.stride()
}

/// Eight neighbouring outputs from `output` on, shifted.
#[target_feature(enable = "avx2")]
#[inline]
unsafe fn eight(row: &[i16], filter: &Filter, output: usize, round: __m256i, shift: __m128i) -> __m128i {
    let stride = filter.stride();
    let mut sums = [_mm256_setzero_si256(); 4];
    // SAFETY: `output + 8` is within the filter, whose rows `reaches` has checked.
    unsafe {
        let weights = filter.weights().as_ptr().add(output * stride);
        let starts = filter.starts().as_ptr().add(output);
        let mut tap = 0;
        while tap < stride {
            for (index, sum) in sums.iter_mut().enumerate() {
                let a = row.as_ptr().add(*starts.add(index * 2) as usize + tap);
                let b = row.as_ptr().add(*starts.add(index * 2 + 1) as usize + tap);
                let samples = _mm256_loadu2_m128i(b.cast(), a.cast());
                let weight = if stride == LANES {
                    _mm256_loadu_si256(weights.add(index * 2 * LANES).cast())
                } else {
                    let first = weights.add(index * 2 * stride + tap);
                    _mm256_loadu2_m128i(first.add(stride).cast(), first.cast())
                };
                *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(samples, weight));
            }
            tap += LANES;
        }
    }
    let (a, b) = (_mm256_hadd_epi32(sums[0], sums[1]), _mm256_hadd_epi32(sums[2], sums[3]));
    // The even outputs in the lower half, the odd ones in the upper.
    let all = _mm256_sra_epi32(_mm256_add_epi32(_mm256_hadd_epi32(a, b), round), shift);
    let packed = _mm256_packs_epi32(all, all);
    _mm_unpacklo_epi16(_mm256_castsi256_si128(packed), _mm256_extracti128_si256::<1>(packed))
}

#[target_feature(enable = "avx2")]
unsafe fn horizontal_eight(row: &[i16], filter: &Filter, out: &mut [u8]) -> usize {
    const SHIFT: u32 = WORK_BITS * 2 - 8;
    let (round, shift) = (_mm256_set1_epi32(1 << (SHIFT - 1)), _mm_cvtsi32_si128(SHIFT as i32));
    let whole = filter.outputs() / 16 * 16;
    for output in (0..whole).step_by(16) {
        // SAFETY: 16 outputs remain.
        unsafe {
            let (a, b) =
                (eight(row, filter, output, round, shift), eight(row, filter, output + 8, round, shift));
            _mm_storeu_si128(out.as_mut_ptr().add(output).cast(), _mm_packus_epi16(a, b));
        }
    }
    whole
}

#[target_feature(enable = "avx2")]
unsafe fn horizontal_deep(row: &[i16], filter: &Filter, bits: u32, out: &mut [u8]) -> usize {
    let shift = WORK_BITS * 2 - bits;
    let (round, shift) = (_mm256_set1_epi32(1 << (shift - 1)), _mm_cvtsi32_si128(shift as i32));
    let most = _mm_set1_epi16(((1i32 << bits) - 1) as i16);
    let whole = filter.outputs() / 8 * 8;
    for output in (0..whole).step_by(8) {
        // SAFETY: 8 outputs remain.
        unsafe {
            let values = _mm_max_epi16(eight(row, filter, output, round, shift), _mm_setzero_si128());
            _mm_storeu_si128(out.as_mut_ptr().add(output * 2).cast(), _mm_min_epi16(values, most));
        }
    }
    whole
}

#[target_feature(enable = "avx2")]
unsafe fn horizontal_sixteen(row: &[i16], filter: &Filter, out: &mut [i16]) -> usize {
    let (round, shift) = (_mm256_set1_epi32(1 << (WORK_BITS - 1)), _mm_cvtsi32_si128(WORK_BITS as i32));
    let whole = filter.outputs() / 8 * 8;
    for output in (0..whole).step_by(8) {
        // SAFETY: 8 outputs remain.
        unsafe {
            let values = eight(row, filter, output, round, shift);
            _mm_storeu_si128(out.as_mut_ptr().add(output).cast(), values);
        }
    }
    whole
}
