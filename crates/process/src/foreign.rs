//! Asks ffmpeg, whose converters (swscale, zimg) share nothing with this crate.

use std::io::Write;
use std::process::{Command, Stdio};

use reelwright_media::{PixelBuffer, PixelFormat, Size};

/// Runs ffmpeg with `input` on its standard input; `None`, said aloud, where there is no ffmpeg or it fails.
pub(crate) fn ffmpeg(arguments: &[&str], input: &[u8]) -> Option<Vec<u8>> {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-nostdin"]).args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let Ok(mut child) = command.spawn() else {
        reelwright_judges::skip!("no ffmpeg");
        return None;
    };
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    let _ = writer.join();
    if !output.status.success() {
        reelwright_judges::skip!("ffmpeg {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        return None;
    }
    Some(output.stdout)
}

/// One picture through a chain of filters, as raw bytes of `out_format`.
pub(crate) fn filter(picture: &PixelBuffer, filters: &str, out_format: &str) -> Option<Vec<u8>> {
    let size = picture.size.to_string();
    let input = ["-f", "rawvideo", "-s", &size, "-pix_fmt", name(picture.format), "-i", "-"];
    let output = ["-vf", filters, "-pix_fmt", out_format, "-f", "rawvideo", "-frames:v", "1", "-"];
    ffmpeg(&[&input[..], &output[..]].concat(), &raw(picture))
}

/// ffmpeg's name for a format.
pub(crate) fn name(format: PixelFormat) -> &'static str {
    use reelwright_media::PixelLayout::*;
    match format {
        PixelFormat::Yuv(Yuv420, 8) => "yuv420p",
        PixelFormat::Yuv(Yuv422, 8) => "yuv422p",
        PixelFormat::Yuv(Yuv444, 8) => "yuv444p",
        PixelFormat::Yuv(Yuv420, 10) => "yuv420p10le",
        PixelFormat::Yuv(Yuv422, 10) => "yuv422p10le",
        PixelFormat::Yuv(Yuv444, 10) => "yuv444p10le",
        PixelFormat::Gbr(8) => "gbrp",
        PixelFormat::Bgra => "bgra",
        PixelFormat::Nv12 => "nv12",
        other => panic!("no name for {other:?}"),
    }
}

/// The rows of all planes without padding.
pub(crate) fn raw(picture: &PixelBuffer) -> Vec<u8> {
    let planes = picture.planes().iter().enumerate();
    planes
        .flat_map(|(plane, rows)| (0..rows.rows).flat_map(move |y| picture.row(plane, y).to_vec()))
        .collect()
}

/// The opposite of [`raw`].
pub(crate) fn picture(format: PixelFormat, size: Size, bytes: &[u8]) -> PixelBuffer {
    let mut picture = PixelBuffer::zeroed(format, size);
    let mut rest = bytes;
    for (plane, (target, stride)) in picture.make_mut().all().into_iter().enumerate() {
        let (width, rows) = format.plane_size(plane, size);
        for y in 0..rows {
            let (row, behind) = rest.split_at(width);
            target[y * stride..][..width].copy_from_slice(row);
            rest = behind;
        }
    }
    assert!(rest.is_empty());
    picture
}

/// The code value at `(x, y)`, in pixels of the whole picture, of planar component `plane`.
pub(crate) fn sample(picture: &PixelBuffer, plane: usize, x: usize, y: usize) -> i32 {
    let (full, rows) = picture.format.plane_size(0, picture.size);
    let (width, lines) = picture.format.plane_size(plane, picture.size);
    let (x, y) = (x / full.div_ceil(width), y / rows.div_ceil(lines));
    let row = picture.row(plane, y);
    if picture.format.bit_depth() > 8 {
        u16::from_ne_bytes([row[x * 2], row[x * 2 + 1]]).into()
    } else {
        row[x].into()
    }
}

/// Side of a patch, and patches across and down, in [`patches`].
pub(crate) const PATCH: usize = 32;
pub(crate) const ACROSS: usize = 9;

/// The middles of all patches.
pub(crate) fn middles() -> impl Iterator<Item = (usize, usize)> {
    (0..ACROSS * ACROSS).map(|patch| (patch % ACROSS * PATCH + PATCH / 2, patch / ACROSS * PATCH + PATCH / 2))
}

/// Flat patches of Y'CbCr in video range: dark to bright, most of them coloured, all within R'G'B'.
pub(crate) fn patches(format: PixelFormat) -> PixelBuffer {
    let side = u32::try_from(PATCH * ACROSS).unwrap();
    let mut picture = PixelBuffer::zeroed(format, Size::new(side, side));
    let depth = format.bit_depth();
    let size = picture.size;
    for (plane, (bytes, stride)) in picture.make_mut().all().into_iter().enumerate() {
        let (width, rows) = format.plane_size(plane, size);
        let width = width / format.component_bytes();
        for y in 0..rows {
            for x in 0..width {
                let patch = (y * ACROSS / rows) * ACROSS + x * ACROSS / width;
                let value = patch_color(patch)[plane] * f64::from(1 << (depth - 8));
                let value = value.round() as u16;
                match format.component_bytes() {
                    1 => bytes[y * stride + x] = value as u8,
                    _ => bytes[y * stride + x * 2..][..2].copy_from_slice(&value.to_ne_bytes()),
                }
            }
        }
    }
    picture
}

/// Y', Cb, Cr of a patch in 8-bit codes, with fractions.
fn patch_color(patch: usize) -> [f64; 3] {
    let part = |stride: usize, count: usize| (patch / stride % count) as f64 / (count - 1) as f64;
    let luma = 16.0 + 219.0 * part(1, 9);
    // Less colour towards black and white, so that nothing leaves the R'G'B' cube.
    let room = 70.0 * (1.0 - (2.0 * part(1, 9) - 1.0).abs());
    [luma, 128.0 + room * (part(9, 3) - 0.5), 128.0 + room * (part(27, 3) - 0.5)]
}
