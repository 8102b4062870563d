//! AAC in ADTS frames without a container.

use std::sync::Arc;

use reelwright_bitstream::aac::AdtsHeader;
use reelwright_media::{ContainerKind, ReadAt, Result};

use crate::bare::{BareStream, Frame, Syntax};
use crate::frames::FrameKind;
use crate::id3;
use crate::indexed::{Indexed, movie};
use crate::window::Window;

/// Opens an ADTS file. Packets are frames without their headers, as MP4 stores them.
///
/// # Errors
///
/// Where no frame can be read: there is none, all hold several blocks, or none tells its channels.
pub(crate) fn open(source: Arc<dyn ReadAt>) -> Result<Indexed> {
    let mut window = Window::new(source.clone(), 64 << 10);
    let (sound, facts) = id3::read_around(&mut window)?;
    let start = sound.start;
    let stream = BareStream::read(&mut window, sound, &SYNTAX)?;
    let (table, losses) = stream.into_table(source).map_err(|error| error.at_offset(start))?;
    let movie = movie(ContainerKind::Adts, table.timescale);
    let end = table.media_end();
    Ok(Indexed::of_sound(movie, table, 0..end, losses).with_facts(facts))
}

const SYNTAX: Syntax = Syntax {
    header: AdtsHeader::LENGTH,
    parse: |bytes| {
        let header = AdtsHeader::parse(bytes).ok()?;
        Some(Frame {
            kind: FrameKind::Adts(header),
            length: header.frame_length,
            header: header.header_length,
            samples: 1024 * u32::from(header.blocks),
        })
    },
};
