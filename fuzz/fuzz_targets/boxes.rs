//! MP4 and QuickTime: boxes, tables, fragments, chapters, metadata; every sample of every track; the dump.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use reelwright_fuzz::exercise::Nowhere;
use reelwright_fuzz::{WithTail, bounded, walk};

fuzz_target!(|data: &[u8]| {
    bounded(data, |bytes| {
        let _ = reelwright_bmff::dump(&bytes, &mut Nowhere);
        if reelwright_bmff::is_box_file(&bytes) {
            // The last bit says whether the media is cut off.
            let _ = if bytes.last().is_some_and(|byte| byte & 1 == 0) {
                walk(Arc::new(bytes))
            } else {
                walk(Arc::new(WithTail(bytes)))
            };
        }
    });
});
