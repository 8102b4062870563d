//! Colour: what code values mean, and how light gets from one meaning to another.

mod matrix;

pub(crate) use matrix::{Affine, Coding};
