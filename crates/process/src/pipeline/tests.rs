use reelwright_media::PixelLayout;

use super::*;

fn picture(format: PixelFormat, size: Size, seed: u64) -> PixelBuffer {
    let mut picture = PixelBuffer::zeroed(format, size);
    let mut seed = seed.wrapping_add(7);
    let mut next = move || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 40) as u16
    };
    let depth = format.bit_depth();
    for (bytes, _) in picture.make_mut().all() {
        for pair in bytes.chunks_exact_mut(2) {
            let value = if depth > 8 { next() & (u16::MAX >> (16 - depth)) } else { next() };
            pair.copy_from_slice(&value.to_ne_bytes());
        }
    }
    picture
}

#[test]
fn any_size_and_format_goes_through() {
    use PixelLayout::*;
    let sources = [
        PixelFormat::Yuv(Gray, 8),
        PixelFormat::Yuv(Yuv420, 8),
        PixelFormat::Yuv(Yuv422, 10),
        PixelFormat::Yuv(Yuv444, 12),
        PixelFormat::Yuva(Yuv420, 8),
        PixelFormat::Yuva(Yuv444, 16),
        PixelFormat::Nv12,
        PixelFormat::Nv12TenBit,
        PixelFormat::Bgra,
        PixelFormat::Rgba,
        PixelFormat::Gbr(10),
        PixelFormat::Gbra(16),
    ];
    let targets = [
        PixelFormat::YUV420,
        PixelFormat::YUV420_10,
        PixelFormat::Yuv(Yuv422, 8),
        PixelFormat::Yuv(Yuv444, 10),
        PixelFormat::Yuv(Gray, 8),
        PixelFormat::Yuva(Yuv444, 12),
        PixelFormat::Yuva(Yuv420, 8),
        PixelFormat::Nv12,
        PixelFormat::Nv12TenBit,
        PixelFormat::Gbr(8),
        PixelFormat::Gbra(12),
        PixelFormat::Gbr(10),
        PixelFormat::Bgra,
        PixelFormat::Rgba,
    ];
    let mut seed = 1u64;
    let mut next = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    for source in sources {
        for target in targets {
            for _ in 0..6 {
                let mut side = || 1 + u32::try_from(next(90)).unwrap();
                let (size, scaled) = (Size::new(side(), side()), Size::new(side(), side()));
                let mut input = picture(source, size, 3);
                let crop_width = 1 + u32::try_from(next(size.width.into())).unwrap();
                let x = u32::try_from(next((size.width - crop_width + 1).into())).unwrap();
                input.crop = (x % 2 == 0).then_some((x, 0, crop_width, size.height));
                let config = PipelineConfig::new(FrameShape::of(&input), target, scaled);
                let one = Pipeline::new(config.clone(), Workers::new(1)).unwrap().process(&input).unwrap();
                let three = Pipeline::new(config, Workers::new(3)).unwrap().process(&input).unwrap();
                assert_eq!((one.size, one.format), (scaled, target));
                for plane in 0..target.planes() {
                    for y in 0..one.planes()[plane].rows {
                        assert_eq!(one.row(plane, y), three.row(plane, y));
                    }
                }
            }
        }
    }
}

#[test]
fn what_does_not_change_is_not_copied() {
    let input = picture(PixelFormat::YUV420, Size::new(64, 48), 1);
    let config = PipelineConfig::new(FrameShape::of(&input), input.format, input.size);
    let pipeline = Pipeline::new(config, Workers::new(1)).unwrap();
    assert!(pipeline.is_passthrough());
    assert_eq!(pipeline.process(&input).unwrap().plane(0).as_ptr(), input.plane(0).as_ptr());
}

#[test]
fn cropping_copies_the_pixels() {
    let mut input = picture(PixelFormat::YUV420, Size::new(64, 48), 1);
    input.crop = Some((8, 4, 40, 30));
    let config = PipelineConfig::new(FrameShape::of(&input), input.format, Size::new(40, 30));
    let output = Pipeline::new(config, Workers::new(1)).unwrap().process(&input).unwrap();
    assert_eq!(output.row(0, 7), &input.row(0, 11)[8..48]);
    assert_eq!(output.row(1, 7), &input.row(1, 9)[4..24]);
}
