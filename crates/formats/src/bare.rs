//! Frames of sound one behind the other, without a container.

use std::ops::Range;
use std::sync::Arc;

use reelwright_media::{ReadAt, Result};

use crate::frames::{FrameKind, FrameKinds};
use crate::indexed::{Packet, PacketTable, Rows};
use crate::limits::{LEAST_PACKET, check_packets};
use crate::losses::{Junk, Losses};
use crate::window::Window;

/// What the header at the beginning of a frame says.
pub(crate) struct Frame {
    pub(crate) kind: FrameKind,
    /// Bytes of the frame.
    pub(crate) length: u32,
    /// How many of them are a header that samples don't have.
    pub(crate) header: u32,
    /// PCM frames.
    pub(crate) samples: u32,
}

/// How a stream's frames begin.
pub(crate) struct Syntax {
    /// Bytes of a header.
    pub(crate) header: usize,
    /// Reads one.
    pub(crate) parse: fn(&[u8]) -> Option<Frame>,
}

/// A frame's place in the file.
struct Place {
    offset: u64,
    size: u32,
    samples: u32,
}

/// The frames of a stream.
pub(crate) struct BareStream {
    kinds: FrameKinds,
    places: Rows<Place>,
    junk: Junk,
    /// What comes next stands right behind a frame.
    in_step: bool,
    /// The last one goes beyond the end.
    cut: bool,
}

impl BareStream {
    /// Finds the frames in the stretch `within` of a file.
    ///
    /// # Errors
    ///
    /// Where the file can't be read, or holds more frames than it can.
    pub(crate) fn read(window: &mut Window, within: Range<u64>, syntax: &Syntax) -> Result<Self> {
        let Range { start: mut at, end } = within;
        let (kinds, places) = (FrameKinds::default(), Rows::new());
        let mut out = Self { kinds, places, junk: Junk::default(), in_step: false, cut: false };
        while at < end {
            let found = (syntax.parse)(window.at(at, syntax.header)?);
            let Some(frame) = found.filter(|frame| frame.length > 0) else {
                out.skip(&mut at);
                continue;
            };
            let next = at + u64::from(frame.length);
            if next > end && out.goes_on(&frame) {
                out.cut = true;
                break;
            }
            if !out.is_believed(&frame, next, end, window, syntax)? || !out.take(&frame, at, window)? {
                out.skip(&mut at);
                continue;
            }
            at = next;
        }
        Ok(out)
    }

    fn skip(&mut self, at: &mut u64) {
        self.junk.add(1, self.places.len());
        self.in_step = false;
        *at += 1;
    }

    fn goes_on(&self, frame: &Frame) -> bool {
        self.in_step && self.kinds.goes_on(&frame.kind)
    }

    /// Anything may look like a header. One that differs from those before it, or isn't right behind a frame, is believed
    /// where it leads to another of its kind, to one known before, or to the end.
    fn is_believed(
        &self,
        frame: &Frame,
        next: u64,
        end: u64,
        window: &mut Window,
        syntax: &Syntax,
    ) -> Result<bool> {
        if self.goes_on(frame) || next == end {
            return Ok(true);
        }
        let following = if next < end { (syntax.parse)(window.at(next, syntax.header)?) } else { None };
        Ok(following.is_some_and(|next| next.kind.is_same(&frame.kind) || self.kinds.has(&next.kind)))
    }

    /// Whether the frame at `at` could be taken in.
    fn take(&mut self, frame: &Frame, at: u64, window: &mut Window) -> Result<bool> {
        check_packets(self.places.len(), window.len(), LEAST_PACKET)?;
        let (offset, size) = (at + u64::from(frame.header), frame.length - frame.header.min(frame.length));
        let data = match self.kinds.wants(&frame.kind) {
            true => window.at(offset, size as usize)?,
            false => &[],
        };
        let taken = self.kinds.note(self.places.len(), &frame.kind, data);
        self.in_step = taken;
        if taken {
            self.places.push(Place { offset, size, samples: frame.samples });
        }
        Ok(taken)
    }

    /// The frames as samples, each as long as it lasts at its own rate, and what is left out. Ticks are those in which all
    /// frames are whole.
    ///
    /// # Errors
    ///
    /// Where there is no frame that can be described.
    pub(crate) fn into_table(self, source: Arc<dyn ReadAt>) -> Result<(PacketTable, Losses)> {
        let Self { kinds, places, junk, cut, .. } = self;
        let stretches = kinds.settle()?;
        let format = stretches.first().clone();
        let (mut table, mut losses) =
            (PacketTable::new(source, format, stretches.timescale), Losses::default());
        let mut walk = stretches.walk();
        let (mut dts, mut last) = (0i64, 0);
        let (mut begin, mut frames) = (0i64, 0u64);
        let around = junk.around();
        let (mut from, mut to) = (None, None);
        for (index, place) in places.into_iter().enumerate() {
            from = if index == around.start { Some(dts) } else { from };
            to = if index == around.end { Some(dts) } else { to };
            let Some((stretch, begins)) = walk(index) else { continue };
            (begin, frames) = if begins { (dts, 0) } else { (begin, frames) };
            frames += u64::from(place.samples);
            // Counted from where the stretch begins, so that rounding doesn't add up.
            let end = begin.saturating_add(stretch.ticks(frames, table.timescale));
            let duration = u32::try_from(end - dts).unwrap_or(u32::MAX);
            match stretch.format() {
                Ok(format) => {
                    if begins {
                        table.formats.change(table.packets.len(), format);
                    }
                    table.packets.push(Packet {
                        offset: place.offset,
                        size: place.size,
                        dts,
                        pts: dts,
                        duration,
                        sync: true,
                        skipped_leading: false,
                    });
                }
                Err(reason) => losses.frame(dts..end, reason),
            }
            (dts, last) = (end, end - dts);
        }
        losses.bytes(junk.bytes(), from.unwrap_or(dts)..to.unwrap_or(dts));
        if cut {
            losses.frame(dts..dts.saturating_add(last), "the file ends within it");
        }
        Ok((table, losses))
    }
}
