use reelwright_bitstream::start_code;
use reelwright_media::Result;

use super::pending::{Pending, Ranges, Times};
use crate::indexed::Rows;
use crate::limits::{LEAST_UNIT, check_packets};

/// A sample's worth of an elementary stream.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    pub(super) ranges: Ranges,
    pub(super) times: Times,
    /// Bytes of the sample, with the parameter sets that stand in the stream.
    pub(super) size: u32,
    /// Bytes of the sample without them.
    pub(super) bare: u32,
    /// PCM frames, for sound.
    pub(super) samples: u32,
    /// Which packet it is of those at the same place.
    pub(super) part: u16,
    /// Decoding can start here.
    pub(super) sync: bool,
    /// It can't be decoded after starting at the sync unit before it.
    pub(super) leading: bool,
}

/// What tells two fields of one frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) bottom: bool,
    /// `frame_num` of H.264; always 0 where fields simply alternate.
    pub(super) frame: u32,
    pub(super) reference: bool,
    pub(super) idr: bool,
}

impl Unit {
    /// A unit of which only the place and the length matter.
    pub(super) fn whole((ranges, times): (Ranges, Times)) -> Self {
        let size = ranges.len();
        Self { ranges, times, size, bare: size, samples: 0, part: 0, sync: true, leading: false }
    }
}

/// The units of a stream so far.
#[derive(Debug, Default)]
pub(super) struct Units {
    pub(super) rows: Rows<Unit>,
    /// More than the file can hold came.
    overflowed: bool,
    /// Units of all streams, and the length of the file they must fit.
    taken: Taken,
}

/// How many units all streams of a file have, and its length.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Taken {
    count: usize,
    length: u64,
}

impl Taken {
    /// None yet, of a file of `length` bytes.
    pub(super) const fn new(length: u64) -> Self {
        Self { count: 0, length }
    }
}

impl Units {
    pub(super) fn push(&mut self, unit: Unit) {
        match check_packets(self.taken.count, self.taken.length, LEAST_UNIT) {
            Ok(()) => {
                self.taken.count += 1;
                self.rows.push(unit);
            }
            Err(_) => self.overflowed = true,
        }
    }

    /// Has `splitter` add what is complete among what waits; everything where nothing follows (`last`).
    ///
    /// # Errors
    ///
    /// [`reelwright_media::ErrorKind::Limit`] where the file can't hold so many units.
    pub(super) fn split(
        &mut self,
        splitter: &mut dyn Splitter,
        pending: &mut Pending,
        last: bool,
        taken: &mut Taken,
    ) -> Result<()> {
        self.taken = *taken;
        splitter.split(pending, last, self);
        *taken = self.taken;
        if self.overflowed { check_packets(taken.count, taken.length, LEAST_UNIT) } else { Ok(()) }
    }
}

/// Cuts an elementary stream into units.
pub(super) trait Splitter {
    /// Claims what is complete; everything where nothing follows (`last`). Called when a PES packet has ended.
    fn split(&mut self, pending: &mut Pending, last: bool, out: &mut Units);

    /// What waited was thrown away.
    fn restart(&mut self) {}
}

/// What a codec with start codes says of its sections: NAL units, or whatever stands between two start codes.
pub(super) trait Sections {
    /// Whether `section` begins another unit than the sections noted since [`Self::finish`].
    fn begins_unit(&mut self, section: &[u8]) -> bool;
    /// Takes a section into the current unit.
    fn note(&mut self, section: &[u8]);
    /// Ends the current unit, which consists of `unit`.
    fn finish(&mut self, unit: &[u8]) -> MovieTags;
}

/// What is known of a unit once it is complete.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct MovieTags {
    pub(super) sync: bool,
    pub(super) leading: bool,
    pub(super) field: Option<Field>,
    /// Bytes of the sample with and without parameter sets, where it isn't stored as it is.
    pub(super) sizes: Option<(u32, u32)>,
}

/// Cuts a stream with start codes.
#[derive(Debug)]
pub(super) struct AccessUnits<S> {
    pub(super) sections: S,
    /// Where the first start code stands whose section isn't noted, among the bytes that wait.
    code: Option<usize>,
    /// The one behind it.
    next: Option<usize>,
    /// Sections before it are noted: a unit has begun.
    begun: bool,
    /// Up to where start codes were looked for.
    scanned: usize,
    /// The unit cut last is the first field of a frame, or may be.
    half: Option<Field>,
}

impl<S: Sections> AccessUnits<S> {
    pub(super) fn new(sections: S) -> Self {
        Self { sections, code: None, next: None, begun: false, scanned: 0, half: None }
    }

    fn scan(&mut self, bytes: &[u8]) -> Option<usize> {
        let found = start_code(bytes, self.scanned);
        self.scanned = found.map_or(self.scanned.max(bytes.len().saturating_sub(2)), |at| at + 3);
        found
    }

    fn forget(&mut self, count: usize) {
        for place in [&mut self.code, &mut self.next] {
            *place = place.map(|code| code.saturating_sub(count));
        }
        self.scanned = self.scanned.saturating_sub(count);
        self.begun = false;
    }

    fn emit(&mut self, pending: &mut Pending, count: usize, out: &mut Units) {
        let facts = self.sections.finish(&pending.bytes()[..count]);
        let whole = Unit::whole(pending.claim(count));
        self.forget(count);
        let (size, bare) = facts.sizes.unwrap_or((whole.size, whole.bare));
        let unit = Unit { size, bare, sync: facts.sync, leading: facts.leading, ..whole };
        let second = completes(self.half.take(), facts.field);
        match out.rows.last_mut() {
            Some(first) if second => {
                first.ranges.extend(&unit.ranges);
                first.size = first.size.saturating_add(unit.size);
                first.bare = first.bare.saturating_add(unit.bare);
            }
            _ => {
                out.push(unit);
                self.half = facts.field;
            }
        }
    }
}

/// Whether `second` is the other field of the frame that `first` begins (ITU-T H.264, 3.30).
fn completes(first: Option<Field>, second: Option<Field>) -> bool {
    match (first, second) {
        (Some(first), Some(second)) => {
            first.bottom != second.bottom
                && first.frame == second.frame
                && first.reference == second.reference
                && !second.idr
        }
        _ => false,
    }
}

/// Where a start code of four bytes begins, if the one at `code` is its end.
fn with_zero_byte(bytes: &[u8], code: usize) -> usize {
    match code.checked_sub(1) {
        Some(before) if bytes[before] == 0 => before,
        _ => code,
    }
}

impl<S: Sections> Splitter for AccessUnits<S> {
    fn split(&mut self, pending: &mut Pending, last: bool, out: &mut Units) {
        loop {
            let bytes = pending.bytes();
            if self.code.is_none() {
                self.code = self.scan(bytes);
            }
            let Some(code) = self.code else { break };
            let cut = if pending.packet_begins(code) { code } else { with_zero_byte(bytes, code) };
            if !self.begun && cut > 0 {
                pending.skip(cut); // what stands before the first start code
                self.forget(cut);
                continue;
            }
            if self.next.is_none() {
                self.next = self.scan(bytes);
            }
            let end = match self.next {
                Some(next) => next,
                None if last => bytes.len(),
                None => break,
            };
            let mut section = &bytes[code + 3..end];
            while let [rest @ .., 0] = section {
                section = rest;
            }
            if self.begun && self.sections.begins_unit(section) {
                self.emit(pending, cut, out);
                continue;
            }
            self.sections.note(section);
            (self.begun, self.code) = (true, self.next.take());
        }
        if last && self.begun {
            let all = pending.bytes().len();
            self.emit(pending, all, out);
        }
    }

    fn restart(&mut self) {
        self.sections.finish(&[]);
        (self.code, self.next, self.half) = (None, None, None);
        (self.begun, self.scanned) = (false, 0);
    }
}

/// Takes every PES packet as a unit: subtitles of all kinds.
pub(super) struct Whole;

impl Splitter for Whole {
    fn split(&mut self, pending: &mut Pending, _last: bool, out: &mut Units) {
        let all = pending.bytes().len();
        if all > 0 {
            out.push(Unit::whole(pending.claim(all)));
        }
    }
}
