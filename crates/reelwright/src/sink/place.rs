//! A file that appears under its name only when it is complete.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use super::Overwrite;

/// Where a file is being written, and what it takes to make it appear.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) file: File,
    /// The path it will have, symbolic links resolved.
    target: PathBuf,
    kind: Kind,
    replaces: bool,
    overwrite: Overwrite,
}

#[derive(Debug)]
enum Kind {
    /// Has no name: vanishes with the process, whatever ends it.
    Unnamed,
    /// Has this name for the time being.
    Temporary(PathBuf),
    /// A pipe or device: written straight.
    Direct,
    /// Has appeared.
    Done,
}

impl Place {
    /// Prepares to write what will be `path`.
    pub(super) fn create(path: &Path, overwrite: Overwrite) -> io::Result<Self> {
        if let Ok(metadata) = fs::metadata(path)
            && !metadata.is_file()
            && !metadata.is_dir()
        {
            refuse_disk(&metadata)?;
            let file = OpenOptions::new().write(true).open(path)?;
            return Ok(Self { file, target: path.into(), kind: Kind::Direct, replaces: false, overwrite });
        }
        let target = resolve(path)?;
        let existing = match fs::metadata(&target) {
            Ok(metadata) => Some(metadata),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let place = |file, kind, replaces| Self { file, target: target.clone(), kind, replaces, overwrite };
        let Some(metadata) = existing else {
            return create_hidden(&target).map(|(file, kind)| place(file, kind, false));
        };
        if metadata.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        if overwrite == Overwrite::Never {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let (file, kind) = create_hidden(&target)?;
        let place = place(file, kind, true);
        // Somebody else's file can be replaced, though its permissions can't be copied.
        let _ = place.file.set_permissions(metadata.permissions());
        Ok(place)
    }

    /// What is open already: a pipe, a socket, standard output.
    pub(super) fn opened(file: File) -> Self {
        Self {
            file,
            target: PathBuf::new(),
            kind: Kind::Direct,
            replaces: false,
            overwrite: Overwrite::Replace,
        }
    }

    /// Whether it is written straight, byte after byte.
    pub(super) fn is_direct(&self) -> bool {
        matches!(self.kind, Kind::Direct)
    }

    /// Whether something stands under the name that will be gone afterwards.
    pub(super) fn replaces(&self) -> bool {
        self.replaces
    }

    /// Makes the name survive a power cut as well. The file is complete and visible by now, and not every file system
    /// can sync a folder, so that failing here is no failure.
    pub(super) fn sync_folder(&self) {
        if let Ok(folder) = File::open(folder_of(&self.target)) {
            let _ = folder.sync_all();
        }
    }

    /// Makes the file appear under its name.
    pub(super) fn publish(&mut self) -> io::Result<()> {
        match &self.kind {
            Kind::Direct | Kind::Done => {}
            Kind::Unnamed if self.overwrite == Overwrite::Never => link_unnamed(&self.file, &self.target)?,
            Kind::Unnamed => {
                let temporary = link_beside(&self.file, &self.target)?;
                // From here on dropping this removes the temporary name if renaming fails.
                self.kind = Kind::Temporary(temporary);
                return self.publish();
            }
            Kind::Temporary(temporary) => match self.overwrite {
                Overwrite::Replace => fs::rename(temporary, &self.target)?,
                Overwrite::Never => rename_new(temporary, &self.target)?,
            },
        }
        self.kind = Kind::Done;
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Kind::Temporary(path) = &self.kind {
            // Nobody is left to tell; the name says what the file was.
            let _ = fs::remove_file(path);
        }
    }
}

/// What is written over a disk is everything on it.
#[cfg(unix)]
fn refuse_disk(metadata: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::FileTypeExt;
    let disk = metadata.file_type().is_block_device();
    if disk { Err(io::Error::new(io::ErrorKind::InvalidInput, "it is a disk, not a file")) } else { Ok(()) }
}

#[cfg(not(unix))]
fn refuse_disk(_: &fs::Metadata) -> io::Result<()> {
    Ok(())
}

/// Follows symbolic links, also one that points at nothing yet: it is the target that is written, not the link.
fn resolve(path: &Path) -> io::Result<PathBuf> {
    const MOST_LINKS: usize = 40;
    let mut path = path.to_path_buf();
    for _ in 0..MOST_LINKS {
        match fs::read_link(&path) {
            Ok(next) => path = folder_of(&path).join(next),
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("too many levels of symbolic links"))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A file in `folder` that never gets a name anybody sees, and vanishes when it is closed.
pub(crate) fn temporary_in(folder: &Path) -> io::Result<File> {
    if let Some(file) = open_unnamed(folder) {
        return Ok(file);
    }
    let create = |path: &Path| OpenOptions::new().read(true).write(true).create_new(true).open(path);
    let (file, path) = with_name_beside(&folder.join("reelwright"), create)?;
    fs::remove_file(path)?;
    Ok(file)
}

fn create_hidden(target: &Path) -> io::Result<(File, Kind)> {
    if let Some(file) = unnamed_in(folder_of(target)) {
        return Ok((file, Kind::Unnamed));
    }
    with_name_beside(target, |path| OpenOptions::new().read(true).write(true).create_new(true).open(path))
        .map(|(file, path)| (file, Kind::Temporary(path)))
}

/// Tries names beside `target` until one is free.
fn with_name_beside<T>(target: &Path, make: impl Fn(&Path) -> io::Result<T>) -> io::Result<(T, PathBuf)> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    const MOST_TRIES: usize = 100;
    for _ in 0..MOST_TRIES {
        let mut name = OsString::from(".");
        name.push(target.file_name().unwrap_or_default());
        name.push(format!(".{}-{}.part", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)));
        let path = target.with_file_name(name);
        match make(&path) {
            Ok(made) => return Ok((made, path)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// Renames without replacing what has appeared in the meantime.
fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        Ok(()) => fs::remove_file(from),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        // A file system without hard links.
        Err(_) if fs::symlink_metadata(to).is_ok() => Err(io::ErrorKind::AlreadyExists.into()),
        Err(_) => fs::rename(from, to),
    }
}

#[cfg(target_os = "linux")]
fn unnamed_in(folder: &Path) -> Option<File> {
    // Without /proc an unnamed file could not be given its name.
    Path::new("/proc/self/fd").exists().then(|| open_unnamed(folder)).flatten()
}

#[cfg(target_os = "linux")]
fn open_unnamed(folder: &Path) -> Option<File> {
    use rustix::fs::{Mode, OFlags};

    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    rustix::fs::open(folder, flags, Mode::from_raw_mode(0o666)).ok().map(File::from)
}

#[cfg(target_os = "linux")]
fn link_unnamed(file: &File, path: &Path) -> io::Result<()> {
    use rustix::fs::{AtFlags, CWD};
    use std::os::fd::AsRawFd;

    let source = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok(rustix::fs::linkat(CWD, source, CWD, path, AtFlags::SYMLINK_FOLLOW)?)
}

#[cfg(target_os = "linux")]
fn link_beside(file: &File, target: &Path) -> io::Result<PathBuf> {
    with_name_beside(target, |path| link_unnamed(file, path)).map(|((), path)| path)
}

#[cfg(not(target_os = "linux"))]
fn unnamed_in(_: &Path) -> Option<File> {
    None
}

#[cfg(not(target_os = "linux"))]
fn open_unnamed(_: &Path) -> Option<File> {
    None
}

#[cfg(not(target_os = "linux"))]
fn link_unnamed(_: &File, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(not(target_os = "linux"))]
fn link_beside(_: &File, _: &Path) -> io::Result<PathBuf> {
    Err(io::ErrorKind::Unsupported.into())
}
