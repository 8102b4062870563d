//! What libavcodec says while it works: kept as the reason for the next error instead of being printed.

use std::cell::RefCell;
use std::ffi::{c_char, c_int, c_void};
use std::sync::Once;

use super::sys;

thread_local! {
    /// The first complaint on this thread since the last error was made.
    static SAID: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Takes what was said on this thread.
pub(super) fn take() -> Option<String> {
    SAID.with(|said| said.borrow_mut().take())
}

/// Forgets what was said on this thread: it belongs to an earlier call.
pub(super) fn clear() {
    drop(take());
}

/// Has libavcodec's messages kept rather than printed, unless the program chose a log level of its own.
pub(super) fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Sound: plain getters and setters of a global; the callback lives as long as the program.
        unsafe {
            if sys::av_log_get_level() == sys::AV_LOG_INFO {
                #[cfg(target_arch = "x86_64")]
                sys::av_log_set_callback(Some(keep));
                #[cfg(not(target_arch = "x86_64"))]
                sys::av_log_set_level(sys::AV_LOG_QUIET);
            }
        }
    });
}

/// Keeps the first error since the last [`take`]. The type of a variable argument list differs from platform to
/// platform, hence only here.
#[cfg(target_arch = "x86_64")]
unsafe extern "C" fn keep(
    source: *mut c_void,
    level: c_int,
    format: *const c_char,
    arguments: *mut sys::__va_list_tag,
) {
    if level > sys::AV_LOG_ERROR {
        return;
    }
    let mut text = [0 as c_char; 512];
    let mut prefix: c_int = 0;
    // Sound: libavutil calls this with arguments that fit its own formatter; the buffer's true length is passed and
    // the result is terminated.
    let text = unsafe {
        sys::av_log_format_line2(
            source,
            level,
            format,
            arguments,
            text.as_mut_ptr(),
            text.len() as c_int,
            &raw mut prefix,
        );
        std::ffi::CStr::from_ptr(text.as_ptr())
    };
    let text = text.to_string_lossy();
    // "[libx264 @ 0x55d0c8] broken ffmpeg default settings" -> the part after the address.
    let text = text.split_once("] ").map_or(&*text, |(_, rest)| rest).trim();
    // A thread that is ending has no place for it any more; nor does it matter then.
    let _ = SAID.try_with(|said| {
        if let Ok(mut said) = said.try_borrow_mut()
            && said.is_none()
            && !text.is_empty()
        {
            *said = Some(text.to_owned());
        }
    });
}
