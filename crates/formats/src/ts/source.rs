use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use reelwright_media::ReadAt;

use super::packet::{Continuity, Framing, PACKET, Packet};
use super::pes::Opening;

/// An elementary stream read out of the packets that carry it.
///
/// A byte is addressed by the place in the file of the packet in which its PES packet begins, plus its distance from the
/// beginning of that one's data. So addresses grow as in the file, a PES packet's data is contiguous, and nothing has to
/// be kept but where PES packets begin: the rest is read again, the same way as when the index was made.
#[derive(Debug)]
pub(super) struct Elementary {
    file: Arc<dyn ReadAt>,
    framing: Framing,
    pid: u16,
    /// Where packets begin in which PES packets begin, in order.
    starts: Vec<u64>,
    /// Where the last reading ended: a PES packet of many frames is walked once, not once for each of them.
    walk: Mutex<Option<Walk>>,
}

impl Elementary {
    /// The stream `pid` of a file, whose PES packets begin in the packets at `starts`.
    pub(super) fn new(file: Arc<dyn ReadAt>, framing: Framing, pid: u16, starts: Vec<u64>) -> Self {
        Self { file, framing, pid, starts, walk: Mutex::new(None) }
    }

    /// A walk that stands at byte `position` of the PES packet at `start`, or before it.
    fn walk_to(&self, start: u64, position: u64) -> Walk {
        let last = self.walk.lock().unwrap_or_else(PoisonError::into_inner).take();
        match last {
            Some(walk) if walk.start == start && walk.position <= position => walk,
            Some(walk) => Walk::new(start, walk.block),
            None => Walk::new(start, Block::default()),
        }
    }
}

impl ReadAt for Elementary {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let index = self.starts.partition_point(|&start| start <= offset);
        let Some(&start) = index.checked_sub(1).and_then(|index| self.starts.get(index)) else {
            return Ok(0);
        };
        let wanted = offset - start;
        let mut walk = self.walk_to(start, wanted);
        let mut filled = 0;
        while filled < buffer.len() {
            let Some(data) = walk.data(self)? else { break };
            let skip = usize::try_from(wanted.saturating_sub(walk.position)).unwrap_or(usize::MAX);
            let taken = skip.saturating_add(buffer.len() - filled).min(data.len());
            let kept = &walk.block.bytes[data][skip.min(taken)..taken];
            buffer[filled..filled + kept.len()].copy_from_slice(kept);
            filled += kept.len();
            walk.pass(taken);
        }
        *self.walk.lock().unwrap_or_else(PoisonError::into_inner) = Some(walk);
        Ok(filled)
    }

    fn len(&self) -> u64 {
        self.file.len()
    }
}

/// Walks the packets of one PES packet.
#[derive(Debug)]
struct Walk {
    /// Where the packet stands in which it begins.
    start: u64,
    /// How much of its data is passed.
    position: u64,
    /// Where the next transport packet to look at stands.
    next: u64,
    continuity: Continuity,
    /// What takes the PES header in; nothing once it is complete.
    opening: Option<Opening>,
    block: Block,
    /// What is left of the data of the last transport packet, in the block.
    left: Range<usize>,
    /// Nothing of the PES packet follows.
    ended: bool,
}

/// A piece of the file.
#[derive(Debug, Default)]
struct Block {
    bytes: Vec<u8>,
    at: u64,
}

impl Walk {
    fn new(start: u64, block: Block) -> Self {
        let (continuity, opening) = (Continuity::new(), Some(Opening::new()));
        Self { start, position: 0, next: start, continuity, opening, block, left: 0..0, ended: false }
    }

    /// Where the data that comes next stands in the block, some bytes at least; `None` where another PES packet begins or
    /// the file ends.
    fn data(&mut self, stream: &Elementary) -> io::Result<Option<Range<usize>>> {
        while self.left.is_empty() && !self.ended {
            let Some(at) = self.block.hold(stream, self.next)? else { return Ok(None) };
            let bytes = &self.block.bytes[at..at + PACKET];
            let first = self.next == self.start;
            self.next += stream.framing.step;
            let Some(packet) = Packet::parse(bytes) else {
                self.ended = bytes[0] != 0x47; // the index was cut here too
                continue;
            };
            let ours = packet.pid == stream.pid && !packet.payload.is_empty() && !packet.scrambled;
            if !ours || !self.continuity.is_new(&packet) {
                continue;
            }
            if packet.starts && !first {
                self.ended = true;
                continue;
            }
            // A payload goes to the end of its packet.
            let end = at + PACKET;
            match self.opening.as_mut().map(|opening| opening.take(packet.payload)) {
                None => self.left = end - packet.payload.len()..end,
                Some(Ok(Some((_, data)))) => {
                    self.left = end - data.len()..end;
                    self.opening = None;
                }
                Some(Ok(None)) => {}
                Some(Err(_)) => self.ended = true,
            }
        }
        Ok((!self.left.is_empty()).then(|| self.left.clone()))
    }

    /// Passes over the next `count` bytes of what [`Self::data`] found.
    fn pass(&mut self, count: usize) {
        self.left.start += count;
        self.position += count as u64;
    }
}

impl Block {
    /// Packets read at a time: enough for most frames of sound, and pictures come in several turns.
    const PACKETS: usize = 64;

    /// Holds the packet at `at`, and tells where in the block it stands; `None` where the file ends before it does.
    fn hold(&mut self, stream: &Elementary, at: u64) -> io::Result<Option<usize>> {
        let inside = at.checked_sub(self.at).and_then(|skip| usize::try_from(skip).ok());
        if let Some(skip) = inside.filter(|skip| skip.saturating_add(PACKET) <= self.bytes.len()) {
            return Ok(Some(skip));
        }
        let step = usize::try_from(stream.framing.step).unwrap_or(PACKET);
        self.bytes.resize(Self::PACKETS * step, 0);
        let mut filled = 0;
        while filled < self.bytes.len() {
            match stream.file.read_at(&mut self.bytes[filled..], at + filled as u64) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.bytes.truncate(filled);
        self.at = at;
        Ok((filled >= PACKET).then_some(0))
    }
}
