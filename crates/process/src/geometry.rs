use reelwright_media::{Ratio, Size};

/// The size a picture of `size` has on a screen with square pixels: the width is stretched or squeezed by the shape of
/// a pixel, the height stays.
pub fn square_size(size: Size, pixel_aspect: Ratio) -> Size {
    let (num, den) = (u64::from(pixel_aspect.num), u64::from(pixel_aspect.den.max(1)));
    let width = (u64::from(size.width) * num * 2 + den) / (den * 2);
    Size::new(u32::try_from(width.max(1)).unwrap_or(u32::MAX), size.height)
}

/// The size at which a picture of `size` (of square pixels: see [`square_size`]) fits into `limit`: scaled down to touch it, aspect kept, never
/// enlarged, sides rounded to the nearest multiple of `align` but not above the limit, and at least one `align`.
///
/// Apple's rule for export presets: 1920x1080 into 568x360 with multiples of 8 is 568x320.
pub fn fit_inside(size: Size, limit: Size, align: u32) -> Size {
    let align = align.max(1);
    let (width, height) = (u64::from(size.width.max(1)), u64::from(size.height.max(1)));
    let (max_width, max_height) = (u64::from(limit.width.max(1)), u64::from(limit.height.max(1)));
    // The side that touches the box has the smaller quotient.
    let (num, den) =
        if width * max_height >= height * max_width { (max_width, width) } else { (max_height, height) };
    let (num, den) = if num >= den { (1, 1) } else { (num, den) };
    let side = |length: u64, max: u64| {
        let step = u64::from(align);
        let scaled = (length * num * 2 + den) / (den * 2);
        let rounded = (length * num * 2 + den * step) / (den * step * 2) * step;
        let largest = max.max(scaled) / step * step;
        u32::try_from(rounded.min(largest).max(step)).unwrap_or(u32::MAX)
    };
    Size::new(side(width, max_width), side(height, max_height))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(size: (u32, u32), limit: (u32, u32), align: u32) -> (u32, u32) {
        let fitted = fit_inside(Size::new(size.0, size.1), Size::new(limit.0, limit.1), align);
        (fitted.width, fitted.height)
    }

    #[test]
    fn published_examples() {
        assert_eq!(fit((1920, 1080), (568, 360), 8), (568, 320));
        assert_eq!(fit((1920, 1080), (224, 144), 8), (224, 128));
        assert_eq!(fit((640, 480), (568, 360), 8), (480, 360));
        assert_eq!(fit((640, 480), (224, 144), 8), (192, 144));
        assert_eq!(fit((1080, 1920), (1280, 720), 2), (406, 720));
        assert_eq!(fit((1080, 1920), (1920, 1080), 2), (608, 1080));
    }

    #[test]
    fn pixels_are_made_square() {
        let square =
            |width, height, num, den| square_size(Size::new(width, height), Ratio::new(num, den).unwrap());
        assert_eq!(square(1440, 1080, 4, 3), Size::new(1920, 1080));
        assert_eq!(square(720, 576, 16, 15), Size::new(768, 576));
        assert_eq!(square(640, 360, 1, 1), Size::new(640, 360));
    }

    #[test]
    fn never_enlarged_and_always_even() {
        assert_eq!(fit((640, 360), (1280, 720), 2), (640, 360));
        assert_eq!(fit((639, 359), (1280, 720), 2), (640, 360));
        assert_eq!(fit((1, 1), (1280, 720), 2), (2, 2));
        assert_eq!(fit((8192, 16), (1280, 720), 2), (1280, 2));
    }
}
