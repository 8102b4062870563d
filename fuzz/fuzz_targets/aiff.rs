//! AIFF and AIFF-C.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use reelwright_fuzz::{bounded, stamped, walk};

fuzz_target!(|data: &[u8]| {
    bounded(data, |bytes| {
        let kind = if bytes.last().is_some_and(|byte| byte & 1 == 1) { b"AIFC" } else { b"AIFF" };
        let bytes = stamped(&stamped(&bytes, 0, b"FORM"), 8, kind);
        drop(walk(Arc::new(bytes)));
    });
});
