//! Opening an MP4 or QuickTime file: the boxes at its top, the movie they describe, and cursors over its samples.

mod allowance;
mod chapters;
mod cursor;
mod delta;
mod fragment;
mod gapless;
mod in_band;
mod joined;
mod missing;
mod movie;
mod part;
mod table;
mod top;
mod track;
mod walk;
mod warnings;

use std::sync::Arc;

use reelwright_media::{Error, Missing, Movie, ReadAt, Result};

pub use cursor::Cursor;
use cursor::TrackData;
pub use top::{is_box_file, movie_box};

/// An opened MP4 or QuickTime file.
///
/// The index is in memory as it stood in the file. Of the media only the head of a first picture is read, where the
/// index leaves open what the picture is.
#[derive(Debug)]
pub struct Demuxer {
    source: Arc<dyn ReadAt>,
    movie: Arc<Movie>,
    tracks: Vec<Arc<TrackData>>,
    /// What isn't there, by track ID.
    missing: Vec<(u32, Missing)>,
}

impl Demuxer {
    /// Opens what `source` holds.
    ///
    /// # Errors
    ///
    /// Truncated where there is no `moov`, malformed where it can't be read, unsupported for media segments without
    /// their initialization segment; each with box and byte.
    pub fn open(source: Arc<dyn ReadAt>) -> Result<Self> {
        let (mut movie, tracks) = movie::read(&source)?;
        let mut tracks: Vec<_> = tracks.into_iter().map(Arc::new).collect();
        in_band::complete(&source, &mut movie, &mut tracks);
        let missing = missing::find(&source, &mut movie, &tracks);
        let listed = chapters::read(&source, &movie, &tracks);
        if !listed.is_empty() {
            movie.chapters = listed;
        }
        Ok(Self { source, movie: Arc::new(movie), tracks, missing })
    }

    /// What the file says of itself and its tracks.
    pub fn movie(&self) -> &Arc<Movie> {
        &self.movie
    }

    /// What the index lists of `track` but the file doesn't hold; `None` where everything is there.
    pub fn missing(&self, track: u32) -> Option<Missing> {
        self.missing.iter().find(|(id, _)| *id == track).map(|(_, missing)| *missing)
    }

    /// A cursor at the first sample of the track with ID `track`.
    ///
    /// # Errors
    ///
    /// Misuse where there is no such track.
    pub fn cursor(&self, track: u32) -> Result<Cursor> {
        let data = self.tracks.iter().find(|data| data.id == track);
        let data = data.ok_or_else(|| Error::misuse(format!("there is no track {track}")))?;
        Ok(Cursor::new(self.source.clone(), data.clone()))
    }
}
