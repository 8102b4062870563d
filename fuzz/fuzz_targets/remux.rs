//! Any input copied into MP4 or MOV in memory; the copy is opened again and compared sample by sample.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use reelwright::FileType;
use reelwright_fuzz::bounded;
use reelwright_fuzz::exercise::exercise;

fuzz_target!(|data: &[u8]| {
    let odd = data.last().is_some_and(|byte| byte & 1 == 1);
    let file_type = if odd { FileType::Mov } else { FileType::Mp4 };
    bounded(data, |bytes| exercise(Arc::new(bytes), file_type));
});
