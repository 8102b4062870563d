//! Matroska and WebM.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use reelwright_fuzz::{bounded, stamped, walk};

fuzz_target!(|data: &[u8]| {
    bounded(data, |bytes| {
        let bytes = stamped(&bytes, 0, &[0x1A, 0x45, 0xDF, 0xA3]);
        drop(walk(Arc::new(bytes)));
    });
});
