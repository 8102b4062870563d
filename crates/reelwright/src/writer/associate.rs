use std::sync::atomic::{AtomicU64, Ordering};

use reelwright_media::{Error, FourCc, MediaType, Result};

use super::Input;

/// Names an input of a writer, also once the input is on another thread. [`Input::id`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InputId {
    pub(super) writer: WriterId,
    pub(super) index: usize,
}

/// Tells writers apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct WriterId(u64);

impl WriterId {
    /// One no other writer of this process has.
    pub(super) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl From<&Input> for InputId {
    fn from(input: &Input) -> Self {
        input.id()
    }
}

/// What one track is to another (`tref`). `AVAssetTrack.AssociationType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Association {
    /// The other lists the chapters of this one (`chap`): text, or pictures of them. `chapterList`.
    Chapters,
    /// The other has its timecode (`tmcd`). `timecode`.
    Timecode,
    /// Both are sound, and the other is for those who can't play this one (`fall`). `audioFallback`.
    AudioFallback,
    /// The other shows of these subtitles what must be seen even without them (`forc`). `forcedSubtitlesOnly`.
    ForcedSubtitles,
    /// Where this one is chosen, the other is chosen too (`folw`). `selectionFollower`.
    SelectionFollower,
    /// This one is metadata that describes the other (`cdsc`). `metadataReferent`.
    Describes,
    /// Any other kind of reference, whatever the tracks are.
    Other(FourCc),
}

impl Association {
    /// The type of the reference.
    pub const fn kind(self) -> FourCc {
        match self {
            Self::Chapters => FourCc::new(b"chap"),
            Self::Timecode => FourCc::new(b"tmcd"),
            Self::AudioFallback => FourCc::new(b"fall"),
            Self::ForcedSubtitles => FourCc::new(b"forc"),
            Self::SelectionFollower => FourCc::new(b"folw"),
            Self::Describes => FourCc::new(b"cdsc"),
            Self::Other(kind) => kind,
        }
    }

    /// Whether a track of this kind can be so to one of the other.
    pub(super) fn check(self, from: MediaType, to: MediaType) -> Result<()> {
        let subtitles =
            |media| matches!(media, MediaType::Subtitle | MediaType::Text | MediaType::ClosedCaption);
        let wanted = match self {
            Self::Chapters if !matches!(to, MediaType::Text | MediaType::Video | MediaType::Metadata) => {
                "a list of chapters is a track of text, pictures or metadata"
            }
            Self::Timecode if to != MediaType::Timecode => "timecode is in a track of timecode",
            Self::AudioFallback if (from, to) != (MediaType::Audio, MediaType::Audio) => {
                "a fallback of sound is between two tracks of sound"
            }
            Self::ForcedSubtitles if !(subtitles(from) && subtitles(to)) => {
                "forced subtitles are between two tracks of subtitles"
            }
            Self::Describes if from != MediaType::Metadata => "what describes another track is metadata",
            _ => return Ok(()),
        };
        let message = format!("a track of {} can't be {} to one of {}", from.name(), self.kind(), to.name());
        Err(Error::misuse(message).with_hint(wanted))
    }
}
