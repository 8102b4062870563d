//! What an export would do with any input, by every preset: nothing is decoded.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use reelwright::{Asset, ExportSession, FileType, PRESETS};
use reelwright_fuzz::{WithTail, bounded};

fuzz_target!(|data: &[u8]| {
    bounded(data, |bytes| {
        let Ok(asset) = Asset::from_source(Arc::new(WithTail(bytes))) else { return };
        for row in PRESETS {
            let _ = ExportSession::new(&asset, row.preset).plan(FileType::Mov);
        }
    });
});
