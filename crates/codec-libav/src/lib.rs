//! The opt-in codec provider over the system's libavcodec.
#![deny(unsafe_code)]
