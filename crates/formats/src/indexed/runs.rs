use std::ops::Range;
use std::sync::Arc;

use reelwright_media::{
    FormatDescription, Payload, ReadAt, Result, Rounding, SampleBuffer, SampleFlags, Time, Timescale, Trim,
};

use crate::SampleCursor;

/// Packets of one size, one after the other: LPCM, where a packet is a frame, and codecs of constant size.
#[derive(Clone, Debug)]
pub(crate) struct Runs {
    /// What payloads are ranges of.
    pub(crate) source: Arc<dyn ReadAt>,
    /// What the packets are.
    pub(crate) format: Arc<FormatDescription>,
    /// Ticks per second: the sample rate.
    pub(crate) timescale: Timescale,
    /// Where the first packet begins.
    pub(crate) offset: u64,
    /// Bytes of a packet; not zero.
    pub(crate) packet_bytes: u32,
    /// PCM frames of a packet.
    pub(crate) packet_frames: u32,
    /// Packets in all.
    pub(crate) packets: u64,
}

impl Runs {
    /// The longest stretch handed out at once is this fraction of a second, and at least one packet.
    const PER_SECOND: u32 = 4;

    /// PCM frames in all.
    pub(crate) fn frames(&self) -> u64 {
        self.packets.saturating_mul(self.packet_frames.into())
    }

    /// The ticks of all of it.
    pub(crate) fn all(&self) -> Range<i64> {
        0..i64::try_from(self.frames()).unwrap_or(i64::MAX)
    }

    /// A cursor at the first packet.
    pub(crate) fn cursor(&self) -> RunCursor {
        let wanted = self.timescale.ticks() / Self::PER_SECOND / self.packet_frames.max(1);
        RunCursor { runs: self.clone(), step: u64::from(wanted.max(1)), next: 0 }
    }
}

/// Walks [`Runs`].
pub(crate) struct RunCursor {
    runs: Runs,
    step: u64,
    next: u64,
}

impl RunCursor {
    fn position(&self) -> Option<u64> {
        let skipped = self.next.checked_mul(self.runs.packet_bytes.into())?;
        self.runs.offset.checked_add(skipped)
    }

    fn ticks(&self, packets: u64) -> Time {
        let frames = packets.saturating_mul(self.runs.packet_frames.into());
        Time::new(i64::try_from(frames).unwrap_or(i64::MAX), self.runs.timescale)
    }
}

impl SampleCursor for RunCursor {
    fn next_sample(&mut self) -> Result<Option<SampleBuffer>> {
        let count = self.step.min(self.runs.packets.saturating_sub(self.next));
        let (Some(offset), true) = (self.position(), count > 0) else { return Ok(None) };
        let start = self.ticks(self.next);
        let sample = SampleBuffer {
            format: self.runs.format.clone(),
            payload: Payload::range(
                self.runs.source.clone(),
                offset,
                count * u64::from(self.runs.packet_bytes),
            ),
            dts: start,
            pts: start,
            duration: self.ticks(count),
            flags: SampleFlags::SYNC,
            trim: Trim::default(),
        };
        self.next += count;
        Ok(Some(sample))
    }

    fn peek_offset(&mut self) -> Result<Option<u64>> {
        Ok(if self.next < self.runs.packets { self.position() } else { None })
    }

    fn seek(&mut self, time: Time) -> Result<()> {
        let ticks = time.ticks_in(self.runs.timescale, Rounding::Down);
        let ticks =
            u64::try_from(ticks.unwrap_or(if time.is_negative() { 0 } else { i64::MAX })).unwrap_or(0);
        let packet = ticks / u64::from(self.runs.packet_frames.max(1));
        self.next = packet.min(self.runs.packets.saturating_sub(1));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use reelwright_media::{AudioFormat, PcmFormat};

    use super::*;

    #[test]
    fn runs_cover_everything_once() {
        let source: Arc<dyn ReadAt> = Arc::new(Bytes::from(vec![0u8; 4 + 2 * 1001]));
        let runs = Runs {
            source,
            format: Arc::new(FormatDescription::Audio(AudioFormat::lpcm(PcmFormat::S16LE, 800, 1))),
            timescale: Timescale::or_one(800),
            offset: 4,
            packet_bytes: 2,
            packet_frames: 1,
            packets: 1001,
        };
        let mut cursor = runs.cursor();
        let mut total = 0;
        while let Some(sample) = cursor.next_sample().unwrap() {
            assert_eq!(sample.payload.source_offset(), Some(4 + total));
            assert_eq!(sample.pts, Time::new(i64::try_from(total / 2).unwrap(), runs.timescale));
            total += sample.payload.len();
        }
        assert_eq!((total, cursor.peek_offset().unwrap()), (2002, None));
        cursor.seek(Time::from_secs(1)).unwrap();
        assert_eq!(cursor.peek_offset().unwrap(), Some(4 + 1600));
        assert_eq!(runs.frames(), 1001);
    }
}
