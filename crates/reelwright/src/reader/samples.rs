use std::fmt;

use reelwright_formats::SampleCursor;
use reelwright_media::{Result, SampleBuffer, Time};

use crate::Asset;

/// The samples of a track as they are stored: in decode order, on the track's own timeline, edits not applied.
/// `AVAssetReaderTrackOutput` without settings. Made by [`Asset::samples`].
///
/// An iterator; after an error it is at its end. Payloads are ranges of the source: nothing of them is read before
/// [`reelwright_media::Payload::load`].
pub struct Samples {
    cursor: Box<dyn SampleCursor>,
    track: u32,
    ended: bool,
}

impl Samples {
    pub(crate) fn new(asset: &Asset, track: u32) -> Result<Self> {
        Ok(Self { cursor: asset.cursor(track)?, track, ended: false })
    }

    /// Goes on with the last sync sample that is decoded at or before the sample shown at `time`, so that decoding from
    /// there shows everything from `time` on; with the first sample where there is none before it.
    ///
    /// # Errors
    ///
    /// What reading the index brings up.
    pub fn seek(&mut self, time: Time) -> Result<()> {
        self.ended = false;
        self.cursor.seek(time)
    }
}

impl Iterator for Samples {
    type Item = Result<SampleBuffer>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = self.cursor.next_sample().map_err(|error| error.at_track(self.track)).transpose();
        self.ended = !matches!(next, Some(Ok(_)));
        next
    }
}

impl std::iter::FusedIterator for Samples {}

impl fmt::Debug for Samples {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Samples(track {})", self.track)
    }
}
