//! Frame in, frame out: scaling, colour, tone mapping, resampling and mixing.
#![deny(unsafe_code)]
