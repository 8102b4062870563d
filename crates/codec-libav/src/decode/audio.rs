use std::sync::Arc;

use reelwright_codec::AudioDecoder;
use reelwright_media::{
    AudioBuffer, AudioCodec, AudioFormat, ChannelLayout, Error, FormatDescription, Result, SampleBuffer,
    Stage, Time, Timescale,
};

use super::{extradata, video::sample_ticks};
use crate::channels;
use crate::ffi::{AudioParameters, Codec, Context, Frame, Packet, Progress, SampleKind};

/// Bytes per channel of a QuickTime IMA block.
const IMA_BLOCK: usize = 34;

/// An audio decoder of libavcodec.
pub(crate) struct Decoder {
    context: Context,
    packet: Packet,
    frame: Frame,
    scale: Option<Timescale>,
    /// When the next block sounds if it doesn't come with a time of its own.
    next: Option<Time>,
    layout: Option<ChannelLayout>,
    blocks: Blocks,
    drained: bool,
}

impl Decoder {
    /// Opens `codec` for `format`.
    pub(crate) fn new(codec: Codec, format: &Arc<FormatDescription>) -> Result<Self> {
        let format =
            format.as_audio().ok_or_else(|| Error::misuse("an audio decoder needs an audio format"))?;
        let mut context = Context::new(codec)?;
        context.set_audio(&AudioParameters {
            rate: format.sample_rate,
            channels: format.channels,
            mask: None,
            kind: None,
            significant_bits: None,
            block: format.bytes_per_packet,
        })?;
        context.set_tag(format.tag);
        if let Some(config) = &format.config {
            context.set_extradata(&extradata::from_config(config)?)?;
        }
        // Whoever knows the edit list cuts priming off; libavcodec must not.
        context.set_option("flags2", "+skip_manual")?;
        context.open()?;
        Ok(Self {
            context,
            packet: Packet::new()?,
            frame: Frame::new()?,
            scale: None,
            next: None,
            layout: format.layout.clone(),
            blocks: Blocks::of(format),
            drained: false,
        })
    }

    fn drain(&mut self, out: &mut dyn FnMut(AudioBuffer) -> Result<()>) -> Result<Progress> {
        loop {
            match self.context.receive_frame(&mut self.frame)? {
                Progress::Done => {
                    let stated =
                        self.frame.pts().map(|pts| Time::new(pts, self.scale.unwrap_or(Timescale::SECONDS)));
                    let pts = stated.or(self.next).unwrap_or(Time::ZERO);
                    let buffer = sound(&self.frame, self.layout.as_ref(), pts)?;
                    self.next = Some(buffer.end());
                    if buffer.frames() > 0 {
                        out(buffer)?;
                    }
                }
                other => return Ok(other),
            }
        }
    }

    fn feed(&mut self, out: &mut dyn FnMut(AudioBuffer) -> Result<()>) -> Result<()> {
        loop {
            let progress = self.context.send_packet(Some(&self.packet))?;
            self.drain(out)?;
            if progress != Progress::Wait {
                return Ok(());
            }
        }
    }
}

impl AudioDecoder for Decoder {
    fn decode(
        &mut self,
        sample: &SampleBuffer,
        out: &mut dyn FnMut(AudioBuffer) -> Result<()>,
    ) -> Result<()> {
        if std::mem::take(&mut self.drained) {
            self.context.flush();
        }
        let ticks = sample_ticks(sample, &mut self.scale)?;
        let bytes = sample.payload.load()?;
        let located = |error: Error| error.at_stage(Stage::Decode).at_time(sample.pts);
        let mut rest = bytes.as_ref();
        // Blocks after the first follow it without a gap.
        let mut pts = ticks.pts;
        while !rest.is_empty() {
            let (block, tail) = rest.split_at(self.blocks.first(rest));
            self.packet.fill(block, pts, pts, if tail.is_empty() { ticks.duration } else { 0 }, true)?;
            self.feed(out).map_err(located)?;
            (rest, pts) = (tail, i64::MIN);
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut dyn FnMut(AudioBuffer) -> Result<()>) -> Result<()> {
        if self.drained {
            return Ok(());
        }
        self.drained = true;
        self.context.send_packet(None)?;
        self.drain(out).map_err(|error| error.at_stage(Stage::Decode))?;
        Ok(())
    }
}

/// How samples are cut for codecs whose decoder takes one block at a time where samples may hold runs of them.
enum Blocks {
    /// A sample is a block.
    Whole,
    /// Blocks of so many bytes.
    Even(usize),
    /// AMR frames: the bits of a frame's first byte that say how many bytes follow (3GPP TS 26.101 and 26.201, annex A).
    Amr(&'static [u8; 16]),
}

impl Blocks {
    fn of(format: &AudioFormat) -> Self {
        match format.codec {
            AudioCodec::Ima4 => Self::Even(IMA_BLOCK * usize::from(format.channels.max(1))),
            AudioCodec::AmrNb => Self::Amr(&[12, 13, 15, 17, 19, 20, 26, 31, 5, 6, 5, 5, 0, 0, 0, 0]),
            AudioCodec::AmrWb => Self::Amr(&[17, 23, 32, 36, 40, 46, 50, 58, 60, 5, 0, 0, 0, 0, 0, 0]),
            _ => Self::Whole,
        }
    }

    /// The length of the first block of `bytes`, which isn't empty: at least 1, at most all of it.
    fn first(&self, bytes: &[u8]) -> usize {
        let length = match self {
            Self::Whole => bytes.len(),
            Self::Even(length) => *length,
            Self::Amr(lengths) => {
                let kind = bytes.first().map_or(0, |byte| byte >> 3 & 15);
                1 + usize::from(lengths[usize::from(kind)])
            }
        };
        length.min(bytes.len())
    }
}

/// The sound in `frame`; `stated` names channels where the decoder doesn't.
fn sound(frame: &Frame, stated: Option<&ChannelLayout>, pts: Time) -> Result<AudioBuffer> {
    let (kind, planar) =
        frame.sample_kind().ok_or_else(|| Error::unsupported("sound in an unknown sample format"))?;
    let numbers = frame.channels();
    let count = numbers.len();
    let layout = channels::from_libav(&numbers)
        .or_else(|| stated.filter(|layout| layout.count() == count).cloned())
        .or_else(|| ChannelLayout::default_for(u16::try_from(count).unwrap_or(0)))
        .unwrap_or_else(|| ChannelLayout::new(vec![reelwright_media::Channel::Other; count]));
    let rate = Timescale::new(frame.sample_rate())
        .ok_or_else(|| Error::malformed("decoded sound without a sample rate"))?;
    let planes = (0..count)
        .map(|channel| {
            if planar {
                floats(kind, frame.sound(channel), 0, 1)
            } else {
                floats(kind, frame.sound(0), channel, count)
            }
        })
        .collect();
    Ok(AudioBuffer::new(rate, layout, pts, planes))
}

/// Every `stride`th sample from the `first` on, as floats.
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "to 32-bit floats is the point"
)]
fn floats(kind: SampleKind, bytes: &[u8], first: usize, stride: usize) -> Vec<f32> {
    macro_rules! each {
        ($type:ty, $convert:expr) => {{
            let (samples, _) = bytes.as_chunks::<{ size_of::<$type>() }>();
            samples
                .iter()
                .skip(first)
                .step_by(stride)
                .map(|raw| $convert(<$type>::from_ne_bytes(*raw)))
                .collect()
        }};
    }
    match kind {
        SampleKind::U8 => each!(u8, |value| (f32::from(value) - 128.0) / 128.0),
        SampleKind::I16 => each!(i16, |value| f32::from(value) / 32_768.0),
        SampleKind::I32 => each!(i32, |value| value as f32 / 2_147_483_648.0),
        SampleKind::I64 => each!(i64, |value| value as f32 / 9_223_372_036_854_775_808.0),
        SampleKind::F32 => each!(f32, |value| value),
        SampleKind::F64 => each!(f64, |value| value as f32),
    }
}
