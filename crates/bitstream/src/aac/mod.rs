//! AAC and its relatives (ISO/IEC 14496-3): AudioSpecificConfig, ADTS, LATM.

mod adts;
mod config;
mod latm;
mod program;

pub use adts::AdtsHeader;
pub use config::{AudioSpecificConfig, Sbr};
pub use latm::{LatmFrame, LatmReader, loas_frame};

/// `samplingFrequencyIndex` 0 to 12 (table 1.18), in Hz.
pub const SAMPLE_RATES: [u32; 13] =
    [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];

/// The rate of a `samplingFrequencyIndex`.
fn sample_rate(index: u8) -> Option<u32> {
    SAMPLE_RATES.get(usize::from(index)).copied()
}

/// The `samplingFrequencyIndex` of a rate.
fn rate_index(rate: u32) -> Option<u8> {
    let index = SAMPLE_RATES.iter().position(|&other| other == rate)?;
    u8::try_from(index).ok()
}
