use reelwright_media::{Chapter, Language, Result, Time, TimeRange, Timescale};

use super::text;
use crate::BoxRef;

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
