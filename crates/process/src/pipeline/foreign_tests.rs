//! Against ffmpeg's swscale and zimg.

use reelwright_media::{ChromaSiting, PixelLayout};

use super::*;
use crate::foreign::{filter, middles, patches, picture, sample};

const MATRICES: [(ColorMatrix, &str); 3] =
    [(ColorMatrix::SMPTE170M, "170m"), (ColorMatrix::BT709, "709"), (ColorMatrix::BT2020, "2020_ncl")];
const RANGES: [(ColorRange, &str); 2] = [(ColorRange::Video, "limited"), (ColorRange::Full, "full")];

fn convert(input: &PixelBuffer, format: PixelFormat, size: Size, color: Color) -> PixelBuffer {
    let config = PipelineConfig { target_color: color, ..PipelineConfig::for_picture(input, format, size) };
    Pipeline::new(config, Workers::new(2)).unwrap().process(input).unwrap()
}

fn tagged(matrix: ColorMatrix, range: ColorRange) -> Color {
    Color { matrix, range: Some(range), ..Color::UNSPECIFIED }
}

fn worst(ours: &PixelBuffer, theirs: &PixelBuffer) -> i32 {
    let difference = |plane, (x, y)| (sample(ours, plane, x, y) - sample(theirs, plane, x, y)).abs();
    (0..3).flat_map(|plane| middles().map(move |at| difference(plane, at))).max().unwrap()
}

#[test]
fn flat_colours_match_zimg() {
    for (source, target) in [
        (PixelFormat::YUV420, PixelFormat::YUV420),
        (PixelFormat::YUV420_10, PixelFormat::YUV420),
        (PixelFormat::YUV420, PixelFormat::Yuv(PixelLayout::Yuv422, 10)),
    ] {
        for (matrix, matrix_name) in MATRICES {
            for (range, range_name) in RANGES {
                let mut input = patches(source);
                input.color = tagged(matrix, range);
                // All pairs once; other depths and layouts need only show that they are no different.
                let pairs = if source == target { 3 } else { 1 };
                for (to, to_name) in MATRICES.into_iter().take(pairs) {
                    for (to_range, to_range_name) in RANGES {
                        let ours = convert(&input, target, input.size, tagged(to, to_range));
                        let chain = format!(
                            "zscale=min={matrix_name}:rin={range_name}:m={to_name}:r={to_range_name}:cin=left:c=left:d=none"
                        );
                        let Some(bytes) = filter(&input, &chain, crate::foreign::name(target)) else {
                            return;
                        };
                        let theirs = picture(target, input.size, &bytes);
                        let worst = worst(&ours, &theirs);
                        assert!(worst <= 1, "{chain} {source:?} to {target:?}: {worst}");
                    }
                }
            }
        }
    }
}

#[test]
fn red_green_and_blue_match_zimg_both_ways() {
    for (matrix, name) in MATRICES {
        for (range, range_name) in RANGES {
            let mut input = patches(PixelFormat::YUV420);
            input.color = tagged(matrix, range);
            let ours = convert(&input, PixelFormat::Bgra, input.size, Color::UNSPECIFIED);
            let chain =
                format!("zscale=min={name}:rin={range_name}:cin=left:m=gbr:r=full:d=none,format=gbrp");
            let Some(bytes) = filter(&input, &chain, "gbrp") else { return };
            let theirs = picture(PixelFormat::Gbr(8), input.size, &bytes);
            for (x, y) in middles() {
                let pixel = &ours.row(0, y)[x * 4..][..4];
                for (offset, plane) in [(2, 2), (1, 0), (0, 1)] {
                    let difference = i32::from(pixel[offset]) - sample(&theirs, plane, x, y);
                    assert!(difference.abs() <= 1, "{chain} at {x},{y}: {pixel:?}");
                }
                assert_eq!(pixel[3], 255);
            }
            let back = format!("zscale=min=gbr:rin=full:m={name}:r={range_name}:c=left:d=none");
            let Some(bytes) = filter(&theirs, &back, "yuv420p") else { return };
            let back = picture(PixelFormat::YUV420, input.size, &bytes);
            let ours = convert(&theirs, PixelFormat::YUV420, input.size, tagged(matrix, range));
            assert!(worst(&ours, &back) <= 1);
        }
    }
}

/// A frame of real footage, or `None`, said aloud.
fn footage() -> Option<PixelBuffer> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/bench/bench_20s.mp4");
    if !std::path::Path::new(file).exists() {
        reelwright_judges::skip!("no {file}");
        return None;
    }
    let output = ["-pix_fmt", "yuv420p", "-f", "rawvideo", "-frames:v", "1", "-"];
    let bytes = crate::foreign::ffmpeg(&[&["-ss", "5", "-i", file][..], &output[..]].concat(), &[])?;
    Some(picture(PixelFormat::YUV420, Size::new(1920, 1080), &bytes))
}

/// Scales one plane in double precision, straight from the definition: every target sample is a sum over the whole
/// reach of the widened kernel, edges repeated.
fn exact(
    input: &PixelBuffer,
    plane: usize,
    size: (usize, usize),
    target: (usize, usize),
    phase: f64,
) -> Vec<f64> {
    let cubic = |x: f64| {
        let (x, c) = (x.abs(), 0.6);
        match x {
            x if x < 1.0 => (2.0 - c) * x.powi(3) + (c - 3.0) * x * x + 1.0,
            x if x < 2.0 => -c * x.powi(3) + 5.0 * c * x * x - 8.0 * c * x + 4.0 * c,
            _ => 0.0,
        }
    };
    let line = |at: f64, length: usize, step: f64| {
        let reach = (2.0 * step).ceil() as i64 + 1;
        let middle = at.floor() as i64;
        let weights: Vec<(usize, f64)> = (middle - reach..=middle + reach)
            .map(|i| (i.clamp(0, length as i64 - 1) as usize, cubic((i as f64 - at) / step)))
            .collect();
        let sum: f64 = weights.iter().map(|weight| weight.1).sum();
        weights.into_iter().map(|(i, weight)| (i, weight / sum)).collect::<Vec<_>>()
    };
    let (sx, sy) = (size.0 as f64 / target.0 as f64, size.1 as f64 / target.1 as f64);
    let mut wide = vec![0.0; size.0 * target.1];
    for y in 0..target.1 {
        for (row, weight) in line((y as f64 + 0.5) * sy - 0.5, size.1, sy) {
            for (sum, &value) in wide[y * size.0..][..size.0].iter_mut().zip(input.row(plane, row)) {
                *sum += weight * f64::from(value);
            }
        }
    }
    let mut out = vec![0.0; target.0 * target.1];
    for x in 0..target.0 {
        let weights = line((x as f64 + phase) * sx - phase, size.0, sx);
        for y in 0..target.1 {
            out[y * target.0 + x] = weights.iter().map(|&(at, weight)| weight * wide[y * size.0 + at]).sum();
        }
    }
    out
}

fn psnr(picture: &PixelBuffer, plane: usize, exact: &[f64]) -> f64 {
    let width = picture.format.plane_size(plane, picture.size).0;
    let square = |(at, exact): (usize, &f64)| {
        (f64::from(picture.row(plane, at / width)[at % width]) - exact.clamp(0.0, 255.0)).powi(2)
    };
    let sum: f64 = exact.iter().enumerate().map(square).sum();
    10.0 * (255.0 * 255.0 * exact.len() as f64 / sum).log10()
}

#[test]
fn scaling_is_as_exact_as_the_best() {
    let Some(mut input) = footage() else { return };
    input.color.siting = Some(ChromaSiting::Left);
    for target in [Size::new(1280, 720), Size::new(640, 360), Size::new(854, 480)] {
        let ours = convert(&input, PixelFormat::YUV420, target, Color::UNSPECIFIED);
        let (w, h) = (target.width, target.height);
        let swscale = format!(
            "scale={w}:{h}:flags=bicubic+accurate_rnd+full_chroma_int:in_h_chr_pos=0:out_h_chr_pos=0:in_v_chr_pos=128:out_v_chr_pos=128"
        );
        let zimg = format!("zscale={w}:{h}:filter=bicubic:param_a=0:param_b=0.6:cin=left:c=left:d=none");
        let half =
            |plane: usize, side: u32| if plane == 0 { side as usize } else { side.div_ceil(2) as usize };
        let exact = [0, 1, 2].map(|plane| {
            let (size, target) = ((half(plane, 1920), half(plane, 1080)), (half(plane, w), half(plane, h)));
            exact(&input, plane, size, target, if plane == 0 { 0.5 } else { 0.25 })
        });
        for chain in [swscale, zimg] {
            let Some(bytes) = filter(&input, &chain, "yuv420p") else { return };
            let theirs = picture(PixelFormat::YUV420, target, &bytes);
            for (plane, exact) in exact.iter().enumerate() {
                let (ours, theirs) = (psnr(&ours, plane, exact), psnr(&theirs, plane, exact));
                eprintln!("{target} plane {plane}: {ours:.2} dB, {theirs:.2} dB with {chain}");
                assert!(ours > theirs - 0.05);
            }
        }
    }
}
