//! Native FLAC (RFC 9639).

use std::ops::Range;
use std::sync::Arc;

use reelwright_bitstream::flac::{FrameHeader, StreamInfo, crc16, dfla};
use reelwright_media::{
    AudioCodec, AudioFormat, CodecConfig, ContainerKind, Error, FormatDescription, FourCc, Language,
    MetadataItem, MetadataKey, MetadataValue, ReadAt, Result, Timescale,
};

use crate::id3;
use crate::indexed::{Indexed, Packet, PacketTable, movie};
use crate::limits::MOST_ITEMS;
use crate::wave::item;
use crate::window::Window;

/// Opens a FLAC file. Frames are found by their headers and told from look-alikes by their checks.
///
/// # Errors
///
/// A missing or malformed STREAMINFO block.
pub(crate) fn open(source: Arc<dyn ReadAt>) -> Result<Indexed> {
    let mut window = Window::new(source.clone(), 256 << 10);
    let (file, tags) = id3::read_around(&mut window)?;
    let blocks = Blocks::read(&mut window, file.start)?;
    let info = blocks.info;
    let format = Arc::new(FormatDescription::Audio(format_of(&info, dfla(&blocks.raw))));
    let timescale = Timescale::or_one(info.sample_rate);
    let mut movie = movie(ContainerKind::Flac, timescale);
    let mut table = PacketTable::new(source, format, timescale);
    read_frames(&mut window, &mut table, &info, blocks.end..file.end, &mut movie.warnings)?;

    movie.metadata = if blocks.metadata.is_empty() { tags } else { blocks.metadata };
    let end = table.media_end();
    Ok(Indexed::of_sound(movie, table, 0..end))
}

/// What a stream is that STREAMINFO describes.
pub(crate) fn format_of(info: &StreamInfo, config: CodecConfig) -> AudioFormat {
    AudioFormat {
        layout: info.layout(),
        bits: Some(info.bits.into()),
        frames_per_packet: if info.block_size.0 == info.block_size.1 { info.block_size.0.into() } else { 0 },
        config: Some(config),
        ..AudioFormat::new(AudioCodec::Flac, FourCc::new(b"fLaC"), info.sample_rate, info.channels.into())
    }
}

struct Blocks {
    info: StreamInfo,
    raw: [u8; StreamInfo::LENGTH],
    metadata: Vec<MetadataItem>,
    /// Where the first frame begins.
    end: u64,
}

impl Blocks {
    fn read(window: &mut Window, start: u64) -> Result<Self> {
        let mut at = start + 4;
        let mut found = None;
        let mut metadata = Vec::new();
        loop {
            let [kind, a, b, c] = window.array::<4>(at)?;
            let length = u32::from_be_bytes([0, a, b, c]) as usize;
            let body = at + 4;
            match kind & 0x7F {
                0 => found = Some(window.array::<{ StreamInfo::LENGTH }>(body)?),
                4 if metadata.len() < MOST_ITEMS => {
                    metadata.extend(vorbis_comments(window.exact(body, length)?))
                }
                6 if metadata.len() < MOST_ITEMS => metadata.extend(picture(window.exact(body, length)?)),
                _ => {}
            }
            at = body + length as u64;
            if kind & 0x80 != 0 {
                break;
            }
        }
        let raw = found.ok_or_else(|| Error::malformed("a FLAC file without STREAMINFO"))?;
        Ok(Self { info: StreamInfo::parse(&raw)?, raw, metadata, end: at })
    }
}

/// Vorbis comments (Vorbis I, 5): `KEY=value` texts with little-endian lengths.
pub(crate) fn vorbis_comments(bytes: &[u8]) -> Vec<MetadataItem> {
    fn text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
        let (length, rest) = bytes.split_first_chunk::<4>()?;
        rest.split_at_checked(u32::from_le_bytes(*length) as usize)
    }
    let mut items = Vec::new();
    let Some((_vendor, rest)) = text(bytes) else { return items };
    let mut rest = rest.get(4..).unwrap_or_default();
    while let Some((comment, tail)) = text(rest).filter(|_| items.len() < MOST_ITEMS) {
        let comment = String::from_utf8_lossy(comment);
        if let Some((key, value)) =
            comment.split_once('=').filter(|(key, value)| !key.is_empty() && !value.is_empty())
        {
            items.push(item(key, value.to_string()));
        }
        rest = tail;
    }
    items
}

/// A PICTURE block (8.8).
fn picture(bytes: &[u8]) -> Option<MetadataItem> {
    fn part(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
        let (length, rest) = bytes.split_first_chunk::<4>()?;
        rest.split_at_checked(u32::from_be_bytes(*length) as usize)
    }
    let (media_type, rest) = part(bytes.get(4..)?)?;
    let (_description, rest) = part(rest)?;
    let (data, _) = part(rest.get(16..)?)?;
    let kind = match media_type {
        b"image/jpeg" => 13,
        b"image/png" => 14,
        _ => 0,
    };
    let value = MetadataValue::Data { kind, bytes: bytes::Bytes::copy_from_slice(data) };
    let key = MetadataKey::Other("METADATA_BLOCK_PICTURE".into());
    Some(MetadataItem { key, value, language: Language::UNDETERMINED })
}

/// Finds the frames of the stream that `info` describes.
///
/// # Errors
///
/// Where a frame can't be read, or there are more than the file can hold.
pub(crate) fn read_frames(
    window: &mut Window,
    table: &mut PacketTable,
    info: &StreamInfo,
    frames: Range<u64>,
    warnings: &mut Vec<String>,
) -> Result<()> {
    let Range { start: mut at, end } = frames;
    let Some(mut header) = header_at(window, at, info)? else {
        if at < end {
            warnings.push(format!("no FLAC frame at byte {at}"));
        }
        return Ok(());
    };
    // Blocks of a stream of fixed ones are as long as the first. STREAMINFO's least should be the same, but some writers
    // count the last block there.
    let fixed = header.block_size;
    while at < end {
        let (length, next) = frame_length(window, at..end, &header, info, fixed)?;
        let dts = i64::try_from(header.first_sample(fixed)).unwrap_or(i64::MAX);
        let size =
            u32::try_from(length).map_err(|_| Error::malformed("a FLAC frame beyond 4 GiB").at_offset(at))?;
        table.push(Packet {
            offset: at,
            size,
            dts,
            pts: dts,
            duration: header.block_size,
            sync: true,
            skipped_leading: false,
        })?;
        at += length;
        match next {
            Some(next) => header = next,
            None => break,
        }
    }
    Ok(())
}

fn header_at(window: &mut Window, at: u64, info: &StreamInfo) -> Result<Option<FrameHeader>> {
    let header = FrameHeader::parse(window.at(at, FrameHeader::LONGEST)?).ok();
    Ok(header.filter(|header| {
        header.channels == info.channels && header.sample_rate.is_none_or(|rate| rate == info.sample_rate)
    }))
}

/// How long the frame at the start of a range is, and the header that follows it. A header's own check is 8 bits, so the number must
/// continue and the 16-bit check of the frame must hold too.
fn frame_length(
    window: &mut Window,
    Range { start: at, end }: Range<u64>,
    header: &FrameHeader,
    info: &StreamInfo,
    fixed: u32,
) -> Result<(u64, Option<FrameHeader>)> {
    const STEP: usize = 64 << 10;
    let expected = header.first_sample(fixed).saturating_add(header.block_size.into());
    let mut check = 0;
    let mut checked = at;
    let least = u64::from(info.frame_size.0).max(header.length as u64 + 2);
    let mut candidate = at.saturating_add(least);
    loop {
        let bytes = window.at(candidate, STEP)?;
        let Some(skip) = bytes.windows(2).position(|pair| pair[0] == 0xFF && pair[1] & 0xFE == 0xF8) else {
            let scanned = bytes.len().saturating_sub(1) as u64;
            if scanned == 0 || candidate.saturating_add(scanned + 1) >= end {
                return Ok((end - at, None));
            }
            candidate += scanned;
            continue;
        };
        candidate += skip as u64;
        if let Some(next) = header_at(window, candidate, info)?
            && next.first_sample(fixed) == expected
        {
            (check, checked) = check_up_to(window, check, checked, candidate)?;
            // A frame followed by its own check gives 0.
            if check == 0 {
                return Ok((candidate - at, Some(next)));
            }
        }
        candidate += 1;
    }
}

fn check_up_to(window: &mut Window, mut check: u16, from: u64, to: u64) -> Result<(u16, u64)> {
    let mut at = from;
    while at < to {
        let step = usize::try_from(to - at).unwrap_or(usize::MAX).min(64 << 10);
        let bytes = window.exact(at, step)?;
        check = crc16(check, bytes);
        at += step as u64;
    }
    Ok((check, to))
}
