//! Sound: rate and channels.

mod remix;
mod resample;

pub use remix::Remix;
pub use resample::Resampler;
