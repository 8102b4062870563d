//! Encoder and decoder traits, the registry, compression and decompression sessions.
#![forbid(unsafe_code)]
