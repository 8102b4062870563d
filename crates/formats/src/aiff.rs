//! AIFF and AIFF-C (Apple, "Audio Interchange File Format", 1989 and 1991).

use std::sync::Arc;

use bytes::Bytes;
use reelwright_bmff::entry::core_audio_layout;
use reelwright_media::{
    AudioCodec, AudioFormat, ContainerKind, Error, FormatDescription, FourCc, PcmFormat, ReadAt, Result,
    Timescale,
};

use crate::id3;
use crate::indexed::{Indexed, Runs, movie};
use crate::movie_tags::MovieTags;
use crate::wave::{companded, item, of_runs, plain_text};
use crate::window::Window;

/// Opens an AIFF or AIFF-C file.
///
/// # Errors
///
/// A missing `COMM` or `SSND` chunk, a coding that isn't known here.
pub(crate) fn open(source: Arc<dyn ReadAt>) -> Result<Indexed> {
    let mut window = Window::new(source.clone(), 4096);
    let chunks = Chunks::read(&mut window)?;
    let common = chunks.common.ok_or_else(|| Error::malformed("an AIFF file without 'COMM' chunk"))?;
    let mut format = format(&common).map_err(|error| error.in_box("COMM"))?;
    if let Some(stated) = chunks.layout.and_then(|body| core_audio_layout(&body, format.channels.into())) {
        format.layout = Some(stated);
    }
    let timescale =
        Timescale::new(format.sample_rate).ok_or_else(|| Error::malformed("an AIFF file of 0 Hz"))?;
    let mut movie = movie(ContainerKind::Aiff, timescale);
    let (offset, length) = match chunks.sound {
        Some(sound) => sound,
        // The standard lets a file without sound frames leave the chunk out.
        None if common.frames == 0 => (0, 0),
        None => return Err(Error::malformed("an AIFF file without 'SSND' chunk")),
    };
    let (packet_bytes, packet_frames) = (format.bytes_per_packet.max(1), format.frames_per_packet.max(1));
    let held = length / u64::from(packet_bytes);
    // IMA ADPCM counts packets or frames there, by writer.
    let counts = packet_frames == 1 && !(chunks.streamed && common.frames == 0);
    let stated = if counts { u64::from(common.frames) } else { held };
    if stated > held {
        movie.warnings.push(format!("COMM states {stated} sample frames where SSND holds {held}"));
    }
    let format = Arc::new(FormatDescription::Audio(format));
    let packets = held.min(stated);
    let runs = Runs { source, format, timescale, offset, packet_bytes, packet_frames, packets };
    let heard = runs.all();
    Ok(of_runs(movie, runs, heard).with_facts(chunks.facts))
}

#[derive(Default)]
struct Chunks {
    common: Option<Common>,
    /// Offset and length of the sound itself.
    sound: Option<(u64, u64)>,
    /// The sound goes on to the end of the file: a writer that streams never comes back to fill in its size.
    streamed: bool,
    /// As Core Audio describes it.
    layout: Option<Bytes>,
    facts: MovieTags,
}

struct Common {
    channels: u16,
    frames: u32,
    bits: u16,
    rate: u32,
    compression: FourCc,
}

impl Chunks {
    fn read(window: &mut Window) -> Result<Self> {
        let end = window.len();
        let aifc = window.array::<4>(8)? == *b"AIFC";
        let mut out = Self::default();
        let mut at = 12;
        while end.saturating_sub(at) >= 8 {
            let [a, b, c, d, sizes @ ..] = window.array::<8>(at)?;
            let (body, length) = (at + 8, u64::from(u32::from_be_bytes(sizes)));
            let short = usize::try_from(length).unwrap_or(usize::MAX).min(id3::MOST);
            match &[a, b, c, d] {
                b"COMM" => out.common = Some(Common::parse(window.exact(body, short.min(22))?, aifc)?),
                b"SSND" => {
                    let [a, b, c, d, ..] = window.array::<8>(body)?;
                    let skip = 8 + u64::from(u32::from_be_bytes([a, b, c, d]));
                    let start = body.saturating_add(skip).min(end);
                    out.streamed = length == 0;
                    if out.streamed {
                        out.sound = Some((start, end - start));
                        break;
                    }
                    out.sound = Some((start, length.saturating_sub(skip).min(end - start)));
                }
                b"CHAN" => out.layout = Some(Bytes::copy_from_slice(window.at(body, short)?)),
                b"NAME" | b"AUTH" | b"(c) " | b"ANNO" => {
                    let text = plain_text(window.at(body, short)?);
                    let key = String::from_utf8_lossy(&[a, b, c, d]).into_owned();
                    if !text.is_empty() {
                        out.facts.note(item(&key, text));
                    }
                }
                b"ID3 " => out.facts.extend(id3::parse(window.at(body, short)?)),
                _ => {}
            }
            at = body + length + (length & 1);
        }
        Ok(out)
    }
}

impl Common {
    fn parse(chunk: &[u8], aifc: bool) -> Result<Self> {
        let Some((fixed, rest)) = chunk.split_first_chunk::<18>() else {
            return Err(Error::truncated(format!("COMM of {} bytes; at least 18", chunk.len())));
        };
        let short = |at: usize| u16::from_be_bytes([fixed[at], fixed[at + 1]]);
        let compression = match rest.first_chunk::<4>() {
            Some(code) if aifc => FourCc(*code),
            _ => FourCc::new(b"NONE"),
        };
        Ok(Self {
            channels: short(0),
            frames: u32::from(short(2)) << 16 | u32::from(short(4)),
            bits: short(6),
            rate: extended(short(8), fixed[10..].iter().fold(0, |value, &byte| value << 8 | u64::from(byte))),
            compression,
        })
    }
}

/// An 80-bit IEEE 754 number as a rate in Hz, rounded; 0 where it is none.
fn extended(exponent: u16, mantissa: u64) -> u32 {
    let Some(shift) = 16_446u32.checked_sub(exponent.into()).filter(|&shift| shift < 64 && shift > 30) else {
        return 0;
    };
    let rounded = u128::from(mantissa) + (1 << (shift - 1));
    u32::try_from(rounded >> shift).unwrap_or(0)
}

fn format(common: &Common) -> Result<AudioFormat> {
    let &Common { channels, bits, rate, compression, .. } = common;
    if channels == 0 || rate == 0 {
        return Err(Error::malformed(format!("{channels} channels at {rate} Hz")));
    }
    let pcm = |bits: u16, float: bool, big_endian: bool, signed: bool| {
        let stored = u8::try_from(bits.div_ceil(8) * 8).ok().filter(|stored| (8..=64).contains(stored));
        let bits = stored.ok_or_else(|| Error::malformed(format!("{bits} bits per sample")))?;
        Ok(AudioFormat::lpcm(PcmFormat { bits, float, big_endian, signed }, rate, channels))
    };
    let mut format = match &compression.0 {
        b"NONE" | b"twos" | b"in16" => pcm(bits, false, true, true)?,
        b"sowt" => pcm(bits, false, false, true)?,
        // The code says how many bits are stored, whatever the field does.
        b"in24" => pcm(24, false, true, true)?,
        b"in32" => pcm(32, false, true, true)?,
        b"42ni" => pcm(24, false, false, true)?,
        b"23ni" => pcm(32, false, false, true)?,
        b"raw " => pcm(8, false, true, false)?,
        b"fl32" | b"FL32" => pcm(32, true, true, true)?,
        b"fl64" | b"FL64" => pcm(64, true, true, true)?,
        b"alaw" | b"ALAW" => companded(AudioCodec::Alaw, b"alaw", rate, channels),
        b"ulaw" | b"ULAW" => companded(AudioCodec::Ulaw, b"ulaw", rate, channels),
        b"ima4" => ima4(rate, channels),
        _ => {
            return Err(Error::unsupported(format!(
                "AIFF-C of compression '{compression}' is not supported"
            ))
            .with_hint("linear PCM, floats, A-law, µ-law and IMA 4:1 are read"));
        }
    };
    if format.pcm.is_some_and(|pcm| !pcm.float && bits.div_ceil(8) * 8 == pcm.bits.into()) {
        format.bits = Some(bits);
    }
    format.layout = reelwright_media::ChannelLayout::default_for(channels).filter(|_| channels <= 2);
    Ok(format)
}

/// IMA 4:1: per channel 34 bytes for 64 PCM frames.
pub(crate) fn ima4(rate: u32, channels: u16) -> AudioFormat {
    AudioFormat {
        bits: Some(16),
        frames_per_packet: 64,
        bytes_per_packet: 34 * u32::from(channels),
        ..AudioFormat::new(AudioCodec::Ima4, FourCc::new(b"ima4"), rate, channels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_say_what_is_stored() {
        let of = |compression: &[u8; 4], bits| {
            let compression = FourCc(*compression);
            let format = format(&Common { channels: 2, frames: 1, bits, rate: 44_100, compression }).unwrap();
            (format.bytes_per_packet, format.bits, format.pcm.is_some_and(|pcm| pcm.big_endian))
        };
        assert_eq!((of(b"in24", 16), of(b"23ni", 16)), ((6, Some(24), true), (8, Some(32), false)));
        assert_eq!((of(b"NONE", 20), of(b"sowt", 16)), ((6, Some(20), true), (4, Some(16), false)));
    }

    #[test]
    fn rates_are_80_bit_floats() {
        assert_eq!(extended(0x400E, 0xAC44_0000_0000_0000), 44_100);
        assert_eq!(extended(0x400E, 0xBB80_0000_0000_0000), 48_000);
        assert_eq!(extended(0x400C, 0xAC44_0000_0000_0000), 11_025);
        assert_eq!((extended(0, 0), extended(0xFFFF, u64::MAX), extended(0x3FFE, 1 << 63)), (0, 0, 0));
    }
}
