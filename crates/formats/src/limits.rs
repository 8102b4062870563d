//! How much of a kind is kept: a few bytes of a hostile file can state thousands of things that take far more memory than they
//! took bytes. Whatever a file says, opening it takes at most 24 MiB and 4 times its length.

use reelwright_media::{Error, ErrorKind, Result};

/// Tracks of a file.
pub(crate) const MOST_TRACKS: usize = 512;

/// Facts about a film, from one list.
pub(crate) const MOST_ITEMS: usize = 1024;

/// Chapters of a film.
pub(crate) const MOST_CHAPTERS: usize = 10_000;

/// After this many warnings nobody reads on.
const MOST_WARNINGS: usize = 100;

/// Packets a file may have at all; beyond that, one for every so many of its bytes.
const ALWAYS: u64 = 1 << 16;

/// Bytes of a file for each of its packets, on average: less is rarer than an attack. An index takes some 56 bytes of memory a
/// packet while it is made, which is less than 4 times this.
pub(crate) const LEAST_PACKET: u64 = 16;

/// The same where an elementary stream must be cut into its packets, which takes some 120 bytes each: packets of transport
/// leave no room for many small ones.
pub(crate) const LEAST_UNIT: u64 = 48;

/// Whether a file of `length` bytes may have one more packet than `count`, on average of `least` bytes.
///
/// # Errors
///
/// [`ErrorKind::Limit`] where it may not.
pub(crate) fn check_packets(count: usize, length: u64, least: u64) -> Result<()> {
    if (count as u64) < ALWAYS + length / least {
        return Ok(());
    }
    let message = format!("more than {count} packets in a file of {length} bytes");
    Err(Error::new(ErrorKind::Limit, message)
        .with_hint("the file is damaged: copy it again from where it came from"))
}

/// Adds a warning while anybody would read it.
pub(crate) fn warn(warnings: &mut Vec<String>, warning: impl FnOnce() -> String) {
    if warnings.len() < MOST_WARNINGS {
        warnings.push(warning());
    }
}
