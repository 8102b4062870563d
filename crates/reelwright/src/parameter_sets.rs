//! Copied tracks whose parameter sets may travel with the samples (`hev1`, `avc3`). Apple's players take only tracks that
//! have them in the sample entry (`hvc1`, `avc1`), and most of the others could be called so.

use std::sync::Arc;

use bytes::Bytes;
use reelwright_bitstream::{h264, hevc};
use reelwright_bmff::entry;
use reelwright_media::{FormatDescription, Payload, Result, SampleBuffer, VideoCodec, VideoFormat};
use reelwright_mux::Muxer;

/// Looks at samples as they are copied, by the headers of their NAL units, and has the muxer describe them as such without
/// parameter sets where none but those of the sample entry are found.
#[derive(Debug, Default)]
pub(crate) struct ParameterSets {
    formats: Vec<Watched>,
}

/// A format whose samples may carry parameter sets.
#[derive(Debug)]
struct Watched {
    /// The index of the track in the muxer.
    track: usize,
    /// Its ID.
    id: u32,
    format: Arc<FormatDescription>,
    /// Described so that they may not.
    other: Arc<FormatDescription>,
    /// Those of the sample entry; `None` where it hasn't all that a decoder needs.
    sets: Option<Sets>,
    samples: u64,
    /// Whether a sample carries others, or can't be told.
    differs: bool,
}

/// The parameter sets of a sample entry.
#[derive(Debug)]
struct Sets {
    codec: VideoCodec,
    /// Bytes of the length in front of each unit.
    length_size: u8,
    units: Vec<Bytes>,
    /// Whether two of them may stand for the same: only the samples tell then which counts.
    ambiguous: bool,
}

impl ParameterSets {
    /// Watches the formats of a copied track: number `track` of the muxer, `id` in the file.
    pub(crate) fn add(&mut self, track: usize, id: u32, formats: &[Arc<FormatDescription>]) {
        for format in formats {
            let FormatDescription::Video(video) = format.as_ref() else { continue };
            let Some(other) = entry::with_sets_in_entry(video) else { continue };
            let sets = Sets::of(video);
            let other = Arc::new(FormatDescription::Video(other));
            let (format, samples) = (format.clone(), 0);
            self.formats.push(Watched { track, id, format, other, sets, samples, differs: false });
        }
    }

    /// Takes in a sample of track `track`.
    pub(crate) fn look(&mut self, track: usize, sample: &SampleBuffer) {
        let is_its = |watched: &&mut Watched| watched.track == track && !sample.differs_from(&watched.format);
        if let Some(watched) = self.formats.iter_mut().find(is_its) {
            watched.samples += 1;
            // What can't be read fails where it is copied.
            let holds_all = |sets: &Sets| sets.hold_all_of(&sample.payload).unwrap_or(false);
            watched.differs = watched.differs || !watched.sets.as_ref().is_some_and(holds_all);
        }
    }

    /// Has the muxer describe what can be described otherwise. Returns what can't, in plain sentences.
    pub(crate) fn settle(&self, muxer: &mut Muxer) -> Vec<String> {
        let mut kept = Vec::new();
        for watched in self.formats.iter().filter(|watched| watched.samples > 0) {
            if !watched.differs {
                muxer.describe_as(watched.track, &watched.format, watched.other.clone());
                continue;
            }
            let (track, tag, other) = (watched.id, watched.format.tag(), watched.other.tag());
            kept.push(format!(
                "track {track} stays '{tag}', which Apple's players don't show: its samples carry parameter sets of their \
                 own, which '{other}' doesn't allow"
            ));
        }
        kept
    }
}

impl Sets {
    /// The sets of a sample entry; `None` where it hasn't all that a decoder needs.
    fn of(video: &VideoFormat) -> Option<Self> {
        let config = video.config.as_ref()?;
        let (length_size, units, kinds) = match video.codec {
            VideoCodec::Hevc => {
                let config = hevc::HevcConfig::parse(&config.bytes).ok()?;
                let units: Vec<_> = config.arrays.into_iter().flat_map(|array| array.units).collect();
                (config.length_size, units, &[32, 33, 34][..])
            }
            VideoCodec::H264 => {
                let config = h264::AvcConfig::parse(&config.bytes).ok()?;
                (config.length_size, config.units().cloned().collect(), &[7, 8][..])
            }
            _ => return None,
        };
        let mut sets = Self { codec: video.codec, length_size, units, ambiguous: false };
        let count = |kind: u8| sets.units.iter().filter(|unit| sets.kind(unit) == Some(kind)).count();
        if kinds.iter().any(|kind| count(*kind) == 0) {
            return None;
        }
        let mut numbers: Vec<_> = sets.units.iter().map(|unit| sets.number(unit)).collect();
        let all = numbers.len();
        numbers.sort_unstable();
        numbers.dedup();
        sets.ambiguous = numbers.len() < all;
        Some(sets)
    }

    /// What other units name a parameter set by: its kind and number, where it has one that is known.
    fn number(&self, unit: &[u8]) -> (Option<u8>, Option<u32>) {
        let kind = self.kind(unit);
        let number = match (self.codec, kind) {
            (VideoCodec::Hevc, Some(32)) => hevc::Vps::parse(unit).ok().map(|set| set.id.into()),
            (VideoCodec::Hevc, Some(33)) => hevc::Sps::parse(unit).ok().map(|set| set.id),
            (VideoCodec::Hevc, Some(34)) => hevc::Pps::parse(unit).ok().map(|set| set.id),
            (VideoCodec::H264, Some(7)) => h264::Sps::parse(unit).ok().map(|set| set.id),
            (VideoCodec::H264, Some(8)) => h264::Pps::parse(unit).ok().map(|set| set.id),
            _ => None,
        };
        (kind, number)
    }

    /// Whether a unit of this type is a parameter set.
    fn is_set(&self, kind: u8) -> bool {
        match self.codec {
            VideoCodec::Hevc => matches!(kind, 32..=34),
            _ => matches!(kind, 7 | 8 | 13 | 15),
        }
    }

    fn kind(&self, unit: &[u8]) -> Option<u8> {
        match self.codec {
            VideoCodec::Hevc => hevc::NalType::of(unit).map(|kind| kind.0),
            _ => h264::NalType::of(unit).map(|kind| kind.0),
        }
    }

    /// Whether all parameter sets in a sample are these.
    fn hold_all_of(&self, sample: &Payload) -> Result<bool> {
        let (len, width) = (sample.len(), usize::from(self.length_size.clamp(1, 4)));
        let (mut window, mut held, mut start) = ([0; WINDOW], 0usize, 0u64);
        let mut at = 0u64;
        while at < len {
            let within = usize::try_from(at - start).unwrap_or(usize::MAX);
            if within.saturating_add(width + 2) > held {
                start = at;
                held = sample.read_at(&mut window, at)?;
            }
            let head = &window[usize::try_from(at - start).unwrap_or(0)..held];
            let Some((prefix, unit)) = head.split_at_checked(width) else { return Ok(false) };
            let size = prefix.iter().fold(0u64, |size, &byte| size << 8 | u64::from(byte));
            let body = at + width as u64;
            if size > len - body.min(len) {
                return Ok(false);
            }
            if size > 0 && self.kind(&unit[..unit.len().min(2)]).is_none_or(|kind| self.is_set(kind)) {
                let mut set = vec![0; usize::try_from(size.min(LONGEST)).unwrap_or(0)];
                sample.read_at(&mut set, body)?;
                if self.ambiguous || size > LONGEST || !self.units.iter().any(|known| known[..] == set[..]) {
                    return Ok(false);
                }
            }
            at = body + size;
        }
        Ok(true)
    }
}

/// Bytes that are read of a sample at a time: short units in front, and the head of the picture.
const WINDOW: usize = 128;

/// No parameter set is longer: the sample entry counts in 16 bits.
const LONGEST: u64 = 0xFFFF;
