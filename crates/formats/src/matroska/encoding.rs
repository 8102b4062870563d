use bytes::Bytes;
use reelwright_media::{Error, Result};

use super::ebml::{elements, unsigned};
use crate::inflate::{Coat, Coating};

/// What was done to a track's data before it was stored (RFC 9559, 5.1.4.1.31).
#[derive(Clone, Debug, Default)]
pub(super) struct Encodings {
    pub(super) frames: Coating,
    pub(super) private: Coating,
}

/// Reads `ContentEncodings`: they are undone from the highest order down.
///
/// # Errors
///
/// Unsupported where one can't be undone: encryption and compression by other means than zlib and stripped headers.
pub(super) fn read(data: &[u8]) -> Result<Encodings> {
    const FRAMES: u64 = 1;
    const PRIVATE: u64 = 2;
    let mut found = Vec::new();
    for (_, encoding) in elements(data).filter(|(id, _)| *id == 0x6240).take(16) {
        let (mut order, mut scope, mut encrypted) = (0, FRAMES, false);
        let (mut method, mut settings) = (0, Bytes::new());
        for (id, data) in elements(encoding) {
            match id {
                0x5031 => order = unsigned(data),
                0x5032 => scope = unsigned(data),
                0x5033 => encrypted = unsigned(data) != 0,
                0x5034 => {
                    for (id, data) in elements(data) {
                        match id {
                            0x4254 => method = unsigned(data),
                            0x4255 => settings = Bytes::copy_from_slice(data),
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
        }
        let coat = match (encrypted, method) {
            (true, _) => Err("encrypted"),
            (_, 0) => Ok(Coat::Zlib),
            (_, 1) => Err("compressed by bzlib"),
            (_, 2) => Err("compressed by lzo1x"),
            (_, 3) => Ok(Coat::Stripped(settings)),
            _ => Err("compressed in an unknown way"),
        };
        let coat = coat.map_err(|how| Error::unsupported(format!("its frames are {how}")))?;
        found.push((order, scope, coat));
    }
    found.sort_by_key(|(order, ..)| std::cmp::Reverse(*order));
    let of = |wanted: u64| {
        let coats = found.iter().filter(|(_, scope, _)| scope & wanted != 0);
        Coating::new(coats.map(|(.., coat)| coat.clone()).collect())
    };
    Ok(Encodings { frames: of(FRAMES), private: of(PRIVATE) })
}
