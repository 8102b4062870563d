//! An encoder's bytes as a file wants them: configuration for the sample entry, samples without start codes.

use std::sync::Arc;

use bytes::Bytes;
use reelwright_bitstream::{
    ac3, alac::AlacConfig, annex_b_to_length_prefixed, annex_b_units, av1, flac, h264, hevc,
    opus::OpusConfig, starts_with_start_code,
};
use reelwright_codec::{
    AudioEncoderSettings, AudioRate, VideoEncoderSettings, VideoProfile, states_field_order,
};
use reelwright_media::{
    AudioCodec, AudioFormat, ChannelLayout, CodecConfig, Error, ErrorKind, FormatDescription, FourCc,
    PixelFormat, Ratio, Result, VideoCodec, VideoFormat,
};

use super::catalogue::AudioRow;
use crate::ffi::Packet;

/// Whether a sample entry of `codec` can't be written without what the encoder puts into its header.
pub(super) fn needs_header(codec: VideoCodec) -> bool {
    matches!(codec, VideoCodec::H264 | VideoCodec::Hevc | VideoCodec::Av1)
}

/// What the samples of `codec` will be, from the encoder's header or its first packet.
pub(super) fn video_format(
    settings: &VideoEncoderSettings,
    input: PixelFormat,
    header: &[u8],
) -> Result<Arc<FormatDescription>> {
    let mut format = VideoFormat::new(settings.codec, tag(settings), settings.size);
    format.pixel_aspect = (settings.pixel_aspect != Ratio::ONE).then_some(settings.pixel_aspect);
    format.color = settings.color;
    format.mastering = settings.mastering;
    format.content_light = settings.content_light;
    format.bit_depth = Some(input.bit_depth());
    format.field_order = states_field_order(settings.codec).then_some(settings.field_order);
    format.config = config(settings.codec, header)?;
    Ok(Arc::new(FormatDescription::Video(format)))
}

/// The bytes of `packet` as a sample of `codec`.
pub(super) fn video_sample(codec: VideoCodec, packet: &mut Packet) -> Result<Bytes> {
    match codec {
        VideoCodec::H264 | VideoCodec::Hevc if starts_with_start_code(packet.bytes()) => {
            Ok(annex_b_to_length_prefixed(packet.bytes()).into())
        }
        VideoCodec::Av1 => av1::sample(packet.take_bytes()?),
        _ => packet.take_bytes(),
    }
}

fn tag(settings: &VideoEncoderSettings) -> FourCc {
    FourCc::new(match (settings.codec, settings.profile) {
        (VideoCodec::H264, _) => b"avc1",
        (VideoCodec::Hevc, _) => b"hvc1",
        (VideoCodec::Av1, _) => b"av01",
        (VideoCodec::ProRes, Some(VideoProfile::ProResProxy)) => b"apco",
        (VideoCodec::ProRes, Some(VideoProfile::ProResLt)) => b"apcs",
        (VideoCodec::ProRes, Some(VideoProfile::ProResHq)) => b"apch",
        (VideoCodec::ProRes, Some(VideoProfile::ProRes4444)) => b"ap4h",
        (VideoCodec::ProRes, _) => b"apcn",
        _ => b"jpeg",
    })
}

fn config(codec: VideoCodec, header: &[u8]) -> Result<Option<CodecConfig>> {
    Ok(match codec {
        VideoCodec::H264 => Some(h264::AvcConfig::from_units(annex_b_units(header))?.to_config()?),
        VideoCodec::Hevc => Some(hevc::HevcConfig::from_units(annex_b_units(header), true)?.to_config()?),
        VideoCodec::Av1 => {
            let (sequence, unit) = av1::SequenceHeader::find(header)?;
            Some(sequence.to_config(unit))
        }
        _ => None,
    })
}

/// What the samples of an audio encoder will be; `layout` in the order of WAVE files, `header` and frames per packet
/// from the encoder.
pub(super) fn audio_format(
    row: &AudioRow,
    settings: &AudioEncoderSettings,
    layout: ChannelLayout,
    bits: Option<u8>,
    (header, block): (&[u8], usize),
) -> Result<Arc<FormatDescription>> {
    let channels = u16::try_from(layout.count())
        .map_err(|_| Error::unsupported(format!("{} channels", layout.count())))?;
    let tag = FourCc::new(match row.codec {
        AudioCodec::Opus => b"Opus",
        AudioCodec::Alac => b"alac",
        AudioCodec::Flac => b"fLaC",
        AudioCodec::Ac3 => b"ac-3",
        AudioCodec::Eac3 => b"ec-3",
        _ => b"mp4a",
    });
    let mut format = AudioFormat::new(row.codec, tag, settings.sample_rate, channels);
    format.layout = Some(layout);
    format.bits = bits.map(u16::from);
    format.frames_per_packet = u32::try_from(block).unwrap_or(0);
    format.config = audio_config(row.codec, header)?;
    if let AudioRate::Constant(rate) | AudioRate::Average(rate) = settings.rate
        && bits.is_none()
    {
        format.bit_rate = (rate, 0);
    }
    Ok(Arc::new(FormatDescription::Audio(format)))
}

/// The configuration for the sample entry from the encoder's header; from its first packet for AC-3 and E-AC-3.
fn audio_config(codec: AudioCodec, header: &[u8]) -> Result<Option<CodecConfig>> {
    let short = || Error::new(ErrorKind::Encode, "the encoder's header is too short");
    let boxed =
        |kind, bytes: &[u8]| CodecConfig { kind: FourCc::new(kind), bytes: Bytes::copy_from_slice(bytes) };
    Ok(Some(match codec {
        AudioCodec::Aac => boxed(b"esds", header),
        AudioCodec::Alac => boxed(b"alac", AlacConfig::strip(header)),
        AudioCodec::Flac => flac::dfla(header.first_chunk().ok_or_else(short)?),
        AudioCodec::Opus => OpusConfig::parse_head(header)?.to_dops(),
        AudioCodec::Ac3 | AudioCodec::Eac3 => ac3::config(header)?.1,
        _ => return Ok(None),
    }))
}
