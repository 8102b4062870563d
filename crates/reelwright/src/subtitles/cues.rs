use std::collections::VecDeque;
use std::sync::Arc;

use reelwright_formats::SampleCursor;
use reelwright_media::{FormatDescription, Payload, Result, SampleBuffer, SampleFlags, Time, Trim};

use super::Text;
use super::markup::Markup;
use super::styled::Styled;

/// Texts shown at the same time; more would cover the picture.
const MOST: usize = 16;

/// Texts of a track; a long film has a few thousand.
pub(super) const MOST_CUES: u64 = 100_000;

/// Bytes of a text that are looked at, tags included.
const LONGEST: usize = 256 << 10;

/// How long a last text is shown that doesn't say so.
const USUAL: Time = Time::from_secs(5);

/// A text and when it is shown.
struct Cue {
    start: Time,
    end: Time,
    payload: Payload,
}

/// Walks a track's texts as samples of timed text, one after the other from the beginning of the movie on: where texts
/// overlap, what is shown together is a sample, and where none is shown, an empty one.
pub(super) struct TextCursor {
    cues: Arc<[Cue]>,
    markup: Markup,
    format: Arc<FormatDescription>,
    /// The next cue that isn't shown yet.
    next: usize,
    /// Those that are.
    shown: VecDeque<usize>,
    at: Time,
}

impl TextCursor {
    pub(super) fn new(mut inner: Box<dyn SampleCursor>, text: &Text) -> Result<Self> {
        let mut cues = Vec::new();
        while let Some(sample) = inner.next_sample()? {
            if cues.len() as u64 == MOST_CUES {
                break;
            }
            let start = sample.pts.saturating_add(text.shift);
            let end = start.saturating_add(sample.duration);
            cues.push(Cue { start: start.max(Time::ZERO), end, payload: sample.payload });
        }
        cues.sort_by_key(|cue| cue.start);
        // What doesn't say how long it lasts lasts until the next begins.
        let mut following: Option<Time> = None;
        for cue in cues.iter_mut().rev() {
            if cue.end <= cue.start {
                cue.end = following.unwrap_or(cue.start.saturating_add(USUAL));
            }
            following = Some(cue.start);
        }
        cues.retain(|cue| cue.end > cue.start);
        Ok(Self {
            cues: cues.into(),
            markup: text.markup,
            format: text.format.clone(),
            next: 0,
            shown: VecDeque::new(),
            at: Time::ZERO,
        })
    }

    /// The next stretch during which the same is shown: its end.
    fn step(&mut self) -> Option<Time> {
        let at = self.at;
        self.shown.retain(|index| self.cues[*index].end > at);
        while let Some(cue) = self.cues.get(self.next).filter(|cue| cue.start <= at) {
            if cue.end > at && self.shown.len() < MOST {
                self.shown.push_back(self.next);
            }
            self.next += 1;
        }
        let begins = self.cues.get(self.next).map(|cue| cue.start);
        let ends = self.shown.iter().map(|index| self.cues[*index].end).min();
        [begins, ends].into_iter().flatten().min()
    }

    fn text(&self) -> Result<Styled> {
        let mut text = Styled::default();
        for index in &self.shown {
            let bytes = self.cues[*index].payload.load()?;
            let held = &bytes[..bytes.len().min(LONGEST)];
            text.push_line(&self.markup.read(&String::from_utf8_lossy(held)));
        }
        Ok(text)
    }
}

impl SampleCursor for TextCursor {
    fn next_sample(&mut self) -> Result<Option<SampleBuffer>> {
        let Some(end) = self.step() else { return Ok(None) };
        let (start, text) = (self.at, self.text()?);
        self.at = end;
        Ok(Some(SampleBuffer {
            format: self.format.clone(),
            payload: Payload::from(text.sample()),
            dts: start,
            pts: start,
            duration: end.saturating_sub(start),
            flags: SampleFlags::SYNC,
            trim: Trim::default(),
        }))
    }

    fn peek_offset(&mut self) -> Result<Option<u64>> {
        // Samples made in memory lie nowhere.
        Ok(None)
    }

    fn seek(&mut self, time: Time) -> Result<()> {
        (self.next, self.at) = (0, Time::ZERO);
        self.shown.clear();
        while let Some(end) = self.step() {
            if end > time {
                break;
            }
            self.at = end;
        }
        Ok(())
    }
}
