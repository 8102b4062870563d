//! Sans-I/O muxer: interleaving, sample tables and file layout as a stream of operations.
#![forbid(unsafe_code)]
