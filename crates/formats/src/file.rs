use std::fs::File;
use std::io;
use std::path::Path;

use reelwright_media::{Error, ErrorKind, ReadAt, Result, Stage};

/// A file, read by position: never mapped, never slurped.
#[derive(Debug)]
pub struct FileSource {
    file: File,
    len: u64,
}

impl FileSource {
    /// Opens the file at `path`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`] where it can't be opened, [`ErrorKind::Unsupported`] for folders and pipes: reading a movie
    /// takes reading by position.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::from_file(File::open(path).map_err(cannot_open)?)
    }

    /// Reads a file that is open already, from its first byte on, wherever it was read to.
    ///
    /// # Errors
    ///
    /// As [`Self::open`].
    pub fn from_file(file: File) -> Result<Self> {
        let facts = file.metadata().map_err(cannot_open)?;
        if facts.is_file() {
            return Ok(Self { file, len: facts.len() });
        }
        let (what, hint) = if facts.is_dir() {
            ("a folder", "name a file in it")
        } else {
            ("a pipe or a device", "movies are read by position; save it to a file first")
        };
        Err(Error::new(ErrorKind::Unsupported, format!("the input is {what}, not a file"))
            .at_stage(Stage::Open)
            .with_hint(hint))
    }
}

fn cannot_open(cause: io::Error) -> Error {
    let hint = match cause.kind() {
        io::ErrorKind::NotFound => "check the name",
        io::ErrorKind::PermissionDenied => "check who may read it",
        _ => "check that the disk is there",
    };
    Error::io("can't open the input", cause).with_hint(hint)
}

impl ReadAt for FileSource {
    #[cfg(unix)]
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(&self.file, buffer, offset)
    }

    #[cfg(windows)]
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        std::os::windows::fs::FileExt::seek_read(&self.file, buffer, offset)
    }

    fn len(&self) -> u64 {
        self.len
    }

    fn as_file(&self) -> Option<&File> {
        Some(&self.file)
    }
}
