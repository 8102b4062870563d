//! Write, export and read movies: AVFoundation's and VideoToolbox's writing half for every machine.
#![forbid(unsafe_code)]
