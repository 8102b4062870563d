//! NAL units in their two wrappings: start codes (ITU-T H.264 and H.265, annex B) and length prefixes (ISO/IEC
//! 14496-15), and the emulation prevention inside them.

use std::borrow::Cow;
use std::ops::Range;

use reelwright_media::{Error, Result};

/// The NAL units of an Annex B byte stream, without start codes and without the zeros around them.
pub fn annex_b_units(stream: &[u8]) -> impl Iterator<Item = &[u8]> {
    annex_b_ranges(stream).map(|range| &stream[range])
}

/// Where the NAL units of an Annex B byte stream lie in it. Bytes before the first start code belong to none.
pub fn annex_b_ranges(stream: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut next = start_code(stream, 0).map(|at| at + 3);
    std::iter::from_fn(move || {
        loop {
            let start = next?;
            let code = start_code(stream, start);
            next = code.map(|at| at + 3);
            let mut end = code.unwrap_or(stream.len());
            while end > start && stream[end - 1] == 0 {
                end -= 1;
            }
            if end > start {
                return Some(start..end);
            }
        }
    })
}

/// Where the next three-byte start code begins, at or after `from`.
pub fn start_code(stream: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while let Some(&third) = stream.get(at + 2) {
        match third {
            // The third byte rules out a start code here and at the two positions after this one.
            2.. => at += 3,
            1 if stream[at] == 0 && stream[at + 1] == 0 => return Some(at),
            1 => at += 3,
            0 => at += 1,
        }
    }
    None
}

/// Whether `bytes` begin with a start code, of three or four bytes.
pub fn starts_with_start_code(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0, 0, 1]) || bytes.starts_with(&[0, 0, 0, 1])
}

/// The NAL units of a sample whose units are prefixed by their length in `length_size` bytes (1, 2 or 4).
pub fn length_prefixed_units(sample: &[u8], length_size: u8) -> impl Iterator<Item = Result<&[u8]>> {
    let width = usize::from(length_size.clamp(1, 4));
    let mut rest = sample;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let at = sample.len() - rest.len();
        let Some((prefix, body)) = rest.split_at_checked(width) else {
            rest = &[];
            return Some(Err(Error::truncated("a NAL unit's length is cut short").at_offset(at as u64)));
        };
        let length = prefix.iter().fold(0usize, |length, &byte| length << 8 | usize::from(byte));
        let Some((unit, tail)) = body.split_at_checked(length) else {
            let left = body.len();
            rest = &[];
            let message = format!("a NAL unit of {length} bytes where {left} are left in the sample");
            return Some(Err(Error::truncated(message).at_offset(at as u64)));
        };
        rest = tail;
        Some(Ok(unit))
    })
}

/// The same access unit with 4-byte length prefixes instead of start codes.
pub fn annex_b_to_length_prefixed(stream: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(stream.len() + 16);
    for unit in annex_b_units(stream) {
        push_length_prefixed(&mut out, unit);
    }
    out
}

/// Appends `unit` with a 4-byte length in front.
pub fn push_length_prefixed(out: &mut Vec<u8>, unit: &[u8]) {
    // A unit in memory beyond 4 GiB can't occur in an access unit of any level; saturate rather than wrap.
    let length = u32::try_from(unit.len()).unwrap_or(u32::MAX);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(unit);
}

/// The same sample with 4-byte start codes instead of length prefixes.
pub fn length_prefixed_to_annex_b(sample: &[u8], length_size: u8) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(sample.len() + 16);
    for unit in length_prefixed_units(sample, length_size) {
        push_annex_b(&mut out, unit?);
    }
    Ok(out)
}

/// Appends `unit` with a 4-byte start code in front.
pub fn push_annex_b(out: &mut Vec<u8>, unit: &[u8]) {
    out.extend_from_slice(&[0, 0, 0, 1]);
    out.extend_from_slice(unit);
}

/// The raw byte sequence payload: the same bytes without `emulation_prevention_three_byte`s (ITU-T H.264, 7.4.1).
pub fn unescape(unit: &[u8]) -> Cow<'_, [u8]> {
    let escaped = |at: usize| unit.get(at..at + 3) == Some(&[0, 0, 3]);
    let Some(first) = (0..unit.len()).find(|&at| escaped(at)) else { return Cow::Borrowed(unit) };
    let mut out = Vec::with_capacity(unit.len());
    out.extend_from_slice(&unit[..first]);
    let mut zeros = 0;
    for &byte in &unit[first..] {
        if zeros >= 2 && byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        out.push(byte);
    }
    Cow::Owned(out)
}

/// The bytes of a NAL unit whose raw byte sequence payload is `payload`.
pub fn escape(payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(payload.len() + 8);
    let mut zeros = 0;
    for &byte in payload {
        if zeros >= 2 && byte <= 3 {
            out.push(3);
            zeros = 0;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        out.push(byte);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn start_codes_and_lengths_convert_into_each_other() {
        let stream = [9, 0, 0, 0, 1, 0x67, 1, 0, 0, 1, 0x68, 2, 0, 0, 0, 0, 1, 0x65, 3, 4, 0];
        let units: Vec<_> = annex_b_units(&stream).collect();
        assert_eq!(units, [&[0x67, 1][..], &[0x68, 2], &[0x65, 3, 4]]);
        let sample = annex_b_to_length_prefixed(&stream);
        assert_eq!(sample, [0, 0, 0, 2, 0x67, 1, 0, 0, 0, 2, 0x68, 2, 0, 0, 0, 3, 0x65, 3, 4]);
        let back = length_prefixed_to_annex_b(&sample, 4).unwrap();
        assert_eq!(annex_b_units(&back).collect::<Vec<_>>(), units);
        assert!(length_prefixed_to_annex_b(&sample[..10], 4).is_err());
    }

    #[test]
    fn escaping_is_undone() {
        for payload in [&[0, 0, 0, 0, 0, 1, 0, 0, 2, 0, 0, 3][..], &[1, 2, 3], &[0, 0], &[0, 0, 3, 0, 0, 3]] {
            let unit = escape(payload);
            assert_eq!(start_code(&unit, 0), None);
            assert_eq!(&unescape(&unit)[..], payload);
        }
    }

    #[test]
    fn any_bytes_are_survived() {
        crate::noise::for_each(2000, |bytes| {
            for size in [1, 2, 4] {
                assert!(length_prefixed_units(bytes, size).count() <= bytes.len());
            }
            assert!(annex_b_units(bytes).all(|unit| !unit.is_empty()));
            assert_eq!(&unescape(&escape(bytes))[..], bytes);
        });
    }
}
