use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use reelwright_media::{CancelToken, Error, Payload, Piece, ReadAt, Result, Stage};
use reelwright_mux::{Capabilities, Op, Outcome};

use super::place::Place;
use super::write_behind::{self, WriteBehind};
use super::{Sink, copy};

/// What happens to a file that stands under the output's name already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overwrite {
    /// It stays, and nothing is written ([`reelwright_media::ErrorKind::Exists`]).
    #[default]
    Never,
    /// The finished output takes its place in one step; until then, and on failure, it stays as it was.
    Replace,
}

/// A file that appears under its name only when it is complete. Pipes and devices are written straight.
///
/// It is written without a name in the target's folder where the system can do that, so that not even a killed process
/// leaves anything behind; else under a temporary name.
#[derive(Debug)]
pub struct FileSink {
    place: Place,
    path: PathBuf,
    /// Bytes that belong at the end and are not written yet.
    gathered: Vec<u8>,
    /// Bytes written, `gathered` excluded.
    written: u64,
    /// The file ends in bytes that were skipped because they are zero.
    sparse_end: bool,
    /// It is to survive a power cut.
    durable: bool,
    /// Syncs it meanwhile, once there is enough.
    behind: Option<WriteBehind>,
}

/// Small pieces are gathered into writes of this size; runs of at least it are left to the kernel.
const GATHER: usize = 256 << 10;
/// How much is copied before the cancel token is looked at again.
const STEP: u64 = 8 << 20;

impl FileSink {
    /// Prepares to write what will be `path`; nothing appears there yet. A symbolic link is followed: its target is
    /// written.
    ///
    /// # Errors
    ///
    /// `Exists` where there is a file and it may not be replaced; `Io` where the folder can't be written.
    pub fn create(path: impl AsRef<Path>, overwrite: Overwrite) -> Result<Self> {
        let path = path.as_ref().to_path_buf();
        let place = Place::create(&path, overwrite).map_err(|cause| cannot_create(&path, cause))?;
        // What replaces a file must be on the disk by then: else a power cut could leave the content of neither.
        let durable = place.replaces();
        Ok(Self { place, path, gathered: Vec::new(), written: 0, sparse_end: false, durable, behind: None })
    }

    /// Writes to what is open already, from where it stands: a pipe, a socket, standard output. Byte after byte, so that
    /// everything goes into it in its final form; there is nothing to make appear in the end, and nothing to take back.
    pub fn stream(file: File) -> Self {
        Self {
            place: Place::opened(file),
            path: PathBuf::new(),
            gathered: Vec::new(),
            written: 0,
            sparse_end: false,
            durable: false,
            behind: None,
        }
    }

    /// Whether the file must survive a power cut once it is complete. Default false, but for files that replace one.
    ///
    /// As [`Op::Sync`] at the end, but the disk is kept busy from the start, and has little left to do then.
    #[must_use]
    pub fn durable(mut self, durable: bool) -> Self {
        self.durable |= durable && !self.place.is_direct();
        self
    }

    fn append(&mut self, payload: &Payload, cancel: &CancelToken) -> Result<()> {
        for piece in payload.pieces() {
            match piece {
                Piece::Bytes(bytes) => self.append_bytes(bytes)?,
                Piece::Zeros(len) => self.append_zeros(*len, cancel)?,
                Piece::Range { source, offset, len } => self.append_range(source, *offset, *len, cancel)?,
            }
        }
        cancel.check()
    }

    fn append_bytes(&mut self, bytes: &[u8]) -> Result<()> {
        if bytes.len() >= GATHER {
            self.flush()?;
            return self.write_out(bytes);
        }
        self.gathered.reserve_exact(GATHER.saturating_sub(self.gathered.len()));
        self.gathered.extend_from_slice(bytes);
        if self.gathered.len() >= GATHER { self.flush() } else { Ok(()) }
    }

    fn append_zeros(&mut self, len: u64, cancel: &CancelToken) -> Result<()> {
        if len >= GATHER as u64 && !self.place.is_direct() {
            self.flush()?;
            self.written = self.written.saturating_add(len);
            self.sparse_end = true;
            return Ok(());
        }
        let mut left = len;
        while left > 0 {
            let zeros = [0; 4096];
            let count = left.min(zeros.len() as u64);
            self.append_bytes(&zeros[..count as usize])?;
            left -= count;
            cancel.check()?;
        }
        Ok(())
    }

    fn append_range(
        &mut self,
        source: &Arc<dyn ReadAt>,
        mut offset: u64,
        mut len: u64,
        cancel: &CancelToken,
    ) -> Result<()> {
        if len >= GATHER as u64
            && !self.place.is_direct()
            && let Some(from) = source.as_file()
        {
            self.flush()?;
            let copied = self.copy_in_kernel(from, offset, len, cancel)?;
            offset += copied;
            len -= copied;
        }
        while len > 0 {
            let start = self.gathered.len();
            let count = len.min((GATHER - start.min(GATHER - 1)) as u64);
            self.gathered.reserve_exact(GATHER.saturating_sub(start));
            self.gathered.resize(start + count as usize, 0);
            if let Err(cause) = source.read_exact_at(&mut self.gathered[start..], offset) {
                self.gathered.truncate(start);
                return Err(cannot_read(cause, offset, count));
            }
            offset += count;
            len -= count;
            if self.gathered.len() >= GATHER {
                self.flush()?;
                cancel.check()?;
            }
        }
        Ok(())
    }

    /// Lets the kernel copy; returns how much it did, less than `len` where it can't.
    fn copy_in_kernel(&mut self, from: &File, offset: u64, len: u64, cancel: &CancelToken) -> Result<u64> {
        let mut copied = 0;
        while copied < len {
            cancel.check()?;
            let step = (len - copied).min(STEP);
            match copy::in_kernel(from, offset + copied, &self.place.file, self.written, step) {
                0 => break,
                count => {
                    copied += count;
                    self.wrote(count);
                }
            }
        }
        Ok(copied)
    }

    fn flush(&mut self) -> Result<()> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        let mut gathered = std::mem::take(&mut self.gathered);
        let result = self.write_out(&gathered);
        gathered.clear();
        self.gathered = gathered;
        result
    }

    fn write_out(&mut self, bytes: &[u8]) -> Result<()> {
        let result = if self.place.is_direct() {
            self.place.file.write_all(bytes)
        } else {
            copy::write_at(&self.place.file, bytes, self.written)
        };
        result.map_err(|cause| self.cannot_write(cause))?;
        self.wrote(bytes.len() as u64);
        Ok(())
    }

    /// So many bytes have come to the end of the file.
    fn wrote(&mut self, bytes: u64) {
        self.written += bytes;
        self.sparse_end = false;
        if !self.durable {
            return;
        }
        match &mut self.behind {
            Some(behind) => behind.wrote(bytes),
            // Without another thread the last sync does it all.
            None if self.written >= write_behind::STEP => {
                self.behind = WriteBehind::start(&self.place.file).ok()
            }
            None => {}
        }
    }

    /// Everything that was appended is in the file, skipped zeros at its end too.
    fn settle(&mut self) -> Result<()> {
        self.flush()?;
        if self.sparse_end {
            self.place.file.set_len(self.written).map_err(|cause| self.cannot_write(cause))?;
            self.sparse_end = false;
        }
        Ok(())
    }

    fn write_over(&mut self, offset: u64, payload: &Payload) -> Result<()> {
        self.settle()?;
        let bytes = payload.load()?;
        copy::write_at(&self.place.file, &bytes, offset).map_err(|cause| self.cannot_write(cause))
    }

    /// Moves bytes towards the end, last ones first, so that overlapping is harmless.
    fn move_range(&mut self, from: u64, to: u64, len: u64, cancel: &CancelToken) -> Result<()> {
        self.settle()?;
        let mut window = vec![0; GATHER];
        let mut left = len;
        let mut since_check = 0;
        while left > 0 {
            let count = left.min(window.len() as u64);
            let at = left - count;
            let bytes = &mut window[..count as usize];
            copy::read_at(&self.place.file, bytes, from + at).map_err(|cause| self.cannot_write(cause))?;
            copy::write_at(&self.place.file, bytes, to + at).map_err(|cause| self.cannot_write(cause))?;
            left = at;
            since_check += count;
            if since_check >= STEP {
                cancel.check()?;
                since_check = 0;
            }
        }
        self.written = self.written.max(to + len);
        Ok(())
    }

    fn sync(&mut self) -> Result<()> {
        self.settle()?;
        if self.place.is_direct() {
            return Ok(());
        }
        self.durable = true;
        let before = self.behind.take().map_or(Ok(()), WriteBehind::finish);
        before.and_then(|()| self.place.file.sync_data()).map_err(|cause| self.cannot_write(cause))
    }

    fn finish(&mut self) -> Result<()> {
        self.settle()?;
        if self.durable {
            self.sync()?;
        }
        self.place.publish().map_err(|cause| cannot_create(&self.path, cause))?;
        if self.durable {
            self.place.sync_folder();
        }
        Ok(())
    }

    fn cannot_write(&self, cause: io::Error) -> Error {
        let error = Error::io("can't write the output", cause).at_stage(Stage::Write);
        let error = error.at_offset(self.written);
        let named = !self.path.as_os_str().is_empty();
        let error = if named { error.at_path(self.path.display()) } else { error };
        match error.kind() {
            reelwright_media::ErrorKind::NoSpace => {
                error.with_hint("free some space, or write to another disk")
            }
            _ => error,
        }
    }
}

fn cannot_read(cause: io::Error, offset: u64, len: u64) -> Error {
    let error = match cause.kind() {
        io::ErrorKind::UnexpectedEof => {
            Error::truncated(format!("the input ends within the {len} bytes wanted here"))
                .with_hint("the file was cut short, or changed while it was being read")
        }
        _ => Error::io(format!("can't read {len} bytes of the input"), cause),
    };
    error.at_stage(Stage::Read).at_offset(offset)
}

fn cannot_create(path: &Path, cause: io::Error) -> Error {
    let hint = match cause.kind() {
        io::ErrorKind::AlreadyExists => Some("choose another name, or allow it to be overwritten"),
        io::ErrorKind::NotFound => Some("the folder must exist"),
        io::ErrorKind::PermissionDenied => Some("the folder must be writable"),
        _ => None,
    };
    let error = Error::io("can't create the output", cause).at_stage(Stage::Write).at_path(path.display());
    match hint {
        Some(hint) => error.with_hint(hint),
        None => error,
    }
}

impl Sink for FileSink {
    fn capabilities(&self) -> Capabilities {
        if self.place.is_direct() { Capabilities::STREAM } else { Capabilities::FULL }
    }

    fn run(&mut self, op: Op, cancel: &CancelToken) -> Outcome {
        if self.place.is_direct() && matches!(op, Op::WriteAt { .. } | Op::MoveRange { .. }) {
            return Outcome::Unsupported;
        }
        let done = cancel.check().and_then(|()| match op {
            Op::Append(payload) => self.append(&payload, cancel),
            Op::WriteAt { offset, payload } => self.write_over(offset, &payload),
            Op::MoveRange { from, to, len } => self.move_range(from, to, len, cancel),
            Op::Sync => self.sync(),
            Op::Finish => self.finish(),
        });
        done.map_or_else(Outcome::Failed, |()| Outcome::Done)
    }

    fn len(&self) -> u64 {
        self.written + self.gathered.len() as u64
    }
}
