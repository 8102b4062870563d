use crate::{ChannelLayout, Time, Timescale};

/// Decoded sound: 32-bit floats, one plane a channel, nominally within -1..=1. `AVAudioPCMBuffer`.
#[derive(Clone, Debug, PartialEq)]
pub struct AudioBuffer {
    /// Frames per second.
    pub sample_rate: Timescale,
    /// Which plane is which channel.
    pub layout: ChannelLayout,
    /// When the first frame sounds.
    pub pts: Time,
    planes: Vec<Vec<f32>>,
}

impl AudioBuffer {
    /// A buffer of the given planes, one per channel of `layout`; planes beyond the shortest length are cut to it.
    pub fn new(sample_rate: Timescale, layout: ChannelLayout, pts: Time, mut planes: Vec<Vec<f32>>) -> Self {
        let frames = planes.iter().map(Vec::len).min().unwrap_or(0);
        planes.resize_with(layout.count(), || vec![0.0; frames]);
        for plane in &mut planes {
            plane.truncate(frames);
        }
        Self { sample_rate, layout, pts, planes }
    }

    /// A buffer of samples that follow each other as the channels of a frame do; an incomplete last frame is left out.
    pub fn interleaved(
        sample_rate: Timescale,
        layout: ChannelLayout,
        pts: Time,
        samples: impl IntoIterator<Item = f32>,
    ) -> Self {
        let mut planes = vec![Vec::new(); layout.count()];
        for (index, sample) in samples.into_iter().enumerate() {
            if let Some(plane) = planes.get_mut(index % layout.count().max(1)) {
                plane.push(sample);
            }
        }
        // The last plane is the shortest.
        Self::new(sample_rate, layout, pts, planes)
    }

    /// A buffer of 16-bit samples that follow each other as the channels of a frame do, full scale being 32768; an incomplete
    /// last frame is left out. What most microphones, files and games have.
    pub fn from_i16(sample_rate: Timescale, layout: ChannelLayout, pts: Time, samples: &[i16]) -> Self {
        let floats = samples.iter().map(|sample| f32::from(*sample) / 32_768.0);
        Self::interleaved(sample_rate, layout, pts, floats)
    }

    /// Silence of `frames` frames.
    pub fn silence(sample_rate: Timescale, layout: ChannelLayout, pts: Time, frames: usize) -> Self {
        let planes = vec![vec![0.0; frames]; layout.count()];
        Self { sample_rate, layout, pts, planes }
    }

    /// Frames: samples per channel.
    pub fn frames(&self) -> usize {
        self.planes.first().map_or(0, Vec::len)
    }

    /// Channels.
    pub fn channels(&self) -> usize {
        self.planes.len()
    }

    /// One plane a channel.
    pub fn planes(&self) -> &[Vec<f32>] {
        &self.planes
    }

    /// One plane a channel, to be changed in place.
    pub fn planes_mut(&mut self) -> &mut [Vec<f32>] {
        &mut self.planes
    }

    /// The planes themselves.
    pub fn into_planes(self) -> Vec<Vec<f32>> {
        self.planes
    }

    /// The length of the buffer.
    pub fn duration(&self) -> Time {
        Time::new(i64::try_from(self.frames()).unwrap_or(i64::MAX), self.sample_rate)
    }

    /// The instant after the last frame.
    pub fn end(&self) -> Time {
        self.pts.saturating_add(self.duration())
    }

    /// Drops the first `frames` frames and moves `pts` on by as much.
    pub fn trim_start(&mut self, frames: usize) {
        let frames = frames.min(self.frames());
        for plane in &mut self.planes {
            plane.drain(..frames);
        }
        self.pts =
            self.pts.saturating_add(Time::new(i64::try_from(frames).unwrap_or(i64::MAX), self.sample_rate));
    }

    /// Keeps the first `frames` frames.
    pub fn truncate(&mut self, frames: usize) {
        for plane in &mut self.planes {
            plane.truncate(frames);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interleaved_samples_come_apart_by_channel() {
        let rate = Timescale::or_one(48_000);
        let samples = [1.0, -1.0, 2.0, -2.0, 3.0];
        let audio = AudioBuffer::interleaved(rate, ChannelLayout::stereo(), Time::ZERO, samples);
        assert_eq!(audio.planes(), [vec![1.0, 2.0], vec![-1.0, -2.0]]);
        let samples = [i16::MIN, 0, 16_384, 8192, 1];
        let audio = AudioBuffer::from_i16(rate, ChannelLayout::stereo(), Time::ZERO, &samples);
        assert_eq!(audio.planes(), [vec![-1.0, 0.5], vec![0.0, 0.25]]);
        assert_eq!(AudioBuffer::interleaved(rate, ChannelLayout::stereo(), Time::ZERO, []).frames(), 0);
    }
}
