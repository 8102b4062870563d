use reelwright_media::{ErrorKind, FourCc, Language, MetadataItem, MetadataKey, MetadataValue, Result};

use super::{LONGEST_TEXT, text, user_data::as_text};
use crate::{BoxRef, Reader, Writer};

/// Reads a full box of ISO or 3GPP user data (ISO/IEC 14496-12, 8.10; 3GPP TS 26.244, 8); `None` where it is another or
/// broken.
pub(super) fn read(child: &BoxRef<'_>) -> Option<MetadataItem> {
    let code = child.kind();
    let mut body = child.body();
    let (value, language) = match &code.0 {
        b"titl" | b"dscp" | b"cprt" | b"auth" | b"perf" | b"gnre" | b"albm" => string(&mut body).ok()?,
        b"yrrc" => {
            body.version_and_flags().ok()?;
            (MetadataValue::Integer(body.u16().ok()?.into()), Language::UNDETERMINED)
        }
        b"kywd" => keywords(&mut body).ok()?,
        b"loci" => location(&mut body).ok()?,
        _ => return None,
    };
    Some(MetadataItem { key: MetadataKey::Iso(code), value, language })
}

fn string(r: &mut Reader<'_>) -> Result<(MetadataValue, Language)> {
    r.version_and_flags()?;
    let language = text::locale(r.u16()?);
    if r.remaining() > LONGEST_TEXT {
        return Err(r.error(ErrorKind::Limit, "a text that is too long"));
    }
    Ok((MetadataValue::Text(text::marked(r.peek())), language))
}

/// Keywords, here separated by commas.
fn keywords(r: &mut Reader<'_>) -> Result<(MetadataValue, Language)> {
    r.version_and_flags()?;
    let language = text::locale(r.u16()?);
    let mut words = Vec::new();
    for _ in 0..r.u8()? {
        let length = r.u8()?;
        words.push(text::marked(r.slice(usize::from(length).min(r.remaining()))?));
    }
    Ok((MetadataValue::Text(words.join(",")), language))
}

/// A place, as ISO 6709 writes it; its name and notes are not kept.
fn location(r: &mut Reader<'_>) -> Result<(MetadataValue, Language)> {
    r.version_and_flags()?;
    let language = text::locale(r.u16()?);
    if r.peek().starts_with(&[0xFE, 0xFF]) {
        while r.u16()? != 0 {}
    } else {
        r.until_zero();
    }
    r.skip(1)?;
    let degrees = |fixed: i32| f64::from(fixed) / 65_536.0;
    let (longitude, latitude, altitude) = (degrees(r.i32()?), degrees(r.i32()?), degrees(r.i32()?));
    let mut place = format!("{latitude:+09.5}{longitude:+010.5}");
    if altitude != 0.0 {
        place.push_str(&format!("{altitude:+08.3}"));
    }
    place.push('/');
    Ok((MetadataValue::Text(place), language))
}

/// Latitude, longitude and altitude of an ISO 6709 text in degrees and metres (`+27.5916+086.5640+8850/`).
pub(super) fn parse_place(place: &str) -> Option<[f64; 3]> {
    let place = place.trim().split(['/', 'C']).next()?;
    let starts: Vec<usize> = place.match_indices(['+', '-']).map(|(at, _)| at).collect();
    if starts.first() != Some(&0) || !(2..=3).contains(&starts.len()) {
        return None;
    }
    let ends = starts.iter().skip(1).copied().chain([place.len()]);
    let numbers: Option<Vec<f64>> =
        starts.iter().zip(ends).map(|(&start, end)| place.get(start..end)?.parse().ok()).collect();
    let numbers = numbers?;
    let (latitude, longitude) = (*numbers.first()?, *numbers.get(1)?);
    let sound = latitude.abs() <= 90.0 && longitude.abs() <= 180.0;
    sound.then_some([latitude, longitude, numbers.get(2).copied().unwrap_or(0.0)])
}

/// Writes the full box `code`.
pub(super) fn write(w: &mut Writer, code: FourCc, item: &MetadataItem) {
    if let MetadataValue::Data { bytes, .. } = &item.value {
        w.write_box(code, |w| w.bytes(bytes));
        return;
    }
    let text = as_text(&item.value);
    w.full_box(code, 0, 0, |w| match &code.0 {
        b"yrrc" => w.u16(year(&text)),
        b"kywd" => {
            w.u16(item.language.to_packed());
            let words: Vec<_> =
                text.split(',').map(str::trim).filter(|word| !word.is_empty()).take(255).collect();
            w.u8(u8::try_from(words.len()).unwrap_or(u8::MAX));
            for word in words {
                // One byte holds the length, terminator included.
                let end =
                    (0..=word.len().min(254)).rev().find(|&end| word.is_char_boundary(end)).unwrap_or(0);
                w.u8(u8::try_from(end + 1).unwrap_or(u8::MAX));
                w.bytes(&word.as_bytes()[..end]);
                w.u8(0);
            }
        }
        b"loci" => {
            let [latitude, longitude, altitude] = parse_place(&text).unwrap_or_default();
            w.u16(item.language.to_packed());
            // No name; role 0: where it was shot.
            w.u16(0);
            for degrees in [longitude, latitude, altitude] {
                // Saturates: altitudes beyond 32 km don't fit.
                w.i32((degrees * 65_536.0).round() as i32);
            }
            w.bytes(b"earth\0\0");
        }
        _ => {
            w.u16(item.language.to_packed());
            w.bytes(text.as_bytes());
            w.u8(0);
        }
    });
}

/// The year a date begins with, 0 where it doesn't.
fn year(date: &str) -> u16 {
    date.split(|c: char| !c.is_ascii_digit()).next().and_then(|year| year.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        assert_eq!(parse_place("+27.5916+086.5640+8850/"), Some([27.5916, 86.564, 8850.0]));
        assert_eq!(parse_place("-33.1268-117.3273/"), Some([-33.1268, -117.3273, 0.0]));
        assert_eq!(parse_place("+40.6800-074.4999+1.5CRSWGS_84/"), Some([40.68, -74.4999, 1.5]));
        assert_eq!(parse_place("somewhere"), None);
        assert_eq!(parse_place("+1"), None);
        assert_eq!(year("2019-05-06"), 2019);
    }
}
