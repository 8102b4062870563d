use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use reelwright_codec::{AudioEncoder, AudioEncoderSettings};
use reelwright_media::{
    AudioBuffer, AudioCodec, ChannelLayout, Error, ErrorKind, FormatDescription, Payload, Result,
    SampleBuffer, SampleFlags, Stage, Time, Timescale, Trim,
};

use super::catalogue::AudioRow;
use super::{audio_settings, stream};
use crate::channels::Mapping;
use crate::ffi::{AudioParameters, Codec, Context, Frame, Packet, Progress, SampleKind};

/// Frames fed at a time to encoders that take any number.
const ANY_LENGTH: usize = 4096;

/// So many packets are held back until the end is known: flushing an encoder can make one that holds only padding.
const HELD: usize = 2;

/// An audio encoder of libavcodec.
pub(crate) struct Encoder {
    context: Context,
    packet: Packet,
    format: Arc<FormatDescription>,
    /// The caller's layout.
    layout: ChannelLayout,
    rate: Timescale,
    mapping: Mapping,
    kind: (SampleKind, bool),
    block: usize,
    /// Whether the last block is fed as it is instead of being padded.
    exact: bool,
    flushes: bool,
    priming: u32,
    /// What is not yet enough for a block, one plane a channel, in the caller's order.
    waiting: Vec<Vec<f32>>,
    fed: u64,
    sent: u64,
    /// The time of the next packet in frames, priming included.
    next: u64,
    held: VecDeque<SampleBuffer>,
    finished: bool,
}

impl Encoder {
    /// Opens the encoder of `row`.
    pub(crate) fn new(codec: Codec, row: &AudioRow, settings: &AudioEncoderSettings) -> Result<Self> {
        let rate = Timescale::new(settings.sample_rate)
            .ok_or_else(|| Error::misuse("sound without a sample rate can't be encoded"))?;
        let (kind, bits) = audio_settings::sample_kind(row, settings)?;
        let ways = Mapping::of(&settings.layout);
        let mut refusal = Error::unsupported(format!(
            "{} can't be told the channels {:?}",
            row.id,
            settings.layout.channels()
        ));
        for mapping in ways {
            match open(codec, row, settings, &mapping, kind, bits) {
                Ok(context) => {
                    let layout = mapping.sorted(&settings.layout);
                    let block = context.frame_size();
                    let first = match row.codec {
                        AudioCodec::Ac3 | AudioCodec::Eac3 => Some(first_packet(
                            open(codec, row, settings, &mapping, kind, bits)?,
                            Frame::audio(kind.0, kind.1, settings.sample_rate, mapping.mask, block)?,
                        )?),
                        _ => None,
                    };
                    let header = first.as_ref().map_or(context.extradata(), Packet::bytes);
                    let format = stream::audio_format(row, settings, layout, bits, (header, block))?;
                    return Ok(Self {
                        packet: Packet::new()?,
                        format,
                        layout: settings.layout.clone(),
                        rate,
                        waiting: vec![Vec::new(); mapping.order.len()],
                        mapping,
                        kind,
                        block: if block == 0 { ANY_LENGTH } else { block },
                        exact: row.deep.is_some() && codec.takes_short_frames(),
                        flushes: codec.has_delay(),
                        priming: context.initial_padding(),
                        context,
                        fed: 0,
                        sent: 0,
                        next: 0,
                        held: VecDeque::new(),
                        finished: false,
                    });
                }
                Err(error) => refusal = error,
            }
        }
        Err(refusal)
    }

    /// Feeds the first `frames` waiting frames, padded with silence to `block`.
    fn send(
        &mut self,
        frames: usize,
        block: usize,
        out: &mut dyn FnMut(SampleBuffer) -> Result<()>,
    ) -> Result<()> {
        let (kind, planar) = self.kind;
        let mut frame = Frame::audio(kind, planar, self.rate.ticks(), self.mapping.mask, block)?;
        let count = self.mapping.order.len();
        for (channel, &plane) in self.mapping.order.iter().enumerate() {
            let samples = &self.waiting[plane][..frames];
            if planar {
                store(kind, samples, frame.sound_mut(channel), 0, 1);
            } else {
                store(kind, samples, frame.sound_mut(0), channel, count);
            }
        }
        frame.set_time(i64::try_from(self.sent).unwrap_or(i64::MAX), i64::try_from(block).unwrap_or(0));
        self.sent += block as u64;
        for plane in &mut self.waiting {
            plane.drain(..frames);
        }
        loop {
            let progress = self.context.send_frame(Some(&frame))?;
            self.drain(out)?;
            if progress != Progress::Wait {
                return Ok(());
            }
        }
    }

    fn drain(&mut self, out: &mut dyn FnMut(SampleBuffer) -> Result<()>) -> Result<()> {
        while self.context.receive_packet(&mut self.packet)? == Progress::Done {
            if self.packet.bytes().is_empty() {
                continue;
            }
            let stated = u64::try_from(self.packet.duration()).unwrap_or(0);
            let duration = if self.exact && stated > 0 { stated } else { self.block as u64 };
            let start = self.packet_time(duration)?;
            let sample = self.sample(start, duration)?;
            self.held.push_back(sample);
            if self.held.len() > HELD
                && let Some(sample) = self.held.pop_front()
            {
                out(sample)?;
            }
        }
        Ok(())
    }

    /// Moves on by `duration` and says where the packet begins.
    fn packet_time(&mut self, duration: u64) -> Result<u64> {
        let start = self.next;
        self.next = start
            .checked_add(duration)
            .ok_or_else(|| Error::new(ErrorKind::Limit, "more sound than 64 bits can count"))?;
        Ok(start)
    }

    fn sample(&mut self, start: u64, duration: u64) -> Result<SampleBuffer> {
        let pts = self.time(start);
        let trim = (start == 0 && self.priming > 0).then(|| self.time(self.priming.into()));
        let bytes: Bytes = self.packet.take_bytes()?;
        Ok(SampleBuffer {
            format: self.format.clone(),
            payload: Payload::from(bytes),
            dts: pts,
            pts,
            duration: self.time(duration),
            flags: SampleFlags::SYNC,
            trim: Trim { start: trim, end: None },
        })
    }

    fn time(&self, frames: u64) -> Time {
        Time::new(i64::try_from(frames).unwrap_or(i64::MAX), self.rate)
    }

    /// Feeds what is left and what the encoder needs after it.
    fn send_rest(&mut self, out: &mut dyn FnMut(SampleBuffer) -> Result<()>) -> Result<()> {
        let left = self.waiting.first().map_or(0, Vec::len);
        if left > 0 {
            self.send(left, if self.exact { left } else { self.block }, out)?;
        }
        // An encoder that keeps nothing back still delays: push what was fed out of its decoder.
        let wanted = self.fed + u64::from(self.priming);
        while !self.flushes && self.fed > 0 && self.sent < wanted {
            self.send(0, self.block, out)?;
        }
        while self.context.send_frame(None)? == Progress::Wait {
            self.drain(out)?;
        }
        self.drain(out)
    }
}

impl AudioEncoder for Encoder {
    fn format(&self) -> &Arc<FormatDescription> {
        &self.format
    }

    fn priming(&self) -> u32 {
        self.priming
    }

    fn encode(&mut self, audio: &AudioBuffer, out: &mut dyn FnMut(SampleBuffer) -> Result<()>) -> Result<()> {
        if self.finished {
            return Err(Error::misuse("the encoder is finished"));
        }
        if audio.layout != self.layout || audio.sample_rate != self.rate {
            return Err(Error::misuse(format!(
                "the encoder takes {} at {} Hz, the block is {} at {} Hz",
                self.layout.name(),
                self.rate,
                audio.layout.name(),
                audio.sample_rate
            )));
        }
        let located = |error: Error| error.at_stage(Stage::Encode).at_time(audio.pts);
        self.fed += audio.frames() as u64;
        let mut at = 0;
        while at < audio.frames() {
            let missing = self.block - self.waiting.first().map_or(0, Vec::len);
            let count = missing.min(audio.frames() - at);
            for (waiting, plane) in self.waiting.iter_mut().zip(audio.planes()) {
                waiting.extend_from_slice(&plane[at..at + count]);
            }
            at += count;
            if count == missing {
                self.send(self.block, self.block, out).map_err(located)?;
            }
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut dyn FnMut(SampleBuffer) -> Result<()>) -> Result<()> {
        if std::mem::replace(&mut self.finished, true) {
            return Ok(());
        }
        self.send_rest(out).map_err(|error| error.at_stage(Stage::Encode))?;
        let mut surplus = self.next.saturating_sub(u64::from(self.priming) + self.fed);
        let length = |sample: &SampleBuffer| u64::try_from(sample.duration.value()).unwrap_or(0);
        while let Some(last) = self.held.back()
            && surplus >= length(last)
            && surplus > 0
        {
            surplus -= length(last);
            self.held.pop_back();
        }
        let end = (surplus > 0).then(|| self.time(surplus));
        if let Some(last) = self.held.back_mut() {
            last.trim.end = end;
        }
        std::mem::take(&mut self.held).into_iter().try_for_each(out)
    }
}

fn open(
    codec: Codec,
    row: &AudioRow,
    settings: &AudioEncoderSettings,
    mapping: &Mapping,
    kind: (SampleKind, bool),
    bits: Option<u8>,
) -> Result<Context> {
    let mut context = Context::new(codec)?;
    context.set_audio(&AudioParameters {
        rate: settings.sample_rate,
        channels: u16::try_from(settings.layout.count()).unwrap_or(u16::MAX),
        mask: Some(mapping.mask),
        kind: Some(kind),
        significant_bits: bits,
        block: 0,
    })?;
    audio_settings::apply(&mut context, codec, row, settings)?;
    context.open()?;
    Ok(context)
}

/// The first packet of an encoder that is thrown away for it: AC-3 tells its configuration only there.
fn first_packet(mut context: Context, mut silence: Frame) -> Result<Packet> {
    for channel in 0.. {
        let plane = silence.sound_mut(channel);
        if plane.is_empty() {
            break;
        }
        plane.fill(0);
    }
    silence.set_time(0, 0);
    context.send_frame(Some(&silence))?;
    context.send_frame(None)?;
    let mut packet = Packet::new()?;
    match context.receive_packet(&mut packet)? {
        Progress::Done => Ok(packet),
        _ => Err(Error::unsupported("the encoder made no packet of one block")),
    }
}

/// Writes `samples`, then silence, into every `stride`th place of `bytes` from the `first` on, in the encoder's own kind.
#[allow(clippy::cast_possible_truncation, reason = "clamped to the kind's range before")]
fn store(kind: SampleKind, samples: &[f32], bytes: &mut [u8], first: usize, stride: usize) {
    let padded = samples.iter().copied().chain(std::iter::repeat(0.0));
    macro_rules! each {
        ($type:ty, $convert:expr) => {{
            let (places, _) = bytes.as_chunks_mut::<{ size_of::<$type>() }>();
            let convert: fn(f64) -> $type = $convert;
            for (place, sample) in places.iter_mut().skip(first).step_by(stride).zip(padded) {
                *place = convert(f64::from(sample)).to_ne_bytes();
            }
        }};
    }
    match kind {
        SampleKind::U8 => each!(u8, |value| (value * 128.0 + 128.0).round().clamp(0.0, 255.0) as u8),
        SampleKind::I16 => each!(i16, |value| (value * 32_768.0).round().clamp(-32_768.0, 32_767.0) as i16),
        // 24 bits that count, at the top of 32.
        SampleKind::I32 => {
            each!(i32, |value| ((value * 8_388_608.0).round().clamp(-8_388_608.0, 8_388_607.0) as i32) << 8);
        }
        SampleKind::I64 => each!(i64, |value| (value * 9_223_372_036_854_775_808.0) as i64),
        SampleKind::F32 => each!(f32, |value| value as f32),
        SampleKind::F64 => each!(f64, |value| value),
    }
}
