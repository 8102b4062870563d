//! AAC and its relatives (ISO/IEC 14496-3): AudioSpecificConfig, ADTS, LATM, and what a raw
//! data block consists of.

mod adts;
pub mod bands;
mod block;
mod channel;
pub mod codebooks;
mod config;
mod huffman;
mod latm;
mod program;

pub use adts::AdtsHeader;
pub use block::{BlockContents, ElementKind};
pub use config::{AudioSpecificConfig, Sbr};
pub use latm::{LatmFrame, LatmReader, loas_frame};
pub use program::{ProgramConfig, ProgramElement};

/// `samplingFrequencyIndex` 0 to 12 (table 1.18), in Hz.
pub const SAMPLE_RATES: [u32; 13] =
    [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];

/// The rate of a `samplingFrequencyIndex`.
fn sample_rate(index: u8) -> Option<u32> {
    SAMPLE_RATES.get(usize::from(index)).copied()
}

/// The `samplingFrequencyIndex` of a rate.
pub fn rate_index(rate: u32) -> Option<u8> {
    let index = SAMPLE_RATES.iter().position(|&other| other == rate)?;
    u8::try_from(index).ok()
}
