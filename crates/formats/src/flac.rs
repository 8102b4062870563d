//! Native FLAC (RFC 9639).

use std::ops::Range;
use std::sync::Arc;

use reelwright_bitstream::flac::{FrameHeader, StreamInfo, crc16, dfla};
use reelwright_media::{
    AudioCodec, AudioFormat, CodecConfig, ContainerKind, Error, FormatDescription, FourCc, Omitted, ReadAt,
    Result, Timescale,
};

use crate::indexed::{Indexed, Packet, PacketTable, movie};
use crate::losses::Losses;
use crate::movie_tags::MovieTags;
use crate::window::Window;
use crate::{id3, vorbis};

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
    let movie = movie(ContainerKind::Flac, timescale);
    let mut table = PacketTable::new(source, format, timescale);
    let mut losses = Losses::default();
    read_frames(&mut window, &mut table, &info, blocks.end..file.end, &mut losses)?;

    let end = table.media_end();
    let facts = if blocks.facts.is_empty() { tags } else { blocks.facts };
    Ok(Indexed::of_sound(movie, table, 0..end, losses).with_facts(facts))
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
    facts: MovieTags,
    /// Where the first frame begins.
    end: u64,
}

impl Blocks {
    fn read(window: &mut Window, start: u64) -> Result<Self> {
        let mut at = start + 4;
        let mut found = None;
        let mut facts = MovieTags::default();
        loop {
            let [kind, a, b, c] = window.array::<4>(at)?;
            let length = u32::from_be_bytes([0, a, b, c]) as usize;
            let body = at + 4;
            match kind & 0x7F {
                0 => found = Some(window.array::<{ StreamInfo::LENGTH }>(body)?),
                4 | 6 if length > Window::MOST => {
                    facts.leave_out(Omitted::Metadata("a FLAC block".into()), "it is longer than 8 MiB")
                }
                4 => vorbis::comments(window.exact(body, length)?, &mut facts),
                6 => match vorbis::picture(window.exact(body, length)?) {
                    Some(picture) => facts.note(picture),
                    None => facts.leave_out(Omitted::Metadata("PICTURE".into()), "it holds no picture"),
                },
                5 => facts
                    .leave_out(Omitted::Metadata("CUESHEET".into()), "it gives the disc's tracks no names"),
                _ => {}
            }
            at = body + length as u64;
            if kind & 0x80 != 0 {
                break;
            }
        }
        let raw = found.ok_or_else(|| Error::malformed("a FLAC file without STREAMINFO"))?;
        Ok(Self { info: StreamInfo::parse(&raw)?, raw, facts, end: at })
    }
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
    losses: &mut Losses,
) -> Result<()> {
    let Range { start: mut at, end } = frames;
    let Some(mut header) = header_at(window, at, info)? else {
        losses.bytes(end.saturating_sub(at), 0..0);
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
