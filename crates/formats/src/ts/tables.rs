use std::collections::{BTreeMap, BTreeSet};

use reelwright_media::Language;

use super::packet::Packet;

/// What the program map says of a stream (ISO/IEC 13818-1, 2.4.4.8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stream {
    pub(super) pid: u16,
    pub(super) kind: u8,
    pub(super) language: Language,
    /// Tags and bodies of its descriptors.
    pub(super) descriptors: Vec<(u8, Vec<u8>)>,
}

/// Program tables as they come in.
#[derive(Debug, Default)]
pub(super) struct Tables {
    sections: BTreeMap<u16, Vec<u8>>,
    /// Map PIDs by program number, in the order of the association table.
    maps: Vec<(u16, u16)>,
    /// Bodies of maps by program number.
    programs: BTreeMap<u16, Vec<u8>>,
    /// The program that is read.
    chosen: Option<u16>,
    /// PIDs that its map has listed so far.
    listed: BTreeSet<u16>,
    /// Streams that its map lists since and didn't at first.
    added: Vec<Stream>,
}

impl Tables {
    /// Takes in a packet of the association table or of a map.
    pub(super) fn note(&mut self, packet: &Packet<'_>) {
        let is_map = self.maps.iter().any(|(_, pid)| *pid == packet.pid);
        if (packet.pid != 0 && !is_map) || packet.payload.is_empty() {
            return;
        }
        let mut bytes = packet.payload;
        if packet.starts {
            let Some((&pointer, rest)) = bytes.split_first() else { return };
            let Some((end, rest)) = rest.split_at_checked(pointer.into()) else { return };
            if let Some(section) = self.sections.get_mut(&packet.pid) {
                section.extend_from_slice(end);
            }
            self.complete(packet.pid);
            self.sections.insert(packet.pid, Vec::new());
            bytes = rest;
        }
        if let Some(section) = self.sections.get_mut(&packet.pid) {
            section.extend_from_slice(bytes);
        }
        self.complete(packet.pid);
    }

    /// Whether the association table and a map for each of its programs have come.
    pub(super) fn are_complete(&self) -> bool {
        !self.maps.is_empty() && self.maps.iter().all(|(program, _)| self.programs.contains_key(program))
    }

    /// The numbers of the programs and their streams, in the order of the association table.
    pub(super) fn programs(&self) -> impl Iterator<Item = (u16, Vec<Stream>)> {
        let map = |number: u16| Some((number, program_map(self.programs.get(&number)?)?));
        self.maps.iter().filter_map(move |(number, _)| map(*number))
    }

    /// From now on, what the map of this program adds to `streams` is noted.
    pub(super) fn choose(&mut self, program: u16, streams: &[Stream]) {
        self.chosen = Some(program);
        self.listed = streams.iter().map(|stream| stream.pid).collect();
    }

    /// The streams that the map of the chosen program has added since this was asked last.
    pub(super) fn added(&mut self) -> Vec<Stream> {
        std::mem::take(&mut self.added)
    }

    /// Takes in the sections that are whole; several may stand one behind the other.
    fn complete(&mut self, pid: u16) {
        let Some(bytes) = self.sections.remove(&pid) else { return };
        let mut rest = &bytes[..];
        // What follows the last section of a packet is stuffed with 0xFF.
        while let Some(&[table @ ..=0xFE, high, low]) = rest.first_chunk::<3>() {
            let length = 3 + (usize::from(high & 0x0F) << 8 | usize::from(low));
            let Some((whole, tail)) = rest.split_at_checked(length) else { break };
            self.section(table, pid, whole);
            rest = tail;
        }
        if rest.first().is_some_and(|&table| table != 0xFF) {
            self.sections.insert(pid, rest.to_vec());
        }
    }

    fn section(&mut self, table: u8, pid: u16, whole: &[u8]) {
        // Eight bytes of header, the body, four of check.
        let Some(body) = whole.get(8..whole.len().saturating_sub(4)) else { return };
        // current_next_indicator: tables that are yet to come into force may be sent before.
        if whole[5] & 1 == 0 {
            return;
        }
        match (table, pid) {
            (0, 0) if self.maps.is_empty() => self.maps = association(body),
            (2, _) => {
                let program = u16::from_be_bytes([whole[3], whole[4]]);
                match self.programs.get(&program) {
                    _ if !self.maps.contains(&(program, pid)) => {}
                    None if program_map(body).is_some() => {
                        self.programs.insert(program, body.to_vec());
                    }
                    Some(last) if self.chosen == Some(program) && last != body => {
                        let streams = program_map(body).into_iter().flatten();
                        self.added.extend(streams.filter(|stream| self.listed.insert(stream.pid)));
                        self.programs.insert(program, body.to_vec());
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }
}

fn association(body: &[u8]) -> Vec<(u16, u16)> {
    let (entries, _) = body.as_chunks::<4>();
    let pairs = entries.iter().map(|entry| {
        (u16::from_be_bytes([entry[0], entry[1]]), u16::from_be_bytes([entry[2], entry[3]]) & 0x1FFF)
    });
    // Program 0 is the network information table.
    pairs.filter(|(program, _)| *program != 0).collect()
}

fn program_map(body: &[u8]) -> Option<Vec<Stream>> {
    let length = |high: u8, low: u8| usize::from(high & 0x0F) << 8 | usize::from(low);
    let &[_, _, high, low] = body.first_chunk::<4>()?;
    let mut rest = body.get(4 + length(high, low)..)?;
    let mut streams = Vec::new();
    while let Some((&[kind, pid_high, pid_low, high, low], tail)) = rest.split_first_chunk::<5>() {
        let (info, tail) = tail.split_at_checked(length(high, low))?;
        let descriptors = descriptors(info);
        // ISO 639 language, or DVB subtitles and teletext (ETSI EN 300 468, 6.2.41 and 6.2.43): all begin alike.
        let language = [0x0A, 0x59, 0x56]
            .into_iter()
            .find_map(|wanted| descriptors.iter().find(|(tag, _)| *tag == wanted))
            .and_then(|(_, body)| Language::from_code(std::str::from_utf8(body.get(..3)?).ok()?));
        streams.push(Stream {
            pid: u16::from(pid_high & 0x1F) << 8 | u16::from(pid_low),
            kind,
            language: language.unwrap_or_default(),
            descriptors,
        });
        rest = tail;
    }
    Some(streams)
}

fn descriptors(mut bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut out = Vec::new();
    while let Some((&[tag, length], rest)) = bytes.split_first_chunk::<2>() {
        let Some((body, tail)) = rest.split_at_checked(length.into()) else { break };
        out.push((tag, body.to_vec()));
        bytes = tail;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(pid: u16, payload: &[u8]) -> Packet<'_> {
        Packet { pid, starts: true, counter: 0, scrambled: false, discontinuity: false, payload }
    }

    /// A section of `table` for `number`, in force or not, with this body.
    fn section(table: u8, number: u8, current: bool, body: &[u8]) -> Vec<u8> {
        let length = u8::try_from(body.len() + 9).unwrap();
        let header = [table, 0xB0, length, 0, number, 0xC0 | u8::from(current), 0, 0];
        [&header[..], body, &[0; 4]].concat()
    }

    #[test]
    fn sections_share_a_packet_and_only_those_in_force_count() {
        let mut tables = Tables::default();
        let association = section(0, 1, true, &[0, 1, 0xE1, 0, 0, 2, 0xE1, 0]);
        tables.note(&packet(0, &[&[0], &association[..], &[0xFF; 20]].concat()));
        let map = |kind, pid| [0xE1, 1, 0xF0, 0, kind, 0xE1, pid, 0xF0, 0];
        let sections = [
            section(2, 1, false, &map(0x02, 7)),
            section(2, 1, true, &map(0x1B, 1)),
            section(2, 2, true, &map(0x24, 2)),
        ];
        let payload = [&[0][..], &sections.concat(), &[0xFF; 20]].concat();
        let (first, second) = payload.split_at(50);
        tables.note(&packet(0x100, first));
        assert!(!tables.are_complete());
        tables.note(&Packet { starts: false, ..packet(0x100, second) });
        assert!(tables.are_complete());
        let kinds: Vec<_> = tables.programs().map(|(_, streams)| (streams[0].kind, streams[0].pid)).collect();
        assert_eq!(kinds, [(0x1B, 0x101), (0x24, 0x102)]);
    }

    #[test]
    fn subtitles_of_dvb_state_their_language() {
        let subtitle = [0x59, 8, b's', b'w', b'e', 0x10, 0, 1, 0, 1];
        let body = [&[0xE1, 1, 0xF0, 0, 0x06, 0xE1, 3, 0xF0, 10][..], &subtitle].concat();
        assert_eq!(program_map(&body).unwrap()[0].language.code(), "swe");
    }

    #[test]
    fn tables_lead_to_streams() {
        let mut tables = Tables::default();
        tables.note(&packet(0, &[0, 0, 0xB0, 13, 0, 1, 0xC1, 0, 0, 0, 1, 0xE1, 0x00, 0, 0, 0, 0]));
        assert!(!tables.are_complete());
        let map = [
            0, 2, 0xB0, 29, 0, 1, 0xC1, 0, 0, 0xE1, 1, 0xF0, 0, 0x1B, 0xE1, 1, 0xF0, 0, 0x0F, 0xE1, 2, 0xF0,
            6, 0x0A, 4, b'f', b'r', b'e', 0, 0, 0, 0, 0,
        ];
        tables.note(&packet(0x100, &map));
        assert!(tables.are_complete());
        let (_, streams) = tables.programs().next().unwrap();
        assert_eq!(
            streams.iter().map(|stream| (stream.kind, stream.pid)).collect::<Vec<_>>(),
            [(0x1B, 0x101), (0x0F, 0x102)]
        );
        assert_eq!(streams[1].language.code(), "fra");
        for cut in 0..map.len() {
            let mut tables = Tables { maps: vec![(1, 0x100)], ..Tables::default() };
            tables.note(&packet(0x100, &map[..cut]));
        }
    }
}
