use std::fmt;

/// A width and a height, in pixels unless said otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Size {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

impl Size {
    /// `width` by `height`.
    pub const fn new(width: u32, height: u32) -> Self {
        Self { width, height }
    }

    /// Width and height exchanged, as a quarter turn does.
    #[must_use]
    pub const fn turned(self) -> Self {
        Self { width: self.height, height: self.width }
    }

    /// Pixels in all.
    pub const fn area(self) -> u64 {
        self.width as u64 * self.height as u64
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

/// An exact quotient of two counts, such as a pixel aspect ratio (width : height of one pixel) or a frame rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ratio {
    /// What stands above the line.
    pub num: u32,
    /// What stands below the line; readers replace zero before they hand a ratio on.
    pub den: u32,
}

impl Ratio {
    /// One to one.
    pub const ONE: Self = Self { num: 1, den: 1 };

    /// `num : den`, reduced; `None` where either is zero.
    pub const fn new(num: u32, den: u32) -> Option<Self> {
        if num == 0 || den == 0 {
            return None;
        }
        let (mut a, mut b) = (num, den);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        Some(Self { num: num / a, den: den / a })
    }

    /// The quotient as a float, for display.
    pub fn to_f64(self) -> f64 {
        f64::from(self.num) / f64::from(self.den)
    }
}

impl From<u32> for Ratio {
    fn from(whole: u32) -> Self {
        Self { num: whole, den: 1 }
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.num, self.den)
    }
}

/// The part of the coded picture that is meant to be seen (`clap`, ISO/IEC 14496-12, 12.1.4), as stored: eight
/// numbers, numerator and denominator of width, height, horizontal and vertical offset of the centre.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CleanAperture {
    /// Width in pixels, as numerator and denominator.
    pub width: (u32, u32),
    /// Height in pixels, as numerator and denominator.
    pub height: (u32, u32),
    /// Offset of the centre to the right, as signed numerator and denominator.
    pub offset_x: (i32, u32),
    /// Offset of the centre downwards, as signed numerator and denominator.
    pub offset_y: (i32, u32),
}

impl CleanAperture {
    /// The whole-pixel rectangle (x, y, width, height) inside a coded picture of `coded`, or `None` where the
    /// fractions make no sense or leave the picture.
    pub fn rect(&self, coded: Size) -> Option<(u32, u32, u32, u32)> {
        let quotient = |(num, den): (u32, u32)| (den != 0).then(|| f64::from(num) / f64::from(den));
        let signed = |(num, den): (i32, u32)| (den != 0).then(|| f64::from(num) / f64::from(den));
        let (width, height) = (quotient(self.width)?, quotient(self.height)?);
        let x = (f64::from(coded.width) - width) / 2.0 + signed(self.offset_x)?;
        let y = (f64::from(coded.height) - height) / 2.0 + signed(self.offset_y)?;
        let whole = |value: f64| (value >= 0.0 && value <= f64::from(u32::MAX)).then(|| value.round() as u32);
        let (x, y, width, height) = (whole(x)?, whole(y)?, whole(width)?, whole(height)?);
        let inside = width > 0
            && height > 0
            && x.checked_add(width)? <= coded.width
            && y.checked_add(height)? <= coded.height;
        inside.then_some((x, y, width, height))
    }
}

/// The transformation matrix of a track or movie (ISO/IEC 14496-12, 6.2.2; QuickTime), as stored:
/// `[a b u c d v x y w]`, with a, b, c, d, x, y in 16.16 and u, v, w in 2.30 fixed point.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Matrix(pub [i32; 9]);

const ONE_16: i32 = 0x1_0000;
const ONE_30: i32 = 0x4000_0000;

impl Matrix {
    /// Leaves the picture as it is.
    pub const IDENTITY: Self = Self([ONE_16, 0, 0, 0, ONE_16, 0, 0, 0, ONE_30]);

    /// The matrix that shows a picture of `size` turned by `rotation`, moved so that its corner stays at (0, 0).
    pub fn rotation(rotation: Rotation, size: Size) -> Self {
        let fixed = |pixels: u32| i32::try_from(u64::from(pixels) << 16).unwrap_or(i32::MAX);
        let (width, height) = (fixed(size.width), fixed(size.height));
        let [a, b, c, d, x, y] = match rotation {
            Rotation::None => [ONE_16, 0, 0, ONE_16, 0, 0],
            Rotation::Clockwise90 => [0, ONE_16, -ONE_16, 0, height, 0],
            Rotation::Half => [-ONE_16, 0, 0, -ONE_16, width, height],
            Rotation::Clockwise270 => [0, -ONE_16, ONE_16, 0, 0, width],
        };
        Self([a, b, 0, c, d, 0, x, y, ONE_30])
    }

    /// The quarter turn this matrix makes and whether it mirrors left and right before turning, going by the signs
    /// of a, b, c, d alone (translations are often wrong in the wild); `None` where it isn't a multiple of 90°.
    pub fn orientation(&self) -> Option<(Rotation, bool)> {
        let [a, b, _, c, d, ..] = self.0.map(i32::signum);
        Some(match (a, b, c, d) {
            (1, 0, 0, 1) => (Rotation::None, false),
            (0, 1, -1, 0) => (Rotation::Clockwise90, false),
            (-1, 0, 0, -1) => (Rotation::Half, false),
            (0, -1, 1, 0) => (Rotation::Clockwise270, false),
            (-1, 0, 0, 1) => (Rotation::None, true),
            (0, -1, -1, 0) => (Rotation::Clockwise90, true),
            (1, 0, 0, -1) => (Rotation::Half, true),
            (0, 1, 1, 0) => (Rotation::Clockwise270, true),
            _ => return None,
        })
    }

    /// The matrix as it was meant: itself where it maps a plane to a plane, with the missing scale where only that is zero;
    /// `None` where nothing would be left of a picture, as of the zeros some writers fill in.
    pub fn made_regular(&self) -> Option<Self> {
        let [a, b, u, c, d, v, x, y, w] = self.0.map(i128::from);
        // With all nine in units of 2^-30 or 2^-16 the terms have one common factor.
        let whole = a * (d * w - v * y) - b * (c * w - v * x) + u * (c * y - d * x);
        if whole != 0 {
            return Some(*self);
        }
        let plane = a * d - b * c;
        if plane == 0 || w != 0 || u != 0 || v != 0 {
            return None;
        }
        let mut scaled = *self;
        scaled.0[8] = ONE_30;
        Some(scaled)
    }

    /// Clockwise turn in degrees of the matrix's x axis, 0 to 359, rounded.
    pub fn degrees(&self) -> u32 {
        if let Some((rotation, _)) = self.orientation() {
            return rotation.degrees();
        }
        let angle = f64::from(self.0[1]).atan2(f64::from(self.0[0])).to_degrees().rem_euclid(360.0);
        (angle.round() as u32) % 360
    }

    /// First `self`, then `next`: the product used for track times movie matrix.
    #[must_use]
    pub fn then(&self, next: &Self) -> Self {
        let bits = |column: usize| if column == 2 { 30 } else { 16 };
        let mut out = [0i32; 9];
        for row in 0..3 {
            for column in 0..3 {
                let sum: i64 = (0..3)
                    .map(|k| (i64::from(self.0[row * 3 + k]) * i64::from(next.0[k * 3 + column])) >> bits(k))
                    .sum();
                out[row * 3 + column] = sum.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32;
            }
        }
        Self(out)
    }
}

impl Default for Matrix {
    fn default() -> Self {
        Self::IDENTITY
    }
}

impl fmt::Debug for Matrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, _, c, d, _, x, y, _] = self.0.map(|value| f64::from(value) / f64::from(ONE_16));
        write!(f, "[{a} {b} {c} {d} {x} {y}]")
    }
}

/// A clockwise turn by a multiple of 90°.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Rotation {
    /// Upright as stored.
    #[default]
    None,
    /// A quarter turn clockwise.
    Clockwise90,
    /// Upside down.
    Half,
    /// A quarter turn counter-clockwise.
    Clockwise270,
}

impl Rotation {
    /// Degrees clockwise.
    pub const fn degrees(self) -> u32 {
        match self {
            Self::None => 0,
            Self::Clockwise90 => 90,
            Self::Half => 180,
            Self::Clockwise270 => 270,
        }
    }

    /// Whether width and height change places.
    pub const fn is_quarter(self) -> bool {
        matches!(self, Self::Clockwise90 | Self::Clockwise270)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotations_are_read_back() {
        for rotation in [Rotation::None, Rotation::Clockwise90, Rotation::Half, Rotation::Clockwise270] {
            let matrix = Matrix::rotation(rotation, Size::new(1280, 720));
            assert_eq!(matrix.orientation(), Some((rotation, false)));
            assert_eq!(matrix.then(&Matrix::IDENTITY), matrix);
        }
        let mirrored = Matrix([-ONE_16, 0, 0, 0, ONE_16, 0, 0, 0, ONE_30]);
        assert_eq!(mirrored.orientation(), Some((Rotation::None, true)));
    }

    #[test]
    fn a_matrix_that_leaves_nothing_is_none() {
        let turned = Matrix::rotation(Rotation::Clockwise90, Size::new(1280, 720));
        assert_eq!(turned.made_regular(), Some(turned));
        let mut unscaled = turned;
        unscaled.0[8] = 0;
        assert_eq!(unscaled.made_regular(), Some(turned));
        let flat = Matrix([ONE_16, ONE_16, 0, ONE_16, ONE_16, 0, 0, 0, ONE_30]);
        let line = Matrix([ONE_16, 0, 0, 0, 0, 0, 0, 0, ONE_30]);
        assert_eq!([Matrix([0; 9]), flat, line].map(|matrix| matrix.made_regular()), [None; 3]);
        // Half the size, mirrored, and moved: nothing to mend.
        let half = Matrix([-ONE_16 / 2, 0, 0, 0, ONE_16 / 2, 0, 640 * ONE_16, 0, ONE_30]);
        assert_eq!(half.made_regular(), Some(half));
    }

    #[test]
    fn clean_aperture_is_centred() {
        let aperture =
            CleanAperture { width: (1920, 1), height: (1080, 1), offset_x: (0, 1), offset_y: (-8, 2) };
        assert_eq!(aperture.rect(Size::new(1920, 1088)), Some((0, 0, 1920, 1080)));
        assert_eq!(aperture.rect(Size::new(1280, 720)), None);
    }
}
