//! Sample entries (ISO/IEC 14496-12, 8.5.2; QuickTime File Format, "Sample Description Atoms") as
//! [`FormatDescription`]s, both ways.

mod audio;
mod audio_write;
mod codec;
mod layout;
mod sets;
mod sound_header;
pub mod text;
mod visual;
mod visual_write;

use bytes::Bytes;
use reelwright_media::{
    BoxFamily, ChannelLayout, DataFormat, Error, ErrorKind, FormatDescription, FourCc, MediaType, Result,
    SampleEntry, VideoFormat,
};

use crate::{BoxRef, Boxes, Reader, boxes};

pub use sets::with_sets_in_entry;

/// Reads a sample entry: `bytes` is the whole box as it stands in `stsd`, `handler` that of the track, `family` that of
/// the file.
///
/// Child boxes that are broken are passed over; what they would have said stays unsaid. Encrypted entries keep their
/// tag (`encv`, `enca`) and have the codec of the original format.
///
/// # Errors
///
/// Truncated or malformed where the entry's own fields are not all there.
pub fn read(bytes: &Bytes, handler: FourCc, family: BoxFamily) -> Result<FormatDescription> {
    let entry = boxes(bytes).next().transpose()?;
    let entry =
        entry.ok_or_else(|| Error::truncated("a sample entry of less than eight bytes").in_box("stsd"))?;
    Ok(match &handler.0 {
        b"vide" | b"auxv" => FormatDescription::Video(visual::read(&entry, family)?),
        b"soun" => FormatDescription::Audio(audio::read(&entry, family)?),
        _ => FormatDescription::Data(DataFormat {
            media: MediaType::from_handler(handler),
            tag: entry.kind(),
            entry: Some(stored(&entry, family)),
        }),
    })
}

/// Writes a sample entry for a file of `family`: the whole box, with data reference 1.
///
/// A format that was read from the same family is written as it was read, byte for byte; whoever changes a format
/// clears its `entry`. Video of the other family keeps the child boxes it had. Everything else is built from what the
/// format says.
///
/// # Errors
///
/// Misuse where the codec needs a configuration the format lacks; unsupported where `family` has no way to say it, and
/// for encrypted samples that change family.
pub fn write(format: &FormatDescription, family: BoxFamily) -> Result<Vec<u8>> {
    match (format.entry(), format) {
        (Some(entry), _) if entry.family == family => Ok(in_this_file(&entry.bytes)),
        (None, _) | (_, FormatDescription::Audio(_)) if matches!(&format.tag().0, b"encv" | b"enca") => {
            Err(Error::unsupported(format!(
                "encrypted samples ('{}') can only be copied as they are",
                format.tag()
            ))
            .with_hint("write the same family of container as the source"))
        }
        (_, FormatDescription::Video(video)) => visual_write::write(video, family),
        (_, FormatDescription::Audio(audio)) => audio_write::write(audio, family),
        (Some(entry), FormatDescription::Data(_)) => Ok(in_this_file(&entry.bytes)),
        (None, FormatDescription::Data(data)) if text::usual(data.tag, family).is_some() => {
            Ok(text::usual(data.tag, family).map(|entry| entry.bytes.to_vec()).unwrap_or_default())
        }
        (None, FormatDescription::Data(data)) => {
            let message = format!("a sample entry '{}' can only be copied, and there is none", data.tag);
            Err(Error::unsupported(message))
        }
    }
}

/// Fills in what a container left unsaid of colour and bit depth from the codec's configuration.
pub fn complete_video(format: &mut VideoFormat) {
    visual::from_bitstream(format);
}

/// Fills in what container and configuration left unsaid from the head of the first sample: a ProRes frame header,
/// parameter sets that travel with the samples, a remark in JPEG.
pub fn complete_video_from_sample(format: &mut VideoFormat, sample: &[u8]) {
    visual::from_sample(format, sample);
}

/// The layout that the body of `chan` states for `channels` channels; `body` begins with the layout tag, as in the chunk
/// of Core Audio Format, which has no version and flags.
pub fn core_audio_layout(body: &Bytes, channels: u32) -> Option<ChannelLayout> {
    let full: Bytes = [&[0; 4][..], body].concat().into();
    layout::read_chan(&mut Reader::new(&full), channels).ok().flatten()
}

/// Which data reference (from 1) the samples of an entry are found through; `bytes` is the whole box.
pub fn data_reference_index(bytes: &Bytes) -> Option<u16> {
    let entry = boxes(bytes).next()?.ok()?;
    let mut body = entry.body();
    body.skip(6).ok()?;
    body.u16().ok()
}

/// The child boxes of a sample entry; none where the handler's entries have no fixed layout.
pub(crate) fn children<'a>(entry: &BoxRef<'a>, handler: FourCc, family: BoxFamily) -> Option<Boxes<'a>> {
    match &handler.0 {
        b"vide" | b"auxv" => {
            let mut body = entry.body();
            body.skip(visual::FIXED_LEN).ok()?;
            Some(body.boxes())
        }
        b"soun" => Some(sound_header::SoundHeader::read(entry, family).ok()?.1.boxes()),
        _ => None,
    }
}

/// The entry's bytes with data reference 1.
fn in_this_file(bytes: &Bytes) -> Vec<u8> {
    let mut copy = bytes.to_vec();
    let header = boxes(bytes).next().and_then(Result::ok).map_or(8, |entry| entry.header().header_len);
    let at = usize::try_from(header).unwrap_or(8) + 6;
    if let Some(index) = copy.get_mut(at..at + 2) {
        index.copy_from_slice(&[0, 1]);
    }
    copy
}

fn stored(entry: &BoxRef<'_>, family: BoxFamily) -> SampleEntry {
    SampleEntry { family, bytes: entry.bytes() }
}

/// The children up to the first broken one.
fn sound_children(children: Boxes<'_>) -> Vec<BoxRef<'_>> {
    children.map_while(Result::ok).collect()
}

fn find<'a, 'b>(children: &'b [BoxRef<'a>], kind: &[u8; 4]) -> Option<&'b BoxRef<'a>> {
    children.iter().find(|child| child.is(kind))
}

/// The format before encryption (`sinf/frma`), where there is one (ISO/IEC 14496-12, 8.12.2).
fn original_format(children: &[BoxRef<'_>]) -> Option<FourCc> {
    let frma = find(children, b"sinf")?.children().find(b"frma")?;
    frma.body().fourcc().ok()
}

fn too_short(what: &str, error: Error) -> Error {
    match error.kind() {
        ErrorKind::Truncated => error.with_hint(format!("the {what} sample entry is cut off")),
        _ => error,
    }
}

#[cfg(test)]
mod tests;
