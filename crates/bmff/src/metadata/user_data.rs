use reelwright_media::{BoxFamily, FourCc, Language, MetadataItem, MetadataKey, MetadataValue, Result};

use super::{LONGEST_TEXT, MOST_ITEMS, grouped, iso, text};
use crate::{BoxRef, Writer};

/// Reads one child of `udta` that is neither `meta` nor padding.
pub(super) fn read(child: &BoxRef<'_>, family: BoxFamily, items: &mut Vec<MetadataItem>) {
    let code = child.kind();
    if code.0[0] == 0xA9 {
        if texts(child, items).is_ok() {
            return;
        }
    } else if family == BoxFamily::Iso
        && let Some(item) = iso::read(child)
    {
        items.push(item);
        return;
    }
    let bytes = child.body().rest();
    let value = match std::str::from_utf8(&bytes) {
        Ok(text) if is_plain_text(code) && text.len() <= LONGEST_TEXT => {
            MetadataValue::Text(text.trim_end_matches('\0').to_string())
        }
        _ => MetadataValue::Data { kind: 0, bytes },
    };
    items.push(MetadataItem { key: MetadataKey::UserData(code), value, language: Language::UNDETERMINED });
}

/// Items that are nothing but their text; `FIRM` is a camera maker's firmware version.
fn is_plain_text(code: FourCc) -> bool {
    matches!(&code.0, b"name" | b"tagc" | b"date" | b"FIRM")
}

/// A list of texts, each behind its length and language (QuickTime File Format, "User data text strings").
fn texts(child: &BoxRef<'_>, items: &mut Vec<MetadataItem>) -> Result<()> {
    let mut body = child.body();
    let mut found = Vec::new();
    while body.remaining() >= 4 && found.len() < MOST_ITEMS {
        let length = body.u16()?;
        let language = body.u16()?;
        // A length that counts its own four bytes is found in the wild.
        let length = usize::from(length).min(body.remaining());
        let text = text::quicktime(body.slice(length)?, language);
        let language = match language {
            // Macintosh language 0 is English, and what writers put that don't think of languages.
            0 => Language::UNDETERMINED,
            language => Language::from_packed(language),
        };
        let key = MetadataKey::UserData(child.kind());
        found.push(MetadataItem { key, value: MetadataValue::Text(text), language });
    }
    items.append(&mut found);
    Ok(())
}

/// Writes the children of `udta` for the items of user data, QuickTime's and ISO's.
pub(super) fn write(w: &mut Writer, items: &[MetadataItem]) {
    let own: Vec<_> = items
        .iter()
        .filter(|item| matches!(item.key, MetadataKey::UserData(_) | MetadataKey::Iso(_)))
        .collect();
    for group in grouped(&own) {
        match &group[0].key {
            MetadataKey::UserData(code) if code.0[0] == 0xA9 => write_texts(w, *code, &group),
            MetadataKey::UserData(code) => {
                for item in group {
                    w.write_box(*code, |w| match &item.value {
                        MetadataValue::Data { bytes, .. } => w.bytes(bytes),
                        value => w.bytes(as_text(value).as_bytes()),
                    });
                }
            }
            MetadataKey::Iso(code) => group.iter().for_each(|item| iso::write(w, *code, item)),
            _ => {}
        }
    }
}

fn write_texts(w: &mut Writer, code: FourCc, group: &[&MetadataItem]) {
    w.write_box(code, |w| {
        for item in group {
            if let MetadataValue::Data { bytes, .. } = &item.value {
                w.bytes(bytes);
                continue;
            }
            let text = as_text(&item.value);
            let end =
                (0..=text.len().min(usize::from(u16::MAX))).rev().find(|&end| text.is_char_boundary(end));
            let text = &text.as_bytes()[..end.unwrap_or(0)];
            w.u16(u16::try_from(text.len()).unwrap_or(u16::MAX));
            w.u16(item.language.to_packed());
            w.bytes(text);
        }
    });
}

/// The value as text; empty for bytes.
pub(super) fn as_text(value: &MetadataValue) -> String {
    match value {
        MetadataValue::Text(text) => text.clone(),
        MetadataValue::Integer(number) => number.to_string(),
        MetadataValue::Float(number) => number.to_string(),
        MetadataValue::Data { .. } => String::new(),
    }
}
