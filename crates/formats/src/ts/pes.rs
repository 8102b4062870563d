use reelwright_media::Error;

/// The beginning of a PES packet (ISO/IEC 13818-1, 2.4.3.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PesHeader {
    /// Bytes of the header: the elementary stream goes on behind it.
    pub(super) length: usize,
    /// When the access unit that begins in the packet is shown, in 33 bits of 90 kHz.
    pub(super) pts: Option<u64>,
    /// When it is decoded; the same where not stated.
    pub(super) dts: Option<u64>,
}

impl PesHeader {
    /// Parses a header; `Ok(None)` where more bytes are needed.
    pub(super) fn parse(bytes: &[u8]) -> Result<Option<Self>, Error> {
        let Some(fixed) = bytes.first_chunk::<6>() else { return Ok(None) };
        if fixed[..3] != [0, 0, 1] {
            return Err(Error::malformed("a PES packet without start code"));
        }
        // Padding, maps and directories have no such header.
        if matches!(fixed[3], 0xBC | 0xBE | 0xBF | 0xF0 | 0xF1 | 0xF2 | 0xF8 | 0xFF) {
            return Ok(Some(Self { length: 6, pts: None, dts: None }));
        }
        let Some(head) = bytes.first_chunk::<9>() else { return Ok(None) };
        let length = 9 + usize::from(head[8]);
        let Some(whole) = bytes.get(..length) else { return Ok(None) };
        let flags = head[7] >> 6;
        let pts = if flags & 2 != 0 { whole.get(9..14).map(timestamp) } else { None };
        let dts = if flags == 3 { whole.get(14..19).map(timestamp) } else { None };
        Ok(Some(Self { length, pts, dts: dts.or(pts) }))
    }
}

/// 33 bits in three parts with markers between.
fn timestamp(bytes: &[u8]) -> u64 {
    let byte = |index: usize| u64::from(bytes.get(index).copied().unwrap_or(0));
    (byte(0) >> 1 & 7) << 30 | byte(1) << 22 | (byte(2) >> 1) << 15 | byte(3) << 7 | byte(4) >> 1
}

/// Finds where the data of a PES packet begins, in the transport packets that carry its header.
#[derive(Debug)]
pub(super) struct Opening {
    /// What has come of a header that spans transport packets, which is rare.
    begun: Vec<u8>,
}

impl Opening {
    /// Nothing has come yet.
    pub(super) const fn new() -> Self {
        Self { begun: Vec::new() }
    }

    /// Takes in the next payload: the header once it is complete, and what follows it in this payload.
    pub(super) fn take<'a>(&mut self, payload: &'a [u8]) -> Result<Option<(PesHeader, &'a [u8])>, Error> {
        let before = self.begun.len();
        let found = if before == 0 {
            PesHeader::parse(payload)?
        } else {
            self.begun.extend_from_slice(payload);
            PesHeader::parse(&self.begun)?
        };
        match found {
            Some(header) => {
                let data = payload.get(header.length.saturating_sub(before)..).unwrap_or_default();
                self.begun.clear();
                Ok(Some((header, data)))
            }
            None => {
                if before == 0 {
                    self.begun.extend_from_slice(payload);
                }
                Ok(None)
            }
        }
    }
}

/// Makes times of 33 bits go on beyond their end.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Unwrap {
    last: Option<i64>,
}

impl Unwrap {
    /// The time nearest to the one before.
    pub(super) fn time(&mut self, stamp: u64, near: Option<i64>) -> i64 {
        const WHOLE: i64 = 1 << 33;
        let stamp = i64::try_from(stamp).unwrap_or(0);
        let near = self.last.or(near).unwrap_or(stamp);
        let turns = (near - stamp + WHOLE / 2).div_euclid(WHOLE);
        let time = stamp + turns * WHOLE;
        self.last = Some(time);
        time
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read() {
        let mut bytes = vec![0, 0, 1, 0xE0, 0, 0, 0x80, 0xC0, 10];
        bytes.extend([0x31, 0, 7, 0xD8, 0x61, 0x11, 0, 7, 0xA9, 0x71]);
        assert_eq!(PesHeader::parse(&bytes[..12]).unwrap(), None);
        let header = PesHeader::parse(&bytes).unwrap().unwrap();
        assert_eq!((header.length, header.pts, header.dts), (19, Some(126_000), Some(119_992)));
    }

    #[test]
    fn headers_are_put_together() {
        let mut bytes = vec![0, 0, 1, 0xE0, 0, 0, 0x80, 0x80, 5];
        bytes.extend([0x21, 0, 7, 0xD8, 0x61, 0xAA, 0xBB]);
        for cut in 0..14 {
            let mut opening = Opening::new();
            assert_eq!(opening.take(&bytes[..cut]).unwrap(), None);
            let (header, data) = opening.take(&bytes[cut..]).unwrap().unwrap();
            assert_eq!((header.length, header.pts, data), (14, Some(126_000), &[0xAA, 0xBB][..]), "{cut}");
        }
    }

    #[test]
    fn times_go_on_beyond_33_bits() {
        let mut unwrap = Unwrap::default();
        let top = (1u64 << 33) - 1000;
        assert_eq!(unwrap.time(top, None), top as i64);
        assert_eq!(unwrap.time(500, None), (1 << 33) + 500);
        assert_eq!(unwrap.time(top, None), top as i64);
    }
}
