use reelwright_media::Result;

use crate::window::Window;

/// How packets stand in a file: 188 bytes, or 192 with a time in front (Blu-ray, AVCHD), or 204 with a check behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Framing {
    /// Where the first sync byte stands.
    pub(super) start: u64,
    /// From one sync byte to the next.
    pub(super) step: u64,
}

/// Bytes of a packet (ISO/IEC 13818-1, 2.4.3.2).
pub(super) const PACKET: usize = 188;

const SYNC: u8 = 0x47;

impl Framing {
    const STEPS: [usize; 3] = [188, 192, 204];

    /// Bytes that belong to no packet may stand in front of the first: a recording begins where it begins.
    pub(super) const REACH: u64 = 64 << 10;

    /// Sync bytes that must follow each other at one distance.
    const RUN: usize = 5;

    /// The framing of a file that begins with `head`, where it is one of packets from the first whole one on.
    pub(super) fn find(head: &[u8]) -> Option<Self> {
        Self::STEPS.into_iter().find_map(|step| {
            let seen = |start: usize| Self::syncs(head, start, step).is_some_and(|count| count >= 3);
            Some(Self { start: (0..step).find(|&start| seen(start))? as u64, step: step as u64 })
        })
    }

    /// The same with up to [`Self::REACH`] bytes of anything in front of the packets.
    pub(super) fn find_behind(window: &mut Window) -> Result<Option<Self>> {
        let head = window.at(0, Self::REACH as usize + Self::RUN * Self::STEPS[2])?;
        let near = Self::find(head);
        let at = |start: u64| {
            let here = |step: &usize| Self::syncs(head, start as usize, *step) == Some(Self::RUN);
            Self::STEPS.into_iter().find(here).map(|step| Self { start, step: step as u64 })
        };
        Ok(near.or_else(|| (0..Self::REACH).find_map(at)))
    }

    /// How many sync bytes stand at `start` and behind, a step apart, up to a run of them or the end of `head`; `None`
    /// where another byte stands between.
    fn syncs(head: &[u8], start: usize, step: usize) -> Option<usize> {
        let stand = (0..Self::RUN).map_while(|index| head.get(start + index * step));
        stand.into_iter().try_fold(0, |count, &byte| (byte == SYNC).then_some(count + 1))
    }

    /// The first sync byte at or after `from` that others follow: where reading goes on after damage.
    pub(super) fn resync(self, window: &mut Window, from: u64) -> Result<Option<u64>> {
        let step = self.step as usize;
        let mut at = from;
        loop {
            let bytes = window.at(at, 64 << 10)?;
            if bytes.len() < PACKET {
                return Ok(None);
            }
            let found = (0..bytes.len().saturating_sub(step)).find(|&index| {
                let follows = |count: usize| bytes.get(index + count * step).is_none_or(|&byte| byte == SYNC);
                bytes[index] == SYNC && follows(1) && follows(2)
            });
            match found {
                Some(index) => return Ok(Some(at + index as u64)),
                None => at += bytes.len().saturating_sub(step).max(1) as u64,
            }
        }
    }
}

/// A transport packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Packet<'a> {
    /// Which stream it belongs to.
    pub(super) pid: u16,
    /// A section or PES packet begins in it.
    pub(super) starts: bool,
    /// `continuity_counter`.
    pub(super) counter: u8,
    /// The payload is scrambled.
    pub(super) scrambled: bool,
    /// The counter may jump here.
    pub(super) discontinuity: bool,
    /// What is behind header and adaptation field; empty where there is no payload.
    pub(super) payload: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Parses a packet; `None` for damaged ones.
    pub(super) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let bytes = bytes.get(..PACKET)?;
        let [SYNC, flags, low, control, ..] = *bytes else { return None };
        // transport_error_indicator: the receiver knows better than to trust it.
        if flags & 0x80 != 0 {
            return None;
        }
        let mut payload = &bytes[4..];
        let mut discontinuity = false;
        if control & 0x20 != 0 {
            let (&length, rest) = payload.split_first()?;
            let (field, rest) = rest.split_at_checked(length.into())?;
            discontinuity = field.first().is_some_and(|flags| flags & 0x80 != 0);
            payload = rest;
        }
        if control & 0x10 == 0 {
            payload = &[];
        }
        Some(Self {
            pid: u16::from(flags & 0x1F) << 8 | u16::from(low),
            starts: flags & 0x40 != 0,
            counter: control & 0x0F,
            scrambled: control & 0xC0 != 0,
            discontinuity,
            payload,
        })
    }
}

/// Tells repeated packets of one stream, which may be sent twice (2.4.3.3). Where files were put one behind the other, a
/// packet may have the number of the one before and be another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Continuity {
    last: Option<u8>,
    /// The last payload, in front.
    payload: [u8; PACKET],
}

impl Continuity {
    /// Nothing has come yet.
    pub(super) const fn new() -> Self {
        Self { last: None, payload: [0; PACKET] }
    }

    /// Whether `packet`, which has a payload, is new.
    pub(super) fn is_new(&mut self, packet: &Packet<'_>) -> bool {
        let known = &mut self.payload[..packet.payload.len()];
        let repeated = self.last == Some(packet.counter) && !packet.discontinuity && known == packet.payload;
        known.copy_from_slice(packet.payload);
        self.last = Some(packet.counter);
        !repeated
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn framings_are_found() {
        for (start, step) in [(0usize, 188usize), (4, 192), (1, 188), (0, 204)] {
            let mut head = vec![0u8; 204 * 6];
            for index in 0..5 {
                head[start + index * step] = SYNC;
            }
            assert_eq!(Framing::find(&head), Some(Framing { start: start as u64, step: step as u64 }));
        }
        assert_eq!(Framing::find(&[0x47; 100]), None);
    }

    #[test]
    fn only_the_same_again_is_a_repetition() {
        let mut continuity = Continuity::new();
        let packet = |counter, payload: &'static [u8]| Packet {
            pid: 256,
            starts: false,
            counter,
            scrambled: false,
            discontinuity: false,
            payload,
        };
        let sent = [(7, &b"one"[..]), (7, b"one"), (8, b"one"), (8, b"two"), (8, b"two"), (9, b"two")];
        let new = sent.map(|(counter, payload)| continuity.is_new(&packet(counter, payload)));
        assert_eq!(new, [true, false, true, true, false, true]);
    }

    #[test]
    fn packets_are_read() {
        let mut bytes = [0xAA; PACKET];
        bytes[..7].copy_from_slice(&[SYNC, 0x41, 0x00, 0x35, 2, 0x80, 0]);
        let packet = Packet::parse(&bytes).unwrap();
        assert_eq!((packet.pid, packet.starts, packet.counter, packet.discontinuity), (0x100, true, 5, true));
        assert_eq!(packet.payload.len(), PACKET - 7);
        bytes[4] = 200;
        assert_eq!(Packet::parse(&bytes), None);
    }
}
