use reelwright_media::{Channel, ChannelLayout, CodecConfig, Error, FourCc, Result};

use super::{BlockContents, ElementKind, ProgramConfig, rate_index, sample_rate};
use crate::{BitReader, BitWriter};

/// Whether the configuration says that the stream has spectral band replication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sbr {
    /// Not said: a decoder finds out from the stream ("implicit signalling").
    Unknown,
    /// Said to be absent.
    Absent,
    /// Said to be present.
    Present,
}

/// The configuration of an MPEG-4 audio decoder (ISO/IEC 14496-3, 1.6.2.1), for the AAC family and USAC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AudioSpecificConfig {
    /// `audioObjectType` of the core: 2 AAC LC, 1 Main, 4 LTP, 23 LD, 39 ELD, 42 USAC, ...
    pub object_type: u8,
    /// Rate of the core in Hz.
    pub sample_rate: u32,
    /// `channelConfiguration`; 0 where a program config element counts the channels.
    pub channel_configuration: u8,
    /// The program config element, where the configuration holds one.
    pub program: Option<ProgramConfig>,
    /// Spectral band replication.
    pub sbr: Sbr,
    /// Parametric stereo is said to be present.
    pub ps: bool,
    /// The rate with spectral band replication, where that is said to be present.
    pub extension_sample_rate: Option<u32>,
    /// Frames of the core per packet: 1024, 960, 512, 480, ...
    pub frame_length: u32,
    /// Channels of the core.
    pub channels: u16,
    /// Whether the configuration was written in the hierarchical form, where the extension stands first.
    pub hierarchical: bool,
}

impl AudioSpecificConfig {
    /// AAC LC of `sample_rate` and `channels` (1 to 6, or 8), without extensions.
    ///
    /// # Errors
    ///
    /// [`reelwright_media::ErrorKind::Unsupported`] for other channel counts, which need a program config element.
    pub fn aac_lc(sample_rate: u32, channels: u16) -> Result<Self> {
        let channel_configuration = match channels {
            1..=6 => channels as u8,
            8 => 7,
            _ => {
                return Err(Error::unsupported(format!(
                    "AAC LC of {channels} channels; 1 to 6 and 8 are possible"
                )));
            }
        };
        Ok(Self {
            object_type: 2,
            sample_rate,
            channel_configuration,
            program: None,
            sbr: Sbr::Unknown,
            ps: false,
            extension_sample_rate: None,
            frame_length: 1024,
            channels,
            hierarchical: false,
        })
    }

    /// Parses the *DecoderSpecificInfo* of `esds`, or the codec private data of Matroska.
    ///
    /// # Errors
    ///
    /// Truncated data, a reserved sampling frequency index.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        Self::read(&mut BitReader::new(bytes)).map_err(|error| error.in_box("AudioSpecificConfig"))
    }

    pub(super) fn read(reader: &mut BitReader<'_>) -> Result<Self> {
        let start = reader.position();
        let mut out = Self {
            object_type: object_type(reader)?,
            sample_rate: rate(reader)?,
            channel_configuration: reader.small(4)?,
            program: None,
            sbr: Sbr::Unknown,
            ps: false,
            extension_sample_rate: None,
            frame_length: 1024,
            channels: 0,
            hierarchical: false,
        };
        if matches!(out.object_type, 5 | 29) {
            out.hierarchical = true;
            out.sbr = Sbr::Present;
            out.ps = out.object_type == 29;
            out.extension_sample_rate = Some(rate(reader)?);
            out.object_type = object_type(reader)?;
            if out.object_type == 22 {
                reader.skip(4)?; // extensionChannelConfiguration
            }
        }
        out.channels = layout(out.channel_configuration).map_or(0, |layout| layout.count() as u16);
        match out.object_type {
            1..=4 | 6 | 7 | 17 | 19..=23 => out.read_general(reader, start)?,
            39 => out.read_eld(reader)?,
            42 => out.read_usac(reader)?,
            _ => {}
        }
        if out.sbr == Sbr::Unknown {
            out.read_extension(reader);
        }
        Ok(out)
    }

    /// `GASpecificConfig` (4.4.1) of a configuration that begins at bit `start`.
    fn read_general(&mut self, reader: &mut BitReader<'_>, start: usize) -> Result<()> {
        let short = reader.flag()?;
        self.frame_length = match (self.object_type, short) {
            (23, false) => 512,
            (23, true) => 480,
            (_, false) => 1024,
            (_, true) => 960,
        };
        if reader.flag()? {
            reader.skip(14)?; // coreCoderDelay
        }
        let extension = reader.flag()?;
        if self.channel_configuration == 0 {
            let program = ProgramConfig::read(reader, start)?;
            self.channels = program.channels();
            self.program = Some(program);
        }
        if matches!(self.object_type, 6 | 20) {
            reader.skip(3)?; // layerNr
        }
        if extension {
            match self.object_type {
                22 => reader.skip(16)?,
                17 | 19 | 20 | 23 => reader.skip(3)?,
                _ => {}
            }
            reader.flag()?;
        }
        if matches!(self.object_type, 17 | 19..=23) {
            reader.skip(2)?; // epConfig
        }
        Ok(())
    }

    /// `ELDSpecificConfig` (4.4.1), up to the replication.
    fn read_eld(&mut self, reader: &mut BitReader<'_>) -> Result<()> {
        self.frame_length = if reader.flag()? { 480 } else { 512 };
        reader.skip(3)?; // resilience flags
        if reader.flag()? {
            self.sbr = Sbr::Present;
            let dual_rate = reader.flag()?;
            self.extension_sample_rate =
                Some(if dual_rate { self.sample_rate.saturating_mul(2) } else { self.sample_rate });
        } else {
            self.sbr = Sbr::Absent;
        }
        Ok(())
    }

    /// `UsacConfig` (ISO/IEC 23003-3, 5.2): rate, frame length and channels are those of the output.
    fn read_usac(&mut self, reader: &mut BitReader<'_>) -> Result<()> {
        const RATES: [u32; 13] = [
            57_600, 51_200, 40_000, 38_400, 34_150, 28_800, 25_600, 20_000, 19_200, 17_075, 14_400, 12_800,
            9_600,
        ];
        self.sbr = Sbr::Absent;
        let index = reader.small(5)?;
        self.sample_rate = match index {
            0x1F => reader.bits(24)?,
            0x0F..=0x1B => RATES[usize::from(index) - 0x0F],
            _ => sample_rate(index).ok_or_else(|| bad_rate(index))?,
        };
        self.frame_length = match reader.small(3)? {
            0 => 768,
            1 => 1024,
            2 | 3 => 2048,
            4 => 4096,
            other => {
                return Err(Error::malformed(format!(
                    "coreSbrFrameLengthIndex is {other}; at most 4 is allowed"
                )));
            }
        };
        let configuration = reader.small(5)?;
        self.channel_configuration = configuration.min(15);
        self.channels = match configuration {
            0 => usac_channels(reader)?,
            _ => layout(configuration).map_or(0, |layout| layout.count() as u16),
        };
        Ok(())
    }

    /// The backward compatible signalling of replication after the configuration proper (1.6.2.1). Most
    /// configurations have none: where it isn't right here, nothing is consumed.
    fn read_extension(&mut self, reader: &mut BitReader<'_>) {
        let replication = |reader: &mut BitReader<'_>| -> Result<Option<u32>> {
            if reader.bits(11)? != 0x2B7 || object_type(reader)? != 5 {
                return Err(Error::malformed("no extension"));
            }
            if reader.flag()? { rate(reader).map(Some) } else { Ok(None) }
        };
        let mut attempt = reader.clone();
        let Ok(extension) = replication(&mut attempt) else { return };
        *reader = attempt.clone();
        self.extension_sample_rate = extension;
        self.sbr = if extension.is_some() { Sbr::Present } else { Sbr::Absent };
        if extension.is_some() && matches!(attempt.bits(11), Ok(0x548)) {
            self.ps = attempt.flag().unwrap_or(false);
            *reader = attempt;
        }
    }

    /// The bytes of the configuration. Object types beyond plain AAC (1 to 4, 5, 29) are not written.
    ///
    /// # Errors
    ///
    /// [`reelwright_media::ErrorKind::Unsupported`] for other object types, and for channels that a program config
    /// element must count where there is none.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let uncounted = self.channel_configuration == 0 && self.program.is_none();
        if !matches!(self.object_type, 1..=4) || uncounted {
            let what = (self.object_type, self.channel_configuration);
            return Err(Error::unsupported(format!("writing AAC of object type and channels {what:?}")));
        }
        let mut writer = BitWriter::new();
        let present = self.sbr == Sbr::Present;
        let extension = self.extension_sample_rate.unwrap_or(self.sample_rate);
        let first = if !(self.hierarchical && present) {
            self.object_type
        } else if self.ps {
            29
        } else {
            5
        };
        writer.bits(first.into(), 5);
        write_rate(&mut writer, self.sample_rate);
        writer.bits(self.channel_configuration.into(), 4);
        if self.hierarchical && present {
            write_rate(&mut writer, extension);
            writer.bits(self.object_type.into(), 5);
        }
        writer.flag(self.frame_length == 960);
        writer.bits(0, 2);
        if let Some(program) = self.program.as_ref().filter(|_| self.channel_configuration == 0) {
            program.write(&mut writer);
        }
        if !self.hierarchical && self.sbr != Sbr::Unknown {
            writer.bits(0x2B7, 11);
            writer.bits(5, 5);
            writer.flag(present);
            if present {
                write_rate(&mut writer, extension);
                if self.ps {
                    writer.bits(0x548, 11);
                    writer.flag(true);
                }
            }
        }
        Ok(writer.finish())
    }

    /// The configuration as a format description holds it.
    ///
    /// # Errors
    ///
    /// As [`Self::to_bytes`].
    pub fn to_config(&self) -> Result<CodecConfig> {
        Ok(CodecConfig { kind: FourCc::new(b"esds"), bytes: self.to_bytes()?.into() })
    }

    /// The rate of what a decoder puts out, as far as the configuration says.
    pub fn output_sample_rate(&self) -> u32 {
        self.extension_sample_rate.unwrap_or(self.sample_rate)
    }

    /// The channels of what a decoder puts out, as far as the configuration says: parametric stereo makes two of one.
    pub const fn output_channels(&self) -> u16 {
        if self.ps && self.channels == 1 { 2 } else { self.channels }
    }

    /// PCM frames a decoder puts out per packet, at [`Self::output_sample_rate`].
    pub fn output_frame_length(&self) -> u32 {
        let doubled = self.extension_sample_rate.is_some_and(|rate| rate > self.sample_rate);
        if doubled { self.frame_length * 2 } else { self.frame_length }
    }

    /// Which channel is which in what a decoder puts out; `None` where nothing says.
    pub fn layout(&self) -> Option<ChannelLayout> {
        if self.output_channels() == 2 && self.channels == 1 {
            return Some(ChannelLayout::stereo());
        }
        let counted = || self.program.as_ref()?.layout();
        layout(self.channel_configuration).or_else(counted)
    }

    /// Says what the first blocks of the stream show, where the configuration leaves it to them: replication, parametric
    /// stereo, and the channels that `channelConfiguration` 0 leaves open. What is there is then signalled explicitly, the
    /// backward compatible way (1.6.6.2).
    pub fn complete<'a>(&mut self, blocks: impl IntoIterator<Item = &'a [u8]>) {
        let Some(index) = rate_index(self.sample_rate) else { return };
        let uncounted = self.channel_configuration == 0 && self.program.is_none();
        let can_double = rate_index(self.sample_rate.saturating_mul(2)).is_some();
        let open = self.sbr == Sbr::Unknown && can_double;
        if !(1..=4).contains(&self.object_type) || self.frame_length != 1024 || !(open || uncounted) {
            return;
        }
        let (mut replicated, mut stereo) = (0, 0);
        for block in blocks {
            let contents = BlockContents::read(block, self.object_type, index);
            if self.channel_configuration == 0 && self.program.is_none() {
                self.count(&contents, index);
            }
            replicated += u32::from(contents.replication);
            stereo += u32::from(contents.replication && contents.parametric_stereo);
        }
        if open && replicated > 0 {
            self.sbr = Sbr::Present;
            self.extension_sample_rate = Some(self.sample_rate.saturating_mul(2));
            self.ps = self.channels == 1 && stereo == replicated;
        }
    }

    /// Counts the channels of a first block by its program, or by its elements.
    fn count(&mut self, contents: &BlockContents, rate_index: u8) {
        const NUMBERED: [&[ElementKind]; 7] = {
            use ElementKind::{Lfe, Pair, Single};
            [
                &[Single],
                &[Pair],
                &[Single, Pair],
                &[Single, Pair, Single],
                &[Single, Pair, Pair],
                &[Single, Pair, Pair, Lfe],
                &[Single, Pair, Pair, Pair, Lfe],
            ]
        };
        let kinds = || contents.elements.iter().map(|(kind, _)| *kind);
        let numbered = NUMBERED.iter().position(|elements| kinds().eq(elements.iter().copied()));
        match (&contents.program, numbered) {
            (Some(program), _) => self.program = Some(program.clone()),
            _ if !contents.complete || contents.elements.is_empty() => return,
            (None, Some(index)) => self.channel_configuration = index as u8 + 1,
            (None, None) => {
                self.program = Some(contents.program_of_elements(self.object_type, rate_index));
            }
        }
        let counted = self.program.as_ref().map(ProgramConfig::channels);
        let numbered = || layout(self.channel_configuration).map_or(0, |layout| layout.count() as u16);
        self.channels = counted.unwrap_or_else(numbered);
    }

    /// The last part of `mp4a.40.x` (RFC 6381): the outermost object type.
    pub const fn codec_string_type(&self) -> u8 {
        match (self.hierarchical, self.ps) {
            (true, true) => 29,
            (true, false) => 5,
            (false, _) => self.object_type,
        }
    }
}

/// `channelConfiguration` (table 1.19), in the order decoders put channels out: that of WAVE.
pub(super) fn layout(configuration: u8) -> Option<ChannelLayout> {
    use Channel::*;
    Some(match configuration {
        1..=6 => ChannelLayout::default_for(configuration.into())?,
        7 => ChannelLayout::new([Left, Right, Center, Lfe, LeftCenter, RightCenter, SideLeft, SideRight]),
        // USAC's dual mono (8).
        8 => ChannelLayout::stereo(),
        9 => ChannelLayout::new([Left, Right, BackCenter]),
        10 => ChannelLayout::new([Left, Right, SideLeft, SideRight]),
        11 => ChannelLayout::default_for(7)?,
        12 => ChannelLayout::default_for(8)?,
        14 => {
            ChannelLayout::new([Left, Right, Center, Lfe, SideLeft, SideRight, TopFrontLeft, TopFrontRight])
        }
        _ => return None,
    })
}

fn object_type(reader: &mut BitReader<'_>) -> Result<u8> {
    let kind = reader.small(5)?;
    if kind == 31 { Ok(32 + reader.small(6)?) } else { Ok(kind) }
}

fn rate(reader: &mut BitReader<'_>) -> Result<u32> {
    let index = reader.small(4)?;
    if index == 15 {
        return reader.bits(24);
    }
    sample_rate(index).ok_or_else(|| bad_rate(index))
}

fn bad_rate(index: u8) -> Error {
    Error::malformed(format!("samplingFrequencyIndex {index} is reserved"))
}

fn write_rate(writer: &mut BitWriter, rate: u32) {
    match rate_index(rate) {
        Some(index) => writer.bits(index.into(), 4),
        None => {
            writer.bits(15, 4);
            writer.bits(rate.into(), 24);
        }
    }
}

/// `numOutChannels` of a `UsacChannelConfig`.
fn usac_channels(reader: &mut BitReader<'_>) -> Result<u16> {
    let mut value = u16::from(reader.small(5)?);
    if value == 31 {
        let more = u16::from(reader.small(8)?);
        value += more;
        if more == 255 {
            value += reader.short(16)?.min(1024);
        }
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_configurations_are_read() {
        let lc = AudioSpecificConfig::parse(&[0x12, 0x10]).unwrap();
        assert_eq!((lc.object_type, lc.sample_rate, lc.channels), (2, 44_100, 2));
        assert_eq!((lc.sbr, lc.to_bytes().unwrap()), (Sbr::Unknown, vec![0x12, 0x10]));
        // HE-AAC v1 the backward compatible way, then v2 the hierarchical way.
        let he = AudioSpecificConfig::parse(&[0x13, 0x90, 0x56, 0xE5, 0xA0]).unwrap();
        assert_eq!((he.sbr, he.output_sample_rate(), he.output_frame_length()), (Sbr::Present, 44_100, 2048));
        assert_eq!(he.codec_string_type(), 2);
        let v2 = AudioSpecificConfig::parse(&[0xEB, 0x8A, 0x08, 0x00]).unwrap();
        assert_eq!((v2.object_type, v2.ps, v2.channels, v2.output_channels()), (2, true, 1, 2));
        assert_eq!((v2.sample_rate, v2.output_sample_rate(), v2.codec_string_type()), (22_050, 44_100, 29));
    }

    #[test]
    fn what_is_written_is_read_back() {
        for hierarchical in [false, true] {
            for (sbr, rate) in [(Sbr::Present, Some(48_000)), (Sbr::Unknown, None)] {
                let mut config = AudioSpecificConfig::aac_lc(24_000, 6).unwrap();
                (config.sbr, config.extension_sample_rate) = (sbr, rate);
                config.hierarchical = hierarchical && rate.is_some();
                assert_eq!(AudioSpecificConfig::parse(&config.to_bytes().unwrap()).unwrap(), config);
            }
        }
        let odd = AudioSpecificConfig::aac_lc(47_999, 1).unwrap();
        assert_eq!(AudioSpecificConfig::parse(&odd.to_bytes().unwrap()).unwrap(), odd);
    }

    #[test]
    fn any_bytes_are_survived() {
        crate::noise::for_each(5000, |bytes| {
            if let Ok(config) = AudioSpecificConfig::parse(bytes) {
                let _ = config.to_bytes();
                let _ = config.layout();
            }
        });
    }
}
