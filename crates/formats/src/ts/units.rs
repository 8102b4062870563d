use reelwright_bitstream::start_code;

use super::pending::{Pending, Ranges, Times};

/// A sample's worth of an elementary stream.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    pub(super) ranges: Ranges,
    pub(super) times: Times,
    /// Bytes of the sample, with the parameter sets that stand in the stream.
    pub(super) size: u32,
    /// Bytes of the sample without them.
    pub(super) bare: u32,
    /// Decoding can start here.
    pub(super) sync: bool,
    /// It can't be decoded after starting at the sync unit before it.
    pub(super) leading: bool,
    /// PCM frames, for sound.
    pub(super) samples: u32,
    /// Which packet it is of those at the same place.
    pub(super) part: usize,
    /// The field it is, where it is half a picture.
    pub(super) field: Option<Field>,
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
        let size = ranges.iter().map(|(_, length)| length).sum();
        Self { ranges, times, size, bare: size, sync: true, leading: false, samples: 0, part: 0, field: None }
    }
}

/// Cuts an elementary stream into units.
pub(super) trait Splitter {
    /// Claims what is complete; everything where nothing follows (`last`). Called when a PES packet has ended.
    fn split(&mut self, pending: &mut Pending, last: bool, out: &mut Vec<Unit>);
}

/// What a codec with start codes says of its sections: NAL units, or whatever stands between two start codes.
pub(super) trait Sections {
    /// Whether `section` begins another unit than the sections noted since [`Self::finish`].
    fn begins_unit(&mut self, section: &[u8]) -> bool;
    /// Takes a section into the current unit.
    fn note(&mut self, section: &[u8]);
    /// Ends the current unit, which consists of `unit`.
    fn finish(&mut self, unit: &[u8]) -> Facts;
}

/// What is known of a unit once it is complete.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Facts {
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
    /// Start codes among the bytes that wait.
    codes: Vec<usize>,
    /// How many of them stand before sections that were noted.
    noted: usize,
    /// Up to where start codes were looked for.
    scanned: usize,
}

impl<S: Sections> AccessUnits<S> {
    pub(super) fn new(sections: S) -> Self {
        Self { sections, codes: Vec::new(), noted: 0, scanned: 0 }
    }

    fn scan(&mut self, bytes: &[u8]) {
        while let Some(at) = start_code(bytes, self.scanned) {
            self.codes.push(at);
            self.scanned = at + 3;
        }
        self.scanned = self.scanned.max(bytes.len().saturating_sub(2));
    }

    fn forget(&mut self, count: usize) {
        self.codes.retain(|&code| code >= count);
        self.codes.iter_mut().for_each(|code| *code -= count);
        self.scanned = self.scanned.saturating_sub(count);
        self.noted = 0;
    }

    fn emit(&mut self, pending: &mut Pending, count: usize, out: &mut Vec<Unit>) {
        let bytes = &pending.bytes()[..count];
        let facts = self.sections.finish(bytes);
        let whole = Unit::whole(pending.claim(count));
        self.forget(count);
        let (size, bare) = facts.sizes.unwrap_or((whole.size, whole.bare));
        let unit = Unit { size, bare, sync: facts.sync, leading: facts.leading, field: facts.field, ..whole };
        match out.last_mut() {
            Some(first) if completes(first, &unit) => {
                first.ranges.extend(unit.ranges);
                first.size += unit.size;
                first.bare += unit.bare;
                first.field = None;
            }
            _ => out.push(unit),
        }
    }
}

/// Whether `second` is the other field of the frame that `first` begins (ITU-T H.264, 3.30).
fn completes(first: &Unit, second: &Unit) -> bool {
    match (first.field, second.field) {
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
    fn split(&mut self, pending: &mut Pending, last: bool, out: &mut Vec<Unit>) {
        self.scan(pending.bytes());
        loop {
            let bytes = pending.bytes();
            let Some(&code) = self.codes.get(self.noted) else { break };
            let end = match self.codes.get(self.noted + 1) {
                Some(&next) => next,
                None if last => bytes.len(),
                None => break,
            };
            let mut section = &bytes[code + 3..end];
            while let [rest @ .., 0] = section {
                section = rest;
            }
            let cut = if pending.packet_begins(code) { code } else { with_zero_byte(bytes, code) };
            if self.noted == 0 && cut > 0 {
                pending.skip(cut); // what stands before the first start code
                self.forget(cut);
                continue;
            }
            if self.noted > 0 && self.sections.begins_unit(section) {
                self.emit(pending, cut, out);
                continue;
            }
            self.sections.note(section);
            self.noted += 1;
        }
        if last && self.noted > 0 {
            let all = pending.bytes().len();
            self.emit(pending, all, out);
        }
    }
}

/// Takes every PES packet as a unit: subtitles of all kinds.
pub(super) struct Whole;

impl Splitter for Whole {
    fn split(&mut self, pending: &mut Pending, _last: bool, out: &mut Vec<Unit>) {
        let all = pending.bytes().len();
        if all > 0 {
            out.push(Unit::whole(pending.claim(all)));
        }
    }
}
