use std::collections::VecDeque;
use std::sync::Arc;

use reelwright_codec::{AudioDecoder, Registry};
use reelwright_formats::SampleCursor;
use reelwright_media::{
    AudioBuffer, CancelToken, ChannelLayout, Edit, EditTimeline, FormatDescription, Result, Rounding,
    SampleBuffer, Span, Stage, Time, TimeRange, Timescale, Track,
};

use super::damage::{Damage, Tolerance};
use super::{same_format, track_of};
use crate::Asset;

/// The sound of an audio track as it is heard: decoded, on the presentation timeline, edits resolved, priming and
/// remainder gone.
///
/// Buffers come in order. Where the timeline has nothing (empty edits, gaps in the track) there is a gap between one
/// buffer's end and the next one's start.
pub(crate) struct SoundReader {
    asset: Asset,
    track: Track,
    registry: Registry,
    cancel: CancelToken,
    spans: VecDeque<Span>,
    current: Option<Playing>,
    decoder: Option<(Arc<FormatDescription>, Box<dyn AudioDecoder>)>,
    ready: VecDeque<AudioBuffer>,
    read: u64,
    decoded: u64,
    /// What the decoder puts out, once it has.
    sounds_like: Option<(Timescale, ChannelLayout)>,
    tolerance: Tolerance,
}

struct Playing {
    span: Span,
    cursor: Box<dyn SampleCursor>,
    /// The media time, in frames of the decoded rate, of the next decoded frame; unknown before the first.
    position: Option<i64>,
    media_length: Time,
    /// How long the packet read last lasts.
    before: Option<Time>,
    /// Where the media ends, once its last packet states that it isn't heard whole.
    end: Option<Time>,
    done: bool,
}

/// Timestamps of stored packets may wander this far from the sum of what was decoded before they are believed over
/// it: less is jitter of a recorder's clock, more is a gap one would hear as lost sync.
const TOLERANCE: Time = Time::from_millis(5);

impl SoundReader {
    /// Reads `range` of the presentation of audio track `track`; the start of the range becomes time zero.
    ///
    /// # Errors
    ///
    /// [`reelwright_media::ErrorKind::Misuse`] where there is no such track or it isn't sound.
    pub(crate) fn new(asset: &Asset, track: u32, range: TimeRange, registry: &Registry) -> Result<Self> {
        let track = track_of(asset, track, "sound", |format| format.as_audio().is_some())?;
        Ok(Self {
            asset: asset.clone(),
            spans: EditTimeline::of(&track, asset.movie().timescale).spans(range).into(),
            track,
            registry: registry.clone(),
            cancel: CancelToken::new(),
            current: None,
            decoder: None,
            ready: VecDeque::new(),
            read: 0,
            decoded: 0,
            sounds_like: None,
            tolerance: Tolerance::default(),
        })
    }

    /// Stops with [`reelwright_media::ErrorKind::Cancelled`] once the token is raised.
    #[must_use]
    pub(crate) fn cancelled_by(mut self, cancel: CancelToken) -> Self {
        self.cancel = cancel;
        self
    }

    /// Packets read so far.
    pub(crate) fn packets(&self) -> u64 {
        self.read
    }

    /// Packets that couldn't be decoded so far. Silence of the same length takes their place.
    pub(crate) fn damage(&self) -> Option<&Damage> {
        self.tolerance.damage()
    }

    /// The next stretch of sound, or `None` after the last.
    ///
    /// # Errors
    ///
    /// What reading brings up; of decoding what can't be read past: nothing of the track decodes, or less than a third.
    pub(crate) fn next_buffer(&mut self) -> Result<Option<AudioBuffer>> {
        loop {
            if let Some(buffer) = self.ready.pop_front() {
                return Ok(Some(buffer));
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
            return self.tolerance.settle(self.read, self.decoded).map(|()| false);
        };
        let mut cursor = self.asset.cursor(self.track.id)?;
        cursor.seek(span.media_start.saturating_sub(self.track.preroll()))?;
        self.current = Some(Playing {
            span,
            cursor,
            position: None,
            media_length: self.track.media_duration,
            before: None,
            end: None,
            done: false,
        });
        Ok(true)
    }

    fn step(&mut self) -> Result<()> {
        self.cancel.check()?;
        let Some(playing) = &mut self.current else { return Ok(()) };
        let sample = if playing.done { None } else { playing.cursor.next_sample()? };
        let Some(sample) = sample else { return self.end_span() };
        playing.note_end(&sample)?;
        let index = self.read;
        self.read += 1;
        if self.decoder.as_ref().is_none_or(|(format, _)| !same_format(format, &sample.format)) {
            self.drain()?;
            let (_, decoder) = self.registry.audio_decoder(&sample.format)?;
            self.decoder = Some((sample.format.clone(), decoder));
            // Frames of the rate before are not counted on in.
            if let Some(playing) = &mut self.current {
                playing.position = None;
            }
        }
        let (Some(playing), Some((_, decoder))) = (&mut self.current, &mut self.decoder) else {
            return Ok(());
        };
        let (ready, decoded, sounds_like) = (&mut self.ready, &mut self.decoded, &mut self.sounds_like);
        // Decoders call a single channel mono; the track may say that it is one of several.
        let label = sample.format.as_audio().and_then(|audio| audio.layout.clone());
        let label = label.filter(|layout| layout.count() == 1);
        let result = decoder.decode(&sample, &mut |mut buffer| {
            *decoded += 1;
            if let Some(label) = label.as_ref().filter(|_| buffer.layout.count() == 1) {
                buffer.layout = label.clone();
            }
            if sounds_like
                .as_ref()
                .is_none_or(|(rate, layout)| *rate != buffer.sample_rate || *layout != buffer.layout)
            {
                *sounds_like = Some((buffer.sample_rate, buffer.layout.clone()));
            }
            playing.take(buffer, ready);
            Ok(())
        });
        let Err(error) = result else { return Ok(()) };
        let error = error.at_stage(Stage::Decode).at_sample(index).at_time(sample.pts);
        let at = playing.span.shown_at(sample.pts);
        self.tolerance.note(error, at, self.decoded)?;
        // Before the first packet that decodes, the timeline has a gap.
        if let Some((rate, layout)) = &self.sounds_like {
            let frames = usize::try_from(frames_at(sample.duration, *rate)).unwrap_or(0);
            playing.take(AudioBuffer::silence(*rate, layout.clone(), sample.pts, frames), &mut self.ready);
        }
        Ok(())
    }

    fn drain(&mut self) -> Result<()> {
        let (Some(playing), Some((_, decoder))) = (&mut self.current, &mut self.decoder) else {
            return Ok(());
        };
        let ready = &mut self.ready;
        let result = decoder.finish(&mut |buffer| {
            playing.take(buffer, ready);
            Ok(())
        });
        let Err(error) = result.map_err(|error| error.at_stage(Stage::Decode)) else { return Ok(()) };
        let at = playing.span.shown.end();
        self.tolerance.note(error, at, self.decoded)
    }

    fn end_span(&mut self) -> Result<()> {
        self.drain()?;
        self.current = None;
        Ok(())
    }
}

impl Playing {
    /// The last packet of a track may state that it is shorter than those before: the rest of it is padding, whether or
    /// not an edit list says so too (fragmented files can't say it when they begin).
    fn note_end(&mut self, sample: &SampleBuffer) -> Result<()> {
        let rate = sample.format.as_audio().map_or(0, |audio| audio.sample_rate);
        // Ticks coarser than frames make packets of one length differ by one.
        let jitter =
            Time::new(i64::from(sample.duration.scale().ticks() < rate / 2), sample.duration.scale());
        let Some(before) = self.before.replace(sample.duration) else { return Ok(()) };
        let shorter = !sample.duration.is_zero() && sample.duration.saturating_add(jitter) < before;
        if shorter && self.cursor.peek_offset()?.is_none() {
            self.end = Some(sample.pts.saturating_add(sample.duration));
        }
        Ok(())
    }

    /// Cuts a decoded buffer to the span and places it on the timeline.
    fn take(&mut self, mut buffer: AudioBuffer, ready: &mut VecDeque<AudioBuffer>) {
        let rate = buffer.sample_rate;
        let stated = frames_at(buffer.pts, rate);
        let tolerance = frames_at(TOLERANCE, rate);
        let start = match self.position {
            Some(expected) if (stated - expected).abs() <= tolerance => expected,
            _ => stated,
        };
        let count = i64::try_from(buffer.frames()).unwrap_or(i64::MAX);
        self.position = Some(start + count);
        let (first, last) = (frames_at(self.span.media_start, rate), self.last_frame(rate));
        if start >= last {
            self.done = true;
            return;
        }
        let lead = (first - start).clamp(0, count);
        let keep = (last - start).clamp(0, count) - lead;
        if keep <= 0 {
            return;
        }
        buffer.trim_start(usize::try_from(lead).unwrap_or(0));
        buffer.truncate(usize::try_from(keep).unwrap_or(0));
        let offset = Time::new(start + lead - first, rate);
        buffer.pts = self.span.shown.start.saturating_add(self.span.unscaled(offset));
        if self.span.rate != Edit::NORMAL_RATE && self.span.rate > 0 {
            // Played faster or slower, the pitch follows: the same frames at another rate.
            let scaled = u64::from(rate.ticks()) * u64::from(self.span.rate.unsigned_abs())
                / u64::from(Edit::NORMAL_RATE.unsigned_abs());
            buffer.sample_rate = Timescale::or_one(u32::try_from(scaled).unwrap_or(u32::MAX));
        }
        ready.push_back(buffer);
    }

    /// The frame the span ends before; the media's own end where only the coarseness of the movie's ticks cuts it off.
    fn last_frame(&self, rate: Timescale) -> i64 {
        let left = self.media_length.saturating_sub(self.span.media_end);
        let near = !left.is_negative() && left < self.span.slack;
        let shown = if near { self.media_length } else { self.span.media_end };
        frames_at(self.end.map_or(shown, |end| end.min(shown)), rate)
    }
}

/// The ticks of `time` in whole frames of `rate` per second.
fn frames_at(time: Time, rate: Timescale) -> i64 {
    time.ticks_in(rate, Rounding::Nearest).unwrap_or(0)
}
