use bytes::Bytes;
use reelwright_bitstream::av1::Av1Config;
use reelwright_bitstream::h264::AvcConfig;
use reelwright_bitstream::hevc::HevcConfig;
use reelwright_bitstream::mpeg_video::SequenceHeader;
use reelwright_bitstream::vp9::{FrameHeader, VpConfig};
use reelwright_bmff::entry::{complete_video, complete_video_from_sample, read};
use reelwright_media::{
    BoxFamily, CleanAperture, CodecConfig, Color, Error, FormatDescription, FourCc, Ratio, Result, Size,
    VideoCodec, VideoFormat,
};

use super::entry::{TrackEntry, Video};
use crate::in_band;

/// What the frames of a video track are; `first` is the beginning of its first frame.
pub(super) fn describe(entry: &TrackEntry, first: &[u8]) -> Result<VideoFormat> {
    let video = &entry.video;
    let size = Size::new(video.width, video.height);
    if size.area() == 0 {
        return Err(Error::malformed(format!("a picture of {size}")));
    }
    let private = &entry.private;
    let config = |kind: &[u8; 4]| {
        (!private.is_empty()).then(|| CodecConfig { kind: FourCc::new(kind), bytes: private.clone() })
    };
    let new = |codec, tag: &[u8; 4]| VideoFormat::new(codec, FourCc::new(tag), size);
    let mut format = match entry.codec.as_str() {
        // Browsers record streams with start codes and say nothing here: `told` completes them.
        "V_MPEG4/ISO/AVC" if in_band::configuration(VideoCodec::H264, private, first).is_some() => {
            VideoFormat { config: config(b"avcC"), ..new(VideoCodec::H264, b"avc3") }
        }
        "V_MPEGH/ISO/HEVC" if in_band::configuration(VideoCodec::Hevc, private, first).is_some() => {
            VideoFormat { config: config(b"hvcC"), ..new(VideoCodec::Hevc, b"hev1") }
        }
        "V_MPEG4/ISO/AVC" => {
            AvcConfig::parse(private)?;
            VideoFormat { config: config(b"avcC"), ..new(VideoCodec::H264, b"avc1") }
        }
        "V_MPEGH/ISO/HEVC" => {
            HevcConfig::parse(private)?;
            VideoFormat { config: config(b"hvcC"), ..new(VideoCodec::Hevc, b"hvc1") }
        }
        "V_MPEGI/ISO/VVC" => VideoFormat { config: config(b"vvcC"), ..new(VideoCodec::Vvc, b"vvc1") },
        "V_AV1" => VideoFormat { config: Some(av1(private, first)?), ..new(VideoCodec::Av1, b"av01") },
        "V_VP8" => VideoFormat { config: Some(vp8().to_config()), ..new(VideoCodec::Vp8, b"vp08") },
        "V_VP9" => VideoFormat { config: Some(vp9(first, video)?), ..new(VideoCodec::Vp9, b"vp09") },
        "V_MPEG4/ISO/SP" | "V_MPEG4/ISO/ASP" | "V_MPEG4/ISO/AP" => {
            VideoFormat { config: config(b"esds"), ..new(VideoCodec::Mpeg4, b"mp4v") }
        }
        "V_MPEG2" => VideoFormat { config: config(b"esds"), ..new(VideoCodec::Mpeg2, b"mp2v") },
        "V_MPEG1" => VideoFormat { config: config(b"esds"), ..new(VideoCodec::Mpeg1, b"mp1v") },
        "V_MJPEG" => new(VideoCodec::Jpeg, b"jpeg"),
        "V_PRORES" => {
            let tag =
                private.first_chunk::<4>().ok_or_else(|| Error::malformed("ProRes without its flavour"))?;
            new(VideoCodec::ProRes, tag)
        }
        "V_QUICKTIME" => return quicktime(private),
        "V_MS/VFW/FOURCC" => windows(private, size)?,
        other => return Err(Error::unsupported(format!("the codec {other} is not known here"))),
    };
    apply(&mut format, entry);
    complete_video(&mut format);
    if format.codec == VideoCodec::Jpeg {
        complete_video_from_sample(&mut format, first);
    }
    let stream = stream_aspect(&format);
    // Square pixels are stated where the stream says something else, and not worth a word where it doesn't.
    format.pixel_aspect =
        format.pixel_aspect.or(stream).filter(|&aspect| aspect != Ratio::ONE || stream.is_some());
    Ok(format)
}

/// What the track says of its pictures beside the codec.
fn apply(format: &mut VideoFormat, entry: &TrackEntry) {
    let video = &entry.video;
    format.color = video.color.unwrap_or(Color::UNSPECIFIED);
    format.bit_depth = video.bit_depth;
    format.mastering = video.mastering;
    format.content_light = video.content_light;
    format.field_order = video.field_order;
    format.pixel_aspect = pixel_aspect(video);
    format.clean_aperture = clean_aperture(video);
    format.dolby_vision = entry
        .dolby_vision
        .as_ref()
        .map(|(kind, bytes)| CodecConfig { kind: FourCc(*kind), bytes: bytes.clone() });
}

/// The shape of a pixel, from the picture's and the display's size. A track that says nothing says square (RFC 9559,
/// 5.1.4.1.28.9); nothing comes of sizes of an unknown unit.
fn pixel_aspect(video: &Video) -> Option<Ratio> {
    let [left, right, top, bottom] = video.crop;
    let seen = Size::new(
        video.width.saturating_sub(left).saturating_sub(right),
        video.height.saturating_sub(top).saturating_sub(bottom),
    );
    let stated =
        |length: u32, pixels: u32| if length == 0 && video.display_unit == 0 { pixels } else { length };
    let (width, height) = (stated(video.display.0, seen.width), stated(video.display.1, seen.height));
    if width == 0 || height == 0 || video.display_unit > 3 {
        return None;
    }
    let (mut num, mut den) =
        (u64::from(width) * u64::from(seen.height), u64::from(height) * u64::from(seen.width));
    while num > u64::from(u32::MAX) || den > u64::from(u32::MAX) {
        (num, den) = (num >> 1, den >> 1);
    }
    let ratio = Ratio::new(u32::try_from(num).ok()?, u32::try_from(den).ok()?)?;
    // A display size is in whole pixels: what that rounding explains is square.
    let square = seen.width.abs_diff(width) <= 1 && seen.height.abs_diff(height) <= 1;
    Some(if square { Ratio::ONE } else { ratio })
}

fn stream_aspect(format: &VideoFormat) -> Option<Ratio> {
    let config = &format.config.as_ref()?.bytes;
    let aspect = match format.codec {
        VideoCodec::H264 => {
            AvcConfig::parse(config).and_then(|config| config.first_sps()).ok()?.sample_aspect()
        }
        VideoCodec::Hevc => {
            HevcConfig::parse(config).and_then(|config| config.first_sps()).ok()?.sample_aspect()
        }
        VideoCodec::Mpeg2 => SequenceHeader::parse_mpeg2(config).ok()?.pixel_aspect,
        _ => None,
    };
    aspect.filter(|&aspect| aspect != Ratio::ONE)
}

fn clean_aperture(video: &Video) -> Option<CleanAperture> {
    let [left, right, top, bottom] = video.crop;
    if video.crop == [0; 4] {
        return None;
    }
    let width = video.width.checked_sub(left)?.checked_sub(right)?;
    let height = video.height.checked_sub(top)?.checked_sub(bottom)?;
    let offset =
        |near: u32, far: u32| i32::try_from(i64::from(near) - i64::from(far)).ok().map(|twice| (twice, 2));
    Some(CleanAperture {
        width: (width, 1),
        height: (height, 1),
        offset_x: offset(left, right)?,
        offset_y: offset(top, bottom)?,
    })
}

fn av1(private: &Bytes, first: &[u8]) -> Result<CodecConfig> {
    if Av1Config::parse(private).is_ok() {
        return Ok(CodecConfig { kind: FourCc::new(b"av1C"), bytes: private.clone() });
    }
    let (header, unit) = reelwright_bitstream::av1::SequenceHeader::find(first)?;
    Ok(header.to_config(unit))
}

fn vp8() -> VpConfig {
    VpConfig { profile: 0, level: 0, bit_depth: 8, subsampling: 0, color: Color::UNSPECIFIED }
}

fn vp9(first: &[u8], video: &Video) -> Result<CodecConfig> {
    let header = FrameHeader::parse(first)?;
    let facts =
        header.stream.ok_or_else(|| Error::malformed("a VP9 stream that doesn't begin with a key frame"))?;
    Ok(VpConfig::from_key_frame(&header, &facts, video.color.unwrap_or(Color::UNSPECIFIED)).to_config())
}

/// The private data is a sample entry of QuickTime.
fn quicktime(private: &Bytes) -> Result<VideoFormat> {
    match read(private, FourCc::new(b"vide"), BoxFamily::QuickTime)? {
        FormatDescription::Video(format) => Ok(format),
        _ => Err(Error::malformed("a QuickTime sample entry that isn't video's")),
    }
}

/// The private data is a BITMAPINFOHEADER, whose compression names the codec.
fn windows(private: &Bytes, size: Size) -> Result<VideoFormat> {
    let code = private.get(16..20).and_then(|code| <[u8; 4]>::try_from(code).ok());
    let code = code.ok_or_else(|| Error::truncated("a BITMAPINFOHEADER is cut short"))?;
    let extra = private.slice(40.min(private.len())..);
    match code.to_ascii_uppercase().as_slice() {
        b"XVID" | b"DIVX" | b"DX50" | b"FMP4" | b"MP4V" => {
            let config =
                (!extra.is_empty()).then(|| CodecConfig { kind: FourCc::new(b"esds"), bytes: extra });
            Ok(VideoFormat { config, ..VideoFormat::new(VideoCodec::Mpeg4, FourCc::new(b"mp4v"), size) })
        }
        b"MJPG" => Ok(VideoFormat::new(VideoCodec::Jpeg, FourCc::new(b"jpeg"), size)),
        _ => Err(Error::unsupported(format!(
            "the Video for Windows codec '{}' is not known here",
            FourCc(code)
        ))),
    }
}
