/// A text up to its terminator, and what follows.
pub(super) fn split(encoding: u8, bytes: &[u8]) -> (&[u8], Option<&[u8]>) {
    if matches!(encoding, 1 | 2) {
        let end = bytes.chunks_exact(2).position(|pair| pair == [0, 0]).map(|at| at * 2);
        return end.map_or((bytes, None), |end| (&bytes[..end], bytes.get(end + 2..)));
    }
    let end = bytes.iter().position(|&byte| byte == 0);
    end.map_or((bytes, None), |end| (&bytes[..end], bytes.get(end + 1..)))
}

/// The text; of several values, which version 2.4 separates by zeros, each but the last ends with a semicolon.
pub(super) fn decode(encoding: u8, bytes: &[u8]) -> String {
    let text: String = match encoding {
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
    text.trim_end_matches('\0').replace('\0', "; ").trim().to_string()
}
