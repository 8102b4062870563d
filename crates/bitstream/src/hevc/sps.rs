use reelwright_media::{Color, Error, Ratio, Result, Size};

use super::{ProfileTierLevel, layer_id, sps_sets};
use crate::vui::{self, Timing};
use crate::{BitReader, BitWriter, escape, unescape};

/// A sequence parameter set (7.3.2.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sps {
    /// `sps_seq_parameter_set_id`, 0 to 15.
    pub id: u32,
    /// `sps_video_parameter_set_id`.
    pub vps_id: u8,
    /// Temporal sub-layers.
    pub sub_layers: u8,
    /// `sps_temporal_id_nesting_flag`.
    pub temporal_nesting: bool,
    /// Profile, tier and level.
    pub profile: ProfileTierLevel,
    /// `chroma_format_idc`: 0 monochrome, 1 4:2:0, 2 4:2:2, 3 4:4:4.
    pub chroma_format: u8,
    /// Bits per luma sample.
    pub bit_depth: u8,
    /// Bits per chroma sample.
    pub chroma_bit_depth: u8,
    /// The coded picture, in luma samples.
    pub coded_size: Size,
    /// Luma samples cut off at the left, right, top and bottom by the conformance window.
    pub crop: [u32; 4],
    /// Bits of `slice_pic_order_cnt_lsb`.
    pub poc_lsb_bits: u32,
    /// `sps_max_num_reorder_pics` of the highest sub-layer.
    pub max_reorder_frames: u32,
    /// Usability information, where present.
    pub vui: Option<Vui>,
    /// Where `vui_parameters_present_flag` stands, in bits of the payload behind the header.
    vui_position: usize,
}

/// The part of the usability information that matters outside a decoder (E.2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vui {
    /// The shape of a pixel, where stated.
    pub sample_aspect: Option<Ratio>,
    /// Colour, range and siting.
    pub color: Color,
    /// Whether each picture is a field.
    pub field_sequence: bool,
    /// Timing, where stated.
    pub timing: Option<Timing>,
    /// `min_spatial_segmentation_idc`, 0 where not stated.
    pub min_spatial_segmentation: u32,
    /// The bits from `video_signal_type_present_flag` up to `neutral_chroma_indication_flag`.
    color_span: (usize, usize),
}

impl Sps {
    /// Parses a whole NAL unit, header included.
    ///
    /// # Errors
    ///
    /// Truncated or malformed sets; the sets of enhancement layers that leave their size to the VPS extension.
    pub fn parse(unit: &[u8]) -> Result<Self> {
        let layer = layer_id(unit).unwrap_or(0);
        let payload = unescape(unit.get(2..).unwrap_or_default());
        read(&mut BitReader::new(&payload), layer).map_err(|error| error.in_box("SPS"))
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

    /// Pictures per second where the set states a rate.
    pub fn frame_rate(&self) -> Option<Ratio> {
        let timing = self.vui.as_ref()?.timing?;
        Ratio::new(timing.time_scale, timing.units_in_tick)
    }
}

fn read(reader: &mut BitReader<'_>, layer: u8) -> Result<Sps> {
    let vps_id = reader.small(4)?;
    let sub_layer_code = reader.small(3)?;
    if layer != 0 && sub_layer_code == 7 {
        return Err(Error::unsupported(
            "a sequence parameter set that takes its size from the VPS extension",
        ));
    }
    let sub_layers = sub_layer_code + 1;
    let temporal_nesting = reader.flag()?;
    let profile = ProfileTierLevel::read(reader, true, u32::from(sub_layers) - 1)?;
    let id = limited(reader.ue()?, 15, "sps_seq_parameter_set_id")?;
    let chroma_format = limited(reader.ue()?, 3, "chroma_format_idc")? as u8;
    let separate = chroma_format == 3 && reader.flag()?;
    let coded_size = Size::new(
        limited(reader.ue()?, 65_536, "pic_width_in_luma_samples")?,
        limited(reader.ue()?, 65_536, "pic_height_in_luma_samples")?,
    );
    let crop = if reader.flag()? { read_window(reader, chroma_format, separate)? } else { [0; 4] };
    let bit_depth = limited(reader.ue()?, 8, "bit_depth_luma_minus8")? as u8 + 8;
    let chroma_bit_depth = limited(reader.ue()?, 8, "bit_depth_chroma_minus8")? as u8 + 8;
    let poc_lsb_bits = limited(reader.ue()?, 12, "log2_max_pic_order_cnt_lsb_minus4")? + 4;
    let mut max_reorder_frames = 0;
    for _ in 0..if reader.flag()? { sub_layers } else { 1 } {
        reader.ue()?;
        max_reorder_frames = reader.ue()?;
        reader.ue()?;
    }
    skip_coding_tools(reader, poc_lsb_bits)?;
    let vui_position = reader.position();
    let vui = if reader.flag()? { read_vui(reader, sub_layers).ok() } else { None };
    Ok(Sps {
        id,
        vps_id,
        sub_layers,
        temporal_nesting,
        profile,
        chroma_format,
        bit_depth,
        chroma_bit_depth,
        coded_size,
        crop,
        poc_lsb_bits,
        max_reorder_frames,
        vui,
        vui_position,
    })
}

fn read_window(reader: &mut BitReader<'_>, chroma_format: u8, separate: bool) -> Result<[u32; 4]> {
    let across = if matches!(chroma_format, 1 | 2) && !separate { 2 } else { 1 };
    let down = if chroma_format == 1 && !separate { 2 } else { 1 };
    let mut window = [0; 4];
    for (edge, unit) in window.iter_mut().zip([across, across, down, down]) {
        *edge = reader.ue()?.saturating_mul(unit);
    }
    Ok(window)
}

fn skip_coding_tools(reader: &mut BitReader<'_>, poc_lsb_bits: u32) -> Result<()> {
    for _ in 0..6 {
        reader.ue()?; // block sizes and transform depths
    }
    if reader.flag()? && reader.flag()? {
        sps_sets::skip_scaling_lists(reader)?;
    }
    reader.skip(2)?; // asymmetric partitions, sample adaptive offset
    if reader.flag()? {
        reader.skip(8)?; // bit depths of PCM blocks
        reader.ue()?;
        reader.ue()?;
        reader.flag()?;
    }
    sps_sets::skip_short_term_sets(reader)?;
    if reader.flag()? {
        for _ in 0..limited(reader.ue()?, 32, "num_long_term_ref_pics_sps")? {
            reader.skip(poc_lsb_bits as usize + 1)?;
        }
    }
    reader.skip(2) // temporal motion vectors, strong intra smoothing
}

fn read_vui(reader: &mut BitReader<'_>, sub_layers: u8) -> Result<Vui> {
    let sample_aspect = vui::sample_aspect(reader)?;
    if reader.flag()? {
        reader.flag()?; // overscan_appropriate_flag
    }
    let start = reader.position();
    let color = vui::color(reader)?;
    let mut out = Vui {
        sample_aspect,
        color,
        field_sequence: false,
        timing: None,
        min_spatial_segmentation: 0,
        color_span: (start, reader.position()),
    };
    // What follows may be cut short by a sloppy encoder; the colour is still good.
    let _ = read_vui_tail(reader, sub_layers, &mut out);
    Ok(out)
}

fn read_vui_tail(reader: &mut BitReader<'_>, sub_layers: u8, vui: &mut Vui) -> Result<()> {
    reader.flag()?; // neutral_chroma_indication_flag
    vui.field_sequence = reader.flag()?;
    reader.flag()?; // frame_field_info_present_flag
    if reader.flag()? {
        for _ in 0..4 {
            reader.ue()?; // default display window
        }
    }
    if reader.flag()? {
        let (units_in_tick, time_scale) = (reader.bits(32)?, reader.bits(32)?);
        if units_in_tick != 0 && time_scale != 0 {
            vui.timing = Some(Timing { units_in_tick, time_scale, fixed_rate: false });
        }
        if reader.flag()? {
            reader.ue()?;
        }
        if reader.flag()? {
            skip_hrd(reader, sub_layers)?;
        }
    }
    if reader.flag()? {
        reader.skip(3)?;
        vui.min_spatial_segmentation = limited(reader.ue()?, 4095, "min_spatial_segmentation_idc")?;
    }
    Ok(())
}

/// `hrd_parameters` with common information present (E.2.2).
fn skip_hrd(reader: &mut BitReader<'_>, sub_layers: u8) -> Result<()> {
    let (nal, vcl) = (reader.flag()?, reader.flag()?);
    let mut sub_picture = false;
    if nal || vcl {
        sub_picture = reader.flag()?;
        if sub_picture {
            reader.skip(19)?;
        }
        reader.skip(8)?;
        if sub_picture {
            reader.skip(4)?;
        }
        reader.skip(15)?;
    }
    for _ in 0..sub_layers {
        let fixed_general = reader.flag()?;
        let fixed_within = fixed_general || reader.flag()?;
        let mut low_delay = false;
        if fixed_within {
            reader.ue()?;
        } else {
            low_delay = reader.flag()?;
        }
        let count = if low_delay { 1 } else { limited(reader.ue()?, 31, "cpb_cnt_minus1")? + 1 };
        for _ in 0..count * (u32::from(nal) + u32::from(vcl)) {
            for _ in 0..if sub_picture { 4 } else { 2 } {
                reader.ue()?;
            }
            reader.flag()?;
        }
    }
    Ok(())
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
    let (header, body) = unit.split_at(2.min(unit.len()));
    let payload = unescape(body);
    let mut writer = BitWriter::new();
    let resume = match &sps.vui {
        Some(vui) => {
            writer.copy(&payload, 0, vui.color_span.0)?;
            vui::write_color(&mut writer, &color);
            vui.color_span.1
        }
        None => {
            writer.copy(&payload, 0, sps.vui_position)?;
            writer.flag(true); // vui_parameters_present_flag
            writer.bits(0, 2); // no aspect ratio, no overscan
            vui::write_color(&mut writer, &color);
            writer.bits(0, 6); // none of: neutral chroma, fields, field info, window, timing, restriction
            sps.vui_position + 1
        }
    };
    writer.copy(&payload, resume, crate::h264::payload_end(&payload))?;
    writer.trailing_bits();
    let mut out = header.to_vec();
    out.extend(escape(&writer.finish()));
    Ok(out)
}

#[cfg(test)]
pub(in crate::hevc) mod tests {
    use reelwright_media::{ColorMatrix, ColorPrimaries, TransferFunction};

    use super::*;

    /// Main profile, 1920x1080, two short-term sets of which one is predicted, VUI; by hand from the syntax tables.
    pub(in crate::hevc) fn sample() -> Vec<u8> {
        let mut writer = BitWriter::new();
        writer.bits(0, 4 + 3);
        writer.bits(1, 1);
        writer.bits(0x01, 8);
        writer.bits(0x6000_0000, 32);
        writer.bits(0x9000_0000_0000, 48);
        writer.bits(120, 8);
        writer.ue(0);
        writer.ue(1);
        writer.ue(1920);
        writer.ue(1088);
        writer.flag(true);
        [0, 0, 0, 4].into_iter().for_each(|edge| writer.ue(edge));
        [0, 0, 4].into_iter().for_each(|value| writer.ue(value));
        writer.flag(true);
        [4, 2, 0].into_iter().for_each(|value| writer.ue(value));
        [0, 3, 0, 3, 0, 0].into_iter().for_each(|value| writer.ue(value));
        writer.bits(0b0_1_1_0, 4); // no scaling lists, partitions, offset, no PCM
        writer.ue(2);
        writer.ue(1); // one earlier picture
        writer.ue(0);
        writer.ue(0);
        writer.flag(true);
        writer.flag(true); // predicted
        writer.flag(true);
        writer.ue(0);
        writer.bits(0b11, 2);
        writer.flag(false); // no long-term pictures
        writer.bits(0b11, 2);
        writer.flag(true);
        writer.bits(0, 2);
        vui::write_color(&mut writer, &Color::BT709);
        writer.bits(0, 4);
        writer.flag(true);
        writer.bits(1001, 32);
        writer.bits(30_000, 32);
        writer.bits(0, 3);
        writer.flag(false); // no extension
        writer.trailing_bits();
        let mut unit = vec![0x42, 0x01];
        unit.extend(escape(&writer.finish()));
        unit
    }

    #[test]
    fn a_set_is_read_and_recoloured() {
        let sps = Sps::parse(&sample()).unwrap();
        assert_eq!((sps.size(), sps.profile.level, sps.max_reorder_frames), (Size::new(1920, 1080), 120, 2));
        assert_eq!(sps.frame_rate(), Ratio::new(30_000, 1001));
        assert_eq!(sps.color(), Color::BT709);
        let hlg = Color {
            primaries: ColorPrimaries::BT2020,
            transfer: TransferFunction::HLG,
            matrix: ColorMatrix::BT2020,
            ..Color::BT709
        };
        let again = Sps::parse(&with_color(&sample(), hlg).unwrap()).unwrap();
        assert_eq!((again.color(), again.frame_rate()), (hlg, sps.frame_rate()));
        assert_eq!(with_color(&sample(), Color::BT709).unwrap(), sample());
    }

    #[test]
    fn any_bytes_are_survived() {
        crate::noise::for_each_damage(&sample(), 5000, |bytes| {
            let _ = Sps::parse(bytes);
            let _ = with_color(bytes, Color::BT709);
        });
        crate::noise::for_each(3000, |bytes| {
            let _ = Sps::parse(bytes);
            let _ = super::super::Vps::parse(bytes);
            let _ = super::super::Pps::parse(bytes);
        });
    }
}
