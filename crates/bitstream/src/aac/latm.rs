use reelwright_media::{Error, Result};

use super::AudioSpecificConfig;
use crate::{BitReader, BitWriter};

/// The length of the LOAS frame (`AudioSyncStream`, ISO/IEC 14496-3, 1.7.2) at the start of `bytes`, header of three
/// bytes included; `None` where there is no sync word.
pub fn loas_frame(bytes: &[u8]) -> Option<usize> {
    let &[first, second, third, ..] = bytes else { return None };
    let sync = first == 0x56 && second & 0xE0 == 0xE0;
    sync.then(|| (usize::from(second & 0x1F) << 8 | usize::from(third)) + 3)
}

/// Takes AAC packets out of `AudioMuxElement`s of one program and one layer, which is what broadcasters send.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LatmReader {
    stream: Option<Stream>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Stream {
    config: AudioSpecificConfig,
    config_bytes: Vec<u8>,
    frame_length: FrameLength,
    sub_frames: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FrameLength {
    Coded,
    Fixed(u32),
}

/// What one `AudioMuxElement` held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LatmFrame {
    /// Raw data blocks, each one packet as MP4 stores it.
    pub packets: Vec<Vec<u8>>,
}

impl LatmReader {
    /// A reader that has seen no configuration yet.
    pub const fn new() -> Self {
        Self { stream: None }
    }

    /// The configuration, once an element carried it.
    pub fn config(&self) -> Option<&AudioSpecificConfig> {
        self.stream.as_ref().map(|stream| &stream.config)
    }

    /// The configuration's bytes, once an element carried it.
    pub fn config_bytes(&self) -> Option<&[u8]> {
        self.stream.as_ref().map(|stream| &stream.config_bytes[..])
    }

    /// Reads one `AudioMuxElement(1)`: a LOAS frame without its header. `None` before the first configuration.
    ///
    /// # Errors
    ///
    /// Truncated elements; [`reelwright_media::ErrorKind::Unsupported`] for several programs or layers and frame
    /// length types other than 0 and 1.
    pub fn read(&mut self, element: &[u8]) -> Result<Option<LatmFrame>> {
        let mut reader = BitReader::new(element);
        if !reader.flag()? {
            self.stream = Some(read_stream(&mut reader, element)?);
        }
        let Some(stream) = &self.stream else { return Ok(None) };
        let mut packets = Vec::new();
        for _ in 0..stream.sub_frames {
            let bits = match stream.frame_length {
                FrameLength::Fixed(bits) => bits as usize,
                FrameLength::Coded => coded_length(&mut reader)? * 8,
            };
            let start = reader.position();
            reader.skip(bits)?;
            let mut writer = BitWriter::new();
            writer.copy(element, start, start + bits)?;
            packets.push(writer.finish());
        }
        Ok(Some(LatmFrame { packets }))
    }
}

/// `StreamMuxConfig`.
fn read_stream(reader: &mut BitReader<'_>, element: &[u8]) -> Result<Stream> {
    let version = reader.flag()?;
    if version && reader.flag()? {
        return Err(Error::unsupported("LATM of audioMuxVersionA 1"));
    }
    if version {
        latm_value(reader)?; // taraBufferFullness
    }
    reader.flag()?; // allStreamsSameTimeFraming
    let sub_frames = reader.bits(6)? + 1;
    let (programs, layers) = (reader.bits(4)? + 1, reader.bits(3)? + 1);
    if (programs, layers) != (1, 1) {
        return Err(Error::unsupported(format!("LATM of {programs} programs and {layers} layers")));
    }
    let stated = if version { Some(latm_value(reader)? as usize) } else { None };
    let start = reader.position();
    let config = match stated {
        Some(length) => {
            let config = AudioSpecificConfig::read(&mut reader.clone())?;
            reader.skip(length)?;
            config
        }
        None => AudioSpecificConfig::read(reader)?,
    };
    let mut writer = BitWriter::new();
    writer.copy(element, start, reader.position())?;
    let frame_length = match reader.bits(3)? {
        0 => {
            reader.skip(8)?; // latmBufferFullness
            FrameLength::Coded
        }
        1 => FrameLength::Fixed((reader.bits(9)? + 20) * 8),
        other => return Err(Error::unsupported(format!("LATM of frame length type {other}"))),
    };
    if reader.flag()? {
        // otherDataPresent: how much of it follows each payload; it is passed over with the element.
        if version {
            latm_value(reader)?;
        } else {
            while reader.flag()? {
                reader.skip(8)?;
            }
            reader.skip(8)?;
        }
    }
    if reader.flag()? {
        reader.skip(8)?; // checksum
    }
    Ok(Stream { config, config_bytes: writer.finish(), frame_length, sub_frames })
}

fn latm_value(reader: &mut BitReader<'_>) -> Result<u32> {
    let count = reader.bits(2)?;
    let mut value = 0u32;
    for _ in 0..=count {
        value = value << 8 | reader.bits(8)?;
    }
    Ok(value)
}

fn coded_length(reader: &mut BitReader<'_>) -> Result<usize> {
    let mut length = 0;
    loop {
        let byte = reader.bits(8)? as usize;
        length += byte;
        if byte != 255 {
            return Ok(length);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_is_taken_out() {
        let mut writer = BitWriter::new();
        writer.flag(false); // useSameStreamMux
        writer.bits(0, 1); // version
        writer.bits(1, 1);
        writer.bits(0, 6 + 4 + 3);
        let config = AudioSpecificConfig::aac_lc(48_000, 2).unwrap().to_bytes().unwrap();
        writer.copy(&config, 0, 16).unwrap();
        writer.bits(0, 3);
        writer.bits(0xFF, 8);
        writer.bits(0, 2);
        writer.bits(3, 8);
        writer.bits(0xAB_CD_EF, 24);
        let mut reader = LatmReader::new();
        let frame = reader.read(&writer.finish()).unwrap().unwrap();
        assert_eq!(frame.packets, [vec![0xAB, 0xCD, 0xEF]]);
        assert_eq!(reader.config().map(|config| config.sample_rate), Some(48_000));
        assert_eq!(reader.config_bytes(), Some(&config[..]));
        assert_eq!(loas_frame(&[0x56, 0xE0, 0x08]), Some(11));
    }

    #[test]
    fn any_bytes_are_survived() {
        crate::noise::for_each(5000, |bytes| {
            let mut reader = LatmReader::new();
            for element in bytes.chunks(40) {
                let _ = reader.read(element);
            }
        });
    }
}
