use std::collections::VecDeque;

/// Bytes of an elementary stream that no unit has claimed yet, and where each stands.
#[derive(Debug, Default)]
pub(super) struct Pending {
    bytes: Vec<u8>,
    /// How many of them are claimed.
    claimed: usize,
    spans: VecDeque<Span>,
}

/// A contiguous stretch: the data of a PES packet, or what is left of it.
#[derive(Clone, Copy, Debug)]
struct Span {
    /// The address of its first byte.
    address: u64,
    length: usize,
    times: Times,
}

/// The times a PES packet states, in 90 kHz; nothing where it doesn't.
pub(super) type Times = Option<Stamps>;

/// When something is shown and decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamps {
    pub(super) pts: i64,
    pub(super) dts: i64,
}

/// Where claimed bytes stand: addresses and lengths. Nearly always it is one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ranges {
    One((u64, u32)),
    Many(Box<[(u64, u32)]>),
}

impl Ranges {
    pub(super) fn as_slice(&self) -> &[(u64, u32)] {
        match self {
            Self::One(range) => std::slice::from_ref(range),
            Self::Many(ranges) => ranges,
        }
    }

    /// The address of the first byte.
    pub(super) fn address(&self) -> u64 {
        self.as_slice().first().map_or(0, |(address, _)| *address)
    }

    /// How many bytes there are.
    pub(super) fn len(&self) -> u32 {
        self.as_slice().iter().fold(0, |sum, (_, length)| sum.saturating_add(*length))
    }

    /// These bytes, then those of `other`.
    pub(super) fn extend(&mut self, other: &Self) {
        *self = [self.as_slice(), other.as_slice()].concat().into();
    }

    /// The same bytes without the first `count`.
    pub(super) fn without_front(&self, count: u32) -> Self {
        let mut left = count;
        let cut = |&(address, length): &(u64, u32)| {
            let cut = left.min(length);
            left -= cut;
            (length > cut).then(|| (address + u64::from(cut), length - cut))
        };
        self.as_slice().iter().filter_map(cut).collect::<Vec<_>>().into()
    }
}

impl From<Vec<(u64, u32)>> for Ranges {
    fn from(ranges: Vec<(u64, u32)>) -> Self {
        match ranges[..] {
            [range] => Self::One(range),
            _ => Self::Many(ranges.into()),
        }
    }
}

impl Pending {
    /// More bytes than this that wait for the end of their unit are no media: the largest pictures that levels of H.264 and
    /// HEVC allow are smaller.
    pub(super) const MOST: usize = 16 << 20;

    /// All bytes that wait.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[self.claimed..]
    }

    /// Whether a PES packet's data begins at byte `position` of what waits. What is asked for stands near the end.
    pub(super) fn packet_begins(&self, position: usize) -> bool {
        let mut start = self.bytes().len();
        for span in self.spans.iter().rev().filter(|span| span.length > 0) {
            start -= span.length;
            if start <= position {
                return start == position;
            }
        }
        false
    }

    /// A PES packet begins: its data's addresses begin at `address`.
    pub(super) fn begin(&mut self, address: u64, times: Times) {
        self.spans.push_back(Span { address, length: 0, times });
    }

    /// More data of the PES packet that began last.
    pub(super) fn append(&mut self, data: &[u8]) {
        if let Some(span) = self.spans.back_mut() {
            span.length += data.len();
            // What is claimed goes once it is as much as what stays, so that no byte is moved twice on average.
            if self.claimed > 0 && self.claimed >= self.bytes.len() - self.claimed {
                self.bytes.drain(..self.claimed);
                self.claimed = 0;
            }
            self.bytes.extend_from_slice(data);
        }
    }

    /// Claims the first `count` bytes. The times are those of the PES packet in which the first of them stands, unless a
    /// unit that began in it before has them.
    pub(super) fn claim(&mut self, count: usize) -> (Ranges, Times) {
        self.drop_empty();
        let front = self.spans.front_mut();
        let times = front.and_then(|span| span.times.take());
        if let Some(span) = self.spans.front().filter(|span| count > 0 && count <= span.length) {
            let only = (span.address, u32::try_from(count).unwrap_or(u32::MAX));
            self.advance(count, |_, _| {});
            return (Ranges::One(only), times);
        }
        let mut ranges = Vec::new();
        self.advance(count, |address, taken| {
            ranges.push((address, u32::try_from(taken).unwrap_or(u32::MAX)));
        });
        (ranges.into(), times)
    }

    /// Passes over the first `count` bytes. A PES packet's times stay for the unit that begins in it.
    pub(super) fn skip(&mut self, count: usize) {
        self.advance(count, |_, _| {});
    }

    fn advance(&mut self, count: usize, mut passed: impl FnMut(u64, usize)) {
        let mut left = count.min(self.bytes().len());
        self.claimed += left;
        while left > 0 {
            self.drop_empty();
            let Some(span) = self.spans.front_mut() else { break };
            let taken = left.min(span.length);
            if taken == 0 {
                break;
            }
            passed(span.address, taken);
            span.address += taken as u64;
            span.length -= taken;
            left -= taken;
        }
    }

    /// The last one stays: more of it may come.
    fn drop_empty(&mut self) {
        while self.spans.len() > 1 && self.spans.front().is_some_and(|span| span.length == 0) {
            self.spans.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_cross_packets_and_take_the_right_times() {
        let mut pending = Pending::default();
        let times = |time| Some(Stamps { pts: time, dts: time });
        pending.begin(1000, times(1));
        pending.append(&[1, 2, 3, 4]);
        pending.begin(2000, times(2));
        pending.append(&[5, 6]);
        pending.append(&[7, 8]);
        assert_eq!(pending.claim(3), (Ranges::One((1000, 3)), times(1)));
        assert_eq!([1, 2, 5].map(|at| pending.packet_begins(at)), [true, false, false]);
        assert_eq!(pending.claim(2), (vec![(1003, 1), (2000, 1)].into(), None));
        assert_eq!(pending.bytes(), [6, 7, 8]);
        pending.skip(1);
        pending.append(&[9]);
        assert_eq!(pending.bytes(), [7, 8, 9]);
        assert_eq!(pending.claim(9), (Ranges::One((2002, 3)), times(2)));
        assert!(pending.bytes().is_empty());
        let ranges = Ranges::from(vec![(10, 3), (50, 4)]);
        assert_eq!((ranges.without_front(5), ranges.len()), (Ranges::One((52, 2)), 7));
    }
}
