//! From the configuration of a sample entry to what libavcodec calls extradata.

use std::borrow::Cow;

use reelwright_bitstream::{alac::AlacConfig, opus::OpusConfig};
use reelwright_media::{CodecConfig, Error, Result};

/// The configuration as libavcodec expects it: mostly the box's body as it is.
///
/// # Errors
///
/// Where a body is too short to be converted.
pub(super) fn from_config(config: &CodecConfig) -> Result<Cow<'_, [u8]>> {
    let bytes = config.bytes.as_ref();
    Ok(match &config.kind.0 {
        b"alac" => Cow::Owned(alac(bytes)),
        b"dfLa" => Cow::Borrowed(stream_info(bytes)?),
        b"dOps" => opus_head(bytes)?,
        // VP8 and VP9 streams describe themselves, as do AC-3, AMR and DTS.
        b"vpcC" | b"dac3" | b"dec3" | b"damr" | b"ddts" => Cow::Borrowed(&[]),
        _ => Cow::Borrowed(bytes),
    })
}

/// The magic cookie as a whole atom: size, `alac`, version and flags, 24 bytes of configuration and what follows.
fn alac(cookie: &[u8]) -> Vec<u8> {
    let bare = AlacConfig::strip(cookie);
    let size = u32::try_from(bare.len() + 12).unwrap_or(u32::MAX);
    [&size.to_be_bytes(), b"alac\0\0\0\0".as_slice(), bare].concat()
}

/// The STREAMINFO block of a `dfLa` body or of a whole FLAC header, without its block header.
fn stream_info(body: &[u8]) -> Result<&[u8]> {
    let blocks = body.strip_prefix(b"fLaC").unwrap_or(body);
    blocks
        .get(4..38)
        .filter(|_| blocks.first().is_some_and(|kind| kind & 0x7F == 0))
        .ok_or_else(|| Error::malformed("dfLa does not begin with a STREAMINFO block of 34 bytes"))
}

/// The `OpusHead` packet for the body of `dOps`.
fn opus_head(body: &[u8]) -> Result<Cow<'_, [u8]>> {
    match body.starts_with(b"OpusHead") {
        true => Ok(Cow::Borrowed(body)),
        false => Ok(Cow::Owned(OpusConfig::parse_dops(body)?.to_head())),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use reelwright_media::FourCc;

    use super::*;

    fn convert(kind: &[u8; 4], bytes: &'static [u8]) -> Vec<u8> {
        let config = CodecConfig { kind: FourCc::new(kind), bytes: Bytes::from_static(bytes) };
        from_config(&config).unwrap().into_owned()
    }

    #[test]
    fn dops_turns_around() {
        let body = [0, 2, 0x01, 0x38, 0, 0, 0xBB, 0x80, 0, 0, 0];
        let head = convert(b"dOps", Box::leak(Box::new(body)));
        assert_eq!(head, b"OpusHead\x01\x02\x38\x01\x80\xBB\0\0\0\0\0");
    }

    #[test]
    fn alac_becomes_an_atom_once() {
        let atom = convert(b"alac", &[7; 24]);
        assert_eq!(&atom[..12], b"\0\0\0\x24alac\0\0\0\0");
        assert_eq!(convert(b"alac", Box::leak(atom.clone().into_boxed_slice())), atom);
    }

    #[test]
    fn short_configurations_are_refused() {
        for kind in [b"dOps", b"dfLa"] {
            let config = CodecConfig { kind: FourCc::new(kind), bytes: Bytes::from_static(b"\0\0\0") };
            assert!(from_config(&config).is_err());
        }
    }
}
