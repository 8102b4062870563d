//! Keeping what a pipe brings where it can be read by position.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::PathBuf;

use reelwright_media::{Error, ErrorKind, Result, Stage};

use crate::sink;

/// Everything `pipe` brings, in a file without a name, which vanishes when it is closed, whatever ends the process: movies are
/// read by position. It is in the folder `TMPDIR` names, else in the system's for large temporary files.
///
/// # Errors
///
/// `Io` where the pipe or the disk fails, `NoSpace` where the disk is full.
pub fn spool(mut pipe: impl Read) -> Result<File> {
    let folder = folder();
    let cannot_keep = |cause: io::Error| {
        let error = Error::io("can't keep the input in a temporary file", cause);
        let error = error.at_stage(Stage::Open).at_path(folder.display());
        match error.kind() {
            ErrorKind::NoSpace => error.with_hint("free some space, or name another folder in TMPDIR"),
            _ => error.with_hint("name a folder that can be written in TMPDIR"),
        }
    };
    let mut file = sink::temporary_in(&folder).map_err(cannot_keep)?;
    let mut buffer = vec![0; 256 << 10];
    loop {
        let count = match pipe.read(&mut buffer) {
            Ok(0) => return Ok(file),
            Ok(count) => count,
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => continue,
            Err(cause) => return Err(Error::io("can't read the input", cause).at_stage(Stage::Open)),
        };
        file.write_all(&buffer[..count]).map_err(cannot_keep)?;
    }
}

/// Where large temporary files belong: `/tmp` is often memory.
fn folder() -> PathBuf {
    let large = PathBuf::from("/var/tmp");
    if std::env::var_os("TMPDIR").is_none() && cfg!(unix) && large.is_dir() {
        return large;
    }
    std::env::temp_dir()
}
