use std::sync::Arc;

use reelwright_media::{Missing, Movie, Result, SampleBuffer, Time};

/// An opened input: what it holds, and a cursor over the samples of each track.
///
/// Cursors are independent of each other and of the demuxer's lifetime; opening one costs no I/O beyond a bounded
/// window.
pub trait Demuxer: Send + Sync {
    /// What the file says of itself and its tracks.
    fn movie(&self) -> &Arc<Movie>;

    /// A cursor at the first sample of the track with ID `track`.
    ///
    /// # Errors
    ///
    /// [`reelwright_media::ErrorKind::Misuse`] where there is no such track.
    fn cursor(&self, track: u32) -> Result<Box<dyn SampleCursor>>;

    /// What the index lists of `track` but the input doesn't hold; `None` where everything is there. Cursors pass over
    /// such samples.
    fn missing(&self, _track: u32) -> Option<Missing> {
        None
    }
}

/// Walks the samples of one track in storage (decode) order. `AVSampleCursor`.
///
/// Payloads are ranges of the source: nothing is read until somebody loads them. Times are media times, before any
/// edit list. LPCM and other constant-size audio comes in runs of many frames, at most a chunk long.
pub trait SampleCursor: Send {
    /// The next sample, or `None` after the last.
    fn next_sample(&mut self) -> Result<Option<SampleBuffer>>;

    /// The payload offset of the next sample in the source, without moving on; `None` after the last. A copy uses it
    /// to keep the source's chunk order.
    fn peek_offset(&mut self) -> Result<Option<u64>>;

    /// Moves to the last sync sample that is decoded at or before the sample shown at `time`, so that decoding from
    /// there shows everything from `time` on; to the first sample where there is none before it.
    fn seek(&mut self, time: Time) -> Result<()>;
}
