//! Linear PCM, and what all audio codecs need to get from and to planes of floats.

mod codec;

pub(crate) use codec::{LpcmDecoder, LpcmEncoder, decoder_info, encoder_info};
use reelwright_media::{Channel, ChannelLayout, PcmFormat};

/// The ids in the registry, of encoder and decoder alike.
pub(crate) const ID: &str = "lpcm";

/// The channels of decoders that put them out in the order of WAVE files.
pub(crate) fn wave_layout(channels: usize) -> ChannelLayout {
    let known = u16::try_from(channels).ok().and_then(ChannelLayout::default_for);
    known.unwrap_or_else(|| ChannelLayout::new(vec![Channel::Other; channels]))
}

/// Interleaved samples as one plane a channel.
pub(crate) fn planes(interleaved: &[f32], channels: usize) -> Vec<Vec<f32>> {
    let channel = |first: usize| interleaved.iter().skip(first).step_by(channels).copied().collect();
    (0..channels).map(channel).collect()
}

/// Whether the bytes of one sample can be read and written here: integers of 8, 16, 24 and 32 bits, floats of 32 and 64.
pub(crate) const fn is_known(format: PcmFormat) -> bool {
    matches!((format.float, format.bits), (false, 1..=32) | (true, 32 | 64))
}

/// One sample from its bytes; integers become -1.0..1.0 (full scale is one step short of 1.0).
pub(crate) fn to_float(bytes: &[u8], format: PcmFormat) -> f32 {
    let mut word = [0u8; 8];
    let width = bytes.len().min(8);
    // Into the low bytes of a little-endian word.
    for (index, slot) in word[..width].iter_mut().enumerate() {
        *slot = if format.big_endian { bytes[width - 1 - index] } else { bytes[index] };
    }
    let word = u64::from_le_bytes(word);
    match (format.float, width) {
        (true, 8) => f64::from_bits(word) as f32,
        (true, _) => f32::from_bits(word as u32),
        (false, _) => {
            let bits = (width * 8) as u32;
            // Up to the top of 64 bits, so that the sign is where it belongs whatever the width.
            let top = if bits == 0 { 0 } else { word << (64 - bits) };
            let top = if format.signed { top } else { top ^ 1 << 63 };
            (top as i64 as f64 / 9_223_372_036_854_775_808.0) as f32
        }
    }
}

/// Appends the bytes of one sample; integers are rounded to nearest and clipped.
pub(crate) fn push_sample(out: &mut Vec<u8>, value: f32, format: PcmFormat) {
    let width = format.bytes() as usize;
    let word: u64 = match (format.float, width) {
        (true, 8) => f64::from(value).to_bits(),
        (true, _) => value.to_bits().into(),
        (false, _) => {
            // Samples of fewer bits than their bytes hold are stored in the high bits.
            let unused = width as u32 * 8 - u32::from(format.bits);
            let scale = (1u64 << (format.bits - 1)) as f64;
            // NaN becomes 0 by the cast.
            let value = (f64::from(value) * scale).round_ties_even().clamp(-scale, scale - 1.0) as i64;
            let value = (value << unused) as u64;
            if format.signed { value } else { value ^ 1 << (width * 8 - 1) }
        }
    };
    let bytes = word.to_le_bytes();
    let used = &bytes[..width.min(8)];
    if format.big_endian { out.extend(used.iter().rev()) } else { out.extend(used) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<PcmFormat> {
        let mut all = Vec::new();
        for big_endian in [false, true] {
            for bits in [8, 16, 24, 32] {
                for signed in [false, true] {
                    all.push(PcmFormat { bits, float: false, big_endian, signed });
                }
            }
            for bits in [32, 64] {
                all.push(PcmFormat { bits, float: true, big_endian, signed: true });
            }
        }
        all
    }

    #[test]
    fn every_layout_round_trips_to_its_precision() {
        for format in all() {
            for value in [0.0, 0.25, -0.5, 0.999_969, -1.0, 1.0, 0.123_456] {
                let mut bytes = Vec::new();
                push_sample(&mut bytes, value, format);
                assert_eq!(bytes.len(), format.bytes() as usize);
                let step = if format.float { 0.0 } else { 1.0 / (1u64 << (format.bits - 1)) as f32 };
                let back = to_float(&bytes, format);
                assert!((back - value).abs() <= step + 1e-7, "{format:?}: {value} {back}");
            }
        }
    }

    #[test]
    fn bytes_are_where_the_standards_put_them() {
        let bytes = |bits, big_endian, signed, value| {
            let mut out = Vec::new();
            push_sample(&mut out, value, PcmFormat { bits, float: false, big_endian, signed });
            out
        };
        assert_eq!(bytes(16, false, true, 0.5), [0x00, 0x40]);
        assert_eq!(bytes(24, true, true, -0.5), [0xC0, 0, 0]);
        assert_eq!(bytes(8, false, false, 0.0), [0x80]);
        assert_eq!(bytes(8, false, true, -1.0), [0x80]);
        assert_eq!(bytes(20, true, true, 0.5), [0x40, 0, 0]);
        assert_eq!(bytes(16, true, true, 9.0), [0x7F, 0xFF]);
        assert_eq!(bytes(16, true, true, f32::NAN), [0, 0]);
    }

    #[test]
    fn samples_are_dealt_out_to_channels() {
        assert_eq!(planes(&[1.0, 2.0, 3.0, 4.0, 5.0], 2), [vec![1.0, 3.0, 5.0], vec![2.0, 4.0]]);
        assert_eq!(wave_layout(6), ChannelLayout::surround_5_1());
        assert_eq!(wave_layout(11).count(), 11);
    }
}
