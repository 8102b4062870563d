use std::sync::{Arc, Mutex};

use reelwright_media::{
    DataFormat, Error, FormatDescription, FourCc, MediaType, Ratio, ReadAt, Result, Rounding, Time,
    Timescale, Track,
};

use super::CLOCK;
use super::lane::{Codec, Lane};
use super::packet::Framing;
use super::pending::Ranges;
use super::rebuilt::{Form, Original, Rebuilt};
use super::source::Elementary;
use super::tables::Stream;
use super::units::Unit;
use crate::indexed::{AudioClock, Packet, PacketTable, Rows, track};

/// A track with its samples.
pub(super) struct Built {
    pub(super) track: Track,
    pub(super) table: PacketTable,
    /// When its first sample is shown, on the stream's clock.
    pub(super) first: Time,
}

/// The ID of a stream's track: its PID.
pub(super) fn id(stream: &Stream) -> u32 {
    u32::from(stream.pid).max(1)
}

/// Puts a stream's units on a timeline that begins with the first decoded.
pub(super) fn build(
    mut lane: Lane,
    stream: &Stream,
    file: Arc<dyn ReadAt>,
    framing: Framing,
    warnings: &mut Vec<String>,
) -> Result<Built> {
    let media = lane.codec.media();
    let mut units = std::mem::take(&mut lane.units.rows);
    if media == MediaType::Video {
        units = decodable(units, warnings);
    }
    if units.len() == 0 {
        return Err(Error::malformed("nothing of it is in the file"));
    }
    let (format, form, rate) = describe(&lane.codec)?;
    let elementary: Arc<dyn ReadAt> =
        Arc::new(Elementary::new(file, framing, stream.pid, std::mem::take(&mut lane.starts)));
    let timescale = match &format {
        FormatDescription::Audio(audio) => Timescale::new(audio.sample_rate).unwrap_or(CLOCK),
        _ => CLOCK,
    };
    let mut table = PacketTable::new(elementary.clone(), Arc::new(format), timescale);
    match media {
        MediaType::Video => place_pictures(&mut table, &units, rate),
        MediaType::Audio => place_sound(&mut table, &units),
        _ => place_subtitles(&mut table, &units),
    }
    hide_leading(&mut table, &lane.codec);
    place_payloads(&mut table, units, elementary, form);

    let base = table.rebase();
    let first = table.shown().map_or(0, |(first, _)| first);
    let first = Time::new(base.saturating_add(first), timescale);
    let mut track = track(id(stream), table.format.clone(), timescale);
    track.language = stream.language.clone();
    track.enabled = !stream.is_special();
    track.sample_count = Some(table.packets.len() as u64);
    track.byte_count = Some(table.byte_count());
    Ok(Built { track, table, first: first.rescale(CLOCK, Rounding::Nearest).unwrap_or(first) })
}

/// Pictures before the first that decoding can start at are of no use to anyone.
fn decodable(units: Rows<Unit>, warnings: &mut Vec<String>) -> Rows<Unit> {
    let first = units.iter().position(|unit| unit.sync);
    match first {
        Some(0) => units,
        Some(first) => {
            warnings.push(format!("{first} pictures before the first key frame are left out"));
            units.into_iter().skip(first).collect()
        }
        None => {
            warnings.push("no picture is a key frame".into());
            units
        }
    }
}

fn describe(codec: &Codec) -> Result<(FormatDescription, Option<Form>, Option<Ratio>)> {
    Ok(match codec {
        Codec::Avc(units) => {
            let avc = &units.sections;
            let form = Form::Avc { with_sets: avc.sets.change };
            (FormatDescription::Video(avc.describe()?), Some(form), avc.frame_rate())
        }
        Codec::Hevc(units) => {
            let hevc = &units.sections;
            let form = Form::Hevc { with_sets: hevc.sets.change };
            (FormatDescription::Video(hevc.describe()?), Some(form), hevc.frame_rate())
        }
        Codec::Mpeg(units) => {
            (FormatDescription::Video(units.sections.describe()?), None, units.sections.frame_rate())
        }
        Codec::Sound(sound) => {
            let form = sound.latm_reader().map(|reader| Form::Latm(Box::new(reader.clone())));
            (FormatDescription::Audio(sound.describe()?), form, None)
        }
        Codec::Subtitle(tag, _) => {
            let format = DataFormat { media: MediaType::Subtitle, tag: FourCc::new(tag), entry: None };
            (FormatDescription::Data(format), None, None)
        }
    })
}

fn push(table: &mut PacketTable, unit: &Unit, dts: i64, pts: i64, duration: u32) {
    table.packets.push(Packet {
        offset: 0,
        size: unit.size,
        dts,
        pts,
        duration,
        sync: unit.sync,
        skipped_leading: unit.leading,
    });
}

fn place_pictures(table: &mut PacketTable, units: &Rows<Unit>, rate: Option<Ratio>) {
    let period = rate.map_or(0, |rate| i64::from(rate.den) * 90_000 / i64::from(rate.num).max(1));
    let period = if period > 0 { period } else { measured(units).unwrap_or(3600) };
    let mut next = 0;
    let mut lag = 0;
    let mut ordered = true;
    for unit in units.iter() {
        // Several pictures in one PES packet have one time; the others follow at the stream's rate.
        let dts = unit.times.map_or(next, |times| times.dts);
        let pts = unit.times.map_or(dts + lag, |times| times.pts);
        lag = pts - dts;
        ordered &= table.packets.last().is_none_or(|last| last.dts < dts) && dts <= pts;
        push(table, unit, dts, pts, 0);
        next = dts + period;
    }
    if !ordered {
        table.order_by_shown();
    }
    table.durations_from_dts(u32::try_from(period).ok());
}

/// In H.264 pictures that are shown before a recovery point but decoded after it refer to what was lost before it, as
/// HEVC's say of themselves.
fn hide_leading(table: &mut PacketTable, codec: &Codec) {
    if !matches!(codec, Codec::Avc(units) if !units.sections.begins_with_idr) {
        return;
    }
    let Some(first) = table.packets.first().filter(|packet| packet.sync).map(|packet| packet.pts) else {
        return;
    };
    let leading = table.packets.iter_mut().skip(1).take_while(|packet| packet.pts < first);
    leading.for_each(|packet| packet.skipped_leading = true);
}

/// The least distance of two stated times.
fn measured(units: &Rows<Unit>) -> Option<i64> {
    let stated = || units.iter().filter_map(|unit| Some(unit.times?.dts));
    stated().zip(stated().skip(1)).map(|(one, next)| next - one).filter(|&distance| distance > 0).min()
}

fn place_sound(table: &mut PacketTable, units: &Rows<Unit>) {
    // Less than half of any packet: what is further off is a gap.
    let mut clock = AudioClock::new(table.timescale, Time::from_millis(8));
    let mut start = start_of_sound(table.timescale, units);
    for unit in units.iter() {
        let stated = unit.times.map(|times| Time::new(times.pts, CLOCK));
        let tick = clock.place(stated.or(start.take()), unit.samples);
        push(table, unit, tick, tick, unit.samples);
    }
}

/// When the first unit begins, going back from the first that states a time: those before may have lost theirs with a
/// frame that couldn't be read.
fn start_of_sound(timescale: Timescale, units: &Rows<Unit>) -> Option<Time> {
    let (index, pts) = units.iter().enumerate().find_map(|(index, unit)| Some((index, unit.times?.pts)))?;
    let before: i64 = units.iter().take(index).map(|unit| i64::from(unit.samples)).sum();
    Time::new(pts, CLOCK).checked_sub(Time::new(before, timescale))
}

fn place_subtitles(table: &mut PacketTable, units: &Rows<Unit>) {
    let mut last = i64::MIN;
    for unit in units.iter() {
        let pts = unit.times.map_or(last, |times| times.pts);
        last = last.max(pts);
        push(table, unit, last, last, 0);
    }
    table.durations_from_dts(None);
}

/// Says where the samples are: in the elementary stream as it is, or rebuilt from it.
fn place_payloads(
    table: &mut PacketTable,
    units: Rows<Unit>,
    elementary: Arc<dyn ReadAt>,
    form: Option<Form>,
) {
    let Some(form) = form else {
        for (index, (packet, unit)) in table.packets.iter_mut().zip(units).enumerate() {
            packet.offset = unit.ranges.address();
            if let Ranges::Many(rope) = unit.ranges {
                table.ropes.insert(index, rope);
            }
        }
        return;
    };
    let with_sets =
        matches!(form, Form::Avc { with_sets: true } | Form::Hevc { with_sets: true } | Form::Latm(_));
    let mut originals = Rows::new();
    let mut free = 0;
    for (packet, unit) in table.packets.iter_mut().zip(units) {
        let size = if with_sets { unit.size } else { unit.bare };
        let address = unit.ranges.address().max(free);
        free = address + u64::from(size);
        (packet.offset, packet.size) = (address, size);
        originals.push(Original { address, size, ranges: unit.ranges, part: unit.part });
    }
    table.source = Arc::new(Rebuilt { stream: elementary, form, units: originals, last: Mutex::new(None) });
}
