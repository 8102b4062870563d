use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use reelwright_formats::{Demuxer, FileSource, SampleCursor};
use reelwright_media::{Error, Movie, ReadAt, Result, Stage};

use crate::spool::spool;

use crate::reader::{FramesBuilder, Samples, SoundBuilder};
use crate::trace::stage;

/// An opened movie. `AVAsset`.
///
/// Cheap to clone; nothing but the index has been read.
#[derive(Clone)]
pub struct Asset {
    demuxer: Arc<dyn Demuxer>,
    source: Arc<dyn ReadAt>,
    path: Option<PathBuf>,
}

impl Asset {
    /// Opens the file at `path`. Its contents decide what it is, not its name.
    ///
    /// # Errors
    ///
    /// [`reelwright_media::ErrorKind::Io`] where it can't be read, `Unsupported` where the container is none of those
    /// Reelwright reads, `Malformed` or `Truncated` where it is broken: with the box and the byte.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        stage!("open", path = path.display());
        let named = |error: Error| error.at_stage(Stage::Open).at_path(path.display());
        let source = FileSource::open(path).map_err(named)?;
        let mut asset = Self::from_source(Arc::new(source)).map_err(named)?;
        asset.path = Some(path.to_owned());
        Ok(asset)
    }

    /// Opens what `source` holds.
    ///
    /// # Errors
    ///
    /// As [`Self::open`].
    pub fn from_source(source: Arc<dyn ReadAt>) -> Result<Self> {
        let demuxer =
            reelwright_formats::open(source.clone()).map_err(|error| error.at_stage(Stage::Open))?;
        Ok(Self { demuxer: demuxer.into(), source, path: None })
    }

    /// Opens a file that is open already, from its first byte on.
    ///
    /// # Errors
    ///
    /// As [`Self::open`].
    pub fn from_file(file: File) -> Result<Self> {
        let source = FileSource::from_file(file).map_err(|error| error.at_stage(Stage::Open))?;
        Self::from_source(Arc::new(source))
    }

    /// Opens what a pipe or socket brings, once that has come to its end. Movies are read by position, so it is kept in a
    /// file without a name until the asset is dropped: in the folder `TMPDIR` names, else in the system's for large ones.
    ///
    /// # Errors
    ///
    /// As [`Self::open`]; `NoSpace` where the disk can't hold it.
    pub fn from_pipe(pipe: impl Read) -> Result<Self> {
        Self::from_file(spool(pipe)?)
    }

    /// The movie that `demuxer` reads from `source`, for containers Reelwright doesn't know.
    pub fn from_demuxer(demuxer: Arc<dyn Demuxer>, source: Arc<dyn ReadAt>) -> Self {
        Self { demuxer, source, path: None }
    }

    /// The same file, read through another demuxer.
    pub(crate) fn with_demuxer(self, demuxer: Arc<dyn Demuxer>) -> Self {
        Self { demuxer, ..self }
    }

    /// What the file says of itself and its tracks.
    pub fn movie(&self) -> &Arc<Movie> {
        self.demuxer.movie()
    }

    /// The pictures of the video track with ID `track`, as they are shown: say which and how, then
    /// [`FramesBuilder::open`].
    pub fn frames(&self, track: u32) -> FramesBuilder {
        FramesBuilder::new(self, track)
    }

    /// The sound of the audio track with ID `track`, as it is heard: say which and how, then [`SoundBuilder::open`].
    pub fn sound(&self, track: u32) -> SoundBuilder {
        SoundBuilder::new(self, track)
    }

    /// The samples of the track with ID `track`, as they are stored.
    ///
    /// # Errors
    ///
    /// [`reelwright_media::ErrorKind::Misuse`] where there is no such track.
    pub fn samples(&self, track: u32) -> Result<Samples> {
        Samples::new(self, track)
    }

    /// A cursor at the first stored sample of the track with ID `track`.
    ///
    /// # Errors
    ///
    /// [`reelwright_media::ErrorKind::Misuse`] where there is no such track.
    pub fn cursor(&self, track: u32) -> Result<Box<dyn SampleCursor>> {
        self.demuxer.cursor(track)
    }

    /// The demuxer underneath.
    pub fn demuxer(&self) -> &Arc<dyn Demuxer> {
        &self.demuxer
    }

    /// The bytes underneath.
    pub fn source(&self) -> &Arc<dyn ReadAt> {
        &self.source
    }

    /// Where it was opened from, if from a file.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }
}

impl std::fmt::Debug for Asset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Asset({} tracks, {:?})", self.movie().tracks.len(), self.path)
    }
}
