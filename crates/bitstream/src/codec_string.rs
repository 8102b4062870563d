//! The `codecs` parameter of media types (RFC 6381 and the documents that extend it), as HLS, DASH and browsers use it.

use std::fmt::Write;

use reelwright_media::{
    AudioCodec, AudioFormat, CodecConfig, FormatDescription, FourCc, VideoCodec, VideoFormat,
};

use crate::aac::AudioSpecificConfig;
use crate::av1::{Av1Config, SequenceHeader};
use crate::h264::AvcConfig;
use crate::hevc::HevcConfig;
use crate::mpeg_video;
use crate::vp9::VpConfig;

/// The codec string of a format, as in `avc1.640028`, `hvc1.2.4.L120.B0`, `av01.0.08M.10` or `mp4a.40.2`; `None` where
/// the codec has none or its configuration is missing.
pub fn rfc6381(format: &FormatDescription) -> Option<String> {
    match format {
        FormatDescription::Video(video) => video_string(video),
        FormatDescription::Audio(audio) => audio_string(audio),
        FormatDescription::Data(data) => match &data.tag.0 {
            b"stpp" => Some("stpp.ttml.im1t".into()),
            b"wvtt" | b"c608" | b"c708" | b"tx3g" => Some(data.tag.to_string()),
            _ => None,
        },
    }
}

fn video_string(video: &VideoFormat) -> Option<String> {
    let body = |kind: &[u8; 4]| config_body(video.config.as_ref(), kind);
    if let (b"dvh1" | b"dvhe" | b"dva1" | b"dvav" | b"dav1", Some(dolby)) =
        (&video.tag.0, &video.dolby_vision)
    {
        return dolby_string(video.tag, dolby);
    }
    match video.codec {
        VideoCodec::H264 => {
            let config = AvcConfig::parse(body(b"avcC")?).ok()?;
            let tag = known_tag(video.tag, &[b"avc1", b"avc3"]);
            Some(format!("{tag}.{:02x}{:02x}{:02x}", config.profile, config.constraints, config.level))
        }
        VideoCodec::Hevc => {
            let config = HevcConfig::parse(body(b"hvcC")?).ok()?;
            Some(hevc_string(known_tag(video.tag, &[b"hvc1", b"hev1"]), &config))
        }
        VideoCodec::Vvc => vvc_string(known_tag(video.tag, &[b"vvc1", b"vvi1"]), body(b"vvcC")?),
        VideoCodec::Av1 => Some(av1_string(&Av1Config::parse(body(b"av1C")?).ok()?, video)),
        VideoCodec::Vp9 | VideoCodec::Vp8 => {
            let config = VpConfig::parse(body(b"vpcC")?).ok()?;
            let tag = if video.codec == VideoCodec::Vp9 { "vp09" } else { "vp08" };
            Some(format!("{tag}.{:02}.{:02}.{:02}", config.profile, config.level, config.bit_depth))
        }
        VideoCodec::Mpeg4 => {
            let header = mpeg_video::SequenceHeader::parse_mpeg4(body(b"esds")?).ok()?;
            Some(format!("mp4v.20.{}", header.profile_level))
        }
        VideoCodec::Mpeg2 => Some("mp4v.61".into()),
        VideoCodec::Mpeg1 => Some("mp4v.6A".into()),
        VideoCodec::ProRes => Some(video.tag.to_string()),
        VideoCodec::Jpeg => Some("mp4v.6C".into()),
        _ => None,
    }
}

fn audio_string(audio: &AudioFormat) -> Option<String> {
    Some(match audio.codec {
        AudioCodec::Aac | AudioCodec::Usac => {
            let config = AudioSpecificConfig::parse(config_body(audio.config.as_ref(), b"esds")?).ok()?;
            format!("mp4a.40.{}", config.codec_string_type())
        }
        // The object type tells MPEG-1 from MPEG-2 and its halved rates, not the layers.
        AudioCodec::Mp3 | AudioCodec::Mp2 if audio.sample_rate < 32_000 => "mp4a.69".into(),
        AudioCodec::Mp3 | AudioCodec::Mp2 => "mp4a.6B".into(),
        AudioCodec::Ac3 => "ac-3".into(),
        AudioCodec::Eac3 => "ec-3".into(),
        AudioCodec::Opus => "Opus".into(),
        AudioCodec::Flac => "fLaC".into(),
        AudioCodec::Alac => "alac".into(),
        AudioCodec::Vorbis => "vorbis".into(),
        AudioCodec::AmrNb => "samr".into(),
        AudioCodec::AmrWb => "sawb".into(),
        AudioCodec::Lpcm => audio.tag.to_string(),
        _ => return None,
    })
}

fn config_body<'a>(config: Option<&'a CodecConfig>, kind: &[u8; 4]) -> Option<&'a [u8]> {
    config.filter(|config| config.kind.0 == *kind).map(|config| &config.bytes[..])
}

/// The format's own tag where the string's rules know it, else the first they know.
fn known_tag(tag: FourCc, known: &[&[u8; 4]]) -> String {
    if known.contains(&&tag.0) {
        return tag.to_string();
    }
    known.first().map_or_else(String::new, |first| FourCc::new(first).to_string())
}

/// ISO/IEC 14496-15, annex E.3.
fn hevc_string(tag: String, config: &HevcConfig) -> String {
    let profile = &config.profile;
    let mut out = tag;
    let space = ["", "A", "B", "C"][usize::from(profile.space & 3)];
    let tier = if profile.high_tier { 'H' } else { 'L' };
    // Writing to a string can't fail.
    let _ = write!(
        out,
        ".{space}{}.{:X}.{tier}{}",
        profile.profile,
        profile.compatibility.reverse_bits(),
        profile.level
    );
    let constraints = profile.constraints.to_be_bytes();
    let used = &constraints[2..];
    let last = used.iter().rposition(|&byte| byte != 0).map_or(0, |at| at + 1);
    for byte in &used[..last] {
        let _ = write!(out, ".{byte:X}");
    }
    out
}

/// ISO/IEC 14496-15, annex E.6: profile, tier and level; the constraint string is optional where it is empty, and left
/// out always.
fn vvc_string(tag: String, body: &[u8]) -> Option<String> {
    // length size and presence flag, then olsIdx, sub-layers, frame rate, chroma; bit depth; profile record.
    let &[first, _, _, _, _, profile_tier, level, ..] = body else { return None };
    if first & 1 == 0 {
        return None;
    }
    let tier = if profile_tier & 1 == 1 { 'H' } else { 'L' };
    Some(format!("{tag}.{}.{tier}{level}", profile_tier >> 1))
}

/// AV1-ISOBMFF, 5: the colour part is said only where it isn't the default.
fn av1_string(config: &Av1Config, video: &VideoFormat) -> String {
    let tier = if config.high_tier { 'H' } else { 'M' };
    let mut out = format!("av01.{}.{:02}{tier}.{:02}", config.profile, config.level, config.bit_depth);
    let color = SequenceHeader::find(&config.units).map_or(video.color, |(header, _)| header.color);
    let coded = (color.primaries.0, color.transfer.0, color.matrix.0);
    let full = color.range == Some(reelwright_media::ColorRange::Full);
    if !matches!(coded, (1 | 2, 1 | 2, 1 | 2)) || full || config.monochrome {
        let chroma = match (config.monochrome, config.subsampling) {
            (true, _) | (_, (true, true)) => format!("11{}", config.chroma_position),
            (_, (true, false)) => "100".into(),
            _ => "000".into(),
        };
        let _ = write!(
            out,
            ".{}.{chroma}.{:02}.{:02}.{:02}.{}",
            u8::from(config.monochrome),
            coded.0,
            coded.1,
            coded.2,
            u8::from(full)
        );
    }
    out
}

/// Dolby Vision streams within the ISO base media file format, 2.1: profile and level from `dvcC`.
fn dolby_string(tag: FourCc, config: &CodecConfig) -> Option<String> {
    let &[_, _, third, fourth, ..] = &config.bytes[..] else { return None };
    let profile = third >> 1;
    let level = (third & 1) << 5 | fourth >> 3;
    Some(format!("{tag}.{profile:02}.{level:02}"))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use reelwright_media::Size;

    use super::*;

    fn video(codec: VideoCodec, tag: &[u8; 4], kind: &[u8; 4], body: &[u8]) -> FormatDescription {
        let mut format = VideoFormat::new(codec, FourCc::new(tag), Size::new(1920, 1080));
        format.config = Some(CodecConfig { kind: FourCc::new(kind), bytes: Bytes::copy_from_slice(body) });
        FormatDescription::Video(format)
    }

    #[test]
    fn strings_are_those_of_the_documents() {
        let avc = video(VideoCodec::H264, b"avc1", b"avcC", &[1, 100, 0, 40, 0xFF, 0xE0, 0]);
        assert_eq!(rfc6381(&avc).unwrap(), "avc1.640028");
        let mut body =
            vec![1, 0x02, 0x20, 0, 0, 0, 0xB0, 0, 0, 0, 0, 0, 120, 0xF0, 0, 0xFC, 0xFD, 0xFA, 0xFA];
        body.extend([0, 0, 0x0F, 0]);
        let hevc = video(VideoCodec::Hevc, b"hvc1", b"hvcC", &body);
        assert_eq!(rfc6381(&hevc).unwrap(), "hvc1.2.4.L120.B0");
        let av1 = video(VideoCodec::Av1, b"av01", b"av1C", &[0x81, 0x08, 0x0C, 0]);
        assert_eq!(rfc6381(&av1).unwrap(), "av01.0.08M.08");
        let vp9 = video(VideoCodec::Vp9, b"vp09", b"vpcC", &[0, 31, 0x82, 1, 1, 1, 0, 0]);
        assert_eq!(rfc6381(&vp9).unwrap(), "vp09.00.31.08");
    }

    #[test]
    fn audio_strings_too() {
        let mut audio = AudioFormat::new(AudioCodec::Aac, FourCc::new(b"mp4a"), 44_100, 2);
        audio.config =
            Some(CodecConfig { kind: FourCc::new(b"esds"), bytes: Bytes::from_static(&[0x12, 0x10]) });
        assert_eq!(rfc6381(&FormatDescription::Audio(audio)).unwrap(), "mp4a.40.2");
    }
}
