//! Opus decoding by `opus-decoder`, at 48 kHz, up to 8 channels.

mod streams;

use std::sync::Arc;

use opus_decoder::OpusDecoder;
use reelwright_codec::{AudioDecoder, Codec, DecoderInfo};
use reelwright_media::{
    AudioBuffer, AudioCodec, Channel, ChannelLayout, Error, ErrorKind, FormatDescription, Result,
    SampleBuffer, Timescale,
};

use crate::nal::guarded;
use crate::pcm::wave_layout;

/// The decoder's id in the registry.
pub(crate) const ID: &str = "opus";

/// Opus decodes to 48 kHz whatever went in.
const RATE: u32 = 48_000;

/// Stands for a channel no stream holds (RFC 7845, 5.1.1).
const SILENT: u8 = 255;

/// A packet lasts 120 ms at most.
const MOST_FRAMES: usize = 5_760;

/// The registry's row.
pub(crate) fn info(provider: &'static str) -> DecoderInfo {
    DecoderInfo::new(ID, "Opus decoder (opus-decoder)", provider, Codec::Audio(AudioCodec::Opus))
}

/// An Opus decoder.
pub(crate) struct Opus {
    format: Arc<FormatDescription>,
    decoder: Streams,
    head: Head,
}

/// What `dOps` (Opus in ISOBMFF, 4.3.2) or the header packet of Ogg and Matroska (RFC 7845, 5.1) says.
#[derive(Clone, Debug, PartialEq)]
struct Head {
    /// What samples are to be multiplied with.
    gain: f32,
    streams: u8,
    coupled: u8,
    /// Which decoded channel each output channel is, in the order of `layout`.
    mapping: Vec<u8>,
    layout: ChannelLayout,
}

impl Head {
    fn parse(config: &[u8]) -> Option<Self> {
        // The header packet is little-endian, the box big-endian; their fields are the same.
        let (body, little) = match config.strip_prefix(b"OpusHead") {
            Some(body) => (body, true),
            None => (config, false),
        };
        let [_, channels, _, _, _, _, _, _, gain @ .., family] = *body.first_chunk::<11>()?;
        let gain = if little { i16::from_le_bytes(gain) } else { i16::from_be_bytes(gain) };
        let channels = usize::from(channels);
        let (streams, coupled, mapping) = match (family, channels) {
            (0, 1) => (1, 0, vec![0]),
            (0, 2) => (1, 1, vec![0, 1]),
            (0, _) | (_, 0) => return None,
            _ => (*body.get(11)?, *body.get(12)?, body.get(13..13 + channels)?.to_vec()),
        };
        let (layout, order) =
            if family == 1 { wave_order(channels)? } else { (wave_layout(channels), Vec::new()) };
        let mapping = if order.is_empty() {
            mapping
        } else {
            order.iter().map(|&index| mapping.get(index).copied()).collect::<Option<_>>()?
        };
        let gain = 10f32.powf(f32::from(gain) / (20.0 * 256.0));
        Some(Self { gain, streams, coupled, mapping, layout })
    }

    /// The stream that holds decoded channel `slot`, and which of its channels that is.
    fn place(&self, slot: u8) -> (usize, usize) {
        let (slot, coupled) = (usize::from(slot), usize::from(self.coupled));
        if slot < 2 * coupled { (slot / 2, slot % 2) } else { (slot - coupled, 0) }
    }

    /// How many channels a stream holds.
    fn channels_of(&self, stream: usize) -> usize {
        if stream < self.coupled.into() { 2 } else { 1 }
    }

    fn decoder(&self) -> Result<Streams> {
        let streams = usize::from(self.streams);
        let is_there = |slot: &u8| *slot == SILENT || self.place(*slot).0 < streams;
        if streams == 0 || self.coupled > self.streams || !self.mapping.iter().all(is_there) {
            return Err(Error::malformed("the Opus configuration maps channels to streams it doesn't have"));
        }
        let channels = (0..streams).map(|index| self.channels_of(index));
        let made = guarded("opus-decoder", || channels.map(|count| OpusDecoder::new(RATE, count)).collect())?;
        let decoders: std::result::Result<Vec<_>, opus_decoder::OpusError> = made;
        let decoders =
            decoders.map_err(|error| Error::malformed(format!("the Opus configuration: {error}")))?;
        Ok(Streams { decoders, pcm: vec![0.0; MOST_FRAMES * 2] })
    }
}

/// The decoders of a packet's streams.
struct Streams {
    decoders: Vec<OpusDecoder>,
    /// One stream, decoded.
    pcm: Vec<f32>,
}

impl Streams {
    /// Decodes a packet, one plane a channel.
    fn decode(&mut self, packet: &[u8], head: &Head) -> Result<Vec<Vec<f32>>> {
        let failed = |what: String| Error::new(ErrorKind::Decode, format!("Opus: {what}"));
        let mut planes = vec![Vec::new(); head.mapping.len()];
        let mut all = None;
        for (index, packet) in streams::split(packet, self.decoders.len())?.iter().enumerate() {
            let frames = self.decoders[index].decode_float(packet, &mut self.pcm, false);
            let frames = frames.map_err(|error| failed(error.to_string()))?;
            if *all.get_or_insert(frames) != frames {
                return Err(failed("streams of one packet have different lengths".to_owned()));
            }
            let decoded = || self.pcm.chunks_exact(head.channels_of(index)).take(frames);
            for (plane, &slot) in planes.iter_mut().zip(&head.mapping) {
                let (stream, from) = head.place(slot);
                if slot != SILENT && stream == index {
                    plane.extend(decoded().map(|frame| frame[from] * head.gain));
                }
            }
        }
        planes.iter_mut().for_each(|plane| plane.resize(all.unwrap_or(0), 0.0));
        Ok(planes)
    }
}

/// The layout in the order of WAVE files, and where each of its channels stands in Vorbis's order, which Opus uses
/// (RFC 7845, 5.1.1.2).
fn wave_order(channels: usize) -> Option<(ChannelLayout, Vec<usize>)> {
    let order = match channels {
        1 => vec![0],
        2 => vec![0, 1],
        3 => vec![0, 2, 1],
        4 => vec![0, 1, 2, 3],
        5 => vec![0, 2, 1, 3, 4],
        6 => vec![0, 2, 1, 5, 3, 4],
        7 => vec![0, 2, 1, 6, 5, 3, 4],
        8 => vec![0, 2, 1, 7, 5, 6, 3, 4],
        _ => return None,
    };
    let layout = match channels {
        4 => ChannelLayout::new([Channel::Left, Channel::Right, Channel::BackLeft, Channel::BackRight]),
        _ => wave_layout(channels),
    };
    Some((layout, order))
}

impl Opus {
    /// Makes a decoder.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Malformed`] for a configuration that isn't one.
    pub(crate) fn new(format: &Arc<FormatDescription>) -> Result<Self> {
        let audio = format.audio()?;
        let head = match &audio.config {
            Some(config) => Head::parse(&config.bytes),
            // Without a configuration, what mono and stereo streams always have.
            None => Head::parse(&[0, audio.channels.clamp(1, 2) as u8, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        };
        let head =
            head.ok_or_else(|| Error::malformed("the Opus configuration is cut short or has no channels"))?;
        Ok(Self { format: format.clone(), decoder: head.decoder()?, head })
    }
}

impl AudioDecoder for Opus {
    fn decode(
        &mut self,
        sample: &SampleBuffer,
        out: &mut dyn FnMut(AudioBuffer) -> Result<()>,
    ) -> Result<()> {
        if sample.differs_from(&self.format) {
            *self = Self::new(&sample.format)?;
        }
        let bytes = sample.payload.load()?;
        let (decoder, head) = (&mut self.decoder, &self.head);
        let planes = match guarded("opus-decoder", || decoder.decode(&bytes, head)) {
            Ok(planes) => planes.map_err(|error| error.at_time(sample.pts))?,
            Err(error) => {
                self.decoder = self.head.decoder()?;
                return Err(error.at_time(sample.pts));
            }
        };
        out(AudioBuffer::new(Timescale::or_one(RATE), self.head.layout.clone(), sample.pts, planes))
    }

    fn finish(&mut self, _: &mut dyn FnMut(AudioBuffer) -> Result<()>) -> Result<()> {
        self.decoder.decoders.iter_mut().for_each(OpusDecoder::reset);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_headers_say_the_same() {
        let stereo = Head::parse(&[0, 2, 0x01, 0x38, 0, 0, 0xBB, 0x80, 1, 0, 0]).unwrap();
        let ogg = Head::parse(b"OpusHead\x01\x02\x38\x01\x80\xBB\0\0\0\x01\0").unwrap();
        assert_eq!(stereo, ogg);
        assert!((stereo.gain - 10f32.powf(1.0 / 20.0)).abs() < 1e-6);
        assert_eq!((stereo.streams, stereo.coupled, &stereo.mapping[..]), (1, 1, &[0, 1][..]));
    }

    #[test]
    fn surround_is_put_into_wave_order() {
        let body = [0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 1, 4, 2, 0, 4, 1, 2, 3, 5];
        let head = Head::parse(&body).unwrap();
        assert_eq!(head.mapping, [0, 1, 4, 5, 2, 3]);
        assert_eq!(head.layout, ChannelLayout::surround_5_1());
        assert_eq!(Head::parse(&body[..15]), None);
        assert_eq!(Head::parse(&[]), None);
    }
}
