use std::collections::BTreeMap;
use std::sync::Arc;

use reelwright_media::{Error, ErrorKind, Payload, ReadAt, Result};

use super::ebml::{Element, signed, unsigned, vint};
use super::{ATTACHMENTS, CHAPTERS, CLUSTER, INFO, SEGMENT, TAGS, TRACKS};
use crate::indexed::Rows;
use crate::inflate::{Bound, Coating};
use crate::limits::{LEAST_PACKET, MOST_TRACKS, check_packets, warn};
use crate::window::Window;

/// A frame of a track as a block stores it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    /// Where it begins.
    pub(super) offset: u64,
    /// Its length.
    pub(super) size: u32,
    /// When it is shown, in ticks of the segment; `None` for the frames after the first of a laced block.
    pub(super) time: Option<i64>,
    /// How long it lasts, in ticks of the segment, where stated; at most what a packet can last.
    pub(super) duration: Option<u32>,
    /// Decoding can start here.
    pub(super) key: bool,
}

/// The frames of one track.
#[derive(Debug, Default)]
pub(super) struct Frames {
    pub(super) blocks: Rows<Block>,
    /// Nanoseconds of decoded output to discard at the end of the last.
    pub(super) padding: i64,
    /// Bytes of all frames, where they are stored as others than they are.
    pub(super) unpacked: Option<u64>,
}

impl Frames {
    /// Unpacks all frames once, where that takes more than a few bytes in front, to know what they hold; `total` counts
    /// over all tracks. Leaves out those that can't be, and tells how many.
    pub(super) fn unpack(&mut self, coating: &Coating, source: &Arc<dyn ReadAt>, total: &mut u64) -> u64 {
        if coating.prefix().is_some() {
            return 0;
        }
        let most = Bound::of_file(source.len()).0;
        let (mut own, mut failed) = (0, 0);
        // A frame that follows one that is left out, and has no time of its own, takes that one's.
        let mut time = None;
        let blocks = std::mem::take(&mut self.blocks);
        for mut block in blocks {
            block.time = block.time.or(time.take());
            match block.load(coating, source) {
                Ok(frame) if *total + frame.len() as u64 <= most => {
                    *total += frame.len() as u64;
                    own += frame.len() as u64;
                    self.blocks.push(block);
                }
                _ => {
                    time = block.time;
                    failed += 1;
                }
            }
        }
        self.unpacked = Some(own);
        failed
    }
}

impl Block {
    /// The frame as it was before it was packed.
    pub(super) fn load(&self, coating: &Coating, source: &Arc<dyn ReadAt>) -> Result<Vec<u8>> {
        let stored = Payload::range(source.clone(), self.offset, self.size.into()).load()?;
        coating.undo(&stored)
    }
}

/// Reads clusters into blocks by track number.
pub(super) struct Clusters<'a> {
    pub(super) window: &'a mut Window,
    pub(super) tracks: &'a mut BTreeMap<u64, Frames>,
    /// Frames of all tracks so far.
    pub(super) count: &'a mut usize,
    pub(super) warnings: &'a mut Vec<String>,
}

/// What a block group says beside its block.
#[derive(Clone, Copy, Default)]
struct Group {
    duration: Option<u64>,
    refers: bool,
    padding: i64,
}

impl Clusters<'_> {
    /// Reads a cluster and returns where the next child of the segment, which ends at `limit`, begins. A cluster of
    /// unknown size ends where such a child does begin.
    pub(super) fn read(&mut self, cluster: Element, limit: u64) -> Result<u64> {
        let end = cluster.end(limit);
        let mut time = 0;
        let mut at = cluster.body;
        while at < end {
            let Some(element) = Element::at(self.window, at)? else {
                warn(self.warnings, || format!("no element begins at byte {at} of a cluster"));
                return Ok(end);
            };
            if cluster.size.is_none() && is_segment_child(element.id) {
                return Ok(at);
            }
            let next = element.end(end);
            match element.id {
                0xE7 => time = unsigned(self.small(element)?),
                0xA3 => self.block(element.body, next, time, None)?,
                0xA0 => self.group(element, next, time)?,
                _ => {}
            }
            at = next.max(element.body);
        }
        Ok(at)
    }

    /// The data of a number; less of it where the file ends.
    fn small(&mut self, element: Element) -> Result<&[u8]> {
        let size = element.size.and_then(|size| usize::try_from(size).ok()).unwrap_or(0).min(8);
        self.window.at(element.body, size)
    }

    fn group(&mut self, group: Element, end: u64, time: u64) -> Result<()> {
        let mut found = Group::default();
        let mut block = None;
        let mut at = group.body;
        while at < end {
            let Some(element) = Element::at(self.window, at)? else { break };
            let next = element.end(end);
            match element.id {
                0xA1 => block = Some((element.body, next)),
                0x9B => found.duration = Some(unsigned(self.small(element)?)),
                0xFB => found.refers = true,
                0x75A2 => found.padding = signed(self.small(element)?),
                _ => {}
            }
            at = next.max(element.body);
        }
        match block {
            Some((body, next)) => self.block(body, next, time, Some(found)),
            None => Ok(()),
        }
    }

    /// Takes in the frames of the block between `body` and `end`, unless it is damaged: the next one stands where the
    /// element's size says.
    fn block(&mut self, body: u64, end: u64, cluster: u64, group: Option<Group>) -> Result<()> {
        match self.frames(body, end, cluster, group) {
            Err(error) if error.kind() == ErrorKind::Malformed => {
                warn(self.warnings, || format!("the block at byte {body} is left out: {}", error.message()));
                Ok(())
            }
            result => result,
        }
    }

    fn frames(&mut self, body: u64, end: u64, cluster: u64, group: Option<Group>) -> Result<()> {
        let damaged = || Error::malformed("its header is damaged");
        let length = usize::try_from(end.saturating_sub(body)).unwrap_or(usize::MAX);
        let head = self.window.at(body, length.min(16))?;
        let (track, width) = vint(head).ok_or_else(damaged)?;
        let track = track.ok_or_else(damaged)?;
        let &[high, low, flags] = head.get(width..width + 3).ok_or_else(damaged)? else {
            return Err(damaged());
        };
        let data = body + width as u64 + 3;
        let relative = i64::from(i16::from_be_bytes([high, low]));
        let first = Block {
            offset: data,
            size: 0,
            time: Some(i64::try_from(cluster).unwrap_or(i64::MAX).saturating_add(relative)),
            duration: None,
            key: group.map_or(flags & 0x80 != 0, |group| !group.refers),
        };
        let group = group.unwrap_or_default();
        let end = match flags >> 1 & 3 {
            0 => {
                let size = end.checked_sub(data).and_then(|left| u32::try_from(left).ok());
                self.push(track, first, size.ok_or_else(damaged)?, group.duration)?
            }
            lacing => {
                let (sizes, data) = self.lacing(lacing, data, end)?;
                let count = sizes.len() as u64;
                let duration = group.duration.map(|duration| duration / count);
                let mut next = Block { offset: data, ..first };
                for size in sizes {
                    let offset = self.push(track, next, size, duration)?;
                    next = Block { offset, time: None, ..next };
                }
                next.offset
            }
        };
        if end > self.window.len() {
            warn(self.warnings, || format!("the block at byte {body} reaches past the end of the file"));
        } else if let Some(frames) = self.tracks.get_mut(&track) {
            frames.padding = group.padding;
        }
        Ok(())
    }

    /// Takes in a frame of `size` bytes if the file holds it, and returns where it ends.
    fn push(&mut self, track: u64, frame: Block, size: u32, duration: Option<u64>) -> Result<u64> {
        let end = frame.offset.saturating_add(size.into());
        let known = self.tracks.len() < MOST_TRACKS || self.tracks.contains_key(&track);
        if known && end <= self.window.len() {
            check_packets(*self.count, self.window.len(), LEAST_PACKET)?;
            *self.count += 1;
            let duration = duration.map(|ticks| u32::try_from(ticks).unwrap_or(u32::MAX));
            self.tracks.entry(track).or_default().blocks.push(Block { size, duration, ..frame });
        }
        Ok(end)
    }

    /// The sizes of a laced block's frames and where the first begins (RFC 9559, 10.3).
    fn lacing(&mut self, kind: u8, data: u64, end: u64) -> Result<(Vec<u32>, u64)> {
        let damaged = || Error::malformed("its lacing is damaged");
        let left = end.checked_sub(data).ok_or_else(damaged)?;
        let total = u32::try_from(left).map_err(|_| damaged())?;
        // At most 256 frames: up to 255 sizes of a few bytes each, or 1 byte for every 255 of a frame.
        let longest = usize::try_from(left).unwrap_or(usize::MAX).min(1 << 20);
        let bytes = self.window.at(data, longest)?;
        let (&last, mut rest) = bytes.split_first().ok_or_else(damaged)?;
        let mut sizes = Vec::new();
        match kind {
            1 => {
                for _ in 0..last {
                    let run = rest.iter().take_while(|&&byte| byte == 255).count();
                    let tail = *rest.get(run).ok_or_else(damaged)?;
                    sizes.push(
                        u32::try_from(run)
                            .unwrap_or(u32::MAX)
                            .saturating_mul(255)
                            .saturating_add(tail.into()),
                    );
                    rest = &rest[run + 1..];
                }
            }
            3 => {
                let mut size = 0i64;
                for index in 0..last {
                    let (value, width) = vint(rest).ok_or_else(damaged)?;
                    let value = i64::try_from(value.ok_or_else(damaged)?).map_err(|_| damaged())?;
                    // From the second on: differences, shifted by half of what the width can say.
                    size = if index == 0 { value } else { size + value - ((1i64 << (7 * width - 1)) - 1) };
                    sizes.push(u32::try_from(size).map_err(|_| damaged())?);
                    rest = &rest[width..];
                }
            }
            _ => {
                let each = (total - 1) / (u32::from(last) + 1);
                return Ok((vec![each; usize::from(last) + 1], data + 1));
            }
        }
        let header = (bytes.len() - rest.len()) as u64;
        let used: u64 = sizes.iter().map(|&size| u64::from(size)).sum::<u64>() + header;
        let last = left.checked_sub(used).and_then(|size| u32::try_from(size).ok()).ok_or_else(damaged)?;
        sizes.push(last);
        Ok((sizes, data + header))
    }
}

fn is_segment_child(id: u32) -> bool {
    const CUES: u32 = 0x1C53_BB6B;
    const SEEK_HEAD: u32 = 0x114D_9B74;
    matches!(id, CLUSTER | INFO | TRACKS | CHAPTERS | TAGS | ATTACHMENTS | CUES | SEEK_HEAD | SEGMENT)
}

/// The first `length` bytes of a frame into `out`, as they were before it was packed.
pub(super) fn beginning(
    window: &mut Window,
    block: &Block,
    coating: &Coating,
    length: usize,
    out: &mut Vec<u8>,
) -> Result<()> {
    out.clear();
    let Some(stripped) = coating.prefix() else {
        *out = block.load(coating, window.source())?;
        out.truncate(length);
        return Ok(());
    };
    out.extend_from_slice(&stripped);
    let length = usize::try_from(block.size).unwrap_or(usize::MAX).min(length.saturating_sub(stripped.len()));
    out.extend_from_slice(window.at(block.offset, length)?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;

    use super::*;

    fn read(cluster: &[u8]) -> (BTreeMap<u64, Frames>, Vec<String>) {
        let mut window = Window::new(Arc::new(Bytes::copy_from_slice(cluster)), 64);
        let (mut tracks, mut count, mut warnings) = (BTreeMap::new(), 0, Vec::new());
        let (found, window) = (&mut tracks, &mut window);
        let mut clusters = Clusters { window, tracks: found, count: &mut count, warnings: &mut warnings };
        let whole = Element { id: CLUSTER, body: 0, size: Some(cluster.len() as u64) };
        let _ = clusters.read(whole, cluster.len() as u64);
        (tracks, warnings)
    }

    #[test]
    fn every_lacing_is_undone() {
        // Time 100; Xiph lacing of 2, 3 and 1 bytes; EBML lacing of 2, 3 and 1; fixed lacing of 2 and 2; none.
        let cluster = [
            &[0xE7, 0x81, 100, 0xA3, 0x8D, 0x81, 0, 5, 0x82, 2, 2, 3, 1, 1, 2, 2, 2, 3][..],
            &[0xA3, 0x8D, 0x81, 0, 6, 0x06, 2, 0x82, 0xC0, 1, 1, 2, 2, 2, 3],
            &[0xA3, 0x89, 0x82, 0xFF, 0xFF, 0x04, 1, 1, 1, 2, 2],
            &[0xA0, 0x8B, 0xA1, 0x85, 0x82, 0, 9, 0, 7, 0xFB, 0x81, 1, 0x9B],
        ]
        .concat();
        let (tracks, warnings) = read(&cluster);
        let blocks = |track: u64| &tracks[&track].blocks;
        let sizes = |track: u64| blocks(track).iter().map(|block| block.size).collect::<Vec<_>>();
        assert_eq!(sizes(1), [2, 3, 1, 2, 3, 1]);
        assert_eq!(sizes(2), [2, 2, 1]);
        assert_eq!(blocks(1)[0].time, Some(105));
        assert_eq!((blocks(1)[1].time, blocks(2)[0].time), (None, Some(99)));
        assert!(blocks(1)[0].key && !blocks(2)[2].key && warnings.is_empty());
    }

    #[test]
    fn a_damaged_block_costs_no_other() {
        // A block without a track number, one whose lacing sizes add up to more than it holds, a sound one.
        let cluster = [
            &[0xE7, 0x81, 100, 0xA3, 0x84, 0, 0, 5, 0x80][..],
            &[0xA3, 0x86, 0x81, 0, 6, 0x02, 1, 200],
            &[0xA3, 0x85, 0x81, 0, 7, 0x80, 1],
        ]
        .concat();
        let (tracks, warnings) = read(&cluster);
        assert_eq!(tracks[&1].blocks.iter().map(|block| block.time).collect::<Vec<_>>(), [Some(107)]);
        assert_eq!(
            warnings,
            [
                "the block at byte 5 is left out: its header is damaged",
                "the block at byte 11 is left out: its lacing is damaged"
            ]
        );
    }

    #[test]
    fn damaged_clusters_are_survived() {
        let sound = [0xE7, 0x81, 100, 0xA3, 0x8D, 0x81, 0, 5, 0x86, 2, 0x82, 0xC0, 1, 1, 2, 2, 2, 3];
        for at in 0..sound.len() {
            read(&sound[..at]);
            for value in [0, 1, 0x40, 0x7F, 0xFF] {
                let mut damaged = sound;
                damaged[at] = value;
                read(&damaged);
            }
        }
    }
}
