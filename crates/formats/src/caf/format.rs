use bytes::Bytes;
use reelwright_bitstream::aac::AudioSpecificConfig;
use reelwright_bitstream::alac::AlacConfig;
use reelwright_bitstream::flac::{FrameHeader, StreamInfo, dfla};
use reelwright_bitstream::opus::OpusConfig;
use reelwright_bmff::entry::core_audio_layout;
use reelwright_bmff::{BoxBody, Reader, StreamDescriptor};
use reelwright_media::{AudioCodec, AudioFormat, CodecConfig, Error, FourCc, PcmFormat, Result};

use crate::aiff::ima4;
use crate::wave::companded;
use crate::{dolby, flac};

/// The `desc` chunk: an `AudioStreamBasicDescription`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Description {
    rate: u32,
    format: FourCc,
    flags: u32,
    packet_bytes: u32,
    packet_frames: u32,
    channels: u16,
    bits: u32,
}

/// What the frames of FLAC are whose file has no cookie: as the header of the first says.
pub(super) fn flac_of_frame(from: &Description, header: &[u8]) -> Option<(StreamInfo, AudioFormat)> {
    let header = FrameHeader::parse(header).ok().filter(|_| from.format == FourCc::new(b"flac"))?;
    let info = StreamInfo::of_frame(&header, from.rate)?;
    Some((info, flac::format_of(&info, dfla(&info.to_bytes()))))
}

impl Description {
    pub(super) fn parse(chunk: &[u8; 32]) -> Result<Self> {
        let (rate, rest) = chunk.split_at(8);
        let rate = f64::from_bits(rate.iter().fold(0, |value, &byte| value << 8 | u64::from(byte)));
        let long = |at: usize| rest[at..at + 4].iter().fold(0, |value, &byte| value << 8 | u32::from(byte));
        let sound = rate.is_finite() && rate >= 1.0 && rate <= f64::from(u32::MAX);
        let channels = u16::try_from(long(16)).ok().filter(|&channels| channels > 0);
        match channels.filter(|_| sound) {
            Some(channels) => Ok(Self {
                rate: rate.round() as u32,
                format: FourCc::from_u32(long(0)),
                flags: long(4),
                packet_bytes: long(8),
                packet_frames: long(12),
                channels,
                bits: long(20),
            }),
            None => Err(Error::malformed(format!("{} channels at {rate} Hz", long(16))).in_box("desc")),
        }
    }
}

/// What the file's packets are.
pub(super) fn describe(
    from: &Description,
    cookie: Option<&Bytes>,
    layout: Option<&Bytes>,
) -> Result<AudioFormat> {
    let mut audio = match &from.format.0 {
        b"lpcm" => linear(from)?,
        b"alaw" => companded(AudioCodec::Alaw, b"alaw", from.rate, from.channels),
        b"ulaw" => companded(AudioCodec::Ulaw, b"ulaw", from.rate, from.channels),
        b"ima4" => ima4(from.rate, from.channels),
        b"aac " | b"aacl" | b"aach" | b"aacp" | b"usac" => aac(from, cookie)?,
        b"alac" => alac(from, cookie)?,
        b"flac" => flac(from, cookie)?,
        b"opus" => opus(from, cookie),
        b".mp3" => plain(from, AudioCodec::Mp3, b".mp3"),
        b".mp2" => plain(from, AudioCodec::Mp2, b".mp2"),
        b"ac-3" => plain(from, AudioCodec::Ac3, b"ac-3"),
        b"ec-3" => plain(from, AudioCodec::Eac3, b"ec-3"),
        b"samr" => plain(from, AudioCodec::AmrNb, b"samr"),
        _ => return Err(Error::unsupported(format!("CAF of format '{}' is not supported", from.format))),
    };
    if let Some(stated) = layout.and_then(|body| core_audio_layout(body, audio.channels.into())) {
        audio.layout = Some(stated);
    }
    Ok(audio)
}

/// Dolby Digital, as its first packets say.
pub(super) fn dolby(from: &Description, packets: &[u8]) -> Result<AudioFormat> {
    Ok(AudioFormat {
        frames_per_packet: from.packet_frames,
        bytes_per_packet: from.packet_bytes,
        ..dolby::describe(packets)?
    })
}

fn plain(from: &Description, codec: AudioCodec, tag: &[u8; 4]) -> AudioFormat {
    AudioFormat {
        frames_per_packet: from.packet_frames,
        bytes_per_packet: from.packet_bytes,
        ..AudioFormat::new(codec, FourCc::new(tag), from.rate, from.channels)
    }
}

fn linear(from: &Description) -> Result<AudioFormat> {
    const FLOAT: u32 = 1;
    const LITTLE_ENDIAN: u32 = 2;
    // The packet says how many bytes a sample takes; bits may be fewer.
    let bytes = from.packet_bytes / u32::from(from.channels);
    let float = from.flags & FLOAT != 0;
    let sound = if float { matches!(bytes, 4 | 8) } else { matches!(bytes, 1..=4 | 8) };
    let bits = u8::try_from(bytes)
        .ok()
        .filter(|_| sound && from.packet_frames == 1)
        .and_then(|bytes| bytes.checked_mul(8))
        .ok_or_else(|| {
            Error::unsupported(format!("CAF of linear PCM with {bytes} bytes a sample, float {float}"))
        })?;
    let pcm = PcmFormat { bits, float, big_endian: from.flags & LITTLE_ENDIAN == 0, signed: true };
    let mut audio = AudioFormat::lpcm(pcm, from.rate, from.channels);
    audio.bits = u16::try_from(from.bits).ok().filter(|&stated| stated > 0).or(audio.bits);
    Ok(audio)
}

/// The cookie of AAC is the body of `esds` without version and flags.
fn aac(from: &Description, cookie: Option<&Bytes>) -> Result<AudioFormat> {
    let mut audio = plain(from, AudioCodec::Aac, b"mp4a");
    let Some(cookie) = cookie else {
        return Err(Error::malformed("a CAF file of AAC without 'kuki' chunk"));
    };
    let mut body = vec![0; 4];
    body.extend_from_slice(cookie);
    let body = Bytes::from(body);
    let specific =
        StreamDescriptor::read(&mut Reader::new(&body)).ok().and_then(|descriptor| descriptor.specific);
    let specific = specific.unwrap_or_else(|| cookie.clone());
    let config = AudioSpecificConfig::parse(&specific)?;
    if config.object_type == 42 {
        audio.codec = AudioCodec::Usac;
    }
    audio.layout = config.layout();
    audio.config = Some(CodecConfig { kind: FourCc::new(b"esds"), bytes: specific });
    Ok(audio)
}

fn alac(from: &Description, cookie: Option<&Bytes>) -> Result<AudioFormat> {
    let cookie =
        cookie.ok_or_else(|| Error::malformed("a CAF file of Apple Lossless without 'kuki' chunk"))?;
    let config = AlacConfig::parse(cookie)?;
    let bytes = cookie.slice_ref(AlacConfig::strip(cookie));
    Ok(AudioFormat {
        bits: Some(config.bits.into()),
        config: Some(CodecConfig { kind: FourCc::new(b"alac"), bytes }),
        ..plain(from, AudioCodec::Alac, b"alac")
    })
}

/// The cookie of FLAC is the body of `dfLa`, with or without its box header and version.
fn flac(from: &Description, cookie: Option<&Bytes>) -> Result<AudioFormat> {
    let cookie = cookie.ok_or_else(|| Error::malformed("a CAF file of FLAC without a whole frame"))?;
    let starts = [0usize, 4, 12];
    let found = starts
        .into_iter()
        .filter_map(|at| cookie.get(at..))
        .find_map(|blocks| StreamInfo::find(blocks).ok().map(|info| (info, cookie.slice_ref(blocks))));
    let (info, bytes) = found.ok_or_else(|| Error::malformed("a CAF file of FLAC without STREAMINFO"))?;
    let config = CodecConfig { kind: FourCc::new(b"dfLa"), bytes };
    Ok(AudioFormat {
        frames_per_packet: from.packet_frames,
        bytes_per_packet: from.packet_bytes,
        ..flac::format_of(&info, config)
    })
}

/// Opus has no cookie that all writers agree on; without `OpusHead` the plain mapping is assumed.
fn opus(from: &Description, cookie: Option<&Bytes>) -> AudioFormat {
    let config =
        cookie.and_then(|cookie| OpusConfig::parse_head(cookie).ok()).unwrap_or_else(|| OpusConfig {
            channels: u8::try_from(from.channels).unwrap_or(2),
            pre_skip: 0,
            input_sample_rate: from.rate,
            output_gain: 0,
            mapping_family: 0,
            mapping: None,
        });
    AudioFormat { config: Some(config.to_dops()), ..plain(from, AudioCodec::Opus, b"Opus") }
}
