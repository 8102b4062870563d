//! What the video usability information of H.264 (annex E) and HEVC (annex E) has in common.

use reelwright_media::{
    ChromaSiting, Color, ColorMatrix, ColorPrimaries, ColorRange, Ratio, Result, TransferFunction,
};

use crate::{BitReader, BitWriter};

/// `aspect_ratio_idc` 1 to 16 (ITU-T H.264, table E-1).
const SAMPLE_ASPECTS: [(u32, u32); 16] = [
    (1, 1),
    (12, 11),
    (10, 11),
    (16, 11),
    (40, 33),
    (24, 11),
    (20, 11),
    (32, 11),
    (80, 33),
    (18, 11),
    (15, 11),
    (64, 33),
    (160, 99),
    (4, 3),
    (3, 2),
    (2, 1),
];

/// The shape of a pixel, from `aspect_ratio_info_present_flag` on.
pub(crate) fn sample_aspect(reader: &mut BitReader<'_>) -> Result<Option<Ratio>> {
    if !reader.flag()? {
        return Ok(None);
    }
    let index = reader.bits(8)?;
    let (num, den) = match index {
        255 => (reader.bits(16)?, reader.bits(16)?),
        0 => (0, 0),
        _ => SAMPLE_ASPECTS.get(index as usize - 1).copied().unwrap_or((0, 0)),
    };
    Ok(Ratio::new(num, den))
}

/// Colour and siting, from `video_signal_type_present_flag` up to the chroma locations.
pub(crate) fn color(reader: &mut BitReader<'_>) -> Result<Color> {
    let mut color = Color::UNSPECIFIED;
    if reader.flag()? {
        reader.skip(3)?; // video_format
        color.range = Some(if reader.flag()? { ColorRange::Full } else { ColorRange::Video });
        if reader.flag()? {
            color.primaries = ColorPrimaries(reader.small(8)?);
            color.transfer = TransferFunction(reader.small(8)?);
            color.matrix = ColorMatrix(reader.small(8)?);
        }
    }
    if reader.flag()? {
        color.siting = siting(reader.ue()?);
        reader.ue()?; // the bottom field's
    }
    Ok(color)
}

/// Writes what [`color()`] reads.
pub(crate) fn write_color(writer: &mut BitWriter, color: &Color) {
    let coded = (color.primaries.0, color.transfer.0, color.matrix.0);
    let described = coded != (2, 2, 2);
    let present = described || color.range.is_some();
    writer.flag(present);
    if present {
        writer.bits(5, 3); // video_format: unspecified
        writer.flag(color.range == Some(ColorRange::Full));
        writer.flag(described);
        if described {
            for code in [coded.0, coded.1, coded.2] {
                writer.bits(code.into(), 8);
            }
        }
    }
    writer.flag(color.siting.is_some());
    if let Some(siting) = color.siting {
        let location = siting_code(siting);
        writer.ue(location);
        writer.ue(location);
    }
}

/// `chroma_sample_loc_type` as a siting.
pub(crate) const fn siting(code: u32) -> Option<ChromaSiting> {
    Some(match code {
        0 => ChromaSiting::Left,
        1 => ChromaSiting::Center,
        2 => ChromaSiting::TopLeft,
        3 => ChromaSiting::Top,
        4 => ChromaSiting::BottomLeft,
        5 => ChromaSiting::Bottom,
        _ => return None,
    })
}

const fn siting_code(siting: ChromaSiting) -> u32 {
    match siting {
        ChromaSiting::Left => 0,
        ChromaSiting::Center => 1,
        ChromaSiting::TopLeft => 2,
        ChromaSiting::Top => 3,
        ChromaSiting::BottomLeft => 4,
        ChromaSiting::Bottom => 5,
    }
}

/// How pictures are timed (`timing_info_present_flag` and what follows).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Length of a tick in units of [`Self::time_scale`].
    pub units_in_tick: u32,
    /// Units per second.
    pub time_scale: u32,
    /// Whether all pictures are equally far apart (H.264 only; false for HEVC).
    pub fixed_rate: bool,
}
