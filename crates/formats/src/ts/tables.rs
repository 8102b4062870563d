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
    /// What its program is registered as, which decides what its own kinds of streams are: `HDMV` is Blu-ray and AVCHD.
    pub(super) program: Option<[u8; 4]>,
}

impl Stream {
    /// The body of the first descriptor with this tag.
    pub(super) fn descriptor(&self, tag: u8) -> Option<&[u8]> {
        self.descriptors.iter().find(|(known, _)| *known == tag).map(|(_, body)| &body[..])
    }

    /// What it is registered as (ISO/IEC 13818-1, 2.6.8).
    pub(super) fn registered(&self) -> Option<&[u8; 4]> {
        self.descriptor(0x05)?.first_chunk()
    }

    /// Whether it is sound for people who don't see or don't hear well, or a comment on it, rather than the program's
    /// own sound.
    pub(super) fn is_special(&self) -> bool {
        // audio_type (ISO/IEC 13818-1, 2.6.19): 2 hearing impaired, 3 commentary for the visually impaired.
        let typed =
            self.descriptor(0x0A).and_then(|body| body.get(3)).is_some_and(|kind| matches!(kind, 2 | 3));
        // editorial_classification of DVB's supplementary audio (ETSI EN 300 468, 6.4.11): 0 is the main sound.
        let classified = |(tag, body): &(u8, Vec<u8>)| {
            *tag == 0x7F && matches!(body[..], [0x06, flags, ..] if flags >> 2 & 0x1F != 0)
        };
        // component_type of AC-3 and enhanced AC-3 (ETSI EN 300 468, annex D.3): the service, and whether it is complete.
        let served = |body: &[u8]| matches!(*body, [flags, kind, ..] if flags & 0x80 != 0 && !matches!(kind >> 3 & 7, 0 | 1));
        // bsmod of ATSC's AC-3 (A/52, annex A.4.3): 0 and 1 are main services.
        let moded = |body: &[u8]| self.kind == 0x81 && body.get(2).is_some_and(|byte| byte >> 5 > 1);
        typed
            || self.descriptors.iter().any(classified)
            || [0x6A, 0x7A].into_iter().filter_map(|tag| self.descriptor(tag)).any(served)
            || self.descriptor(0x81).is_some_and(moded)
    }
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
    let (info, mut rest) = body.get(4..)?.split_at_checked(length(high, low))?;
    let registration = descriptors(info).into_iter().find(|(tag, _)| *tag == 0x05);
    let program = registration.and_then(|(_, body)| body.first_chunk::<4>().copied());
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
            program,
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
    fn sound_for_the_impaired_is_told_from_the_program_s_own() {
        let special = |kind: u8, descriptor: &[u8]| {
            let length = u8::try_from(descriptor.len()).unwrap();
            let body = [&[0xE1, 1, 0xF0, 0, kind, 0xE1, 3, 0xF0, length][..], descriptor].concat();
            program_map(&body).unwrap()[0].is_special()
        };
        for (kind, main, others) in [
            (
                0x03,
                [0x0A, 4, b'e', b'n', b'g', 0],
                vec![[0x0A, 4, b'e', b'n', b'g', 2], [0x0A, 4, b'e', b'n', b'g', 3]],
            ),
            (
                0x11,
                [0x7F, 4, 0x06, 0x80, 0, 0],
                vec![[0x7F, 4, 0x06, 0x84, 0, 0], [0x7F, 4, 0x06, 0x08, 0, 0]],
            ),
            (
                0x06,
                [0x6A, 4, 0x80, 0x42, 0, 0],
                vec![[0x6A, 4, 0x80, 0x12, 0, 0], [0x7A, 4, 0xC0, 0x58, 0, 0]],
            ),
            (0x81, [0x81, 4, 0x08, 0x3C, 0x05, 0], vec![[0x81, 4, 0x08, 0x3C, 0x45, 0]]),
        ] {
            assert!(!special(kind, &main), "{main:x?}");
            others.iter().for_each(|other| assert!(special(kind, other), "{other:x?}"));
        }
        assert!(!special(0x0F, &[]));
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
