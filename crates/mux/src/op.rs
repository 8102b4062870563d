use reelwright_media::{Error, Payload};

/// One thing a sink is asked to do to the output, in order. The muxer does no I/O itself.
///
/// The media of a file arrives as [`Op::Append`]; whatever has to be changed afterwards is written by position.
#[derive(Clone, Debug)]
pub enum Op {
    /// Put these bytes at the end of the output.
    Append(Payload),
    /// Put these bytes over those at `offset`; they never reach past the end. Needs [`Capabilities::seek`].
    WriteAt {
        /// Where in the output.
        offset: u64,
        /// What.
        payload: Payload,
    },
    /// Copy `len` bytes from `from` to `to`; the ranges may overlap and the output may grow. What stood between
    /// `from` and `to` is written over next. Needs [`Capabilities::seek`] and [`Capabilities::read_back`].
    MoveRange {
        /// Where the bytes are.
        from: u64,
        /// Where they belong.
        to: u64,
        /// How many they are.
        len: u64,
    },
    /// Make everything so far survive a power cut.
    Sync,
    /// The output is complete: let it appear under its name.
    Finish,
}

/// What became of an [`Op`]; the muxer decides on the next step by it.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It was done.
    Done,
    /// The sink can't do such a thing; nothing has changed. The muxer tries another way where there is one.
    Unsupported,
    /// It failed, the disk being full among the reasons ([`reelwright_media::ErrorKind::NoSpace`]). Every later call
    /// of the muxer returns this error.
    Failed(Error),
}

/// What a sink can do, said before the first [`Op`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Bytes can be written by position.
    pub seek: bool,
    /// Bytes written before can be read again.
    pub read_back: bool,
}

impl Capabilities {
    /// A regular file or memory.
    pub const FULL: Self = Self { seek: true, read_back: true };
    /// A pipe: bytes go out in order, once.
    pub const STREAM: Self = Self { seek: false, read_back: false };
}
