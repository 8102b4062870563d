use bytes::Bytes;
use reelwright_media::{BoxFamily, Color, Error, FourCc, Result, SampleEntry, VideoCodec, VideoFormat};

use super::codec;
use super::visual::{FIXED_LEN, is_full};
use crate::{BoxBody, ColorInfo, FieldHandling, PixelAspect, StreamDescriptor, Writer, boxes};

/// Writes a visual sample entry (ISO/IEC 14496-12, 12.1.3).
pub(super) fn write(format: &VideoFormat, family: BoxFamily) -> Result<Vec<u8>> {
    if let Some(entry) = &format.entry {
        if &format.tag.0 == b"uuid" {
            return Err(Error::unsupported(
                "a sample entry of an extended type can only be copied within its family",
            ));
        }
        return Ok(convert(format, entry, family));
    }
    let config = config(format)?;
    let mut w = Writer::new();
    w.write_box(tag(format), |w| {
        fixed(w, format, family);
        w.bytes(&config);
        extensions(w, format, family);
    });
    Ok(w.into_bytes())
}

/// The format's own code where it is one of its codec's, else the codec's usual one: formats of other containers have
/// none, or their own.
fn tag(format: &VideoFormat) -> FourCc {
    let usual = match format.codec {
        // Of several codes only this one has `esds`.
        VideoCodec::Mpeg4 | VideoCodec::Mpeg2 | VideoCodec::Mpeg1 => return FourCc::new(b"mp4v"),
        codec if codec::video(format.tag) == codec => return format.tag,
        VideoCodec::H264 => b"avc1",
        VideoCodec::Hevc => b"hvc1",
        VideoCodec::Vvc => b"vvc1",
        VideoCodec::Av1 => b"av01",
        VideoCodec::Vp8 => b"vp08",
        VideoCodec::Vp9 => b"vp09",
        VideoCodec::Jpeg => b"jpeg",
        VideoCodec::Png => b"png ",
        VideoCodec::H263 => b"s263",
        _ => return format.tag,
    };
    FourCc::new(usual)
}

/// The entry of the other family with its children as they are, but for the colour, which the families spell
/// differently.
fn convert(format: &VideoFormat, entry: &SampleEntry, family: BoxFamily) -> Vec<u8> {
    let mut w = Writer::new();
    let Some(Ok(source)) = boxes(&entry.bytes).next() else { return entry.bytes.to_vec() };
    w.write_box(source.kind(), |w| {
        let mut body = source.body();
        fixed(w, format, family);
        if body.skip(FIXED_LEN).is_err() {
            return;
        }
        for child in body.boxes().map_while(Result::ok) {
            match (child.is(b"colr"), child.read::<ColorInfo>()) {
                (true, Ok(info)) => w.put(&respell(info, format.color, family)),
                _ => w.bytes(&child.bytes()),
            }
        }
    });
    w.into_bytes()
}

fn respell(info: ColorInfo, color: Color, family: BoxFamily) -> ColorInfo {
    match info.color() {
        Some(stated) => color_info(Color { range: stated.range.or(color.range), ..stated }, family),
        None => info,
    }
}

fn color_info(color: Color, family: BoxFamily) -> ColorInfo {
    let (primaries, transfer, matrix) = (color.primaries, color.transfer, color.matrix);
    match family {
        BoxFamily::QuickTime => ColorInfo::Nclc(primaries, transfer, matrix),
        BoxFamily::Iso => {
            let range = color.range.unwrap_or(reelwright_media::ColorRange::Video);
            ColorInfo::Nclx(primaries, transfer, matrix, Some(range))
        }
    }
}

fn fixed(w: &mut Writer, format: &VideoFormat, family: BoxFamily) {
    w.zeros(6);
    w.u16(1);
    // Version, revision and vendor are zero in both; the qualities that follow are QuickTime's, here "normal".
    w.zeros(8);
    let quality = if family == BoxFamily::QuickTime { 512 } else { 0 };
    w.u32(quality);
    w.u32(quality);
    // A side beyond 16 bits can't be said here; the parameter sets say it.
    let side = |side: u32| u16::try_from(side).unwrap_or(0);
    w.u16(side(format.size.width));
    w.u16(side(format.size.height));
    w.u32(72 << 16);
    w.u32(72 << 16);
    w.u32(0);
    w.u16(1);
    let name = compressor_name(format);
    w.u8(u8::try_from(name.len()).unwrap_or(0));
    w.bytes(name.as_bytes());
    w.zeros(31 - name.len());
    w.u16(24);
    w.i16(-1);
}

/// At most 31 bytes of ASCII, empty for codes without a name.
fn compressor_name(format: &VideoFormat) -> String {
    match format.codec {
        VideoCodec::Other(_) => String::new(),
        codec => codec.name(),
    }
}

/// The configuration box of the codec.
fn config(format: &VideoFormat) -> Result<Vec<u8>> {
    let needed: &[u8; 4] = match format.codec {
        VideoCodec::H264 => b"avcC",
        VideoCodec::Hevc => b"hvcC",
        VideoCodec::Vvc => b"vvcC",
        VideoCodec::Av1 => b"av1C",
        VideoCodec::Vp8 | VideoCodec::Vp9 => b"vpcC",
        VideoCodec::Mpeg4 | VideoCodec::Mpeg2 | VideoCodec::Mpeg1 => return Ok(stream_descriptor(format)),
        _ => return Ok(optional(format)),
    };
    match &format.config {
        Some(config) if &config.kind.0 == needed => Ok(boxed(config.kind, &config.bytes)),
        _ => {
            let needed = FourCc::new(needed);
            Err(Error::misuse(format!("{} needs its configuration '{needed}'", format.codec.name()))
                .with_hint("read it from the parameter sets of the stream, or take it from the encoder"))
        }
    }
}

fn optional(format: &VideoFormat) -> Vec<u8> {
    format.config.as_ref().map_or(Vec::new(), |config| boxed(config.kind, &config.bytes))
}

fn boxed(kind: FourCc, bytes: &Bytes) -> Vec<u8> {
    let mut w = Writer::new();
    w.write_box(kind, |w| {
        if is_full(kind) {
            w.version_and_flags(u8::from(&kind.0 == b"vpcC"), 0);
        }
        w.bytes(bytes);
    });
    w.into_bytes()
}

fn stream_descriptor(format: &VideoFormat) -> Vec<u8> {
    let object_type = match format.codec {
        VideoCodec::Mpeg1 => 0x6A,
        VideoCodec::Mpeg2 => 0x61,
        _ => 0x20,
    };
    let specific = format.config.as_ref().map(|config| config.bytes.clone());
    let mut w = Writer::new();
    w.put(&StreamDescriptor { object_type, stream_type: 4, specific, ..StreamDescriptor::default() });
    w.into_bytes()
}

fn extensions(w: &mut Writer, format: &VideoFormat, family: BoxFamily) {
    fn put<T: BoxBody>(w: &mut Writer, value: Option<&T>) {
        if let Some(value) = value {
            w.put(value);
        }
    }
    if format.color.is_described() {
        w.put(&color_info(format.color, family));
    }
    if let Some(profile) = &format.icc_profile {
        w.put(&ColorInfo::Icc(FourCc::new(b"prof"), profile.clone()));
    }
    if let Some(aspect) = format.pixel_aspect {
        w.put(&PixelAspect { horizontal: aspect.num, vertical: aspect.den });
    }
    put(w, format.clean_aperture.as_ref());
    put(w, format.field_order.map(FieldHandling::new).as_ref());
    put(w, format.mastering.as_ref());
    put(w, format.content_light.as_ref());
    put(w, format.ambient.as_ref());
    if let Some(dolby) = &format.dolby_vision {
        w.write_box(dolby.kind, |w| w.bytes(&dolby.bytes));
    }
}
