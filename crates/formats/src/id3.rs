//! ID3 tags: version 2 (id3.org, "ID3 tag version 2.4.0") and version 1 at the end of a file.

use std::ops::Range;

use bytes::Bytes;
use reelwright_media::{Language, MetadataItem, MetadataKey, MetadataValue, Result};

use crate::limits::MOST_ITEMS;
use crate::wave::{item, plain_text};
use crate::window::Window;

/// Longer tags are passed over unread but for this much of their beginning.
pub(crate) const MOST: usize = 4 << 20;

/// The length of the tag at the start of `bytes`, header and footer included; `None` where there is none.
pub(crate) fn length(bytes: &[u8]) -> Option<u64> {
    let header = bytes.first_chunk::<10>().filter(|header| header.starts_with(b"ID3"))?;
    let size = syncsafe(&header[6..])?;
    let footer = if header[5] & 0x10 != 0 { 10 } else { 0 };
    Some(10 + u64::from(size) + footer)
}

/// The items of the tag at the start of `bytes`. What is cut short or in an unknown form is left out.
pub(crate) fn parse(bytes: &[u8]) -> Vec<MetadataItem> {
    let Some(length) = length(bytes) else { return Vec::new() };
    let (major, flags) = (bytes[3], bytes[5]);
    let end = usize::try_from(length).unwrap_or(usize::MAX).min(bytes.len());
    let body = &bytes[10..end];
    let undone;
    let mut frames = if flags & 0x80 != 0 && major < 4 {
        undone = resynchronise(body);
        &undone[..]
    } else {
        body
    };
    if flags & 0x40 != 0 && major > 2 {
        frames = frames.get(extended_header(frames, major)..).unwrap_or_default();
    }
    let mut items = Vec::new();
    while let Some((frame, tail)) = next_frame(frames, major).filter(|_| items.len() < MOST_ITEMS) {
        items.extend(read_frame(&frame));
        frames = tail;
    }
    items
}

/// Where the sound stands between the tags in front of it and the one behind, and the items of the former, or else of the
/// latter.
pub(crate) fn read_around(window: &mut Window) -> Result<(Range<u64>, Vec<MetadataItem>)> {
    let (mut start, mut items) = (0u64, Vec::new());
    while let Some(length) = length(window.at(start, 10)?) {
        if items.len() < MOST_ITEMS {
            let held = usize::try_from(length).unwrap_or(usize::MAX).min(MOST);
            items.extend(parse(window.at(start, held)?));
        }
        start = start.saturating_add(length);
    }
    let mut end = window.len();
    if let Some(tail) = end.checked_sub(128).filter(|&tail| tail >= start)
        && window.at(tail, 3)? == b"TAG"
    {
        if items.is_empty() {
            items = parse_v1(window.at(tail, 128)?);
        }
        end = tail;
    }
    Ok((start..end, items))
}

/// The items of a version 1 tag: the last 128 bytes of a file.
fn parse_v1(tail: &[u8]) -> Vec<MetadataItem> {
    if tail.len() != 128 || !tail.starts_with(b"TAG") {
        return Vec::new();
    }
    let fields = [("TIT2", 3..33), ("TPE1", 33..63), ("TALB", 63..93), ("TDRC", 93..97), ("COMM", 97..127)];
    let texts = fields.into_iter().map(|(key, range)| (key, plain_text(&tail[range])));
    texts.filter(|(_, text)| !text.is_empty()).map(|(key, text)| item(key, text)).collect()
}

struct Frame<'a> {
    id: String,
    data: &'a [u8],
    unsynchronised: bool,
}

fn next_frame(bytes: &[u8], major: u8) -> Option<(Frame<'_>, &[u8])> {
    let (id, size, skip, flags) = if major == 2 {
        let header = bytes.first_chunk::<6>()?;
        let size = u32::from_be_bytes([0, header[3], header[4], header[5]]);
        (upgrade(&header[..3]), size, 6, 0)
    } else {
        let header = bytes.first_chunk::<10>()?;
        let plain = u32::from_be_bytes([header[4], header[5], header[6], header[7]]);
        let size = if major == 4 { syncsafe(&header[4..8])? } else { plain };
        (String::from_utf8_lossy(&header[..4]).into_owned(), size, 10, header[9])
    };
    if !id.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()) {
        return None; // padding
    }
    let (data, tail) = bytes.get(skip..)?.split_at_checked(usize::try_from(size).ok()?)?;
    // Compressed or encrypted frames are left out.
    let hidden = if major == 4 { flags & 0x0C != 0 } else { flags & 0xC0 != 0 };
    let extra = if major == 4 && flags & 1 != 0 { 4 } else { 0 };
    let data = if hidden { &[] } else { data.get(extra..).unwrap_or_default() };
    Some((Frame { id, data, unsynchronised: major == 4 && flags & 2 != 0 }, tail))
}

/// The four letters for the three of version 2.2.
fn upgrade(id: &[u8]) -> String {
    match id {
        b"TT2" => "TIT2",
        b"TP1" => "TPE1",
        b"TP2" => "TPE2",
        b"TAL" => "TALB",
        b"TRK" => "TRCK",
        b"TYE" => "TYER",
        b"TCO" => "TCON",
        b"TCM" => "TCOM",
        b"COM" => "COMM",
        b"PIC" => "APIC",
        b"TEN" => "TENC",
        b"TCR" => "TCOP",
        b"TXX" => "TXXX",
        other => return String::from_utf8_lossy(other).into_owned(),
    }
    .into()
}

fn read_frame(frame: &Frame<'_>) -> Option<MetadataItem> {
    let undone;
    let data = if frame.unsynchronised {
        undone = resynchronise(frame.data);
        &undone[..]
    } else {
        frame.data
    };
    let (&encoding, body) = data.split_first()?;
    match frame.id.as_str() {
        "APIC" => return read_picture(encoding, body),
        "COMM" | "USLT" => {
            let (code, rest) = body.split_at_checked(3)?;
            let (_, text) = split_text(encoding, rest);
            let text = decode(encoding, text?);
            let language = std::str::from_utf8(code).ok().and_then(Language::from_code);
            let found = MetadataItem { language: language.unwrap_or_default(), ..item(&frame.id, text) };
            return Some(found).filter(|item| item.value.as_text().is_some_and(|text| !text.is_empty()));
        }
        "TXXX" => {
            let (key, text) = split_text(encoding, body);
            let (key, text) = (decode(encoding, key), decode(encoding, text?));
            return (!text.is_empty()).then(|| item(&format!("TXXX:{key}"), text));
        }
        id if id.starts_with('T') => {}
        _ => return None,
    }
    let text = decode(encoding, body);
    (!text.is_empty()).then(|| item(&frame.id, text))
}

fn read_picture(encoding: u8, body: &[u8]) -> Option<MetadataItem> {
    let end = body.iter().position(|&byte| byte == 0)?;
    let kind = match &body[..end] {
        b"image/jpeg" | b"image/jpg" => 13,
        b"image/png" => 14,
        _ => 0,
    };
    let (_, picture) = split_text(encoding, body.get(end + 2..)?);
    let bytes = Bytes::copy_from_slice(picture?);
    let value = MetadataValue::Data { kind, bytes };
    Some(MetadataItem { key: MetadataKey::Other("APIC".into()), value, language: Language::UNDETERMINED })
}

/// A text up to its terminator, and what follows.
fn split_text(encoding: u8, bytes: &[u8]) -> (&[u8], Option<&[u8]>) {
    if matches!(encoding, 1 | 2) {
        let end = bytes.chunks_exact(2).position(|pair| pair == [0, 0]).map(|at| at * 2);
        return end.map_or((bytes, None), |end| (&bytes[..end], bytes.get(end + 2..)));
    }
    let end = bytes.iter().position(|&byte| byte == 0);
    end.map_or((bytes, None), |end| (&bytes[..end], bytes.get(end + 1..)))
}

fn decode(encoding: u8, bytes: &[u8]) -> String {
    let text = match encoding {
        1 | 2 => {
            let little = bytes.starts_with(&[0xFF, 0xFE]);
            let units = bytes.chunks_exact(2).map(|pair| {
                let pair = [pair[0], pair[1]];
                if little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) }
            });
            char::decode_utf16(units)
                .map(|unit| unit.unwrap_or('\u{FFFD}'))
                .filter(|&c| c != '\u{FEFF}')
                .collect()
        }
        0 => bytes.iter().map(|&byte| char::from(byte)).collect(),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    };
    // Version 2.4 separates several values by zeros.
    let text: String = text;
    text.trim_end_matches('\0').replace('\0', "; ").trim().to_string()
}

fn extended_header(bytes: &[u8], major: u8) -> usize {
    let Some(size) = bytes.first_chunk::<4>() else { return 0 };
    if major == 4 {
        syncsafe(size).unwrap_or(0) as usize
    } else {
        (u32::from_be_bytes(*size) as usize).saturating_add(4)
    }
}

fn resynchronise(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut after_ff = false;
    for &byte in bytes {
        if !(after_ff && byte == 0) {
            out.push(byte);
        }
        after_ff = byte == 0xFF;
    }
    out
}

fn syncsafe(bytes: &[u8]) -> Option<u32> {
    let sound = bytes.iter().take(4).all(|byte| byte & 0x80 == 0);
    sound.then(|| bytes.iter().take(4).fold(0, |value, &byte| value << 7 | u32::from(byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(major: u8, frames: &[u8]) -> Vec<u8> {
        let mut out =
            vec![b'I', b'D', b'3', major, 0, 0, 0, 0, (frames.len() >> 7) as u8, (frames.len() & 0x7F) as u8];
        out.extend(frames);
        out
    }

    #[test]
    fn texts_of_every_version_are_read() {
        let v4 = tag(4, b"TIT2\0\0\0\x06\0\0\x03H\xC3\xA9llCOMM\0\0\0\x08\0\0\x00eng\0abc");
        let items = parse(&v4);
        assert_eq!(items[0].value.as_text(), Some("Héll"));
        assert_eq!((items[1].value.as_text(), items[1].language.code()), (Some("abc"), "eng"));
        let v2 = parse(&tag(2, b"TT2\0\0\x03\0AB"));
        assert_eq!(v2[0].key, MetadataKey::Other("TIT2".into()));
        let v3 = parse(&tag(3, b"TPE1\0\0\0\x07\0\0\x01\xFF\xFEA\0B\0"));
        assert_eq!(v3[0].value.as_text(), Some("AB"));
        assert_eq!(length(&v4), Some(v4.len() as u64));
    }

    #[test]
    fn cut_and_damaged_tags_are_survived() {
        let sound = tag(4, b"TIT2\0\0\0\x06\0\0\x03H\xC3\xA9llAPIC\0\0\0\x10\0\0\0image/png\0\x03\0abc");
        for cut in 0..sound.len() {
            parse(&sound[..cut]);
            let mut damaged = sound.clone();
            for value in [0, 0x7F, 0xFF] {
                damaged[cut] = value;
                parse(&damaged);
            }
        }
    }
}
