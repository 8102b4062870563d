//! Frame in, frame out: scaling, colour, tone mapping, resampling and mixing. Pure functions over pictures and sound;
//! nothing here knows a codec or a file.
#![deny(unsafe_code)]

mod geometry;
mod sound;

pub use geometry::fit_inside;
pub use sound::{Remix, Resampler};
