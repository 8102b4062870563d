use std::fmt;
use std::sync::Arc;

use crate::{Hint, Time};

/// The result of nearly everything in Reelwright.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, where, why, and what to do next.
///
/// Cheap to clone: the first failure of a session is kept and every later call returns the same one.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    message: String,
    place: Place,
    hint: Option<Hint>,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

/// The families of failure, by who can do something about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The call itself is wrong: state, argument or combination. Nothing has changed.
    Misuse,
    /// The bytes contradict the standard or themselves.
    Malformed,
    /// The bytes end before they should.
    Truncated,
    /// Sound, but Reelwright or this build can't do it.
    Unsupported,
    /// A limit that guards against hostile input, or one the format sets.
    Limit,
    /// No codec of this build satisfies the request.
    NoCodec,
    /// A decoder refused the data.
    Decode,
    /// An encoder failed.
    Encode,
    /// The output exists already and overwriting was not asked for. `AVError.fileAlreadyExists`.
    Exists,
    /// The disk is full.
    NoSpace,
    /// The operating system refused or failed.
    Io,
    /// The caller cancelled. `AVError.operationCancelled`.
    Cancelled,
    /// The caller left halfway: a thread that had more to hand over panicked.
    Abandoned,
    /// Reelwright broke its own promise; please report it.
    Bug,
}

impl ErrorKind {
    /// A short noun phrase, as it stands in front of a message.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Misuse => "misuse",
            Self::Malformed => "malformed media",
            Self::Truncated => "truncated media",
            Self::Unsupported => "unsupported",
            Self::Limit => "limit exceeded",
            Self::NoCodec => "no codec",
            Self::Decode => "decoding failed",
            Self::Encode => "encoding failed",
            Self::Exists => "file exists",
            Self::NoSpace => "disk full",
            Self::Io => "input/output",
            Self::Cancelled => "cancelled",
            Self::Abandoned => "abandoned",
            Self::Bug => "internal error",
        }
    }

    /// The number of the matching `AVError`, for people who know AVFoundation.
    pub const fn code(self) -> i32 {
        match self {
            Self::Misuse => -11875,
            Self::Malformed => -11829,
            Self::Truncated => -11880,
            Self::Unsupported => -11838,
            Self::Limit => -11813,
            Self::NoCodec => -11834,
            Self::Decode => -11821,
            Self::Encode => -11883,
            Self::Exists => -11823,
            Self::NoSpace => -11807,
            Self::Io | Self::Abandoned | Self::Bug => -11800,
            Self::Cancelled => -11878,
        }
    }

    /// The number of the matching VideoToolbox status, where there is one.
    pub const fn os_status(self) -> Option<i32> {
        match self {
            Self::Misuse => Some(-12902),      // kVTParameterErr
            Self::Unsupported => Some(-12900), // kVTPropertyNotSupportedErr
            Self::Limit => Some(-12904),       // kVTAllocationFailedErr
            Self::NoCodec => Some(-12908),     // kVTCouldNotFindVideoEncoderErr
            Self::Malformed | Self::Truncated | Self::Decode => Some(-12909), // kVTVideoDecoderBadDataErr
            Self::Encode => Some(-12912),      // kVTVideoEncoderMalfunctionErr
            Self::Exists | Self::NoSpace | Self::Io | Self::Cancelled | Self::Abandoned | Self::Bug => None,
        }
    }
}

/// The step of the journey at which something failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// Opening and probing the input.
    Open,
    /// Reading samples.
    Read,
    /// Decoding.
    Decode,
    /// Scaling, converting, mixing.
    Process,
    /// Encoding.
    Encode,
    /// Interleaving and building tables.
    Mux,
    /// Writing bytes to the target.
    Write,
    /// Deciding what to do.
    Plan,
}

impl Stage {
    /// The stage as a verb in `-ing`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "opening",
            Self::Read => "reading",
            Self::Decode => "decoding",
            Self::Process => "processing",
            Self::Encode => "encoding",
            Self::Mux => "muxing",
            Self::Write => "writing",
            Self::Plan => "planning",
        }
    }
}

/// Where something went wrong; every field that is known is set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The step of the journey.
    pub stage: Option<Stage>,
    /// The file, as the user named it.
    pub path: Option<String>,
    /// The track's ID.
    pub track: Option<u32>,
    /// The sample's index in its track, from 0.
    pub sample: Option<u64>,
    /// The time in the track or movie.
    pub time: Option<Time>,
    /// The byte offset in the input or output.
    pub offset: Option<u64>,
    /// The path of boxes, outermost first, as in `moov/trak/mdia`.
    pub box_path: Option<String>,
}

impl Error {
    /// A failure of `kind`; `message` names the value, the rule and what is allowed.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Arc::new(Inner {
            kind,
            message: message.into(),
            place: Place::default(),
            hint: None,
            source: None,
        }))
    }

    /// [`ErrorKind::Misuse`].
    pub fn misuse(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Misuse, message)
    }

    /// [`ErrorKind::Malformed`].
    pub fn malformed(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Malformed, message)
    }

    /// [`ErrorKind::Truncated`].
    pub fn truncated(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Truncated, message)
    }

    /// [`ErrorKind::Unsupported`].
    pub fn unsupported(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unsupported, message)
    }

    /// [`ErrorKind::Cancelled`].
    pub fn cancelled() -> Self {
        Self::new(ErrorKind::Cancelled, "the operation was cancelled")
    }

    /// An operating-system failure while doing `what`; a full disk becomes [`ErrorKind::NoSpace`].
    pub fn io(what: impl Into<String>, cause: std::io::Error) -> Self {
        let kind = match cause.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => ErrorKind::NoSpace,
            std::io::ErrorKind::AlreadyExists => ErrorKind::Exists,
            _ => ErrorKind::Io,
        };
        Self::new(kind, what).caused_by(cause)
    }

    /// What family of failure this is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The matching `AVError` number.
    pub fn code(&self) -> i32 {
        self.0.kind.code()
    }

    /// The message alone, without place, cause or hint.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Where it happened.
    pub fn place(&self) -> &Place {
        &self.0.place
    }

    /// The next step for the person who reads this, where one is known.
    pub fn hint(&self) -> Option<&Hint> {
        self.0.hint.as_ref()
    }

    /// Adds the next step.
    #[must_use]
    pub fn with_hint(self, hint: impl Into<Hint>) -> Self {
        self.change(|inner| inner.hint = Some(hint.into()))
    }

    /// Adds the failure underneath.
    #[must_use]
    pub fn caused_by(self, cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.change(|inner| inner.source = Some(Arc::new(cause)))
    }

    /// Says at which stage, unless a deeper layer said so already.
    #[must_use]
    pub fn at_stage(self, stage: Stage) -> Self {
        self.locate(|place| set_once(&mut place.stage, stage))
    }

    /// Says in which file, unless a deeper layer said so already.
    #[must_use]
    pub fn at_path(self, path: impl fmt::Display) -> Self {
        self.locate(|place| set_once(&mut place.path, path.to_string()))
    }

    /// Says in which track, unless a deeper layer said so already.
    #[must_use]
    pub fn at_track(self, track: u32) -> Self {
        self.locate(|place| set_once(&mut place.track, track))
    }

    /// Says at which sample (from 0), unless a deeper layer said so already.
    #[must_use]
    pub fn at_sample(self, sample: u64) -> Self {
        self.locate(|place| set_once(&mut place.sample, sample))
    }

    /// Says at what time, unless a deeper layer said so already.
    #[must_use]
    pub fn at_time(self, time: Time) -> Self {
        self.locate(|place| set_once(&mut place.time, time))
    }

    /// Says at which byte, unless a deeper layer said so already.
    #[must_use]
    pub fn at_offset(self, offset: u64) -> Self {
        self.locate(|place| set_once(&mut place.offset, offset))
    }

    /// Puts `name` in front of the path of boxes.
    #[must_use]
    pub fn in_box(self, name: impl fmt::Display) -> Self {
        self.locate(|place| {
            place.box_path = Some(match place.box_path.take() {
                Some(inner) => format!("{name}/{inner}"),
                None => name.to_string(),
            });
        })
    }

    fn locate(self, change: impl FnOnce(&mut Place)) -> Self {
        self.change(|inner| change(&mut inner.place))
    }

    fn change(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }
}

fn set_once<T>(slot: &mut Option<T>, value: T) {
    slot.get_or_insert(value);
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|cause| cause as _)
    }
}

impl fmt::Display for Error {
    /// `kind: message (place)`, then the cause after a colon. The hint is left to the caller's layout.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.kind.name(), self.0.message)?;
        let place = self.0.place.to_string();
        if !place.is_empty() {
            write!(f, " ({place})")?;
        }
        match &self.0.source {
            Some(cause) => write!(f, ": {cause}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        match self.hint() {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            self.stage.map(|stage| format!("while {}", stage.name())),
            self.path.as_ref().map(|path| format!("file {path}")),
            self.track.map(|track| format!("track {track}")),
            self.sample.map(|sample| format!("sample {sample}")),
            self.time.map(|time| format!("at {time}")),
            self.box_path.as_ref().map(|path| format!("in {path}")),
            self.offset.map(|offset| format!("byte {offset}")),
        ];
        f.write_str(&parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_as_kind_message_place_and_cause() {
        let error = Error::malformed("entry count 4294967295 exceeds the 12 bytes left")
            .in_box("stsz")
            .in_box("moov")
            .at_offset(640)
            .at_stage(Stage::Open)
            .at_stage(Stage::Read);
        assert_eq!(
            error.to_string(),
            "malformed media: entry count 4294967295 exceeds the 12 bytes left (while opening, in moov/stsz, byte 640)"
        );
        let io = Error::io("can't write the index", std::io::Error::from(std::io::ErrorKind::StorageFull));
        assert_eq!(io.kind(), ErrorKind::NoSpace);
        assert_eq!(io.code(), -11807);
    }
}
