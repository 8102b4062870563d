//! Frame in, frame out: scaling, colour, tone mapping, resampling and mixing. Pure functions over pictures and sound;
//! nothing here knows a codec or a file.
#![deny(unsafe_code)]

mod color;
#[cfg(test)]
mod foreign;
mod geometry;
pub mod pattern;
mod pipeline;
mod scale;
mod simd;
mod sound;
mod turn;
mod widen;
mod workers;

pub use color::source_peak;
pub use geometry::{fit_inside, square_size};
pub use pipeline::{Alpha, FrameShape, Pipeline, PipelineConfig};
pub use scale::Kernel;
pub use sound::{AudioConverter, Mixer, Remix, Resampler, Volume};
pub use turn::turn;
pub use widen::widen;
pub use workers::Workers;
