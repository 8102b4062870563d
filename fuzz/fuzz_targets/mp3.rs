//! MPEG audio, with ID3 tags and Xing notes in front.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use reelwright_fuzz::{bounded, stamped, walk};

fuzz_target!(|data: &[u8]| {
    bounded(data, |bytes| {
        let bytes = if bytes.starts_with(b"ID3") { bytes } else { stamped(&bytes, 0, &[0xFF, 0xFB]) };
        drop(walk(Arc::new(bytes)));
    });
});
