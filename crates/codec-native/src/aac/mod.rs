//! AAC LC encoding (ISO/IEC 14496-3, subpart 4).
//!
//! [`Encoder`] turns PCM into raw data blocks of 1024 frames. A frame goes through `mdct` (long or short windows as
//! `transient` asks), `psycho` (how much noise each band hides), `shaping` (noise in time), `stereo` (left and right,
//! middle and side, or one channel for both), `search` (scale factors at a given price of a bit), `sections` (codebooks)
//! and `syntax` (bits); `rate` moves the price so that the stream keeps its rate.

mod analysis;
mod block;
mod coded;
mod encoder;
mod lanes;
mod layout;
mod mdct;
mod psycho;
mod quantize;
mod rate;
mod search;
mod sections;
mod settings;
mod shaping;
mod stereo;
mod syntax;
mod transient;

pub use encoder::{Encoder, Packet};
pub use settings::{Rate, Settings, Window};
