//! The codec provider compiled in by default: permissive licences and no system library.
#![deny(unsafe_code)]
