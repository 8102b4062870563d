use std::path::{Path, PathBuf};

use crate::sink::{FileSink, Overwrite, Sink};
use crate::{AssetWriter, AssetWriterBuilder, FileType};
use reelwright_media::Result;

/// Where an export's bytes go.
pub(super) enum Target {
    /// A file that appears when it is complete.
    Path(PathBuf),
    /// Whatever takes them.
    Sink(Box<dyn Sink>),
}

impl Target {
    /// The name it has, if it has one.
    pub(super) fn path(&self) -> Option<&Path> {
        match self {
            Self::Path(path) => Some(path),
            Self::Sink(_) => None,
        }
    }

    /// A writer to it.
    pub(super) fn writer(self, file_type: FileType) -> AssetWriterBuilder {
        match self {
            Self::Path(path) => AssetWriter::create(path, file_type),
            Self::Sink(sink) => AssetWriter::create_on(sink, file_type),
        }
    }

    /// The sink itself; `sync` and `overwrite` are for files alone.
    pub(super) fn sink(self, overwrite: Overwrite, sync: bool) -> Result<Box<dyn Sink>> {
        Ok(match self {
            Self::Path(path) => Box::new(FileSink::create(path, overwrite)?.durable(sync)),
            Self::Sink(sink) => sink,
        })
    }
}
