//! Sample entries, both ways: what is read from one is written for either family and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use reelwright_bmff::entry;
use reelwright_fuzz::bounded;
use reelwright_media::{BoxFamily, FormatDescription, FourCc};

fuzz_target!(|data: &[u8]| {
    let Some((&choice, body)) = data.split_first() else { return };
    let family = if choice & 1 == 0 { BoxFamily::Iso } else { BoxFamily::QuickTime };
    let handler = FourCc(*[b"vide", b"soun", b"text", b"auxv"][usize::from(choice >> 1 & 3)]);
    bounded(body, |bytes| {
        let Ok(format) = entry::read(&bytes, handler, family) else { return };
        let _ = reelwright::rfc6381(&format);
        for target in [BoxFamily::Iso, BoxFamily::QuickTime] {
            let Ok(written) = entry::write(&format, target) else { continue };
            let again = entry::read(&written.into(), handler, target);
            let again = again.expect("what was written can be read");
            let kind = |format: &FormatDescription| std::mem::discriminant(format);
            assert_eq!(kind(&format), kind(&again));
        }
    });
});
