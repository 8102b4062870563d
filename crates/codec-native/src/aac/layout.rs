//! Which syntactic elements carry which channels (ISO/IEC 14496-3, table 1.19 and 4.4.1.1).

use reelwright_bitstream::BitWriter;
use reelwright_bitstream::aac::SAMPLE_RATES;
use reelwright_media::{Channel, ChannelLayout, Error, Result};

/// A syntactic element and the places of its channels among the channels fed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    /// `single_channel_element`.
    Single(usize),
    /// `channel_pair_element`.
    Pair(usize, usize),
    /// `lfe_channel_element`.
    Lfe(usize),
}

/// The elements of a stream, in order, and how a decoder learns of them.
pub(super) struct Elements {
    /// In the order of every raw data block.
    pub(super) list: Vec<Element>,
    /// `channelConfiguration`; 0 where the program config element says it.
    configuration: u8,
    /// How many of the elements are in front, at the sides, and behind, the LFE excluded.
    places: [usize; 3],
}

impl Elements {
    /// The elements for `layout`: one of the numbered configurations, else the pairs and singles a program config
    /// element describes.
    ///
    /// # Errors
    ///
    /// Misuse for no channels or a position named twice, unsupported beyond 8 channels or for positions AAC has no name for.
    pub(super) fn new(layout: &ChannelLayout) -> Result<Self> {
        let channels = layout.channels();
        let twice = |(place, channel): (usize, &Channel)| channels[..place].contains(channel);
        if channels.is_empty() || channels.iter().enumerate().any(twice) {
            return Err(Error::misuse("an AAC layout needs channels, each position at most once"));
        }
        if channels.len() > 8 {
            return Err(Error::unsupported(format!("AAC of {} channels; at most 8", channels.len())));
        }
        match Self::numbered(layout) {
            Some(elements) => Ok(elements),
            None => Self::described(layout),
        }
    }

    /// Channels that share the bit reservoir's size: all but the LFE.
    pub(super) fn considered(&self) -> usize {
        let count = |element: &Element| match element {
            Element::Single(_) => 1,
            Element::Pair(..) => 2,
            Element::Lfe(_) => 0,
        };
        self.list.iter().map(count).sum()
    }

    fn numbered(layout: &ChannelLayout) -> Option<Self> {
        use Channel::*;
        const C: &[Channel] = &[Center];
        const LR: &[Channel] = &[Left, Right];
        const LCRC: &[Channel] = &[LeftCenter, RightCenter];
        const S: &[Channel] = &[SideLeft, SideRight];
        const B: &[Channel] = &[BackLeft, BackRight];
        const BC: &[Channel] = &[BackCenter];
        const LFE: &[Channel] = &[Lfe];
        const TABLE: [(u8, &[&[Channel]]); 9] = [
            (1, &[C]),
            (2, &[LR]),
            (3, &[C, LR]),
            (4, &[C, LR, BC]),
            (5, &[C, LR, S]),
            (6, &[C, LR, S, LFE]),
            (7, &[C, LCRC, LR, S, LFE]),
            (11, &[C, LR, S, BC, LFE]),
            (12, &[C, LR, S, B, LFE]),
        ];
        let row = TABLE.iter().find(|(_, elements)| {
            let count: usize = elements.iter().map(|element| element.len()).sum();
            count == layout.count()
                && elements.iter().all(|e| e.iter().all(|&c| layout.position(c).is_some()))
        });
        // Surround channels named "back" instead of "side" mean the same loudspeakers where there is one pair.
        let backs = [Left, Right, Center, Lfe, BackLeft, BackRight];
        let (number, elements): (u8, Vec<Vec<Channel>>) = match row {
            Some((number, elements)) => (*number, elements.iter().map(|e| e.to_vec()).collect()),
            None if backs.iter().all(|&c| layout.position(c).is_some()) && layout.count() == 6 => {
                (6, [C, LR, B, LFE].map(<[Channel]>::to_vec).to_vec())
            }
            None if backs.iter().filter(|&&c| c != Lfe).all(|&c| layout.position(c).is_some())
                && layout.count() == 5 =>
            {
                (5, [C, LR, B].map(<[Channel]>::to_vec).to_vec())
            }
            None => return None,
        };
        let list = elements.iter().map(|element| element_of(layout, element)).collect::<Option<_>>()?;
        Some(Self { list, configuration: number, places: [0; 3] })
    }

    fn described(layout: &ChannelLayout) -> Result<Self> {
        use Channel::*;
        const PLACES: [&[&[Channel]]; 3] = [
            &[&[Center], &[LeftCenter, RightCenter], &[Left, Right]],
            &[&[SideLeft, SideRight]],
            &[&[BackLeft, BackRight], &[BackCenter]],
        ];
        let mut out = Self { list: Vec::new(), configuration: 0, places: [0; 3] };
        for (place, groups) in PLACES.iter().enumerate() {
            for element in groups.iter().filter_map(|group| element_of(layout, group)) {
                out.list.push(element);
                out.places[place] += 1;
            }
        }
        out.list.extend(element_of(layout, &[Lfe]));
        let lfe = usize::from(layout.position(Lfe).is_some());
        if out.considered() + lfe != layout.count() {
            return Err(Error::unsupported(format!(
                "AAC of the layout {:?}: only left/right pairs, centre, back centre and LFE have a place",
                layout.channels()
            )));
        }
        Ok(out)
    }

    /// The AudioSpecificConfig (1.6.2.1) of AAC LC.
    pub(super) fn config(&self, rate_index: usize) -> Vec<u8> {
        let mut writer = BitWriter::new();
        writer.bits(2, 5);
        writer.bits(rate_index as u64, 4);
        writer.bits(self.configuration.into(), 4);
        writer.bits(0, 3); // 1024 lines, no core coder, no extension
        if self.configuration == 0 {
            self.program(&mut writer, rate_index);
        }
        writer.finish()
    }

    /// `program_config_element`, from a byte boundary of the configuration's on.
    fn program(&self, writer: &mut BitWriter, rate_index: usize) {
        debug_assert!(rate_index < SAMPLE_RATES.len());
        let lfe: Vec<usize> =
            (0..self.list.len()).filter(|&i| matches!(self.list[i], Element::Lfe(_))).collect();
        writer.bits(0, 4);
        writer.bits(1, 2); // object type LC
        writer.bits(rate_index as u64, 4);
        for count in self.places {
            writer.bits(count as u64, 4);
        }
        writer.bits(lfe.len() as u64, 2);
        writer.bits(0, 3 + 4 + 3); // no data, no coupling, no mixdowns
        for (index, element) in self.list.iter().enumerate() {
            match element {
                Element::Single(_) => writer.flag(false),
                Element::Pair(..) => writer.flag(true),
                Element::Lfe(_) => {}
            }
            writer.bits(self.tag(index), 4);
        }
        writer.align();
        writer.bits(0, 8); // no comment
    }

    /// `element_instance_tag`: elements of a kind are counted from 0.
    pub(super) fn tag(&self, index: usize) -> u64 {
        let kind = std::mem::discriminant(&self.list[index]);
        self.list[..index].iter().filter(|element| std::mem::discriminant(*element) == kind).count() as u64
    }
}

fn element_of(layout: &ChannelLayout, group: &[Channel]) -> Option<Element> {
    Some(match *group {
        [Channel::Lfe] => Element::Lfe(layout.position(Channel::Lfe)?),
        [one] => Element::Single(layout.position(one)?),
        [left, right] => Element::Pair(layout.position(left)?, layout.position(right)?),
        _ => return None,
    })
}
