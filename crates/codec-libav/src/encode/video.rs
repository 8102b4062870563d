use std::collections::BTreeMap;
use std::sync::Arc;

use reelwright_codec::{FrameOptions, VideoEncoder, VideoEncoderSettings};
use reelwright_media::{
    Dependency, Error, ErrorKind, FormatDescription, Payload, PixelBuffer, PixelFormat, Result, RisingTimes,
    Rounding, SampleBuffer, SampleFlags, Stage, Time, Timescale, Trim, VideoFrame,
};

use super::catalogue::{Dialect, VideoRow};
use super::{settings as options, stream};
use crate::ffi::{Codec, Context, Frame, Packet, PictureLayout, Progress, VideoParameters};

/// Rows of pictures that are lent must begin at multiples of this; others are copied.
const ALIGN: usize = 32;

/// Pictures it takes for one to be decoded out of its turn. Of fewer, each is decoded as it is shown, whatever the
/// encoder says: libx265 takes its delay from the third, and without one states what its memory happened to hold.
const REORDERED: u64 = 3;

/// A video encoder of libavcodec.
pub(crate) struct Encoder {
    context: Context,
    packet: Packet,
    settings: VideoEncoderSettings,
    input: PixelFormat,
    layout: PictureLayout,
    format: Arc<FormatDescription>,
    /// Durations of the pictures inside, by time.
    durations: BTreeMap<i64, i64>,
    times: RisingTimes,
    /// Pictures taken so far.
    taken: u64,
    pace: KeyPace,
    finished: bool,
}

impl Encoder {
    /// Opens the encoder of `row`.
    pub(crate) fn new(codec: Codec, row: &VideoRow, settings: &VideoEncoderSettings) -> Result<Self> {
        if settings.size.width == 0 || settings.size.height == 0 {
            return Err(Error::misuse(format!("a picture of {}", settings.size)));
        }
        if settings.frame_rate.num == 0 || settings.frame_rate.den == 0 {
            return Err(Error::misuse(format!("a frame rate of {}", settings.frame_rate)));
        }
        let input = options::input_format(row, settings)?;
        let layout = layout(row, settings, input)?;
        let context = open(codec, row, settings, layout)?;
        let format = match stream::needs_header(settings.codec) && context.extradata().is_empty() {
            true => {
                let first = first_packet(open(codec, row, settings, layout)?, settings, input, layout)?;
                stream::video_format(settings, input, first.bytes())?
            }
            false => stream::video_format(settings, input, context.extradata())?,
        };
        Ok(Self {
            context,
            packet: Packet::new()?,
            settings: settings.clone(),
            input,
            layout,
            format,
            durations: BTreeMap::new(),
            times: RisingTimes::new(settings.timescale),
            taken: 0,
            pace: KeyPace::new(settings),
            finished: false,
        })
    }

    fn drain(&mut self, out: &mut dyn FnMut(SampleBuffer) -> Result<()>) -> Result<Progress> {
        loop {
            match self.context.receive_packet(&mut self.packet)? {
                Progress::Done => {
                    let sample = self.sample()?;
                    out(sample)?;
                }
                other => return Ok(other),
            }
        }
    }

    fn sample(&mut self) -> Result<SampleBuffer> {
        let no_time = || Error::new(ErrorKind::Encode, "the encoder made a packet without a time");
        let pts = self.packet.pts().ok_or_else(no_time)?;
        let stated = self.packet.dts().filter(|_| !(self.finished && self.taken < REORDERED));
        let dts = stated.unwrap_or(pts).min(pts);
        let duration = self.durations.remove(&pts).unwrap_or(self.packet.duration());
        let key = self.packet.is_key();
        let disposable = self.packet.is_disposable();
        let payload = stream::video_sample(self.settings.codec, &mut self.packet)?;
        let time = |ticks| Time::new(ticks, self.settings.timescale);
        Ok(SampleBuffer {
            format: self.format.clone(),
            payload: Payload::from(payload),
            dts: time(dts),
            pts: time(pts),
            duration: time(duration),
            flags: SampleFlags {
                depends_on_others: if key { Dependency::No } else { Dependency::Yes },
                is_depended_on: if disposable { Dependency::No } else { Dependency::Unknown },
                ..if key { SampleFlags::SYNC } else { SampleFlags::NOT_SYNC }
            },
            trim: Trim::default(),
        })
    }

    fn frame(&mut self, frame: &VideoFrame, options: FrameOptions) -> Result<Frame> {
        let pixels = &frame.pixels;
        if pixels.format != self.input || pixels.size != self.settings.size {
            return Err(Error::misuse(format!(
                "the encoder takes {:?} {}, the picture is {:?} {}",
                self.input, self.settings.size, pixels.format, pixels.size
            )));
        }
        let scale = self.settings.timescale;
        let pts = self.times.take(frame.pts)?;
        self.taken += 1;
        let duration = frame.duration.map_or(Ok(0), |duration| ticks(duration, scale))?;
        if duration > 0 {
            self.durations.insert(pts, duration);
        }
        let mut lent = match aligned(pixels) {
            true => Frame::lend(pixels, self.layout)?,
            false => Frame::lend(&copied(pixels), self.layout)?,
        };
        lent.set_time(pts, duration);
        lent.set_color(&self.settings.color, self.settings.pixel_aspect);
        lent.set_field_order(self.settings.field_order);
        lent.set_quality(self.context.global_quality());
        if self.pace.wants_key(frame.pts, options.force_key_frame) {
            lent.ask_for_key();
        }
        Ok(lent)
    }
}

impl VideoEncoder for Encoder {
    fn input_format(&self) -> PixelFormat {
        self.input
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
        if self.finished {
            return Err(Error::misuse("the encoder is finished"));
        }
        let located = |error: Error| error.at_stage(Stage::Encode).at_time(frame.pts);
        let lent = self.frame(&frame, options).map_err(located)?;
        loop {
            let progress = self.context.send_frame(Some(&lent)).map_err(located)?;
            self.drain(out).map_err(located)?;
            if progress != Progress::Wait {
                return Ok(());
            }
        }
    }

    fn finish(&mut self, out: &mut dyn FnMut(SampleBuffer) -> Result<()>) -> Result<()> {
        if std::mem::replace(&mut self.finished, true) {
            return Ok(());
        }
        self.context.send_frame(None)?;
        self.drain(out).map_err(|error| error.at_stage(Stage::Encode))?;
        Ok(())
    }
}

fn open(
    codec: Codec,
    row: &VideoRow,
    settings: &VideoEncoderSettings,
    layout: PictureLayout,
) -> Result<Context> {
    let mut context = Context::new(codec)?;
    context.set_video(&VideoParameters {
        size: settings.size,
        layout: Some(layout),
        ticks: settings.timescale.ticks(),
        frame_rate: Some(settings.frame_rate),
        pixel_aspect: Some(settings.pixel_aspect),
        color: settings.color,
    })?;
    options::apply(&mut context, codec, row, settings)?;
    context.open().map_err(|error| hardware_hint(error, row))?;
    Ok(context)
}

/// The first packet of an encoder that is thrown away for it: some encoders tell their parameter sets only there.
fn first_packet(
    mut context: Context,
    settings: &VideoEncoderSettings,
    input: PixelFormat,
    layout: PictureLayout,
) -> Result<Packet> {
    let mut frame = Frame::lend(&PixelBuffer::zeroed(input, settings.size), layout)?;
    frame.set_time(0, 1);
    frame.set_color(&settings.color, settings.pixel_aspect);
    context.send_frame(Some(&frame))?;
    context.send_frame(None)?;
    let mut packet = Packet::new()?;
    match context.receive_packet(&mut packet)? {
        Progress::Done => Ok(packet),
        _ => Err(Error::unsupported("the encoder made no packet of one picture")),
    }
}

/// Where an encoder counts frames, this counts time: where frames come more slowly than expected, it asks for the key
/// frame that would be late.
struct KeyPace {
    interval: Option<Time>,
    distance: Option<u32>,
    last: Option<Time>,
    since: u32,
}

impl KeyPace {
    fn new(settings: &VideoEncoderSettings) -> Self {
        let interval = settings.key_frames.interval;
        Self { interval, distance: options::key_distance(settings), last: None, since: 0 }
    }

    /// Whether the picture at `pts` must be asked to be a key frame; `forced` by the caller.
    fn wants_key(&mut self, pts: Time, forced: bool) -> bool {
        let natural = self.last.is_none() || self.distance.is_some_and(|distance| self.since >= distance);
        let late = match (self.interval, self.last) {
            (Some(interval), Some(last)) => pts.saturating_sub(last) >= interval,
            _ => false,
        };
        self.since = self.since.saturating_add(1);
        if forced || natural || late {
            self.last = Some(pts);
            self.since = 1;
        }
        forced || (late && !natural)
    }
}

fn ticks(time: Time, scale: Timescale) -> Result<i64> {
    time.ticks_in(scale, Rounding::Nearest)
        .ok_or_else(|| Error::new(ErrorKind::Limit, format!("{time:?} does not fit the timescale {scale}")))
}

/// The layout to open the encoder with. Motion JPEG in full range goes by names of its own.
fn layout(row: &VideoRow, settings: &VideoEncoderSettings, input: PixelFormat) -> Result<PictureLayout> {
    let full = settings.color.range == Some(reelwright_media::ColorRange::Full);
    let layout = PictureLayout::of(input);
    let layout = match layout {
        Some(plain) if row.dialect == Dialect::Jpeg && full => {
            PictureLayout::named(&plain.name().replace("yuv", "yuvj"))
        }
        other => other,
    };
    layout.ok_or_else(|| Error::unsupported(format!("libavutil has no layout for {input:?}")))
}

/// Whether every row begins where SIMD code likes it to.
fn aligned(picture: &PixelBuffer) -> bool {
    (0..picture.format.planes()).all(|index| {
        picture.stride(index).is_multiple_of(ALIGN)
            && picture.plane(index).as_ptr().addr().is_multiple_of(ALIGN)
    })
}

/// The same picture in memory with aligned rows.
fn copied(picture: &PixelBuffer) -> PixelBuffer {
    let mut copy = PixelBuffer::zeroed(picture.format, picture.size);
    let mut planes = copy.make_mut();
    for index in 0..picture.format.planes() {
        let (_, rows) = picture.format.plane_size(index, picture.size);
        let (target, stride) = planes.plane(index);
        for y in 0..rows {
            let row = picture.row(index, y);
            target[y * stride..][..row.len()].copy_from_slice(row);
        }
    }
    copy
}

fn hardware_hint(error: Error, row: &VideoRow) -> Error {
    match row.hardware {
        true => {
            error.with_hint("this encoder needs its hardware and driver; a software encoder needs neither")
        }
        false => error,
    }
}
