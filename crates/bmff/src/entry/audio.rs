use bytes::Bytes;
use reelwright_bitstream::{
    aac::AudioSpecificConfig, ac3::Ac3Config, alac::AlacConfig, flac::StreamInfo, opus::OpusConfig,
};
use reelwright_media::{
    AudioCodec, AudioFormat, BoxFamily, Channel, ChannelLayout, CodecConfig, FourCc, PcmFormat, Result,
};

use super::sound_header::SoundHeader;
use super::{codec, find, layout, original_format, sound_children, stored, too_short};
use crate::{BitRates, BoxRef, Endianness, PcmConfig, SamplingRate, StreamDescriptor};

/// Reads an audio sample entry.
pub(super) fn read(entry: &BoxRef<'_>, family: BoxFamily) -> Result<AudioFormat> {
    let (header, body) = SoundHeader::read(entry, family).map_err(|error| too_short("audio", error))?;
    let mut children = sound_children(body.boxes());
    // QuickTime keeps the decoder's own boxes one level down.
    if let Some(wave) = find(&children, b"wave") {
        let inner = sound_children(wave.children());
        children.extend(inner);
    }
    let tag = entry.kind();
    let original = original_format(&children).unwrap_or(tag);
    let channels = u16::try_from(header.channels).unwrap_or(u16::MAX);
    let mut format = AudioFormat::new(codec::audio(original), tag, header.sample_rate, channels);
    format.entry = Some(stored(entry, family));
    if let Some(rate) = find(&children, b"srat").and_then(|srat| srat.read::<SamplingRate>().ok()) {
        format.sample_rate = rate.rate;
    }
    if header.bits > 0 {
        format.bits = u16::try_from(header.bits).ok();
    }
    if let Some((frames, bytes)) =
        header.packet.filter(|_| header.compression_id != -2 || header.lpcm_flags.is_some())
    {
        (format.frames_per_packet, format.bytes_per_packet) = (frames, bytes);
    }
    rates_and_stream(&mut format, &children);
    match format.codec {
        AudioCodec::Lpcm => lpcm(&mut format, &header, original, &children),
        _ => compressed(&mut format, &children),
    }
    Ok(format)
}

/// `esds` and `btrt`.
fn rates_and_stream(format: &mut AudioFormat, children: &[BoxRef<'_>]) {
    if let Some(rates) = find(children, b"btrt").and_then(|btrt| btrt.read::<BitRates>().ok()) {
        format.bit_rate = (rates.average, rates.maximum);
    }
    let Some(esds) = find(children, b"esds").and_then(|esds| esds.read::<StreamDescriptor>().ok()) else {
        return;
    };
    if format.codec == AudioCodec::Aac {
        format.codec = codec::audio_object(esds.object_type).unwrap_or(format.codec);
    }
    if esds.average_bit_rate != 0 || esds.max_bit_rate != 0 {
        format.bit_rate = (esds.average_bit_rate, esds.max_bit_rate);
    }
    format.config = esds.specific.map(|bytes| CodecConfig { kind: FourCc::new(b"esds"), bytes });
}

fn lpcm(format: &mut AudioFormat, header: &SoundHeader, tag: FourCc, children: &[BoxRef<'_>]) {
    let bits = u8::try_from(header.bits).unwrap_or(0);
    let little = find(children, b"enda").and_then(|enda| enda.read::<Endianness>().ok());
    let little = little.is_some_and(|enda| enda.little != 0);
    let mut pcm = pcm_of_tag(tag, bits, little);
    if let Some(flags) = header.lpcm_flags {
        pcm = PcmFormat { bits, float: flags & 1 != 0, big_endian: flags & 2 != 0, signed: flags & 5 != 0 };
    }
    if let Some(config) = find(children, b"pcmC").and_then(|pcm_c| pcm_c.read::<PcmConfig>().ok()) {
        pcm.bits = config.sample_size;
        pcm.big_endian = config.format_flags & 1 == 0;
    }
    if !(1..=64).contains(&pcm.bits) {
        return;
    }
    // One byte has no order.
    pcm.big_endian &= pcm.bits > 8;
    format.bits = Some(pcm.bits.into());
    format.frames_per_packet = 1;
    format.bytes_per_packet = pcm.bytes() * u32::from(format.channels);
    format.pcm = Some(pcm);
    format.layout = stated_layout(children, format.channels);
}

/// The layout a code implies; `bits` are those of the sample entry, `little` what `enda` says.
fn pcm_of_tag(tag: FourCc, bits: u8, little: bool) -> PcmFormat {
    let integer = |bits, big_endian| PcmFormat { bits, float: false, big_endian, signed: true };
    let float = |bits| PcmFormat { bits, float: true, big_endian: !little, signed: true };
    match &tag.0 {
        b"sowt" => integer(bits, false),
        b"in24" => integer(24, !little),
        b"in32" => integer(32, !little),
        b"fl32" => float(32),
        b"fl64" => float(64),
        b"fpcm" => float(bits),
        // Of 8 bits these are offset binary; of more, the same as `twos`.
        b"raw " | b"NONE" => PcmFormat { signed: bits != 8, ..integer(bits, true) },
        _ => integer(bits, !little),
    }
}

fn stated_layout(children: &[BoxRef<'_>], channels: u16) -> Option<ChannelLayout> {
    let channels = channels.into();
    let stated = if let Some(chan) = find(children, b"chan") {
        layout::read_chan(&mut chan.body(), channels).ok().flatten()
    } else {
        find(children, b"chnl").and_then(|chnl| layout::read_chnl(&mut chnl.body(), channels).ok().flatten())
    };
    // A single channel of an unknown name is as good as one without.
    stated.filter(|layout| layout.channels() != [Channel::Other])
}

/// Configuration and facts of a compressed codec. Layouts are of what a decoder puts out, in WAVE order.
fn compressed(format: &mut AudioFormat, children: &[BoxRef<'_>]) {
    let body = |kind: &[u8; 4]| find(children, kind).map(|found| found.body().rest());
    let full = |kind: &[u8; 4]| {
        let mut body = find(children, kind)?.body();
        body.version_and_flags().ok()?;
        Some(body.rest())
    };
    let (kind, config): (&[u8; 4], Option<Bytes>) = match format.codec {
        AudioCodec::Alac => (b"alac", full(b"alac")),
        AudioCodec::Flac => (b"dfLa", full(b"dfLa")),
        AudioCodec::Opus => (b"dOps", body(b"dOps")),
        AudioCodec::Ac3 => (b"dac3", body(b"dac3")),
        AudioCodec::Eac3 => (b"dec3", body(b"dec3")),
        AudioCodec::AmrNb | AudioCodec::AmrWb => (b"damr", body(b"damr")),
        AudioCodec::Dts => (b"ddts", body(b"ddts")),
        _ => (b"glbl", body(b"glbl")),
    };
    if let Some(bytes) = config {
        format.config = Some(CodecConfig { kind: FourCc::new(kind), bytes });
    }
    let config = format.config.as_ref().map(|config| config.bytes.clone()).unwrap_or_default();
    if !matches!(format.codec, AudioCodec::Alac | AudioCodec::Flac | AudioCodec::Other(_)) {
        format.bits = None;
    }
    match format.codec {
        AudioCodec::Aac => from_aac(format, &config),
        AudioCodec::Alac => from_alac(format, &config),
        AudioCodec::Flac => from_flac(format, &config),
        AudioCodec::Opus => from_opus(format, &config),
        AudioCodec::Ac3 => from_ac3(format, Ac3Config::parse_dac3(&config)),
        AudioCodec::Eac3 => from_ac3(format, Ac3Config::parse_dec3(&config)),
        AudioCodec::Mp3 | AudioCodec::Mp2 => {
            let low_rate = format.codec == AudioCodec::Mp3 && format.sample_rate < 32_000;
            format.frames_per_packet = if low_rate { 576 } else { 1152 };
        }
        AudioCodec::AmrNb => amr(format, &config, 8_000),
        AudioCodec::AmrWb => amr(format, &config, 16_000),
        AudioCodec::Ima4 => per_channel(format, 64, 34),
        AudioCodec::Ulaw | AudioCodec::Alaw => per_channel(format, 1, 1),
        _ => {}
    }
    // Which of a film's channels the only one of a track is, no codec says.
    if format.channels == 1
        && let Some(label) = stated_layout(children, 1)
    {
        format.layout = Some(label);
    }
    if format.layout.is_none() {
        format.layout = ChannelLayout::default_for(format.channels);
    }
}

fn per_channel(format: &mut AudioFormat, frames: u32, bytes: u32) {
    format.frames_per_packet = frames;
    format.bytes_per_packet = bytes * u32::from(format.channels);
}

fn from_aac(format: &mut AudioFormat, config: &[u8]) {
    let Ok(facts) = AudioSpecificConfig::parse(config) else {
        format.frames_per_packet = 1024;
        return;
    };
    format.codec = match facts.object_type {
        42 => AudioCodec::Usac,
        32 | 33 => AudioCodec::Mp2,
        34 => AudioCodec::Mp3,
        _ => AudioCodec::Aac,
    };
    format.sample_rate = facts.output_sample_rate();
    if facts.output_channels() > 0 {
        format.channels = facts.output_channels();
        format.layout = facts.layout();
    }
    format.frames_per_packet = facts.output_frame_length();
}

fn from_alac(format: &mut AudioFormat, config: &[u8]) {
    if let Ok(facts) = AlacConfig::parse(config) {
        format.frames_per_packet = facts.frame_length;
        format.bits = Some(facts.bits.into());
        format.channels = facts.channels.into();
        format.sample_rate = facts.sample_rate;
    }
}

fn from_flac(format: &mut AudioFormat, config: &[u8]) {
    if let Ok(facts) = StreamInfo::find(config) {
        let (least, most) = facts.block_size;
        format.frames_per_packet = if least == most { least.into() } else { 0 };
        format.sample_rate = facts.sample_rate;
        format.channels = facts.channels.into();
        format.bits = Some(facts.bits.into());
        format.layout = facts.layout();
    }
}

/// Opus is always put out at 48 kHz; its box states the rate before encoding (Encapsulation of Opus in ISOBMFF, 4.3.2).
fn from_opus(format: &mut AudioFormat, config: &[u8]) {
    format.sample_rate = 48_000;
    format.frames_per_packet = 0;
    if let Ok(facts) = OpusConfig::parse_dops(config) {
        format.channels = facts.channels.into();
        format.layout = facts.layout();
    }
}

fn from_ac3(format: &mut AudioFormat, facts: Result<Ac3Config>) {
    format.frames_per_packet = 1536;
    if let Ok(facts) = facts {
        format.sample_rate = facts.sample_rate.unwrap_or(format.sample_rate);
        format.channels = facts.channels;
        format.layout = facts.layout;
    }
}

/// `damr` (3GPP TS 26.244, 6.7): always mono, 20 ms a frame.
fn amr(format: &mut AudioFormat, config: &[u8], rate: u32) {
    let frames = config.get(8).copied().filter(|&frames| frames > 0).unwrap_or(1);
    format.sample_rate = rate;
    format.channels = 1;
    format.frames_per_packet = rate / 50 * u32::from(frames);
}
