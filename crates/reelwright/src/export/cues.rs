use reelwright_formats::SampleCursor;
use reelwright_media::{
    EditTimeline, FormatDescription, MediaType, Payload, Result, SampleBuffer, Span, Time, TimeRange, Track,
};

use crate::Asset;

/// Whether the track's samples are cues: texts, captions, facts, each of which stands alone and lasts. A cut must begin
/// with such a sample: readers drop one that begins before the edit list does.
pub(super) fn is_of_cues(track: &Track) -> bool {
    matches!(
        track.media,
        MediaType::Text | MediaType::Subtitle | MediaType::ClosedCaption | MediaType::Metadata
    )
}

/// The cues that a part of the presentation shows, at the times of a timeline that begins with it: the first and the last
/// may be shorter than they were.
pub(super) struct Cues {
    cursor: Box<dyn SampleCursor>,
    spans: std::vec::IntoIter<Span>,
    span: Option<Span>,
    /// Read, but not shown yet.
    next: Option<SampleBuffer>,
    /// Where the last one ends.
    end: Time,
    /// Waits for the gap in front of it to be filled.
    held: Option<SampleBuffer>,
}

impl Cues {
    /// Those of `track` that `range` shows.
    pub(super) fn new(asset: &Asset, track: &Track, range: TimeRange) -> Result<Self> {
        let spans = EditTimeline::of(track, asset.movie().timescale).spans(range);
        let (cursor, spans) = (asset.cursor(track.id)?, spans.into_iter());
        Ok(Self { cursor, spans, span: None, next: None, end: Time::ZERO, held: None })
    }

    /// The next cue or the empty one in front of it; `None` after the last.
    pub(super) fn next(&mut self) -> Result<Option<SampleBuffer>> {
        if let Some(cue) = self.held.take() {
            self.end = cue.pts.saturating_add(cue.duration);
            return Ok(Some(cue));
        }
        let Some(cue) = self.shown()? else { return Ok(None) };
        let gap = cue.pts.saturating_sub(self.end);
        if let Some(payload) = nothing(&cue.format).filter(|_| gap > Time::ZERO) {
            let empty = SampleBuffer { payload, dts: self.end, pts: self.end, duration: gap, ..cue.clone() };
            self.held = Some(cue);
            return Ok(Some(empty));
        }
        self.end = cue.pts.saturating_add(cue.duration);
        Ok(Some(cue))
    }

    /// The next cue that some span shows.
    fn shown(&mut self) -> Result<Option<SampleBuffer>> {
        loop {
            let Some(span) = self.span else {
                let Some(span) = self.spans.next() else { return Ok(None) };
                self.cursor.seek(span.media_start)?;
                self.next = self.cursor.next_sample()?;
                self.span = Some(span);
                continue;
            };
            let Some(cue) = self.next.take().filter(|cue| cue.pts < span.media_end) else {
                self.span = None;
                continue;
            };
            self.next = self.cursor.next_sample()?;
            let follows = self.next.as_ref().map_or(span.media_end, |next| next.pts);
            let end = cue.known_duration().map_or(follows, |length| cue.pts.saturating_add(length));
            let (from, to) = (cue.pts.max(span.media_start), end.min(span.media_end));
            if from < to {
                let (start, end) = (span.shown_at(from), span.shown_at(to).min(span.shown.end()));
                let duration = end.saturating_sub(start);
                return Ok(Some(SampleBuffer { dts: start, pts: start, duration, ..cue }));
            }
        }
    }
}

/// A sample that shows nothing, where the format has one.
fn nothing(format: &FormatDescription) -> Option<Payload> {
    match &format.tag().0 {
        // A text of no length.
        b"tx3g" | b"text" => Some(Payload::from(bytes::Bytes::from_static(&[0, 0]))),
        // An empty box that says so (ISO/IEC 14496-30, 7.4).
        b"wvtt" => Some(Payload::from(bytes::Bytes::from_static(b"\0\0\0\x08vtte"))),
        _ => None,
    }
}
