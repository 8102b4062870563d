//! Passes on which generation of libavcodec the bindings were made for.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Said by the bindings' build script, which looked at the installed headers; unset without the feature `link`.
    for (variable, name) in [("DEP_FFMPEG_FFMPEG_6_0", "libav_6_0"), ("DEP_FFMPEG_FFMPEG_6_1", "libav_6_1")] {
        println!("cargo::rustc-check-cfg=cfg({name})");
        println!("cargo::rerun-if-env-changed={variable}");
        if std::env::var_os(variable).is_some() {
            println!("cargo::rustc-cfg={name}");
        }
    }
}
