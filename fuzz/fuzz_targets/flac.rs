//! FLAC.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use reelwright_fuzz::{bounded, stamped, walk};

fuzz_target!(|data: &[u8]| {
    bounded(data, |bytes| {
        let bytes = stamped(&bytes, 0, b"fLaC");
        drop(walk(Arc::new(bytes)));
    });
});
