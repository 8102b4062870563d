//! Facts read from elementary streams: parameter sets, access units, key frames, priming.
#![forbid(unsafe_code)]
