use reelwright_media::{CancelToken, EditTimeline, MediaType, Result, SampleBuffer, Time, TimeRange, Track};

use super::cues::{Cues, is_of_cues};
use super::cut::Cut;
use super::progress::Meter;
use super::report::{Counts, Loss};
use crate::cut_short::{counted_in_frames, present_part};
use crate::whole::WholeFrames;
use crate::{Asset, Input, InputConfig, MetadataPolicy};

/// One track copied beside others that are encoded, or cut.
pub(super) struct CopyJob<'a> {
    pub(super) asset: &'a Asset,
    pub(super) track: &'a Track,
    /// The part of the presentation that is wanted.
    pub(super) range: TimeRange,
    /// Whether that is less than everything.
    pub(super) cut: bool,
    pub(super) stop: CancelToken,
    pub(super) meter: &'a Meter,
    /// Whether copies alone move the progress bar.
    pub(super) leads: bool,
}

impl CopyJob<'_> {
    /// Whole tracks keep their edit list; cut ones get the part of it that shows the range, which hides what has to be
    /// stored around it. Cues are cut themselves.
    pub(super) fn config(&self, metadata: &MetadataPolicy) -> InputConfig {
        let held = present_part(self.asset.movie(), self.track, self.asset.demuxer().missing(self.track.id));
        let edits = match self.cut {
            true if is_of_cues(self.track) => Vec::new(),
            true => self.timeline().cut(self.range),
            false => held.edits.clone(),
        };
        let held = counted_in_frames(Track { edits, ..held });
        InputConfig::copy_track(&metadata.of_track(held)).keep_times()
    }

    /// Copies to the end.
    pub(super) fn run(&self, mut input: Input) -> Result<(Counts, Option<Loss>)> {
        crate::trace::stage!("copy", track = self.track.id);
        let (mut counts, mut whole) = (Counts::default(), WholeFrames::default());
        if self.cut && is_of_cues(self.track) {
            let mut cues = Cues::new(self.asset, self.track, self.range)?;
            while let Some(cue) = cues.next()? {
                self.copy(cue, Time::ZERO, &mut input, &mut counts)?;
            }
            input.finish()?;
            return Ok((counts, None));
        }
        let mut cursor = self.asset.cursor(self.track.id)?;
        // From the media's time to the output's, by the first edit: near enough for a progress bar.
        let shift = self.timeline().shift().saturating_sub(self.range.start);
        if self.cut {
            let cut = Cut::new(self.track, &self.timeline(), self.range);
            cut.copy(cursor.as_mut(), |sample| {
                self.copy_whole(sample, &mut whole, shift, &mut input, &mut counts)
            })?;
        } else {
            while let Some(sample) = cursor.next_sample()? {
                self.copy_whole(sample, &mut whole, shift, &mut input, &mut counts)?;
            }
        }
        input.finish()?;
        Ok((counts, whole.loss(shift)))
    }

    /// Copies what is whole of a sample, silence in front of it where it is needed.
    fn copy_whole(
        &self,
        sample: SampleBuffer,
        whole: &mut WholeFrames,
        shift: Time,
        input: &mut Input,
        counts: &mut Counts,
    ) -> Result<()> {
        let Some(sample) = whole.take(sample) else { return Ok(()) };
        if let Some(pause) = whole.pause_before(&sample) {
            self.copy(pause, shift, input, counts)?;
        }
        self.copy(sample, shift, input, counts)
    }

    fn copy(&self, sample: SampleBuffer, shift: Time, input: &mut Input, counts: &mut Counts) -> Result<()> {
        self.stop.check()?;
        let (frames, done) = match self.leads {
            true => (u64::from(self.track.media == MediaType::Video), sample.pts.saturating_add(shift)),
            false => (0, Time::ZERO),
        };
        self.meter.count(frames, sample.payload.len(), done);
        input.append(sample)?;
        counts.read += 1;
        counts.written += 1;
        Ok(())
    }

    fn timeline(&self) -> EditTimeline {
        EditTimeline::of(self.track, self.asset.movie().timescale)
    }
}
