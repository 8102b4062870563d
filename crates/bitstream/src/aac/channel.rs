//! Passing over the channels of a raw data block (ISO/IEC 14496-3, 4.4.2): nothing of them is kept.

use reelwright_media::{Error, Result};

use super::bands;
use super::huffman::Book;
use crate::BitReader;

/// What the syntax depends on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Syntax {
    /// 1 Main, 2 LC, 3 SSR, 4 LTP.
    pub(super) object_type: u8,
    pub(super) rate_index: usize,
}

/// `ics_info`.
#[derive(Clone, Copy, Debug)]
struct Windows {
    sequence: u8,
    max_sfb: usize,
    /// How many windows each group has; one window is one group.
    groups: [u8; 8],
    count: usize,
}

impl Windows {
    const SHORT: u8 = 2;

    fn is_short(&self) -> bool {
        self.sequence == Self::SHORT
    }

    fn groups(&self) -> &[u8] {
        &self.groups[..self.count.min(8)]
    }

    fn read(reader: &mut BitReader<'_>, syntax: &Syntax, common: bool) -> Result<Self> {
        reader.skip(1)?;
        let sequence = reader.small(2)?;
        reader.skip(1)?; // window_shape
        let mut out = Self { sequence, max_sfb: 0, groups: [0; 8], count: 1 };
        if out.is_short() {
            out.max_sfb = reader.small(4)?.into();
            let grouping = reader.small(7)?;
            out.groups[0] = 1;
            for window in 0..7 {
                // Whether the window belongs to the group of the one before.
                if grouping >> (6 - window) & 1 == 0 {
                    out.count += 1;
                }
                out.groups[out.count - 1] += 1;
            }
        } else {
            out.max_sfb = reader.small(6)?.into();
            out.groups[0] = 1;
            if reader.flag()? {
                out.prediction(reader, syntax, common)?;
            }
        }
        let bands = out.bands(syntax).len() - 1;
        if out.max_sfb > bands {
            return Err(Error::malformed(format!("max_sfb is {}; there are {bands} bands", out.max_sfb)));
        }
        Ok(out)
    }

    fn prediction(&self, reader: &mut BitReader<'_>, syntax: &Syntax, common: bool) -> Result<()> {
        // PRED_SFB_MAX by samplingFrequencyIndex (table 4.157).
        const MOST: [usize; 13] = [33, 33, 38, 40, 40, 40, 41, 41, 37, 37, 37, 34, 34];
        match syntax.object_type {
            1 => {
                if reader.flag()? {
                    reader.skip(5)?; // predictor_reset_group_number
                }
                let most = MOST.get(syntax.rate_index).copied().unwrap_or(34);
                reader.skip(self.max_sfb.min(most))
            }
            4 => {
                for _ in 0..=usize::from(common) {
                    if reader.flag()? {
                        reader.skip(11 + 3 + self.max_sfb.min(40))?; // ltp_data
                    }
                }
                Ok(())
            }
            _ => Err(Error::malformed("prediction in AAC without it")),
        }
    }

    /// The first lines of the bands of a window.
    fn bands(&self, syntax: &Syntax) -> &'static [u16] {
        if self.is_short() { bands::short(syntax.rate_index) } else { bands::long(syntax.rate_index) }
    }
}

/// A section of one group: its codebook, and how many bands it has.
type Section = (u8, usize);

/// `channel_pair_element` behind its tag.
pub(super) fn pair(reader: &mut BitReader<'_>, syntax: &Syntax) -> Result<()> {
    let mut common = None;
    if reader.flag()? {
        let windows = Windows::read(reader, syntax, true)?;
        if reader.small(2)? == 1 {
            reader.skip(windows.count * windows.max_sfb)?; // ms_used
        }
        common = Some(windows);
    }
    stream(reader, syntax, common)?;
    stream(reader, syntax, common)?;
    Ok(())
}

/// `single_channel_element` behind its tag. Returns the sections of each group.
pub(super) fn single(reader: &mut BitReader<'_>, syntax: &Syntax) -> Result<Vec<Vec<Section>>> {
    stream(reader, syntax, None)
}

/// `coupling_channel_element` behind its id.
pub(super) fn coupling(reader: &mut BitReader<'_>, syntax: &Syntax) -> Result<()> {
    reader.skip(4)?;
    let independent = reader.flag()?;
    let coupled = reader.small(3)?;
    let mut lists = 0;
    for _ in 0..=coupled {
        lists += 1;
        let pair = reader.flag()?;
        reader.skip(4)?;
        if pair && reader.small(2)? == 3 {
            lists += 1; // both channels have gains of their own
        }
    }
    reader.skip(4)?; // cc_domain, gain_element_sign, gain_element_scale
    let sections = single(reader, syntax)?;
    let coded = sections.iter().flatten().filter(|(book, _)| *book != 0).map(|(_, bands)| bands).sum();
    for _ in 1..lists {
        let common = independent || reader.flag()?;
        for _ in 0..if common { 1 } else { coded } {
            Book::scale_factors().read(reader)?;
        }
    }
    Ok(())
}

/// `individual_channel_stream`.
fn stream(reader: &mut BitReader<'_>, syntax: &Syntax, common: Option<Windows>) -> Result<Vec<Vec<Section>>> {
    reader.skip(8)?; // global_gain
    let windows = match common {
        Some(windows) => windows,
        None => Windows::read(reader, syntax, false)?,
    };
    let sections =
        windows.groups().iter().map(|_| read_sections(reader, &windows)).collect::<Result<Vec<_>>>()?;
    scale_factors(reader, &sections)?;
    if reader.flag()? {
        let pulses = usize::from(reader.small(2)?) + 1;
        reader.skip(6 + pulses * 9)?; // pulse_data
    }
    if reader.flag()? {
        noise_shaping(reader, &windows)?;
    }
    if reader.flag()? {
        gain_control(reader, &windows)?;
    }
    let bands = windows.bands(syntax);
    for (group, &count) in sections.iter().zip(windows.groups()) {
        let mut band = 0;
        for &(book, length) in group {
            let (first, last) = (bands[band], bands[band + length]);
            band += length;
            if matches!(book, 1..=11) {
                spectrum(reader, book, usize::from(last - first) * usize::from(count))?;
            }
        }
    }
    Ok(sections)
}

/// `section_data` of one group.
fn read_sections(reader: &mut BitReader<'_>, windows: &Windows) -> Result<Vec<Section>> {
    let bits = if windows.is_short() { 3 } else { 5 };
    let escape = (1 << bits) - 1;
    let mut sections = Vec::new();
    let mut band = 0;
    while band < windows.max_sfb {
        let book = reader.small(4)?;
        let mut length = 0;
        loop {
            let step = usize::from(reader.small(bits)?);
            length += step;
            if step != escape {
                break;
            }
        }
        band += length;
        if band > windows.max_sfb || length == 0 || book == 12 {
            return Err(Error::malformed("a section of AAC beyond its bands, or of no codebook"));
        }
        sections.push((book, length));
    }
    Ok(sections)
}

/// `scale_factor_data`.
fn scale_factors(reader: &mut BitReader<'_>, sections: &[Vec<Section>]) -> Result<()> {
    let mut noise = false;
    for &(book, bands) in sections.iter().flatten() {
        for _ in 0..if book == 0 { 0 } else { bands } {
            if book == 13 && !noise {
                noise = true;
                reader.skip(9)?; // dpcm_noise_nrg of the first
            } else {
                Book::scale_factors().read(reader)?;
            }
        }
    }
    Ok(())
}

/// `tns_data`.
fn noise_shaping(reader: &mut BitReader<'_>, windows: &Windows) -> Result<()> {
    let short = windows.is_short();
    let (count, [filters, length, order]) = if short { (8, [1u32, 4, 3]) } else { (1, [2, 6, 5]) };
    for _ in 0..count {
        let filters = reader.small(filters)?;
        let resolution = if filters > 0 { 3 + usize::from(reader.flag()?) } else { 0 };
        for _ in 0..filters {
            reader.skip(length as usize)?;
            let order = usize::from(reader.small(order)?);
            if order > 0 {
                reader.skip(1)?; // direction
                let bits = resolution - usize::from(reader.flag()?);
                reader.skip(order * bits)?;
            }
        }
    }
    Ok(())
}

/// `gain_control_data`, of SSR.
fn gain_control(reader: &mut BitReader<'_>, windows: &Windows) -> Result<()> {
    // Bits of aloccode in each window.
    let places: &[usize] = match windows.sequence {
        0 => &[5],
        1 => &[4, 2],
        2 => &[2; 8],
        _ => &[4, 5],
    };
    let bands = reader.small(2)?;
    for _ in 0..bands {
        for bits in places {
            let adjustments = usize::from(reader.small(3)?);
            reader.skip(adjustments * (4 + bits))?;
        }
    }
    Ok(())
}

/// `lines` lines of `spectral_data` in one codebook.
fn spectrum(reader: &mut BitReader<'_>, number: u8, lines: usize) -> Result<()> {
    let book = Book::spectral(number)?;
    let (width, base, signed) = match number {
        1 | 2 => (4, 3, true),
        3 | 4 => (4, 3, false),
        5 | 6 => (2, 9, true),
        7 | 8 => (2, 8, false),
        9 | 10 => (2, 13, false),
        _ => (2, 17, false),
    };
    for _ in 0..lines / width {
        let mut place = book.read(reader)?;
        if signed {
            continue;
        }
        let (mut signs, mut escapes) = (0, 0);
        for _ in 0..width {
            let value = place % base;
            place /= base;
            signs += usize::from(value != 0);
            escapes += usize::from(number == 11 && value == 16);
        }
        reader.skip(signs)?;
        for _ in 0..escapes {
            let mut bits = 4;
            while reader.flag()? {
                bits += 1;
            }
            reader.skip(bits)?;
        }
    }
    Ok(())
}
