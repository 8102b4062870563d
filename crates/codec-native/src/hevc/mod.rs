//! HEVC decoding by `rust_h265`: 4:2:0 and 4:4:4 at 8, 10 and 12 bits, several pictures at a time.

mod order;
mod recent;

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use order::Order;
use recent::{Kept, Recent};
use reelwright_bitstream::hevc::{HevcConfig, NalType, Sps, access_unit, layer_id};
use reelwright_codec::{Codec, DecoderInfo, SpeedClass, VideoDecoder, VideoDecoderSettings};
use reelwright_media::{
    CancelToken, Color, Error, ErrorKind, FormatDescription, FourCc, Hint, PixelBuffer, PixelFormat,
    PixelLayout, Result, SampleBuffer, Size, Time, VideoCodec, VideoFormat, VideoFrame,
};

use rust_h265::{DecodeError, Decoder, Frame, PixelData, parse_nal};

use crate::nal::{Framing, guarded};
use crate::picture::{self, Tags};
use crate::threads;

/// The decoder's id in the registry.
pub(crate) const ID: &str = "hevc";

/// The registry's row.
pub(crate) fn info(provider: &'static str) -> DecoderInfo {
    DecoderInfo {
        speed: SpeedClass::Medium,
        ..DecoderInfo::new(ID, "HEVC decoder (rust_h265)", provider, Codec::Video(VideoCodec::Hevc))
    }
}

/// An HEVC decoder. Of streams with several layers it decodes the base layer.
pub(crate) struct Hevc {
    format: Arc<FormatDescription>,
    threads: usize,
    cancel: CancelToken,
    framing: Framing,
    /// Parameter sets of the format description, fed to every new decoder.
    sets: Vec<Bytes>,
    tags: Tags,
    decoder: Decoder,
    order: Order<Stamp>,
    /// What can be decoded again where damage turns up; kept while several threads decode.
    recent: Recent<Stamp>,
    /// After damage: one thread decodes up to the next IDR picture.
    alone: bool,
    /// Damage that was found beside the one reported.
    late: VecDeque<Error>,
}

/// When a picture is shown.
#[derive(Clone, Copy, Debug)]
struct Stamp {
    pts: Time,
    duration: Option<Time>,
}

impl Hevc {
    /// Makes a decoder for the stream that `settings.format` describes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`] for monochrome, 4:2:2 and other depths, and a malformed `hvcC`.
    pub(crate) fn new(settings: &VideoDecoderSettings) -> Result<Self> {
        Self::for_format(&settings.format, threads(settings), &settings.cancel)
    }

    fn for_format(
        description: &Arc<FormatDescription>,
        threads: usize,
        cancel: &CancelToken,
    ) -> Result<Self> {
        let format = description.video()?;
        let (framing, sets) = parameter_sets(format)?;
        let sps = sets.iter().find(|unit| NalType::of(unit) == Some(NalType::SPS));
        let sps = sps.map(|unit| Sps::parse(unit)).transpose()?;
        if let Some(sps) = &sps {
            check(sps)?;
        }
        let mut made = Self {
            format: description.clone(),
            threads,
            cancel: cancel.clone(),
            framing,
            tags: tags(format, sps.as_ref()),
            sets,
            decoder: Decoder::new(),
            order: Order::new(),
            recent: Recent::new(),
            alone: false,
            late: VecDeque::new(),
        };
        made.restart();
        Ok(made)
    }

    /// Replaces the decoder by a new one that knows the parameter sets of the format description.
    fn restart(&mut self) {
        let threads = if self.alone { 1 } else { self.threads };
        self.decoder = Decoder::new().with_display_order().with_threads(threads);
        self.order.restart();
        let units: Vec<&[u8]> = self.sets.iter().map(|unit| &unit[..]).collect();
        let nothing = Stamp { pts: Time::ZERO, duration: None };
        // Sets it can't read make every slice fail, and those errors can be located.
        let _ = self.order.note(&units, nothing);
        for unit in units {
            let _ = guarded("rust_h265", || parse_nal(unit).map(|unit| self.decoder.decode_nal(&unit)));
        }
    }

    fn decode_units(&mut self, sample: &Bytes, stamp: Stamp) -> Result<()> {
        let units = self.framing.units(sample).map_err(|error| damaged(&error.to_string()))?;
        let units: Vec<&[u8]> = units.into_iter().filter(|unit| is_wanted(unit)).collect();
        self.look(&units)?;
        self.order.note(&units, stamp).map_err(|error| damaged(&error.to_string()))?;
        let decoder = &mut self.decoder;
        let result = guarded("rust_h265", || {
            let mut units = units.iter().filter_map(|unit| parse_nal(unit));
            units.try_for_each(|unit| decoder.decode_nal(&unit).map(drop))
        });
        match result {
            Ok(result) => result.map_err(failure),
            Err(error) => {
                self.restart();
                Err(error)
            }
        }
    }

    /// Takes in what a random access point says about the pictures.
    fn look(&mut self, units: &[&[u8]]) -> Result<()> {
        let facts = access_unit(units.iter().copied());
        if facts.has_sps
            && let Some(unit) = units.iter().find(|unit| NalType::of(unit) == Some(NalType::SPS))
            && let (Ok(sps), Some(format)) = (Sps::parse(unit), self.format.as_video())
        {
            check(&sps)?;
            self.tags = tags(format, Some(&sps));
        }
        self.tags.note_light(&facts.light);
        Ok(())
    }

    /// Whether decoding can start at a sample, and whether it is an IDR picture.
    fn access(&self, sample: &Bytes) -> (bool, bool) {
        let units = self.framing.units(sample).unwrap_or_default();
        let mut kinds = units.iter().filter(|unit| is_wanted(unit)).filter_map(|unit| NalType::of(unit));
        let slice = kinds.find(|kind| kind.is_slice());
        (slice.is_some_and(NalType::is_irap), slice.is_some_and(NalType::is_idr))
    }

    /// Decodes once more what several threads stumbled over, on one, which tells exactly which samples are damaged, and
    /// puts out what hasn't been. Returns the first damage; the others follow by and by.
    fn again(
        &mut self,
        Kept { samples, shown }: Kept<Stamp>,
        out: &mut dyn FnMut(VideoFrame) -> Result<()>,
    ) -> Result<()> {
        self.alone = true;
        self.restart();
        for (sample, stamp) in samples {
            self.cancel.check()?;
            let result = self.decode_units(&sample, stamp);
            let put = self.hand_out(Decoder::next_output, &mut |frame| {
                if shown.contains(&frame.pts) { Ok(()) } else { out(frame) }
            });
            match result.and(put) {
                Err(error) if error.kind() == ErrorKind::Cancelled => return Err(error),
                Err(error) => self.late.push_back(error.at_time(stamp.pts)),
                Ok(()) => {}
            }
        }
        self.late.pop_front().map_or(Ok(()), Err)
    }

    fn hand_out(
        &mut self,
        next: impl Fn(&mut Decoder) -> Option<Frame>,
        out: &mut dyn FnMut(VideoFrame) -> Result<()>,
    ) -> Result<()> {
        loop {
            let decoder = &mut self.decoder;
            let frame = match guarded("rust_h265", || next(decoder)) {
                Ok(Some(frame)) => frame,
                Ok(None) => return Ok(()),
                Err(error) => {
                    self.restart();
                    return Err(error);
                }
            };
            let stamp = self.order.take(frame.pic_order_cnt);
            let stamp = stamp.ok_or_else(|| damaged("a picture belongs to no sample"))?;
            let mut pixels = picture(frame)?;
            self.tags.put_on(&mut pixels);
            self.recent.note_shown(stamp.pts);
            out(VideoFrame { pixels, pts: stamp.pts, duration: stamp.duration })?;
        }
    }
}

impl VideoDecoder for Hevc {
    fn decode(&mut self, sample: &SampleBuffer, out: &mut dyn FnMut(VideoFrame) -> Result<()>) -> Result<()> {
        if sample.differs_from(&self.format) {
            self.finish(out)?;
            *self = Self::for_format(&sample.format, self.threads, &self.cancel.clone())?;
        }
        let bytes = sample.payload.load()?;
        let duration = sample.known_duration();
        let stamp = Stamp { pts: sample.pts, duration };
        let (starts, is_idr) = self.access(&bytes);
        if self.alone && is_idr {
            // What is behind an IDR picture refers to nothing before it: all threads again.
            self.hand_out(Decoder::flush, out)?;
            self.alone = false;
            self.restart();
        }
        if self.threads > 1 && !self.alone {
            self.recent.keep(&bytes, stamp, starts);
        }
        let result = self.decode_units(&bytes, stamp).map_err(|error| error.at_time(sample.pts));
        let Err(error) = result else {
            self.hand_out(Decoder::next_output, out)?;
            return self.late.pop_front().map_or(Ok(()), Err);
        };
        match self.recent.take() {
            Some(kept) => self.again(kept, out),
            None => {
                self.hand_out(Decoder::next_output, out)?;
                Err(error)
            }
        }
    }

    fn finish(&mut self, out: &mut dyn FnMut(VideoFrame) -> Result<()>) -> Result<()> {
        let result = self.hand_out(Decoder::flush, out);
        let late = self.decoder.next_error().map_or(Ok(()), |error| Err(failure(error)));
        let mut result = result.and(late);
        if let (Err(_), Some(kept)) = (&result, self.recent.take()) {
            result = self.again(kept, out);
            result = result.and(self.hand_out(Decoder::flush, out));
        }
        self.alone = false;
        self.recent.take();
        self.restart();
        result.and(self.late.drain(..).next().map_or(Ok(()), Err))
    }
}

/// Whether the decoder is to see the unit: base layer, and a type it knows (Dolby Vision's private ones it doesn't).
fn is_wanted(unit: &[u8]) -> bool {
    layer_id(unit) == Some(0) && NalType::of(unit).is_some_and(|kind| kind.0 <= NalType::SUFFIX_SEI.0)
}

fn damaged(what: &str) -> Error {
    Error::new(ErrorKind::Decode, format!("HEVC: {what}"))
}

fn failure(error: DecodeError) -> Error {
    match error {
        DecodeError::Unsupported(what) => unsupported(what.to_owned()),
        DecodeError::ResourceLimit(what) => Error::new(ErrorKind::Limit, format!("HEVC: {what}")),
        error => damaged(&error.to_string()),
    }
}

fn unsupported(what: String) -> Error {
    Error::unsupported(format!("HEVC: {what}")).with_hint(Hint::AnotherDecoder)
}

/// What the decoder can't do is refused at once, so that another provider is asked.
fn check(sps: &Sps) -> Result<()> {
    let depth = [8, 10, 12].contains(&sps.bit_depth) && sps.bit_depth == sps.chroma_bit_depth;
    if !depth || ![1, 3].contains(&sps.chroma_format) {
        let layout = ["4:0:0", "4:2:0", "4:2:2", "4:4:4"][usize::from(sps.chroma_format & 3)];
        return Err(unsupported(format!(
            "{layout} at {} bits; 4:2:0 and 4:4:4 at 8, 10 or 12 bits are decoded",
            sps.bit_depth
        )));
    }
    Ok(())
}

fn parameter_sets(format: &VideoFormat) -> Result<(Framing, Vec<Bytes>)> {
    match &format.config {
        Some(config) if config.kind == FourCc::new(b"hvcC") => {
            let config = HevcConfig::parse(&config.bytes)?;
            let units = config.units().filter(|unit| is_wanted(unit)).cloned();
            Ok((Framing::Lengths(config.length_size), units.collect()))
        }
        Some(config) => Err(Error::misuse(format!("HEVC is configured by hvcC, not {}", config.kind))),
        None => Ok((Framing::StartCodes, Vec::new())),
    }
}

fn tags(format: &VideoFormat, sps: Option<&Sps>) -> Tags {
    let color = sps.map_or(Color::UNSPECIFIED, Sps::color);
    let tags = Tags::new(format, color, sps.and_then(Sps::sample_aspect));
    // Where fields are coded one by one, each comes out as a picture of its own.
    let fields = sps.and_then(|sps| sps.vui.as_ref()).is_some_and(|vui| vui.field_sequence);
    if fields { tags.whole() } else { tags }
}

fn picture(frame: Frame) -> Result<PixelBuffer> {
    let layout = match frame.chroma_format_idc {
        1 => PixelLayout::Yuv420,
        2 => PixelLayout::Yuv422,
        3 => PixelLayout::Yuv444,
        other => return Err(unsupported(format!("chroma format {other}"))),
    };
    let format = PixelFormat::Yuv(layout, frame.bit_depth);
    let size = Size::new(frame.width, frame.height);
    match (frame.y, frame.u, frame.v) {
        (PixelData::U8(y), PixelData::U8(u), PixelData::U8(v)) => {
            picture::from_bytes(format, size, [y, u, v])
        }
        (PixelData::U16(y), PixelData::U16(u), PixelData::U16(v)) => {
            picture::from_words(format, size, [y, u, v])
        }
        _ => Err(damaged("luma and chroma differ in depth")),
    }
}
