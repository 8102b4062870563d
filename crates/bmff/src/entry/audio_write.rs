use bytes::Bytes;
use reelwright_media::{AudioCodec, AudioFormat, BoxFamily, ChannelLayout, Error, FourCc, PcmFormat, Result};

use super::layout;
use crate::{BitRates, PcmConfig, SamplingRate, StreamDescriptor, Writer, boxes};

/// Writes an audio sample entry for `family`.
pub(super) fn write(format: &AudioFormat, family: BoxFamily) -> Result<Vec<u8>> {
    if let AudioCodec::Other(tag) = format.codec {
        return unknown(format, tag);
    }
    match (format.codec, family) {
        (AudioCodec::Lpcm, BoxFamily::QuickTime) => quicktime_pcm(format),
        (AudioCodec::Lpcm, BoxFamily::Iso) => iso_pcm(format),
        (_, BoxFamily::QuickTime) => quicktime(format),
        (_, BoxFamily::Iso) => iso(format),
    }
}

/// A codec that isn't known here has the same entry in both families where it is one of version 0.
fn unknown(format: &AudioFormat, tag: FourCc) -> Result<Vec<u8>> {
    let refuse = || {
        Error::unsupported(format!(
            "the sound entry '{tag}' can't be written in the other family of containers"
        ))
        .with_hint("write the same container as the source, or convert the track to another codec")
    };
    let entry = format.entry.as_ref().ok_or_else(refuse)?;
    let found = boxes(&entry.bytes).next().and_then(Result::ok).ok_or_else(refuse)?;
    match found.body().peek().get(8..10) {
        Some([0, 0]) => Ok(super::in_this_file(&entry.bytes)),
        _ => Err(refuse()),
    }
}

/// What stands in the fixed fields.
struct Fixed {
    tag: FourCc,
    channels: u16,
    bits: u16,
    sample_rate: u32,
    /// -2: packets vary.
    compression_id: i16,
    /// QuickTime version 1: frames per packet, bytes per packet of one channel, of all, bytes per sample.
    packet: Option<[u32; 4]>,
}

impl Fixed {
    fn of(format: &AudioFormat, tag: &[u8; 4]) -> Self {
        Self {
            tag: FourCc::new(tag),
            channels: format.channels,
            bits: 16,
            sample_rate: format.sample_rate,
            compression_id: 0,
            packet: None,
        }
    }

    /// The entry with `children`.
    fn entry(&self, children: impl FnOnce(&mut Writer)) -> Vec<u8> {
        let mut w = Writer::new();
        w.write_box(self.tag, |w| {
            w.zeros(6);
            w.u16(1);
            w.u16(u16::from(self.packet.is_some()));
            w.zeros(6);
            w.u16(self.channels);
            w.u16(self.bits);
            w.i16(self.compression_id);
            w.u16(0);
            // 16.16; a rate beyond that is 0 here, which readers take as "see the timescale", and in full in `srat`.
            let rate = u16::try_from(self.sample_rate);
            w.u32(u32::from(rate.unwrap_or(0)) << 16);
            self.packet.iter().flatten().for_each(|&number| w.u32(number));
            children(w);
            if rate.is_err() {
                w.put(&SamplingRate { rate: self.sample_rate, ..SamplingRate::default() });
            }
        });
        w.into_bytes()
    }
}

/// Linear PCM for QuickTime: `sowt` and `twos` where 16 bits and two channels do, else `lpcm` in version 2, which can
/// say everything.
fn quicktime_pcm(format: &AudioFormat) -> Result<Vec<u8>> {
    let pcm = pcm(format)?;
    let simple = format.channels <= 2 && u16::try_from(format.sample_rate).is_ok();
    let tag = match pcm {
        PcmFormat { bits: 16, float: false, signed: true, big_endian } if simple => {
            if big_endian {
                b"twos"
            } else {
                b"sowt"
            }
        }
        PcmFormat { bits: 8, float: false, signed: false, .. } if simple => b"raw ",
        _ => return Ok(lpcm_version_2(format, pcm)),
    };
    let mut fixed = Fixed::of(format, tag);
    fixed.bits = pcm.bits.into();
    Ok(fixed.entry(|w| pcm_layout(w, format, layout::write_chan)))
}

fn pcm(format: &AudioFormat) -> Result<PcmFormat> {
    format.pcm.ok_or_else(|| Error::misuse("LPCM needs its layout: bits, byte order, integer or float"))
}

/// States which channel is which: as the format says, else for mono and stereo, which need no saying.
fn pcm_layout(w: &mut Writer, format: &AudioFormat, write: fn(&mut Writer, &ChannelLayout)) {
    let plain = || (format.channels <= 2).then(|| ChannelLayout::default_for(format.channels)).flatten();
    let layout = format.layout.clone().filter(|layout| layout.count() == usize::from(format.channels));
    if let Some(layout) = layout.or_else(plain) {
        write(w, &layout);
    }
}

/// Sound description, version 2 (QuickTime File Format).
fn lpcm_version_2(format: &AudioFormat, pcm: PcmFormat) -> Vec<u8> {
    let flag = |set: bool, bit: u32| if set { bit } else { 0 };
    let packed = pcm.bits.is_multiple_of(8);
    let flags = flag(pcm.float, 1)
        | flag(pcm.big_endian, 2)
        | flag(pcm.signed && !pcm.float, 4)
        | flag(packed, 8)
        | flag(!packed, 16);
    let mut w = Writer::new();
    w.write_box(b"lpcm", |w| {
        w.zeros(6);
        w.u16(1);
        w.u16(2);
        w.zeros(6);
        w.u16(3);
        w.u16(16);
        w.i16(-2);
        w.u16(0);
        w.u32(1 << 16);
        w.u32(72);
        w.f64(format.sample_rate.into());
        w.u32(format.channels.into());
        w.u32(0x7F00_0000);
        w.u32(pcm.bits.into());
        w.u32(flags);
        w.u32(pcm.bytes() * u32::from(format.channels));
        w.u32(1);
        pcm_layout(w, format, layout::write_chan);
    });
    w.into_bytes()
}

/// Linear PCM for ISO files (ISO/IEC 23003-5).
fn iso_pcm(format: &AudioFormat) -> Result<Vec<u8>> {
    let pcm = pcm(format)?;
    let tag = match (pcm.float, pcm.signed, pcm.bits) {
        (false, true, 16 | 24 | 32) => b"ipcm",
        (true, _, 32 | 64) => b"fpcm",
        _ => {
            let kind = if pcm.float { "floats" } else { "integers" };
            let sign = if pcm.signed { "signed" } else { "unsigned" };
            let message = format!("MP4 has no PCM of {sign} {}-bit {kind}", pcm.bits);
            return Err(Error::unsupported(message).with_hint(
                "integers of 16, 24 and 32 bits and floats of 32 and 64 are allowed; convert, or write MOV",
            ));
        }
    };
    let mut fixed = Fixed::of(format, tag);
    fixed.bits = pcm.bits.into();
    Ok(fixed.entry(|w| {
        let format_flags = u8::from(!pcm.big_endian);
        w.put(&PcmConfig { format_flags, sample_size: pcm.bits, ..PcmConfig::default() });
        pcm_layout(w, format, layout::write_chnl);
    }))
}

/// A compressed codec for QuickTime: version 1, the decoder's configuration in `wave` for the codecs QuickTime knows.
fn quicktime(format: &AudioFormat) -> Result<Vec<u8>> {
    let varying = |tag| {
        let mut fixed = Fixed::of(format, tag);
        fixed.compression_id = -2;
        fixed.packet = Some([format.frames_per_packet, 0, 0, 2]);
        fixed
    };
    let constant = |tag, frames, bytes| {
        let mut fixed = Fixed::of(format, tag);
        fixed.packet = Some([frames, bytes, bytes * u32::from(format.channels), 2]);
        fixed
    };
    Ok(match format.codec {
        AudioCodec::Aac | AudioCodec::Usac => {
            let specific = config(format, b"esds")?;
            varying(b"mp4a").entry(|w| {
                wave(w, b"mp4a", |w| {
                    // Four zeros where a QuickTime component would keep its own settings.
                    w.write_box(b"mp4a", |w| w.zeros(4));
                    w.put(&stream(format, 0x40, Some(specific)));
                });
                layout::write_aac_chan(w, format.channels);
            })
        }
        AudioCodec::Alac => {
            let cookie = config(format, b"alac")?;
            let mut fixed = varying(b"alac");
            fixed.bits = format.bits.unwrap_or(16);
            fixed.entry(|w| wave(w, b"alac", |w| w.full_box(b"alac", 0, 0, |w| w.bytes(&cookie))))
        }
        AudioCodec::Mp3 => varying(b".mp3").entry(|_| {}),
        AudioCodec::Ima4 => constant(b"ima4", 64, 34).entry(|_| {}),
        AudioCodec::Ulaw => constant(b"ulaw", 1, 1).entry(|_| {}),
        AudioCodec::Alaw => constant(b"alaw", 1, 1).entry(|_| {}),
        _ => return iso(format),
    })
}

/// `wave` (QuickTime File Format, "siDecompressionParam").
fn wave(w: &mut Writer, tag: &[u8; 4], body: impl FnOnce(&mut Writer)) {
    w.write_box(b"wave", |w| {
        w.write_box(b"frma", |w| w.bytes(tag));
        body(w);
        w.write_box(&[0; 4], |_| {});
    });
}

/// A compressed codec for ISO files.
fn iso(format: &AudioFormat) -> Result<Vec<u8>> {
    let with_stream = |object_type, specific| {
        Fixed::of(format, b"mp4a").entry(|w| w.put(&stream(format, object_type, specific)))
    };
    let (average, maximum) = format.bit_rate;
    let boxed = |fixed: Fixed, kind: &[u8; 4]| {
        let bytes = config(format, kind)?;
        Ok(fixed.entry(|w| {
            w.write_box(kind, |w| {
                if matches!(kind, b"alac" | b"dfLa") {
                    w.version_and_flags(0, 0);
                }
                w.bytes(&bytes);
            });
            if (average, maximum) != (0, 0) {
                w.put(&BitRates { buffer_size: 0, maximum, average });
            }
        }))
    };
    match format.codec {
        AudioCodec::Aac | AudioCodec::Usac => Ok(with_stream(0x40, Some(config(format, b"esds")?))),
        AudioCodec::Vorbis => Ok(with_stream(0xDD, Some(config(format, b"esds")?))),
        // 0x6B is MPEG-1 audio, 0x69 that of MPEG-2 with its halved rates.
        AudioCodec::Mp3 | AudioCodec::Mp2 => {
            Ok(with_stream(if format.sample_rate < 32_000 { 0x69 } else { 0x6B }, None))
        }
        AudioCodec::Alac => {
            let mut fixed = Fixed::of(format, b"alac");
            fixed.bits = format.bits.unwrap_or(16);
            boxed(fixed, b"alac")
        }
        AudioCodec::Flac => {
            let mut fixed = Fixed::of(format, b"fLaC");
            fixed.bits = format.bits.unwrap_or(16);
            boxed(fixed, b"dfLa")
        }
        AudioCodec::Opus => boxed(Fixed::of(format, b"Opus"), b"dOps"),
        AudioCodec::Ac3 => boxed(Fixed::of(format, b"ac-3"), b"dac3"),
        AudioCodec::Eac3 => boxed(Fixed::of(format, b"ec-3"), b"dec3"),
        AudioCodec::AmrNb => boxed(Fixed::of(format, b"samr"), b"damr"),
        AudioCodec::AmrWb => boxed(Fixed::of(format, b"sawb"), b"damr"),
        AudioCodec::Dts => boxed(Fixed { tag: format.tag, ..Fixed::of(format, b"dtsc") }, b"ddts"),
        codec => Err(Error::unsupported(format!("{} has no place in MP4", codec.name()))
            .with_hint("convert the track to AAC, or write MOV")),
    }
}

fn stream(format: &AudioFormat, object_type: u8, specific: Option<Bytes>) -> StreamDescriptor {
    let (average_bit_rate, max_bit_rate) = format.bit_rate;
    StreamDescriptor { object_type, stream_type: 5, buffer_size: 0, max_bit_rate, average_bit_rate, specific }
}

fn config(format: &AudioFormat, kind: &[u8; 4]) -> Result<Bytes> {
    match &format.config {
        Some(config) if &config.kind.0 == kind => Ok(config.bytes.clone()),
        _ => {
            let kind = FourCc::new(kind);
            Err(Error::misuse(format!("{} needs its configuration '{kind}'", format.codec.name()))
                .with_hint("take it from the encoder or from the source's format description"))
        }
    }
}
