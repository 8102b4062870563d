//! WAVE and RF64.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use reelwright_fuzz::{bounded, stamped, walk};

fuzz_target!(|data: &[u8]| {
    bounded(data, |bytes| {
        let kind = if bytes.last().is_some_and(|byte| byte & 1 == 1) { b"RF64" } else { b"RIFF" };
        let bytes = stamped(&stamped(&bytes, 0, kind), 8, b"WAVE");
        drop(walk(Arc::new(bytes)));
    });
});
