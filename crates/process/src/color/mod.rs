//! Colour: what code values mean, and how light gets from one meaning to another.

mod light;
mod matrix;
mod primaries;
#[cfg(test)]
mod tests;
mod transfer;

pub(crate) use light::Light;
pub use light::source_peak;
pub(crate) use matrix::{Affine, Coding};
