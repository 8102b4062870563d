use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use reelwright_codec::Registry;
use reelwright_media::{CancelToken, Error, ErrorKind, Result};

use super::progress::Meter;
use super::run::Run;
use super::{ExportOptions, Plan, Progress, Report};
use crate::{Asset, FileType};

/// Makes one file out of one asset: plan, run, report. `AVAssetExportSession`.
///
/// ```no_run
/// use reelwright::{Asset, ExportSession, FileType, Preset, SizeClass};
///
/// let asset = Asset::open("phone.mov")?;
/// let session = ExportSession::new(&asset, Preset::H264(SizeClass::Hd720));
/// let report = session.export("phone.mp4", FileType::Mp4)?;
/// println!("{} bytes", report.bytes);
/// # Ok::<(), reelwright::media::Error>(())
/// ```
pub struct ExportSession {
    asset: Asset,
    options: ExportOptions,
    registry: Registry,
    cancel: CancelToken,
}

impl ExportSession {
    /// A session over `asset` with a preset or with options of your own.
    pub fn new(asset: &Asset, options: impl Into<ExportOptions>) -> Self {
        Self {
            asset: asset.clone(),
            options: options.into(),
            registry: crate::registry(),
            cancel: CancelToken::new(),
        }
    }

    /// Uses these codecs instead of all that are compiled in.
    #[must_use]
    pub fn registry(mut self, registry: Registry) -> Self {
        self.registry = registry;
        self
    }

    /// Stops once `cancel` is raised; nothing is left behind then.
    #[must_use]
    pub fn cancelled_by(mut self, cancel: CancelToken) -> Self {
        self.cancel = cancel;
        self
    }

    /// What [`Self::export`] would do. Opens codecs to see whether they take the source, writes nothing.
    ///
    /// # Errors
    ///
    /// When nothing would be left to write, a codec is missing, or the range lies outside the movie.
    pub fn plan(&self, file_type: FileType) -> Result<Plan> {
        Plan::new(&self.asset, &self.options, file_type, &self.registry)
    }

    /// Exports and waits. The file appears under its name only when it is complete.
    ///
    /// # Errors
    ///
    /// The first failure, located; nothing is left behind then, and an existing file is untouched.
    pub fn export(self, path: impl AsRef<Path>, file_type: FileType) -> Result<Report> {
        self.run(path.as_ref().to_owned(), file_type, Arc::default())
    }

    /// Exports on a thread of its own. `exportAsynchronously`.
    pub fn start(self, path: impl AsRef<Path>, file_type: FileType) -> ExportHandle {
        let (path, cancel) = (path.as_ref().to_owned(), self.cancel.clone());
        let meter = Arc::<Meter>::default();
        let shared = meter.clone();
        let spawned = std::thread::Builder::new()
            .name("export".into())
            .spawn(move || self.run(path, file_type, shared));
        ExportHandle {
            thread: spawned.map_err(|cause| Error::io("can't start a thread", cause)),
            meter,
            cancel,
        }
    }

    fn run(self, path: PathBuf, file_type: FileType, meter: Arc<Meter>) -> Result<Report> {
        let plan = self.plan(file_type)?;
        let run = Run::new(self.asset, self.options, self.registry, self.cancel, plan, meter);
        run.execute(&path).map_err(|error| error.at_path(path.display()))
    }
}

/// A running export.
pub struct ExportHandle {
    thread: Result<JoinHandle<Result<Report>>>,
    meter: Arc<Meter>,
    cancel: CancelToken,
}

impl ExportHandle {
    /// How far it is; never falls, and reaches 1 only when the file is closed.
    pub fn progress(&self) -> Progress {
        self.meter.progress()
    }

    /// Asks it to stop; [`Self::wait`] then returns [`ErrorKind::Cancelled`]. Harmless when it is over.
    pub fn cancel(&self) {
        self.cancel.cancel();
    }

    /// Whether it is over, one way or the other.
    pub fn is_finished(&self) -> bool {
        self.thread.as_ref().map_or(true, JoinHandle::is_finished)
    }

    /// Progress every `interval` until it is over. `states(updateInterval:)`.
    pub fn states(&self, interval: Duration) -> impl Iterator<Item = Progress> + '_ {
        std::iter::from_fn(move || {
            if self.is_finished() {
                return None;
            }
            self.meter.wait(interval);
            Some(self.progress())
        })
    }

    /// Waits for the end.
    ///
    /// # Errors
    ///
    /// As [`ExportSession::export`].
    pub fn wait(self) -> Result<Report> {
        let panicked = |_| Err(Error::new(ErrorKind::Bug, "the export's thread panicked"));
        self.thread?.join().unwrap_or_else(panicked)
    }
}
