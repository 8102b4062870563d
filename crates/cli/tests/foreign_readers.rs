//! A few copies before the foreign readers of `conformance/`; one that isn't installed is a skip. The whole corpus takes
//! `conformance/run.py` itself.
#![allow(clippy::unwrap_used, reason = "tests state what they expect by unwrapping")]

use std::path::Path;
use std::process::Command;

/// Rotation, B pictures behind an edit, Opus in fragments.
const FEW: &str = "iphone_rot90_tapt.mov,edts_avc_aac.mp4,opus_frag.mp4";

#[test]
fn foreign_readers_find_no_fault_in_copies() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    if !root.join("../shared/media").exists() {
        reelwright_judges::skip!("{} is not there", root.join("../shared/media").display());
        return;
    }
    let run = Command::new("python3")
        .arg(root.join("conformance/run.py"))
        .args(["--reel", env!("CARGO_BIN_EXE_reel"), "--only", FEW])
        .output();
    let Ok(output) = run else {
        reelwright_judges::skip!("python3 is not installed");
        return;
    };
    let said = String::from_utf8_lossy(&output.stderr);
    eprintln!("{said}");
    for reader in said.lines().filter_map(|line| line.strip_prefix("SKIPPED: ")) {
        reelwright_judges::skip!("{reader}");
    }
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
