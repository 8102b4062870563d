//! MPEG-2 transport streams (ISO/IEC 13818-1), in packets of 188, 192 (Blu-ray, AVCHD) and 204 bytes.
//!
//! One pass at opening finds the tables, a second one the samples. What is kept of it is where samples begin; the stream
//! is read again out of its packets, and rebuilt into the form of MP4, when somebody loads a sample.

mod clock;
mod lane;
mod mpeg;
mod packet;
mod pending;
mod pes;
mod rebuilt;
mod sound;
mod source;
mod table;
mod tables;
mod units;
mod video;

use std::collections::BTreeMap;
use std::sync::Arc;

use reelwright_media::{
    ContainerKind, Error, MediaType, Omission, Omitted, ReadAt, Result, Time, Timescale, listed,
};

use crate::alternatives::choose_alternatives;
use crate::indexed::{Indexed, Storage, movie, present};
use crate::limits::MOST_TRACKS;
use crate::window::Window;
use clock::Clock;
use lane::Lane;
use packet::{Framing, PACKET, Packet};
use tables::{Stream, Tables};
use units::Taken;

/// 90 kHz, in which the stream counts.
const CLOCK: Timescale = Timescale::or_one(90_000);

/// Whether a file that begins so is one of transport packets.
pub(crate) fn is_transport_stream(start: &[u8]) -> bool {
    Framing::find(start).is_some()
}

/// Whether packets of transport follow behind some other bytes.
///
/// # Errors
///
/// Where the file can't be read.
pub(crate) fn follows_junk(window: &mut Window) -> Result<bool> {
    Ok(Framing::find_behind(window)?.is_some())
}

/// Opens a transport stream: the first program with a stream that is read here.
///
/// # Errors
///
/// Without program tables, or where no stream can be read.
pub(crate) fn open(source: Arc<dyn ReadAt>) -> Result<Indexed> {
    let mut window = Window::new(source.clone(), 1 << 20);
    let framing =
        Framing::find_behind(&mut window)?.ok_or_else(|| Error::malformed("no transport packets"))?;
    let mut omissions = Vec::new();
    if framing.start > framing.step {
        let what = Omitted::Bytes(framing.start);
        omissions.push(Omission::new(what, None, "they stand in front of the first packet"));
    }
    let mut tables = Tables::default();
    let streams = streams(&mut window, framing, &mut tables, &mut omissions)?;
    let mut program = Program { omissions, ..Program::default() };
    streams.into_iter().for_each(|stream| program.add(stream, false));
    program.read(&mut window, framing, &mut tables)?;
    program.assemble(source, framing)
}

/// The streams of the program to read.
fn streams(
    window: &mut Window,
    framing: Framing,
    tables: &mut Tables,
    omissions: &mut Vec<Omission>,
) -> Result<Vec<Stream>> {
    // Tables come every tenth of a second; this much holds them at any rate.
    const REACH: u64 = 64 << 20;
    let mut at = framing.start;
    while at < REACH && !tables.are_complete() {
        let bytes = window.at(at, PACKET)?;
        if bytes.len() < PACKET {
            break;
        }
        if bytes[0] != 0x47 {
            match framing.resync(window, at)? {
                Some(next) => at = next,
                None => break,
            }
            continue;
        }
        if let Some(packet) = Packet::parse(bytes) {
            tables.note(&packet);
        }
        at += framing.step;
    }
    let readable = |(_, streams): &(u16, Vec<Stream>)| streams.iter().any(|stream| Lane::new(stream).is_ok());
    let chosen = tables.programs().find(readable).or_else(|| tables.programs().next());
    let (program, streams) =
        chosen.ok_or_else(|| Error::malformed("an MPEG-TS file without program tables"))?;
    for (other, others) in tables.programs().filter(|(number, _)| *number != program) {
        let reason =
            format!("it belongs to program {other}; of {} only {program} is read", tables.programs().count());
        let foreign = others.iter().filter(|stream| streams.iter().all(|ours| ours.pid != stream.pid));
        omissions.extend(foreign.map(|stream| omitted(stream, &reason)));
    }
    tables.choose(program, &streams);
    Ok(streams)
}

/// The program that is read.
#[derive(Default)]
struct Program {
    /// In the order of its map, with what that adds on the way.
    streams: Vec<Stream>,
    lanes: BTreeMap<u16, Lane>,
    clock: Clock,
    warnings: Vec<String>,
    omissions: Vec<Omission>,
}

/// A stream that is left out.
fn omitted(stream: &Stream, reason: &str) -> Omission {
    Omission::new(Omitted::Track(lane::media_of(stream)), Some(table::id(stream)), reason)
}

impl Program {
    /// Reads a stream too, from the beginning or from here on.
    fn add(&mut self, stream: Stream, on_the_way: bool) {
        let full = self.streams.len() >= MOST_TRACKS;
        let lane = match on_the_way {
            _ if full => Err(Error::unsupported("there are too many")),
            true => Lane::added(&stream, &self.clock),
            false => Lane::new(&stream),
        };
        match lane {
            Ok(lane) => {
                self.lanes.insert(stream.pid, lane);
                self.streams.push(stream);
            }
            Err(error) => self.omissions.push(omitted(&stream, error.message())),
        }
    }

    fn read(&mut self, window: &mut Window, framing: Framing, tables: &mut Tables) -> Result<()> {
        let mut at = framing.start;
        let mut taken = Taken::new(window.len());
        let (mut damaged, mut lost) = (0u64, 0u64);
        loop {
            let bytes = window.at(at, PACKET)?;
            if bytes.len() < PACKET {
                break;
            }
            if bytes[0] != 0x47 {
                damaged += 1;
                self.lanes.values_mut().for_each(Lane::lose);
                match framing.resync(window, at)? {
                    Some(next) => (at, lost) = (next, lost + (next - at)),
                    None => {
                        lost += window.len().saturating_sub(at);
                        break;
                    }
                }
                continue;
            }
            if let Some(packet) = Packet::parse(bytes) {
                match self.lanes.get_mut(&packet.pid) {
                    Some(lane) => lane.note(&packet, at, &mut self.clock, &mut taken)?,
                    None => {
                        tables.note(&packet);
                        tables.added().into_iter().for_each(|stream| self.add(stream, true));
                    }
                }
            }
            at += framing.step;
        }
        if damaged > 0 {
            let reason = format!("{damaged} stretches of the file hold no packets");
            self.omissions.push(Omission::new(Omitted::Bytes(lost), None, reason));
        }
        if self.clock.jumps > 0 {
            let jumps = self.clock.jumps;
            self.warnings
                .push(format!("time jumps back {jumps} times; what follows goes on where it got to"));
        }
        for (pid, lane) in &mut self.lanes {
            lane.finish(&mut taken)?;
            let omission =
                |(bytes, reason)| Omission::new(Omitted::Bytes(bytes), Some((*pid).into()), reason);
            self.omissions.extend(lane.unused().map(omission));
        }
        Ok(())
    }

    fn assemble(self, source: Arc<dyn ReadAt>, framing: Framing) -> Result<Indexed> {
        let Self { streams, mut lanes, mut warnings, mut omissions, .. } = self;
        let mut built = Vec::new();
        for stream in &streams {
            let Some(lane) = lanes.remove(&stream.pid) else { continue };
            match table::build(lane, stream, source.clone(), framing, &mut warnings) {
                Ok(found) => built.push(found),
                Err(error) => omissions.push(omitted(stream, error.message())),
            }
        }
        // Subtitles may be announced and never come; sound and pictures without samples were left out above.
        let zero = built
            .iter()
            .filter(|found| found.track.media != MediaType::Subtitle)
            .map(|found| found.first)
            .min();
        let zero = zero.or_else(|| built.iter().map(|found| found.first).min());
        let Some(zero) = zero else {
            let reasons = listed(&omissions);
            return Err(Error::unsupported(format!("no stream of this MPEG-TS file can be read: {reasons}")));
        };
        let mut movie = movie(ContainerKind::MpegTs, CLOCK);
        let mut storages = Vec::new();
        for mut found in built {
            let start = found.first.saturating_sub(zero).max(Time::new(0, CLOCK));
            let (first, end) = found.table.shown().unwrap_or((0, 0));
            present(&mut found.track, CLOCK, start, first, end, found.table.media_end());
            movie.duration = movie.duration.max(found.track.range.end());
            let (id, timescale) = (found.track.id, found.table.timescale);
            let shift = start.saturating_sub(Time::new(first, timescale));
            omissions.extend(found.losses.omissions(id, timescale, shift));
            movie.tracks.push(found.track);
            storages.push(Storage::Packets(Arc::new(found.table)));
        }
        choose_alternatives(&mut movie);
        (movie.warnings, movie.omissions) = (warnings, omissions);
        Ok(Indexed::new(movie, storages))
    }
}
