use reelwright_media::{PixelBuffer, PixelFormat};

use super::layout::{alpha, channels};
use super::run::{Rows, in_bands};
use crate::color::Coding;
use crate::workers::Workers;

/// What alpha has done to the colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Alpha {
    /// Nothing: they are as they would be without.
    #[default]
    Straight,
    /// They are already multiplied by it, so that leaving it out puts the picture on black.
    Premultiplied,
}

/// The format that is left when alpha is used up. Packed formats keep the place of it.
pub(super) fn flat_format(format: PixelFormat) -> PixelFormat {
    match format {
        PixelFormat::Yuva(layout, depth) => PixelFormat::Yuv(layout, depth),
        PixelFormat::Gbra(depth) => PixelFormat::Gbr(depth),
        other => other,
    }
}

/// Puts a picture with straight alpha on black. `target` is of [`flat_format`] and fresh from a pool.
pub(super) fn flatten(source: &PixelBuffer, target: &mut PixelBuffer, workers: Workers) {
    let Some(cover) = alpha(source.format) else { return };
    let black = Coding::of(source.format, &source.color, source.size).black();
    in_bands(target, workers, |planes| {
        for (component, channel) in channels(source.format).into_iter().enumerate() {
            let Rows { bytes, stride, first } = &mut planes[channel.plane];
            for (index, row) in bytes.chunks_mut(*stride).enumerate() {
                let y = *first + index;
                let samples = source.row(channel.plane, y);
                let place = (channel.offset, channel.step, channel.shift);
                let lines = cover_lines(source, cover.plane, y, channel.shift.1);
                let blend = if source.format.component_bytes() == 1 { blend::<1> } else { blend::<2> };
                blend(samples, lines, (cover.offset, cover.step), place, black[component], source, row);
            }
        }
    });
}

/// The rows of alpha that a row of a component lies between.
fn cover_lines(source: &PixelBuffer, plane: usize, y: usize, shift: u32) -> [&[u8]; 2] {
    let last = (source.size.height as usize).saturating_sub(1);
    [y << shift, ((y + 1) << shift) - 1].map(|line| source.row(plane, line.min(last)))
}

/// One row of one component: its distance from black times the mean of the alpha above it.
fn blend<const BYTES: usize>(
    samples: &[u8],
    cover: [&[u8]; 2],
    (cover_offset, cover_step): (usize, usize),
    (offset, step, shift): (usize, usize, (u32, u32)),
    black: f32,
    source: &PixelBuffer,
    out: &mut [u8],
) {
    let read = |row: &[u8], index: usize| -> f32 {
        let bytes = &row[index * BYTES..][..BYTES];
        if BYTES == 1 { bytes[0].into() } else { u16::from_ne_bytes([bytes[0], bytes[1]]).into() }
    };
    let most = ((1u32 << source.format.bit_depth()) - 1) as f32;
    let width = source.size.width as usize;
    for x in 0..width.div_ceil(1 << shift.0) {
        let columns = [x << shift.0, (((x + 1) << shift.0) - 1).min(width - 1)];
        let sum: f32 = cover
            .iter()
            .flat_map(|row| columns.map(|column| read(row, column * cover_step + cover_offset)))
            .sum();
        let index = x * step + offset;
        let value = black + (read(samples, index) - black) * sum / (4.0 * most);
        let value = (value + 0.5).clamp(0.0, most) as u16;
        out[index * BYTES..][..BYTES].copy_from_slice(&value.to_ne_bytes()[low_byte::<BYTES>()]);
    }
}

/// The bytes of a `u16` that hold a sample of `BYTES` bytes.
fn low_byte<const BYTES: usize>() -> std::ops::Range<usize> {
    if BYTES == 1 && cfg!(target_endian = "big") { 1..2 } else { 0..BYTES }
}

#[cfg(test)]
mod tests {
    use reelwright_media::{PixelLayout, Size};

    use crate::foreign::{picture, sample};
    use crate::pipeline::{Alpha, Pipeline, PipelineConfig};
    use crate::{FrameShape, Workers};

    use super::*;

    fn to_yuv(input: &PixelBuffer, alpha: Alpha) -> [i32; 3] {
        let mut config = PipelineConfig::new(FrameShape::of(input), PixelFormat::YUV420, input.size);
        config.alpha = alpha;
        let output = Pipeline::new(config, Workers::new(2)).unwrap().process(input).unwrap();
        [0, 1, 2].map(|plane| sample(&output, plane, 4, 4))
    }

    #[test]
    fn transparent_is_black_and_half_is_half() {
        let size = Size::new(8, 8);
        for (cover, wanted) in [(0u8, [16, 128, 128]), (255, [216, 28, 228]), (51, [56, 108, 148])] {
            let planes = [vec![216u8; 64], vec![28; 16], vec![228; 16], vec![cover; 64]].concat();
            let input = picture(PixelFormat::Yuva(PixelLayout::Yuv420, 8), size, &planes);
            assert_eq!(to_yuv(&input, Alpha::Straight), wanted);
            assert_eq!(to_yuv(&input, Alpha::Premultiplied), [216, 28, 228]);
        }
        let input = picture(PixelFormat::Bgra, size, &[200u8, 200, 200, 0].repeat(64));
        assert_eq!(to_yuv(&input, Alpha::Straight), [16, 128, 128]);
    }

    #[test]
    fn deep_alpha_counts_alike() {
        let size = Size::new(5, 3);
        let plane = |samples: usize, value: u16| value.to_ne_bytes().repeat(samples);
        let planes = [plane(15, 864), plane(15, 112), plane(15, 912), plane(15, 1023)].concat();
        let input = picture(PixelFormat::Yuva(PixelLayout::Yuv444, 10), size, &planes);
        let mut config =
            PipelineConfig::new(FrameShape::of(&input), PixelFormat::Yuv(PixelLayout::Yuv444, 8), size);
        config.kernel = crate::Kernel::Lanczos3;
        let output = Pipeline::new(config, Workers::new(1)).unwrap().process(&input).unwrap();
        assert_eq!([0, 1, 2].map(|plane| sample(&output, plane, 2, 1)), [216, 28, 228]);
    }
}
