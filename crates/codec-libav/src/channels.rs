//! Channels by libavutil's numbers, which are the bits of a WAVE channel mask.

use reelwright_media::{Channel, ChannelLayout};

/// libavutil's number of each channel.
const NUMBERS: [(Channel, i32); 15] = [
    (Channel::Left, 0),
    (Channel::Right, 1),
    (Channel::Center, 2),
    (Channel::Lfe, 3),
    (Channel::BackLeft, 4),
    (Channel::BackRight, 5),
    (Channel::LeftCenter, 6),
    (Channel::RightCenter, 7),
    (Channel::BackCenter, 8),
    (Channel::SideLeft, 9),
    (Channel::SideRight, 10),
    (Channel::TopFrontLeft, 12),
    (Channel::TopFrontRight, 14),
    (Channel::TopBackLeft, 15),
    (Channel::TopBackRight, 17),
];

/// The layout of channels with these numbers; `None` where none of them is known.
///
/// libavcodec puts the surround pair of 5.0 and 5.1 at the back or at the side, depending on the codec. Here it is at
/// the side, as everywhere in Reelwright.
pub(crate) fn from_libav(numbers: &[i32]) -> Option<ChannelLayout> {
    let named = |number: i32| NUMBERS.iter().find(|(_, other)| *other == number).map(|(channel, _)| *channel);
    let mut channels: Vec<_> =
        numbers.iter().map(|&number| named(number).unwrap_or(Channel::Other)).collect();
    if channels.iter().all(|channel| *channel == Channel::Other) {
        return None;
    }
    if channels.contains(&Channel::Center) && !channels.contains(&Channel::SideLeft) {
        for channel in &mut channels {
            *channel = match *channel {
                Channel::BackLeft => Channel::SideLeft,
                Channel::BackRight => Channel::SideRight,
                other => other,
            };
        }
    }
    Some(ChannelLayout::new(channels))
}

/// How to hand channels of a layout to libavcodec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mapping {
    /// Which channels there are, one bit each.
    pub(crate) mask: u64,
    /// For each bit set, from the lowest on: which plane it is.
    pub(crate) order: Vec<usize>,
}

impl Mapping {
    /// The ways to say `layout`, the most literal first: encoders differ in where they want the surround pair.
    /// Empty where a channel has no number or stands twice.
    pub(crate) fn of(layout: &ChannelLayout) -> Vec<Self> {
        let swapped = |channel: Channel| match channel {
            Channel::SideLeft => Channel::BackLeft,
            Channel::SideRight => Channel::BackRight,
            other => other,
        };
        let literal = Self::from_channels(layout.channels().iter().copied());
        let has_back = layout.position(Channel::BackLeft).is_some();
        let other = (!has_back).then(|| Self::from_channels(layout.channels().iter().copied().map(swapped)));
        let mut ways: Vec<_> = literal.into_iter().chain(other.flatten()).collect();
        ways.dedup();
        ways
    }

    fn from_channels(channels: impl Iterator<Item = Channel>) -> Option<Self> {
        let mut numbered: Vec<(i32, usize)> = Vec::new();
        for (plane, channel) in channels.enumerate() {
            let (_, number) = NUMBERS.iter().find(|(other, _)| *other == channel)?;
            numbered.push((*number, plane));
        }
        numbered.sort_unstable();
        let mask = numbered.iter().fold(0_u64, |mask, (number, _)| mask | 1 << number);
        let distinct = mask.count_ones() as usize == numbered.len() && !numbered.is_empty();
        distinct.then(|| Self { mask, order: numbered.into_iter().map(|(_, plane)| plane).collect() })
    }

    /// `layout` in the order of the mask's bits, which is that of WAVE files.
    pub(crate) fn sorted(&self, layout: &ChannelLayout) -> ChannelLayout {
        let channels: Vec<_> = self.order.iter().map(|&plane| layout.channels()[plane]).collect();
        ChannelLayout::new(channels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_one_is_at_the_side_and_can_be_said_both_ways() {
        let layout = from_libav(&[0, 1, 2, 3, 4, 5]).unwrap();
        assert_eq!(layout, ChannelLayout::surround_5_1());
        let masks: Vec<_> = Mapping::of(&layout).iter().map(|way| way.mask).collect();
        assert_eq!(masks, [0x60F, 0x3F]);
    }

    #[test]
    fn planes_follow_the_mask() {
        use Channel::*;
        let layout = ChannelLayout::new([Center, Left, Right, SideLeft, SideRight, Lfe]);
        let way = &Mapping::of(&layout)[0];
        assert_eq!(way.order, [1, 2, 0, 5, 3, 4]);
        assert_eq!(way.sorted(&layout), ChannelLayout::surround_5_1());
        assert!(Mapping::of(&ChannelLayout::new([Left, Left])).is_empty());
    }
}
