//! Streams of sound whose frames say what they are, each for itself: what they are may change from one to the next.

use std::sync::Arc;

use reelwright_bitstream::aac::{AdtsHeader, AudioSpecificConfig};
use reelwright_bitstream::ac3::SyncFrame;
use reelwright_bitstream::mpeg_audio::MpegAudioHeader;
use reelwright_media::{
    AudioCodec, AudioFormat, CodecConfig, Error, FormatDescription, FourCc, Result, Timescale,
};

use crate::indexed::Formats;
use crate::{dolby, mpeg_audio};

/// What a frame says of itself.
#[derive(Clone, Debug)]
pub(crate) enum FrameKind {
    Mpeg(MpegAudioHeader),
    Adts(AdtsHeader),
    /// AAC that is described beside its frames: the configuration, and its bytes.
    Configured(Box<AudioSpecificConfig>, Vec<u8>),
    Dolby(SyncFrame),
}

impl FrameKind {
    /// Whether frames of both kinds are one format.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Mpeg(one), Self::Mpeg(other)) => one.same_stream(other) && one.channels == other.channels,
            (Self::Adts(one), Self::Adts(other)) => one.same_stream(other) && one.blocks == other.blocks,
            (Self::Configured(_, one), Self::Configured(_, other)) => one == other,
            (Self::Dolby(one), Self::Dolby(other)) => {
                let kind = |frame: &SyncFrame| (frame.enhanced, frame.sample_rate, frame.acmod, frame.lfe);
                kind(one) == kind(other)
            }
            _ => false,
        }
    }

    /// How many of the first frames are looked into for what headers don't tell.
    fn watched(&self) -> usize {
        match self {
            Self::Mpeg(_) => 0,
            // Enough to be sure of parametric stereo, which only the end of its data shows.
            Self::Adts(_) | Self::Configured(..) => 16,
            Self::Dolby(_) => 1,
        }
    }

    /// Frames of PCM per second, as a frame's length is counted.
    fn rate(&self) -> u32 {
        match self {
            Self::Mpeg(header) => header.sample_rate,
            Self::Adts(header) => header.sample_rate,
            Self::Configured(config, _) => config.sample_rate,
            Self::Dolby(frame) => frame.sample_rate,
        }
    }

    /// The format, by the first frames too.
    fn describe(&self, first: &[Vec<u8>]) -> Result<AudioFormat> {
        let blocks = || first.iter().map(|frame| &frame[..]);
        match self {
            Self::Mpeg(header) => Ok(mpeg_audio::format_of(header)),
            Self::Adts(header) => {
                if header.blocks != 1 {
                    return Err(Error::unsupported(format!(
                        "ADTS frames of {} raw data blocks",
                        header.blocks
                    )));
                }
                let mut config = header.config();
                config.complete(blocks());
                let bytes = config.to_bytes().map_err(|_| no_channels())?;
                aac(&config, bytes)
            }
            Self::Configured(config, stated) => {
                let mut told = AudioSpecificConfig::clone(config);
                told.complete(blocks());
                let bytes = if told == **config { stated.clone() } else { told.to_bytes()? };
                aac(&told, bytes)
            }
            Self::Dolby(_) => dolby::describe(first.first().map_or(&[], |frame| frame)),
        }
    }
}

/// The format of AAC with this configuration, of these bytes.
pub(crate) fn aac(config: &AudioSpecificConfig, bytes: Vec<u8>) -> Result<AudioFormat> {
    if config.output_channels() == 0 {
        return Err(no_channels());
    }
    let codec = if config.object_type == 42 { AudioCodec::Usac } else { AudioCodec::Aac };
    let (rate, channels) = (config.output_sample_rate(), config.output_channels());
    Ok(AudioFormat {
        layout: config.layout(),
        frames_per_packet: config.output_frame_length(),
        config: Some(CodecConfig { kind: FourCc::new(b"esds"), bytes: bytes.into() }),
        ..AudioFormat::new(codec, FourCc::new(b"mp4a"), rate, channels)
    })
}

fn no_channels() -> Error {
    Error::malformed("AAC that doesn't tell how many channels it has")
}

/// The kinds of frames in a stream, and which frames are which.
#[derive(Debug, Default)]
pub(crate) struct FrameKinds {
    kinds: Vec<Known>,
    /// The first frame of each stretch of a kind.
    stretches: Vec<(usize, usize)>,
}

#[derive(Debug)]
struct Known {
    kind: FrameKind,
    /// The first frames, without headers.
    first: Vec<Vec<u8>>,
}

impl FrameKinds {
    /// More kinds than a recording has; a stream that has more is not one.
    const MOST: usize = 64;
    /// More changes than a day of television has.
    pub(crate) const MOST_CHANGES: usize = 1 << 16;

    /// Takes in that frame number `index`, which is behind all others so far, is of `kind` and has `data` behind its header.
    /// `false` where a stream can't change so often.
    pub(crate) fn note(&mut self, index: usize, kind: &FrameKind, data: &[u8]) -> bool {
        let last = self.stretches.last().map(|(_, last)| *last);
        let same = |known: &Known| known.kind.is_same(kind);
        let number = match last.filter(|&last| same(&self.kinds[last])) {
            Some(last) => last,
            None => {
                let known = self.kinds.iter().position(same);
                let room = self.stretches.len() < Self::MOST_CHANGES;
                if !room || (known.is_none() && self.kinds.len() == Self::MOST) {
                    return false;
                }
                let number = known.unwrap_or(self.kinds.len());
                if known.is_none() {
                    self.kinds.push(Known { kind: kind.clone(), first: Vec::new() });
                }
                self.stretches.push((index, number));
                number
            }
        };
        let known = &mut self.kinds[number];
        if known.first.len() < known.kind.watched() {
            known.first.push(data.to_vec());
        }
        true
    }

    /// Whether [`Self::note`] looks at the data of a frame of `kind`.
    pub(crate) fn wants(&self, kind: &FrameKind) -> bool {
        let known = self.kinds.iter().find(|known| known.kind.is_same(kind));
        known.map_or(0, |known| known.first.len()) < kind.watched()
    }

    /// Whether a frame of `kind` follows naturally: it is like the last one.
    pub(crate) fn goes_on(&self, kind: &FrameKind) -> bool {
        self.stretches.last().is_some_and(|(_, last)| self.kinds[*last].kind.is_same(kind))
    }

    /// Whether there were frames of `kind`.
    pub(crate) fn has(&self, kind: &FrameKind) -> bool {
        self.kinds.iter().any(|known| known.kind.is_same(kind))
    }

    /// What the frames are, all of them having come.
    ///
    /// # Errors
    ///
    /// Where there are none, or none that can be described.
    pub(crate) fn settle(&self) -> Result<Stretches> {
        let described: Vec<Result<AudioFormat>> =
            self.kinds.iter().map(|known| known.kind.describe(&known.first)).collect();
        let rates = described.iter().flatten().map(|format| format.sample_rate);
        let timescale = common_scale(rates);
        let sound = |number: usize| match &described[number] {
            Ok(format) => Ok(Arc::new(FormatDescription::Audio(format.clone()))),
            Err(error) => Err(error.message().to_owned()),
        };
        let kinds: Vec<_> = (0..self.kinds.len()).map(sound).collect();
        let first = kinds.iter().find_map(|kind| kind.as_ref().ok().cloned());
        let reason = || described.iter().find_map(|kind| kind.clone().err());
        let none = || reason().unwrap_or_else(|| Error::malformed("no frame of sound was found"));
        let first = first.ok_or_else(none)?;
        let stretch = |&(first, number): &(usize, usize)| Stretch {
            first,
            rate: Timescale::or_one(self.kinds[number].kind.rate()),
            format: kinds[number].clone(),
        };
        Ok(Stretches { timescale, first, list: self.stretches.iter().map(stretch).collect() })
    }
}

/// The least number of ticks per second in which frames of all these rates are whole.
fn common_scale(rates: impl Iterator<Item = u32>) -> Timescale {
    let common = rates.filter(|&rate| rate > 0).fold(1u64, |scale, rate| {
        let (mut a, mut b) = (scale, u64::from(rate));
        while b > 0 {
            (a, b) = (b, a % b);
        }
        let together = scale / a * u64::from(rate);
        // All rates that AAC and MPEG audio have a code for fit: rates beside them are rounded.
        if u32::try_from(together).is_ok() { together } else { scale }
    });
    Timescale::or_one(u32::try_from(common).unwrap_or(1))
}

/// The stretches of a stream, each in one format.
#[derive(Debug)]
pub(crate) struct Stretches {
    /// Ticks in which frames of every stretch are whole.
    pub(crate) timescale: Timescale,
    /// The format that comes first among those that can be told.
    first: Arc<FormatDescription>,
    list: Vec<Stretch>,
}

/// Frames of one format.
#[derive(Clone, Debug)]
pub(crate) struct Stretch {
    /// The number of the first.
    first: usize,
    /// What their lengths are counted in.
    rate: Timescale,
    /// What they are, or why that can't be told.
    format: Result<Arc<FormatDescription>, String>,
}

impl Stretch {
    /// What its frames are, or why that can't be told.
    pub(crate) fn format(&self) -> Result<&Arc<FormatDescription>, &str> {
        self.format.as_ref().map_err(|reason| &reason[..])
    }

    /// The ticks of `frames` PCM frames in `scale`.
    pub(crate) fn ticks(&self, frames: u64, scale: Timescale) -> i64 {
        let (scale, rate) = (u128::from(scale.ticks()), u128::from(self.rate.ticks()));
        i64::try_from((u128::from(frames) * scale + rate / 2) / rate).unwrap_or(i64::MAX)
    }
}

impl Stretches {
    /// A walk over the frames in order, which tells the stretch of each.
    pub(crate) fn walk<'a>(&'a self) -> impl FnMut(usize) -> Option<(&'a Stretch, bool)> {
        let mut next = 0;
        move |frame| {
            let mut begins = false;
            while self.list.get(next).is_some_and(|stretch| stretch.first <= frame) {
                (next, begins) = (next + 1, true);
            }
            Some((self.list.get(next.checked_sub(1)?)?, begins))
        }
    }

    /// The format that comes first among those that can be told.
    pub(crate) fn first(&self) -> &Arc<FormatDescription> {
        &self.first
    }

    /// A table's formats, before any packet.
    pub(crate) fn formats(&self) -> Formats {
        Formats::one(self.first.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_rates_have_a_common_scale() {
        let scale = |rates: &[u32]| common_scale(rates.iter().copied()).ticks();
        assert_eq!((scale(&[48_000]), scale(&[44_100, 48_000])), (48_000, 7_056_000));
        assert_eq!(scale(&reelwright_bitstream::aac::SAMPLE_RATES), 28_224_000);
        assert_eq!(scale(&[]), 1);
        // Beyond 32 bits, the first ones are exact.
        assert_eq!(scale(&[48_000, 47_999, 47_997]), 48_000 * 47_999);
    }
}
