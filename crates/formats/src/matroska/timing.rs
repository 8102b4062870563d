use std::ops::Range;
use std::sync::Arc;

use reelwright_media::{
    AudioFormat, DataFormat, Error, FormatDescription, FourCc, Matrix, MediaType, Ratio, ReadAt, Result,
    Rotation, Rounding, Time, Timescale, Track,
};

use super::audio::{self, PacketLength};
use super::blocks::{Block, Frames, beginning};
use super::entry::TrackEntry;
use super::{nanoseconds, video};
use crate::indexed::{AudioClock, Packet, PacketTable, Prefix, Rows, present, track};
use crate::window::Window;

/// A track with its samples, on the segment's timeline.
pub(super) struct Built {
    pub(super) track: Track,
    pub(super) table: PacketTable,
    /// When the first of it is presented, which may be before the segment's beginning.
    pub(super) start: Time,
    /// The ticks of the media that are presented from then on.
    presented: Range<i64>,
}

impl Built {
    /// Puts the track on a timeline that begins at `zero` of the segment's. What would be presented before is decoded
    /// only: nearly always it is priming.
    pub(super) fn present(&mut self, zero: Time, movie: Timescale) {
        let start = self.start.saturating_sub(zero);
        let early = if start.is_negative() { Time::ZERO.saturating_sub(start) } else { Time::ZERO };
        let cut = early.ticks_in(self.table.timescale, Rounding::Nearest).unwrap_or(i64::MAX);
        let Range { start: from, end: to } = self.presented;
        let from = from.saturating_add(cut).min(to);
        present(&mut self.track, movie, start.max(Time::ZERO), from, to, self.table.media_end());
    }
}

/// Describes a track and puts its blocks on a timeline.
pub(super) fn build(
    entry: &TrackEntry,
    frames: Frames,
    scale: u64,
    source: &Arc<dyn ReadAt>,
    window: &mut Window,
) -> Result<Built> {
    if let Some(reason) = &entry.hidden {
        return Err(Error::unsupported(reason.clone()));
    }
    let clock = Clock::new(scale);
    let Frames { blocks, padding, unpacked } = frames;
    let (mut table, delay) = match entry.kind {
        1 => (picture_table(entry, blocks, clock, source, window)?, 0),
        2 => sound_table(entry, blocks, clock, source, window)?,
        17 => (text_table(entry, blocks, clock, source), 0),
        other => return Err(Error::unsupported(format!("tracks of type {other} are not read"))),
    };
    table.prefix = match (entry.coating.prefix(), unpacked) {
        (Some(prefix), _) if !prefix.is_empty() => Prefix::Bytes(prefix),
        (None, Some(total)) => {
            let coating = entry.coating.clone();
            Prefix::Coated { coating, total, pro_res: entry.codec == "V_PRORES" }
        }
        _ if entry.codec == "V_PRORES" => Prefix::ProRes,
        _ => Prefix::None,
    };
    Ok(finish(entry, table, delay, padding))
}

/// Turns ticks of the segment into those of a timescale.
#[derive(Clone, Copy)]
struct Clock {
    /// Per tick of the segment.
    nanoseconds: u64,
    timescale: Timescale,
}

impl Clock {
    const SECOND: u64 = 1_000_000_000;

    /// A clock in whose timescale ticks of `nanoseconds` are whole numbers, or nearly: a finer one than this would leave 32
    /// bits for less than an hour.
    fn new(nanoseconds: u64) -> Self {
        const FINEST: u64 = 1_000_000;
        // Beyond a quarter of an hour a tick it is damage.
        let nanoseconds = nanoseconds.clamp(1, 1 << 40);
        let exact = Self::SECOND / greatest_divisor(Self::SECOND, nanoseconds);
        let ticks = u32::try_from(exact.min(FINEST)).unwrap_or(1);
        Self { nanoseconds, timescale: Timescale::or_one(ticks) }
    }

    fn ticks(self, segment: i64) -> i64 {
        let scaled = i128::from(segment) * i128::from(self.nanoseconds) * i128::from(self.timescale.ticks());
        let second = i128::from(Self::SECOND);
        let ticks = (scaled * 2 + second).div_euclid(second * 2);
        i64::try_from(ticks.clamp(i64::MIN.into(), i64::MAX.into())).unwrap_or(i64::MAX)
    }

    fn time(self, segment: i64) -> Time {
        Time::new(self.ticks(segment), self.timescale)
    }

    fn length(self, segment: u32) -> u32 {
        u32::try_from(self.ticks(segment.into())).unwrap_or(u32::MAX)
    }

    /// By how many ticks two times may be further apart, or closer, than what they were rounded from.
    fn tolerance(self) -> i64 {
        let exact = (self.nanoseconds * u64::from(self.timescale.ticks())).is_multiple_of(Self::SECOND);
        self.ticks(1) + if exact { 0 } else { 2 }
    }
}

fn greatest_divisor(mut one: u64, mut other: u64) -> u64 {
    while other > 0 {
        (one, other) = (other, one % other);
    }
    one.max(1)
}

fn packet(block: &Block, pts: i64, duration: u32) -> Packet {
    let &Block { offset, size, key: sync, .. } = block;
    Packet { offset, size, dts: pts, pts, duration, sync, skipped_leading: false }
}

fn picture_table(
    entry: &TrackEntry,
    blocks: Rows<Block>,
    clock: Clock,
    source: &Arc<dyn ReadAt>,
    window: &mut Window,
) -> Result<PacketTable> {
    let mut first = Vec::new();
    if let Some(block) = blocks.iter().find(|block| block.key).or(blocks.first()) {
        beginning(window, block, &entry.coating, 4096, &mut first)?;
    }
    let format = Arc::new(FormatDescription::Video(video::describe(entry, &first)?));
    let mut table = PacketTable::new(source.clone(), format, clock.timescale);
    let mut last = 0i64;
    let default = i64::try_from(entry.default_duration / clock.nanoseconds).unwrap_or(0);
    let mut stated = None;
    table.packets = blocks
        .into_iter()
        .map(|block| {
            // Video is hardly ever laced; what follows in a lace is one frame later each.
            last = block.time.unwrap_or(last.saturating_add(default));
            stated = block.duration.map(|duration| clock.length(duration));
            packet(&block, clock.ticks(last), 0)
        })
        .collect();
    let exact = exact_rate(entry.default_duration).and_then(|rate| on_grid(&mut table, rate, clock));
    let default_ticks = exact.or_else(|| {
        let ticks =
            nanoseconds(entry.default_duration.into()).ticks_in(clock.timescale, Rounding::Nearest)?;
        u32::try_from(ticks).ok()
    });
    table.order_by_shown();
    table.durations_from_dts(exact.or(stated).or(default_ticks));
    Ok(table)
}

/// The frame rate whose period rounds to `nanoseconds`: of a whole number or a thousand thousand-and-firsts of one.
fn exact_rate(nanoseconds: u64) -> Option<Ratio> {
    if nanoseconds == 0 {
        return None;
    }
    [1u64, 1001].into_iter().find_map(|den| {
        let (num_scale, den_scale) = if den == 1 { (1, 1) } else { (1000, 1001) };
        let num = (1_000_000_000 * den_scale / num_scale + nanoseconds / 2) / nanoseconds;
        let period = (1_000_000_000 * den_scale + num * num_scale / 2) / (num * num_scale).max(1);
        let fits = num > 0 && period.abs_diff(nanoseconds) <= 1;
        let (num, den) = (u32::try_from(num * num_scale).ok()?, u32::try_from(den_scale).ok()?);
        if fits { Ratio::new(num, den) } else { None }
    })
}

/// Puts frames whose distances are multiples of a period, but for the segment's rounding, exactly there; the period in
/// the new ticks. Leaves the table as it is where one frame's isn't.
fn on_grid(table: &mut PacketTable, rate: Ratio, clock: Clock) -> Option<u32> {
    let scale = grid_scale(rate, clock.timescale)?;
    let first = table.packets.iter().map(|packet| packet.pts).min()?;
    let tolerance = i128::from(clock.tolerance());
    let (num, den) = (i128::from(rate.num), i128::from(rate.den));
    let ticks_per_second = i128::from(clock.timescale.ticks());
    let length = rate.den.checked_mul(scale.ticks() / rate.num)?;
    let start = Time::new(first, clock.timescale).ticks_in(scale, Rounding::Nearest)?;
    let mut exact = Vec::with_capacity(table.packets.len());
    for packet in table.packets.iter() {
        let distance = i128::from(packet.pts) - i128::from(first);
        let period = den * ticks_per_second;
        let frame = (distance * num * 2 + period).div_euclid(period * 2);
        let error = (distance * num - frame * period).abs();
        if error > tolerance * num {
            return None;
        }
        exact.push(i64::try_from(frame.checked_mul(length.into())?).ok()?);
    }
    for (packet, exact) in table.packets.iter_mut().zip(exact) {
        packet.pts = start.saturating_add(exact);
    }
    table.timescale = scale;
    Some(length)
}

/// Ticks in which both frames and the segment's times are whole numbers, as the first frame needn't be a whole number of
/// frames after the segment's beginning; frames alone where that would be too many.
fn grid_scale(rate: Ratio, segment: Timescale) -> Option<Timescale> {
    const MOST: u64 = 1_000_000;
    let (num, ticks) = (u64::from(rate.num), u64::from(segment.ticks()));
    let both = num / greatest_divisor(num, ticks) * ticks;
    Timescale::new(u32::try_from(both).ok().filter(|_| both <= MOST.max(num)).unwrap_or(rate.num))
}

fn sound_table(
    entry: &TrackEntry,
    blocks: Rows<Block>,
    clock: Clock,
    source: &Arc<dyn ReadAt>,
    window: &mut Window,
) -> Result<(PacketTable, i64)> {
    let mut first = Vec::new();
    if let Some(block) = blocks.first() {
        beginning(window, block, &entry.coating, 64 << 10, &mut first)?;
    }
    let (format, length) = audio::describe(entry, &first)?;
    let rate = Timescale::new(format.sample_rate).ok_or_else(|| Error::malformed("sound of 0 Hz"))?;
    let shared = Arc::new(FormatDescription::Audio(format.clone()));
    let mut table = PacketTable::new(source.clone(), shared, rate);
    if length == PacketLength::Unknown {
        place_unknown(entry, blocks, clock, &mut table);
    } else {
        let mut audio_clock = AudioClock::new(rate, clock.time(2));
        let mut heads = Heads { window: Window::new(source.clone(), Heads::STEP), head: Vec::new() };
        let placed = blocks.into_iter().map(|block| {
            let frames = heads.frames_of(entry, &block, &format, length)?;
            let tick = audio_clock.place(block.time.map(|time| clock.time(time)), frames);
            Ok(packet(&Block { key: true, ..block }, tick, frames))
        });
        table.packets = placed.collect::<Result<_>>()?;
    }
    let delay = nanoseconds(entry.codec_delay.into()).ticks_in(rate, Rounding::Nearest).unwrap_or(0);
    Ok((table, delay))
}

/// Reads the beginnings of packets.
struct Heads {
    window: Window,
    head: Vec<u8>,
}

impl Heads {
    /// Pictures stand between packets of sound: more would mostly be read in vain.
    const STEP: usize = 2048;

    fn frames_of(
        &mut self,
        entry: &TrackEntry,
        block: &Block,
        format: &AudioFormat,
        length: PacketLength,
    ) -> Result<u32> {
        if length == PacketLength::Stated {
            beginning(&mut self.window, block, &entry.coating, audio::HEAD, &mut self.head)?;
        }
        let size = match entry.coating.prefix() {
            Some(prefix) => u64::from(block.size) + prefix.len() as u64,
            None => block.load(&entry.coating, self.window.source())?.len() as u64,
        };
        Ok(audio::packet_frames(format, length, &self.head, size).unwrap_or(0))
    }
}

/// Packets whose length only a decoder knows: what the segment says counts, in its own ticks.
fn place_unknown(entry: &TrackEntry, blocks: Rows<Block>, clock: Clock, table: &mut PacketTable) {
    table.timescale = clock.timescale;
    let default = u32::try_from(entry.default_duration / clock.nanoseconds).unwrap_or(u32::MAX);
    let mut next = 0i64;
    let mut stated = None;
    let mut lace = 0;
    for block in blocks {
        let time = block.time.unwrap_or(next);
        if block.time.is_some() {
            spread(&mut table.packets, lace, clock.ticks(time));
            lace = table.packets.len();
        }
        let duration = block.duration.unwrap_or(default);
        next = time.saturating_add(duration.into());
        stated = Some(clock.length(duration));
        table.packets.push(packet(&Block { key: true, ..block }, clock.ticks(time), 0));
    }
    table.durations_from_dts(stated);
}

/// Packets from one block, from `start` on, don't say how long they are: they share the time up to the `next` block.
fn spread(packets: &mut Rows<Packet>, start: usize, next: i64) {
    let count = packets.len() - start;
    let Some(from) = packets.get(start).map(|packet| packet.pts).filter(|_| count > 1) else { return };
    let length = (i128::from(next) - i128::from(from)).max(0);
    for index in 1..count {
        // Between two 64-bit times, so one itself.
        let time = i64::try_from(i128::from(from) + length * index as i128 / count as i128).unwrap_or(next);
        if let Some(packet) = packets.get_mut(start + index) {
            (packet.pts, packet.dts) = (time, time);
        }
    }
}

fn text_table(
    entry: &TrackEntry,
    blocks: Rows<Block>,
    clock: Clock,
    source: &Arc<dyn ReadAt>,
) -> PacketTable {
    // Codes of our own for what has no sample entry; no file carries them.
    let tag = match entry.codec.as_str() {
        "S_TEXT/UTF8" | "S_TEXT/ASCII" => b"srt ",
        "S_TEXT/WEBVTT" => b"vtt ",
        "D_WEBVTT/SUBTITLES" | "D_WEBVTT/CAPTIONS" => b"dvtt",
        "S_TEXT/ASS" | "S_TEXT/SSA" | "S_ASS" | "S_SSA" => b"ssa ",
        "S_VOBSUB" => b"vobs",
        "S_HDMV/PGS" => b"pgs ",
        "S_DVBSUB" => b"dvbs",
        _ => b"subt",
    };
    let format = DataFormat { media: MediaType::Subtitle, tag: FourCc::new(tag), entry: None };
    let mut table =
        PacketTable::new(source.clone(), Arc::new(FormatDescription::Data(format)), clock.timescale);
    let mut last = 0;
    let placed = blocks.into_iter().map(|block| {
        last = block.time.unwrap_or(last);
        let duration = block.duration.map_or(0, |duration| clock.length(duration));
        packet(&Block { key: true, ..block }, clock.ticks(last), duration)
    });
    table.packets = placed.collect();
    table
}

fn finish(entry: &TrackEntry, mut table: PacketTable, delay: i64, padding: i64) -> Built {
    let base = table.rebase();
    let mut track = track(entry.id(), table.formats.first().clone(), table.timescale);
    let (first, end) = table.shown().unwrap_or((0, 0));
    let padding =
        nanoseconds(padding.max(0).into()).ticks_in(table.timescale, Rounding::Nearest).unwrap_or(0);
    let from = first.saturating_add(delay).min(end);
    // Presented where the file says, less the codec's delay, plus the same that is discarded.
    let start = Time::new(base.saturating_add(first), table.timescale);
    let to = end.saturating_sub(padding).max(from);
    track.sample_count = Some(table.packets.len() as u64);
    track.byte_count = Some(table.byte_count());
    track.language = entry.language.clone();
    track.handler_name = entry.name.clone();
    track.enabled = entry.enabled && entry.default;
    if entry.seek_pre_roll > 0 && table.packets.first().is_some_and(|packet| packet.duration > 0) {
        let pre_roll =
            nanoseconds(entry.seek_pre_roll.into()).ticks_in(table.timescale, Rounding::Up).unwrap_or(0);
        let packets = pre_roll / i64::from(table.packets[0].duration).max(1);
        track.roll_distance = i16::try_from(-packets).ok().filter(|&distance| distance != 0);
    }
    if let FormatDescription::Video(video) = &**table.formats.first()
        && !entry.video.projected
    {
        track.matrix = Matrix::rotation(rotation(entry.video.roll), video.size);
    }
    Built { track, table, start, presented: from..to }
}

/// A roll counter-clockwise, in degrees, as a quarter turn.
fn rotation(roll: f64) -> Rotation {
    match roll.rem_euclid(360.0).round() as u32 {
        90 => Rotation::Clockwise270,
        180 => Rotation::Half,
        270 => Rotation::Clockwise90,
        _ => Rotation::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_exact_where_they_can_be() {
        let scale = |nanoseconds| Clock::new(nanoseconds).timescale.ticks();
        assert_eq!([1_000_000, 1_500_000, 100_000, 40_000_000].map(scale), [1000, 2000, 10_000, 25]);
        // A sample's length at 48 kHz.
        assert_eq!([20_833, 1, 0].map(scale), [1_000_000; 3]);
        let odd = Clock::new(20_833);
        assert_eq!((odd.ticks(48), odd.ticks(-48), odd.ticks(1)), (1000, -1000, 21));
        assert_eq!(Clock::new(1_333_333).length(3_000_000), 3_999_999_000);
        let endless = Clock::new(u64::MAX);
        assert_eq!((endless.ticks(i64::MIN), endless.ticks(i64::MAX)), (i64::MIN, i64::MAX));
    }

    #[test]
    fn rates_are_recognised() {
        let cases = [
            (33_366_667, (30_000, 1001)),
            (41_708_333, (24_000, 1001)),
            (40_000_000, (25, 1)),
            (16_666_667, (60, 1)),
            (16_683_333, (60_000, 1001)),
        ];
        for (nanoseconds, (num, den)) in cases {
            assert_eq!(exact_rate(nanoseconds), Ratio::new(num, den), "{nanoseconds}");
        }
        assert_eq!((exact_rate(0), exact_rate(33_000_123)), (None, None));
    }
}
