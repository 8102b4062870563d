use std::sync::{Arc, Mutex};

use reelwright_media::{
    DataFormat, Error, FormatDescription, FourCc, MediaType, Ratio, ReadAt, Result, Rounding, Time, Track,
};

use super::CLOCK;
use super::lane::{Codec, Lane};
use super::packet::Framing;
use super::pending::Ranges;
use super::rebuilt::{Form, Original, Rebuilt};
use super::sound::Sound;
use super::source::Elementary;
use super::tables::Stream;
use super::units::Unit;
use crate::frames::Stretches;
use crate::indexed::{AudioClock, Packet, PacketTable, Rows, track};
use crate::losses::Losses;

/// A track with its samples.
pub(super) struct Built {
    pub(super) track: Track,
    pub(super) table: PacketTable,
    /// When its first sample is shown, on the stream's clock.
    pub(super) first: Time,
    /// What of the stream is left out.
    pub(super) losses: Losses,
}

/// The ID of a stream's track: its PID.
pub(super) fn id(stream: &Stream) -> u32 {
    u32::from(stream.pid).max(1)
}

/// Puts a stream's units on a timeline that begins with the first decoded.
pub(super) fn build(
    lane: Lane,
    stream: &Stream,
    file: Arc<dyn ReadAt>,
    framing: Framing,
    warnings: &mut Vec<String>,
) -> Result<Built> {
    let Lane { mut codec, units, starts, .. } = lane;
    let media = codec.media();
    let mut units = units.rows;
    let mut losses = Losses::default();
    if media == MediaType::Video {
        let all = units.len();
        units = decodable(units, warnings);
        let left_out = all - units.len();
        (0..left_out).for_each(|_| losses.frame(0..0, "they come before the first key frame"));
    }
    if units.len() == 0 {
        return Err(Error::malformed("nothing of it is in the file"));
    }
    let (format, mut form, rate) = describe(&codec)?;
    let elementary: Arc<dyn ReadAt> = Arc::new(Elementary::new(file, framing, stream.pid, starts));
    let mut table = PacketTable::new(elementary.clone(), Arc::new(format), CLOCK);
    match &mut codec {
        Codec::Sound(sound) => units = place_sound(&mut table, units, sound, &mut form, &mut losses)?,
        Codec::Subtitle(..) => place_subtitles(&mut table, &units),
        _ => place_pictures(&mut table, &units, rate),
    }
    hide_leading(&mut table, &codec);
    place_payloads(&mut table, units, elementary, form);

    let base = table.rebase();
    losses.rebase(base);
    let first = table.shown().map_or(0, |(first, _)| first);
    let first = Time::new(base.saturating_add(first), table.timescale);
    let mut track = track(id(stream), table.formats.first().clone(), table.timescale);
    track.formats = table.formats.all().to_vec();
    track.language = stream.language.clone();
    track.enabled = !stream.is_special();
    track.sample_count = Some(table.packets.len() as u64);
    track.byte_count = Some(table.byte_count());
    Ok(Built { track, table, first: first.rescale(CLOCK, Rounding::Nearest).unwrap_or(first), losses })
}

/// Pictures before the first that decoding can start at are of no use to anyone.
fn decodable(units: Rows<Unit>, warnings: &mut Vec<String>) -> Rows<Unit> {
    let first = units.iter().position(|unit| unit.sync);
    match first {
        Some(0) => units,
        Some(first) => units.into_iter().skip(first).collect(),
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
            let form = sound.latm().map(|latm| Form::Latm(latm.readers.clone()));
            (FormatDescription::clone(sound.kinds.settle()?.first()), form, None)
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

/// Places frames by the times that PES packets state, each as long as it lasts at its own rate. Returns the units that are
/// samples: what can't be described isn't.
fn place_sound(
    table: &mut PacketTable,
    units: Rows<Unit>,
    sound: &Sound,
    form: &mut Option<Form>,
    losses: &mut Losses,
) -> Result<Rows<Unit>> {
    let stretches = sound.kinds.settle()?;
    table.timescale = stretches.timescale;
    table.formats = stretches.formats();
    // Less than half of any packet: what is further off is a gap.
    let mut clock = AudioClock::new(table.timescale, Time::from_millis(8));
    let mut start = start_of_sound(&stretches, &units);
    let around = sound.junk.around();
    let (mut from, mut to, mut end) = (None, None, 0);
    let (mut kept, mut reader) = (Rows::new(), 0);
    let mut walk = stretches.walk();
    for (index, unit) in units.into_iter().enumerate() {
        let Some((stretch, begins)) = walk(index) else { continue };
        if begins {
            clock.begin_anew();
        }
        let duration = stretch.ticks(unit.samples.into(), table.timescale);
        let duration = u32::try_from(duration).unwrap_or(u32::MAX);
        let stated = unit.times.map(|times| Time::new(times.pts, CLOCK));
        let tick = clock.place(stated.or(start.take()), duration);
        if begins {
            let cut = cut_at(table, tick, losses);
            (0..cut).for_each(|_| drop(kept.pop()));
        }
        end = tick.saturating_add(duration.into());
        from = if index == around.start { Some(tick) } else { from };
        to = if index == around.end { Some(tick) } else { to };
        if let Some(Form::Latm(readers)) = form {
            let taken = readers[..reader].iter_mut().rev();
            taken.take_while(|(first, _)| *first > kept.len()).for_each(|(first, _)| *first = kept.len());
            while let Some((first, _)) = readers.get_mut(reader).filter(|(first, _)| *first <= index) {
                (*first, reader) = (kept.len(), reader + 1);
            }
        }
        match stretch.format() {
            Ok(format) => {
                if begins {
                    table.formats.change(kept.len(), format);
                }
                push(table, &unit, tick, tick, duration);
                kept.push(unit);
            }
            Err(reason) => losses.frame(tick..end, reason),
        }
    }
    losses.bytes(sound.junk.bytes(), from.unwrap_or(end)..to.unwrap_or(end));
    Ok(kept)
}

/// Ends what is in the table at `tick`, where another stream begins, and tells how many frames are left out for that.
fn cut_at(table: &mut PacketTable, tick: i64, losses: &mut Losses) -> usize {
    let mut count = 0;
    while let Some(last) = table.packets.last().copied().filter(|last| last.dts >= tick) {
        let end = last.dts.saturating_add(last.duration.into());
        losses.frame(last.dts..end, "a stream of another format begins before them");
        table.packets.pop();
        count += 1;
    }
    if let Some(last) = table.packets.last_mut() {
        let left = u32::try_from(tick.saturating_sub(last.dts)).unwrap_or(u32::MAX);
        last.duration = last.duration.min(left);
    }
    count
}

/// When the first unit begins, going back from the first that states a time: those before may have lost theirs with a
/// frame that couldn't be read.
fn start_of_sound(stretches: &Stretches, units: &Rows<Unit>) -> Option<Time> {
    let (index, pts) = units.iter().enumerate().find_map(|(index, unit)| Some((index, unit.times?.pts)))?;
    let mut walk = stretches.walk();
    let ticks = |(index, unit): (usize, &Unit)| {
        walk(index).map_or(0, |(stretch, _)| stretch.ticks(unit.samples.into(), stretches.timescale))
    };
    let before: i64 = units.iter().enumerate().take(index).map(ticks).sum();
    Time::new(pts, CLOCK).checked_sub(Time::new(before, stretches.timescale))
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
