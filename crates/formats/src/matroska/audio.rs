use bytes::Bytes;
use reelwright_bitstream::aac::AudioSpecificConfig;
use reelwright_bitstream::ac3;
use reelwright_bitstream::alac::{AlacConfig, partial_frames};
use reelwright_bitstream::flac::{FrameHeader, StreamInfo};
use reelwright_bitstream::mpeg_audio::MpegAudioHeader;
use reelwright_bitstream::opus::{OpusConfig, packet_samples, vorbis_layout};
use reelwright_media::{AudioCodec, AudioFormat, CodecConfig, Error, FourCc, PcmFormat, Result};

use super::entry::TrackEntry;
use crate::mpeg_audio::format_of;
use crate::{dolby, flac, wave};

/// How many PCM frames a packet holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PacketLength {
    /// Always as many.
    Constant(u32),
    /// As many as fit, for packets of PCM: bytes of a frame.
    Bytes(u32),
    /// As the beginning of each packet says.
    Stated,
    /// Nobody knows without decoding.
    Unknown,
}

/// Enough of a packet for [`packet_frames`].
pub(super) const HEAD: usize = 16;

/// What the frames of an audio track are; `first` is its first frame, or the beginning of it.
pub(super) fn describe(entry: &TrackEntry, first: &[u8]) -> Result<(AudioFormat, PacketLength)> {
    let audio = &entry.audio;
    let rate = if audio.output_rate > 0.0 { audio.output_rate } else { audio.rate };
    // The cast saturates; a rate that isn't a number becomes 0.
    let rate = rate.round() as u32;
    if rate == 0 || audio.channels == 0 {
        return Err(Error::malformed(format!("{} channels at {rate} Hz", audio.channels)));
    }
    let new = |codec, tag: &[u8; 4]| AudioFormat::new(codec, FourCc::new(tag), rate, audio.channels);
    let codec = entry.codec.as_str();
    let (format, length) = match codec {
        "A_OPUS" | "A_OPUS/EXPERIMENTAL" => {
            (opus(entry, new(AudioCodec::Opus, b"Opus"))?, PacketLength::Stated)
        }
        "A_VORBIS" => {
            let config = Some(CodecConfig { kind: FourCc::new(b"glbl"), bytes: entry.private.clone() });
            let layout = u8::try_from(audio.channels).ok().and_then(vorbis_layout);
            (AudioFormat { config, layout, ..new(AudioCodec::Vorbis, b"vorb") }, PacketLength::Unknown)
        }
        "A_FLAC" => flac(&entry.private)?,
        "A_ALAC" => alac(&entry.private, new(AudioCodec::Alac, b"alac"))?,
        "A_MPEG/L3" | "A_MPEG/L2" | "A_MPEG/L1" => {
            let header = MpegAudioHeader::parse(first)?;
            (format_of(&header), PacketLength::Constant(header.samples))
        }
        "A_AC3" | "A_EAC3" => (dolby::describe(first)?, PacketLength::Stated),
        "A_DTS" | "A_DTS/EXPRESS" | "A_DTS/LOSSLESS" => {
            (new(AudioCodec::Dts, b"dtsc"), PacketLength::Unknown)
        }
        "A_PCM/INT/LIT" | "A_PCM/INT/BIG" | "A_PCM/FLOAT/IEEE" => linear(entry, rate)?,
        "A_MS/ACM" => windows(&entry.private)?,
        _ if codec.starts_with("A_AAC") => aac(entry, rate)?,
        other => return Err(Error::unsupported(format!("the codec {other} is not known here"))),
    };
    Ok((format, length))
}

/// PCM frames of the packet that begins with `head` and has `size` bytes.
pub(super) fn packet_frames(
    format: &AudioFormat,
    length: PacketLength,
    head: &[u8],
    size: u64,
) -> Option<u32> {
    match length {
        PacketLength::Constant(frames) => Some(frames),
        PacketLength::Bytes(bytes) => u32::try_from(size / u64::from(bytes.max(1))).ok(),
        PacketLength::Unknown => None,
        PacketLength::Stated => match format.codec {
            AudioCodec::Opus => packet_samples(head),
            AudioCodec::Flac => FrameHeader::parse(head).ok().map(|header| header.block_size),
            // The last is shorter, and says so.
            AudioCodec::Alac => Some(partial_frames(head).unwrap_or(format.frames_per_packet)),
            AudioCodec::Ac3 | AudioCodec::Eac3 => ac3::SyncFrame::parse(head).ok().map(|frame| frame.samples),
            _ => None,
        },
    }
}

fn opus(entry: &TrackEntry, format: AudioFormat) -> Result<AudioFormat> {
    let head = OpusConfig::parse_head(&entry.private)?;
    Ok(AudioFormat {
        sample_rate: 48_000,
        channels: head.channels.into(),
        layout: head.layout(),
        config: Some(head.to_dops()),
        ..format
    })
}

fn flac(private: &Bytes) -> Result<(AudioFormat, PacketLength)> {
    let info = StreamInfo::find(private)?;
    let blocks = private.strip_prefix(b"fLaC").unwrap_or(private);
    let config = CodecConfig { kind: FourCc::new(b"dfLa"), bytes: private.slice_ref(blocks) };
    Ok((flac::format_of(&info, config), PacketLength::Stated))
}

fn alac(private: &Bytes, format: AudioFormat) -> Result<(AudioFormat, PacketLength)> {
    let config = AlacConfig::parse(private)?;
    let bytes = private.slice_ref(AlacConfig::strip(private));
    let format = AudioFormat {
        bits: Some(config.bits.into()),
        frames_per_packet: config.frame_length,
        config: Some(CodecConfig { kind: FourCc::new(b"alac"), bytes }),
        ..format
    };
    Ok((format, PacketLength::Stated))
}

fn linear(entry: &TrackEntry, rate: u32) -> Result<(AudioFormat, PacketLength)> {
    let float = entry.codec == "A_PCM/FLOAT/IEEE";
    let bits = u8::try_from(entry.audio.bits.div_ceil(8) * 8).unwrap_or(0);
    let sound = if float { matches!(bits, 32 | 64) } else { matches!(bits, 8 | 16 | 24 | 32 | 64) };
    if !sound {
        return Err(Error::unsupported(format!("{} of {} bits", entry.codec, entry.audio.bits)));
    }
    let big_endian = entry.codec == "A_PCM/INT/BIG";
    let pcm = PcmFormat { bits, float, big_endian, signed: bits > 8 };
    let format = AudioFormat::lpcm(pcm, rate, entry.audio.channels);
    let bytes = format.bytes_per_packet;
    Ok((format, PacketLength::Bytes(bytes)))
}

/// The private data is a WAVEFORMATEX.
fn windows(private: &Bytes) -> Result<(AudioFormat, PacketLength)> {
    let format = wave::constant_format(private)?;
    let bytes = format.bytes_per_packet;
    Ok((format, PacketLength::Bytes(bytes)))
}

/// Old writers say the profile in the codec's name and have no private data.
fn aac(entry: &TrackEntry, rate: u32) -> Result<(AudioFormat, PacketLength)> {
    let config = if entry.private.is_empty() {
        let core = entry.audio.rate.round() as u32;
        AudioSpecificConfig::aac_lc(core, entry.audio.channels)?
    } else {
        AudioSpecificConfig::parse(&entry.private)?
    };
    let bytes = if entry.private.is_empty() { config.to_bytes()?.into() } else { entry.private.clone() };
    let codec = if config.object_type == 42 { AudioCodec::Usac } else { AudioCodec::Aac };
    let channels = if config.output_channels() > 0 { config.output_channels() } else { entry.audio.channels };
    let frames = config.output_frame_length();
    let format = AudioFormat {
        layout: config.layout(),
        frames_per_packet: frames,
        config: Some(CodecConfig { kind: FourCc::new(b"esds"), bytes }),
        ..AudioFormat::new(codec, FourCc::new(b"mp4a"), config.output_sample_rate(), channels)
    };
    // The track states twice the core's rate where replication is implicit: the packets are as much longer.
    let implicit = rate == format.sample_rate.saturating_mul(2);
    let length = if implicit { frames * 2 } else { frames };
    let format = if implicit {
        AudioFormat { sample_rate: rate, frames_per_packet: length, ..format }
    } else {
        format
    };
    Ok((format, PacketLength::Constant(length)))
}
