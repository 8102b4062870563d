use std::borrow::Cow;

use super::syncsafe;
use crate::inflate::{Bound, inflate};

/// A frame of a tag.
pub(super) struct Frame<'a> {
    /// Its four letters; those of version 2.2 in their later form.
    pub(super) id: String,
    /// Its data as the writer meant it; empty where it is encrypted.
    pub(super) data: Cow<'a, [u8]>,
    /// Why there is no data, where that is so.
    pub(super) hidden: Option<&'static str>,
}

/// The frames of a tag or of a frame that holds frames.
pub(super) struct Frames<'a> {
    pub(super) rest: &'a [u8],
    /// The second number of the version.
    pub(super) major: u8,
    /// The tag's header says that all frames are unsynchronised.
    pub(super) unsynchronised: bool,
}

impl<'a> Iterator for Frames<'a> {
    type Item = Frame<'a>;

    fn next(&mut self) -> Option<Frame<'a>> {
        let header = Header::read(self.rest, self.major)?;
        let body = self.rest.get(header.length..)?;
        let size = if self.major == 4 { size_of_v4(header.size, body) } else { plain(header.size) };
        let (data, tail) = body.split_at_checked(size)?;
        self.rest = tail;
        Some(header.frame(data, self.major, self.unsynchronised))
    }
}

struct Header {
    id: String,
    size: [u8; 4],
    flags: u8,
    length: usize,
}

impl Header {
    /// `None` where padding begins.
    fn read(bytes: &[u8], major: u8) -> Option<Self> {
        let header = if major == 2 {
            let &[a, b, c, high, middle, low] = bytes.first_chunk::<6>()?;
            Self { id: upgrade(&[a, b, c]), size: [0, high, middle, low], flags: 0, length: 6 }
        } else {
            let &[id @ .., s0, s1, s2, s3, _, flags] = bytes.first_chunk::<10>()?;
            let id = String::from_utf8_lossy(&id).into_owned();
            Self { id, size: [s0, s1, s2, s3], flags, length: 10 }
        };
        is_name(header.id.as_bytes()).then_some(header)
    }

    fn frame<'a>(self, mut data: &'a [u8], major: u8, unsynchronised: bool) -> Frame<'a> {
        let flag = |v4: u8, v3: u8| match major {
            4 => self.flags & v4 != 0,
            3 => self.flags & v3 != 0,
            _ => false,
        };
        let (grouped, compressed, encrypted) = (flag(0x40, 0x20), flag(0x08, 0x80), flag(0x04, 0x40));
        let (resync, counted) = (flag(0x02, 0) || unsynchronised && major == 4, flag(0x01, 0));
        // What the flags announce stands in front of the data.
        let extra = usize::from(grouped) + if counted || compressed && major == 3 { 4 } else { 0 };
        data = data.get(extra..).unwrap_or_default();
        if encrypted {
            return Frame { id: self.id, data: Cow::Borrowed(&[]), hidden: Some("it is encrypted") };
        }
        let data = if resync { Cow::Owned(resynchronise(data)) } else { Cow::Borrowed(data) };
        if !compressed {
            return Frame { id: self.id, data, hidden: None };
        }
        match inflate(&data, Bound::of_piece(data.len() as u64)) {
            Ok(data) => Frame { id: self.id, data: Cow::Owned(data), hidden: None },
            Err(_) => {
                Frame { id: self.id, data: Cow::Borrowed(&[]), hidden: Some("its compression is damaged") }
            }
        }
    }
}

/// A frame's size in version 2.4. iTunes long wrote plain numbers where seven bits a byte belong: what leads to another
/// frame, to padding or to the end is right.
fn size_of_v4(size: [u8; 4], body: &[u8]) -> usize {
    let plain = plain(size);
    let Some(syncsafe) = syncsafe(&size).map(|size| size as usize) else { return plain };
    if plain != syncsafe && !leads_on(body, syncsafe) && leads_on(body, plain) { plain } else { syncsafe }
}

fn plain(size: [u8; 4]) -> usize {
    u32::from_be_bytes(size) as usize
}

fn leads_on(body: &[u8], size: usize) -> bool {
    let Some(tail) = body.get(size..) else { return false };
    match tail.first_chunk::<4>() {
        Some(id) if tail.len() >= 10 => is_name(id) || *id == [0; 4],
        _ => tail.iter().all(|&byte| byte == 0),
    }
}

fn is_name(id: &[u8]) -> bool {
    id.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// Undoes what keeps tags from looking like sound.
pub(super) fn resynchronise(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut after_ff = false;
    for &byte in bytes {
        if !(after_ff && byte == 0) {
            out.push(byte);
        }
        after_ff = byte == 0xFF;
    }
    out
}

/// The four letters for the three of version 2.2.
fn upgrade(id: &[u8; 3]) -> String {
    const NAMES: [(&[u8; 3], &str); 46] = [
        (b"TT1", "TIT1"),
        (b"TT2", "TIT2"),
        (b"TT3", "TIT3"),
        (b"TP1", "TPE1"),
        (b"TP2", "TPE2"),
        (b"TP3", "TPE3"),
        (b"TP4", "TPE4"),
        (b"TAL", "TALB"),
        (b"TRK", "TRCK"),
        (b"TPA", "TPOS"),
        (b"TYE", "TYER"),
        (b"TDA", "TDAT"),
        (b"TIM", "TIME"),
        (b"TCO", "TCON"),
        (b"TCM", "TCOM"),
        (b"TXT", "TEXT"),
        (b"TLA", "TLAN"),
        (b"TBP", "TBPM"),
        (b"TKE", "TKEY"),
        (b"TCP", "TCMP"),
        (b"TCR", "TCOP"),
        (b"TPB", "TPUB"),
        (b"TRC", "TSRC"),
        (b"TEN", "TENC"),
        (b"TSS", "TSSE"),
        (b"TMT", "TMED"),
        (b"TFT", "TFLT"),
        (b"TLE", "TLEN"),
        (b"TOT", "TOAL"),
        (b"TOA", "TOPE"),
        (b"TOL", "TOLY"),
        (b"TOR", "TORY"),
        (b"TOF", "TOFN"),
        (b"TS2", "TSO2"),
        (b"TSA", "TSOA"),
        (b"TSC", "TSOC"),
        (b"TSP", "TSOP"),
        (b"TST", "TSOT"),
        (b"TXX", "TXXX"),
        (b"COM", "COMM"),
        (b"ULT", "USLT"),
        (b"PIC", "APIC"),
        (b"GP1", "GRP1"),
        (b"MVN", "MVNM"),
        (b"WXX", "WXXX"),
        (b"UFI", "UFID"),
    ];
    let known = NAMES.iter().find(|(short, _)| *short == id).map(|(_, name)| (*name).to_owned());
    known.unwrap_or_else(|| String::from_utf8_lossy(id).into_owned())
}
