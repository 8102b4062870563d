//! Any bytes: what they are is told by the first of them, and opening them is bounded.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use reelwright_fuzz::bounded;

fuzz_target!(|data: &[u8]| {
    bounded(data, |bytes| drop(reelwright_formats::open(Arc::new(bytes))));
});
