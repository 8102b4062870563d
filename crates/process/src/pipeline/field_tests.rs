//! Interlaced pictures: what is made of one field holds nothing of the other.

use reelwright_media::{FieldOrder, PixelLayout};

use super::*;
use crate::foreign::sample;

/// A picture whose two fields brighten downwards alike, the bottom one by `apart` brighter.
fn ramps(format: PixelFormat, size: Size, apart: u16) -> PixelBuffer {
    let mut picture = PixelBuffer::zeroed(format, size);
    picture.field_order = FieldOrder::TopFirst;
    for (plane, (bytes, stride)) in picture.make_mut().all().into_iter().enumerate() {
        let (width, rows) = format.plane_size(plane, size);
        for y in 0..rows {
            let value = 20 + y as u16 + apart * (y as u16 % 2);
            bytes[y * stride..][..width].fill(value as u8);
        }
    }
    picture
}

fn converted(input: &PixelBuffer, format: PixelFormat, size: Size) -> PixelBuffer {
    let config = PipelineConfig::new(FrameShape::of(input), format, size);
    Pipeline::new(config, Workers::new(2)).unwrap().process(input).unwrap()
}

/// The rows away from the edges, where the ramp goes on in both directions.
fn inner(rows: u32) -> std::ops::Range<usize> {
    rows as usize / 4..rows as usize * 3 / 4
}

#[test]
fn fields_are_scaled_apart() {
    for (from, to) in [(120, 80), (120, 100), (80, 120), (120, 120)] {
        let input = ramps(PixelFormat::YUV420, Size::new(64, from), 90);
        let output = converted(&input, PixelFormat::YUV420, Size::new(48, to));
        assert_eq!(output.field_order, FieldOrder::TopFirst);
        let scale = f64::from(from) / f64::from(to);
        for y in inner(to) {
            let at = (y as f64 + 0.5) * scale - 0.5;
            let wanted = 20.0 + at + if y % 2 == 1 { 90.0 } else { 0.0 };
            let got = f64::from(sample(&output, 0, 10, y));
            assert!((got - wanted).abs() <= 1.0, "{from} to {to}, row {y}: {got}, not {wanted}");
        }
    }
}

#[test]
fn chroma_is_halved_within_its_field() {
    let input = ramps(PixelFormat::Yuv(PixelLayout::Yuv422, 8), Size::new(64, 120), 90);
    for target in [PixelFormat::YUV420, PixelFormat::Nv12] {
        let output = converted(&input, target, input.size);
        for row in inner(60) {
            // A row of chroma lies between two rows of luma of the picture, and belongs to every other one of each.
            let at = (row as f64 + 0.5) * 2.0 - 0.5;
            let wanted = 20.0 + at + if row % 2 == 1 { 90.0 } else { 0.0 };
            let got = f64::from(output.row(1, row)[12]);
            assert!((got - wanted).abs() <= 1.0, "{target:?}, row {row}: {got}, not {wanted}");
        }
    }
}

#[test]
fn an_odd_row_cut_off_changes_the_order() {
    let mut input = ramps(PixelFormat::Yuv(PixelLayout::Yuv444, 8), Size::new(32, 64), 90);
    input.crop = Some((0, 3, 32, 60));
    let output = converted(&input, PixelFormat::Yuv(PixelLayout::Yuv444, 8), Size::new(32, 60));
    assert_eq!(output.field_order, FieldOrder::BottomFirst);
    for row in 0..60 {
        assert_eq!(output.row(0, row), input.row(0, row + 3));
    }
}

#[test]
fn whole_pictures_are_scaled_whole() {
    let mut input = ramps(PixelFormat::YUV420, Size::new(64, 120), 90);
    input.field_order = FieldOrder::Progressive;
    let output = converted(&input, PixelFormat::YUV420, Size::new(64, 60));
    let (above, below) = (sample(&output, 0, 10, 30), sample(&output, 0, 10, 31));
    assert!((below - above - 2).abs() <= 1, "rows of both times are mixed: {above}, {below}");
}

#[test]
fn tiny_and_odd_fields_go_through() {
    for height in 1..40 {
        for target in [1, 7, 8, 9, 31, 64] {
            let input = ramps(PixelFormat::YUV420, Size::new(17, height), 90);
            let output = converted(&input, PixelFormat::YUV420, Size::new(16, target));
            assert_eq!(output.size, Size::new(16, target));
        }
    }
}
