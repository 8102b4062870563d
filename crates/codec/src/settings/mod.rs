//! What encoders are made with: read as fields, changed by methods of the same names or field by field.

mod audio;
mod video;

pub use audio::{AudioEncoderSettings, AudioRate};
pub use video::{KeyFrames, RateLimit, VideoEncoderSettings, VideoProfile, VideoRate};

/// Methods that take a setting by value and give all of them back, each named as the field it sets. Those that may be
/// absent are given as they are or as an `Option`.
macro_rules! setters {
    ($($field:ident: $type:ty,)*; optional $($optional:ident: $inner:ty,)*) => {
        $(
            #[doc = concat!("The same settings with this [`Self::", stringify!($field), "`].")]
            #[must_use]
            pub fn $field(mut self, $field: $type) -> Self {
                self.$field = $field;
                self
            }
        )*
        $(
            #[doc = concat!("The same settings with this [`Self::", stringify!($optional), "`].")]
            #[must_use]
            pub fn $optional(mut self, $optional: impl Into<Option<$inner>>) -> Self {
                self.$optional = $optional.into();
                self
            }
        )*
    };
}
use setters;

/// Qualities anything can be encoded with.
const QUALITIES: std::ops::RangeInclusive<f32> = 0.0..=1.0;

fn check_quality(quality: f32) -> reelwright_media::Result<()> {
    if QUALITIES.contains(&quality) {
        return Ok(());
    }
    Err(reelwright_media::Error::misuse(format!(
        "a quality of {quality}: qualities are 0.0 (worst) to 1.0 (best)"
    )))
}

fn check_bit_rate(what: &str, bits: u32) -> reelwright_media::Result<()> {
    if bits > 0 {
        return Ok(());
    }
    Err(reelwright_media::Error::misuse(format!("{what} of 0 bit/s: at least 1 bit/s is needed"))
        .with_hint("give bits per second, or a quality"))
}
