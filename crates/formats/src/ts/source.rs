use std::io;
use std::sync::Arc;

use reelwright_media::ReadAt;

use super::packet::{Continuity, Framing, PACKET, Packet};
use super::pes::PesHeader;

/// An elementary stream read out of the packets that carry it.
///
/// A byte is addressed by the place in the file of the packet in which its PES packet begins, plus its distance from the
/// beginning of that one's data. So addresses grow as in the file, a PES packet's data is contiguous, and nothing has to
/// be kept but where PES packets begin: the rest is read again, the same way as when the index was made.
#[derive(Debug)]
pub(super) struct Elementary {
    pub(super) file: Arc<dyn ReadAt>,
    pub(super) framing: Framing,
    pub(super) pid: u16,
    /// Where packets begin in which PES packets begin, in order.
    pub(super) starts: Vec<u64>,
}

impl ReadAt for Elementary {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let index = self.starts.partition_point(|&start| start <= offset);
        let Some(&start) = index.checked_sub(1).and_then(|index| self.starts.get(index)) else {
            return Ok(0);
        };
        let mut walk = Walk::new(self, start);
        let mut skip = usize::try_from(offset - start).unwrap_or(usize::MAX);
        let mut filled = 0;
        while filled < buffer.len() {
            let Some(data) = walk.next_data()? else { break };
            let passed = skip.min(data.len());
            skip -= passed;
            let data = &data[passed..];
            let count = data.len().min(buffer.len() - filled);
            buffer[filled..filled + count].copy_from_slice(&data[..count]);
            filled += count;
        }
        Ok(filled)
    }

    fn len(&self) -> u64 {
        self.file.len()
    }
}

/// Walks the packets of one PES packet.
struct Walk<'a> {
    stream: &'a Elementary,
    /// Where the next packet to look at stands.
    next: u64,
    begun: bool,
    continuity: Continuity,
    /// The PES header, as far as it has come.
    header: Option<Vec<u8>>,
    block: Vec<u8>,
    block_at: u64,
    out: Vec<u8>,
}

impl<'a> Walk<'a> {
    /// Packets read at a time: a few kilobytes cover most frames of sound, and pictures come in several turns.
    const PACKETS: usize = 64;

    fn new(stream: &'a Elementary, start: u64) -> Self {
        Self {
            stream,
            next: start,
            begun: false,
            continuity: Continuity::default(),
            header: Some(Vec::new()),
            block: Vec::new(),
            block_at: 0,
            out: Vec::new(),
        }
    }

    /// The data of the next packet of the stream; `None` where another PES packet begins or the file ends.
    fn next_data(&mut self) -> io::Result<Option<&[u8]>> {
        loop {
            let Some(bytes) = self.bytes()? else { return Ok(None) };
            self.next += self.stream.framing.step;
            let Some(packet) = Packet::parse(&bytes) else {
                if bytes[0] != 0x47 {
                    return Ok(None); // the index was cut here too
                }
                continue;
            };
            if packet.pid != self.stream.pid || packet.payload.is_empty() || packet.scrambled {
                continue;
            }
            if !self.continuity.is_new(&packet) {
                continue;
            }
            if packet.starts && self.begun {
                return Ok(None);
            }
            self.begun = true;
            self.out.clear();
            match &mut self.header {
                None => self.out.extend_from_slice(packet.payload),
                Some(header) => {
                    header.extend_from_slice(packet.payload);
                    match PesHeader::parse(header) {
                        Ok(Some(found)) => {
                            self.out.extend_from_slice(&header[found.length..]);
                            self.header = None;
                        }
                        Ok(None) => continue,
                        Err(_) => return Ok(None),
                    }
                }
            }
            return Ok(Some(&self.out));
        }
    }

    fn bytes(&mut self) -> io::Result<Option<[u8; PACKET]>> {
        let step = usize::try_from(self.stream.framing.step).unwrap_or(PACKET);
        let inside = self.next.checked_sub(self.block_at).and_then(|skip| usize::try_from(skip).ok());
        let inside = inside.filter(|skip| skip + PACKET <= self.block.len());
        let skip = match inside {
            Some(skip) => skip,
            None => {
                self.block.resize(Self::PACKETS * step, 0);
                let mut filled = 0;
                while filled < self.block.len() {
                    match self.stream.file.read_at(&mut self.block[filled..], self.next + filled as u64) {
                        Ok(0) => break,
                        Ok(count) => filled += count,
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                        Err(error) => return Err(error),
                    }
                }
                self.block.truncate(filled);
                self.block_at = self.next;
                0
            }
        };
        let bytes = self.block.get(skip..skip + PACKET);
        Ok(bytes.and_then(|bytes| bytes.try_into().ok()))
    }
}
