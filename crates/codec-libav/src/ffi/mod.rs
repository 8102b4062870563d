//! The only place that talks to libavcodec: thin wrappers that own what they wrap and check what comes back.
//!
//! Everything above works with [`Codec`], [`Context`], [`Frame`] and [`Packet`] alone, so that the link can be replaced
//! by `dlopen` or by a worker process without a change elsewhere.
#![allow(unsafe_code, reason = "calls into libavcodec; each block says why it is sound")]

mod codec;
mod context;
mod frame;
mod log;
mod packet;
mod picture;

use std::ffi::{CStr, c_char, c_int};

use ffmpeg_sys_the_third as sys;
use reelwright_media::{Error, ErrorKind};

pub(crate) use codec::{Codec, library};
pub(crate) use context::{AudioParameters, Context, Progress, VideoParameters};
pub(crate) use frame::{Frame, SampleKind};
pub(crate) use packet::Packet;
pub(crate) use picture::{Component, PictureLayout};

/// The name libavcodec gives an error code.
fn describe(code: c_int) -> String {
    let mut text = [0 as c_char; 128];
    // Sound: the buffer is ours, its true length is passed, and av_strerror always terminates what it writes.
    let text = unsafe {
        sys::av_strerror(code, text.as_mut_ptr(), text.len());
        CStr::from_ptr(text.as_ptr())
    };
    text.to_string_lossy().into_owned()
}

/// A failure of `kind` while doing `what`, with what libavcodec said about it.
fn failure(kind: ErrorKind, what: &str, code: c_int) -> Error {
    let said = log::take();
    let reason = describe(code);
    let message = match said {
        Some(said) => format!("{what}: {said} ({reason})"),
        None => format!("{what}: {reason}"),
    };
    Error::new(kind, message)
}

/// A C string of libavcodec's static data as text; empty for null.
///
/// # Safety
///
/// `text` is null or points to a string that lives as long as the program.
unsafe fn static_text(text: *const c_char) -> &'static str {
    if text.is_null() {
        return "";
    }
    // Sound: the caller vouches for the pointer.
    unsafe { CStr::from_ptr(text) }.to_str().unwrap_or_default()
}
