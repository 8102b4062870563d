use reelwright_media::{CancelToken, Edit, Error, Result, Rounding, Time, TimeRange, Timescale, Track};

use super::progress::Meter;
use super::report::Counts;
use crate::reader::{Span, spans};
use crate::{Asset, Input, InputConfig};

/// One track copied beside others that are encoded, or cut.
pub(super) struct CopyJob<'a> {
    pub(super) asset: &'a Asset,
    pub(super) track: &'a Track,
    /// Ticks of the output's edits.
    pub(super) ticks: Timescale,
    pub(super) range: TimeRange,
    /// Whether only part of the movie is wanted.
    pub(super) cut: bool,
    pub(super) stop: CancelToken,
    pub(super) meter: &'a Meter,
}

impl CopyJob<'_> {
    /// Whole tracks keep their edit list; cut ones get a new one, which hides what has to be stored before the cut.
    pub(super) fn config(&self) -> InputConfig {
        let movie = self.asset.movie().timescale;
        let recount = |edit: &Edit| {
            let length = Time::new(i64::try_from(edit.duration).unwrap_or(i64::MAX), movie);
            let ticks = length.ticks_in(self.ticks, Rounding::Nearest).unwrap_or(i64::MAX);
            Edit { duration: u64::try_from(ticks).unwrap_or(0), ..*edit }
        };
        let edits = self.track.edits.iter().map(recount).collect();
        let config = InputConfig::copy_track(&Track { edits, ..self.track.clone() });
        if self.cut { config.follow_session() } else { config }
    }

    /// Copies to the end.
    pub(super) fn run(&self, input: Input) -> Result<Counts> {
        if self.cut { self.run_cut(input) } else { self.run_whole(input) }
    }

    fn run_whole(&self, mut input: Input) -> Result<Counts> {
        let mut counts = Counts::default();
        let mut cursor = self.asset.cursor(self.track.id)?;
        while let Some(sample) = cursor.next_sample()? {
            self.stop.check()?;
            self.meter.count(0, sample.payload.len(), Time::ZERO);
            input.append(sample)?;
            counts.read += 1;
            counts.written += 1;
        }
        input.finish()?;
        Ok(counts)
    }

    /// Copies from the sample decoding must start at to the end of the range, on the presentation's timeline.
    fn run_cut(&self, mut input: Input) -> Result<Counts> {
        let mut counts = Counts::default();
        let spans = spans(self.asset.movie(), self.track, self.range);
        if spans.len() > 1 {
            return Err(Error::unsupported(format!(
                "the edit list of track {} has {} parts in this range",
                self.track.id,
                spans.len()
            ))
            .at_track(self.track.id)
            .with_hint("export with a preset that encodes, or copy the whole movie"));
        }
        if let Some(span) = spans.first() {
            let mut cursor = self.asset.cursor(self.track.id)?;
            cursor.seek(self.decoding_start(span))?;
            while let Some(mut sample) = cursor.next_sample()? {
                self.stop.check()?;
                if sample.dts >= span.media_end && sample.pts >= span.media_end {
                    break;
                }
                (sample.dts, sample.pts) = (span.shown_at(sample.dts), span.shown_at(sample.pts));
                self.meter.count(0, sample.payload.len(), sample.pts);
                input.append(sample)?;
                counts.read += 1;
                counts.written += 1;
            }
        }
        input.finish()?;
        Ok(counts)
    }

    /// Transform codecs need the packets before the first one heard.
    fn decoding_start(&self, span: &Span) -> Time {
        let Some(audio) = self.track.formats.first().and_then(|format| format.as_audio()) else {
            return span.media_start;
        };
        let packets = i64::from(self.track.roll_distance.map_or(1, i16::unsigned_abs));
        let ticks = i64::from(audio.frames_per_packet) * packets;
        let back = if audio.frames_per_packet > 1 { ticks } else { 0 };
        span.media_start.saturating_sub(Time::new(back, Timescale::or_one(audio.sample_rate)))
    }
}
