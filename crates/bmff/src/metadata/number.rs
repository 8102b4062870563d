use bytes::Bytes;
use reelwright_media::{FourCc, MetadataItem, MetadataKey, MetadataValue};

/// The position and the total of a numbered item (`trkn`, `disk`); 0 where not stated.
pub fn number_pair(item: &MetadataItem) -> Option<(u16, u16)> {
    match (&item.key, &item.value) {
        (MetadataKey::ITunes(code), MetadataValue::Data { bytes, .. })
            if [b"trkn", b"disk"].contains(&&code.0) =>
        {
            let number = |at: usize| Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
            Some((number(2)?, number(4).unwrap_or(0)))
        }
        _ => None,
    }
}

/// The value of `trkn` or `disk` for a position and a total; `trkn` has two bytes more.
pub(super) fn pair_value(code: FourCc, (number, total): (u16, u16)) -> MetadataValue {
    let mut bytes = vec![0, 0];
    bytes.extend(number.to_be_bytes());
    bytes.extend(total.to_be_bytes());
    if &code.0 == b"trkn" {
        bytes.extend([0, 0]);
    }
    MetadataValue::Data { kind: 0, bytes: Bytes::from(bytes) }
}

/// A position and a total as other containers write them: `3`, `03/12`.
pub(super) fn parse_pair(value: &MetadataValue) -> Option<(u16, u16)> {
    let text = match value {
        MetadataValue::Text(text) => text,
        MetadataValue::Integer(number) => return Some((u16::try_from(*number).ok()?, 0)),
        _ => return None,
    };
    let (number, total) = text.split_once('/').unwrap_or((text, ""));
    let parse = |text: &str| match text.trim() {
        "" => Some(0),
        digits => digits.parse::<u16>().ok(),
    };
    let pair = (parse(number)?, parse(total)?);
    (pair != (0, 0)).then_some(pair)
}

/// A whole number; fractions of a tempo are rounded.
pub(super) fn whole(value: &MetadataValue) -> Option<i64> {
    let number = match value {
        MetadataValue::Integer(number) => return Some(*number),
        MetadataValue::Float(number) => *number,
        MetadataValue::Text(text) => match text.trim().parse::<i64>() {
            Ok(number) => return Some(number),
            Err(_) => text.trim().replace(',', ".").parse().ok()?,
        },
        MetadataValue::Data { .. } => return None,
    };
    // The cast is exact: whole numbers of this size have a place in both.
    (number.abs() < 1e9).then(|| number.round() as i64)
}

/// Yes or no, as other containers write it.
pub(super) fn truth(value: &MetadataValue) -> Option<i64> {
    match value {
        MetadataValue::Text(text) => match text.trim().to_ascii_lowercase().as_str() {
            "1" | "true" | "yes" => Some(1),
            "0" | "false" | "no" => Some(0),
            _ => None,
        },
        MetadataValue::Integer(number) => Some(i64::from(*number != 0)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        let pair = |text: &str| parse_pair(&MetadataValue::Text(text.into()));
        assert_eq!(
            (pair("3"), pair("03/12"), pair(" 3 / 12 ")),
            (Some((3, 0)), Some((3, 12)), Some((3, 12)))
        );
        assert_eq!((pair("/12"), pair("A3"), pair("0/0"), pair("3/x")), (Some((0, 12)), None, None, None));
        let number = |text: &str| whole(&MetadataValue::Text(text.into()));
        assert_eq!((number("128"), number("127,6"), number("fast")), (Some(128), Some(128), None));
        assert_eq!(truth(&MetadataValue::Text("Yes".into())), Some(1));
    }
}
