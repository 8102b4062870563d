//! What goes with pictures and encoders know nothing of, put into the stream beside what they code.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use reelwright_bitstream::h264::{self, AvcConfig};
use reelwright_bitstream::{captions, hevc};
use reelwright_media::{
    FormatDescription, Payload, Piece, PixelFormat, Result, Rounding, SampleBuffer, Time, Timescale,
    VideoCodec, VideoFrame,
};

use crate::{FrameOptions, VideoEncoder, VideoEncoderSettings};

/// Whether closed captions of pictures are put into the stream when they are encoded with `codec`.
pub fn carries_captions(codec: VideoCodec) -> bool {
    matches!(codec, VideoCodec::H264 | VideoCodec::Hevc)
}

/// Whether what is encoded with `codec` says that its pictures are interlaced: in the stream, or in the sample entry (`fiel`).
pub fn states_field_order(codec: VideoCodec) -> bool {
    matches!(codec, VideoCodec::H264 | VideoCodec::Hevc | VideoCodec::ProRes)
}

/// An encoder whose samples carry what its pictures did.
pub(crate) fn annotated(
    encoder: Box<dyn VideoEncoder>,
    settings: &VideoEncoderSettings,
) -> Result<Box<dyn VideoEncoder>> {
    if !carries_captions(settings.codec) {
        return Ok(encoder);
    }
    let mut format = encoder.format().clone();
    let mut structure = None;
    if settings.field_order.is_interlaced()
        && let Some(told) = telling_fields(&format)?
    {
        format = told;
        structure = Some(h264::picture_structure(settings.field_order).into());
    }
    let (codec, timescale) = (settings.codec, settings.timescale);
    Ok(Box::new(Annotated { encoder, codec, format, structure, timescale, captions: VecDeque::new() }))
}

/// The format with a parameter set that announces messages about fields; `None` where the stream says it itself, or can't.
fn telling_fields(format: &Arc<FormatDescription>) -> Result<Option<Arc<FormatDescription>>> {
    let Some(video) = format.as_video().filter(|video| video.codec == VideoCodec::H264) else {
        return Ok(None);
    };
    let Some(config) = &video.config else { return Ok(None) };
    let mut config = AvcConfig::parse(&config.bytes)?;
    let vui = config.first_sps()?.vui;
    if vui.is_some_and(|vui| vui.pic_struct_present || vui.delay_bits.is_some()) {
        return Ok(None);
    }
    for set in &mut config.sps {
        *set = h264::with_picture_structure(set)?.into();
    }
    let mut video = video.clone();
    video.config = Some(config.to_config()?);
    Ok(Some(Arc::new(FormatDescription::Video(video))))
}

struct Annotated {
    encoder: Box<dyn VideoEncoder>,
    codec: VideoCodec,
    format: Arc<FormatDescription>,
    /// The unit that says of every picture in which order its fields are shown, where the encoder doesn't.
    structure: Option<Bytes>,
    timescale: Timescale,
    /// Captions of pictures that are in the encoder, by their times.
    captions: VecDeque<(Option<Time>, Bytes)>,
}

impl VideoEncoder for Annotated {
    fn input_format(&self) -> PixelFormat {
        self.encoder.input_format()
    }

    fn format(&self) -> &Arc<FormatDescription> {
        &self.format
    }

    fn encode(
        &mut self,
        mut frame: VideoFrame,
        options: FrameOptions,
        out: &mut dyn FnMut(SampleBuffer) -> Result<()>,
    ) -> Result<()> {
        if let Some(triplets) = frame.pixels.closed_captions.take() {
            self.captions.push_back((frame.pts.rescale(self.timescale, Rounding::Nearest), triplets));
        }
        let Self { encoder, codec, format, structure, captions, .. } = self;
        let mut units = Units { codec: *codec, format, structure, captions };
        encoder.encode(frame, options, &mut |sample| out(units.put_into(sample)?))
    }

    fn changes_rate(&self) -> bool {
        self.encoder.changes_rate()
    }

    fn set_average_rate(&mut self, bits_per_second: u32) -> Result<()> {
        self.encoder.set_average_rate(bits_per_second)
    }

    fn finish(&mut self, out: &mut dyn FnMut(SampleBuffer) -> Result<()>) -> Result<()> {
        let Self { encoder, codec, format, structure, captions, .. } = self;
        let mut units = Units { codec: *codec, format, structure, captions };
        encoder.finish(&mut |sample| out(units.put_into(sample)?))
    }
}

/// What is put into samples.
struct Units<'a> {
    codec: VideoCodec,
    format: &'a Arc<FormatDescription>,
    structure: &'a Option<Bytes>,
    captions: &'a mut VecDeque<(Option<Time>, Bytes)>,
}

impl Units<'_> {
    fn put_into(&mut self, sample: SampleBuffer) -> Result<SampleBuffer> {
        let position = self.captions.iter().position(|(pts, _)| *pts == Some(sample.pts));
        let triplets = position.and_then(|position| self.captions.remove(position));
        let captions = triplets.and_then(|(_, triplets)| match self.codec {
            VideoCodec::Hevc => captions::hevc_unit(&triplets),
            _ => captions::h264_unit(&triplets),
        });
        let units: Vec<Bytes> = self.structure.iter().cloned().chain(captions.map(Bytes::from)).collect();
        if units.is_empty() {
            return Ok(sample);
        }
        let bytes = sample.payload.load()?;
        let at = first_slice(&bytes, self.codec);
        let length = |unit: &Bytes| Bytes::copy_from_slice(&(unit.len() as u32).to_be_bytes());
        let units = units.into_iter().flat_map(|unit| [length(&unit), unit]);
        let pieces = [bytes.slice(..at)].into_iter().chain(units).chain([bytes.slice(at..)]);
        let payload = Payload::rope(pieces.map(Piece::Bytes));
        Ok(SampleBuffer { format: self.format.clone(), payload, ..sample })
    }
}

/// Where the first unit of picture data begins in a sample whose units are behind their lengths in four bytes.
fn first_slice(sample: &[u8], codec: VideoCodec) -> usize {
    let mut at = 0;
    while let Some((length, unit)) = sample.get(at..).and_then(|rest| rest.split_first_chunk::<4>()) {
        let slice = match codec {
            VideoCodec::Hevc => hevc::NalType::of(unit).is_some_and(hevc::NalType::is_slice),
            // A prefix unit (14) belongs to the slice behind it.
            _ => h264::NalType::of(unit).is_some_and(|kind| kind.is_slice() || kind.0 == 14),
        };
        if slice {
            return at;
        }
        at += 4 + usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX / 2);
    }
    at.min(sample.len())
}
