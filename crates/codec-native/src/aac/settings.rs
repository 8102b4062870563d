use reelwright_bitstream::aac::SAMPLE_RATES;
use reelwright_media::{ChannelLayout, Error, Result};

pub use super::mdct::Shape as Window;

/// How bits are spent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rate {
    /// So many bits per second, within the decoder's buffer of 6144 bits per channel (4.5.3): every packet can be sent
    /// over a channel of just this rate. Left-over bits are filled up.
    Constant(u32),
    /// So many bits per second on average over a second or two; hard passages take more than simple ones, and what silence
    /// saves, up to ten seconds of it, is spent on what follows.
    Average(u32),
    /// Constant quality from 0.0 (worst) to 1.0 (best). For stereo at 48 kHz about 12 kbit/s at 0, 56 at 0.25, 128 at 0.5,
    /// 218 at 0.75 and 335 at 1; half or twice that for simple or hard sound.
    Variable(f32),
}

/// Everything an encoder is made with.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Frames per second: one of the thirteen rates of table 1.18 but 7350, 8000 to 96 000.
    pub sample_rate: u32,
    /// Which channel is which, in the order they are fed; at most 8.
    pub layout: ChannelLayout,
    /// How bits are spent.
    pub rate: Rate,
    /// The highest frequency to code in Hz; `None` chooses by rate.
    pub bandwidth: Option<u32>,
    /// The shape of the windows; Kaiser-Bessel derived unless said otherwise.
    pub window: Window,
    /// Whether bands of noise that would be silenced become noise of the decoder's own (4.6.13). Off unless asked for.
    pub noise_substitution: bool,
}

impl Settings {
    /// Settings with all but these left to the encoder.
    pub const fn new(sample_rate: u32, layout: ChannelLayout, rate: Rate) -> Self {
        Self { sample_rate, layout, rate, bandwidth: None, window: Window::Kbd, noise_substitution: false }
    }

    /// `samplingFrequencyIndex`.
    pub(super) fn rate_index(&self) -> Result<usize> {
        SAMPLE_RATES[..12].iter().position(|&rate| rate == self.sample_rate).ok_or_else(|| {
            Error::unsupported(format!(
                "AAC at {} Hz; possible are {:?}",
                self.sample_rate,
                &SAMPLE_RATES[..12]
            ))
        })
    }
}
