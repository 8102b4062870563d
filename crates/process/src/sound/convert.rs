use reelwright_media::{AudioBuffer, ChannelLayout, Error, Result, Rounding, Time, Timescale};

use super::{Remix, Resampler};

/// Makes sound of one rate and layout of whatever buffers come, on one timeline. `AVAudioConverter`.
///
/// Buffers that follow each other are one stream: `n` frames make `round(n * to / from)`, the first at the same instant as
/// the first that came, with the filter's delay made up for. What comes out is in order and never overlaps. A hole between
/// two buffers is a hole in what comes out, to the frame, or silence where it is short; of a buffer that begins before the
/// end of the one before, what was heard already is left out. Rate and layout may change from buffer to buffer.
pub struct AudioConverter {
    rate: Timescale,
    layout: ChannelLayout,
    tolerance: Time,
    remix: Option<(ChannelLayout, Remix)>,
    /// There while buffers of another rate than `rate` follow each other.
    resampler: Option<(Timescale, Resampler)>,
    /// Up to where sound has come; `None` before the first.
    heard: Option<Time>,
    /// The place of the next frame that goes out.
    position: i64,
    left_out: Time,
}

/// Holes of up to so many frames run through the filter as silence, so that its phase stays exact; behind longer ones it
/// starts anew, on a whole frame, and they cost nothing.
const SHORT: i64 = 4096;

impl AudioConverter {
    /// Makes sound of `rate` and `layout`.
    pub fn new(rate: Timescale, layout: ChannelLayout) -> Self {
        Self {
            rate,
            layout,
            tolerance: Time::ZERO,
            remix: None,
            resampler: None,
            heard: None,
            position: 0,
            left_out: Time::ZERO,
        }
    }

    /// Joins buffers that miss each other by no more than this, as if they did not. Default nothing.
    #[must_use]
    pub fn tolerance(mut self, tolerance: Time) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Whether buffers of this rate can be converted; nothing changes.
    ///
    /// # Errors
    ///
    /// As [`Resampler::new`].
    pub fn accepts(&self, rate: Timescale) -> Result<()> {
        Resampler::check(rate.ticks(), self.rate.ticks())
    }

    /// Takes a buffer; `out` is called with what it completes.
    ///
    /// # Errors
    ///
    /// [`reelwright_media::ErrorKind::Misuse`] for a time that doesn't fit 64 bits,
    /// [`reelwright_media::ErrorKind::Unsupported`] for sound that can't be converted ([`Remix::new`],
    /// [`Resampler::new`]); what `out` returns.
    pub fn convert(
        &mut self,
        mut buffer: AudioBuffer,
        out: &mut dyn FnMut(AudioBuffer) -> Result<()>,
    ) -> Result<()> {
        let rate = buffer.sample_rate;
        let start = frame_at(buffer.pts, rate)?;
        let stated = frame_at(buffer.pts, self.rate)?;
        let expected = self.heard.map(|heard| frame_at(heard, rate)).transpose()?;
        let tolerance = self.tolerance.ticks_in(rate, Rounding::Nearest).unwrap_or(i64::MAX).max(0);
        let from = match expected {
            Some(expected) if start.saturating_sub(expected) <= tolerance => {
                let overlap = expected.saturating_sub(start);
                if overlap > tolerance {
                    let before = buffer.pts;
                    buffer.trim_start(usize::try_from(overlap).unwrap_or(usize::MAX));
                    self.left_out = self.left_out.saturating_add(buffer.pts.saturating_sub(before));
                }
                expected
            }
            Some(expected) => {
                self.leave_hole(start.saturating_sub(expected), rate, stated, out)?;
                start
            }
            None => {
                self.position = stated;
                start
            }
        };
        let count = i64::try_from(buffer.frames()).unwrap_or(i64::MAX);
        if count == 0 {
            return Ok(());
        }
        let buffer = self.remixed(buffer)?;
        self.push(rate, buffer.into_planes(), out)?;
        self.heard = Some(Time::new(from.saturating_add(count), rate));
        Ok(())
    }

    /// How much was left out because it had been heard already.
    pub fn left_out(&self) -> Time {
        self.left_out
    }

    /// Puts out what is still inside. The converter can be fed again afterwards.
    ///
    /// # Errors
    ///
    /// What `out` returns.
    pub fn finish(&mut self, out: &mut dyn FnMut(AudioBuffer) -> Result<()>) -> Result<()> {
        match self.resampler.take() {
            Some((_, mut resampler)) => self.put_out(resampler.finish()?, out),
            None => Ok(()),
        }
    }

    /// Goes on behind a hole of `gap` frames of `rate`, where the output is at frame `stated`.
    fn leave_hole(
        &mut self,
        gap: i64,
        rate: Timescale,
        stated: i64,
        out: &mut dyn FnMut(AudioBuffer) -> Result<()>,
    ) -> Result<()> {
        if gap <= SHORT && self.resampler.as_ref().is_some_and(|(from, _)| *from == rate) {
            let silence = vec![vec![0.0; usize::try_from(gap).unwrap_or(0)]; self.layout.count()];
            return self.push(rate, silence, out);
        }
        self.finish(out)?;
        self.position = self.position.max(stated);
        Ok(())
    }

    fn remixed(&mut self, buffer: AudioBuffer) -> Result<AudioBuffer> {
        if buffer.layout == self.layout {
            return Ok(buffer);
        }
        let remix = match self.remix.take() {
            Some((from, remix)) if from == buffer.layout => remix,
            _ => Remix::new(&buffer.layout, &self.layout)?,
        };
        let mixed = remix.apply(&buffer);
        self.remix = Some((buffer.layout, remix));
        Ok(mixed)
    }

    fn push(
        &mut self,
        rate: Timescale,
        planes: Vec<Vec<f32>>,
        out: &mut dyn FnMut(AudioBuffer) -> Result<()>,
    ) -> Result<()> {
        if self.resampler.as_ref().is_some_and(|(from, _)| *from != rate) {
            self.finish(out)?;
        }
        if rate == self.rate {
            return self.put_out(planes, out);
        }
        let (_, resampler) = match &mut self.resampler {
            Some(running) => running,
            none => {
                none.insert((rate, Resampler::new(rate.ticks(), self.rate.ticks(), self.layout.count())?))
            }
        };
        let planes = resampler.process(&planes)?;
        self.put_out(planes, out)
    }

    fn put_out(
        &mut self,
        planes: Vec<Vec<f32>>,
        out: &mut dyn FnMut(AudioBuffer) -> Result<()>,
    ) -> Result<()> {
        let pts = Time::new(self.position, self.rate);
        let buffer = AudioBuffer::new(self.rate, self.layout.clone(), pts, planes);
        if buffer.frames() == 0 {
            return Ok(());
        }
        self.position = self.position.saturating_add(i64::try_from(buffer.frames()).unwrap_or(i64::MAX));
        out(buffer)
    }
}

/// The frame of `rate` nearest to `time`.
fn frame_at(time: Time, rate: Timescale) -> Result<i64> {
    time.ticks_in(rate, Rounding::Nearest)
        .ok_or_else(|| Error::misuse("the time does not fit 64 bits").at_time(time))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(ticks: u32) -> Timescale {
        Timescale::new(ticks).unwrap()
    }

    /// `frames` frames of `value` from frame `start` on.
    fn mono(ticks: u32, start: i64, frames: usize, value: f32) -> AudioBuffer {
        AudioBuffer::new(
            rate(ticks),
            ChannelLayout::mono(),
            Time::new(start, rate(ticks)),
            vec![vec![value; frames]],
        )
    }

    /// What comes of `buffers`: where each piece begins, and its samples; pieces that touch are one.
    fn pieces(
        mut converter: AudioConverter,
        buffers: impl IntoIterator<Item = AudioBuffer>,
    ) -> Vec<(i64, Vec<f32>)> {
        let mut pieces: Vec<(i64, Vec<f32>)> = Vec::new();
        let mut keep = |piece: AudioBuffer| {
            let (start, samples) = (piece.pts.value(), piece.into_planes().remove(0));
            match pieces.last_mut() {
                Some((begin, before)) if *begin + before.len() as i64 == start => before.extend(samples),
                _ => pieces.push((start, samples)),
            }
            Ok(())
        };
        for buffer in buffers {
            converter.convert(buffer, &mut keep).unwrap();
        }
        converter.finish(&mut keep).unwrap();
        pieces
    }

    fn places(pieces: &[(i64, Vec<f32>)]) -> Vec<(i64, usize)> {
        pieces.iter().map(|(start, samples)| (*start, samples.len())).collect()
    }

    fn converter(ticks: u32) -> AudioConverter {
        AudioConverter::new(rate(ticks), ChannelLayout::mono())
    }

    #[test]
    fn what_fits_passes_unchanged() {
        let buffers = (0..3).map(|block| mono(48_000, 100 + block * 10, 10, block as f32));
        let pieces = pieces(converter(48_000), buffers);
        assert_eq!(places(&pieces), [(100, 30)]);
        assert_eq!((pieces[0].1[9], pieces[0].1[10], pieces[0].1[29]), (0.0, 1.0, 2.0));
    }

    #[test]
    fn a_stream_comes_out_whole_whatever_its_blocks() {
        let whole = pieces(converter(48_000), [mono(44_100, 441, 44_100, 0.5)]);
        assert_eq!(places(&whole), [(480, 48_000)]);
        let blocks = (0..441).map(|block| mono(44_100, 441 + block * 100, 100, 0.5));
        assert_eq!(pieces(converter(48_000), blocks), whole);
    }

    #[test]
    fn holes_stay_where_they_are_and_overlaps_are_left_out() {
        for (from, to) in [(48_000u32, 48_000u32), (44_100, 48_000), (48_000, 44_100)] {
            let scaled = |frames: i64| frames * i64::from(to) / i64::from(from);
            // A hole of 1000 frames, an overlap of 500, a hole of ten seconds, a buffer heard before.
            let far = 10 * i64::from(from) + 12_500;
            let buffers = [
                mono(from, 0, 4000, 0.5),
                mono(from, 5000, 4000, 0.5),
                mono(from, 8500, 4000, 0.25),
                mono(from, far, 5000, 0.5),
                mono(from, far - 4000, 6000, 0.5),
            ];
            let pieces = pieces(converter(to), buffers);
            let near = |frame: i64, value: f32| {
                let (start, samples) =
                    pieces.iter().rev().find(|(start, _)| *start <= scaled(frame)).unwrap();
                let found = samples.get((scaled(frame) - start) as usize).copied().unwrap_or(0.0);
                assert!((found - value).abs() < 1e-3, "{from} -> {to}: {found} at {frame}");
            };
            [100, 3900, 5100, 8900].into_iter().for_each(|frame| near(frame, 0.5));
            [4100, 4900, 12_600, far - 100].into_iter().for_each(|frame| near(frame, 0.0));
            [9100, 12_400].into_iter().for_each(|frame| near(frame, 0.25));
            let (start, last) = pieces.last().unwrap();
            assert!((start - scaled(far)).abs() <= 1, "{from} -> {to}: {start}");
            assert!((last.len() as i64 - scaled(5000)).abs() <= 1, "{from} -> {to}: {}", last.len());
        }
    }

    #[test]
    fn buffers_that_nearly_meet_are_joined() {
        let tolerant = || converter(48_000).tolerance(Time::from_millis(1));
        let jittered = |by: i64| [mono(48_000, 0, 1000, 0.5), mono(48_000, 1000 + by, 1000, 0.5)];
        assert_eq!(places(&pieces(tolerant(), jittered(48))), [(0, 2000)]);
        assert_eq!(places(&pieces(tolerant(), jittered(-48))), [(0, 2000)]);
        assert_eq!(places(&pieces(tolerant(), jittered(49))), [(0, 1000), (1049, 1000)]);
        assert_eq!(places(&pieces(tolerant(), jittered(-49))), [(0, 1951)]);
        // Whatever the tolerance is.
        let endless = converter(48_000).tolerance(Time::from_secs(i64::MAX));
        assert_eq!(places(&pieces(endless, jittered(48_000_000))), [(0, 2000)]);
        let negative = converter(48_000).tolerance(Time::from_secs(-1));
        assert_eq!(places(&pieces(negative, jittered(1))), [(0, 1000), (1001, 1000)]);
        // What many of them miss by is not forgotten.
        let slow = (0..100).map(|block| mono(48_000, block * 1001, 1000, 0.5));
        let pieces = pieces(tolerant(), slow);
        let (start, last) = pieces.last().unwrap();
        assert!((start + last.len() as i64 - (99 * 1001 + 1000)).abs() <= 48);
    }

    #[test]
    fn rate_and_layout_may_change_on_the_way() {
        let stereo = AudioBuffer::new(
            rate(48_000),
            ChannelLayout::stereo(),
            Time::from_secs(1),
            vec![vec![0.25; 48_000], vec![0.75; 48_000]],
        );
        let pieces = pieces(
            converter(48_000),
            [
                mono(44_100, 0, 44_100, 0.5),
                stereo,
                mono(96_000, 192_000, 96_000, 0.5),
                mono(8000, 24_000, 8000, 0.5),
            ],
        );
        assert_eq!(places(&pieces), [(0, 192_000)]);
        let samples = &pieces[0].1;
        for middle in [24_000, 72_000, 120_000, 168_000] {
            assert!((samples[middle] - 0.5).abs() < 1e-4);
        }
    }

    #[test]
    fn what_cannot_be_converted_is_an_error() {
        let mut refuse = |_: AudioBuffer| Ok(());
        assert!(converter(48_000).convert(mono(1, 0, 10, 0.0), &mut refuse).is_err());
        let mut beyond = mono(48_000, 0, 10, 0.0);
        beyond.pts = Time::from_secs(i64::MAX / 2);
        assert!(converter(48_000).convert(beyond, &mut refuse).is_err());
    }
}
