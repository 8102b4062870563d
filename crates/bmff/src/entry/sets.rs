//! Sample entries that say where parameter sets are (ISO/IEC 14496-15, 5.3.3.1 and 8.3.3.1): in the entry alone, or in the
//! samples as well.

use bytes::Bytes;
use reelwright_media::{CodecConfig, FourCc, SampleEntry, VideoFormat};

use super::{children, find, sound_children};
use crate::boxes;

/// Codes by which parameter sets may be in the samples, and those of the same codec by which they are not.
const CODES: [(&[u8; 4], &[u8; 4]); 4] =
    [(b"hev1", b"hvc1"), (b"avc3", b"avc1"), (b"dvhe", b"dvh1"), (b"dvav", b"dva1")];

/// The same format under the code that says that all parameter sets are in the sample entry; `None` where it doesn't have
/// one that says otherwise.
pub fn with_sets_in_entry(format: &VideoFormat) -> Option<VideoFormat> {
    let (_, tag) = CODES.iter().find(|(tag, _)| **tag == format.tag.0)?;
    let config = format.config.as_ref().map(|config| CodecConfig {
        bytes: if &config.kind.0 == b"hvcC" { completed(&config.bytes, 0) } else { config.bytes.clone() },
        ..config.clone()
    });
    let entry =
        format.entry.as_ref().map(|entry| SampleEntry { bytes: renamed(entry, tag), ..entry.clone() });
    Some(VideoFormat { tag: FourCc::new(tag), config, entry, ..format.clone() })
}

/// The entry under another code, its `hvcC` completed.
fn renamed(entry: &SampleEntry, tag: &[u8; 4]) -> Bytes {
    let mut bytes = entry.bytes.to_vec();
    if let Some(kind) = bytes.get_mut(4..8) {
        kind.copy_from_slice(tag);
    }
    let found = boxes(&entry.bytes).next().and_then(Result::ok);
    let children = found.as_ref().and_then(|found| children(found, FourCc::new(b"vide"), entry.family));
    let children = children.map(sound_children).unwrap_or_default();
    match find(&children, b"hvcC") {
        Some(config) => {
            let body = config.offset().saturating_add(config.header().header_len);
            completed(&bytes.into(), usize::try_from(body).unwrap_or(usize::MAX))
        }
        None => bytes.into(),
    }
}

/// Bytes of `hvcC` in front of its arrays, the last of which counts them.
const FIXED: usize = 23;

/// The bytes with all arrays of the `hvcC` whose body begins at `start` said to be complete.
fn completed(bytes: &Bytes, start: usize) -> Bytes {
    let mut out = bytes.to_vec();
    let Some(mut at) = start.checked_add(FIXED) else { return bytes.clone() };
    let short = |out: &[u8], at: usize| {
        Some(usize::from(u16::from_be_bytes(out.get(at..at.checked_add(2)?)?.try_into().ok()?)))
    };
    for _ in 0..out.get(at - 1).copied().unwrap_or(0) {
        let (Some(head), Some(count)) = (out.get(at).copied(), short(&out, at + 1)) else { break };
        // Parameter sets; messages may be in the samples as well.
        if matches!(head & 0x3F, 32..=34) {
            out[at] = head | 0x80;
        }
        at += 3;
        for _ in 0..count {
            let Some(length) = short(&out, at) else { break };
            at += 2 + length;
        }
    }
    out.into()
}
