use std::fmt;

use reelwright_codec::{Registry, Workers};
use reelwright_media::{CancelToken, Color, EditTimeline, PixelFormat, Result, Size, TimeRange, VideoFrame};

use super::picture::{Finisher, Wish};
use super::{Damage, FrameReader};
use crate::Asset;

/// How the pictures of a video track are to be read. Made by [`Asset::frames`]; [`Self::open`] begins.
#[derive(Clone, Debug)]
#[must_use = "nothing is read before `open`"]
pub struct FramesBuilder {
    asset: Asset,
    track: u32,
    range: TimeRange,
    wish: Wish,
    registry: Option<Registry>,
    threads: usize,
    memory_budget: usize,
    cancel: CancelToken,
}

impl FramesBuilder {
    pub(crate) fn new(asset: &Asset, track: u32) -> Self {
        Self {
            asset: asset.clone(),
            track,
            range: EditTimeline::everything(asset.movie().timescale),
            wish: Wish::default(),
            registry: None,
            threads: 0,
            memory_budget: 0,
            cancel: CancelToken::new(),
        }
    }

    /// Reads this part of the presentation only; its start becomes time zero. Default all of it.
    pub fn range(mut self, range: impl Into<TimeRange>) -> Self {
        self.range = range.into();
        self
    }

    /// Converts every picture to this layout of pixels. Default as the decoder makes them.
    pub fn format(mut self, format: PixelFormat) -> Self {
        self.wish.format = Some(format);
        self
    }

    /// Converts every picture to these colours; what is unspecified stays. HDR becomes SDR where they are SDR's.
    pub fn color(mut self, color: Color) -> Self {
        self.wish.color = color;
        self
    }

    /// Scales pictures that are larger down to fit inside, their shape kept. `AVAssetImageGenerator.maximumSize`.
    pub fn max_size(mut self, size: Size) -> Self {
        self.wish.max_size = Some(size);
        self
    }

    /// Turns and mirrors the pictures as the track is to be shown, crops them to what is to be seen and makes their pixels
    /// square. `AVAssetImageGenerator.appliesPreferredTrackTransform`.
    pub fn upright(mut self) -> Self {
        self.wish.upright = true;
        self
    }

    /// The codecs to choose the decoder from. Default [`crate::registry`].
    pub fn registry(mut self, registry: Registry) -> Self {
        self.registry = Some(registry);
        self
    }

    /// Uses at most so many threads; 0, the default, leaves it to the decoder.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// Lets so many bytes of pictures wait in the decoder for those before them; 0, the default, leaves it to the decoder.
    pub fn memory_budget(mut self, bytes: usize) -> Self {
        self.memory_budget = bytes;
        self
    }

    /// Stops with [`reelwright_media::ErrorKind::Cancelled`] once the token is raised.
    pub fn cancelled_by(mut self, cancel: CancelToken) -> Self {
        self.cancel = cancel;
        self
    }

    /// Begins; the decoder is opened with the first picture.
    ///
    /// # Errors
    ///
    /// [`reelwright_media::ErrorKind::Misuse`] where there is no such track or it isn't video.
    pub fn open(self) -> Result<Frames> {
        let registry = self.registry.unwrap_or_else(crate::registry);
        let reader = FrameReader::new(&self.asset, self.track, self.range, &registry)?
            .threads(self.threads)
            .memory_budget(self.memory_budget)
            .cancelled_by(self.cancel.clone());
        let movie = self.asset.movie();
        let matrix = movie.track(self.track).map_or(movie.matrix, |track| track.matrix.then(&movie.matrix));
        let workers = if self.threads == 0 { Workers::available() } else { Workers::new(self.threads) };
        let finisher = Finisher::new(self.wish, &matrix, workers);
        Ok(Frames { reader, finisher, track: self.track, cancel: self.cancel, ended: false })
    }
}

/// The pictures of a video track as they are shown: decoded, in display order, on the presentation timeline, edits
/// resolved. `AVAssetReaderTrackOutput` with decompression. Made by [`Asset::frames`].
///
/// An iterator; after an error it is at its end. A picture's duration is known unless the track ends with it and says
/// nothing. Memory is bounded by what the decoder holds for reordering. What can't be decoded is left out, the picture
/// before lasting until the next ([`Self::damage`]); an error is what can't be read past: nothing of the track decodes, or
/// less than a third.
pub struct Frames {
    reader: FrameReader,
    finisher: Option<Finisher>,
    track: u32,
    cancel: CancelToken,
    ended: bool,
}

impl Frames {
    /// The id of the decoder in use, once it is open.
    pub fn decoder(&self) -> Option<&str> {
        self.reader.decoder()
    }

    /// Samples read and pictures decoded so far, those outside the edits included.
    pub fn counts(&self) -> (u64, u64) {
        self.reader.counts()
    }

    /// Samples that couldn't be decoded so far.
    pub fn damage(&self) -> Option<&Damage> {
        self.reader.damage()
    }

    fn read(&mut self) -> Result<Option<VideoFrame>> {
        // Also where pictures are ready.
        self.cancel.check()?;
        let Some(frame) = self.reader.next_frame()? else { return Ok(None) };
        let Some(finisher) = &mut self.finisher else { return Ok(Some(frame)) };
        let finished = finisher.finish(&frame.pixels);
        let pixels = finished.map_err(|error| error.at_track(self.track).at_time(frame.pts))?;
        Ok(Some(VideoFrame { pixels, ..frame }))
    }
}

impl Iterator for Frames {
    type Item = Result<VideoFrame>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = self.read().transpose();
        self.ended = !matches!(next, Some(Ok(_)));
        next
    }
}

impl std::iter::FusedIterator for Frames {}

impl fmt::Debug for Frames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (read, decoded) = self.counts();
        write!(f, "Frames(track {}, {read} samples read, {decoded} pictures decoded)", self.track)
    }
}
