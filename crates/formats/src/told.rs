//! What writers of MP4 leave for the samples to tell: H.264 with start codes where lengths belong and nothing in `avcC`;
//! MPEG audio, whose object type is one for all layers.

use std::sync::Arc;

use reelwright_bitstream::h264::AvcConfig;
use reelwright_bitstream::mpeg_audio::MpegAudioHeader;
use reelwright_bitstream::{annex_b_to_length_prefixed, annex_b_units, starts_with_start_code};
use reelwright_bmff::entry::complete_video;
use reelwright_media::{
    AudioCodec, AudioFormat, FormatDescription, FourCc, Missing, Movie, Result, SampleBuffer, Time,
    VideoCodec, VideoFormat,
};

use crate::{Demuxer, SampleCursor};

/// `inner`, with formats completed by what their first samples tell, and samples in the form the formats say.
pub(crate) fn complete(inner: Box<dyn Demuxer>) -> Box<dyn Demuxer> {
    let mut movie = Movie::clone(inner.movie());
    let mut told = Vec::new();
    for track in &mut movie.tracks {
        if !track.formats.iter().any(|format| leaves_open(format)) {
            continue;
        }
        let first = inner.cursor(track.id).and_then(|mut cursor| cursor.next_sample());
        let Ok(Some(first)) = first else { continue };
        let Some(format) = told_by(&first) else { continue };
        let change = Change { from: first.format, to: Arc::new(format) };
        let stated = track.formats.iter_mut().filter(|format| **format == change.from);
        stated.for_each(|format| *format = change.to.clone());
        told.push((track.id, change));
    }
    if told.is_empty() { inner } else { Box::new(Told { inner, movie: Arc::new(movie), told }) }
}

fn leaves_open(format: &FormatDescription) -> bool {
    match format {
        FormatDescription::Video(video) => {
            let config = video.config.as_ref().map(|config| &config.bytes[..]).unwrap_or_default();
            video.codec == VideoCodec::H264 && (config.is_empty() || starts_with_start_code(config))
        }
        FormatDescription::Audio(audio) => {
            audio.codec == AudioCodec::Mp3 && audio.tag == FourCc::new(b"mp4a")
        }
        FormatDescription::Data(_) => false,
    }
}

/// The format of `first`, the first sample of a track, where it tells more than is stated.
fn told_by(first: &SampleBuffer) -> Option<FormatDescription> {
    if !leaves_open(&first.format) {
        return None;
    }
    let bytes = first.payload.load().ok()?;
    match &*first.format {
        FormatDescription::Video(video) if starts_with_start_code(&bytes) => {
            let stated = video.config.as_ref().map(|config| &config.bytes[..]).unwrap_or_default();
            let config = AvcConfig::from_units(annex_b_units(stated).chain(annex_b_units(&bytes))).ok()?;
            // The sets stay in the samples, where they may change: `avc3` (ISO/IEC 14496-15, 5.3.3.1.1).
            let mut told = VideoFormat {
                tag: FourCc::new(b"avc3"),
                config: Some(config.to_config().ok()?),
                entry: None,
                ..video.clone()
            };
            complete_video(&mut told);
            Some(FormatDescription::Video(told))
        }
        FormatDescription::Audio(audio) => {
            let header =
                MpegAudioHeader::parse(&bytes).ok().filter(|header| header.codec() != audio.codec)?;
            let told =
                AudioFormat { codec: header.codec(), frames_per_packet: header.samples, ..audio.clone() };
            Some(FormatDescription::Audio(told))
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

struct Told {
    inner: Box<dyn Demuxer>,
    movie: Arc<Movie>,
    /// By track ID.
    told: Vec<(u32, Change)>,
}

impl Demuxer for Told {
    fn movie(&self) -> &Arc<Movie> {
        &self.movie
    }

    fn cursor(&self, track: u32) -> Result<Box<dyn SampleCursor>> {
        let inner = self.inner.cursor(track)?;
        Ok(match self.told.iter().find(|(id, _)| *id == track) {
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
