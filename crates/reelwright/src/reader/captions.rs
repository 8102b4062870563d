use std::collections::BTreeMap;

use reelwright_media::{SampleBuffer, Time, VideoFrame};

use super::look::{closed_captions, may_have_captions};

/// Closed captions on their way from coded pictures, which come in decoding order, to those that are shown.
#[derive(Default)]
pub(super) struct Captions {
    waiting: BTreeMap<Time, Vec<u8>>,
}

/// Of pictures that never come out so many are kept: far more than any decoder holds.
const MOST: usize = 256;

impl Captions {
    /// Takes in those of a sample. Its payload is loaded then, once for the decoder too.
    pub(super) fn note(&mut self, sample: &mut SampleBuffer) {
        let Some(format) = sample.format.as_video() else { return };
        if !may_have_captions(format.codec) {
            return;
        }
        // What can't be read the decoder reports.
        let Ok(bytes) = sample.payload.load() else { return };
        sample.payload = bytes.into();
        let Some(triplets) = closed_captions(sample) else { return };
        // Fields may be samples of their own.
        self.waiting.entry(sample.pts).or_default().extend(triplets);
        if self.waiting.len() > MOST {
            self.waiting.pop_first();
        }
    }

    /// Gives a picture its captions, and those of pictures before it that never came out.
    pub(super) fn put_on(&mut self, frame: &mut VideoFrame) {
        let mut triplets = Vec::new();
        while let Some(first) = self.waiting.first_entry().filter(|first| *first.key() <= frame.pts) {
            triplets.extend(first.remove());
        }
        if !triplets.is_empty() {
            frame.pixels.closed_captions = Some(triplets.into());
        }
    }

    /// Forgets those of pictures that won't come out any more.
    pub(super) fn clear(&mut self) {
        self.waiting.clear();
    }
}
