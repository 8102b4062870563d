use std::sync::Arc;
use std::thread;

use reelwright_bitstream::h264::AvcConfig;
use reelwright_codec::{VideoDecoder, VideoDecoderSettings};
use reelwright_media::{
    Error, ErrorKind, FormatDescription, Ratio, Result, Rounding, SampleBuffer, Size, Stage, Time, Timescale,
    VideoCodec, VideoFormat, VideoFrame,
};

use super::{extradata, picture};
use crate::ffi::{Codec, Context, Frame, Packet, Progress, VideoParameters};

/// Pictures held by the threads of one decoder take at most about so many bytes.
const THREAD_MEMORY: u64 = 256 << 20;

/// More threads than this gain nothing.
const MOST_THREADS: usize = 16;

/// A video decoder of libavcodec.
pub(crate) struct Decoder {
    context: Context,
    packet: Packet,
    frame: Frame,
    format: Arc<FormatDescription>,
    scale: Option<Timescale>,
    /// The end of the last picture, for those that come without a time.
    end: i64,
    drained: bool,
}

impl Decoder {
    /// Opens `codec` for `settings`.
    pub(crate) fn new(codec: Codec, settings: &VideoDecoderSettings) -> Result<Self> {
        let format = video(&settings.format)?;
        let mut context = Context::new(codec)?;
        context.set_video(&VideoParameters {
            size: format.size,
            layout: None,
            ticks: 1,
            frame_rate: None,
            pixel_aspect: None::<Ratio>,
            color: reelwright_media::Color::UNSPECIFIED,
        })?;
        context.set_tag(format.tag);
        if let Some(bits) = depth(format) {
            context.set_depth(bits);
        }
        if let Some(config) = &format.config {
            context.set_extradata(&extradata::from_config(config)?)?;
        }
        context.set_reordering(reordering(format));
        for (name, value) in [
            ("threads", threads(settings.threads, format.size).to_string()),
            // Cropping to the very pixel, not to the nearest aligned one.
            ("flags", "+unaligned".into()),
            // A picture may be somewhat larger than the sample entry says, not without limit.
            ("max_pixels", format.size.area().saturating_mul(4).clamp(1 << 24, 1 << 30).to_string()),
        ] {
            context.set_option(name, &value)?;
        }
        context.open()?;
        Ok(Self {
            context,
            packet: Packet::new()?,
            frame: Frame::new()?,
            format: settings.format.clone(),
            scale: None,
            end: 0,
            drained: false,
        })
    }

    fn drain(&mut self, out: &mut dyn FnMut(VideoFrame) -> Result<()>) -> Result<Progress> {
        loop {
            match self.context.receive_frame(&mut self.frame)? {
                Progress::Done => {
                    let frame = self.frame.take()?;
                    out(self.picture(frame)?)?;
                }
                other => return Ok(other),
            }
        }
    }

    fn picture(&mut self, frame: Frame) -> Result<VideoFrame> {
        let scale = self.scale.unwrap_or(Timescale::SECONDS);
        let pts = frame.pts().unwrap_or(self.end);
        let duration = frame.duration();
        self.end = pts.saturating_add(duration.unwrap_or(0));
        let pixels = picture::picture(frame, video(&self.format)?)?;
        Ok(VideoFrame {
            pixels,
            pts: Time::new(pts, scale),
            duration: duration.map(|duration| Time::new(duration, scale)),
        })
    }
}

impl VideoDecoder for Decoder {
    fn decode(&mut self, sample: &SampleBuffer, out: &mut dyn FnMut(VideoFrame) -> Result<()>) -> Result<()> {
        if std::mem::take(&mut self.drained) {
            self.context.flush();
        }
        let ticks = sample_ticks(sample, &mut self.scale)?;
        let bytes = sample.payload.load()?;
        if bytes.is_empty() {
            return Ok(());
        }
        self.packet.fill(&bytes, ticks.pts, ticks.dts, ticks.duration, sample.flags.sync)?;
        let located = |error: Error| error.at_stage(Stage::Decode).at_time(sample.pts);
        loop {
            let progress = self.context.send_packet(Some(&self.packet)).map_err(located)?;
            self.drain(out).map_err(located)?;
            if progress != Progress::Wait {
                return Ok(());
            }
        }
    }

    fn finish(&mut self, out: &mut dyn FnMut(VideoFrame) -> Result<()>) -> Result<()> {
        if self.drained {
            return Ok(());
        }
        self.drained = true;
        self.context.send_packet(None)?;
        self.drain(out).map_err(|error| error.at_stage(Stage::Decode))?;
        Ok(())
    }
}

/// The times of a sample in ticks of one scale.
pub(super) struct Ticks {
    pub(super) pts: i64,
    pub(super) dts: i64,
    pub(super) duration: i64,
}

/// The times of `sample` in the scale of the first one, exactly: samples of a track share a scale. Others are rounded.
pub(super) fn sample_ticks(sample: &SampleBuffer, scale: &mut Option<Timescale>) -> Result<Ticks> {
    let scale = *scale.get_or_insert(sample.pts.scale());
    let ticks = |time: Time| {
        time.ticks_in(scale, Rounding::Nearest).ok_or_else(|| {
            Error::new(ErrorKind::Limit, format!("{time:?} does not fit the timescale {scale}"))
        })
    };
    Ok(Ticks { pts: ticks(sample.pts)?, dts: ticks(sample.dts)?, duration: ticks(sample.duration)? })
}

fn video(format: &FormatDescription) -> Result<&VideoFormat> {
    format.as_video().ok_or_else(|| Error::misuse("a video decoder needs a video format"))
}

/// The bits of a pixel that the sample entry states (QuickTime File Format, "Video sample description": depth), which
/// QuickTime Animation can't be decoded without. Those of palettes and greys mean more than a number.
fn depth(format: &VideoFormat) -> Option<u16> {
    let stated = format.entry.as_ref()?.bytes.get(82..84)?;
    let bits = u16::from_be_bytes(stated.try_into().ok()?);
    (9..=32).contains(&bits).then_some(bits)
}

/// By how many pictures output must lag so that none comes too late. libavcodec would find out for H.264 while it
/// decodes, losing a picture each time it learns.
fn reordering(format: &VideoFormat) -> u32 {
    let config = format.config.as_ref().filter(|_| format.codec == VideoCodec::H264);
    let sps = config.and_then(|config| AvcConfig::parse(&config.bytes).ok()?.first_sps().ok());
    sps.map_or(0, |sps| sps.max_reorder_frames().unwrap_or_else(|| sps.max_dpb_frames()))
}

/// How many threads decode at once: each holds a picture or two, so large pictures get fewer.
fn threads(wanted: usize, size: Size) -> usize {
    let picture = size.area().saturating_mul(3).max(1);
    let affordable = usize::try_from(THREAD_MEMORY / picture).unwrap_or(usize::MAX).max(1);
    let cores = thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
    let wanted = if wanted == 0 { cores } else { wanted.min(MOST_THREADS) };
    wanted.min(affordable)
}
