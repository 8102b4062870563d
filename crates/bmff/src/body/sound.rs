use bytes::Bytes;
use reelwright_media::{FourCc, Result};

use crate::declare::declare;
use crate::{BoxBody, Fields, Reader, Writer};

declare! {
    /// PCM configuration (ISO/IEC 23003-5, 5.1).
    full PcmConfig = b"pcmC" {
        /// 1: little-endian.
        format_flags: u8,
        /// Bits per sample.
        sample_size: u8,
    }

    /// Sampling rate beyond 16 bits (ISO/IEC 14496-12, 12.2.3).
    full SamplingRate = b"srat" {
        /// Frames per second.
        rate: u32,
    }

    /// Sound endianness in `wave` (QuickTime File Format, "Sound Description extensions").
    plain Endianness = b"enda" {
        /// Not 0: little-endian.
        little: u16,
    }
}

/// Elementary stream descriptor (ISO/IEC 14496-14, 6.7.2; ISO/IEC 14496-1, 7.2.6).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamDescriptor {
    /// What the stream is: 0x20 MPEG-4 Visual, 0x40 MPEG-4 audio, 0x6B MPEG-1 audio, ...
    pub object_type: u8,
    /// 4 visual, 5 audio.
    pub stream_type: u8,
    /// Bytes of the decoding buffer.
    pub buffer_size: u32,
    /// Bits per second over any one second; 0 unknown.
    pub max_bit_rate: u32,
    /// Bits per second over the whole; 0 varying or unknown.
    pub average_bit_rate: u32,
    /// The decoder's configuration, where there is one.
    pub specific: Option<Bytes>,
}

const ES_DESCRIPTOR: u8 = 3;
const DECODER_CONFIG: u8 = 4;
const DECODER_SPECIFIC: u8 = 5;
const SYNC_LAYER: u8 = 6;

impl BoxBody for StreamDescriptor {
    const KIND: FourCc = FourCc::new(b"esds");

    /// Lengths beyond the box are cut to it, and the descriptors after the decoder's are not looked at: both are
    /// often wrong.
    fn read(r: &mut Reader<'_>) -> Result<Self> {
        r.version_and_flags()?;
        let (mut tag, mut length) = descriptor(r)?;
        if tag == ES_DESCRIPTOR {
            r.skip(2)?;
            let flags = r.u8()?;
            if flags & 0x80 != 0 {
                r.skip(2)?;
            }
            if flags & 0x40 != 0 {
                let url = r.u8()?;
                r.skip(url.into())?;
            }
            if flags & 0x20 != 0 {
                r.skip(2)?;
            }
            (tag, length) = descriptor(r)?;
        }
        if tag != DECODER_CONFIG {
            let message = format!("descriptor {tag} where that of the decoder (4) should be");
            return Err(r.error(reelwright_media::ErrorKind::Malformed, message));
        }
        let end = r.remaining().saturating_sub(length);
        let mut found = Self {
            object_type: r.u8()?,
            stream_type: r.u8()? >> 2,
            buffer_size: r.u24()?,
            max_bit_rate: r.u32()?,
            average_bit_rate: r.u32()?,
            specific: None,
        };
        if r.remaining() > end
            && let Ok((DECODER_SPECIFIC, length)) = descriptor(r)
        {
            found.specific = Some(r.bytes(length.min(r.remaining()))?);
        }
        r.rest();
        Ok(found)
    }

    fn write(&self, w: &mut Writer) {
        let mut specific = Writer::new();
        if let Some(bytes) = &self.specific {
            put_descriptor(&mut specific, DECODER_SPECIFIC, bytes);
        }
        let mut decoder = Writer::new();
        decoder.u8(self.object_type);
        decoder.u8(self.stream_type << 2 | 1);
        decoder.u24(self.buffer_size);
        decoder.u32(self.max_bit_rate);
        decoder.u32(self.average_bit_rate);
        decoder.bytes(specific.as_slice());
        let mut stream = Writer::new();
        stream.u16(0);
        stream.u8(0);
        put_descriptor(&mut stream, DECODER_CONFIG, decoder.as_slice());
        put_descriptor(&mut stream, SYNC_LAYER, &[2]);
        w.version_and_flags(0, 0);
        put_descriptor(w, ES_DESCRIPTOR, stream.as_slice());
    }

    fn fields(&self) -> Fields {
        let specific: String = self.specific.iter().flatten().map(|byte| format!("{byte:02x}")).collect();
        Fields::default()
            .with("object_type", format_args!("0x{:02x}", self.object_type))
            .with("stream_type", self.stream_type)
            .with("buffer_size", self.buffer_size)
            .with("max_bit_rate", self.max_bit_rate)
            .with("average_bit_rate", self.average_bit_rate)
            .with("specific", specific)
    }
}

/// Tag and length; the length has seven bits a byte, at most four bytes.
fn descriptor(r: &mut Reader<'_>) -> Result<(u8, usize)> {
    let tag = r.u8()?;
    let mut length = 0;
    for _ in 0..4 {
        let byte = r.u8()?;
        length = length << 7 | usize::from(byte & 0x7F);
        if byte & 0x80 == 0 {
            break;
        }
    }
    Ok((tag, length))
}

/// A descriptor with a length of four bytes, as most writers do and some readers expect.
fn put_descriptor(w: &mut Writer, tag: u8, body: &[u8]) {
    w.u8(tag);
    let length = body.len();
    for shift in [21, 14, 7, 0] {
        let more = if shift > 0 { 0x80 } else { 0 };
        w.u8((length >> shift & 0x7F) as u8 | more);
    }
    w.bytes(body);
}
