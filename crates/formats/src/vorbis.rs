//! Vorbis comments (Vorbis I, 5), in which FLAC keeps what is known of a recording.

use std::collections::BTreeMap;

use bytes::Bytes;
use reelwright_media::{Language, MetadataItem, MetadataKey, MetadataValue, Omitted, Time, Timescale};

use crate::id3::picture_kind;
use crate::limits::{MOST_CHAPTERS, MOST_ITEMS};
use crate::movie_tags::MovieTags;
use crate::wave::item;

/// Reads the body of a comment block: `KEY=value` texts with little-endian lengths.
pub(crate) fn comments(bytes: &[u8], facts: &mut MovieTags) {
    fn text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
        let (length, rest) = bytes.split_first_chunk::<4>()?;
        rest.split_at_checked(u32::from_le_bytes(*length) as usize)
    }
    let Some((_vendor, rest)) = text(bytes) else { return };
    let mut rest = rest.get(4..).unwrap_or_default();
    let mut chapters = Chapters::default();
    while let Some((comment, tail)) = text(rest) {
        rest = tail;
        let comment = String::from_utf8_lossy(comment);
        let Some((key, value)) = comment.split_once('=') else { continue };
        if key.is_empty() || value.is_empty() || chapters.take(key, value, facts) {
            continue;
        }
        match key.to_ascii_uppercase().as_str() {
            "METADATA_BLOCK_PICTURE" => {
                base64(value).and_then(|block| picture(&block)).into_iter().for_each(|item| facts.note(item));
            }
            // A picture without its description; only old writers.
            "COVERART" => base64(value).into_iter().for_each(|bytes| facts.note(artwork(b"", &bytes))),
            _ => facts.note(item(key, value.to_string())),
        }
    }
    chapters.list(facts);
}

/// The body of a PICTURE block (RFC 9639, 8.8).
pub(crate) fn picture(bytes: &[u8]) -> Option<MetadataItem> {
    fn part(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
        let (length, rest) = bytes.split_first_chunk::<4>()?;
        rest.split_at_checked(u32::from_be_bytes(*length) as usize)
    }
    let (media_type, rest) = part(bytes.get(4..)?)?;
    let (_description, rest) = part(rest)?;
    let (data, _) = part(rest.get(16..)?)?;
    (media_type != b"-->").then(|| artwork(media_type, data))
}

fn artwork(media_type: &[u8], picture: &[u8]) -> MetadataItem {
    let bytes = Bytes::copy_from_slice(picture);
    let value = MetadataValue::Data { kind: picture_kind(media_type, &bytes), bytes };
    let key = MetadataKey::Other("METADATA_BLOCK_PICTURE".into());
    MetadataItem { key, value, language: Language::UNDETERMINED }
}

/// Bytes written with 64 letters (RFC 4648, 4); `None` where others stand among them.
fn base64(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut held) = (0u32, 0);
    for letter in text.bytes().filter(|letter| !letter.is_ascii_whitespace()) {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => break,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held) as u8);
        }
    }
    Some(out)
}

/// Chapters by their numbers (`CHAPTER001=00:01:30.500`, `CHAPTER001NAME=...`).
#[derive(Default)]
struct Chapters(BTreeMap<u32, (Option<Time>, String)>);

impl Chapters {
    /// Whether the comment belongs to a chapter.
    fn take(&mut self, key: &str, value: &str, facts: &mut MovieTags) -> bool {
        let Some(rest) = key.to_ascii_uppercase().strip_prefix("CHAPTER").map(str::to_owned) else {
            return false;
        };
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let Ok(number) = rest[..digits].parse::<u32>() else { return false };
        if self.0.len() >= MOST_CHAPTERS.min(4 * MOST_ITEMS) && !self.0.contains_key(&number) {
            return true;
        }
        match (&rest[digits..], clock(value)) {
            ("", Some(start)) => self.0.entry(number).or_default().0 = Some(start),
            ("NAME", _) => self.0.entry(number).or_default().1 = value.to_owned(),
            ("URL", _) => {
                let what = Omitted::Metadata("CHAPTER URL".into());
                facts.leave_out(what, "a chapter has no place for more than its title");
            }
            _ => return false,
        }
        true
    }

    fn list(self, facts: &mut MovieTags) {
        for (start, title) in self.0.into_values() {
            if let Some(start) = start {
                facts.chapters.push(start, None, title, Language::UNDETERMINED);
            }
        }
    }
}

/// Hours, minutes, seconds and a fraction of up to nine digits.
fn clock(text: &str) -> Option<Time> {
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let mut seconds = 0i64;
    for part in whole.split(':') {
        seconds = seconds.checked_mul(60)?.checked_add(part.parse::<u32>().ok()?.into())?;
    }
    let digits = u32::try_from(fraction.len()).ok().filter(|&digits| digits <= 9)?;
    let fraction = if digits == 0 { 0 } else { fraction.parse::<u32>().ok()? };
    let nanoseconds = i64::from(fraction) * 10i64.pow(9 - digits);
    let nanoseconds = seconds.checked_mul(1_000_000_000)?.checked_add(nanoseconds)?;
    Some(Time::new(nanoseconds, Timescale::or_one(1_000_000_000)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chapters_and_pictures_stand_among_comments() {
        let comments_of = |texts: &[&str]| {
            let mut block = vec![0; 8];
            for text in texts {
                block.extend((text.len() as u32).to_le_bytes());
                block.extend(text.as_bytes());
            }
            let mut facts = MovieTags::default();
            comments(&block, &mut facts);
            facts
        };
        let facts = comments_of(&[
            "CHAPTER002=00:01:30.5",
            "CHAPTER001=00:00:00.000",
            "chapter002name=Zwei",
            "CHAPTERS=2",
        ]);
        let chapters = facts.chapters.until(Time::from_secs(100));
        assert_eq!((chapters[1].range.start, &chapters[1].title[..]), (Time::from_millis(90_500), "Zwei"));
        assert_eq!((chapters[0].range.end(), facts.items.len()), (Time::from_millis(90_500), 1));
        // An image of three bytes, its description empty.
        let block = "AAAAAwAAAAlpbWFnZS9wbmcAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAANhYmM=";
        let facts = comments_of(&[&format!("METADATA_BLOCK_PICTURE={block}")]);
        let wanted = MetadataValue::Data { kind: 14, bytes: (&b"abc"[..]).into() };
        assert_eq!(facts.items[0].value, wanted);
        assert_eq!((base64("YQ=="), base64("Y?")), (Some(b"a".to_vec()), None));
        assert_eq!((clock("1:02.25"), clock("x")), (Some(Time::from_millis(62_250)), None));
    }
}
