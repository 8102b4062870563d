//! Inflating what files keep compressed, never more of it than the file justifies.

use std::io::Read;

use reelwright_media::{Error, ErrorKind, Result};

/// How much a piece of a file may grow to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bound(pub(crate) u64);

impl Bound {
    /// Of a frame that takes `length` bytes compressed. Beyond 4 MiB nothing but a trap grows more than 64 times.
    pub(crate) const fn of_frame(length: u64) -> Self {
        Self((4 << 20) + length.saturating_mul(64).saturating_sub(4 << 20))
    }
}

/// The content of a zlib stream (RFC 1950).
///
/// # Errors
///
/// Malformed where it is none or is cut off, [`ErrorKind::Limit`] where it would grow beyond `bound`.
pub(crate) fn inflate(bytes: &[u8], bound: Bound) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut reader = flate2::read::ZlibDecoder::new(bytes).take(bound.0.saturating_add(1));
    let read = reader.read_to_end(&mut out);
    read.map_err(|cause| Error::malformed(format!("its zlib stream is damaged: {cause}")))?;
    if out.len() as u64 > bound.0 {
        let message = format!("its zlib stream holds more than {} bytes", bound.0);
        return Err(Error::new(ErrorKind::Limit, message));
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn deflate(bytes: &[u8]) -> Vec<u8> {
        let mut writer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        writer.write_all(bytes).unwrap();
        writer.finish().unwrap()
    }

    #[test]
    fn what_grows_beyond_its_bound_is_refused() {
        let packed = deflate(&[7; 100_000]);
        assert_eq!(inflate(&packed, Bound(100_000)).unwrap(), [7; 100_000]);
        assert_eq!(inflate(&packed, Bound(99_999)).unwrap_err().kind(), ErrorKind::Limit);
        assert!(inflate(&packed[..packed.len() / 2], Bound(100_000)).is_err());
        assert!(inflate(b"no zlib", Bound(100_000)).is_err());
    }
}
