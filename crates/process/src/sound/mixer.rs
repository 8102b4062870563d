use std::collections::VecDeque;

use reelwright_media::{AudioBuffer, ChannelLayout, Error, Result, Rounding, Time, Timescale};

use super::{AudioConverter, Volume};

/// Sums several tracks on one timeline. `AVAudioMix` and what plays it.
///
/// Each track's buffers, of any rate and layout, are converted to the common ones ([`AudioConverter`]) and multiplied by
/// the track's volume; silence fills what no buffer covers. Sums beyond full scale stay as they are: floats carry them,
/// and an encoder or a converter to integers clips them.
///
/// A track's buffers wait until all open tracks have arrived at the same place. The mixer never drops sound to stay
/// small; whoever feeds it asks [`Mixer::wants`] first, and nothing waits longer than about a second. Gaps take no memory.
pub struct Mixer {
    rate: Timescale,
    layout: ChannelLayout,
    tracks: Vec<Track>,
    /// The next frame to be made.
    position: i64,
}

struct Track {
    converter: AudioConverter,
    sound: Placed,
    ended: bool,
}

/// A track's sound in the mixer's rate and layout.
struct Placed {
    rate: Timescale,
    volume: Volume,
    /// Where each piece begins, and its planes; in order, without overlap.
    waiting: VecDeque<(i64, Vec<Vec<f32>>)>,
    /// Up to where the track's sound is known.
    known: i64,
}

/// Frames made at a time.
const BLOCK: i64 = 4096;

impl Mixer {
    /// A mixer for sound of `rate` and `layout`, beginning at `start`.
    pub fn new(rate: Timescale, layout: ChannelLayout, start: Time) -> Self {
        let position = start.ticks_in(rate, Rounding::Nearest).unwrap_or(0);
        Self { rate, layout, tracks: Vec::new(), position }
    }

    /// Adds a track and returns its number.
    pub fn add_track(&mut self, volume: Volume) -> usize {
        let (rate, known) = (self.rate, self.position);
        self.tracks.push(Track {
            converter: AudioConverter::new(rate, self.layout.clone()),
            sound: Placed { rate, volume, waiting: VecDeque::new(), known },
            ended: false,
        });
        self.tracks.len() - 1
    }

    /// Whether a track should be fed: it isn't a second or more ahead of what was made.
    pub fn wants(&self, track: usize) -> bool {
        let ahead = |track: &Track| track.sound.known.saturating_sub(self.position);
        self.tracks
            .get(track)
            .is_some_and(|track| !track.ended && ahead(track) < i64::from(self.rate.ticks()))
    }

    /// Gives a track its next buffer, which sounds at its `pts`. What lies before the end of the one before, or before
    /// what was already made, is left out.
    ///
    /// # Errors
    ///
    /// [`reelwright_media::ErrorKind::Misuse`] for a track that doesn't exist or has ended; as
    /// [`AudioConverter::convert`].
    pub fn push(&mut self, track: usize, buffer: AudioBuffer) -> Result<()> {
        let Track { converter, sound, .. } = self.open(track)?;
        converter.convert(buffer, &mut |piece| sound.place(piece))
    }

    /// Says that a track is silent up to `time`, so that others need not wait for it.
    pub fn skip(&mut self, track: usize, time: Time) {
        if let Some((track, time)) =
            self.tracks.get_mut(track).zip(time.ticks_in(self.rate, Rounding::Nearest))
        {
            track.sound.known = track.sound.known.max(time);
        }
    }

    /// Says that a track brings no more.
    ///
    /// # Errors
    ///
    /// [`reelwright_media::ErrorKind::Misuse`] for a track that doesn't exist or has ended.
    pub fn end(&mut self, track: usize) -> Result<()> {
        let Track { converter, sound, ended } = self.open(track)?;
        *ended = true;
        converter.finish(&mut |piece| sound.place(piece))
    }

    fn open(&mut self, track: usize) -> Result<&mut Track> {
        self.tracks
            .get_mut(track)
            .filter(|track| !track.ended)
            .ok_or_else(|| Error::misuse(format!("the mixer has no open track {track}")))
    }

    /// The next block of the sum, at most 4096 frames; `None` while an open track has not arrived there, and when all
    /// have ended.
    pub fn pull(&mut self) -> Option<AudioBuffer> {
        let open = self.tracks.iter().filter(|track| !track.ended).map(|track| track.sound.known).min();
        let until = open.or_else(|| self.tracks.iter().map(|track| track.sound.known).max())?;
        let frames = usize::try_from(until.saturating_sub(self.position).min(BLOCK))
            .ok()
            .filter(|&frames| frames > 0)?;
        let pts = Time::new(self.position, self.rate);
        let mut mixed = AudioBuffer::silence(self.rate, self.layout.clone(), pts, frames);
        let end = self.position + frames as i64;
        for track in &mut self.tracks {
            track.sound.add(self.position, end, mixed.planes_mut());
        }
        self.position = end;
        Some(mixed)
    }
}

impl Placed {
    /// Keeps a piece until it is summed, but for what comes too late.
    fn place(&mut self, piece: AudioBuffer) -> Result<()> {
        // The converter counts in frames of the mixer.
        let start = piece.pts.ticks_in(self.rate, Rounding::Nearest).unwrap_or(self.known);
        let frames = piece.frames();
        let skipped = usize::try_from(self.known.saturating_sub(start)).unwrap_or(0).min(frames);
        let mut planes = piece.into_planes();
        for plane in &mut planes {
            plane.drain(..skipped);
        }
        if frames > skipped {
            let start = start.max(self.known);
            self.volume.apply(self.rate, start, &mut planes);
            self.waiting.push_back((start, planes));
            self.known = start.saturating_add(i64::try_from(frames - skipped).unwrap_or(i64::MAX));
        }
        Ok(())
    }

    /// Adds what sounds from frame `start` to frame `end`, and lets go of it.
    fn add(&mut self, start: i64, end: i64, out: &mut [Vec<f32>]) {
        while let Some((begin, planes)) = self.waiting.front() {
            let (begin, frames) = (*begin, planes.first().map_or(0, Vec::len));
            if begin >= end {
                break;
            }
            let (to, from) = (begin.max(start) - start, begin.max(start) - begin);
            let (to, from) = (usize::try_from(to).unwrap_or(0), usize::try_from(from).unwrap_or(0));
            for (out, plane) in out.iter_mut().zip(planes) {
                for (sum, value) in out[to..].iter_mut().zip(&plane[from.min(frames)..]) {
                    *sum += value;
                }
            }
            if begin.saturating_add(frames as i64) > end {
                break;
            }
            self.waiting.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate() -> Timescale {
        Timescale::new(1000).unwrap()
    }

    fn buffer(layout: ChannelLayout, millis: i64, frames: usize, value: f32) -> AudioBuffer {
        let planes = vec![vec![value; frames]; layout.count()];
        AudioBuffer::new(rate(), layout, Time::from_millis(millis), planes)
    }

    fn everything(mixer: &mut Mixer) -> Vec<f32> {
        std::iter::from_fn(|| mixer.pull()).flat_map(|buffer| buffer.planes()[0].clone()).collect()
    }

    #[test]
    fn tracks_are_summed_where_they_sound() {
        let mut mixer = Mixer::new(rate(), ChannelLayout::stereo(), Time::ZERO);
        let music = mixer.add_track(Volume::constant(0.5).unwrap());
        let voice = mixer.add_track(Volume::default());
        mixer.push(music, buffer(ChannelLayout::stereo(), 0, 100, 0.5)).unwrap();
        assert!(mixer.pull().is_none(), "the voice has not arrived yet");
        mixer.push(voice, buffer(ChannelLayout::mono(), 40, 20, 0.25)).unwrap();
        mixer.push(music, buffer(ChannelLayout::stereo(), 100, 50, 1.0)).unwrap();
        mixer.end(voice).unwrap();
        mixer.end(music).unwrap();
        let sum = everything(&mut mixer);
        assert_eq!(sum.len(), 150);
        assert_eq!((sum[39], sum[40], sum[59], sum[60], sum[100]), (0.25, 0.5, 0.5, 0.25, 0.5));
    }

    #[test]
    fn gaps_are_silent_and_overlaps_are_left_out() {
        let mut mixer = Mixer::new(rate(), ChannelLayout::mono(), Time::from_millis(10));
        let track = mixer.add_track(Volume::default());
        mixer.push(track, buffer(ChannelLayout::mono(), 0, 20, 1.0)).unwrap();
        mixer.push(track, buffer(ChannelLayout::mono(), 15, 10, 2.0)).unwrap();
        mixer.push(track, buffer(ChannelLayout::mono(), 10_000, 10, 3.0)).unwrap();
        assert!(!mixer.wants(track));
        mixer.end(track).unwrap();
        let sum = everything(&mut mixer);
        assert_eq!((sum.len(), sum[0], sum[9], sum[10], sum[14], sum[15]), (10_000, 1.0, 1.0, 2.0, 2.0, 0.0));
        assert_eq!((sum[9989], sum[9990]), (0.0, 3.0));
        assert!(mixer.push(track, buffer(ChannelLayout::mono(), 0, 1, 0.0)).is_err());
    }
}
