//! Sound: rate, channels, volume, and the sum of tracks.

mod convert;
mod mixer;
mod remix;
mod resample;
mod volume;

pub use convert::AudioConverter;
pub use mixer::Mixer;
pub use remix::Remix;
pub use resample::Resampler;
pub use volume::Volume;
