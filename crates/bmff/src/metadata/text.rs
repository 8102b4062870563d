use reelwright_media::Language;

/// The upper half of Mac OS Roman (Unicode's mapping ROMAN.TXT).
const MAC_ROMAN: &str = "ÄÅÇÉÑÖÜáàâäãåçéèêëíìîïñóòôöõúùûü†°¢£§•¶ß®©™´¨≠ÆØ∞±≤≥¥µ∂∑∏π∫ªºΩæø¿¡¬√ƒ≈∆«»…\u{A0}ÀÃÕŒœ–—“”‘’÷◊ÿŸ⁄€‹›ﬁﬂ‡·‚„‰ÂÊÁËÈÍÎÏÌÓÔ\u{F8FF}ÒÚÛÙıˆ˜¯˘˙˚¸˝˛ˇ";

/// Text of QuickTime user data: UTF-8 or UTF-16 beside an ISO language, Mac OS Roman beside a Macintosh one (below
/// 0x400), though UTF-8 is found there too.
pub(super) fn quicktime(bytes: &[u8], language: u16) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.trim_end_matches('\0').to_string(),
        Err(_) if language < 0x400 => {
            let upper = |byte: u8| MAC_ROMAN.chars().nth(usize::from(byte & 0x7F)).unwrap_or('\u{FFFD}');
            bytes.iter().map(|&byte| if byte < 0x80 { char::from(byte) } else { upper(byte) }).collect()
        }
        Err(_) => marked(bytes),
    }
}

/// UTF-8, or UTF-16 behind a byte order mark, up to a zero (3GPP TS 26.244, 8).
pub(crate) fn marked(bytes: &[u8]) -> String {
    match bytes {
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        _ => {
            let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
            String::from_utf8_lossy(&bytes[..end]).into_owned()
        }
    }
}

/// UTF-16 of this byte order up to a zero.
pub(super) fn utf16(bytes: &[u8], order: fn([u8; 2]) -> u16) -> String {
    let units = bytes.chunks_exact(2).map(|pair| order([pair[0], pair[1]]));
    String::from_utf16_lossy(&units.take_while(|&unit| unit != 0).collect::<Vec<_>>())
}

/// The language of a `data` box: 0 for none, else packed as in `mdhd`.
pub(super) fn locale(language: u16) -> Language {
    if language < 0x400 { Language::UNDETERMINED } else { Language::from_packed(language) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_go_by_language_and_mark() {
        assert_eq!(MAC_ROMAN.chars().count(), 128);
        assert_eq!(quicktime(b"Caf\x8E", 0), "Café");
        assert_eq!(quicktime("Café".as_bytes(), 0), "Café");
        assert_eq!(quicktime(b"\xFE\xFF\0C\0\xE9", 0x55C4), "Cé");
        assert_eq!(marked(b"ab\0cd"), "ab");
    }
}
