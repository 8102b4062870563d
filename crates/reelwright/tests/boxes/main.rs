//! MP4 and QuickTime files as they are found rather than as they should be, read and copied: what comes out is judged by
//! ffprobe and ffmpeg.
#![allow(clippy::unwrap_used, reason = "tests state what they expect by unwrapping")]

mod cuts;
mod damage;
mod durations;
mod edits;
#[path = "../folder/mod.rs"]
mod folder;
#[path = "../foreign/mod.rs"]
mod foreign;
mod joined;
mod labels;
mod made;
mod matrix;
mod references;
mod sets;
