use reelwright_media::{Chapter, Language, Result, Rounding, Time, TimeRange, Timescale};

use super::text;
use crate::{BoxRef, Writer};

/// Ticks per second of `chpl`: 100 ns each.
const SCALE: Timescale = Timescale::or_one(10_000_000);

/// More chapters than this are somebody's mistake.
const MOST: u32 = 10_000;

/// Reads the chapters of a `chpl` box (Nero's, in `udta`); the last ends at `duration`, the movie's.
///
/// # Errors
///
/// Truncated where not even the count is there; chapters that are cut off are left out.
pub fn read_chapters(chpl: &BoxRef<'_>, duration: Time) -> Result<Vec<Chapter>> {
    let mut body = chpl.body();
    let (version, _) = body.version_and_flags()?;
    let stated = if version == 0 {
        u32::from(body.u8()?)
    } else {
        body.skip(1)?;
        body.u32()?
    };
    let mut starts: Vec<(Time, String)> = Vec::new();
    for _ in 0..stated.min(MOST) {
        let mut next = || -> Result<(Time, String)> {
            let ticks = i64::try_from(body.u64()?).unwrap_or(i64::MAX);
            let length = body.u8()?;
            Ok((Time::new(ticks, SCALE), text::marked(body.slice(length.into())?)))
        };
        match next() {
            Ok(chapter) => starts.push(chapter),
            Err(_) => break,
        }
    }
    let ends: Vec<Time> = starts.iter().skip(1).map(|(start, _)| *start).chain([duration]).collect();
    let chapter = |((start, title), end)| Chapter {
        range: TimeRange::between(start, end),
        title,
        language: Language::UNDETERMINED,
    };
    Ok(starts.into_iter().zip(ends).map(chapter).collect())
}

/// Writes the chapters as a `chpl` box, which has room for 255 of them and 255 bytes of each title.
pub(super) fn write(w: &mut Writer, chapters: &[Chapter]) {
    w.full_box(b"chpl", 1, 0, |w| {
        let listed = &chapters[..chapters.len().min(255)];
        w.u32(0);
        w.u8(u8::try_from(listed.len()).unwrap_or(u8::MAX));
        for chapter in listed {
            let ticks = chapter.range.start.ticks_in(SCALE, Rounding::Nearest).unwrap_or(0);
            w.u64(u64::try_from(ticks).unwrap_or(0));
            let title = &chapter.title;
            let fits = |&end: &usize| title.is_char_boundary(end);
            let end = (0..=title.len().min(255)).rev().find(fits).unwrap_or(0);
            w.u8(u8::try_from(end).unwrap_or(0));
            w.bytes(&title.as_bytes()[..end]);
        }
    });
}
