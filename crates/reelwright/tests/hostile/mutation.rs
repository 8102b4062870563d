//! Damage to real files, the same on every run.

use std::ops::Range;

use bytes::Bytes;

/// Makes damaged copies of one file.
pub(crate) struct Mutator<'a> {
    whole: &'a Bytes,
    /// Where the file says what is in it.
    index: Vec<Range<usize>>,
}

impl<'a> Mutator<'a> {
    pub(crate) fn new(whole: &'a Bytes) -> Self {
        Self { whole, index: index(whole) }
    }

    /// Mutation number `seed` of the file called `name`: every second one hits the index alone.
    pub(crate) fn mutate(&self, name: &str, seed: u64) -> Bytes {
        let mut random = Random::new(name, seed);
        let mut bytes = self.whole.to_vec();
        let parts = match &self.index[..] {
            parts if !parts.is_empty() && seed.is_multiple_of(2) => parts.to_vec(),
            _ => std::iter::once(0..bytes.len()).collect(),
        };
        for _ in 0..=random.below(6) {
            let part = parts[random.below(parts.len())].clone();
            damage(&mut bytes, part, &mut random);
        }
        bytes.into()
    }
}

/// One wound.
fn damage(bytes: &mut Vec<u8>, part: Range<usize>, random: &mut Random) {
    let part = part.start.min(bytes.len())..part.end.min(bytes.len());
    if part.len() < 16 {
        return;
    }
    let at = part.start + random.below(part.len() - 8);
    match random.below(9) {
        0 => bytes[at] ^= 1 << random.below(8),
        1 => bytes[at] = random.next() as u8,
        2 => bytes[at..at + 4].fill(0xFF),
        3 => bytes[at..at + 4].fill(0),
        // Numbers at the edge of what is sound.
        4 => {
            const EDGES: [u32; 8] = [1, 7, 8, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFE, 0x0100_0000, 0x10_0000];
            let edge = EDGES[random.below(EDGES.len())];
            bytes[at..at + 4].copy_from_slice(&edge.to_be_bytes());
        }
        // A little more or less than it was.
        5 => bytes[at] = bytes[at].wrapping_add(random.below(5) as u8).wrapping_sub(2),
        // Something else of the file in this place.
        6 => {
            let count = random.below(64.min(bytes.len() - at)) + 1;
            let from = random.below(bytes.len() - count + 1);
            let copy = bytes[from..from + count].to_vec();
            bytes[at..at + count].copy_from_slice(&copy);
        }
        7 => {
            let count = random.below(32.min(bytes.len() - at)) + 1;
            bytes.drain(at..at + count);
        }
        _ => {
            let count = random.below(32) + 1;
            let copy: Vec<u8> = (0..count).map(|_| random.next() as u8).collect();
            bytes.splice(at..at, copy);
        }
    }
}

/// Where the index lies: `moov`, `moof` and the like; else the beginning, where all other containers describe themselves.
fn index(bytes: &[u8]) -> Vec<Range<usize>> {
    const INDEX: [&[u8]; 6] = [b"moov", b"moof", b"sidx", b"mfra", b"ftyp", b"meta"];
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(header) = bytes.get(at..at + 8) {
        let size = u32::from_be_bytes(header[..4].try_into().unwrap()) as usize;
        let size = match size {
            0 => bytes.len() - at,
            1 => bytes
                .get(at + 8..at + 16)
                .map_or(8, |size| u64::from_be_bytes(size.try_into().unwrap()) as usize),
            size => size,
        };
        if !header[4..].iter().all(u8::is_ascii_graphic) || size < 8 {
            break;
        }
        let end = at.saturating_add(size).min(bytes.len());
        if INDEX.contains(&&header[4..]) {
            found.push(at..end);
        }
        at = end;
    }
    if found.is_empty() {
        // One part of many bytes, not many parts.
        found.push(0..bytes.len().min(4096));
    }
    found
}

/// xorshift64*.
struct Random(u64);

impl Random {
    /// Begins at the FNV-1a hash of name and seed.
    fn new(name: &str, seed: u64) -> Self {
        let bytes = name.bytes().chain(seed.to_be_bytes());
        Self(
            bytes.fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3)
            }) | 1,
        )
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }
}
