//! Where a movie comes from: a file, standard input, a named pipe.

use std::borrow::Cow;
use std::fs::{self, File, FileType};
use std::io::{self, IsTerminal, Seek};
use std::path::Path;
use std::sync::Arc;

use reelwright::media::{Error, ErrorKind, Result, Stage};
use reelwright::{Asset, FileSource, spool};

/// What stands for standard input.
pub(crate) const DASH: &str = "-";
const STANDARD_INPUT: &str = "standard input";

/// Whether `input` is standard input rather than a file.
pub(crate) fn is_stdin(input: &Path) -> bool {
    input == Path::new(DASH)
}

/// The input as messages name it.
pub(crate) fn name(input: &Path) -> Cow<'_, str> {
    if is_stdin(input) { STANDARD_INPUT.into() } else { input.to_string_lossy() }
}

/// Opens the movie. Files are read by position; what a pipe brings is kept in a temporary file without a name first.
pub(crate) fn open(input: &Path) -> Result<Asset> {
    let opened = match special(input) {
        None => Asset::open(input),
        Some(source) => source.and_then(|source| Asset::from_source(Arc::new(source))),
    };
    opened.map_err(|error| named(error, input))
}

/// Prints the boxes of the input, also where it is no sound movie.
pub(crate) fn dump_boxes(input: &Path, out: &mut dyn std::fmt::Write) -> Result<()> {
    match special(input) {
        None => reelwright::dump_boxes(input, out),
        Some(source) => source
            .and_then(|source| reelwright::dump_boxes_of(&source, out))
            .map_err(|error| named(error, input)),
    }
}

fn named(error: Error, input: &Path) -> Error {
    // A terminal where a movie should come from is the command line's fault, and nothing was opened.
    let asked_wrong = error.kind() == ErrorKind::Misuse;
    if asked_wrong { error } else { error.at_stage(Stage::Open).at_path(name(input)) }
}

/// The bytes of an input that isn't opened by its name: standard input, a named pipe.
fn special(input: &Path) -> Option<Result<FileSource>> {
    if is_stdin(input) {
        return Some(from_stdin());
    }
    let piped = fs::metadata(input).is_ok_and(|facts| is_pipe(facts.file_type()));
    piped.then(|| File::open(input).map_err(cannot_open).and_then(spool).and_then(FileSource::from_file))
}

/// A file that nothing has been read of is read by position; the rest of another, as that of a pipe, is kept.
fn from_stdin() -> Result<FileSource> {
    let (file, whole) = stdin()?;
    FileSource::from_file(if whole { file } else { spool(file)? })
}

/// Standard input, and whether it is a file that nothing has been read of.
fn stdin() -> Result<(File, bool)> {
    if io::stdin().is_terminal() {
        return Err(
            Error::misuse("standard input is a terminal").with_hint("pipe a movie into it, or name a file")
        );
    }
    let mut file = standard_input().map_err(cannot_open)?;
    let kind = file.metadata().map_err(cannot_open)?.file_type();
    if kind.is_file() {
        let begins = file.stream_position().map_err(cannot_open)? == 0;
        return Ok((file, begins));
    }
    if is_pipe(kind) {
        return Ok((file, false));
    }
    let what = if kind.is_dir() { "a folder" } else { "a device" };
    Err(Error::new(ErrorKind::Unsupported, format!("standard input is {what}, not a file or a pipe"))
        .with_hint("pipe a movie into it, or name a file"))
}

fn cannot_open(cause: io::Error) -> Error {
    Error::io("can't open the input", cause)
}

/// Whether it brings bytes one after the other, and an end to them.
#[cfg(unix)]
fn is_pipe(kind: FileType) -> bool {
    use std::os::unix::fs::FileTypeExt;
    kind.is_fifo() || kind.is_socket()
}

#[cfg(unix)]
fn standard_input() -> io::Result<File> {
    use std::os::fd::AsFd;
    io::stdin().as_fd().try_clone_to_owned().map(File::from)
}

/// Pipes of Windows are of no kind that the standard library names.
#[cfg(windows)]
fn is_pipe(kind: FileType) -> bool {
    !kind.is_file() && !kind.is_dir()
}

#[cfg(windows)]
fn standard_input() -> io::Result<File> {
    use std::os::windows::io::AsHandle;
    io::stdin().as_handle().try_clone_to_owned().map(File::from)
}
