use reelwright_media::{Channel, ChannelLayout, Result};

use crate::{BitReader, BitWriter};

/// What a program config element says: which elements of the stream are which loudspeakers (ISO/IEC 14496-3, 4.4.1.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramConfig {
    /// `element_instance_tag`.
    pub tag: u8,
    /// `object_type`: the audio object type less 1.
    pub object_type: u8,
    /// `sampling_frequency_index` of the core.
    pub rate_index: u8,
    /// The elements in front, from the centre outwards.
    pub front: Vec<ProgramElement>,
    /// The elements at the sides, from front to back.
    pub side: Vec<ProgramElement>,
    /// The elements behind, from the sides inwards.
    pub back: Vec<ProgramElement>,
    /// Tags of the elements of low-frequency channels.
    pub lfe: Vec<u8>,
    /// Tags of data stream elements that belong to it.
    pub data: Vec<u8>,
    /// Tags of coupling elements that belong to it, and whether each is switched independently.
    pub coupling: Vec<(bool, u8)>,
    /// The mono, stereo and matrix mixdowns as they stand in the element, where it has them: 4, 4 and 3 bits.
    pub mixdowns: [Option<u8>; 3],
    /// `comment_field_data`.
    pub comment: Vec<u8>,
}

/// An element of full-range channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProgramElement {
    /// Whether it is a pair of channels.
    pub pair: bool,
    /// Its `element_instance_tag`.
    pub tag: u8,
}

/// Bits of the mono, stereo and matrix mixdowns.
const MIXDOWNS: [u32; 3] = [4, 4, 3];

impl ProgramConfig {
    /// Reads an element behind its id; `base` is the bit that its bytes are aligned to: where the data block or the
    /// configuration that holds it begins.
    pub(super) fn read(reader: &mut BitReader<'_>, base: usize) -> Result<Self> {
        let (tag, object_type, rate_index) = (reader.small(4)?, reader.small(2)?, reader.small(4)?);
        let [front, side, back] = [reader.small(4)?, reader.small(4)?, reader.small(4)?];
        let (lfe, data, coupling) = (reader.small(2)?, reader.small(3)?, reader.small(4)?);
        let mut mixdowns = [None; 3];
        for (mixdown, bits) in mixdowns.iter_mut().zip(MIXDOWNS) {
            if reader.flag()? {
                *mixdown = Some(reader.small(bits)?);
            }
        }
        let mut elements = |count: u8| -> Result<Vec<ProgramElement>> {
            (0..count).map(|_| Ok(ProgramElement { pair: reader.flag()?, tag: reader.small(4)? })).collect()
        };
        let (front, side, back) = (elements(front)?, elements(side)?, elements(back)?);
        let mut tags = |count: u8| -> Result<Vec<u8>> { (0..count).map(|_| reader.small(4)).collect() };
        let (lfe, data) = (tags(lfe)?, tags(data)?);
        let coupling =
            (0..coupling).map(|_| Ok((reader.flag()?, reader.small(4)?))).collect::<Result<Vec<_>>>()?;
        align(reader, base)?;
        let length = reader.small(8)?;
        let comment = (0..length).map(|_| reader.small(8)).collect::<Result<Vec<_>>>()?;
        Ok(Self { tag, object_type, rate_index, front, side, back, lfe, data, coupling, mixdowns, comment })
    }

    /// Writes the element behind its id; its bytes are aligned to the writer's beginning.
    pub(super) fn write(&self, writer: &mut BitWriter) {
        writer.bits(self.tag.into(), 4);
        writer.bits(self.object_type.into(), 2);
        writer.bits(self.rate_index.into(), 4);
        let places = [&self.front, &self.side, &self.back];
        places.iter().for_each(|elements| writer.bits(elements.len() as u64, 4));
        writer.bits(self.lfe.len() as u64, 2);
        writer.bits(self.data.len() as u64, 3);
        writer.bits(self.coupling.len() as u64, 4);
        for (mixdown, bits) in self.mixdowns.iter().zip(MIXDOWNS) {
            writer.flag(mixdown.is_some());
            if let Some(mixdown) = mixdown {
                writer.bits((*mixdown).into(), bits);
            }
        }
        for element in places.into_iter().flatten() {
            writer.flag(element.pair);
            writer.bits(element.tag.into(), 4);
        }
        self.lfe.iter().chain(&self.data).for_each(|tag| writer.bits((*tag).into(), 4));
        for (independent, tag) in &self.coupling {
            writer.flag(*independent);
            writer.bits((*tag).into(), 4);
        }
        writer.align();
        writer.bits(self.comment.len() as u64, 8);
        self.comment.iter().for_each(|byte| writer.bits((*byte).into(), 8));
    }

    /// How many channels it counts: single elements are one, pairs two.
    pub fn channels(&self) -> u16 {
        let places = [&self.front, &self.side, &self.back];
        let count = |elements: &&Vec<ProgramElement>| channels(elements);
        places.iter().map(count).sum::<u16>() + self.lfe.len() as u16
    }

    /// Which loudspeakers it means, in the order decoders put channels out; `None` where it places channels in a way that
    /// names none.
    ///
    /// Two pairs in front are the ones left and right of the centre, then left and right; two behind are at the sides, then
    /// in the back. Two single elements are as good as a pair. A single surround pair is at the sides, as everywhere here.
    pub fn layout(&self) -> Option<ChannelLayout> {
        use Channel::*;
        let mut channels = self.named().or_else(|| self.by_libavcodec())?;
        if channels.contains(&Center) && !channels.contains(&SideLeft) {
            for channel in &mut channels {
                *channel = match *channel {
                    BackLeft => SideLeft,
                    BackRight => SideRight,
                    other => other,
                };
            }
        }
        Some(ChannelLayout::new(channels))
    }

    /// The loudspeakers of a program that names them, in the order of WAVE.
    fn named(&self) -> Option<Vec<Channel>> {
        use Channel::*;
        let mut found: Vec<Channel> = Vec::new();
        let front = channels(&self.front);
        if !are_paired(&self.front, front % 2 == 1) {
            return None;
        }
        found.extend((front % 2 == 1).then_some(Center));
        match front / 2 {
            0 => {}
            1 => found.extend([Left, Right]),
            2 => found.extend([LeftCenter, RightCenter, Left, Right]),
            _ => return None,
        }
        if !are_paired(&self.side, false) || !are_paired(&self.back, false) {
            return None;
        }
        match (channels(&self.side), channels(&self.back) / 2) {
            (0, 0) => {}
            (0, 1) => found.extend([BackLeft, BackRight]),
            (0, 2) | (2, 1) => found.extend([SideLeft, SideRight, BackLeft, BackRight]),
            (2, 0) => found.extend([SideLeft, SideRight]),
            _ => return None,
        }
        found.extend((channels(&self.back) % 2 == 1).then_some(BackCenter));
        match self.lfe.len() {
            0 => {}
            1 => found.push(Lfe),
            _ => return None,
        }
        const ORDER: [Channel; 11] = [
            Left,
            Right,
            Center,
            Lfe,
            BackLeft,
            BackRight,
            LeftCenter,
            RightCenter,
            BackCenter,
            SideLeft,
            SideRight,
        ];
        let ordered: Vec<_> = ORDER.into_iter().filter(|channel| found.contains(channel)).collect();
        (!ordered.is_empty()).then_some(ordered)
    }

    /// libavcodec up to FFmpeg 6 puts left and right in front of the centre, the low-frequency channel at the side, and
    /// deals out the rest in pairs whatever they are: what its programs mean is known by what it makes of each layout.
    /// Decoders put them out in the order of the elements.
    fn by_libavcodec(&self) -> Option<Vec<Channel>> {
        use Channel::*;
        let kinds = |elements: &[ProgramElement]| -> String {
            elements.iter().map(|element| if element.pair { 'P' } else { 'S' }).collect()
        };
        let (front, side, back) = (kinds(&self.front), kinds(&self.side), kinds(&self.back));
        let others: &[Channel] = match (&front[..], &side[..], &back[..], self.lfe.len()) {
            ("PS", "", "", 1) => &[Lfe],
            ("PS", "S", "S", 0) => &[Lfe, BackCenter],
            ("PS", "P", "", 0) => &[SideLeft, SideRight],
            ("PS", "S", "P", 0) => &[Lfe, SideLeft, SideRight],
            ("PS", "P", "S", 0) => &[BackCenter, SideLeft, SideRight],
            ("PS", "", "PS", 0) => &[BackLeft, BackRight, BackCenter],
            ("PS", "S", "PS", 0) => &[Lfe, BackCenter, SideLeft, SideRight],
            ("PS", "P", "P", 0) => &[BackLeft, BackRight, SideLeft, SideRight],
            ("PS", "S", "PP", 0) => &[Lfe, BackLeft, BackRight, LeftCenter, RightCenter],
            ("PS", "P", "PS", 0) => &[BackLeft, BackRight, BackCenter, SideLeft, SideRight],
            _ => return None,
        };
        Some([&[Left, Right, Center], others].concat())
    }
}

fn channels(elements: &[ProgramElement]) -> u16 {
    elements.iter().map(|element| 1 + u16::from(element.pair)).sum()
}

/// Whether the elements are pairs, or singles by twos, with one single in front of them where a centre is `expected`, else
/// perhaps behind them.
fn are_paired(elements: &[ProgramElement], expected: bool) -> bool {
    let (centre, rest) =
        if expected { elements.split_at(elements.len().min(1)) } else { (&[][..], elements) };
    if centre.iter().any(|element| element.pair) {
        return false;
    }
    let mut odd = false;
    rest.iter().all(|element| {
        odd ^= !element.pair;
        !(element.pair && odd)
    }) && !(expected && odd)
}

/// Moves on to a whole number of bytes behind bit `base`.
pub(super) fn align(reader: &mut BitReader<'_>, base: usize) -> Result<()> {
    let odd = reader.position().saturating_sub(base) % 8;
    reader.skip((8 - odd) % 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elements(kinds: &str) -> Vec<ProgramElement> {
        (0..).zip(kinds.chars()).map(|(tag, kind)| ProgramElement { pair: kind == 'P', tag }).collect()
    }

    /// A program with these elements in front, at the sides and behind: `S` single, `P` pair.
    fn program(front: &str, side: &str, back: &str, lfe: u8) -> ProgramConfig {
        ProgramConfig {
            tag: 3,
            object_type: 1,
            rate_index: 3,
            front: elements(front),
            side: elements(side),
            back: elements(back),
            lfe: (0..lfe).collect(),
            data: vec![5],
            coupling: vec![(true, 9)],
            mixdowns: [None, Some(7), Some(5)],
            comment: b"a comment".to_vec(),
        }
    }

    #[test]
    fn what_is_written_is_read_back_wherever_it_stands() {
        let expected = program("SP", "P", "S", 1);
        for base in 0..8u32 {
            let mut inner = BitWriter::new();
            inner.bits(1, 5);
            expected.write(&mut inner);
            let bytes = inner.finish();
            let mut writer = BitWriter::new();
            writer.bits(0, base);
            writer.copy(&bytes, 0, bytes.len() * 8).unwrap();
            let bytes = writer.finish();
            let mut reader = BitReader::new(&bytes);
            reader.skip(base as usize + 5).unwrap();
            assert_eq!(ProgramConfig::read(&mut reader, base as usize).unwrap(), expected, "from bit {base}");
        }
        assert_eq!(expected.channels(), 7);
    }

    #[test]
    fn programs_name_loudspeakers() {
        use Channel::*;
        let cases: [(&str, &str, &str, u8, &[Channel]); 12] = [
            ("SP", "P", "", 1, &[Left, Right, Center, Lfe, SideLeft, SideRight]),
            ("SP", "", "P", 1, &[Left, Right, Center, Lfe, SideLeft, SideRight]),
            ("P", "", "P", 0, &[Left, Right, BackLeft, BackRight]),
            ("SP", "P", "S", 1, &[Left, Right, Center, Lfe, BackCenter, SideLeft, SideRight]),
            ("SP", "", "PS", 1, &[Left, Right, Center, Lfe, SideLeft, SideRight, BackCenter]),
            (
                "SP",
                "P",
                "PS",
                0,
                &[Left, Right, Center, BackLeft, BackRight, BackCenter, SideLeft, SideRight],
            ),
            ("SP", "P", "P", 1, &[Left, Right, Center, Lfe, BackLeft, BackRight, SideLeft, SideRight]),
            ("SPP", "", "P", 1, &[Left, Right, Center, Lfe, SideLeft, SideRight, LeftCenter, RightCenter]),
            ("SPP", "", "", 1, &[Left, Right, Center, Lfe, LeftCenter, RightCenter]),
            ("SS", "", "", 0, &[Left, Right]),
            ("S", "", "", 0, &[Center]),
            // As libavcodec means them.
            ("PS", "S", "P", 0, &[Left, Right, Center, Lfe, SideLeft, SideRight]),
        ];
        for (front, side, back, lfe, expected) in cases {
            let layout = program(front, side, back, lfe).layout();
            assert_eq!(layout.as_ref().map(ChannelLayout::channels), Some(expected), "{front} {side} {back}");
        }
        for (front, side, back) in [("PS", "", ""), ("S", "S", ""), ("P", "", "SP"), ("PPPP", "", "")] {
            assert_eq!(program(front, side, back, 0).layout(), None, "{front} {side} {back}");
        }
    }
}
