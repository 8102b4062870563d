//! MP4 and QuickTime boxes, sample tables and the demuxer.
#![forbid(unsafe_code)]
