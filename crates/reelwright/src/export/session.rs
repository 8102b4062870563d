use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use reelwright_codec::Registry;
use reelwright_media::{CancelToken, Error, ErrorKind, Result, Stage};

use super::progress::Meter;
use super::run::Run;
use super::target::Target;
use super::waiting::{ExportFuture, ExportStates};
use super::{ExportOptions, ExportStatus, Plan, Progress, Report};
use crate::subtitles;
use crate::trace::stage;
use crate::{Asset, FileType, Sink};

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
    on_done: Option<OnDone>,
}

type OnDone = Box<dyn FnOnce(&Result<Report>) + Send>;

impl fmt::Debug for ExportSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExportSession")
            .field("asset", &self.asset)
            .field("options", &self.options)
            .field("registry", &self.registry)
            .finish_non_exhaustive()
    }
}

impl ExportSession {
    /// A session over `asset` with a preset or with options of your own.
    pub fn new(asset: &Asset, options: impl Into<ExportOptions>) -> Self {
        Self {
            asset: asset.clone(),
            options: options.into(),
            registry: crate::registry(),
            cancel: CancelToken::new(),
            on_done: None,
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

    /// Calls `on_done` at the end of an export that runs by itself ([`Self::start`], [`Self::export_async`]): exactly once,
    /// on whichever thread it ends, however it ends. `exportAsynchronously(completionHandler:)`.
    #[must_use]
    pub fn on_done(mut self, on_done: impl FnOnce(&Result<Report>) + Send + 'static) -> Self {
        self.on_done = Some(Box::new(on_done));
        self
    }

    /// What [`Self::export`] would do. Opens codecs to see whether they take the source, writes nothing.
    ///
    /// # Errors
    ///
    /// When nothing would be left to write, a codec is missing, or the range lies outside the movie.
    pub fn plan(&self, file_type: FileType) -> Result<Plan> {
        stage!("plan", preset = self.options.preset, file_type = file_type.name());
        Plan::new(&self.asset, &self.options, file_type, &self.registry)
    }

    /// The kinds of file this can be exported to, in the preset's order: none where it can't be at all. Where tracks that
    /// a container can't hold are to be left out, it is still one of them, unless the options are strict.
    /// `determineCompatibleFileTypes(completionHandler:)`.
    pub fn compatible_file_types(&self) -> Vec<FileType> {
        let types = self.options.file_types.iter().copied();
        types.filter(|&file_type| self.plan(file_type).is_ok()).collect()
    }

    /// Exports and waits. The file appears under its name only when it is complete.
    ///
    /// # Errors
    ///
    /// The first failure, located; nothing is left behind then, and an existing file is untouched.
    pub fn export(self, path: impl AsRef<Path>, file_type: FileType) -> Result<Report> {
        self.run(Target::Path(path.as_ref().to_owned()), file_type, Arc::default())
    }

    /// Exports into a sink and waits. [`ExportOptions::overwrite`] and [`ExportOptions::sync`] are for files.
    ///
    /// # Errors
    ///
    /// The first failure, located.
    pub fn export_to(self, sink: impl Sink + 'static, file_type: FileType) -> Result<Report> {
        self.run(Target::Sink(Box::new(sink)), file_type, Arc::default())
    }

    /// Exports on a thread of its own.
    pub fn start(self, path: impl AsRef<Path>, file_type: FileType) -> ExportHandle {
        self.start_on(Target::Path(path.as_ref().to_owned()), file_type)
    }

    /// Exports into a sink on a thread of its own, as [`Self::export_to`].
    pub fn start_to(self, sink: impl Sink + 'static, file_type: FileType) -> ExportHandle {
        self.start_on(Target::Sink(Box::new(sink)), file_type)
    }

    fn start_on(mut self, target: Target, file_type: FileType) -> ExportHandle {
        // The caller's token may stop other work too, which cancelling this export must not.
        self.cancel = self.cancel.child();
        let cancel = self.cancel.clone();
        let meter = Arc::<Meter>::default();
        let ending = Ending { meter: meter.clone(), on_done: self.on_done.take() };
        let shared = meter.clone();
        let spawned = std::thread::Builder::new().name("export".into()).spawn(move || {
            let result = self.run(target, file_type, shared);
            ending.tell(&result);
            result
        });
        ExportHandle {
            thread: spawned.map_err(|cause| Error::io("can't start a thread", cause)),
            meter,
            cancel,
        }
    }

    /// Exports on a thread of its own while the future waits, on any executor; dropping the future cancels.
    /// `export(to:as:isolation:)`.
    ///
    /// # Errors
    ///
    /// As [`Self::export`].
    pub async fn export_async(self, path: impl AsRef<Path>, file_type: FileType) -> Result<Report> {
        self.start(path, file_type).await
    }

    fn run(self, target: Target, file_type: FileType, meter: Arc<Meter>) -> Result<Report> {
        stage!("export", file_type = file_type.name());
        let plan = self.plan(file_type)?;
        let source = self.asset.path().map(Path::to_owned);
        let output = target.path().map(Path::to_owned);
        let asset = subtitles::of_asset(&self.asset);
        let run = Run::new(asset, self.options, self.registry, self.cancel, plan, meter);
        run.execute(target).map_err(|error| {
            let of_input = matches!(error.place().stage, Some(Stage::Open | Stage::Read | Stage::Decode));
            match if of_input { source } else { output } {
                Some(path) => error.at_path(path.display()),
                None => error,
            }
        })
    }
}

/// Whoever must hear of the end hears of it, even where the export's thread can't start or panics.
struct Ending {
    meter: Arc<Meter>,
    on_done: Option<OnDone>,
}

impl Ending {
    fn tell(mut self, result: &Result<Report>) {
        self.end(result);
    }

    fn end(&mut self, result: &Result<Report>) {
        self.meter.end(result.as_ref().err().cloned());
        if let Some(on_done) = self.on_done.take() {
            on_done(result);
        }
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        // After `tell` nobody is left to hear this.
        self.end(&Err(panicked()));
    }
}

fn panicked() -> Error {
    Error::new(ErrorKind::Bug, "the export's thread did not come to its end")
}

/// A running export: ask it, [`wait`](Self::wait) for it, or `.await` it.
pub struct ExportHandle {
    thread: Result<JoinHandle<Result<Report>>>,
    pub(super) meter: Arc<Meter>,
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

    /// Where it stands.
    pub fn status(&self) -> ExportStatus {
        self.meter.status()
    }

    /// Why it failed, once it has.
    pub fn error(&self) -> Option<Error> {
        self.meter.error()
    }

    /// Whether it is over, one way or the other.
    pub fn is_finished(&self) -> bool {
        self.status().is_final()
    }

    /// What it is doing, from [`super::ExportState::Pending`] on until it is over. `states(updateInterval:)`.
    ///
    /// As an iterator each item is waited for: every change, and between them the state every `interval`, if there is one.
    /// [`ExportStates::next_state`] is the same for `async` code. It doesn't borrow the handle, which can be awaited
    /// meanwhile.
    pub fn states(&self, interval: Option<Duration>) -> ExportStates {
        ExportStates::new(self.meter.clone(), interval)
    }

    /// Waits for the end.
    ///
    /// # Errors
    ///
    /// As [`ExportSession::export`].
    pub fn wait(self) -> Result<Report> {
        self.thread?.join().unwrap_or_else(|_| Err(panicked()))
    }
}

impl IntoFuture for ExportHandle {
    type Output = Result<Report>;
    type IntoFuture = ExportFuture;

    /// The end of the export, on any executor; dropping the future cancels.
    fn into_future(self) -> ExportFuture {
        ExportFuture(Some(self))
    }
}

impl fmt::Debug for ExportHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExportHandle")
            .field("status", &self.status())
            .field("progress", &self.progress())
            .finish()
    }
}
