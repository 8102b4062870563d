use reelwright_bitstream::h264::AvcConfig;
use reelwright_bitstream::hevc::HevcConfig;
use reelwright_bitstream::{length_prefixed_units, push_annex_b};
use reelwright_media::{Error, Result, SampleBuffer};

/// A sample of H.264 or HEVC as a raw stream has it (ITU-T H.264 and H.265, annex B): start codes in place of lengths, and
/// in front of a sample that decoding can start at the parameter sets, which samples of movies are without.
///
/// # Errors
///
/// [`reelwright_media::ErrorKind::Unsupported`] for another codec or a format without its parameter sets; malformed samples.
pub fn annex_b(sample: &SampleBuffer) -> Result<Vec<u8>> {
    let video = sample.format.video()?;
    let config = video.config.as_ref().map(|config| (&config.kind.0, &config.bytes[..]));
    let (length_size, sets) = match config {
        Some((b"avcC", bytes)) => {
            let config = AvcConfig::parse(bytes)?;
            (config.length_size, config.units().cloned().collect::<Vec<_>>())
        }
        Some((b"hvcC", bytes)) => {
            let config = HevcConfig::parse(bytes)?;
            (config.length_size, config.units().cloned().collect())
        }
        _ => {
            let name = video.codec.name();
            return Err(Error::unsupported(format!("{name} without avcC or hvcC has no such raw stream")));
        }
    };
    let bytes = sample.payload.load()?;
    let mut out = Vec::with_capacity(bytes.len() + 64);
    if sample.flags.sync {
        sets.iter().for_each(|set| push_annex_b(&mut out, set));
    }
    for unit in length_prefixed_units(&bytes, length_size) {
        push_annex_b(&mut out, unit?);
    }
    Ok(out)
}
