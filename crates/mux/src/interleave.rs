use std::collections::VecDeque;

use reelwright_media::{Payload, Piece, SampleBuffer, Time};

/// In which order the samples of several tracks are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interleave {
    /// As they are fed; whoever feeds keeps the tracks together in time.
    AsFed,
    /// By time, in chunks of this length: a track that runs ahead waits for the others. The file doesn't depend on
    /// who fed faster, unless a track is starved until the budget is used up.
    ByTime(Time),
}

impl Default for Interleave {
    /// By time, in chunks of half a second.
    fn default() -> Self {
        Self::ByTime(Time::from_millis(500))
    }
}

/// Queues that put samples in the order of the file.
#[derive(Debug)]
pub(crate) struct Interleaver {
    chunk: Time,
    lanes: Vec<Lane>,
    /// The track whose chunk is being filled, and where on the timeline that chunk must end.
    current: Option<(usize, Time)>,
    held: u64,
}

#[derive(Debug, Default)]
struct Lane {
    queue: VecDeque<SampleBuffer>,
    /// What is to be added to a decoding time to place it on the movie's timeline.
    shift: Time,
    finished: bool,
    /// Nobody waits for it.
    sparse: bool,
}

impl Lane {
    fn head(&self) -> Option<Time> {
        self.queue.front().map(|sample| sample.dts.saturating_add(self.shift))
    }

    fn starves(&self) -> bool {
        self.queue.is_empty() && !self.finished && !self.sparse
    }
}

impl Interleaver {
    pub(crate) const fn new(chunk: Time) -> Self {
        Self { chunk, lanes: Vec::new(), current: None, held: 0 }
    }

    pub(crate) fn add_lane(&mut self, shift: Time, sparse: bool) {
        self.lanes.push(Lane { shift, sparse, ..Lane::default() });
    }

    pub(crate) fn push(&mut self, track: usize, sample: SampleBuffer) {
        self.held += sample_cost(&sample);
        self.lanes[track].queue.push_back(sample);
    }

    pub(crate) fn finish(&mut self, track: usize) {
        self.lanes[track].finished = true;
    }

    /// Memory held by waiting samples, in bytes.
    pub(crate) const fn held(&self) -> u64 {
        self.held
    }

    /// The track everyone waits for.
    pub(crate) fn waiting_for(&self) -> Option<usize> {
        if self.lanes.iter().all(|lane| lane.queue.is_empty()) {
            return None;
        }
        match self.current {
            Some((track, _)) if self.lanes[track].starves() => Some(track),
            _ => self.lanes.iter().position(Lane::starves),
        }
    }

    /// The next sample of the file; `None` while a track is waited for, unless `hurry`.
    pub(crate) fn pop(&mut self, hurry: bool) -> Option<(usize, SampleBuffer)> {
        if let Some((track, end)) = self.current {
            match self.lanes[track].head() {
                Some(time) if time < end => return self.take(track),
                None if self.lanes[track].starves() && !hurry => return None,
                _ => self.current = None,
            }
        }
        if !hurry && self.lanes.iter().any(Lane::starves) {
            return None;
        }
        let heads = self.lanes.iter().enumerate().filter_map(|(track, lane)| Some((lane.head()?, track)));
        let (time, track) = heads.min()?;
        self.current = Some((track, time.saturating_add(self.chunk)));
        self.take(track)
    }

    fn take(&mut self, track: usize) -> Option<(usize, SampleBuffer)> {
        let sample = self.lanes[track].queue.pop_front()?;
        self.held = self.held.saturating_sub(sample_cost(&sample));
        Some((track, sample))
    }
}

/// The memory a waiting sample keeps from others: its bytes, where they are in memory, and itself.
pub fn sample_cost(sample: &SampleBuffer) -> u64 {
    held_by(&sample.payload) + size_of::<SampleBuffer>() as u64
}

fn held_by(payload: &Payload) -> u64 {
    let in_memory = |piece: &Piece| if let Piece::Bytes(bytes) = piece { bytes.len() as u64 } else { 0 };
    payload.pieces().iter().map(in_memory).sum()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use reelwright_media::{DataFormat, FormatDescription, FourCc, MediaType, SampleFlags, Trim};

    use super::*;

    fn sample(millis: i64) -> SampleBuffer {
        let format = DataFormat { media: MediaType::Metadata, tag: FourCc::new(b"test"), entry: None };
        SampleBuffer {
            format: Arc::new(FormatDescription::Data(format)),
            payload: Payload::zeros(1),
            dts: Time::from_millis(millis),
            pts: Time::from_millis(millis),
            duration: Time::from_millis(100),
            flags: SampleFlags::SYNC,
            trim: Trim::default(),
        }
    }

    fn two_lanes() -> Interleaver {
        let mut interleaver = Interleaver::new(Time::from_millis(500));
        interleaver.add_lane(Time::ZERO, false);
        interleaver.add_lane(Time::ZERO, false);
        interleaver
    }

    fn drain(interleaver: &mut Interleaver, hurry: bool) -> Vec<(usize, i64)> {
        std::iter::from_fn(|| interleaver.pop(hurry))
            .map(|(track, sample)| (track, sample.dts.value()))
            .collect()
    }

    #[test]
    fn order_does_not_depend_on_who_is_faster() {
        let mut orders = Vec::new();
        for video_first in [true, false] {
            let mut interleaver = two_lanes();
            let mut out = Vec::new();
            let lanes = if video_first { [0, 1] } else { [1, 0] };
            for lane in lanes {
                for millis in (0..2000).step_by(100) {
                    interleaver.push(lane, sample(millis));
                    out.extend(drain(&mut interleaver, false));
                }
                interleaver.finish(lane);
            }
            out.extend(drain(&mut interleaver, false));
            orders.push(out);
        }
        assert_eq!(orders[0], orders[1]);
        assert_eq!(&orders[0][..6], [(0, 0), (0, 100), (0, 200), (0, 300), (0, 400), (1, 0)]);
        assert_eq!(orders[0].len(), 40);
    }

    #[test]
    fn a_starved_track_is_named_and_can_be_passed_over() {
        let mut interleaver = two_lanes();
        interleaver.push(0, sample(0));
        assert_eq!(interleaver.waiting_for(), Some(1));
        assert!(interleaver.pop(false).is_none());
        assert!(interleaver.held() > 0);
        assert_eq!(drain(&mut interleaver, true), [(0, 0)]);
        assert_eq!((interleaver.held(), interleaver.waiting_for()), (0, None));
    }

    #[test]
    fn nobody_waits_for_a_sparse_track() {
        let mut interleaver = Interleaver::new(Time::from_millis(500));
        interleaver.add_lane(Time::ZERO, false);
        interleaver.add_lane(Time::ZERO, true);
        interleaver.push(0, sample(0));
        assert_eq!(drain(&mut interleaver, false), [(0, 0)]);
    }
}
