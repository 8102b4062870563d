use std::collections::VecDeque;

use reelwright_codec::{PictureWork, Registry, VideoDecoder, VideoDecoderSettings};
use reelwright_formats::SampleCursor;
use reelwright_media::{
    CancelToken, EditTimeline, Error, FormatDescription, Result, SampleBuffer, Span, Stage, Time, TimeRange,
    Track, VideoFrame,
};
use std::sync::Arc;

use super::captions::Captions;
use super::damage::{Damage, Tolerance};
use super::{same_format, track_of};
use crate::Asset;

/// The pictures of a video track as they are shown: decoded, in display order, on the presentation timeline, edits
/// resolved. `AVAssetReaderTrackOutput` with decompression.
///
/// Memory is bounded by what the decoder holds for reordering.
pub(crate) struct FrameReader {
    asset: Asset,
    track: Track,
    registry: Registry,
    threads: usize,
    memory_budget: usize,
    early: Option<PictureWork>,
    cancel: CancelToken,
    /// Whether the track is read from its beginning.
    from_start: bool,
    spans: VecDeque<Span>,
    current: Option<Playing>,
    decoder: Option<OpenDecoder>,
    ready: VecDeque<VideoFrame>,
    decoder_name: Option<String>,
    decoded: u64,
    read: u64,
    /// Pictures that came too late to be shown in order.
    unplaced: u64,
    /// Samples behind the end of a span whose pictures weren't waited for.
    abandoned: u64,
    /// Samples that by their own account can't be decoded from where reading begins.
    skipped: u64,
    /// Those of them that would be seen, and when the first would be.
    orphans: Option<(u64, Time)>,
    tolerance: Tolerance,
    captions: Captions,
}

/// A decoder and the format it was opened for.
struct OpenDecoder {
    format: Arc<FormatDescription>,
    decoder: Box<dyn VideoDecoder>,
}

/// The span being read.
struct Playing {
    span: Span,
    cursor: Box<dyn SampleCursor>,
    /// The first sample of another format, which waits until the decoder before it is empty.
    next: Option<SampleBuffer>,
    /// The latest frame, held until the next one tells how long it lasts.
    held: Option<VideoFrame>,
    /// How long the frame before it lasted.
    step: Time,
    done: bool,
    /// Samples fed and pictures decoded that are shown after the span.
    past: (u64, u64),
}

impl FrameReader {
    /// Reads `range` of the presentation of video track `track`; the start of the range becomes time zero.
    ///
    /// # Errors
    ///
    /// [`reelwright_media::ErrorKind::Misuse`] where there is no such track or it isn't video.
    pub(crate) fn new(asset: &Asset, track: u32, range: TimeRange, registry: &Registry) -> Result<Self> {
        let track = track_of(asset, track, "video", |format| format.as_video().is_some())?;
        Ok(Self {
            asset: asset.clone(),
            spans: EditTimeline::of(&track, asset.movie().timescale).spans(range).into(),
            from_start: range.start <= track.range.start,
            track,
            registry: registry.clone(),
            threads: 0,
            memory_budget: 0,
            early: None,
            cancel: CancelToken::new(),
            current: None,
            decoder: None,
            ready: VecDeque::new(),
            decoder_name: None,
            decoded: 0,
            read: 0,
            unplaced: 0,
            abandoned: 0,
            skipped: 0,
            orphans: None,
            tolerance: Tolerance::default(),
            captions: Captions::default(),
        })
    }

    /// Lets the decoder use at most so many threads; 0 leaves it to the decoder.
    #[must_use]
    pub(crate) fn threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// Lets so many bytes of pictures wait in the decoder for those before them; 0 leaves it to the decoder.
    #[must_use]
    pub(crate) fn memory_budget(mut self, bytes: usize) -> Self {
        self.memory_budget = bytes;
        self
    }

    /// What the caller does to every picture, for decoders that can do it before pictures wait
    /// ([`VideoDecoderSettings::early`]): some pictures come out with it done.
    #[must_use]
    pub(crate) fn early(mut self, work: PictureWork) -> Self {
        self.early = Some(work);
        self
    }

    /// Stops with [`reelwright_media::ErrorKind::Cancelled`] once the token is raised.
    #[must_use]
    pub(crate) fn cancelled_by(mut self, cancel: CancelToken) -> Self {
        self.cancel = cancel;
        self
    }

    /// The id of the decoder in use, once it is open.
    pub(crate) fn decoder(&self) -> Option<&str> {
        self.decoder_name.as_deref()
    }

    /// Samples read and pictures decoded so far, those outside the edits included, but not what a decoder had taken in of
    /// the pictures behind the range.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.awaited(), self.decoded)
    }

    /// Samples read so far of which no picture was shown: they gave none, or one out of order.
    pub(crate) fn lost(&self) -> u64 {
        self.awaited().saturating_sub(self.decoded + self.skipped).saturating_add(self.unplaced)
    }

    /// How many pictures of the wanted range refer to some before the first that was read, and so aren't shown, and when
    /// the first of them would be. Some decoders show them all the same.
    pub(crate) fn orphans(&self) -> Option<(u64, Time)> {
        let lacking = self.awaited().saturating_sub(self.decoded);
        self.orphans.map(|(count, from)| (count.min(lacking), from)).filter(|(count, _)| *count > 0)
    }

    /// Samples read so far, without those whose pictures nobody waits for.
    fn awaited(&self) -> u64 {
        self.read.saturating_sub(self.abandoned)
    }

    /// Samples that couldn't be decoded so far. Their pictures are left out; the one before lasts until the next.
    pub(crate) fn damage(&self) -> Option<&Damage> {
        self.tolerance.damage()
    }

    /// The next picture, or `None` after the last. Its duration is known unless the track ends with it and says
    /// nothing.
    ///
    /// # Errors
    ///
    /// What reading brings up; of decoding what can't be read past: nothing of the track decodes, or less than a third.
    pub(crate) fn next_frame(&mut self) -> Result<Option<VideoFrame>> {
        loop {
            if let Some(frame) = self.ready.pop_front() {
                return Ok(Some(frame));
            }
            if !self.advance().map_err(|error| error.at_track(self.track.id))? {
                return Ok(None);
            }
        }
    }

    /// Goes one step on, into the next span where none is read; `false` after the last.
    fn advance(&mut self) -> Result<bool> {
        if self.current.is_some() {
            return self.step().map(|()| true);
        }
        let Some(span) = self.spans.pop_front() else {
            return self.tolerance.settle(self.awaited(), self.decoded).map(|()| false);
        };
        let mut cursor = self.asset.cursor(self.track.id)?;
        cursor.seek(span.media_start)?;
        self.current = Some(Playing {
            span,
            cursor,
            next: None,
            held: None,
            step: Time::ZERO,
            done: false,
            past: (0, 0),
        });
        Ok(true)
    }

    /// Takes a picture that is due, feeds one sample, or ends the span.
    fn step(&mut self) -> Result<()> {
        self.cancel.check()?;
        if self.decoder.is_some() && self.decode(|decoder, place| decoder.catch_up(place))? {
            return Ok(());
        }
        let Some(playing) = &mut self.current else { return Ok(()) };
        if playing.done {
            return self.leave_span();
        }
        let sample = match playing.next.take() {
            None => playing.cursor.next_sample()?,
            waited => waited,
        };
        let Some(mut sample) = sample else { return self.end_span() };
        if self.decoder.as_ref().is_some_and(|open| !same_format(&open.format, &sample.format)) {
            playing.next = Some(sample);
            if !self.drain()? {
                self.decoder = None;
            }
            return Ok(());
        }
        self.read += 1;
        playing.past.0 += u64::from(playing.is_past(sample.pts));
        self.captions.note(&mut sample);
        if sample.flags.leading == 1 {
            self.skipped += 1;
            if self.from_start || sample.pts >= playing.span.media_start {
                let shown = playing.span.shown_at(sample.pts.max(playing.span.media_start));
                let (count, from) = self.orphans.unwrap_or((0, shown));
                self.orphans = Some((count + 1, from.min(shown)));
            }
        }
        if self.decoder.is_none() {
            self.open_decoder(&sample.format)?;
        }
        let index = self.read - 1;
        // A decoder may be behind: the time is that of the sample it speaks of.
        let located = |error: Error| error.at_sample(index).at_time(sample.pts);
        let fed =
            self.decode(|decoder, place| decoder.decode(&sample, place).map(|()| true).map_err(located));
        fed.map(drop)
    }

    /// Lets the decoder work, and places the pictures that come out. Damage is noted, and otherwise as false.
    fn decode(
        &mut self,
        work: impl FnOnce(&mut dyn VideoDecoder, &mut dyn FnMut(VideoFrame) -> Result<()>) -> Result<bool>,
    ) -> Result<bool> {
        let (Some(playing), Some(open)) = (&mut self.current, &mut self.decoder) else { return Ok(false) };
        let (ready, decoded, unplaced) = (&mut self.ready, &mut self.decoded, &mut self.unplaced);
        let captions = &mut self.captions;
        let mut place = |mut frame: VideoFrame| {
            *decoded += 1;
            captions.put_on(&mut frame);
            *unplaced += u64::from(!playing.take(frame, ready));
            Ok(())
        };
        let result = work(open.decoder.as_mut(), &mut place);
        self.note(result)
    }

    /// Takes in what came of decoding; damage is read past, and counts as false.
    fn note(&mut self, result: Result<bool>) -> Result<bool> {
        let (error, playing) = match (result, &self.current) {
            (Err(error), Some(playing)) => (error, playing),
            (result, _) => return result,
        };
        let at = error.place().time.map_or(playing.span.shown.end(), |time| playing.span.shown_at(time));
        self.tolerance.note(error.at_stage(Stage::Decode), at, self.decoded).map(|()| false)
    }

    fn open_decoder(&mut self, format: &Arc<FormatDescription>) -> Result<()> {
        let settings = VideoDecoderSettings {
            format: format.clone(),
            threads: self.threads,
            memory_budget: self.memory_budget,
            early: self.early.clone(),
            cancel: self.cancel.clone(),
        };
        let (info, decoder) = self.registry.video_decoder(&settings)?;
        crate::trace::note!("decoder", track = self.track.id, id = info.id);
        self.decoder_name = Some(info.id);
        self.decoder = Some(OpenDecoder { format: format.clone(), decoder });
        Ok(())
    }

    /// Takes a picture of those still in the decoder, if not more; false once it is empty.
    fn drain(&mut self) -> Result<bool> {
        self.decode(|decoder, place| decoder.drain(place))
    }

    /// Takes what is left in the decoder at the end of the media, then ends the span.
    fn end_span(&mut self) -> Result<()> {
        if self.drain()? {
            return Ok(());
        }
        self.captions.clear();
        if let Some(mut playing) = self.current.take() {
            playing.release(None, &mut self.ready);
        }
        Ok(())
    }

    /// Ends the span where more media follows. What is in the decoder isn't seen, so it isn't waited for.
    fn leave_span(&mut self) -> Result<()> {
        self.decoder = None;
        self.captions.clear();
        if let Some(mut playing) = self.current.take() {
            self.abandoned += playing.past.0.saturating_sub(playing.past.1);
            playing.release(None, &mut self.ready);
        }
        Ok(())
    }
}

impl Playing {
    /// Whether a picture that begins then is behind the span.
    fn is_past(&self, pts: Time) -> bool {
        match self.span.rate {
            0 => pts > self.span.media_start,
            _ => pts >= self.span.media_end,
        }
    }

    /// Takes a decoded frame; the one before it now has its length. False where it comes too late to be shown.
    fn take(&mut self, frame: VideoFrame, ready: &mut VecDeque<VideoFrame>) -> bool {
        let past = self.is_past(frame.pts);
        self.past.1 += u64::from(past);
        // A held picture is the last one that begins at or before the point.
        self.done |= past && (self.span.rate != 0 || self.held.is_some());
        if self.done {
            return true;
        }
        match &self.held {
            // Of frames for one instant, or from one before it (overlapping fragments), the first is shown.
            Some(held) if self.span.rate != 0 && frame.pts <= held.pts => return false,
            Some(held) => self.step = frame.pts.saturating_sub(held.pts),
            None => {}
        }
        if self.span.rate != 0 {
            self.release(Some(frame.pts), ready);
        }
        self.held = Some(frame);
        true
    }

    /// Puts out the held frame, which lasts until the media time `next` or, at the end, its own duration, if any of
    /// it is seen in the span.
    fn release(&mut self, next: Option<Time>, ready: &mut VecDeque<VideoFrame>) {
        let Some(frame) = self.held.take() else { return };
        if self.span.rate == 0 {
            let TimeRange { start, duration } = self.span.shown;
            ready.push_back(VideoFrame { pts: start, duration: Some(duration), ..frame });
            return;
        }
        // A last frame that doesn't say how long it lasts does so as long as the one before.
        let length = frame.duration.filter(|duration| !duration.is_zero()).unwrap_or(self.step);
        let ends = next.unwrap_or_else(|| frame.pts.saturating_add(length));
        let cut_short = ends.saturating_sub(self.span.media_end);
        let end = if cut_short < self.span.slack { ends } else { self.span.media_end };
        if end <= self.span.media_start && !(next.is_none() && frame.pts >= self.span.media_start) {
            return;
        }
        let start = frame.pts.max(self.span.media_start);
        let duration = self.span.unscaled(end.saturating_sub(start));
        ready.push_back(VideoFrame { pts: self.span.shown_at(start), duration: Some(duration), ..frame });
    }
}
