//! MPEG transport streams: the sync bytes are put where they belong, the rest is as it comes.
#![no_main]

use std::sync::Arc;

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use reelwright_fuzz::{bounded, walk};

fuzz_target!(|data: &[u8]| {
    bounded(data, |bytes| {
        let mut bytes = bytes.to_vec();
        bytes.iter_mut().step_by(188).for_each(|byte| *byte = 0x47);
        drop(walk(Arc::new(Bytes::from(bytes))));
    });
});
