//! From samples to NAL units, whatever wrapping the file used.

use bytes::Bytes;
use reelwright_bitstream::{
    annex_b_units, length_prefixed_units, push_annex_b, start_code, starts_with_start_code,
};
use reelwright_media::{Error, Result};

/// How the NAL units of a stream are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// Start codes (Annex B).
    StartCodes,
    /// A length of so many bytes in front of each.
    Lengths(u8),
}

impl Framing {
    /// The NAL units of `sample`.
    ///
    /// Files exist that declare lengths and hold start codes; a sample whose lengths don't add up but which begins with
    /// a start code is read as such.
    ///
    /// # Errors
    ///
    /// Where a length leaves the sample.
    pub(crate) fn units(self, sample: &Bytes) -> Result<Vec<&[u8]>> {
        match self {
            Self::StartCodes => Ok(annex_b_units(sample).collect()),
            Self::Lengths(size) => {
                let units: Result<Vec<_>> = length_prefixed_units(sample, size).collect();
                match units {
                    Err(_) if starts_with_start_code(sample) => Ok(annex_b_units(sample).collect()),
                    units => Ok(units?.into_iter().flat_map(split).collect()),
                }
            }
        }
    }
}

impl Framing {
    /// A sample of these NAL units.
    pub(crate) fn wrap<'a>(self, units: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
        let mut sample = Vec::new();
        for unit in units {
            match self {
                Self::StartCodes => push_annex_b(&mut sample, unit),
                Self::Lengths(size) => {
                    // The units come from a sample with lengths of this size.
                    let length = (unit.len() as u64).to_be_bytes();
                    sample.extend_from_slice(&length[8 - usize::from(size.clamp(1, 4))..]);
                    sample.extend_from_slice(unit);
                }
            }
        }
        sample
    }
}

/// A unit may not hold a start code, but phones write a prefix unit, a start code and the slice under one length.
fn split(unit: &[u8]) -> Vec<&[u8]> {
    match start_code(unit, 0) {
        None if unit.is_empty() => Vec::new(),
        None => vec![unit],
        Some(at) => {
            let end = unit[..at].iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
            let first = Some(&unit[..end]).filter(|first| !first.is_empty());
            first.into_iter().chain(annex_b_units(&unit[at..])).collect()
        }
    }
}

/// Runs a young decoder so that a panic in it becomes an error: it is other people's code fed with other people's
/// bytes, and a broken file must not take the program down. Whoever calls this throws the decoder away afterwards.
pub(crate) fn guarded<T>(name: &str, decode: impl FnOnce() -> T) -> Result<T> {
    // The state behind `decode` may be inconsistent after a panic; it is discarded, not looked at.
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(decode)).map_err(|_| {
        Error::new(reelwright_media::ErrorKind::Decode, format!("{name} broke down on this sample"))
    })
}
