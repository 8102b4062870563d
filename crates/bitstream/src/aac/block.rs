use reelwright_media::{Error, Result};

use super::channel::{self, Syntax};
use super::{ProgramConfig, ProgramElement, program};
use crate::BitReader;

/// What a raw data block (ISO/IEC 14496-3, 4.4.2.1) consists of: its elements, walked over without decoding them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlockContents {
    /// The elements of channels, in order.
    pub elements: Vec<(ElementKind, u8)>,
    /// The first program config element.
    pub program: Option<ProgramConfig>,
    /// It has data of spectral band replication.
    pub replication: bool,
    /// Those data end as they do with parametric stereo. Without decoding all of them that isn't certain: of a few blocks
    /// in a row all must.
    pub parametric_stereo: bool,
    /// The walk came to the end of the block; it doesn't where the block is damaged, or is something else.
    pub complete: bool,
}

/// The kinds of elements that carry channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElementKind {
    /// `single_channel_element`.
    Single,
    /// `channel_pair_element`.
    Pair,
    /// `lfe_channel_element`.
    Lfe,
}

impl BlockContents {
    /// Walks over a block of 1024 lines of `object_type` (1 Main, 2 LC, 3 SSR, 4 LTP), coded for the rate of
    /// `rate_index`.
    pub fn read(block: &[u8], object_type: u8, rate_index: u8) -> Self {
        let mut out = Self::default();
        let syntax = Syntax { object_type, rate_index: rate_index.into() };
        let mut reader = BitReader::new(block);
        out.complete = out.walk(&mut reader, &syntax).is_ok();
        out
    }

    fn walk(&mut self, reader: &mut BitReader<'_>, syntax: &Syntax) -> Result<()> {
        // 48 channels, with coupling, data and fill: more than any configuration has.
        const MOST: usize = 256;
        for _ in 0..MOST {
            match reader.small(3)? {
                0 => self.channels(ElementKind::Single, reader, syntax)?,
                1 => self.channels(ElementKind::Pair, reader, syntax)?,
                2 => channel::coupling(reader, syntax)?,
                3 => self.channels(ElementKind::Lfe, reader, syntax)?,
                4 => data(reader)?,
                5 => {
                    let program = ProgramConfig::read(reader, 0)?;
                    self.program.get_or_insert(program);
                }
                6 => self.fill(reader)?,
                _ => return Ok(()),
            }
        }
        Err(Error::malformed("an AAC block that doesn't end"))
    }

    fn channels(&mut self, kind: ElementKind, reader: &mut BitReader<'_>, syntax: &Syntax) -> Result<()> {
        let tag = reader.small(4)?;
        self.elements.push((kind, tag));
        if kind == ElementKind::Pair {
            channel::pair(reader, syntax)
        } else {
            channel::single(reader, syntax).map(|_| ())
        }
    }

    /// `fill_element` (4.4.2.7).
    fn fill(&mut self, reader: &mut BitReader<'_>) -> Result<()> {
        let mut count = usize::from(reader.small(4)?);
        if count == 15 {
            count = 14 + usize::from(reader.small(8)?);
        }
        let end = reader.position() + count * 8;
        reader.clone().skip(count * 8)?;
        while end.saturating_sub(reader.position()) >= 4 {
            match reader.small(4)? {
                0xB => dynamic_range(reader)?,
                kind @ (0xD | 0xE) => {
                    self.replication = true;
                    let checked = kind == 0xE;
                    self.parametric_stereo |= ends_with_parametric_stereo(reader, end, checked);
                    break;
                }
                _ => break,
            }
        }
        reader.skip(end.saturating_sub(reader.position()))
    }

    /// The program that the elements are, where none is stated and no numbered configuration has them: what is said of
    /// channels that nothing else is known of.
    pub fn program_of_elements(&self, object_type: u8, rate_index: u8) -> ProgramConfig {
        let tags = |kind: ElementKind| {
            self.elements.iter().filter(move |(found, _)| *found == kind).map(|(_, tag)| *tag)
        };
        let front = self.elements.iter().filter(|(kind, _)| *kind != ElementKind::Lfe);
        let front = front.map(|&(kind, tag)| ProgramElement { pair: kind == ElementKind::Pair, tag });
        ProgramConfig {
            tag: 0,
            object_type: object_type.saturating_sub(1) & 3,
            rate_index,
            front: front.take(15).collect(),
            side: Vec::new(),
            back: Vec::new(),
            lfe: tags(ElementKind::Lfe).take(3).collect(),
            data: Vec::new(),
            coupling: Vec::new(),
            mixdowns: [None; 3],
            comment: Vec::new(),
        }
    }
}

/// `data_stream_element`.
fn data(reader: &mut BitReader<'_>) -> Result<()> {
    reader.skip(4)?;
    let aligned = reader.flag()?;
    let mut count = usize::from(reader.small(8)?);
    if count == 255 {
        count += usize::from(reader.small(8)?);
    }
    if aligned {
        program::align(reader, 0)?;
    }
    reader.skip(count * 8)
}

/// `dynamic_range_info` behind its type.
fn dynamic_range(reader: &mut BitReader<'_>) -> Result<()> {
    let mut bands = 1;
    if reader.flag()? {
        reader.skip(8)?; // pce_instance_tag, drc_tag_reserved_bits
    }
    if reader.flag()? {
        // exclude_mask, with as many more as say that others follow
        reader.skip(7)?;
        while reader.flag()? {
            reader.skip(7)?;
        }
    }
    if reader.flag()? {
        bands += usize::from(reader.small(4)?);
        reader.skip(4)?; // drc_interpolation_scheme
        reader.skip(bands * 8)?; // drc_band_top
    }
    if reader.flag()? {
        reader.skip(8)?; // prog_ref_level
    }
    reader.skip(bands * 8) // dyn_rng_sgn, dyn_rng_ctl
}

/// Whether data of replication that go up to bit `end` close with an extension of parametric stereo (4.4.2.8,
/// `bs_extended_data`): its flag, its length in bytes, its kind and less than a byte of fill lead exactly there, and what
/// stands in it is a beginning that `ps_data` can have (8.4.1).
fn ends_with_parametric_stereo(reader: &BitReader<'_>, end: usize, checked: bool) -> bool {
    // A payload is at most 269 bytes; the extension's length counts up to 14 bytes, or up to 269 behind an escape.
    let start = reader.position() + if checked { 10 } else { 0 };
    let at = |position: usize| {
        let mut reader = reader.clone();
        reader.skip(position - reader.position()).ok()?;
        if !reader.flag().ok()? {
            return None;
        }
        let mut size = usize::from(reader.small(4).ok()?);
        if size == 15 {
            size += usize::from(reader.small(8).ok()?);
        }
        let fill = end.checked_sub(reader.position() + size * 8)?;
        if size == 0 || fill >= 8 {
            return None;
        }
        let mut rest = reader.clone();
        rest.skip(size * 8).ok()?;
        if rest.bits(fill as u32).ok()? != 0 || reader.small(2).ok()? != 2 {
            return None;
        }
        let header = reader.flag().ok()?;
        let mut sound = true;
        if header {
            for _ in 0..2 {
                // iid_mode and icc_mode: 0 to 5.
                sound &= !reader.flag().ok()? || reader.small(3).ok()? <= 5;
            }
        }
        Some(sound)
    };
    (start..end.saturating_sub(7)).any(|position| at(position) == Some(true))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BitWriter;

    /// A silent channel with fill of replication, whose data are nine bits and an extension of two bytes that begins so.
    fn replicated(extension: u64) -> Vec<u8> {
        let mut writer = BitWriter::new();
        writer.bits(0, 3 + 4); // single channel
        writer.bits(100, 8); // global gain
        writer.bits(0, 1 + 2 + 1 + 6 + 1); // one long window without bands
        writer.bits(0, 3); // no pulses, noise shaping or gain control
        writer.bits(6, 3);
        writer.bits(4, 4); // four bytes
        writer.bits(0xD, 4);
        writer.bits(0x15, 6);
        writer.flag(true);
        writer.bits(2, 4);
        writer.bits(extension, 16);
        writer.bits(0, 1);
        writer.bits(7, 3);
        writer.finish()
    }

    #[test]
    fn replication_and_parametric_stereo_are_found_in_fill() {
        let found = |extension| {
            let contents = BlockContents::read(&replicated(extension), 2, 6);
            assert!(contents.complete && contents.elements == [(ElementKind::Single, 0)], "{contents:?}");
            (contents.replication, contents.parametric_stereo)
        };
        // Kind 2, with a header of both modes; one of a reserved mode; another kind of extension.
        assert_eq!(found(0b1011_0011_0010 << 4), (true, true));
        assert_eq!(found(0b1011_1111_0010 << 4), (true, false));
        assert_eq!(found(0b0111_0011_0010 << 4), (true, false));
        let stereo = replicated(0b1011_0011_0010 << 4);
        let mut config = crate::aac::AudioSpecificConfig::aac_lc(24_000, 1).unwrap();
        config.complete([&stereo[..]; 4]);
        assert_eq!((config.output_sample_rate(), config.output_channels()), (48_000, 2));
        let written = config.to_bytes().unwrap();
        assert_eq!(crate::aac::AudioSpecificConfig::parse(&written).unwrap(), config);
    }

    #[test]
    fn any_bytes_are_survived() {
        crate::noise::for_each(4000, |bytes| {
            let contents = BlockContents::read(bytes, 1 + (bytes.len() % 4) as u8, (bytes.len() % 13) as u8);
            let _ = contents.program_of_elements(2, 3).layout();
        });
    }
}
