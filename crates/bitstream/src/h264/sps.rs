use reelwright_media::{Color, Error, Ratio, Result, Size};

use crate::vui::{self, Timing};
use crate::{BitReader, BitWriter, escape, unescape};

/// A sequence parameter set (7.3.2.1.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sps {
    /// `seq_parameter_set_id`, 0 to 31.
    pub id: u32,
    /// `profile_idc`.
    pub profile: u8,
    /// The byte of `constraint_set` flags.
    pub constraints: u8,
    /// `level_idc`: ten times the level.
    pub level: u8,
    /// `chroma_format_idc`: 0 monochrome, 1 4:2:0, 2 4:2:2, 3 4:4:4.
    pub chroma_format: u8,
    /// Whether the three planes are coded as monochrome pictures.
    pub separate_planes: bool,
    /// `qpprime_y_zero_transform_bypass_flag`: whether blocks at the finest step are coded without a transform, and so
    /// without loss.
    pub lossless: bool,
    /// Bits per luma sample.
    pub bit_depth: u8,
    /// Bits per chroma sample.
    pub chroma_bit_depth: u8,
    /// Bits of `frame_num` in slice headers.
    pub frame_num_bits: u32,
    /// `pic_order_cnt_type`.
    pub poc_type: u32,
    /// Bits of `pic_order_cnt_lsb`, for type 0.
    pub poc_lsb_bits: u32,
    /// `delta_pic_order_always_zero_flag`, for type 1.
    pub poc_delta_always_zero: bool,
    /// `max_num_ref_frames`.
    pub max_reference_frames: u32,
    /// The coded picture, in luma samples.
    pub coded_size: Size,
    /// Luma samples cut off at the left, right, top and bottom.
    pub crop: [u32; 4],
    /// Whether there are no field pictures and no field macroblocks.
    pub frames_only: bool,
    /// Whether frames may hold field macroblocks (MBAFF).
    pub adaptive_fields: bool,
    /// Usability information, where present.
    pub vui: Option<Vui>,
    /// Where `vui_parameters_present_flag` stands, in bits of the payload behind the header.
    pub(super) vui_position: usize,
}

/// The part of the usability information that matters outside a decoder (E.1.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vui {
    /// The shape of a pixel, where stated.
    pub sample_aspect: Option<Ratio>,
    /// Colour, range and siting.
    pub color: Color,
    /// Timing, where stated.
    pub timing: Option<Timing>,
    /// Bits of `cpb_removal_delay` and `dpb_output_delay`, where a picture timing SEI has them.
    pub delay_bits: Option<(u32, u32)>,
    /// Whether picture timing SEI messages say how frames are shown.
    pub pic_struct_present: bool,
    /// `max_num_reorder_frames`, where stated.
    pub max_reorder_frames: Option<u32>,
    /// `max_dec_frame_buffering`, where stated.
    pub max_buffered_frames: Option<u32>,
    /// Where `pic_struct_present_flag` stands, in bits of the payload behind the header.
    pub(super) pic_struct_position: Option<usize>,
    /// The bits from `video_signal_type_present_flag` up to `timing_info_present_flag`.
    color_span: (usize, usize),
}

impl Sps {
    /// Parses a whole NAL unit, header byte included.
    ///
    /// # Errors
    ///
    /// Truncated or malformed sets; sizes beyond 16 times the largest level's.
    pub fn parse(unit: &[u8]) -> Result<Self> {
        let payload = unescape(unit.get(1..).unwrap_or_default());
        read(&mut BitReader::new(&payload)).map_err(|error| error.in_box("SPS"))
    }

    /// The picture that is meant to be seen, in luma samples.
    pub const fn size(&self) -> Size {
        let [left, right, top, bottom] = self.crop;
        Size::new(
            self.coded_size.width.saturating_sub(left).saturating_sub(right),
            self.coded_size.height.saturating_sub(top).saturating_sub(bottom),
        )
    }

    /// The shape of a pixel, where stated.
    pub fn sample_aspect(&self) -> Option<Ratio> {
        self.vui.as_ref()?.sample_aspect
    }

    /// Colour, range and siting; unspecified where nothing is stated.
    pub fn color(&self) -> Color {
        self.vui.as_ref().map_or(Color::UNSPECIFIED, |vui| vui.color)
    }

    /// Pictures per second where the set states a rate: a tick is a field.
    pub fn frame_rate(&self) -> Option<Ratio> {
        let timing = self.vui.as_ref()?.timing?;
        Ratio::new(timing.time_scale, timing.units_in_tick.checked_mul(2)?)
    }

    /// How many frames may precede a frame in decoding order and follow it in output order: what the set states,
    /// else 0 where the profile or the order type rules reordering out, else `None`.
    pub fn max_reorder_frames(&self) -> Option<u32> {
        let stated = self.vui.as_ref().and_then(|vui| vui.max_reorder_frames);
        let ruled_out = self.profile == 66 || self.poc_type == 2;
        stated.or(ruled_out.then_some(0))
    }

    /// How many frames the decoded picture buffer holds at the set's level: `MaxDpbFrames` (A.3.1 and table A-1), the
    /// bound of everything else where nothing is stated.
    pub fn max_dpb_frames(&self) -> u32 {
        let level_1b = self.level == 11 && self.constraints & 0x10 != 0;
        let macroblocks: u64 = match self.level {
            ..=10 => 396,
            11 if level_1b => 396,
            11 => 900,
            12 | 13 | 20 => 2376,
            21 => 4752,
            22 | 30 => 8100,
            31 => 18_000,
            32 => 20_480,
            40 | 41 => 32_768,
            42 => 34_816,
            50 => 110_400,
            51 | 52 => 184_320,
            _ => 696_320,
        };
        let frame = (self.coded_size.area() / 256).max(1);
        u32::try_from(macroblocks / frame).unwrap_or(16).min(16)
    }
}

fn read(reader: &mut BitReader<'_>) -> Result<Sps> {
    let (profile, constraints, level) = (reader.small(8)?, reader.small(8)?, reader.small(8)?);
    let id = limited(reader.ue()?, 31, "seq_parameter_set_id")?;
    let mut chroma = Chroma { format: 1, separate: false, lossless: false, luma_depth: 8, chroma_depth: 8 };
    if matches!(profile, 100 | 110 | 122 | 244 | 44 | 83 | 86 | 118 | 128 | 138 | 139 | 134 | 135) {
        chroma = read_chroma(reader)?;
    }
    let frame_num_bits = limited(reader.ue()?, 12, "log2_max_frame_num_minus4")? + 4;
    let poc_type = limited(reader.ue()?, 2, "pic_order_cnt_type")?;
    let (mut poc_lsb_bits, mut poc_delta_always_zero) = (0, false);
    match poc_type {
        0 => poc_lsb_bits = limited(reader.ue()?, 12, "log2_max_pic_order_cnt_lsb_minus4")? + 4,
        1 => {
            poc_delta_always_zero = reader.flag()?;
            reader.se()?;
            reader.se()?;
            for _ in 0..limited(reader.ue()?, 255, "num_ref_frames_in_pic_order_cnt_cycle")? {
                reader.se()?;
            }
        }
        _ => {}
    }
    let max_reference_frames = reader.ue()?;
    reader.flag()?; // gaps_in_frame_num_value_allowed_flag
    let (columns, rows) = (reader.ue()?, reader.ue()?);
    let frames_only = reader.flag()?;
    let adaptive_fields = !frames_only && reader.flag()?;
    reader.flag()?; // direct_8x8_inference_flag
    let coded_size = coded_size(columns, rows, frames_only)?;
    let crop = read_crop(reader, &chroma, frames_only)?;
    let vui_position = reader.position();
    // Encoders exist whose usability information is cut short; the set itself is sound then.
    let vui = if reader.flag()? { read_vui(reader).ok() } else { None };
    Ok(Sps {
        id,
        profile,
        constraints,
        level,
        chroma_format: chroma.format,
        separate_planes: chroma.separate,
        lossless: chroma.lossless,
        bit_depth: chroma.luma_depth,
        chroma_bit_depth: chroma.chroma_depth,
        frame_num_bits,
        poc_type,
        poc_lsb_bits,
        poc_delta_always_zero,
        max_reference_frames,
        coded_size,
        crop,
        frames_only,
        adaptive_fields,
        vui,
        vui_position,
    })
}

struct Chroma {
    format: u8,
    separate: bool,
    lossless: bool,
    luma_depth: u8,
    chroma_depth: u8,
}

fn read_chroma(reader: &mut BitReader<'_>) -> Result<Chroma> {
    let format = limited(reader.ue()?, 3, "chroma_format_idc")? as u8;
    let separate = format == 3 && reader.flag()?;
    let luma_depth = limited(reader.ue()?, 6, "bit_depth_luma_minus8")? as u8 + 8;
    let chroma_depth = limited(reader.ue()?, 6, "bit_depth_chroma_minus8")? as u8 + 8;
    let lossless = reader.flag()?;
    if reader.flag()? {
        for list in 0..if format == 3 { 12 } else { 8 } {
            if reader.flag()? {
                skip_scaling_list(reader, if list < 6 { 16 } else { 64 })?;
            }
        }
    }
    Ok(Chroma { format, separate, lossless, luma_depth, chroma_depth })
}

fn skip_scaling_list(reader: &mut BitReader<'_>, size: u32) -> Result<()> {
    let (mut last, mut next) = (8i64, 8i64);
    for _ in 0..size {
        if next != 0 {
            next = (last + i64::from(reader.se()?)).rem_euclid(256);
        }
        last = if next == 0 { last } else { next };
    }
    Ok(())
}

fn coded_size(columns: u32, rows: u32, frames_only: bool) -> Result<Size> {
    // 139264 macroblocks are level 6.2's; leave room for what breaks the levels.
    const MOST: u64 = 139_264 * 16;
    let units = (u64::from(columns) + 1, (u64::from(rows) + 1) * if frames_only { 1 } else { 2 });
    let fits = units.0 <= 4096 && units.1 <= 4096 && units.0 * units.1 <= MOST;
    if !fits {
        return Err(Error::malformed(format!("a picture of {} by {} macroblocks", units.0, units.1)));
    }
    Ok(Size::new((units.0 * 16) as u32, (units.1 * 16) as u32))
}

fn read_crop(reader: &mut BitReader<'_>, chroma: &Chroma, frames_only: bool) -> Result<[u32; 4]> {
    if !reader.flag()? {
        return Ok([0; 4]);
    }
    let planar = chroma.format != 0 && !chroma.separate;
    let across = if planar && chroma.format != 3 { 2 } else { 1 };
    let down = if planar && chroma.format == 1 { 2 } else { 1 } * if frames_only { 1 } else { 2 };
    let mut crop = [0; 4];
    for (edge, unit) in crop.iter_mut().zip([across, across, down, down]) {
        *edge = reader.ue()?.saturating_mul(unit);
    }
    Ok(crop)
}

fn read_vui(reader: &mut BitReader<'_>) -> Result<Vui> {
    let sample_aspect = vui::sample_aspect(reader)?;
    if reader.flag()? {
        reader.flag()?; // overscan_appropriate_flag
    }
    let start = reader.position();
    let color = vui::color(reader)?;
    let color_span = (start, reader.position());
    let mut out = Vui {
        sample_aspect,
        color,
        timing: None,
        delay_bits: None,
        pic_struct_present: false,
        max_reorder_frames: None,
        max_buffered_frames: None,
        pic_struct_position: None,
        color_span,
    };
    // What follows is missing from the sets of some encoders; the colour is still good.
    let _ = read_vui_tail(reader, &mut out);
    Ok(out)
}

fn read_vui_tail(reader: &mut BitReader<'_>, vui: &mut Vui) -> Result<()> {
    if reader.flag()? {
        let (units_in_tick, time_scale) = (reader.bits(32)?, reader.bits(32)?);
        let fixed_rate = reader.flag()?;
        if units_in_tick != 0 && time_scale != 0 {
            vui.timing = Some(Timing { units_in_tick, time_scale, fixed_rate });
        }
    }
    let mut hrd = false;
    for _ in ["nal", "vcl"] {
        if reader.flag()? {
            vui.delay_bits = Some(read_hrd(reader)?);
            hrd = true;
        }
    }
    if hrd {
        reader.flag()?; // low_delay_hrd_flag
    }
    let position = reader.position();
    vui.pic_struct_present = reader.flag()?;
    vui.pic_struct_position = Some(position);
    if reader.flag()? {
        reader.flag()?; // motion_vectors_over_pic_boundaries_flag
        for _ in 0..4 {
            reader.ue()?;
        }
        let (reorder, buffered) = (reader.ue()?, reader.ue()?);
        vui.max_reorder_frames = (reorder <= 16).then_some(reorder);
        vui.max_buffered_frames = (buffered <= 16).then_some(buffered);
    }
    Ok(())
}

fn read_hrd(reader: &mut BitReader<'_>) -> Result<(u32, u32)> {
    let count = limited(reader.ue()?, 31, "cpb_cnt_minus1")? + 1;
    reader.skip(8)?;
    for _ in 0..count {
        reader.ue()?;
        reader.ue()?;
        reader.flag()?;
    }
    reader.skip(5)?;
    let delays = (reader.bits(5)? + 1, reader.bits(5)? + 1);
    reader.skip(5)?;
    Ok(delays)
}

fn limited(value: u32, most: u32, name: &str) -> Result<u32> {
    if value > most {
        return Err(Error::malformed(format!("{name} is {value}; at most {most} is allowed")));
    }
    Ok(value)
}

/// The same set (a whole NAL unit) with its colour description, range and chroma siting replaced by `color`.
///
/// # Errors
///
/// Where [`Sps::parse`] fails.
pub fn with_color(unit: &[u8], color: Color) -> Result<Vec<u8>> {
    let sps = Sps::parse(unit)?;
    let payload = unescape(unit.get(1..).unwrap_or_default());
    let mut writer = BitWriter::new();
    match &sps.vui {
        Some(vui) => {
            writer.copy(&payload, 0, vui.color_span.0)?;
            vui::write_color(&mut writer, &color);
            writer.copy(&payload, vui.color_span.1, payload_end(&payload))?;
        }
        None => {
            writer.copy(&payload, 0, sps.vui_position)?;
            writer.flag(true); // vui_parameters_present_flag
            writer.bits(0, 2); // no aspect ratio, no overscan
            vui::write_color(&mut writer, &color);
            writer.bits(0, 5); // no timing, no HRD of either kind, no pic_struct, no bitstream restriction
        }
    }
    writer.trailing_bits();
    let mut out = vec![unit.first().copied().unwrap_or(0x67)];
    out.extend(escape(&writer.finish()));
    Ok(out)
}

/// The position of the stop bit of the `rbsp_trailing_bits`.
pub(crate) fn payload_end(payload: &[u8]) -> usize {
    match payload.iter().rposition(|&byte| byte != 0) {
        Some(last) => last * 8 + 7 - payload[last].trailing_zeros() as usize,
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use reelwright_media::{ColorMatrix, ColorPrimaries, ColorRange, TransferFunction};

    use super::*;

    /// High profile, 1920x1080 of 1920x1088, colour stated, 25 fps, written by hand from the syntax table.
    fn sample() -> Vec<u8> {
        let mut writer = BitWriter::new();
        writer.bits(0x64_00_28, 24);
        writer.ue(0); // id
        writer.ue(1); // 4:2:0
        writer.ue(0);
        writer.ue(0);
        writer.bits(0, 2);
        writer.ue(0); // frame_num bits 4
        writer.ue(0);
        writer.ue(2); // poc lsb bits 6
        writer.ue(4);
        writer.flag(false);
        writer.ue(119);
        writer.ue(67);
        writer.bits(0b11, 2); // frames only, direct 8x8
        writer.flag(true);
        [0, 0, 0, 4].into_iter().for_each(|edge| writer.ue(edge));
        writer.flag(true); // VUI
        writer.flag(true);
        writer.bits(1, 8); // square
        writer.flag(false);
        vui::write_color(&mut writer, &Color::BT709);
        writer.flag(true);
        writer.bits(1, 32);
        writer.bits(50, 32);
        writer.flag(true);
        writer.bits(0, 3);
        writer.flag(true);
        writer.flag(true);
        [0, 0, 11, 11, 2, 4].into_iter().for_each(|value| writer.ue(value));
        writer.trailing_bits();
        let mut unit = vec![0x67];
        unit.extend(escape(&writer.finish()));
        unit
    }

    #[test]
    fn a_set_is_read() {
        let sps = Sps::parse(&sample()).unwrap();
        assert_eq!((sps.profile, sps.level, sps.size()), (100, 40, Size::new(1920, 1080)));
        assert_eq!(sps.coded_size, Size::new(1920, 1088));
        assert_eq!(sps.color(), Color::BT709);
        assert_eq!(sps.frame_rate(), Ratio::new(25, 1));
        assert_eq!(sps.max_reorder_frames(), Some(2));
        assert_eq!((sps.frame_num_bits, sps.poc_lsb_bits), (4, 6));
    }

    #[test]
    fn colour_is_replaced_and_nothing_else() {
        let color = Color {
            primaries: ColorPrimaries::BT2020,
            transfer: TransferFunction::PQ,
            matrix: ColorMatrix::BT2020,
            range: Some(ColorRange::Full),
            siting: vui::siting(2),
        };
        let before = Sps::parse(&sample()).unwrap();
        let after = Sps::parse(&with_color(&sample(), color).unwrap()).unwrap();
        assert_eq!(after.color(), color);
        assert_eq!((after.frame_rate(), after.max_reorder_frames()), (before.frame_rate(), Some(2)));
        let none = with_color(&sample(), Color::UNSPECIFIED).unwrap();
        assert_eq!(Sps::parse(&none).unwrap().color(), Color::UNSPECIFIED);
        assert_eq!(with_color(&none, Color::BT709).unwrap(), sample());
    }

    #[test]
    fn a_set_without_usability_information_gets_one() {
        let full = sample();
        let payload = unescape(&full[1..]);
        let position = Sps::parse(&full).unwrap().vui_position;
        let mut writer = BitWriter::new();
        writer.copy(&payload, 0, position).unwrap();
        writer.flag(false);
        writer.trailing_bits();
        let mut bare = vec![0x67];
        bare.extend(escape(&writer.finish()));
        assert_eq!(Sps::parse(&bare).unwrap().vui, None);
        let colored = Sps::parse(&with_color(&bare, Color::BT709).unwrap()).unwrap();
        assert_eq!((colored.color(), colored.size()), (Color::BT709, Size::new(1920, 1080)));
    }

    #[test]
    fn any_bytes_are_survived() {
        crate::noise::for_each_damage(&sample(), 5000, |bytes| {
            let _ = Sps::parse(bytes);
            let _ = with_color(bytes, Color::BT709);
        });
        crate::noise::for_each(3000, |bytes| drop(Sps::parse(bytes)));
    }
}
