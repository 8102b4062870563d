use std::collections::VecDeque;

/// Bytes of an elementary stream that no unit has claimed yet, and where each stands.
#[derive(Debug, Default)]
pub(super) struct Pending {
    bytes: Vec<u8>,
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

/// The times a PES packet states, in 90 kHz.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Times {
    pub(super) pts: Option<i64>,
    pub(super) dts: Option<i64>,
}

/// Where claimed bytes stand: addresses and lengths.
pub(super) type Ranges = Vec<(u64, u32)>;

impl Pending {
    /// Bytes that wait longer than this for the end of their unit are no media.
    pub(super) const MOST: usize = 64 << 20;

    /// All bytes that wait.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether a PES packet's data begins at byte `position` of what waits.
    pub(super) fn packet_begins(&self, position: usize) -> bool {
        let mut at = 0;
        for span in self.spans.iter().filter(|span| span.length > 0) {
            if at >= position {
                return at == position;
            }
            at += span.length;
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
            self.bytes.extend_from_slice(data);
        }
    }

    /// Claims the first `count` bytes. The times are those of the PES packet in which the first of them stands, unless a
    /// unit that began in it before has them.
    pub(super) fn claim(&mut self, count: usize) -> (Ranges, Times) {
        self.drop_empty();
        let times = self.spans.front_mut().map(|span| std::mem::take(&mut span.times)).unwrap_or_default();
        let mut ranges = Ranges::new();
        self.advance(count, |address, taken| {
            ranges.push((address, u32::try_from(taken).unwrap_or(u32::MAX)));
        });
        (ranges, times)
    }

    /// Passes over the first `count` bytes. A PES packet's times stay for the unit that begins in it.
    pub(super) fn skip(&mut self, count: usize) {
        self.advance(count, |_, _| {});
    }

    fn advance(&mut self, count: usize, mut passed: impl FnMut(u64, usize)) {
        let mut left = count.min(self.bytes.len());
        self.bytes.drain(..left);
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

/// The same bytes without the first `count`.
pub(super) fn without_front(ranges: &Ranges, count: u32) -> Ranges {
    let mut left = count;
    let mut out = Ranges::new();
    for &(address, length) in ranges {
        let cut = left.min(length);
        left -= cut;
        if length > cut {
            out.push((address + u64::from(cut), length - cut));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_cross_packets_and_take_the_right_times() {
        let mut pending = Pending::default();
        let times = |pts| Times { pts: Some(pts), dts: Some(pts) };
        pending.begin(1000, times(1));
        pending.append(&[1, 2, 3, 4]);
        pending.begin(2000, times(2));
        pending.append(&[5, 6]);
        pending.append(&[7, 8]);
        assert_eq!(pending.claim(3), (vec![(1000, 3)], times(1)));
        assert_eq!(pending.claim(2), (vec![(1003, 1), (2000, 1)], Times::default()));
        assert_eq!(pending.bytes(), [6, 7, 8]);
        pending.skip(1);
        assert_eq!(pending.claim(9), (vec![(2002, 2)], times(2)));
        assert!(pending.bytes().is_empty());
        assert_eq!(without_front(&vec![(10, 3), (50, 4)], 5), [(52, 2)]);
    }
}
