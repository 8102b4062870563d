//! MP4 and QuickTime behind the common traits.

use std::sync::Arc;

use reelwright_media::{Missing, Movie, Result, SampleBuffer, Time};

use crate::{Demuxer, SampleCursor};

impl Demuxer for reelwright_bmff::Demuxer {
    fn movie(&self) -> &Arc<Movie> {
        self.movie()
    }

    fn cursor(&self, track: u32) -> Result<Box<dyn SampleCursor>> {
        Ok(Box::new(self.cursor(track)?))
    }

    fn missing(&self, track: u32) -> Option<Missing> {
        self.missing(track)
    }
}

impl SampleCursor for reelwright_bmff::Cursor {
    fn next_sample(&mut self) -> Result<Option<SampleBuffer>> {
        self.next_sample()
    }

    fn peek_offset(&mut self) -> Result<Option<u64>> {
        self.peek_offset()
    }

    fn seek(&mut self, time: Time) -> Result<()> {
        self.seek(time)
    }
}
