//! What the fuzz targets share: the bound on memory, and what is done with an input.
#![forbid(unsafe_code)]

#[path = "../../crates/reelwright/tests/hostile/exercise.rs"]
pub mod exercise;

use std::sync::Arc;

use bytes::Bytes;
use peak_alloc::PeakAlloc;
use reelwright_media::{ReadAt, Result, Time};

/// Counts what the library allocates; libFuzzer itself allocates elsewhere.
#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// Whatever an input of `length` bytes says, it may take this much memory beside itself.
fn allowed(length: usize) -> usize {
    (24 << 20) + 4 * length
}

/// Runs `job` on `data` and fails where it took more memory than [`allowed`].
pub fn bounded<T>(data: &[u8], job: impl FnOnce(Bytes) -> T) -> T {
    let bytes = Bytes::copy_from_slice(data);
    HEAP.reset_peak_usage();
    let before = HEAP.current_usage();
    let result = job(bytes);
    let taken = HEAP.peak_usage().saturating_sub(before);
    assert!(taken <= allowed(data.len()), "{taken} bytes of memory for {} bytes of input", data.len());
    result
}

/// Opens `bytes` whatever they are, walks all samples of all tracks, seeks, and loads some payloads.
pub fn walk(source: Arc<dyn ReadAt>) -> Result<()> {
    let demuxer = reelwright_formats::open(source)?;
    let movie = demuxer.movie().clone();
    for track in &movie.tracks {
        let mut cursor = demuxer.cursor(track.id)?;
        let mut count = 0u64;
        while let Ok(Some(sample)) = cursor.next_sample() {
            if count.is_multiple_of(64) {
                let loaded = sample.payload.load();
                assert!(loaded.is_err() || loaded.is_ok_and(|bytes| bytes.len() as u64 == sample.payload.len()));
            }
            count += 1;
        }
        for seconds in [0, 1, i64::MAX] {
            cursor.seek(Time::from_secs(seconds))?;
            let _ = cursor.peek_offset()?;
            let _ = cursor.next_sample();
        }
    }
    Ok(())
}

/// `data` with `magic` written over its first bytes at `at`, so that the wanted parser is reached.
pub fn stamped(data: &[u8], at: usize, magic: &[u8]) -> Bytes {
    let mut bytes = data.to_vec();
    if let Some(place) = bytes.get_mut(at..at + magic.len()) {
        place.copy_from_slice(magic);
    }
    bytes.into()
}

/// Bytes that go on as zeros, so that an index without its media can be walked.
#[derive(Debug)]
pub struct WithTail(pub Bytes);

/// How far they go on.
const TAIL: u64 = 1 << 20;

impl ReadAt for WithTail {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> std::io::Result<usize> {
        if offset < self.0.len() as u64 {
            return self.0.read_at(buffer, offset);
        }
        let count = usize::try_from(self.len().saturating_sub(offset)).unwrap_or(0).min(buffer.len());
        buffer[..count].fill(0);
        Ok(count)
    }

    fn len(&self) -> u64 {
        self.0.len() as u64 + TAIL
    }
}
