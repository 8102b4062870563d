//! Encoding: which of libavcodec's encoders makes what, how settings become its options, and its output as samples.

mod audio;
mod audio_settings;
mod catalogue;
mod settings;
mod stream;
mod video;

pub(crate) use audio::Encoder as AudioEncoder;
pub(crate) use catalogue::{AUDIO, VIDEO, audio_info, video_info};
pub(crate) use video::Encoder as VideoEncoder;
