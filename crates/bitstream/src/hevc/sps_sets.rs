//! The parts of a sequence parameter set that must be passed over to reach the usability information.

use reelwright_media::{Error, Result};

use crate::BitReader;

/// `scaling_list_data` (7.3.4).
pub(super) fn skip_scaling_lists(reader: &mut BitReader<'_>) -> Result<()> {
    for size in 0..4u32 {
        for _ in 0..if size == 3 { 2 } else { 6 } {
            if !reader.flag()? {
                reader.ue()?;
                continue;
            }
            if size > 1 {
                reader.se()?;
            }
            for _ in 0..(1u32 << (4 + (size << 1))).min(64) {
                reader.se()?;
            }
        }
    }
    Ok(())
}

/// `num_short_term_ref_pic_sets` and the sets (7.3.7). A set predicted from another needs that one's size, so sizes
/// are kept.
pub(super) fn skip_short_term_sets(reader: &mut BitReader<'_>) -> Result<()> {
    let count = reader.ue()?;
    if count > 64 {
        return Err(Error::malformed(format!(
            "{count} short-term reference picture sets; at most 64 are allowed"
        )));
    }
    let mut previous: Option<Set> = None;
    for _ in 0..count {
        let predicted = previous.is_some() && reader.flag()?;
        let set = match previous {
            Some(from) if predicted => from.predict(reader)?,
            _ => Set::read(reader)?,
        };
        previous = Some(set);
    }
    Ok(())
}

/// Distances to earlier and later pictures: what predicting the next set needs.
#[derive(Clone, Debug, Default)]
struct Set {
    earlier: Vec<i64>,
    later: Vec<i64>,
}

impl Set {
    const MOST: u32 = 16;

    fn read(reader: &mut BitReader<'_>) -> Result<Self> {
        let (earlier, later) = (reader.ue()?, reader.ue()?);
        if earlier > Self::MOST || later > Self::MOST {
            return Err(Error::malformed(format!(
                "a reference picture set of {earlier} and {later} pictures"
            )));
        }
        let mut out = Self::default();
        let mut distance = 0;
        for _ in 0..earlier {
            distance -= i64::from(reader.ue()?) + 1;
            reader.flag()?;
            out.earlier.push(distance);
        }
        distance = 0;
        for _ in 0..later {
            distance += i64::from(reader.ue()?) + 1;
            reader.flag()?;
            out.later.push(distance);
        }
        Ok(out)
    }

    /// Inter prediction from the set before (7.4.8, equations 7-61 and 7-62).
    fn predict(&self, reader: &mut BitReader<'_>) -> Result<Self> {
        let negative = reader.flag()?;
        let magnitude = i64::from(reader.ue()?) + 1;
        let delta = if negative { -magnitude } else { magnitude };
        let all: Vec<i64> = self.earlier.iter().chain(&self.later).copied().collect();
        let mut used = Vec::new();
        for _ in 0..=all.len() {
            let by_current = reader.flag()?;
            used.push(by_current || reader.flag()?);
        }
        // The last flag is the reference set's own picture, at distance 0.
        let candidates = all.iter().copied().chain([0]).zip(&used).filter(|(_, used)| **used);
        let distances: Vec<i64> = candidates.map(|(distance, _)| distance + delta).collect();
        let mut out = Self::default();
        out.earlier.extend(distances.iter().copied().filter(|&distance| distance < 0));
        out.later.extend(distances.iter().copied().filter(|&distance| distance > 0));
        out.earlier.sort_unstable_by(|a, b| b.cmp(a));
        out.later.sort_unstable();
        Ok(out)
    }
}
