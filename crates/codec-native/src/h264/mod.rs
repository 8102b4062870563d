//! H.264 decoding: per stream the faster of two decoders where it is able to, else the general one.

mod general;
mod groups;
mod swift;

pub(crate) use groups::IdrGroups;

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use reelwright_bitstream::h264::{AvcConfig, FieldOrders, NalType, Pps, Sps};
use reelwright_bitstream::{annex_b_units, starts_with_start_code};
use reelwright_codec::{Codec, DecoderInfo, SpeedClass, VideoDecoder, VideoDecoderSettings};
use reelwright_media::{
    CancelToken, Color, Error, ErrorKind, FieldOrder, FormatDescription, FourCc, Hint, PixelBuffer, Result,
    SampleBuffer, Time, VideoCodec, VideoFormat, VideoFrame,
};

use crate::nal::{Framing, guarded};
use crate::parallel::ParallelGops;
use crate::picture::Tags;
use crate::threads;

/// The decoder's id in the registry.
pub(crate) const ID: &str = "h264";

/// The registry's row.
pub(crate) fn info(provider: &'static str) -> DecoderInfo {
    DecoderInfo {
        speed: SpeedClass::Medium,
        ..DecoderInfo::new(
            ID,
            "H.264 decoder (rusty_h264 where it fits, else rust_h264)",
            provider,
            Codec::Video(VideoCodec::H264),
        )
    }
}

/// When a picture is shown, and in which order its fields are, carried through the decoder.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Stamp {
    pts: Time,
    duration: Option<Time>,
    field_order: FieldOrder,
}

/// A decoder of NAL units that puts pictures out in display order.
trait Engine: Send {
    /// Its name, for messages.
    fn name(&self) -> &'static str;

    /// Whether the general engine stands by to take over.
    fn on_trial(&self) -> bool;

    /// Decodes the NAL units of one access unit; finished pictures go to `out`.
    fn decode(&mut self, units: &[&[u8]], stamp: Stamp, out: &mut Pictures) -> Result<(), Failure>;

    /// Puts out the rest, and is as new afterwards: the parameter sets must be fed again.
    fn finish(&mut self, out: &mut Pictures) -> Result<(), Failure>;
}

type Pictures = VecDeque<(PixelBuffer, Stamp)>;

/// Why an engine didn't decode something.
#[derive(Debug)]
enum Failure {
    /// It doesn't know the coding tool: another engine may.
    Unsupported(String),
    /// The data is damaged.
    Damaged(String),
}

/// Makes a decoder as [`H264::for_format`] does; on several threads where `settings` allow it.
pub(crate) fn decoder(settings: &VideoDecoderSettings) -> Result<Box<dyn VideoDecoder>> {
    match threads(settings) {
        1 => Ok(Box::new(H264::for_format(&settings.format, &settings.cancel)?)),
        threads => {
            let groups = IdrGroups::new(&settings.format, &settings.cancel)?;
            Ok(Box::new(ParallelGops::new(groups, threads, settings)))
        }
    }
}

/// An H.264 decoder on the caller's thread.
pub(crate) struct H264 {
    format: Arc<FormatDescription>,
    cancel: CancelToken,
    framing: Framing,
    /// Parameter sets of the format description, fed to every new engine.
    sets: Vec<Bytes>,
    tags: Tags,
    fields: FieldOrders,
    engine: Box<dyn Engine>,
    /// The access units since the last IDR picture, as long as the faster engine hasn't proven itself, so that the
    /// general one can take over from there.
    trial: Option<Trial>,
    ready: Pictures,
}

/// What is needed to change engines in mid-stream.
#[derive(Default)]
struct Trial {
    units: Vec<(Bytes, Stamp)>,
    bytes: usize,
    /// When the pictures put out since the IDR picture are shown.
    shown: Vec<Time>,
}

/// A trial ends after so many compressed bytes.
const LONGEST_TRIAL: usize = 16 << 20;

impl H264 {
    /// Makes a decoder for a stream of this format.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`] for 4:4:4, lossless coding and depths other than 8 and 10, and a malformed `avcC`.
    pub(crate) fn for_format(description: &Arc<FormatDescription>, cancel: &CancelToken) -> Result<Self> {
        let format = description.video()?;
        let (framing, sets) = parameter_sets(format)?;
        let sps = sets.iter().find(|unit| NalType::of(unit) == Some(NalType::SPS));
        let sps = sps.map(|unit| Sps::parse(unit)).transpose()?;
        if let Some(sps) = &sps {
            check(sps)?;
        }
        let mut fields = FieldOrders::new(format.field_order);
        sets.iter().for_each(|unit| fields.note(unit));
        let swift = sps.as_ref().is_some_and(|sps| swift::fits(sps, &sets));
        Ok(Self {
            format: description.clone(),
            cancel: cancel.clone(),
            framing,
            tags: tags(format, sps.as_ref()),
            fields,
            engine: if swift { swift::engine(sps.as_ref()) } else { general::engine(sps.as_ref()) },
            trial: swift.then(Trial::default),
            sets,
            ready: Pictures::new(),
        }
        .primed())
    }

    /// Feeds the parameter sets of the format description.
    fn primed(mut self) -> Self {
        self.prime();
        self
    }

    fn prime(&mut self) {
        let units: Vec<&[u8]> = self.sets.iter().map(|unit| &unit[..]).collect();
        let nothing = Stamp { pts: Time::ZERO, duration: None, field_order: FieldOrder::Progressive };
        // Sets it can't read make every slice fail, and those errors can be located.
        let _ = guarded("reading parameter sets", || self.engine.decode(&units, nothing, &mut self.ready));
    }

    fn decode_units(&mut self, sample: &Bytes, stamp: Stamp) -> Result<()> {
        let units = self.framing.units(sample).map_err(|error| damaged(&error.to_string()))?;
        if let Some(sps) = units.iter().find(|unit| NalType::of(unit) == Some(NalType::SPS))
            && let (Ok(sps), Some(format)) = (Sps::parse(sps), self.format.as_video())
        {
            check(&sps)?;
            self.tags = tags(format, Some(&sps));
        }
        let stamp = Stamp { field_order: self.fields.of(&units), ..stamp };
        let idr = units.iter().any(|unit| NalType::of(unit) == Some(NalType::IDR));
        self.remember(sample, stamp, idr);
        let before = self.ready.len();
        match self.run(|engine, out| engine.decode(&units, stamp, out)) {
            Ok(()) => {
                if let Some(trial) = &mut self.trial {
                    trial.shown.extend(self.ready.iter().skip(before).map(|(_, stamp)| stamp.pts));
                }
                Ok(())
            }
            Err(Failure::Unsupported(_)) if self.trial.is_some() => self.replace(before),
            // The general engine gets more out of damaged pictures; that they are damaged is told all the same.
            Err(failure) if self.trial.is_some() => {
                let _ = self.replace(before);
                self.cancel.check()?;
                Err(self.error(failure))
            }
            Err(failure) => Err(self.error(failure)),
        }
    }

    /// Keeps what is needed to change engines, until the first IDR period is through.
    fn remember(&mut self, sample: &Bytes, stamp: Stamp, idr: bool) {
        let Some(trial) = &mut self.trial else { return };
        trial.bytes += sample.len();
        trial.units.push((sample.clone(), stamp));
        if trial.bytes > LONGEST_TRIAL || (idr && trial.units.len() > 1) {
            self.trial = None;
        }
    }

    /// Lets the general engine decode again what the faster one couldn't, from the beginning.
    fn replace(&mut self, ready: usize) -> Result<()> {
        let Some(trial) = self.trial.take() else { return Ok(()) };
        let sps = self.sets.iter().find_map(|unit| Sps::parse(unit).ok());
        self.engine = general::engine(sps.as_ref());
        self.ready.truncate(ready);
        self.prime();
        let mut again = std::mem::take(&mut self.ready);
        let mut first = Ok(());
        for (sample, stamp) in &trial.units {
            self.cancel.check()?;
            let Ok(units) = self.framing.units(sample) else { continue };
            let result = self.run(|engine, out| engine.decode(&units, *stamp, out));
            first = first.and(result.map_err(|failure| self.error(failure)));
        }
        let fresh = std::mem::take(&mut self.ready);
        again.extend(fresh.into_iter().filter(|(_, stamp)| !trial.shown.contains(&stamp.pts)));
        self.ready = again;
        first
    }

    fn run(
        &mut self,
        work: impl FnOnce(&mut dyn Engine, &mut Pictures) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let (engine, ready) = (&mut self.engine, &mut self.ready);
        match guarded(engine.name(), || work(engine.as_mut(), ready)) {
            Ok(result) => result,
            Err(error) => {
                let sps = self.sets.iter().find_map(|unit| Sps::parse(unit).ok());
                self.engine = general::engine(sps.as_ref());
                self.prime();
                Err(Failure::Damaged(error.message().to_owned()))
            }
        }
    }

    fn error(&self, failure: Failure) -> Error {
        match failure {
            Failure::Unsupported(what) => {
                Error::unsupported(format!("H.264: {what}")).with_hint(Hint::AnotherDecoder)
            }
            Failure::Damaged(what) => damaged(&what),
        }
    }

    fn hand_out(&mut self, out: &mut dyn FnMut(VideoFrame) -> Result<()>) -> Result<()> {
        while let Some((mut pixels, stamp)) = self.ready.pop_front() {
            self.tags.put_on(&mut pixels);
            pixels.field_order = stamp.field_order;
            out(VideoFrame { pixels, pts: stamp.pts, duration: stamp.duration })?;
        }
        Ok(())
    }
}

impl VideoDecoder for H264 {
    fn decode(&mut self, sample: &SampleBuffer, out: &mut dyn FnMut(VideoFrame) -> Result<()>) -> Result<()> {
        if sample.differs_from(&self.format) {
            self.finish(out)?;
            *self = Self::for_format(&sample.format, &self.cancel.clone())?;
        }
        let bytes = sample.payload.load()?;
        let (pts, duration) = (sample.pts, sample.known_duration());
        let stamp = Stamp { pts, duration, field_order: FieldOrder::Progressive };
        let result = self.decode_units(&bytes, stamp).map_err(|error| error.at_time(sample.pts));
        self.hand_out(out)?;
        result
    }

    fn finish(&mut self, out: &mut dyn FnMut(VideoFrame) -> Result<()>) -> Result<()> {
        let result = self.run(|engine, ready| engine.finish(ready)).map_err(|failure| self.error(failure));
        // What comes next starts at an IDR picture: the faster engine is on trial again.
        self.trial = self.engine.on_trial().then(Trial::default);
        self.prime();
        self.hand_out(out)?;
        result
    }
}

fn damaged(what: &str) -> Error {
    Error::new(ErrorKind::Decode, format!("H.264: {what}"))
}

/// What neither engine decodes is refused at once, so that another provider is asked.
fn check(sps: &Sps) -> Result<()> {
    if sps.lossless {
        return Err(Error::unsupported(
            "H.264 without loss (transform bypass); pictures with loss are decoded",
        )
        .with_hint(Hint::AnotherDecoder));
    }
    if sps.chroma_format == 3 || ![8, 10].contains(&sps.bit_depth) || sps.bit_depth != sps.chroma_bit_depth {
        let layout = ["4:0:0", "4:2:0", "4:2:2", "4:4:4"][usize::from(sps.chroma_format & 3)];
        return Err(Error::unsupported(format!(
            "H.264 with {layout} at {} bits; 4:2:0 and 4:2:2 at 8 or 10 bits are decoded",
            sps.bit_depth
        ))
        .with_hint(Hint::AnotherDecoder));
    }
    Ok(())
}

fn parameter_sets(format: &VideoFormat) -> Result<(Framing, Vec<Bytes>)> {
    match &format.config {
        // Files exist whose `avcC` box holds an Annex B stream.
        Some(config) if starts_with_start_code(&config.bytes) => {
            let units = annex_b_units(&config.bytes);
            Ok((Framing::StartCodes, units.map(|unit| config.bytes.slice_ref(unit)).collect()))
        }
        Some(config) if config.kind == FourCc::new(b"avcC") => {
            let config = AvcConfig::parse(&config.bytes)?;
            Ok((Framing::Lengths(config.length_size), config.units().cloned().collect()))
        }
        Some(config) => Err(Error::misuse(format!("H.264 is configured by avcC, not {}", config.kind))),
        None => Ok((Framing::StartCodes, Vec::new())),
    }
}

fn tags(format: &VideoFormat, sps: Option<&Sps>) -> Tags {
    Tags::new(format, sps.map_or(Color::UNSPECIFIED, Sps::color), sps.and_then(Sps::sample_aspect))
}

/// Frames that may have to wait until all that are shown before them are decoded.
fn reorder_depth(sps: Option<&Sps>) -> usize {
    // Without a set the most there can be.
    let Some(sps) = sps else { return 16 };
    // A level too low for the picture says nothing of the order.
    let frames = sps.max_reorder_frames().unwrap_or_else(|| sps.max_dpb_frames().max(1));
    usize::try_from(frames).unwrap_or(16).min(16)
}

/// The picture parameter sets among `sets`.
fn picture_sets(sets: &[Bytes]) -> impl Iterator<Item = Pps> {
    sets.iter()
        .filter(|unit| NalType::of(unit) == Some(NalType::PPS))
        .filter_map(|unit| Pps::parse(unit).ok())
}
