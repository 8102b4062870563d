use std::collections::VecDeque;
use std::fmt;

use reelwright_codec::Registry;
use reelwright_media::{
    AudioBuffer, CancelToken, ChannelLayout, EditTimeline, Error, Result, Stage, TimeRange, Timescale,
};
use reelwright_process::AudioConverter;

use super::{Damage, SoundReader};
use crate::Asset;

/// How the sound of a track is to be read. Made by [`Asset::sound`]; [`Self::open`] begins.
#[derive(Clone, Debug)]
#[must_use = "nothing is read before `open`"]
pub struct SoundBuilder {
    asset: Asset,
    track: u32,
    range: TimeRange,
    convert: Option<(u32, ChannelLayout)>,
    registry: Option<Registry>,
    cancel: CancelToken,
}

impl SoundBuilder {
    pub(crate) fn new(asset: &Asset, track: u32) -> Self {
        Self {
            asset: asset.clone(),
            track,
            range: EditTimeline::everything(asset.movie().timescale),
            convert: None,
            registry: None,
            cancel: CancelToken::new(),
        }
    }

    /// Reads this part of the presentation only; its start becomes time zero. Default all of it.
    pub fn range(mut self, range: impl Into<TimeRange>) -> Self {
        self.range = range.into();
        self
    }

    /// Converts the sound to `rate` frames a second in these channels. Default as it is in the track.
    pub fn format(mut self, rate: u32, layout: ChannelLayout) -> Self {
        self.convert = Some((rate, layout));
        self
    }

    /// The codecs to choose the decoder from. Default [`crate::registry`].
    pub fn registry(mut self, registry: Registry) -> Self {
        self.registry = Some(registry);
        self
    }

    /// Stops with [`reelwright_media::ErrorKind::Cancelled`] once the token is raised.
    pub fn cancelled_by(mut self, cancel: CancelToken) -> Self {
        self.cancel = cancel;
        self
    }

    /// Begins; the decoder is opened with the first buffer.
    ///
    /// # Errors
    ///
    /// [`reelwright_media::ErrorKind::Misuse`] where there is no such track, it isn't sound, or a rate of 0 is asked for.
    pub fn open(self) -> Result<SoundBuffers> {
        let registry = self.registry.unwrap_or_else(crate::registry);
        let reader = SoundReader::new(&self.asset, self.track, self.range, &registry)?;
        let converter = self.convert.map(|(rate, layout)| match Timescale::new(rate) {
            Some(rate) => Ok(AudioConverter::new(rate, layout)),
            None => Err(Error::misuse("sound of 0 frames a second")),
        });
        Ok(SoundBuffers {
            reader: reader.cancelled_by(self.cancel),
            converter: converter.transpose()?,
            ready: VecDeque::new(),
            track: self.track,
            ended: false,
        })
    }
}

/// The sound of an audio track as it is heard: decoded, on the presentation timeline, edits resolved, priming and
/// remainder gone. Made by [`Asset::sound`].
///
/// An iterator; after an error it is at its end. Buffers come in order. Where the timeline has nothing (empty edits, gaps in
/// the track) there is a gap between one buffer's end and the next one's start. Of what can't be decoded silence of the same
/// length takes the place ([`Self::damage`]); an error is what can't be read past: nothing of the track decodes, or less
/// than a third.
pub struct SoundBuffers {
    reader: SoundReader,
    converter: Option<AudioConverter>,
    ready: VecDeque<AudioBuffer>,
    track: u32,
    ended: bool,
}

impl SoundBuffers {
    /// Packets read so far.
    pub fn packets(&self) -> u64 {
        self.reader.packets()
    }

    /// Packets that couldn't be decoded so far.
    pub fn damage(&self) -> Option<&Damage> {
        self.reader.damage()
    }

    fn read(&mut self) -> Result<Option<AudioBuffer>> {
        let Some(converter) = &mut self.converter else { return self.reader.next_buffer() };
        while self.ready.is_empty() {
            let mut keep = |buffer| {
                self.ready.push_back(buffer);
                Ok(())
            };
            let converted = match self.reader.next_buffer()? {
                Some(buffer) => converter.convert(buffer, &mut keep),
                None => {
                    converter.finish(&mut keep).map_err(|error| error.at_stage(Stage::Process))?;
                    self.converter = None;
                    return Ok(self.ready.pop_front());
                }
            };
            converted.map_err(|error| error.at_stage(Stage::Process).at_track(self.track))?;
        }
        Ok(self.ready.pop_front())
    }
}

impl Iterator for SoundBuffers {
    type Item = Result<AudioBuffer>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = match self.ready.pop_front() {
            Some(buffer) => Some(Ok(buffer)),
            None => self.read().transpose(),
        };
        self.ended = !matches!(next, Some(Ok(_)));
        next
    }
}

impl std::iter::FusedIterator for SoundBuffers {}

impl fmt::Debug for SoundBuffers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SoundBuffers(track {}, {} packets read)", self.track, self.packets())
    }
}
