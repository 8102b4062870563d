//! MPEG audio without a container: MP3 and MP2 files with ID3 tags, and the Xing, LAME and VBRI notes.

use std::sync::Arc;

use reelwright_bitstream::mpeg_audio::{EncoderNote, MpegAudioHeader};
use reelwright_media::{
    AudioCodec, AudioFormat, ChannelLayout, ContainerKind, Error, FormatDescription, FourCc, ReadAt, Result,
    Timescale,
};

use crate::id3;
use crate::indexed::{Indexed, Packet, PacketTable, movie};
use crate::window::Window;

/// Opens an MP3 or MP2 file.
///
/// # Errors
///
/// Where no two frames follow each other within the first 128 KiB after the tag.
pub(crate) fn open(source: Arc<dyn ReadAt>) -> Result<Indexed> {
    let mut window = Window::new(source.clone(), 4096);
    let (sound, facts) = id3::read_around(&mut window)?;
    let opened = open_stream(source, sound.start, sound.end, ContainerKind::Mp3)?;
    Ok(opened.with_facts(facts))
}

/// Opens the frames between `start` and `end`.
pub(crate) fn open_stream(
    source: Arc<dyn ReadAt>,
    start: u64,
    end: u64,
    container: ContainerKind,
) -> Result<Indexed> {
    let mut window = Window::new(source.clone(), 64 << 10);
    let (start, first) = first_frame(&mut window, start, end)?;
    let note = EncoderNote::find(window.at(start, first.frame_length as usize)?);
    let skipped = if note.is_some() { u64::from(first.frame_length) } else { 0 };
    let timescale = Timescale::or_one(first.sample_rate);
    let mut movie = movie(container, timescale);
    let format = Arc::new(FormatDescription::Audio(format_of(&first)));
    let mut table = PacketTable::new(source, format, timescale);
    read_frames(&mut window, &mut table, &first, start + skipped, end, &mut movie.warnings)?;

    let total = table.media_end();
    // The decoder's own delay comes on top of the encoder's, and eats into its padding.
    let decoder = i64::from(EncoderNote::DECODER_DELAY);
    let gapless =
        note.and_then(|note| note.delay_and_padding).filter(|&(delay, padding)| delay > 0 || padding > 0);
    let (from, to) = gapless.map_or((0, total), |(delay, padding)| {
        (i64::from(delay) + decoder, total - (i64::from(padding) - decoder).max(0))
    });
    let (from, to) = if from < to { (from, to) } else { (0, total) };
    Ok(Indexed::of_sound(movie, table, from..to))
}

/// What frames with this header are.
pub(crate) fn format_of(header: &MpegAudioHeader) -> AudioFormat {
    let codec = header.codec();
    let tag = if codec == AudioCodec::Mp3 { FourCc::new(b".mp3") } else { FourCc::new(b".mp2") };
    AudioFormat {
        layout: ChannelLayout::default_for(header.channels),
        frames_per_packet: header.samples,
        ..AudioFormat::new(codec, tag, header.sample_rate, header.channels)
    }
}

/// The first header that another of the same stream follows.
fn first_frame(window: &mut Window, start: u64, end: u64) -> Result<(u64, MpegAudioHeader)> {
    const REACH: u64 = 128 << 10;
    for at in start..end.min(start.saturating_add(REACH)) {
        let bytes = window.at(at, MpegAudioHeader::LENGTH)?;
        if bytes.first() != Some(&0xFF) {
            continue;
        }
        let Ok(header) = MpegAudioHeader::parse(bytes) else { continue };
        let next = at + u64::from(header.frame_length);
        let followed = match MpegAudioHeader::parse(window.at(next, MpegAudioHeader::LENGTH)?) {
            Ok(following) => following.same_stream(&header),
            Err(_) => next == end,
        };
        if followed {
            return Ok((at, header));
        }
    }
    Err(Error::malformed("no MPEG audio frames near the beginning").at_offset(start))
}

fn read_frames(
    window: &mut Window,
    table: &mut PacketTable,
    first: &MpegAudioHeader,
    start: u64,
    end: u64,
    warnings: &mut Vec<String>,
) -> Result<()> {
    let mut at = start;
    let mut junk = 0u64;
    while at < end {
        let bytes = window.at(at, MpegAudioHeader::LENGTH)?;
        let header = MpegAudioHeader::parse(bytes).ok().filter(|header| header.same_stream(first));
        let Some(header) = header else {
            junk += 1;
            at += 1;
            continue;
        };
        let length = u64::from(header.frame_length);
        if length > end - at {
            warnings.push(format!("the last frame is cut short at byte {end}"));
            break;
        }
        let dts = table.packets.len() as i64 * i64::from(first.samples);
        table.push(Packet {
            offset: at,
            size: header.frame_length,
            dts,
            pts: dts,
            duration: first.samples,
            sync: true,
            skipped_leading: false,
        })?;
        at += length.max(1);
    }
    if junk > 0 {
        warnings.push(format!("{junk} bytes between or after the frames belong to none"));
    }
    Ok(())
}
