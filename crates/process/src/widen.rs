use reelwright_media::{PixelBuffer, PixelPool};

use crate::turn::unit_bytes;

/// `picture` in the top left corner of one of the pool's size and its own layout, with its last column and row repeated
/// beyond. `None` where the pool's pictures are smaller or of another layout.
pub fn widen(picture: &PixelBuffer, pool: &PixelPool) -> Option<PixelBuffer> {
    let size = pool.size();
    let fits = picture.size.width <= size.width && picture.size.height <= size.height;
    if !fits || pool.format() != picture.format || picture.size.area() == 0 {
        return None;
    }
    let mut wide = pool.take();
    wide.tag_like(picture);
    for (plane, (out, stride)) in wide.make_mut().all().into_iter().enumerate() {
        let (width, rows) = picture.format.plane_size(plane, size);
        let (_, given) = picture.format.plane_size(plane, picture.size);
        let unit = unit_bytes(picture.format, plane);
        for (y, out) in out.chunks_mut(stride).take(rows).enumerate() {
            let row = picture.row(plane, y.min(given - 1));
            let (copied, beyond) = out[..width].split_at_mut(row.len());
            copied.copy_from_slice(row);
            let last = &row[row.len() - unit..];
            beyond.chunks_mut(unit).for_each(|pixel| pixel.copy_from_slice(last));
        }
    }
    Some(wide)
}

#[cfg(test)]
mod tests {
    use reelwright_media::{PixelFormat, PixelLayout, Size};

    use super::*;
    use crate::foreign::picture;

    #[test]
    fn the_edge_is_repeated() {
        let gray = PixelFormat::Yuv(PixelLayout::Gray, 8);
        let input = picture(gray, Size::new(3, 2), &[1, 2, 3, 4, 5, 6]);
        let wide = widen(&input, &PixelPool::new(gray, Size::new(4, 3))).unwrap();
        let rows: Vec<_> = (0..3).map(|y| wide.row(0, y).to_vec()).collect();
        assert_eq!(rows, [[1, 2, 3, 3], [4, 5, 6, 6], [4, 5, 6, 6]]);
        assert!(widen(&input, &PixelPool::new(gray, Size::new(2, 2))).is_none());
        assert!(widen(&input, &PixelPool::new(PixelFormat::Bgra, Size::new(4, 4))).is_none());
    }

    #[test]
    fn any_layout_is_widened() {
        for format in [PixelFormat::YUV420, PixelFormat::YUV420_10, PixelFormat::Nv12, PixelFormat::Bgra] {
            for size in [Size::new(5, 5), Size::new(6, 5), Size::new(5, 6), Size::new(1, 1)] {
                let even = Size::new(6, 6);
                let wide = widen(&PixelBuffer::zeroed(format, size), &PixelPool::new(format, even)).unwrap();
                assert_eq!((wide.size, wide.format), (even, format));
            }
        }
    }
}
