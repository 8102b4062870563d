//! Part of a copied track: which samples it takes, and how those that reach over its ends are made to fit.

use reelwright_formats::SampleCursor;
use reelwright_media::{
    EditTimeline, MediaType, Result, Rounding, SampleBuffer, Span, Time, TimeRange, Track,
};

use super::timecode;

/// Readers differ in what they make of an edit that begins within a sample: some show nothing until the next one, or show
/// the next one in its place. So a sample that covers the beginning of a cut begins there.
pub(super) struct Cut<'a> {
    track: &'a Track,
    spans: Vec<Span>,
}

/// A stretch of media that is stored.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    /// Where decoding starts, or earlier.
    decode_from: Time,
    /// The first time shown.
    from: Time,
    until: Time,
}

/// A picture that is shown when a cut begins.
#[derive(Clone, Copy, Debug)]
struct Covering {
    dts: Time,
    pts: Time,
    /// When the next one is shown.
    until: Time,
    /// When the next sample is decoded.
    next: Option<Time>,
    /// Whether decoding starts with it and shows it at once.
    alone: bool,
}

/// Codecs show no picture further from where it is decoded; 16 is what they allow.
const REORDERED: usize = 32;

impl<'a> Cut<'a> {
    /// The part of `track` that `range` of the presentation shows.
    pub(super) fn new(track: &'a Track, timeline: &EditTimeline, range: TimeRange) -> Self {
        Self { track, spans: timeline.spans(range) }
    }

    /// Gives the samples to `take`, in decoding order.
    ///
    /// # Errors
    ///
    /// What reading fails with, and `take`.
    pub(super) fn copy(
        &self,
        cursor: &mut dyn SampleCursor,
        mut take: impl FnMut(SampleBuffer) -> Result<()>,
    ) -> Result<()> {
        match self.track.media {
            MediaType::Audio => self.decoded(cursor, None, &mut take),
            MediaType::Video => self.decoded(cursor, Some(REORDERED), &mut take),
            _ => self.independent(cursor, &mut take),
        }
    }

    /// Samples that others are decoded from: all of them stay as long as they are. Where they are pictures, `reordered` of
    /// them at most are shown before one that is decoded earlier, and the one shown first is shown from the cut on.
    fn decoded(
        &self,
        cursor: &mut dyn SampleCursor,
        reordered: Option<usize>,
        take: &mut impl FnMut(SampleBuffer) -> Result<()>,
    ) -> Result<()> {
        let stretches = self.stretches();
        let (mut stored, mut shown_until) = (None, None);
        for (index, stretch) in stretches.iter().enumerate() {
            let covering = match reordered {
                Some(most) => covering(cursor, stretch, most)?,
                None => None,
            };
            // What another stretch shows as well stays where it is.
            let is_shared = |one: &Covering| {
                shown_until.is_some_and(|until| one.pts < until)
                    || stretches.get(index + 1).is_some_and(|next| next.from < one.until)
            };
            let covering = covering.filter(|one| !is_shared(one));
            shown_until = shown_until.max(Some(stretch.until));
            cursor.seek(stretch.decode_from)?;
            while let Some(mut sample) = cursor.next_sample()? {
                if sample.dts >= stretch.until && sample.pts >= stretch.until {
                    break;
                }
                if let Some(covering) = covering.filter(|one| (one.dts, one.pts) == (sample.dts, sample.pts))
                {
                    covering.begin_at(stretch.from, &mut sample);
                }
                // Decoding for this stretch may begin among samples the one before has brought.
                if stored.is_none_or(|last| sample.dts > last) {
                    stored = Some(sample.dts);
                    take(sample)?;
                }
            }
        }
        Ok(())
    }

    /// Samples that stand for themselves, as timecode does. They begin and end with the cut.
    fn independent(
        &self,
        cursor: &mut dyn SampleCursor,
        take: &mut impl FnMut(SampleBuffer) -> Result<()>,
    ) -> Result<()> {
        for stretch in merged(self.stretches()) {
            cursor.seek(stretch.from)?;
            let mut next = cursor.next_sample()?;
            while let Some(mut sample) = next {
                next = cursor.next_sample()?;
                let following = next.as_ref().map(|next| next.pts);
                let end = sample.known_duration().map(|length| sample.pts.saturating_add(length));
                let end = end.or(following).unwrap_or(stretch.until);
                if sample.pts >= stretch.until {
                    break;
                }
                if end <= stretch.from {
                    continue;
                }
                let start = sample.pts.max(stretch.from);
                if start > sample.pts {
                    timecode::count_on(&mut sample, start)?;
                }
                if start > sample.pts || end > stretch.until {
                    sample.duration = end.min(stretch.until).saturating_sub(start);
                }
                (sample.pts, sample.dts) = (start, start);
                take(sample)?;
            }
        }
        Ok(())
    }

    /// The stretches of media to store, in media order. They begin and end on ticks of the track, as edits do.
    fn stretches(&self) -> Vec<Stretch> {
        let on_tick = |time: Time| time.rescale(self.track.timescale, Rounding::Nearest).unwrap_or(time);
        let stretch = |span: &Span| Stretch {
            decode_from: span.media_start.saturating_sub(self.track.preroll()),
            from: on_tick(span.media_start),
            until: on_tick(span.media_end),
        };
        let mut stretches: Vec<_> = self.spans.iter().map(stretch).collect();
        stretches.sort_by_key(|stretch| (stretch.from, stretch.until));
        stretches
    }
}

impl Covering {
    /// Has the picture shown at `from`; where nothing is decoded before it, it is decoded then, too.
    fn begin_at(&self, from: Time, sample: &mut SampleBuffer) {
        sample.pts = from;
        let end = sample.known_duration().map(|length| sample.dts.saturating_add(length)).or(self.next);
        if self.alone && end.is_none_or(|end| from < end) {
            sample.dts = from;
            sample.duration = end.map_or(sample.duration, |end| end.saturating_sub(from));
        }
    }
}

/// The picture that is shown where a stretch begins, if it begins earlier.
fn covering(cursor: &mut dyn SampleCursor, stretch: &Stretch, reordered: usize) -> Result<Option<Covering>> {
    cursor.seek(stretch.decode_from)?;
    let mut found: Option<Covering> = None;
    let (mut after, mut until, mut is_first) = (0, None::<Time>, true);
    while let Some(sample) = cursor.next_sample()? {
        if let Some(covering) = found.as_mut().filter(|covering| covering.next.is_none()) {
            covering.next = Some(sample.dts);
        }
        if sample.pts > stretch.from {
            until = Some(until.map_or(sample.pts, |until| until.min(sample.pts)));
        } else if found.is_none_or(|covering| covering.pts < sample.pts) {
            let alone = is_first && sample.dts == sample.pts;
            let (dts, pts, until) = (sample.dts, sample.pts, stretch.until);
            found = Some(Covering { dts, pts, until, next: None, alone });
        }
        is_first = false;
        after += usize::from(sample.dts > stretch.from);
        if after > reordered {
            break;
        }
    }
    let found = found.filter(|covering| covering.pts < stretch.from);
    Ok(found.map(|covering| Covering { until: until.unwrap_or(covering.until), ..covering }))
}

/// Stretches that overlap or touch, made one.
fn merged(stretches: Vec<Stretch>) -> Vec<Stretch> {
    let mut merged: Vec<Stretch> = Vec::with_capacity(stretches.len());
    for stretch in stretches {
        match merged.last_mut().filter(|last| stretch.from <= last.until) {
            Some(last) => last.until = last.until.max(stretch.until),
            None => merged.push(stretch),
        }
    }
    merged
}
