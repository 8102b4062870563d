use bytes::Bytes;
use reelwright_media::{Language, MetadataItem, MetadataKey, MetadataValue};

use super::text::split;

/// A picture: `PIC` of version 2.2 names the format in three letters, `APIC` by a media type. `None` for a link.
pub(super) fn read(body: &[u8], major: u8) -> Option<(u8, MetadataItem)> {
    let (&encoding, body) = body.split_first()?;
    let (media_type, rest) = if major == 2 {
        body.split_at_checked(3)?
    } else {
        let end = body.iter().position(|&byte| byte == 0)?;
        (&body[..end], body.get(end + 1..)?)
    };
    if media_type == b"-->" {
        return None;
    }
    let (&role, rest) = rest.split_first()?;
    let (_description, picture) = split(encoding, rest);
    let bytes = Bytes::copy_from_slice(picture.filter(|picture| !picture.is_empty())?);
    let value = MetadataValue::Data { kind: kind(media_type, &bytes), bytes };
    let key = MetadataKey::Other("APIC".into());
    Some((role, MetadataItem { key, value, language: Language::UNDETERMINED }))
}

/// The well-known type of a picture: by its own first bytes, which are right more often than what is said of it.
pub(crate) fn kind(media_type: &[u8], picture: &[u8]) -> u32 {
    match picture {
        [0xFF, 0xD8, ..] => 13,
        [0x89, b'P', b'N', b'G', ..] => 14,
        [b'B', b'M', ..] => 27,
        [b'G', b'I', b'F', b'8', ..] => 12,
        _ => match media_type.to_ascii_lowercase().as_slice() {
            b"image/jpeg" | b"image/jpg" | b"jpg" => 13,
            b"image/png" | b"png" => 14,
            _ => 0,
        },
    }
}
