//! A picture that shows how it is turned: it is bright in one corner.

use reelwright::media::{PixelBuffer, PixelPool, Size};

/// A picture of `pool`, which has three planes, bright in its first sixteen columns and sixteen rows alone.
pub(crate) fn bright_corner(pool: &PixelPool) -> PixelBuffer {
    let mut pixels = pool.take();
    let mut planes = pixels.make_mut();
    for plane in 0..3 {
        let (bytes, stride) = planes.plane(plane);
        bytes.fill(if plane == 0 { 40 } else { 128 });
        if plane == 0 {
            bytes.chunks_mut(stride).take(16).for_each(|row| row[..16].fill(220));
        }
    }
    pixels
}

/// Where it is bright in luma of this size: whether at the right, and below.
pub(crate) fn bright_side(luma: &[u8], size: Size) -> (bool, bool) {
    let bright = luma.iter().position(|&pixel| pixel > 150).unwrap() as u32;
    let (x, y) = (bright % size.width, bright / size.width);
    (x >= size.width / 2, y >= size.height / 2)
}
