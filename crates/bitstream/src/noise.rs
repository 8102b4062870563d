//! Inputs for the "any bytes are survived" tests: the same ones on every run.

/// Calls `check` with `count` pieces of pseudo-random bytes, rich in zeros and ones so that codes get deep.
pub(crate) fn for_each(count: u32, mut check: impl FnMut(&[u8])) {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    for round in 0..count {
        let length = (random.next() % 200) as usize;
        let bytes: Vec<u8> = (0..length)
            .map(|_| match (round % 3, random.next() % 4) {
                (0, _) | (1, 0) => (random.next() & 0xFF) as u8,
                (1, _) => 0,
                (_, 0) => 0xFF,
                _ => (random.next() % 4) as u8,
            })
            .collect();
        check(&bytes);
    }
}

/// Calls `check` with every cut of `sound` and with `count` copies of it in which a few bytes differ.
pub(crate) fn for_each_damage(sound: &[u8], count: u32, mut check: impl FnMut(&[u8])) {
    for length in 0..sound.len() {
        check(&sound[..length]);
    }
    let mut random = Random(0xD1B5_4A32_D192_ED03);
    for _ in 0..count {
        let mut bytes = sound.to_vec();
        for _ in 0..=random.next() % 4 {
            if !bytes.is_empty() {
                let at = (random.next() % bytes.len() as u64) as usize;
                bytes[at] = (random.next() & 0xFF) as u8;
            }
        }
        check(&bytes);
    }
}

/// xorshift64*.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16
    }
}
