//! Core Audio Format (Apple, "Core Audio Format Specification").

mod format;
mod packets;

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use reelwright_bitstream::alac::partial_frames;
use reelwright_bitstream::flac::{FrameHeader, StreamInfo};
use reelwright_media::{
    AudioCodec, AudioFormat, ContainerKind, Error, FormatDescription, MetadataItem, ReadAt, Result, Timescale,
};

use crate::flac;
use crate::indexed::{Indexed, PacketTable, Runs, movie};
use crate::limits::MOST_ITEMS;
use crate::losses::Losses;
use crate::wave::{item, of_runs};
use crate::window::Window;
use format::Description;
use packets::PacketInfo;

/// Opens a CAF file.
///
/// # Errors
///
/// A missing or malformed `desc` or `data` chunk, a missing packet table where packets vary.
pub(crate) fn open(source: Arc<dyn ReadAt>) -> Result<Indexed> {
    let mut window = Window::new(source.clone(), 4096);
    let chunks = Chunks::read(&mut window)?;
    let description =
        chunks.description.ok_or_else(|| Error::malformed("a CAF file without 'desc' chunk"))?;
    let (offset, length) = chunks.data.ok_or_else(|| Error::malformed("a CAF file without 'data' chunk"))?;
    if chunks.cookie.is_none()
        && let Some((info, audio)) =
            format::flac_of_frame(&description, window.at(offset, FrameHeader::LONGEST)?)
    {
        return of_flac(source, &mut window, &info, audio, offset..offset + length, chunks.metadata);
    }
    let mut audio = format::describe(&description, chunks.cookie.as_ref(), chunks.layout.as_ref())?;
    if matches!(audio.codec, AudioCodec::Ac3 | AudioCodec::Eac3) {
        // No cookie: the first packet says what the stream is, and 64 KiB hold any.
        let held = usize::try_from(length).unwrap_or(usize::MAX).min(64 << 10);
        audio = format::dolby(&description, window.at(offset, held)?).unwrap_or(audio);
    }
    let timescale =
        Timescale::new(audio.sample_rate).ok_or_else(|| Error::malformed("a CAF file of 0 Hz"))?;
    let mut movie = movie(ContainerKind::Caf, timescale);
    movie.metadata = chunks.metadata;
    let info = chunks.packets.map(|(at, _)| PacketInfo::read(&mut window, at)).transpose()?;
    if audio.bytes_per_packet > 0 && audio.frames_per_packet > 0 {
        let (packet_bytes, packet_frames) = (audio.bytes_per_packet, audio.frames_per_packet);
        let format = Arc::new(FormatDescription::Audio(audio));
        let packets = length / u64::from(packet_bytes);
        let runs = Runs { source, format, timescale, offset, packet_bytes, packet_frames, packets };
        let heard = info.map_or(runs.all(), |info| info.heard(runs.all().end));
        return Ok(of_runs(movie, runs, heard));
    }
    let (Some(info), Some((at, size))) = (info, chunks.packets) else {
        return Err(Error::malformed("a CAF file without the 'pakt' chunk it needs"));
    };
    of_packets(
        movie,
        source,
        &mut window,
        audio,
        Place { offset, length, table: at + 24, table_length: size, info },
    )
}

/// FLAC of which only the frames themselves tell anything: ffmpeg writes such files, with lengths nobody can believe.
fn of_flac(
    source: Arc<dyn ReadAt>,
    window: &mut Window,
    info: &StreamInfo,
    audio: AudioFormat,
    data: Range<u64>,
    metadata: Vec<MetadataItem>,
) -> Result<Indexed> {
    let timescale = Timescale::or_one(audio.sample_rate);
    let mut movie = movie(ContainerKind::Caf, timescale);
    let mut table = PacketTable::new(source, Arc::new(FormatDescription::Audio(audio)), timescale);
    let mut losses = Losses::default();
    flac::read_frames(window, &mut table, info, data, &mut losses)?;
    movie.metadata = metadata;
    let end = table.media_end();
    Ok(Indexed::of_sound(movie, table, 0..end, losses))
}

struct Place {
    offset: u64,
    length: u64,
    table: u64,
    table_length: u64,
    info: PacketInfo,
}

fn of_packets(
    mut movie: reelwright_media::Movie,
    source: Arc<dyn ReadAt>,
    window: &mut Window,
    audio: AudioFormat,
    place: Place,
) -> Result<Indexed> {
    let (codec, constant) = (audio.codec, (audio.bytes_per_packet, audio.frames_per_packet));
    let format = Arc::new(FormatDescription::Audio(audio));
    let mut table = PacketTable::new(source, format, movie.timescale);
    let end = place.table + place.table_length.saturating_sub(24);
    let data = place.offset..place.offset + place.length;
    packets::read(
        window,
        &mut table,
        place.table..end,
        data,
        place.info.packets,
        constant,
        &mut movie.warnings,
    )?;

    // The last packet of Apple Lossless may be shorter, and says so itself.
    if let (AudioCodec::Alac, Some(last)) = (codec, table.packets.last_mut())
        && let Some(frames) = partial_frames(window.at(last.offset, 8)?)
    {
        last.duration = last.duration.min(frames);
    }
    let heard = place.info.heard(table.media_end());
    Ok(Indexed::of_sound(movie, table, heard, Losses::default()))
}

#[derive(Default)]
struct Chunks {
    description: Option<Description>,
    /// Offset and length.
    data: Option<(u64, u64)>,
    /// Offset and length.
    packets: Option<(u64, u64)>,
    cookie: Option<Bytes>,
    layout: Option<Bytes>,
    metadata: Vec<MetadataItem>,
}

impl Chunks {
    fn read(window: &mut Window) -> Result<Self> {
        let end = window.len();
        let mut out = Self::default();
        let mut at = 8;
        while end.saturating_sub(at) >= 12 {
            let header = window.array::<12>(at)?;
            let (id, size) = header.split_at(4);
            let body = at + 12;
            let left = end - body;
            let stated = size.iter().fold(0u64, |value, &byte| value << 8 | u64::from(byte));
            // Only the data chunk may say -1: to the end.
            let length = if stated == u64::MAX { left } else { stated };
            let short = usize::try_from(length).unwrap_or(usize::MAX).min(1 << 20);
            match id {
                b"desc" => out.description = Some(Description::parse(&window.array::<32>(body)?)?),
                b"data" => {
                    out.data = Some((body.saturating_add(4).min(end), length.min(left).saturating_sub(4)))
                }
                b"pakt" => out.packets = Some((body, length.min(left))),
                b"kuki" => out.cookie = Some(Bytes::copy_from_slice(window.at(body, short)?)),
                b"chan" => out.layout = Some(Bytes::copy_from_slice(window.at(body, short)?)),
                b"info" if out.metadata.len() < MOST_ITEMS => {
                    out.metadata.extend(information(window.at(body, short)?))
                }
                _ => {}
            }
            match body.checked_add(length) {
                Some(next) => at = next,
                None => break,
            }
        }
        Ok(out)
    }
}

/// `info`: a count, then keys and values that end in zeros.
fn information(bytes: &[u8]) -> Vec<MetadataItem> {
    let mut texts = bytes.get(4..).unwrap_or_default().split(|&byte| byte == 0);
    let mut items = Vec::new();
    while let (Some(key), Some(value), true) = (texts.next(), texts.next(), items.len() < MOST_ITEMS) {
        let (key, value) = (String::from_utf8_lossy(key), String::from_utf8_lossy(value));
        if !key.is_empty() && !value.is_empty() {
            items.push(item(&key, value.into_owned()));
        }
    }
    items
}
