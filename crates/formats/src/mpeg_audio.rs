//! MPEG audio without a container: MP3 and MP2 files with ID3 tags, and the Xing, LAME and VBRI notes.

use std::sync::Arc;

use reelwright_bitstream::mpeg_audio::{EncoderNote, MpegAudioHeader};
use reelwright_media::{
    AudioCodec, AudioFormat, ChannelLayout, ContainerKind, Error, FourCc, ReadAt, Result, Rounding, Time,
    Timescale,
};

use crate::bare::{BareStream, Frame, Syntax};
use crate::frames::FrameKind;
use crate::id3;
use crate::indexed::{Indexed, movie};
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
    let begin = start;
    let (start, first) = first_frame(&mut window, begin, end)?;
    let note = EncoderNote::find(window.at(start, first.frame_length as usize)?);
    let skipped = if note.is_some() { u64::from(first.frame_length) } else { 0 };
    let stream = BareStream::read(&mut window, start + skipped..end, &SYNTAX)?;
    let gapless =
        note.and_then(|note| note.delay_and_padding).filter(|&(delay, padding)| delay > 0 || padding > 0);
    let (table, mut losses) = stream.into_table(source).map_err(|error| error.at_offset(start))?;
    losses.bytes(start - begin, 0..0);
    let movie = movie(container, table.timescale);

    let total = table.media_end();
    // Where the format changes, several files stand one behind the other: what the first one's encoder put behind its sound
    // isn't at the end.
    let whole = table.formats.all().len() == 1;
    // The decoder's own delay comes on top of the encoder's, and eats into its padding.
    let decoder = i64::from(EncoderNote::DECODER_DELAY);
    let ticks = |frames: i64| {
        let added = Time::new(frames, Timescale::or_one(first.sample_rate));
        added.ticks_in(table.timescale, Rounding::Nearest).unwrap_or(0)
    };
    let (from, to) = gapless.map_or((0, total), |(delay, padding)| {
        let padding = if whole { (i64::from(padding) - decoder).max(0) } else { 0 };
        (ticks(i64::from(delay) + decoder), total - ticks(padding))
    });
    let (from, to) = if from < to { (from, to) } else { (0, total) };
    Ok(Indexed::of_sound(movie, table, from..to, losses))
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

const SYNTAX: Syntax = Syntax {
    header: MpegAudioHeader::LENGTH,
    parse: |bytes| {
        let header = MpegAudioHeader::parse(bytes).ok()?;
        let (length, samples) = (header.frame_length, header.samples);
        Some(Frame { kind: FrameKind::Mpeg(header), length, header: 0, samples })
    },
};
