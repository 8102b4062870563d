use std::sync::Arc;

use reelwright_bitstream::aac::AdtsHeader;
use reelwright_bitstream::mpeg_audio::MpegAudioHeader;
use reelwright_media::{Error, ErrorKind, ReadAt, Result, Stage};

use crate::window::Window;
use crate::{Demuxer, adts, aiff, caf, flac, id3, in_band, matroska, mpeg_audio, ts, wave};

/// Opens what `source` holds. The first bytes decide what it is, never a name.
///
/// # Errors
///
/// [`ErrorKind::Unsupported`] for containers that aren't read, by name where they are known; `Truncated` or
/// `Malformed` for broken ones, with the place.
pub fn open(source: Arc<dyn ReadAt>) -> Result<Box<dyn Demuxer>> {
    dispatch(source).map_err(|error| error.at_stage(Stage::Open))
}

fn dispatch(source: Arc<dyn ReadAt>) -> Result<Box<dyn Demuxer>> {
    let mut window = Window::new(source.clone(), WINDOW);
    if window.len() == 0 {
        return Err(Error::truncated("the input is empty: 0 bytes")
            .with_hint("the copy or recording failed before anything was written"));
    }
    if reelwright_bmff::is_box_file(window.at(0, WINDOW)?) {
        return Ok(in_band::complete(Box::new(reelwright_bmff::Demuxer::open(source)?)));
    }
    let opened = match probe(&mut window)? {
        Content::Wave => wave::open(source),
        Content::Matroska => return Ok(in_band::complete(Box::new(matroska::open(source)?))),
        Content::MpegTs => ts::open(source),
        Content::Aiff => aiff::open(source),
        Content::Caf => return Ok(in_band::complete(Box::new(caf::open(source)?))),
        Content::Flac => flac::open(source),
        Content::MpegAudio => mpeg_audio::open(source),
        Content::Adts => adts::open(source),
    };
    Ok(Box::new(opened?))
}

/// How much of the input is looked at to tell what it is.
const WINDOW: usize = 4096;

/// What a file that isn't made of boxes was found to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    Wave,
    Matroska,
    MpegTs,
    Aiff,
    Caf,
    Flac,
    MpegAudio,
    Adts,
}

fn probe(window: &mut Window) -> Result<Content> {
    let mut start = 0;
    while let Some(length) = id3::length(window.at(start, 10)?) {
        start += length;
    }
    let head = window.at(start, WINDOW)?.to_vec();
    let at = |offset: usize, bytes: &[u8]| head.get(offset..).is_some_and(|rest| rest.starts_with(bytes));
    let riff = at(0, b"RIFF") || at(0, b"RF64") || at(0, b"BW64");
    if riff && at(8, b"WAVE") {
        return Ok(Content::Wave);
    }
    if matroska::is_matroska(&head) {
        return Ok(Content::Matroska);
    }
    if at(0, b"FORM") && (at(8, b"AIFF") || at(8, b"AIFC")) {
        return Ok(Content::Aiff);
    }
    if at(0, b"caff") {
        return Ok(Content::Caf);
    }
    if at(0, b"fLaC") {
        return Ok(Content::Flac);
    }
    if let Some(name) = refused(&head) {
        // Some are known by a byte or two: anything may begin so.
        if ts::follows_junk(window)? {
            return Ok(Content::MpegTs);
        }
        return Err(not_read(format!("{name} is not supported as an input")));
    }
    // Frames of 64 kbit/s at 48 kHz are as far apart as packets of Blu-ray, and may all hold a sync byte at one place.
    if is_mpeg_audio(window, start)? {
        return Ok(Content::MpegAudio);
    }
    if ts::is_transport_stream(&head) {
        return Ok(Content::MpegTs);
    }
    if let Some(content) = raw_audio(window, start)? {
        return Ok(content);
    }
    if ts::follows_junk(window)? {
        return Ok(Content::MpegTs);
    }
    let bytes: Vec<_> = head.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    Err(not_read(format!("the input is no container known here: it begins with {}", bytes.join(" "))))
}

/// Frames without a container: three headers of one stream, each where the one before says.
fn raw_audio(window: &mut Window, start: u64) -> Result<Option<Content>> {
    if let Ok(first) = AdtsHeader::parse(window.at(start, AdtsHeader::LENGTH)?) {
        let next = start + u64::from(first.frame_length);
        let follows = AdtsHeader::parse(window.at(next, AdtsHeader::LENGTH)?)
            .is_ok_and(|next| next.same_stream(&first));
        if follows || next == window.len() {
            return Ok(Some(Content::Adts));
        }
    }
    // Junk before the first frame is common; a tag in front has settled the question nearly.
    let reach = if start > 0 { 64 << 10 } else { 4096 };
    for skip in 0..reach {
        if is_mpeg_audio(window, start + skip)? {
            return Ok(Some(Content::MpegAudio));
        }
    }
    Ok(None)
}

fn is_mpeg_audio(window: &mut Window, start: u64) -> Result<bool> {
    let Ok(first) = MpegAudioHeader::parse(window.at(start, MpegAudioHeader::LENGTH)?) else {
        return Ok(false);
    };
    let mut at = start + u64::from(first.frame_length);
    for _ in 0..2 {
        let bytes = window.at(at, MpegAudioHeader::LENGTH)?;
        match MpegAudioHeader::parse(bytes) {
            Ok(next) if next.same_stream(&first) => at += u64::from(next.frame_length),
            // Two frames make a file, if it ends with them.
            _ => return Ok(bytes.is_empty() && start + u64::from(first.frame_length) < at),
        }
    }
    Ok(true)
}

fn not_read(message: String) -> Error {
    Error::new(ErrorKind::Unsupported, message)
        .with_hint("MOV, MP4, M4A, 3GP, WAV, AIFF, CAF, FLAC, MP3, Matroska and MPEG-TS are read")
}

/// The name of what is known but not read.
fn refused(head: &[u8]) -> Option<&'static str> {
    // What a file begins with, where, and the name; the first that fits counts.
    const KNOWN: &[(&[u8], usize, &str)] = &[
        (b"\x06\x0E\x2B\x34\x02\x05\x01\x01", 0, "MXF"),
        (b"OggS", 0, "Ogg"),
        (b"AVI ", 8, "AVI"),
        (b"WEBP", 8, "WebP"),
        (b"RIFX", 0, "RIFX (big-endian RIFF)"),
        (b"RIFF", 0, "RIFF of this kind"),
        (b"riff\x2E\x91\xCF\x11", 0, "Wave64"),
        (b"\x30\x26\xB2\x75\x8E\x66\xCF\x11", 0, "ASF (WMV, WMA)"),
        (b"FLV\x01", 0, "FLV"),
        (b"\0\0\x01\xBA", 0, "MPEG program stream"),
        (b"\0\0\x01\xB3", 0, "MPEG video without a container"),
        (b"\0\0\0\x01", 0, "H.264 or HEVC without a container"),
        (b"\0\0\x01", 0, "H.264 or HEVC without a container"),
        (b"DKIF", 0, "IVF"),
        (b".RMF", 0, "RealMedia"),
        (b"YUV4MPEG2", 0, "YUV4MPEG"),
        (b"#!AMR", 0, "AMR without a container"),
        (b"\x0B\x77", 0, "AC-3 without a container"),
        (b".snd", 0, "AU"),
        (b"wvpk", 0, "WavPack"),
        (b"MAC ", 0, "Monkey's Audio"),
        (b"\xFF\xD8\xFF", 0, "JPEG"),
        (b"\x89PNG", 0, "PNG"),
        (b"GIF8", 0, "GIF"),
        (b"%PDF", 0, "PDF"),
        (b"PK\x03\x04", 0, "ZIP"),
        (b"#EXTM3U", 0, "a playlist"),
        (b"<", 0, "XML"),
    ];
    let fits =
        |(magic, at, _): &&(&[u8], usize, &str)| head.get(*at..).is_some_and(|rest| rest.starts_with(magic));
    KNOWN.iter().find(fits).map(|(.., name)| *name)
}
