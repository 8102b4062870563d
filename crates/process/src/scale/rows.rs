use super::filter::Filter;
use crate::simd::Simd;

/// Rows of one source plane, from the first sample of the uppermost row on.
#[derive(Clone, Copy)]
pub(crate) struct Strip<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) stride: usize,
    /// Bits of a sample; above 8 they are native-endian `u16`.
    pub(crate) depth: u32,
}

/// Intermediate rows hold code values scaled to this many bits, with room for overshoot.
pub(crate) const WORK_BITS: u32 = 14;

/// How a finished row is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Store {
    /// Bytes.
    Eight,
    /// Native-endian `u16` of so many bits, at most [`WORK_BITS`].
    Deep(u32),
}

impl Store {
    pub(crate) fn bits(self) -> u32 {
        match self {
            Self::Eight => 8,
            Self::Deep(bits) => bits,
        }
    }

    pub(crate) fn bytes(self) -> usize {
        if self == Self::Eight { 1 } else { 2 }
    }
}

impl Strip<'_> {
    /// Bits by which samples deeper than the work format are cut when read.
    pub(crate) fn cut(&self) -> u32 {
        self.depth.saturating_sub(WORK_BITS)
    }

    /// Bits by which a weighted sum is shifted to arrive at the work format.
    pub(crate) fn shift(&self) -> u32 {
        self.depth.min(WORK_BITS)
    }

    fn holds(&self, taps: usize, width: usize) -> bool {
        let bytes = if self.depth > 8 { 2 } else { 1 };
        self.bytes.len() >= taps.saturating_sub(1) * self.stride + width * bytes
    }

    fn sample(&self, row: usize, x: usize) -> i32 {
        let row = &self.bytes[row * self.stride..];
        if self.depth > 8 {
            i32::from(u16::from_ne_bytes([row[x * 2], row[x * 2 + 1]])) >> self.cut()
        } else {
            i32::from(row[x])
        }
    }
}

/// Weighs `taps` rows of the strip against each other: one work row. `weights` is padded with zeros to an even count.
pub(crate) fn vertical(simd: Simd, strip: Strip<'_>, taps: usize, weights: &[i16], out: &mut [i16]) {
    assert!(
        strip.holds(taps, out.len()) && weights.len() >= taps.next_multiple_of(2),
        "a filter stays inside its plane"
    );
    #[cfg(target_arch = "x86_64")]
    if simd == Simd::Avx2 && taps > 1 && out.len() >= super::avx2::WIDTH {
        return super::avx2::vertical(strip, taps, weights, out);
    }
    let _ = simd;
    if taps == 1 {
        return widen(strip, out);
    }
    // Strips of columns keep the sums in registers or the nearest cache.
    let mut sums = [0i32; 64];
    let shift = strip.shift();
    for (block, out) in out.chunks_mut(64).enumerate() {
        sums.fill(1 << (shift - 1));
        for (row, &weight) in weights[..taps].iter().enumerate() {
            for (column, sum) in sums[..out.len()].iter_mut().enumerate() {
                *sum += strip.sample(row, block * 64 + column) * i32::from(weight);
            }
        }
        for (value, sum) in out.iter_mut().zip(sums) {
            *value = saturate(sum >> shift);
        }
    }
}

/// One source row in the work format.
fn widen(strip: Strip<'_>, out: &mut [i16]) {
    let (cut, shift) = (strip.cut(), WORK_BITS - strip.shift());
    if strip.depth > 8 {
        for (value, bytes) in out.iter_mut().zip(strip.bytes.chunks_exact(2)) {
            *value = ((u16::from_ne_bytes([bytes[0], bytes[1]]) >> cut) << shift) as i16;
        }
    } else {
        for (value, &byte) in out.iter_mut().zip(strip.bytes) {
            *value = i16::from(byte) << shift;
        }
    }
}

/// Weighs neighbours in a work row and stores the result. `row` reaches [`Filter::stride`] samples beyond every start.
pub(crate) fn horizontal(simd: Simd, row: &[i16], filter: &Filter, store: Store, out: &mut [u8]) {
    if let Some(first) = filter.copy_from() {
        return narrow(&row[first..][..filter.outputs()], store, out);
    }
    let mut done = 0;
    #[cfg(target_arch = "x86_64")]
    if simd == Simd::Avx2 {
        done = super::avx2::horizontal(row, filter, store, out);
    }
    let _ = simd;
    let shift = WORK_BITS * 2 - store.bits();
    let value = |output| clamp(dot(row, filter, output, shift), store.bits());
    let outputs = done..filter.outputs();
    match store {
        Store::Eight => {
            for (output, byte) in outputs.zip(&mut out[done..]) {
                *byte = value(output) as u8;
            }
        }
        Store::Deep(_) => {
            for (output, bytes) in outputs.zip(out[done * 2..].chunks_exact_mut(2)) {
                bytes.copy_from_slice(&value(output).to_ne_bytes());
            }
        }
    }
}

/// Weighs neighbours in a work row; the result is another work row.
pub(crate) fn horizontal_work(simd: Simd, row: &[i16], filter: &Filter, out: &mut [i16]) {
    if let Some(first) = filter.copy_from() {
        return out.copy_from_slice(&row[first..][..filter.outputs()]);
    }
    let mut done = 0;
    #[cfg(target_arch = "x86_64")]
    if simd == Simd::Avx2 {
        done = super::avx2::horizontal_work(row, filter, out);
    }
    let _ = simd;
    for (output, value) in out.iter_mut().enumerate().skip(done) {
        *value = saturate(dot(row, filter, output, WORK_BITS));
    }
}

fn dot(row: &[i16], filter: &Filter, output: usize, shift: u32) -> i32 {
    let (start, weights) = filter.row(output);
    let sum: i32 =
        weights.iter().zip(&row[start..]).map(|(&weight, &value)| i32::from(weight) * i32::from(value)).sum();
    (sum + (1 << (shift - 1))) >> shift
}

/// Rounds a work row to what is stored.
fn narrow(row: &[i16], store: Store, out: &mut [u8]) {
    let shift = WORK_BITS - store.bits();
    let round = if shift > 0 { 1 << (shift - 1) } else { 0 };
    match store {
        Store::Eight => {
            for (byte, &value) in out.iter_mut().zip(row) {
                *byte = ((i32::from(value) + round) >> shift).clamp(0, 255) as u8;
            }
        }
        Store::Deep(bits) => {
            for (bytes, &value) in out.chunks_exact_mut(2).zip(row) {
                bytes.copy_from_slice(&clamp((i32::from(value) + round) >> shift, bits).to_ne_bytes());
            }
        }
    }
}

fn clamp(value: i32, bits: u32) -> u16 {
    value.clamp(0, (1 << bits) - 1) as u16
}

fn saturate(value: i32) -> i16 {
    value.clamp(i16::MIN.into(), i16::MAX.into()) as i16
}
