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
    /// Packets are cut to this many bytes; 0 leaves them as they are.
    block: usize,
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
            block: block(format),
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
        let block = if self.block == 0 { bytes.len().max(1) } else { self.block };
        for (index, part) in bytes.chunks(block).enumerate() {
            // Blocks after the first follow it without a gap.
            let pts = if index == 0 { ticks.pts } else { i64::MIN };
            self.packet.fill(part, pts, pts, if index == 0 { ticks.duration } else { 0 }, true)?;
            self.feed(out).map_err(located)?;
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

/// The block size of codecs whose decoder takes one block at a time while samples hold runs of them.
fn block(format: &AudioFormat) -> usize {
    match format.codec {
        AudioCodec::Ima4 => IMA_BLOCK * usize::from(format.channels.max(1)),
        _ => 0,
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
