use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use reelwright_media::{
    FormatDescription, Payload, Piece, ReadAt, Result, Rounding, SampleBuffer, SampleFlags, Time, Timescale,
    Trim,
};

use super::{Formats, Rows};
use crate::SampleCursor;
use crate::inflate::Coating;
use crate::limits::{LEAST_PACKET, check_packets};

/// One sample of a track.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Packet {
    /// Where it begins in the source.
    pub(crate) offset: u64,
    /// Its length in bytes, without what the table puts in front of every packet.
    pub(crate) size: u32,
    /// When the decoder wants it, in ticks of the table.
    pub(crate) dts: i64,
    /// When it is shown, in ticks of the table.
    pub(crate) pts: i64,
    /// How long it lasts, in ticks of the table.
    pub(crate) duration: u32,
    /// Decoding can start here.
    pub(crate) sync: bool,
    /// It can't be decoded after starting at the sync sample before it.
    pub(crate) skipped_leading: bool,
}

/// All samples of a track.
#[derive(Debug)]
pub(crate) struct PacketTable {
    /// What payloads are ranges of.
    pub(crate) source: Arc<dyn ReadAt>,
    /// What the samples are.
    pub(crate) formats: Formats,
    /// Ticks per second.
    pub(crate) timescale: Timescale,
    /// In decode order.
    pub(crate) packets: Rows<Packet>,
    /// Ranges of the packets that lie in several, by index.
    pub(crate) ropes: BTreeMap<usize, Box<[(u64, u32)]>>,
    /// What every packet begins with although the file doesn't repeat it.
    pub(crate) prefix: Prefix,
}

/// What packets begin with although the file leaves it out.
#[derive(Clone, Debug)]
pub(crate) enum Prefix {
    /// Nothing.
    None,
    /// The same for all.
    Bytes(Bytes),
    /// The frame's length and `icpf` (SMPTE RDD 36, 5.1).
    ProRes,
    /// More was done to them than taking off the front.
    Coated {
        coating: Coating,
        /// Bytes of all packets as they were.
        total: u64,
        /// Behind it, ProRes lacks its front too.
        pro_res: bool,
    },
}

impl Prefix {
    fn len(&self) -> u32 {
        match self {
            Self::None | Self::Coated { .. } => 0,
            Self::Bytes(bytes) => u32::try_from(bytes.len()).unwrap_or(u32::MAX),
            Self::ProRes => 8,
        }
    }

    fn piece(&self, size: u32) -> Option<Piece> {
        match self {
            Self::None | Self::Coated { .. } => None,
            Self::Bytes(bytes) => Some(Piece::Bytes(bytes.clone())),
            Self::ProRes => {
                let [a, b, c, d] = size.saturating_add(8).to_be_bytes();
                Some(Piece::Bytes(Bytes::copy_from_slice(&[a, b, c, d, b'i', b'c', b'p', b'f'])))
            }
        }
    }
}

impl PacketTable {
    /// An empty table.
    pub(crate) fn new(source: Arc<dyn ReadAt>, format: Arc<FormatDescription>, timescale: Timescale) -> Self {
        let (formats, packets) = (Formats::one(format), Rows::new());
        Self { source, formats, timescale, packets, ropes: BTreeMap::new(), prefix: Prefix::None }
    }

    /// Adds a packet.
    ///
    /// # Errors
    ///
    /// [`reelwright_media::ErrorKind::Limit`] where the source can't hold so many.
    pub(crate) fn push(&mut self, packet: Packet) -> Result<()> {
        check_packets(self.packets.len(), self.source.len(), LEAST_PACKET)?;
        self.packets.push(packet);
        Ok(())
    }

    /// Bytes of all samples.
    pub(crate) fn byte_count(&self) -> u64 {
        if let Prefix::Coated { total, pro_res, .. } = self.prefix {
            return total + if pro_res { 8 * self.packets.len() as u64 } else { 0 };
        }
        let prefix = u64::from(self.prefix.len());
        self.packets.iter().map(|packet| u64::from(packet.size) + prefix).sum()
    }

    /// The first instant shown and the one after the last, in ticks; `None` for an empty table. Samples that can't be
    /// decoded from the first sync sample on are not shown.
    pub(crate) fn shown(&self) -> Option<(i64, i64)> {
        let hidden = self.hidden();
        let shown = self.packets.iter().enumerate().filter(|(index, _)| !hidden.contains(index));
        let first = shown.map(|(_, packet)| packet.pts).min()?;
        let end =
            self.packets.iter().map(|packet| packet.pts.saturating_add(packet.duration.into())).max()?;
        Some((first, end))
    }

    /// The leading samples of the first sync sample.
    fn hidden(&self) -> Range<usize> {
        let leading = self.packets.iter().skip(1).take_while(|packet| packet.skipped_leading).count();
        1..leading + 1
    }

    /// The length of the media as MP4 counts it: of all samples in decode order.
    pub(crate) fn media_end(&self) -> i64 {
        self.packets.last().map_or(0, |packet| packet.dts.saturating_add(packet.duration.into()))
    }

    /// Moves all samples so that the first is decoded at tick 0, as in MP4, and tells where tick 0 was before.
    pub(crate) fn rebase(&mut self) -> i64 {
        let Some(base) = self.packets.first().map(|packet| packet.dts) else { return 0 };
        for packet in self.packets.iter_mut() {
            packet.dts = packet.dts.saturating_sub(base);
            packet.pts = packet.pts.saturating_sub(base);
        }
        base
    }

    /// Sets decode times from the times shown, for containers that store only those: the n-th decoded sample is due
    /// when the n-th shown one is, less the longest that any sample would be late.
    pub(crate) fn order_by_shown(&mut self) {
        let mut shown = Vec::with_capacity(self.packets.len());
        shown.extend(self.packets.iter().map(|packet| packet.pts));
        shown.sort_unstable();
        let late = self
            .packets
            .iter()
            .zip(&shown)
            .map(|(packet, due)| due.saturating_sub(packet.pts))
            .max()
            .unwrap_or(0)
            .max(0);
        for (packet, due) in self.packets.iter_mut().zip(shown) {
            packet.dts = due.saturating_sub(late);
        }
    }

    /// Sets durations to the distance to the next decode time, and the last to `last` or else the one before.
    pub(crate) fn durations_from_dts(&mut self, last: Option<u32>) {
        let mut distance = 0;
        let mut before: Option<&mut Packet> = None;
        for packet in self.packets.iter_mut() {
            if let Some(before) = before {
                let ticks = packet.dts.saturating_sub(before.dts).max(0);
                distance = u32::try_from(ticks).unwrap_or(u32::MAX);
                before.duration = distance;
            }
            before = Some(packet);
        }
        if let Some(packet) = before {
            packet.duration = last.filter(|&ticks| ticks > 0).unwrap_or(distance);
        }
    }

    /// A cursor at the first sample.
    pub(crate) fn cursor(self: &Arc<Self>) -> PacketCursor {
        PacketCursor { table: self.clone(), next: 0 }
    }

    fn payload(&self, index: usize, packet: &Packet) -> Result<Payload> {
        if let Prefix::Coated { coating, pro_res, .. } = &self.prefix {
            let stored = Payload::range(self.source.clone(), packet.offset, packet.size.into()).load()?;
            let bytes = coating.undo(&stored).map_err(|error| error.at_offset(packet.offset))?;
            let front = Prefix::ProRes.piece(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
            let front = front.filter(|_| *pro_res);
            return Ok(Payload::rope(front.into_iter().chain([Piece::Bytes(bytes.into())])));
        }
        let range = |&(offset, len): &(u64, u32)| Piece::Range {
            source: self.source.clone(),
            offset,
            len: len.into(),
        };
        let whole = [(packet.offset, packet.size)];
        let ranges = self.ropes.get(&index).map_or(&whole[..], |rope| rope);
        let prefix = self.prefix.piece(packet.size);
        Ok(Payload::rope(prefix.into_iter().chain(ranges.iter().map(range))))
    }

    fn sample(&self, index: usize, packet: &Packet) -> Result<SampleBuffer> {
        let flags = if packet.sync { SampleFlags::SYNC } else { SampleFlags::NOT_SYNC };
        Ok(SampleBuffer {
            format: self.formats.of(index).clone(),
            payload: self.payload(index, packet)?,
            dts: Time::new(packet.dts, self.timescale),
            pts: Time::new(packet.pts, self.timescale),
            duration: Time::new(packet.duration.into(), self.timescale),
            flags: SampleFlags { leading: u8::from(packet.skipped_leading), ..flags },
            trim: Trim::default(),
        })
    }

    /// The sync sample from which everything shown from `time` on can be decoded.
    fn sync_before(&self, time: i64) -> usize {
        // A sample shown by `time` is decoded by then; the latest shown of those stands within the reorder depth.
        const DEPTH: usize = 64;
        let decoded = self.packets.partition_point(|packet| packet.dts <= time);
        let near = decoded.saturating_sub(DEPTH)..decoded;
        let shown = near
            .filter(|&index| self.packets[index].pts <= time)
            .max_by_key(|&index| self.packets[index].pts);
        let last = shown.unwrap_or(0);
        let starts = |index: &usize| self.packets[*index].sync && self.packets[*index].pts <= time;
        (0..=last.min(self.packets.len().saturating_sub(1)))
            .rev()
            .find(|index| self.packets.get(*index).is_some() && starts(index))
            .unwrap_or(0)
    }
}

/// Walks a [`PacketTable`].
pub(crate) struct PacketCursor {
    table: Arc<PacketTable>,
    next: usize,
}

impl SampleCursor for PacketCursor {
    fn next_sample(&mut self) -> Result<Option<SampleBuffer>> {
        let Some(packet) = self.table.packets.get(self.next) else { return Ok(None) };
        let sample = self.table.sample(self.next, packet)?;
        self.next += 1;
        Ok(Some(sample))
    }

    fn peek_offset(&mut self) -> Result<Option<u64>> {
        Ok(self.table.packets.get(self.next).map(|packet| packet.offset))
    }

    fn seek(&mut self, time: Time) -> Result<()> {
        let ticks = time.ticks_in(self.table.timescale, Rounding::Down);
        let saturated = if time.is_negative() { i64::MIN } else { i64::MAX };
        self.next = self.table.sync_before(ticks.unwrap_or(saturated));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use reelwright_media::{AudioCodec, AudioFormat, FourCc};

    use super::*;

    /// I P B B, I B(leading): shown 2 5 3 4, 8 7.
    fn table() -> PacketTable {
        let format = FormatDescription::Audio(AudioFormat::new(AudioCodec::Mp3, FourCc::new(b".mp3"), 10, 1));
        let source: Arc<dyn ReadAt> = Arc::new(Bytes::from_static(b"0123456789"));
        let mut table = PacketTable::new(source, Arc::new(format), Timescale::or_one(10));
        for (index, (pts, sync)) in
            [(2, true), (5, false), (3, false), (4, false), (8, true), (7, false)].iter().enumerate()
        {
            table.packets.push(Packet {
                offset: index as u64,
                size: 1,
                dts: 0,
                pts: *pts,
                duration: 0,
                sync: *sync,
                skipped_leading: false,
            });
        }
        table
    }

    #[test]
    fn decode_times_follow_from_the_times_shown() {
        let mut table = table();
        table.order_by_shown();
        table.durations_from_dts(Some(1));
        let dts: Vec<_> = table.packets.iter().map(|packet| packet.dts).collect();
        assert_eq!(dts, [1, 2, 3, 4, 6, 7]);
        assert!(table.packets.iter().all(|packet| packet.dts <= packet.pts));
        assert_eq!(table.rebase(), 1);
        assert_eq!(table.shown(), Some((1, 8)));
    }

    #[test]
    fn seeking_lands_where_decoding_shows_all() {
        let mut table = table();
        table.order_by_shown();
        table.prefix = Prefix::Bytes(Bytes::from_static(b"x"));
        table.ropes.insert(1, Box::new([(7, 1), (1, 1)]));
        let table = Arc::new(table);
        let mut cursor = table.cursor();
        for (time, offset) in [(8, 4), (7, 0), (5, 0), (0, 0), (99, 4), (-5, 0)] {
            cursor.seek(Time::new(time, Timescale::or_one(10))).unwrap();
            assert_eq!(cursor.peek_offset().unwrap(), Some(offset), "at {time}");
        }
        cursor.seek(Time::ZERO).unwrap();
        cursor.next_sample().unwrap();
        let rope = cursor.next_sample().unwrap().unwrap();
        assert_eq!(&rope.payload.load().unwrap()[..], b"x71");
        assert_eq!(table.byte_count(), 12);
    }
}
