//! Core Audio Format.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use reelwright_fuzz::{bounded, stamped, walk};

fuzz_target!(|data: &[u8]| {
    bounded(data, |bytes| {
        let bytes = stamped(&bytes, 0, b"caff\0\x01\0\0");
        drop(walk(Arc::new(bytes)));
    });
});
