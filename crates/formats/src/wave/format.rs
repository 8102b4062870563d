use reelwright_media::{AudioCodec, AudioFormat, Channel, ChannelLayout, Error, FourCc, PcmFormat, Result};

/// What `fmt ` describes.
pub(super) enum Stream {
    /// Packets of one size.
    Constant(AudioFormat),
    /// Frames of MPEG audio.
    MpegAudio,
}

/// The format tags that are known, and the names of those that aren't read.
const PCM: u16 = 1;
const FLOAT: u16 = 3;
const A_LAW: u16 = 6;
const MU_LAW: u16 = 7;
const MPEG: u16 = 0x50;
const MP3: u16 = 0x55;
const EXTENSIBLE: u16 = 0xFFFE;

/// The last 14 bytes of the sub-format of WAVE_FORMAT_EXTENSIBLE where its first two are a format tag.
const TAG_GUID: [u8; 14] = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71];

impl Stream {
    pub(super) fn parse(chunk: &[u8]) -> Result<Self> {
        let short = |at: usize| chunk.get(at..at + 2).map(|bytes| u16::from_le_bytes([bytes[0], bytes[1]]));
        let cut = || Error::truncated(format!("{} bytes where at least 14 are needed", chunk.len()));
        let (tag, channels) = (short(0).ok_or_else(cut)?, short(2).ok_or_else(cut)?);
        let rate = chunk
            .get(4..8)
            .and_then(|bytes| bytes.try_into().ok())
            .map(u32::from_le_bytes)
            .ok_or_else(cut)?;
        let align = short(12).ok_or_else(cut)?;
        let stated = short(14).unwrap_or(8);
        let (mut tag, mut valid, mut mask) = (tag, stated, 0);
        if tag == EXTENSIBLE {
            let guid = chunk
                .get(24..40)
                .ok_or_else(|| Error::truncated("an extensible format without sub-format"))?;
            valid = short(18).filter(|&bits| bits > 0).unwrap_or(stated);
            mask = chunk.get(20..24).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_le_bytes);
            if guid[2..] != TAG_GUID {
                return Err(Error::unsupported(
                    "WAVE of an extensible sub-format beyond the registered tags",
                ));
            }
            tag = u16::from_le_bytes([guid[0], guid[1]]);
        }
        if channels == 0 || rate == 0 {
            return Err(Error::malformed(format!("{channels} channels at {rate} Hz")));
        }
        let mut audio = match tag {
            PCM | FLOAT => linear(tag == FLOAT, align, channels, rate, stated)?,
            A_LAW => companded(AudioCodec::Alaw, b"alaw", rate, channels),
            MU_LAW => companded(AudioCodec::Ulaw, b"ulaw", rate, channels),
            MPEG | MP3 => return Ok(Self::MpegAudio),
            other => return Err(unknown(other)),
        };
        if audio.pcm.is_some() {
            audio.bits = Some(valid.min(audio.bits.unwrap_or(valid)));
        }
        audio.layout = layout(mask, channels);
        Ok(Self::Constant(audio))
    }
}

fn linear(float: bool, align: u16, channels: u16, rate: u32, stated: u16) -> Result<AudioFormat> {
    // Samples are stored left-justified in whole bytes; the alignment says how many.
    let bytes = match align / channels {
        0 => stated.div_ceil(8),
        bytes => bytes,
    };
    let sound = if float { matches!(bytes, 4 | 8) } else { matches!(bytes, 1..=4 | 8) };
    let bits = u8::try_from(bytes).ok().filter(|_| sound).and_then(|bytes| bytes.checked_mul(8)).ok_or_else(
        || {
            let kind = if float { "float" } else { "integer" };
            Error::unsupported(format!("WAVE of {kind} samples of {bytes} bytes"))
        },
    )?;
    let pcm = PcmFormat { bits, float, big_endian: false, signed: bits > 8 };
    Ok(AudioFormat::lpcm(pcm, rate, channels))
}

/// A-law or µ-law: a byte a sample.
pub(crate) fn companded(codec: AudioCodec, tag: &[u8; 4], rate: u32, channels: u16) -> AudioFormat {
    AudioFormat {
        bits: Some(16),
        frames_per_packet: 1,
        bytes_per_packet: channels.into(),
        ..AudioFormat::new(codec, FourCc::new(tag), rate, channels)
    }
}

fn unknown(tag: u16) -> Error {
    let name = match tag {
        0x02 => "Microsoft ADPCM",
        0x11 => "IMA ADPCM",
        0x31 => "GSM 6.10",
        0x45 => "G.726",
        0x161..=0x163 => "Windows Media Audio",
        0xFF | 0x1600..=0x1610 => "AAC",
        0x2000 => "AC-3",
        0x2001 => "DTS",
        0xF1AC => "FLAC",
        _ => "a coding without a name here",
    };
    Error::unsupported(format!("WAVE of format tag 0x{tag:04x} ({name}) is not supported"))
        .with_hint("linear PCM, floats, A-law, µ-law and MPEG audio are read")
}

/// `dwChannelMask`: positions by bit, in the order the channels are stored.
fn layout(mask: u32, channels: u16) -> Option<ChannelLayout> {
    use Channel::*;
    const POSITIONS: [Channel; 18] = [
        Left,
        Right,
        Center,
        Lfe,
        BackLeft,
        BackRight,
        LeftCenter,
        RightCenter,
        BackCenter,
        SideLeft,
        SideRight,
        Other,
        TopFrontLeft,
        Other,
        TopFrontRight,
        TopBackLeft,
        Other,
        TopBackRight,
    ];
    if mask == 0 {
        return ChannelLayout::default_for(channels).filter(|_| channels <= 2);
    }
    let stated =
        POSITIONS.iter().enumerate().filter(|(bit, _)| mask >> bit & 1 == 1).map(|(_, channel)| *channel);
    let mut order: Vec<Channel> = stated.take(channels.into()).collect();
    order.resize(channels.into(), Other);
    Some(ChannelLayout::new(order))
}
