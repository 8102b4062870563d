//! H.264 encoding by OpenH264: 8-bit 4:2:0, Baseline to High, CABAC, no B pictures.

mod ceiling;
mod engine;
mod parameters;

use std::sync::Arc;

use bytes::Bytes;
use ceiling::Ceiling;
use engine::{Coded, Engine};
use parameters::Wishes;
use reelwright_bitstream::h264::{self, AvcConfig, NalType};
use reelwright_bitstream::push_length_prefixed;
use reelwright_codec::{
    Codec, EncoderInfo, FrameOptions, KeyFrames, QualityClass, VideoEncoder, VideoEncoderSettings,
    VideoProfile, VideoRate,
};
use reelwright_media::{
    Dependency, Error, FormatDescription, FourCc, Hint, PixelFormat, Ratio, Result, RisingTimes, Rounding,
    SampleBuffer, SampleFlags, Size, Time, Timescale, Trim, VideoCodec, VideoFormat, VideoFrame,
};

/// The encoder's id in the registry.
pub(crate) const ID: &str = "openh264";

/// The registry's row.
pub(crate) fn info(provider: &'static str) -> EncoderInfo {
    let codec = Codec::Video(VideoCodec::H264);
    EncoderInfo {
        quality: QualityClass::Good,
        profiles: vec![VideoProfile::H264High, VideoProfile::H264Main, VideoProfile::H264Baseline],
        pixel_formats: vec![PixelFormat::YUV420],
        min_size: Some(Size::new(16, 16)),
        max_size: Some(Size::new(3840, 2160)),
        options: parameters::OPTIONS.to_vec(),
        ..EncoderInfo::new(ID, "OpenH264 H.264 encoder", provider, codec)
    }
}

/// An H.264 encoder of pictures of even width and height.
pub(crate) struct OpenH264 {
    engine: Engine,
    format: Arc<FormatDescription>,
    size: Size,
    times: RisingTimes,
    frame_rate: Ratio,
    key_frames: KeyFrames,
    /// Whether it aims at an average rate.
    averages: bool,
    /// The usual length of a frame, to judge whether the next one would be too far from the last key frame.
    usual: Time,
    last: Option<Last>,
    ceiling: Option<Ceiling>,
}

/// What is remembered of the frames so far.
#[derive(Clone, Copy)]
struct Last {
    key: Time,
    since_key: u32,
}

impl OpenH264 {
    /// Makes an encoder.
    ///
    /// # Errors
    ///
    /// [`reelwright_media::ErrorKind::Unsupported`] for sizes, depths and codecs it can't do, [`reelwright_media::ErrorKind::Misuse`] for options it
    /// doesn't know.
    pub(crate) fn new(settings: &VideoEncoderSettings) -> Result<Self> {
        check(settings)?;
        let size = settings.size;
        let wishes = Wishes::parse(&settings.options)?;
        let make = |wishes| Engine::new(&parameters::parameters(settings, size, wishes)?, size);
        // Rate control in groups of rows forbids some numbers of slices for some heights.
        let mut engine = make(wishes).or_else(|_| make(wishes.single_slice()))?;
        let target = parameters::parameters(settings, size, wishes)?.iTargetBitrate;
        let ceiling = settings.limit.map(|limit| Ceiling::new(limit, target));
        let format = format(settings, engine.parameter_sets()?)?;
        let Ratio { num, den } = settings.frame_rate;
        let usual = Time::from_ratio(den.into(), num).unwrap_or(Time::ZERO);
        Ok(Self {
            engine,
            format: Arc::new(FormatDescription::Video(format)),
            size,
            times: RisingTimes::new(settings.timescale),
            frame_rate: settings.frame_rate,
            key_frames: settings.key_frames,
            averages: matches!(settings.rate, VideoRate::Average(_)),
            usual,
            last: None,
            ceiling,
        })
    }

    /// Whether a picture at `pts` that lasts `duration` must be a key frame, lest the next one come too late to be it.
    fn key_frame_due(&self, pts: Time, duration: Time) -> bool {
        let Some(last) = self.last else { return true };
        let too_many = self.key_frames.frames.is_some_and(|frames| last.since_key >= frames.max(1));
        let too_long = self.key_frames.interval.is_some_and(|interval| {
            pts.saturating_sub(last.key) >= interval
                || pts.saturating_add(duration).saturating_sub(last.key) > interval
        });
        too_many || too_long
    }
}

impl VideoEncoder for OpenH264 {
    fn input_format(&self) -> PixelFormat {
        PixelFormat::YUV420
    }

    fn format(&self) -> &Arc<FormatDescription> {
        &self.format
    }

    fn encode(
        &mut self,
        frame: VideoFrame,
        options: FrameOptions,
        out: &mut dyn FnMut(SampleBuffer) -> Result<()>,
    ) -> Result<()> {
        let pts = Time::new(self.times.next(frame.pts)?, self.times.scale());
        if frame.pixels.size != self.size || frame.pixels.format != PixelFormat::YUV420 {
            return Err(Error::misuse(format!(
                "the encoder was made for {:?} {}, not {:?} {}",
                PixelFormat::YUV420,
                self.size,
                frame.pixels.format,
                frame.pixels.size
            ))
            .at_time(pts));
        }
        if options.force_key_frame || self.key_frame_due(pts, frame.duration.unwrap_or(self.usual)) {
            self.engine.force_idr()?;
        }
        let milliseconds = pts.ticks_in(Timescale::or_one(1000), Rounding::Nearest).unwrap_or(0);
        let coded = self.engine.encode(&frame.pixels, milliseconds).map_err(|error| error.at_time(pts))?;
        let idr = coded.idr;
        let payload = access_unit(&coded);
        if let Some(ceiling) = &mut self.ceiling
            && let Some(rate) = ceiling.note(pts, payload.len() as u64 * 8)
        {
            self.engine.set_bit_rate(rate)?;
        }
        self.times.take(pts)?;
        let since_key = self.last.map_or(0, |last| last.since_key);
        self.last = Some(match self.last {
            Some(last) if !idr => Last { key: last.key, since_key: since_key.saturating_add(1) },
            _ => Last { key: pts, since_key: 1 },
        });
        let duration = frame.duration.and_then(|time| time.rescale(self.times.scale(), Rounding::Nearest));
        out(SampleBuffer {
            format: self.format.clone(),
            payload: payload.into(),
            dts: pts,
            pts,
            duration: duration.unwrap_or(Time::new(0, self.times.scale())),
            flags: SampleFlags {
                depends_on_others: if idr { Dependency::No } else { Dependency::Yes },
                is_depended_on: Dependency::Yes,
                ..if idr { SampleFlags::SYNC } else { SampleFlags::NOT_SYNC }
            },
            trim: Trim::default(),
        })
    }

    fn changes_rate(&self) -> bool {
        self.averages
    }

    fn set_average_rate(&mut self, bits_per_second: u32) -> Result<()> {
        if !self.averages {
            return Err(Error::unsupported(
                "openh264 has no average rate to change: it was started with a quality",
            ));
        }
        let target = parameters::bit_rate(bits_per_second, self.frame_rate);
        let rate = self.ceiling.as_mut().map_or(target, |ceiling| ceiling.aim(target));
        self.engine.set_bit_rate(rate)
    }

    fn finish(&mut self, _: &mut dyn FnMut(SampleBuffer) -> Result<()>) -> Result<()> {
        Ok(())
    }
}

fn check(settings: &VideoEncoderSettings) -> Result<()> {
    let Size { width, height } = settings.size;
    let (long, short) = (width.max(height), width.min(height));
    if settings.codec != VideoCodec::H264 {
        return Err(Error::unsupported(format!("openh264 makes H.264, not {}", settings.codec.name())));
    }
    if settings.bit_depth != 8 {
        return Err(Error::unsupported(format!("openh264 codes 8 bits, not {}", settings.bit_depth))
            .with_hint(Hint::AnotherEncoder));
    }
    if short < 16 || long > 3840 || short > 2160 {
        return Err(Error::unsupported(format!("openh264 codes 16x16 to 3840x2160, not {}", settings.size)));
    }
    if !width.is_multiple_of(2) || !height.is_multiple_of(2) {
        return Err(Error::unsupported(format!("openh264 codes even sizes, not {}", settings.size)));
    }
    parameters::check_rate(settings)
}

/// The format description, with the parameter sets in `avcC` (ISO/IEC 14496-15, 5.3.3.1).
fn format(settings: &VideoEncoderSettings, sets: Vec<Vec<u8>>) -> Result<VideoFormat> {
    let mut sets = sets;
    if settings.color.siting.is_some() {
        // OpenH264 can't write where chroma lies; the sets in the samples are dropped, so only this one counts.
        for set in sets.iter_mut().filter(|set| NalType::of(set) == Some(NalType::SPS)) {
            *set = h264::with_color(set, settings.color)?;
        }
    }
    let config = AvcConfig::from_units(sets.iter().map(Vec::as_slice))?;
    let aspect = settings.pixel_aspect;
    Ok(VideoFormat {
        pixel_aspect: (aspect.num != aspect.den).then_some(aspect),
        color: settings.color,
        mastering: settings.mastering,
        content_light: settings.content_light,
        field_order: Some(settings.field_order),
        bit_depth: Some(8),
        config: Some(config.to_config()?),
        ..VideoFormat::new(VideoCodec::H264, FourCc::new(b"avc1"), settings.size)
    })
}

/// The picture's NAL units, each behind its length in four bytes; the parameter sets stay in `avcC`.
fn access_unit(coded: &Coded<'_>) -> Bytes {
    let in_band = |unit: &&[u8]| !matches!(NalType::of(unit), None | Some(NalType::SPS | NalType::PPS));
    let units = || coded.nal_units().filter(in_band);
    let mut out = Vec::with_capacity(units().map(|unit| 4 + unit.len()).sum());
    units().for_each(|unit| push_length_prefixed(&mut out, unit));
    out.into()
}
