use bytes::Bytes;
use reelwright_bitstream::{
    av1::SequenceHeader,
    h264::{self, AvcConfig},
    hevc::{self, HevcConfig},
    jpeg, length_prefixed_units, mpeg_video,
    prores::FrameHeader,
    vp9::VpConfig,
};
use reelwright_media::{
    BoxFamily, CodecConfig, Color, ColorMatrix, ColorRange, ContentLight, FourCc, MasteringDisplay, Ratio,
    Result, Size, VideoCodec, VideoFormat,
};

use super::{codec, find, original_format, sound_children, stored, too_short};
use crate::{BoxRef, ColorInfo, FieldHandling, PixelAspect, Reader, StreamDescriptor};

/// Bytes of the fields before the child boxes (ISO/IEC 14496-12, 12.1.3).
pub(super) const FIXED_LEN: usize = 78;

/// Reads a visual sample entry.
pub(super) fn read(entry: &BoxRef<'_>, family: BoxFamily) -> Result<VideoFormat> {
    let mut body = entry.body();
    let size = fixed(&mut body, family).map_err(|error| too_short("visual", error))?;
    let children = sound_children(body.boxes());
    let tag = entry.kind();
    let original = original_format(&children).unwrap_or(tag);
    let mut format = VideoFormat::new(codec::video(original), tag, size);
    format.entry = Some(stored(entry, family));
    let esds = find(&children, b"esds").and_then(|esds| esds.read::<StreamDescriptor>().ok());
    if let Some(esds) = &esds {
        format.codec = codec::video_object(esds.object_type).unwrap_or(format.codec);
    }
    format.config = config(format.codec, &children, esds);
    for child in &children {
        extension(&mut format, child);
    }
    from_bitstream(&mut format);
    Ok(format)
}

/// Reads the fields before the children; `r` then stands at the children.
fn fixed(r: &mut Reader<'_>, family: BoxFamily) -> Result<Size> {
    r.skip(24)?;
    let size = Size::new(r.u16()?.into(), r.u16()?.into());
    r.skip(46)?;
    let depth = r.u16()?;
    let color_table = r.i16()?;
    // QuickTime: a colour table follows in place (QuickTime File Format, "Color table atoms").
    if family == BoxFamily::QuickTime && color_table == 0 && matches!(depth, 1 | 2 | 4 | 8 | 34 | 36 | 40) {
        let mut ahead = r.clone();
        ahead.skip(6)?;
        let length = 8 + (usize::from(ahead.u16()?) + 1) * 8;
        r.skip(length.min(r.remaining()))?;
    }
    Ok(size)
}

fn config(codec: VideoCodec, children: &[BoxRef<'_>], esds: Option<StreamDescriptor>) -> Option<CodecConfig> {
    let kind = match codec {
        VideoCodec::H264 => b"avcC",
        VideoCodec::Hevc => b"hvcC",
        VideoCodec::Vvc => b"vvcC",
        VideoCodec::Av1 => b"av1C",
        VideoCodec::Vp8 | VideoCodec::Vp9 => b"vpcC",
        _ => b"glbl",
    };
    let boxed = find(children, kind).and_then(|found| {
        let mut body = found.body();
        if is_full(found.kind()) {
            body.version_and_flags().ok()?;
        }
        Some(CodecConfig { kind: found.kind(), bytes: body.rest() })
    });
    let specific = esds.and_then(|esds| esds.specific);
    boxed.or_else(|| specific.map(|bytes| CodecConfig { kind: FourCc::new(b"esds"), bytes }))
}

/// Whether a configuration box has version and flags, which [`CodecConfig`] leaves out.
pub(super) fn is_full(kind: FourCc) -> bool {
    matches!(&kind.0, b"vpcC" | b"vvcC" | b"esds" | b"dfLa" | b"alac")
}

fn extension(format: &mut VideoFormat, child: &BoxRef<'_>) {
    match &child.kind().0 {
        b"pasp" => {
            let aspect = child.read::<PixelAspect>().ok();
            format.pixel_aspect = aspect.and_then(|aspect| Ratio::new(aspect.horizontal, aspect.vertical));
        }
        b"clap" => format.clean_aperture = child.read().ok(),
        b"colr" => match child.read() {
            Ok(ColorInfo::Icc(_, profile)) => format.icc_profile = Some(profile),
            Ok(info) => format.color = info.color().unwrap_or(format.color),
            Err(_) => {}
        },
        b"mdcv" => format.mastering = child.read().ok(),
        b"clli" => format.content_light = child.read().ok(),
        b"SmDm" => format.mastering = format.mastering.or_else(|| webm_mastering(&mut child.body()).ok()),
        b"CoLL" => format.content_light = format.content_light.or_else(|| webm_light(&mut child.body()).ok()),
        b"amve" => format.ambient = child.read().ok(),
        b"fiel" => {
            let fields = child.read::<FieldHandling>().ok();
            format.field_order = fields.and_then(|fields| fields.order());
        }
        // Some writers wrap extensions of codecs without a configuration of their own.
        b"glbl" => child.children().map_while(Result::ok).for_each(|inner| extension(format, &inner)),
        b"dvcC" | b"dvvC" | b"dvwC" => {
            format.dolby_vision = Some(CodecConfig { kind: child.kind(), bytes: child.body().rest() });
        }
        _ => {}
    }
}

/// `SmDm` (VP Codec ISO Media File Format Binding): red, green, blue, white in 0.16, luminance in 24.8 and 18.14 fixed
/// point.
fn webm_mastering(r: &mut Reader<'_>) -> Result<MasteringDisplay> {
    r.version_and_flags()?;
    let mut points = [(0, 0); 4];
    let mut step = || {
        let fixed = u32::from(r.u16()?);
        Ok(u16::try_from((fixed * 50_000 + 0x8000) >> 16).unwrap_or(u16::MAX))
    };
    for point in &mut points {
        *point = (step()?, step()?);
    }
    let [red, green, blue, white] = points;
    let scaled = |value: u32, bits: u32| {
        let value = (u64::from(value) * 10_000 + (1 << (bits - 1))) >> bits;
        u32::try_from(value).unwrap_or(u32::MAX)
    };
    Ok(MasteringDisplay {
        primaries: [green, blue, red],
        white,
        max_luminance: scaled(r.u32()?, 8),
        min_luminance: scaled(r.u32()?, 14),
    })
}

fn webm_light(r: &mut Reader<'_>) -> Result<ContentLight> {
    r.version_and_flags()?;
    Ok(ContentLight { max: r.u16()?, max_frame_average: r.u16()? })
}

/// Fills in what the container left unsaid of colour and depth from the parameter sets or the codec's own configuration.
pub(super) fn from_bitstream(format: &mut VideoFormat) {
    let (color, bit_depth) = match (&format.config, format.codec) {
        (Some(config), VideoCodec::H264) => {
            let sps = AvcConfig::parse(&config.bytes).and_then(|config| config.first_sps());
            sps.map_or((None, None), |sps| (Some(sps.color()), Some(sps.bit_depth)))
        }
        (Some(config), VideoCodec::Hevc) => match HevcConfig::parse(&config.bytes) {
            Ok(config) => (config.first_sps().ok().map(|sps| sps.color()), Some(config.bit_depth)),
            Err(_) => (None, None),
        },
        (Some(config), VideoCodec::Vp8 | VideoCodec::Vp9) => {
            let facts = VpConfig::parse(&config.bytes);
            facts.map_or((None, None), |facts| (Some(facts.color), Some(facts.bit_depth)))
        }
        (Some(config), VideoCodec::Av1) => av1_facts(&config.bytes),
        (Some(config), VideoCodec::Vvc) => (None, vvc_depth(&config.bytes)),
        // SMPTE RDD 36 knows video range alone.
        (_, VideoCodec::ProRes) => (
            Some(Color { range: Some(ColorRange::Video), ..Color::UNSPECIFIED }),
            Some(if format.tag.0.starts_with(b"ap4") { 12 } else { 10 }),
        ),
        (Some(config), VideoCodec::Mpeg4) => {
            let header = mpeg_video::SequenceHeader::parse_mpeg4(&config.bytes).ok();
            (header.map(|header| header.color), Some(8))
        }
        // JFIF: BT.601 coefficients, all code values; a picture may say otherwise.
        (_, VideoCodec::Jpeg) => {
            let jfif =
                Color { matrix: ColorMatrix::BT470BG, range: Some(ColorRange::Full), ..Color::UNSPECIFIED };
            (Some(jfif), Some(8))
        }
        (_, VideoCodec::Mpeg4 | VideoCodec::Mpeg2 | VideoCodec::Mpeg1 | VideoCodec::H263) => (None, Some(8)),
        _ => (None, None),
    };
    fill(format, color, bit_depth);
}

fn fill(format: &mut VideoFormat, color: Option<Color>, bit_depth: Option<u8>) {
    format.bit_depth = format.bit_depth.or(bit_depth);
    if let Some(stream) = color {
        format.color = merge(format.color, stream);
    }
}

/// Fills in what the entry left unsaid from the head of the first sample.
pub(super) fn from_sample(format: &mut VideoFormat, sample: &[u8]) {
    // Of JPEG the picture alone is believed.
    if format.codec == VideoCodec::Jpeg {
        format.color.range = Some(jpeg::range(sample));
    }
    let (color, bit_depth) = match format.codec {
        VideoCodec::ProRes => (FrameHeader::parse(sample).ok().map(|header| header.color), None),
        VideoCodec::Av1 => SequenceHeader::find(sample)
            .map_or((None, None), |(header, _)| (Some(header.color), Some(header.bit_depth))),
        VideoCodec::H264 => units(format, sample)
            .find(|unit| h264::NalType::of(unit) == Some(h264::NalType::SPS))
            .and_then(|unit| h264::Sps::parse(unit).ok())
            .map_or((None, None), |sps| (Some(sps.color()), Some(sps.bit_depth))),
        VideoCodec::Hevc => units(format, sample)
            .find(|unit| hevc::NalType::of(unit) == Some(hevc::NalType::SPS))
            .and_then(|unit| hevc::Sps::parse(unit).ok())
            .map_or((None, None), |sps| (Some(sps.color()), Some(sps.bit_depth))),
        _ => (None, None),
    };
    fill(format, color, bit_depth);
}

/// The whole NAL units at the head of a sample.
fn units<'a>(format: &VideoFormat, sample: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    let config = format.config.as_ref().map(|config| &config.bytes);
    let length_size = match format.codec {
        VideoCodec::Hevc => config.and_then(|bytes| Some(HevcConfig::parse(bytes).ok()?.length_size)),
        _ => config.and_then(|bytes| Some(AvcConfig::parse(bytes).ok()?.length_size)),
    };
    length_prefixed_units(sample, length_size.unwrap_or(4)).map_while(Result::ok)
}

/// The container's colour, its gaps filled from the stream.
fn merge(container: Color, stream: Color) -> Color {
    let base = if container.is_described() { container } else { stream };
    Color {
        range: Color::stated_range(container.range, stream.range),
        siting: container.siting.or(stream.siting),
        ..base
    }
}

/// `av1C` (AV1 Codec ISO Media File Format Binding, 2.3.3): four bytes, then the sequence header, which may be missing.
fn av1_facts(body: &Bytes) -> (Option<Color>, Option<u8>) {
    let Some(&packed) = body.get(2) else { return (None, None) };
    match SequenceHeader::find(&body[4.min(body.len())..]) {
        Ok((header, _)) => (Some(header.color), Some(header.bit_depth)),
        Err(_) => {
            let depth = match (packed & 0x40 != 0, packed & 0x20 != 0) {
                (false, _) => 8,
                (true, false) => 10,
                (true, true) => 12,
            };
            (None, Some(depth))
        }
    }
}

/// `vvcC` (ISO/IEC 14496-15, 11.2.4), without version and flags: three bits of the fourth byte.
fn vvc_depth(body: &Bytes) -> Option<u8> {
    let present = body.first()? & 1 == 1;
    present.then(|| body.get(3).map(|byte| (byte >> 5) + 8)).flatten()
}
