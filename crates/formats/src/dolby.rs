//! AC-3 and Enhanced AC-3 as other containers carry them.

use reelwright_bitstream::ac3;
use reelwright_media::{AudioCodec, AudioFormat, FourCc, Result};

/// What a stream is of which `unit` is the first access unit, whole.
///
/// # Errors
///
/// Where no whole frame begins there.
pub(crate) fn describe(unit: &[u8]) -> Result<AudioFormat> {
    let (frame, config) = ac3::config(unit)?;
    let (codec, tag) = if frame.enhanced { (AudioCodec::Eac3, b"ec-3") } else { (AudioCodec::Ac3, b"ac-3") };
    let facts = match frame.enhanced {
        true => ac3::Ac3Config::parse_dec3(&config.bytes)?,
        false => ac3::Ac3Config::parse_dac3(&config.bytes)?,
    };
    Ok(AudioFormat {
        layout: facts.layout,
        frames_per_packet: frame.samples,
        bit_rate: (facts.bit_rate, facts.bit_rate),
        config: Some(config),
        ..AudioFormat::new(codec, FourCc::new(tag), frame.sample_rate, facts.channels)
    })
}
