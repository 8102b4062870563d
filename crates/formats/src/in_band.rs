//! What writers leave for the samples to tell: H.264 and HEVC with start codes where lengths belong and no configuration
//! (MP4, and what browsers record as Matroska); MPEG audio, whose object type in MP4 is one for all layers; HE-AAC that is
//! signalled as its core alone.

use std::sync::Arc;

use reelwright_bitstream::aac::{AudioSpecificConfig, Sbr};
use reelwright_bitstream::h264::AvcConfig;
use reelwright_bitstream::hevc::HevcConfig;
use reelwright_bitstream::mpeg_audio::MpegAudioHeader;
use reelwright_bitstream::{annex_b_to_length_prefixed, annex_b_units, starts_with_start_code};
use reelwright_bmff::entry::complete_video;
use reelwright_media::{
    AudioCodec, AudioFormat, CodecConfig, FormatDescription, FourCc, Missing, Movie, Result, SampleBuffer,
    Time, VideoCodec, VideoFormat,
};

use crate::{Demuxer, SampleCursor, frames};

/// How many samples may come before one that tells: a recording may begin between two key frames.
const PATIENCE: usize = 300;

/// `inner`, with formats completed by what their first samples tell, and samples in the form the formats say.
pub(crate) fn complete(inner: Box<dyn Demuxer>) -> Box<dyn Demuxer> {
    let mut movie = Movie::clone(inner.movie());
    let mut completed = Vec::new();
    for track in &mut movie.tracks {
        if !track.formats.iter().any(|format| leaves_open(format)) {
            continue;
        }
        let Ok(mut cursor) = inner.cursor(track.id) else { continue };
        let mut samples = std::iter::from_fn(|| cursor.next_sample().ok().flatten());
        let change = match track.formats.iter().find(|format| unsignalled(format).is_some()) {
            Some(aac) => format_of_blocks(aac, samples.take(BLOCKS)),
            None => samples.by_ref().take(PATIENCE).find_map(|sample| {
                let to = Arc::new(format_of(&sample)?);
                Some(Change { from: sample.format, to })
            }),
        };
        let Some(change) = change else { continue };
        let same = track.formats.iter_mut().filter(|format| **format == change.from);
        same.for_each(|format| *format = change.to.clone());
        completed.push((track.id, change));
    }
    if completed.is_empty() {
        inner
    } else {
        Box::new(Completed { inner, movie: Arc::new(movie), completed })
    }
}

/// Enough blocks of AAC to be sure of parametric stereo, which only the end of its data shows.
const BLOCKS: usize = 16;

/// The configuration of AAC that leaves it to the stream whether there is spectral band replication: up to 24 kHz that is
/// allowed (ISO/IEC 14496-3, 1.6.6.1).
fn unsignalled(format: &FormatDescription) -> Option<AudioSpecificConfig> {
    let audio = format.as_audio().filter(|audio| audio.codec == AudioCodec::Aac)?;
    let config = AudioSpecificConfig::parse(&audio.config.as_ref()?.bytes).ok()?;
    (config.sbr == Sbr::Unknown && config.object_type <= 4 && config.sample_rate <= 24_000).then_some(config)
}

/// What the first blocks of `format` tell beyond its configuration.
fn format_of_blocks(
    format: &Arc<FormatDescription>,
    samples: impl Iterator<Item = SampleBuffer>,
) -> Option<Change> {
    let stated = unsignalled(format)?;
    let blocks: Vec<_> = samples
        .filter(|sample| sample.format == *format)
        .filter_map(|sample| sample.payload.load().ok())
        .collect();
    let mut completed = stated.clone();
    completed.complete(blocks.iter().map(|block| &block[..]));
    if completed == stated {
        return None;
    }
    let described = frames::aac(&completed, completed.to_bytes().ok()?).ok()?;
    let completed = AudioFormat { tag: format.tag(), bit_rate: format.as_audio()?.bit_rate, ..described };
    Some(Change { from: format.clone(), to: Arc::new(FormatDescription::Audio(completed)) })
}

fn leaves_open(format: &FormatDescription) -> bool {
    match format {
        FormatDescription::Video(video) => {
            let in_units = matches!(video.codec, VideoCodec::H264 | VideoCodec::Hevc);
            in_units && (stated(video).is_empty() || starts_with_start_code(stated(video)))
        }
        FormatDescription::Audio(audio) => {
            let layered = audio.codec == AudioCodec::Mp3 && audio.tag == FourCc::new(b"mp4a");
            layered || unsignalled(format).is_some()
        }
        FormatDescription::Data(_) => false,
    }
}

/// The configuration as it stands in the file.
fn stated(video: &VideoFormat) -> &[u8] {
    video.config.as_ref().map(|config| &config.bytes[..]).unwrap_or_default()
}

/// Tag and configuration of a stream with start codes whose parameter sets are in `stated` or in `sample`. They stay in
/// the samples, where they may change: `avc3` and `hev1` (ISO/IEC 14496-15, 5.3.3.1.1 and 8.3.3.1.1).
pub(crate) fn configuration(
    codec: VideoCodec,
    stated: &[u8],
    sample: &[u8],
) -> Option<(FourCc, CodecConfig)> {
    let stated_so = stated.is_empty() || starts_with_start_code(stated);
    let units = annex_b_units(stated).chain(annex_b_units(sample));
    match codec {
        _ if !stated_so || !starts_with_start_code(sample) => None,
        VideoCodec::H264 => {
            Some((FourCc::new(b"avc3"), AvcConfig::from_units(units).ok()?.to_config().ok()?))
        }
        VideoCodec::Hevc => {
            Some((FourCc::new(b"hev1"), HevcConfig::from_units(units, false).ok()?.to_config().ok()?))
        }
        _ => None,
    }
}

/// The format of `sample` where it tells more than is stated.
fn format_of(sample: &SampleBuffer) -> Option<FormatDescription> {
    if !leaves_open(&sample.format) {
        return None;
    }
    let bytes = sample.payload.load().ok()?;
    match &*sample.format {
        FormatDescription::Video(video) => {
            let (tag, config) = configuration(video.codec, stated(video), &bytes)?;
            let mut completed = VideoFormat { tag, config: Some(config), entry: None, ..video.clone() };
            complete_video(&mut completed);
            Some(FormatDescription::Video(completed))
        }
        FormatDescription::Audio(audio) if audio.codec == AudioCodec::Mp3 => {
            let header =
                MpegAudioHeader::parse(&bytes).ok().filter(|header| header.codec() != audio.codec)?;
            let completed =
                AudioFormat { codec: header.codec(), frames_per_packet: header.samples, ..audio.clone() };
            Some(FormatDescription::Audio(completed))
        }
        _ => None,
    }
}

/// What a format is stated to be, and what it is.
#[derive(Clone)]
struct Change {
    from: Arc<FormatDescription>,
    to: Arc<FormatDescription>,
}

struct Completed {
    inner: Box<dyn Demuxer>,
    movie: Arc<Movie>,
    /// By track ID.
    completed: Vec<(u32, Change)>,
}

impl Demuxer for Completed {
    fn movie(&self) -> &Arc<Movie> {
        &self.movie
    }

    fn cursor(&self, track: u32) -> Result<Box<dyn SampleCursor>> {
        let inner = self.inner.cursor(track)?;
        Ok(match self.completed.iter().find(|(id, _)| *id == track) {
            Some((_, change)) => Box::new(ToldCursor { inner, change: change.clone() }),
            None => inner,
        })
    }

    fn missing(&self, track: u32) -> Option<Missing> {
        self.inner.missing(track)
    }
}

struct ToldCursor {
    inner: Box<dyn SampleCursor>,
    change: Change,
}

impl SampleCursor for ToldCursor {
    fn next_sample(&mut self) -> Result<Option<SampleBuffer>> {
        let Some(mut sample) = self.inner.next_sample()? else { return Ok(None) };
        if sample.format == self.change.from {
            sample.format = self.change.to.clone();
            if sample.format.as_video().is_some() {
                let bytes = sample.payload.load()?;
                let coded = starts_with_start_code(&bytes);
                sample.payload = if coded { annex_b_to_length_prefixed(&bytes).into() } else { bytes.into() };
            }
        }
        Ok(Some(sample))
    }

    fn peek_offset(&mut self) -> Result<Option<u64>> {
        self.inner.peek_offset()
    }

    fn seek(&mut self, time: Time) -> Result<()> {
        self.inner.seek(time)
    }
}
