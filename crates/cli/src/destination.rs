//! Where a movie goes: a file, a folder, standard output, a device.

use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use reelwright::media::{Error, ErrorKind, Result, Stage};
use reelwright::{ExportHandle, ExportSession, FileSink, FileType};

use crate::args::OutputArgs;
use crate::source;

/// A place for a movie, and the container to write there.
#[derive(Debug)]
pub(crate) struct Destination {
    /// As it was named, or as a file in the folder that was named.
    pub(crate) path: PathBuf,
    pub(crate) file_type: FileType,
}

/// Whether the output named so is standard output.
pub(crate) fn is_stdout(output: &Path) -> bool {
    [source::DASH, "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"].iter().any(|name| output == Path::new(name))
}

impl OutputArgs {
    /// The container that `--format` or the output's extension states.
    pub(crate) fn stated_type(&self, output: &Path) -> Option<FileType> {
        let named = || output.extension()?.to_str().and_then(FileType::from_extension);
        self.format.or_else(|| if is_folder(output) { None } else { named() })
    }

    /// The place called `output`. In a folder it is a file of the name `stem`, of the type `usual` if nothing else is
    /// stated.
    pub(crate) fn destination(
        &self,
        output: &Path,
        stem: impl FnOnce() -> Result<OsString>,
        usual: FileType,
    ) -> Result<Destination> {
        let stated = self.stated_type(output);
        if !is_folder(output) {
            let file_type = stated.ok_or_else(|| says_no_type(output))?;
            return Ok(Destination { path: output.to_path_buf(), file_type });
        }
        if !output.is_dir() {
            return Err(Error::new(ErrorKind::Io, format!("there is no folder {}", output.display()))
                .at_stage(Stage::Write)
                .with_hint("make it first, or leave the slash at the end away to name a file"));
        }
        let file_type = stated.unwrap_or(usual);
        let mut name = stem()?;
        name.push(".");
        name.push(file_type.extensions()[0]);
        Ok(Destination { path: output.join(name), file_type })
    }

    /// Refuses a place that holds something, unless that may be overwritten; devices and named pipes always do, since
    /// what is written there can't be taken back.
    pub(crate) fn refuse_taken(&self, destination: &Destination) -> Result<()> {
        let path = &destination.path;
        if path == Path::new(source::DASH) {
            return if io::stdout().is_terminal() {
                Err(Error::misuse("standard output is a terminal, which can't show a movie's bytes")
                    .with_hint("name a file, or send standard output to one"))
            } else {
                Ok(())
            };
        }
        let Ok(facts) = fs::metadata(path) else { return Ok(()) };
        let what = match special(facts.file_type()) {
            Some("disk") => {
                return Err(Error::misuse(format!("{destination} is a disk, not a file"))
                    .with_hint("name a file on it"));
            }
            _ if self.overwrite => return Ok(()),
            Some(what) => what,
            None => {
                return Err(Error::new(ErrorKind::Exists, format!("{destination} exists already")));
            }
        };
        Err(Error::new(ErrorKind::Exists, format!("{destination} is a {what}"))
            .with_hint("add --overwrite to write to it all the same"))
    }
}

impl Destination {
    /// Starts the export to here.
    pub(crate) fn start(&self, session: ExportSession) -> Result<ExportHandle> {
        Ok(match self.stream()? {
            Some(sink) => session.start_to(sink, self.file_type),
            None => session.start(&self.path, self.file_type),
        })
    }

    /// The sink, where it isn't one for a path.
    pub(crate) fn stream(&self) -> Result<Option<FileSink>> {
        if !is_stdout(&self.path) {
            return Ok(None);
        }
        let file = standard_output().map_err(|cause| Error::io("can't write to standard output", cause))?;
        Ok(Some(FileSink::stream(file)))
    }

    /// Refuses an export over its own input: it would be the end of both.
    pub(crate) fn refuse_input(&self, input: &Path) -> Result<()> {
        match (input.canonicalize(), self.path.canonicalize()) {
            (Ok(from), Ok(to)) if from == to && from.is_file() => {
                Err(Error::misuse("input and output are the same file")
                    .with_hint("write to another name, then move it over the original"))
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.display().fmt(f)
    }
}

/// The name that a folder gives to what is made of `input`.
pub(crate) fn stem_of(input: &Path) -> Result<OsString> {
    match input.file_stem() {
        Some(stem) if !source::is_stdin(input) => Ok(stem.to_owned()),
        _ => Err(Error::misuse(format!("{} has no name to give the output", source::name(input)))
            .with_hint("name the output file, or - for standard output")),
    }
}

fn is_folder(output: &Path) -> bool {
    let text = output.as_os_str().to_string_lossy();
    text.ends_with(std::path::is_separator) || output.is_dir()
}

fn says_no_type(output: &Path) -> Error {
    let names: Vec<_> = FileType::ALL.iter().map(|kind| format!(".{}", kind.extensions()[0])).collect();
    if output == Path::new(source::DASH) {
        return Error::misuse("standard output has no name that says which container to write")
            .with_hint("say it, as in --format mp4");
    }
    Error::misuse(format!("the name {} doesn't say which container to write", output.display()))
        .with_hint(format!("end it in {}, or say it, as in --format mp4", names.join(", ")))
}

/// What it is, if no file or folder.
#[cfg(unix)]
fn special(kind: fs::FileType) -> Option<&'static str> {
    use std::os::unix::fs::FileTypeExt;
    Some(match kind {
        kind if kind.is_block_device() => "disk",
        kind if kind.is_char_device() => "device",
        kind if kind.is_fifo() => "named pipe",
        kind if kind.is_socket() => "socket",
        _ => return None,
    })
}

#[cfg(unix)]
fn standard_output() -> io::Result<File> {
    use std::os::fd::AsFd;
    io::stdout().as_fd().try_clone_to_owned().map(File::from)
}

#[cfg(windows)]
fn special(kind: fs::FileType) -> Option<&'static str> {
    (!kind.is_file() && !kind.is_dir()).then_some("device")
}

#[cfg(windows)]
fn standard_output() -> io::Result<File> {
    use std::os::windows::io::AsHandle;
    io::stdout().as_handle().try_clone_to_owned().map(File::from)
}
