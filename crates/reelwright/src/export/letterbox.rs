//! Pictures that change their size on the way.

use reelwright_media::{ColorRange, PixelBuffer, PixelFormat, Size};
use reelwright_process::square_size;

/// The picture on black, so that it has the shape of `target` and keeps its own; itself where it is of the size `usual` or `target`,
/// or has the shape already.
///
/// R'G'B' and pictures with transparency come back as they are.
pub(super) fn letterboxed(picture: PixelBuffer, usual: Size, target: Size) -> PixelBuffer {
    let (x, y, width, height) = picture.crop.unwrap_or((0, 0, picture.size.width, picture.size.height));
    let PixelFormat::Yuv(layout, depth) = picture.format else { return picture };
    if [usual, target].contains(&picture.size) || Size::new(width, height) == usual {
        return picture;
    }
    let square = square_size(Size::new(width, height), picture.pixel_aspect);
    let across = u64::from(square.width) * u64::from(target.height);
    let down = u64::from(square.height) * u64::from(target.width);
    // Sides are rounded to whole pixels, and more: no bar is that thin.
    if across.abs_diff(down) * 50 < across.max(down) || across == 0 || down == 0 {
        return picture;
    }
    // One that would be beyond what is processed is stretched.
    let longer = |side: u32, by: u64, to: u64| {
        let side = (u64::from(side) * by).div_ceil(to).next_multiple_of(4);
        u32::try_from(side).ok().filter(|side| *side <= 1 << 14)
    };
    let canvas = if across < down {
        longer(width, down, across).map(|width| Size::new(width, height))
    } else {
        longer(height, across, down).map(|height| Size::new(width, height))
    };
    let Some(canvas) = canvas else { return picture };
    let mut out = PixelBuffer::zeroed(picture.format, canvas);
    out.tag_like(&picture);
    // Multiples of 4 begin with whole chroma samples of both fields.
    let left = (canvas.width.saturating_sub(width) / 2) & !3;
    let top = (canvas.height.saturating_sub(height) / 2) & !3;
    let full = picture.color.range == Some(ColorRange::Full);
    let black = if full { 0u16 } else { 16 << (depth - 8) };
    let bytes = picture.format.component_bytes();
    let mut planes = out.make_mut();
    for index in 0..picture.format.planes() {
        let (shift_x, shift_y) = if index == 0 { (0, 0) } else { layout.chroma_shift() };
        let value = if index == 0 { black } else { 1 << (depth - 1) };
        let (plane, stride) = planes.plane(index);
        for (at, byte) in plane.iter_mut().enumerate() {
            *byte = value.to_le_bytes()[at % bytes];
        }
        let columns = (width.div_ceil(1 << shift_x)) as usize * bytes;
        let (from_x, to_x) = ((x >> shift_x) as usize * bytes, (left >> shift_x) as usize * bytes);
        for row in 0..height.div_ceil(1 << shift_y) {
            let source = picture.row(index, ((y >> shift_y) + row) as usize);
            let start = ((top >> shift_y) + row) as usize * stride + to_x;
            if let (Some(source), Some(place)) =
                (source.get(from_x..from_x + columns), plane.get_mut(start..start + columns))
            {
                place.copy_from_slice(source);
            }
        }
    }
    out
}
