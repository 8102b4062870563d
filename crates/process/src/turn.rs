use reelwright_media::{
    ChromaSiting, FieldOrder, PixelBuffer, PixelFormat, PixelLayout, PixelPool, Rotation,
};

/// Turns the pixels clockwise by `rotation`, after mirroring them left to right where `mirror` is set.
///
/// 4:2:2 can't be turned by a quarter without resampling its chroma; it comes out as it is stored, so scale it to 4:2:0
/// or 4:4:4 first: `None`. Everything else is exact, and the stated siting of chroma turns along where that has a name.
/// The crop and the shape of a pixel turn too. A picture turned by a quarter isn't interlaced any more; its fields are woven
/// into it.
pub fn turn(picture: &PixelBuffer, rotation: Rotation, mirror: bool) -> Option<PixelBuffer> {
    if rotation == Rotation::None && !mirror {
        return Some(picture.clone());
    }
    let halved_across = matches!(
        picture.format,
        PixelFormat::Yuv(PixelLayout::Yuv422, _) | PixelFormat::Yuva(PixelLayout::Yuv422, _)
    );
    if halved_across && rotation.is_quarter() {
        return None;
    }
    let size = if rotation.is_quarter() { picture.size.turned() } else { picture.size };
    let mut target = PixelPool::new(picture.format, size).take();
    target.tag_like(picture);
    if rotation.is_quarter() {
        let aspect = picture.pixel_aspect;
        (target.pixel_aspect.num, target.pixel_aspect.den) = (aspect.den, aspect.num);
    }
    target.color.siting = picture.color.siting.map(|siting| turned_siting(siting, rotation, mirror));
    target.field_order = match rotation {
        Rotation::None => picture.field_order,
        Rotation::Half if picture.size.height.is_multiple_of(2) => picture.field_order.swapped(),
        Rotation::Half => picture.field_order,
        // Rows of both fields are columns now.
        Rotation::Clockwise90 | Rotation::Clockwise270 => FieldOrder::Progressive,
    };
    target.crop = picture.crop.map(|crop| turned_crop(crop, picture, rotation, mirror));
    for (plane, (bytes, stride)) in target.make_mut().all().into_iter().enumerate() {
        let unit = unit_bytes(picture.format, plane);
        match unit {
            1 => turn_plane::<1>(picture, plane, bytes, stride, rotation, mirror),
            2 => turn_plane::<2>(picture, plane, bytes, stride, rotation, mirror),
            _ => turn_plane::<4>(picture, plane, bytes, stride, rotation, mirror),
        }
    }
    Some(target)
}

/// Bytes that stay together: a sample, a pair of chroma samples, a packed pixel.
pub(crate) fn unit_bytes(format: PixelFormat, plane: usize) -> usize {
    match format {
        PixelFormat::Bgra | PixelFormat::Rgba => 4,
        PixelFormat::Nv12 | PixelFormat::Nv12TenBit if plane == 1 => 2 * format.component_bytes(),
        _ => format.component_bytes(),
    }
}

/// Side of the squares in which a plane is turned by a quarter, so that columns stay in the cache.
const TILE: usize = 32;

fn turn_plane<const UNIT: usize>(
    picture: &PixelBuffer,
    plane: usize,
    out: &mut [u8],
    stride: usize,
    rotation: Rotation,
    mirror: bool,
) {
    let (bytes, rows) = picture.format.plane_size(plane, picture.size);
    let width = bytes / UNIT;
    // Where the source sample (x, y) goes.
    let place = |x: usize, y: usize| {
        let x = if mirror { width - 1 - x } else { x };
        match rotation {
            Rotation::None => (x, y),
            Rotation::Clockwise90 => (rows - 1 - y, x),
            Rotation::Half => (width - 1 - x, rows - 1 - y),
            Rotation::Clockwise270 => (y, width - 1 - x),
        }
    };
    for top in (0..rows).step_by(TILE) {
        for left in (0..width).step_by(TILE) {
            for y in top..(top + TILE).min(rows) {
                let row = picture.row(plane, y);
                for x in left..(left + TILE).min(width) {
                    let (to_x, to_y) = place(x, y);
                    out[to_y * stride + to_x * UNIT..][..UNIT].copy_from_slice(&row[x * UNIT..][..UNIT]);
                }
            }
        }
    }
}

fn turned_crop(
    (x, y, width, height): (u32, u32, u32, u32),
    picture: &PixelBuffer,
    rotation: Rotation,
    mirror: bool,
) -> (u32, u32, u32, u32) {
    let right = picture.size.width.saturating_sub(x.saturating_add(width));
    let below = picture.size.height.saturating_sub(y.saturating_add(height));
    let (left, right) = if mirror { (right, x) } else { (x, right) };
    match rotation {
        Rotation::None => (left, y, width, height),
        Rotation::Clockwise90 => (below, left, height, width),
        Rotation::Half => (right, below, width, height),
        Rotation::Clockwise270 => (y, right, height, width),
    }
}

/// Siting has names for left and middle columns only; what would come to lie on the right is named left.
fn turned_siting(siting: ChromaSiting, rotation: Rotation, mirror: bool) -> ChromaSiting {
    use ChromaSiting::*;
    // Place across and down: -1 at the first sample, 0 between, 1 at the last.
    let (across, down) = match siting {
        Left => (-1, 0),
        Center => (0, 0),
        TopLeft => (-1, -1),
        Top => (0, -1),
        BottomLeft => (-1, 1),
        Bottom => (0, 1),
    };
    let across = if mirror { -across } else { across };
    let (across, down) = match rotation {
        Rotation::None => (across, down),
        Rotation::Clockwise90 => (-down, across),
        Rotation::Half => (-across, -down),
        Rotation::Clockwise270 => (down, -across),
    };
    match (across, down) {
        (0, 0) => Center,
        (0, -1) => Top,
        (0, _) => Bottom,
        (_, 0) => Left,
        (_, -1) => TopLeft,
        (..) => BottomLeft,
    }
}

#[cfg(test)]
mod tests {
    use reelwright_media::Size;

    use super::*;
    use crate::foreign::{filter, name, patches, picture, raw};

    #[test]
    fn turns_are_ffmpegs() {
        for format in [PixelFormat::YUV420, PixelFormat::YUV420_10, PixelFormat::Yuv(PixelLayout::Yuv444, 8)]
        {
            let input = patches(format);
            for (rotation, mirror, chain) in [
                (Rotation::Clockwise90, false, "transpose=clock"),
                (Rotation::Clockwise270, false, "transpose=cclock"),
                (Rotation::Half, false, "hflip,vflip"),
                (Rotation::None, true, "hflip"),
                (Rotation::Clockwise90, true, "hflip,transpose=clock"),
            ] {
                let Some(bytes) = filter(&input, chain, name(format)) else { return };
                assert!(raw(&turn(&input, rotation, mirror).unwrap()) == bytes, "{format:?} {chain}");
            }
        }
    }

    #[test]
    fn four_quarters_are_none() {
        let bytes: Vec<u8> = (0..7 * 5 + 2 * 4 * 3).map(|value| value as u8).collect();
        for format in [PixelFormat::YUV420, PixelFormat::Nv12] {
            let mut input = picture(format, Size::new(7, 5), &bytes);
            input.crop = Some((1, 0, 4, 3));
            let mut turned = input.clone();
            for _ in 0..4 {
                turned = turn(&turned, Rotation::Clockwise90, false).unwrap();
            }
            assert_eq!((raw(&turned), turned.crop, turned.size), (raw(&input), input.crop, input.size));
        }
        let wide = PixelBuffer::zeroed(PixelFormat::Yuv(PixelLayout::Yuv422, 8), Size::new(4, 4));
        assert!(turn(&wide, Rotation::Clockwise90, false).is_none());
    }
}
