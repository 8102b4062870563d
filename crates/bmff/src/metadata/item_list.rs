use bytes::Bytes;
use reelwright_media::{BoxFamily, FourCc, Language, MetadataItem, MetadataKey, MetadataValue, Result};

use super::genres::id3_genre;
use super::{LONGEST_KEY, LONGEST_TEXT, MOST_ITEMS, grouped, text, user_data::as_text};
use crate::{BoxRef, Handler, Reader, Writer};

/// Reads `ilst` of iTunes.
pub(super) fn read_itunes(list: &BoxRef<'_>) -> Vec<MetadataItem> {
    let mut items = Vec::new();
    for item in list.children().map_while(Result::ok) {
        let key = match &item.kind().0 {
            b"free" | b"skip" => continue,
            b"----" => match free_form_key(&item) {
                Some(key) => key,
                None => continue,
            },
            _ => MetadataKey::ITunes(item.kind()),
        };
        values(&item, &key, &mut items);
    }
    items
}

fn free_form_key(item: &BoxRef<'_>) -> Option<MetadataKey> {
    let string = |kind: &[u8; 4]| {
        let mut body = item.children().find(kind)?.body();
        body.version_and_flags().ok()?;
        (body.remaining() <= LONGEST_KEY).then_some(())?;
        Some(String::from_utf8_lossy(body.peek()).into_owned())
    };
    Some(MetadataKey::ITunesFreeForm { mean: string(b"mean")?, name: string(b"name")? })
}

/// Reads `ilst` of QuickTime metadata, whose items are numbered by `keys`.
pub(super) fn read_quicktime(keys: &BoxRef<'_>, list: &BoxRef<'_>) -> Vec<MetadataItem> {
    let names = key_names(&mut keys.body()).unwrap_or_default();
    let mut items = Vec::new();
    for item in list.children().map_while(Result::ok) {
        let index = usize::try_from(item.kind().to_u32()).ok().and_then(|number| number.checked_sub(1));
        if let Some(name) = index.and_then(|index| names.get(index)).filter(|name| !name.is_empty()) {
            values(&item, &MetadataKey::QuickTime(name.clone()), &mut items);
        }
    }
    items
}

/// QuickTime File Format, "Metadata item keys atom".
fn key_names(r: &mut Reader<'_>) -> Result<Vec<String>> {
    r.version_and_flags()?;
    let count = r.u32()?;
    let mut names = Vec::new();
    // No item refers to a key behind these.
    for _ in 0..count.min(u32::from(u16::MAX)) {
        let size = usize::try_from(r.u32()?).unwrap_or(usize::MAX);
        r.skip(4)?;
        let name = r.slice(size.saturating_sub(8))?;
        // Its number is taken all the same.
        let kept = if name.len() > LONGEST_KEY || names.len() >= MOST_ITEMS { &[][..] } else { name };
        names.push(String::from_utf8_lossy(kept).into_owned());
    }
    Ok(names)
}

/// The `data` boxes of an item.
fn values(item: &BoxRef<'_>, key: &MetadataKey, items: &mut Vec<MetadataItem>) {
    for found in item.children().map_while(Result::ok).filter(|child| child.is(b"data")) {
        if items.len() >= MOST_ITEMS {
            return;
        }
        data(&found, key, items);
    }
}

/// One `data` box: type, locale, value.
pub(super) fn data(found: &BoxRef<'_>, key: &MetadataKey, items: &mut Vec<MetadataItem>) {
    let mut body = found.body();
    let (Ok(kind), Ok(locale)) = (body.u32(), body.u32()) else { return };
    // The upper byte names the set of types; 0 is the well-known one.
    let value = value(kind, body.rest(), key);
    let (key, value) = genre(key, value);
    // The lower half is the language, the upper the country.
    let language = u16::try_from(locale & 0xFFFF).map_or(Language::UNDETERMINED, text::locale);
    items.push(MetadataItem { key, value, language });
}

/// Well-known types (QuickTime File Format, "Well-known types").
fn value(kind: u32, bytes: Bytes, key: &MetadataKey) -> MetadataValue {
    let number = match (kind, &bytes[..]) {
        (1 | 2 | 4 | 5, text) if text.len() > LONGEST_TEXT => None,
        (1 | 4, text) => return MetadataValue::Text(String::from_utf8_lossy(text).into_owned()),
        (2 | 5, text) => return MetadataValue::Text(text::utf16(text, u16::from_be_bytes)),
        (0, text) if matches!(key, MetadataKey::ITunesFreeForm { .. }) && is_printable(text) => {
            return MetadataValue::Text(String::from_utf8_lossy(text).into_owned());
        }
        (23, &[a, b, c, d]) => return MetadataValue::Float(f32::from_be_bytes([a, b, c, d]).into()),
        (24, bytes) => bytes.try_into().ok().map(f64::from_be_bytes).map(MetadataValue::Float),
        (21 | 65 | 66 | 67 | 74, bytes) => signed(bytes).map(MetadataValue::Integer),
        (22 | 75..=78, bytes) => {
            unsigned(bytes).and_then(|number| i64::try_from(number).ok()).map(MetadataValue::Integer)
        }
        _ => None,
    };
    number.unwrap_or(MetadataValue::Data { kind, bytes })
}

fn is_printable(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|byte| (b' '..=b'~').contains(byte))
}

fn unsigned(bytes: &[u8]) -> Option<u64> {
    let sound = (1..=8).contains(&bytes.len());
    sound.then(|| bytes.iter().fold(0, |number, &byte| number << 8 | u64::from(byte)))
}

fn signed(bytes: &[u8]) -> Option<i64> {
    let number = unsigned(bytes)?;
    let unused = 64 - 8 * u32::try_from(bytes.len()).ok()?;
    // Moving the sign bit up and arithmetically down again extends it.
    Some((number << unused).cast_signed() >> unused)
}

/// iTunes' numbered genre as the text it stands for: ID3's list, counted from 1.
fn genre(key: &MetadataKey, value: MetadataValue) -> (MetadataKey, MetadataValue) {
    if let (MetadataKey::ITunes(FourCc(code)), MetadataValue::Data { kind: 0, bytes }) = (key, &value)
        && code == b"gnre"
        && let &[high, low] = &bytes[..]
        && let Some(name) = u16::from_be_bytes([high, low]).checked_sub(1).and_then(id3_genre)
    {
        return (MetadataKey::ITunes(FourCc::new(b"\xA9gen")), MetadataValue::Text(name.to_string()));
    }
    (key.clone(), value)
}

/// Writes `meta` of iTunes, as it stands in `udta`.
pub(super) fn write_itunes(w: &mut Writer, items: &[&MetadataItem]) {
    w.full_box(b"meta", 0, 0, |w| {
        let appl = FourCc::new(b"appl");
        w.put(&Handler {
            handler: FourCc::new(b"mdir"),
            manufacturer: appl,
            raw_name: Bytes::from_static(&[0]),
            ..Handler::default()
        });
        w.write_box(b"ilst", |w| {
            for group in grouped(items) {
                match &group[0].key {
                    MetadataKey::ITunesFreeForm { mean, name } => w.write_box(b"----", |w| {
                        w.full_box(b"mean", 0, 0, |w| w.bytes(mean.as_bytes()));
                        w.full_box(b"name", 0, 0, |w| w.bytes(name.as_bytes()));
                        group.iter().for_each(|item| write_value(w, item));
                    }),
                    MetadataKey::ITunes(code) => {
                        w.write_box(*code, |w| group.iter().for_each(|item| write_value(w, item)));
                    }
                    _ => {}
                }
            }
        });
    });
}

/// Writes `meta` of QuickTime: a plain box there, a full box in ISO files.
pub(super) fn write_quicktime(w: &mut Writer, items: &[&MetadataItem], family: BoxFamily) {
    w.write_box(b"meta", |w| {
        if family == BoxFamily::Iso {
            w.version_and_flags(0, 0);
        }
        let handler = FourCc::new(b"mdta");
        w.put(&Handler { handler, raw_name: Bytes::from_static(&[0]), ..Handler::default() });
        let groups = grouped(items);
        w.full_box(b"keys", 0, 0, |w| {
            w.u32(u32::try_from(groups.len()).unwrap_or(u32::MAX));
            for group in &groups {
                if let MetadataKey::QuickTime(name) = &group[0].key {
                    w.write_box(b"mdta", |w| w.bytes(name.as_bytes()));
                }
            }
        });
        w.write_box(b"ilst", |w| {
            for (number, group) in (1..).zip(&groups) {
                w.write_box(FourCc::from_u32(number), |w| group.iter().for_each(|item| write_value(w, item)));
            }
        });
    });
}

fn write_value(w: &mut Writer, item: &MetadataItem) {
    let (kind, bytes) = match &item.value {
        MetadataValue::Text(_) => (1, as_text(&item.value).into_bytes()),
        MetadataValue::Integer(number) => (21, integer(*number, &item.key)),
        MetadataValue::Float(number) => float(*number),
        MetadataValue::Data { kind, bytes } => (*kind, bytes.to_vec()),
    };
    let language = if item.language.is_undetermined() { 0 } else { item.language.to_packed() };
    w.write_box(b"data", |w| {
        w.u32(kind);
        w.u32(language.into());
        w.bytes(&bytes);
    });
}

/// 32 bits where that is exact, as cameras write frame rates, else 64.
fn float(number: f64) -> (u32, Vec<u8>) {
    let short = number as f32;
    if f64::from(short) == number {
        (23, short.to_be_bytes().to_vec())
    } else {
        (24, number.to_be_bytes().to_vec())
    }
}

/// As many bytes as the key's readers expect, or as the number needs: 1, 2, 4 or 8.
fn integer(number: i64, key: &MetadataKey) -> Vec<u8> {
    let expected = match key {
        MetadataKey::ITunes(FourCc(code)) => match code {
            b"tmpo" => 2,
            b"tves" | b"tvsn" | b"cnID" | b"atID" | b"geID" | b"sfID" | b"cmID" => 4,
            b"plID" => 8,
            _ => 1,
        },
        _ => 1,
    };
    let fits = |bytes: &u32| {
        let unused = 64 - 8 * bytes;
        *bytes >= expected && (number << unused) >> unused == number
    };
    let length = [1u32, 2, 4].into_iter().find(fits).unwrap_or(8);
    number.to_be_bytes()[8 - length as usize..].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_sign_and_width() {
        assert_eq!(signed(&[0xFF]), Some(-1));
        assert_eq!(signed(&[0x01, 0x00]), Some(256));
        assert_eq!(signed(&[0x80, 0, 0, 0, 0, 0, 0, 0]), Some(i64::MIN));
        assert_eq!(integer(-129, &MetadataKey::Other(String::new())), [0xFF, 0x7F]);
        assert_eq!(integer(120, &MetadataKey::ITunes(FourCc::new(b"tmpo"))), [0, 120]);
        assert_eq!(float(30.0).0, 23);
        assert_eq!(float(0.1).0, 24);
    }
}
