//! AAC in ADTS frames without a container.

use std::ops::Range;
use std::sync::Arc;

use reelwright_bitstream::aac::AdtsHeader;
use reelwright_media::{
    AudioCodec, AudioFormat, CodecConfig, ContainerKind, Error, FormatDescription, FourCc, ReadAt, Result,
    Timescale,
};

use crate::id3;
use crate::indexed::{Indexed, Packet, PacketTable, movie};
use crate::window::Window;

/// Opens an ADTS file. Packets are frames without their headers, as MP4 stores them.
///
/// # Errors
///
/// Where the first frame is malformed, or holds several blocks.
pub(crate) fn open(source: Arc<dyn ReadAt>) -> Result<Indexed> {
    let mut window = Window::new(source.clone(), 64 << 10);
    let (sound, facts) = id3::read_around(&mut window)?;
    let start = sound.start;
    let first =
        AdtsHeader::parse(window.at(start, AdtsHeader::LENGTH)?).map_err(|error| error.at_offset(start))?;
    let data = window.at(start + u64::from(first.header_length), 256)?;
    let format = Arc::new(FormatDescription::Audio(format_of(&first, data)?));
    let timescale = Timescale::or_one(first.sample_rate);
    let mut movie = movie(ContainerKind::Adts, timescale);
    let mut table = PacketTable::new(source, format, timescale);
    read_frames(&mut window, &mut table, &first, sound, &mut movie.warnings)?;

    let end = table.media_end();
    Ok(Indexed::of_sound(movie, table, 0..end).with_facts(facts))
}

/// What frames with this header are; `data` is the first one's.
pub(crate) fn format_of(header: &AdtsHeader, data: &[u8]) -> Result<AudioFormat> {
    if header.blocks != 1 {
        return Err(Error::unsupported(format!("ADTS frames of {} raw data blocks", header.blocks)));
    }
    let config = header.config(data);
    if config.channels == 0 {
        return Err(Error::malformed("an ADTS stream without channels"));
    }
    // A configuration that counts channels in the stream can't be written; the stream says it in each packet then.
    let written =
        config.to_bytes().ok().map(|bytes| CodecConfig { kind: FourCc::new(b"esds"), bytes: bytes.into() });
    Ok(AudioFormat {
        layout: config.layout(),
        frames_per_packet: config.frame_length,
        config: written,
        ..AudioFormat::new(AudioCodec::Aac, FourCc::new(b"mp4a"), config.sample_rate, config.channels)
    })
}

fn read_frames(
    window: &mut Window,
    table: &mut PacketTable,
    first: &AdtsHeader,
    sound: Range<u64>,
    warnings: &mut Vec<String>,
) -> Result<()> {
    let Range { start: mut at, end } = sound;
    let mut junk = 0u64;
    while at < end {
        let header = AdtsHeader::parse(window.at(at, AdtsHeader::LENGTH)?).ok();
        let Some(header) = header.filter(|header| header.same_stream(first) && header.blocks == 1) else {
            junk += 1;
            at += 1;
            continue;
        };
        if u64::from(header.frame_length) > end - at {
            warnings.push(format!("the last frame is cut short at byte {end}"));
            break;
        }
        let dts = table.packets.len() as i64 * 1024;
        table.push(Packet {
            offset: at + u64::from(header.header_length),
            size: header.frame_length - header.header_length,
            dts,
            pts: dts,
            duration: 1024,
            sync: true,
            skipped_leading: false,
        })?;
        at += u64::from(header.frame_length);
    }
    if junk > 0 {
        warnings.push(format!("{junk} bytes between or after the frames belong to none"));
    }
    Ok(())
}
