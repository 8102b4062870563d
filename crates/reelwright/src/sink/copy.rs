//! Bytes from one file to another, and by position: with the kernel's help where there is some.

use std::fs::File;
use std::io;

/// Where a write begins at a multiple of this, the kernel caches it in large pages, which makes copies a fifth cheaper.
#[cfg(target_os = "linux")]
const LARGE_PAGES: u64 = 1 << 20;

/// Copies up to `len` bytes between two files without bringing them here, and tells how many. None where the two don't
/// allow it (another file system, a kind of file that can't, a kernel that won't), and where something is wrong: whoever
/// then copies by hand learns whether it is with the input or the output.
#[cfg(target_os = "linux")]
pub(super) fn in_kernel(from: &File, from_offset: u64, to: &File, to_offset: u64, len: u64) -> u64 {
    let (mut read, mut written) = (from_offset, to_offset);
    let ahead = to_offset.next_multiple_of(LARGE_PAGES) - to_offset;
    let len = if ahead > 0 { len.min(ahead) } else { len };
    let len = usize::try_from(len).unwrap_or(usize::MAX);
    rustix::fs::copy_file_range(from, Some(&mut read), to, Some(&mut written), len).unwrap_or(0) as u64
}

/// Copies up to `len` bytes between two files without bringing them here, and tells how many.
#[cfg(not(target_os = "linux"))]
pub(super) fn in_kernel(_: &File, _: u64, _: &File, _: u64, _: u64) -> u64 {
    0
}

/// Writes all of `bytes` at `offset`.
#[cfg(unix)]
pub(super) fn write_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, offset)
}

/// Writes all of `bytes` at `offset`.
#[cfg(windows)]
pub(super) fn write_at(file: &File, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let count = std::os::windows::fs::FileExt::seek_write(file, bytes, offset)?;
        if count == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        bytes = &bytes[count..];
        offset += count as u64;
    }
    Ok(())
}

/// Fills `bytes` from `offset`.
#[cfg(unix)]
pub(super) fn read_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, offset)
}

/// Fills `bytes` from `offset`.
#[cfg(windows)]
pub(super) fn read_at(file: &File, mut bytes: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let count = std::os::windows::fs::FileExt::seek_read(file, bytes, offset)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes = &mut bytes[count..];
        offset += count as u64;
    }
    Ok(())
}
