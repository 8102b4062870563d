use reelwright_media::{Color, ColorMatrix, ColorPrimaries, ColorRange, Error, PixelFormat, Result, Size};

use crate::scale::WORK_BITS;

/// Three rows of three.
pub(crate) type Matrix3 = [[f64; 3]; 3];

const IDENTITY: Matrix3 = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];

pub(crate) fn multiply(a: &Matrix3, b: &Matrix3) -> Matrix3 {
    std::array::from_fn(|row| std::array::from_fn(|column| (0..3).map(|k| a[row][k] * b[k][column]).sum()))
}

pub(crate) fn apply(matrix: &Matrix3, vector: [f64; 3]) -> [f64; 3] {
    std::array::from_fn(|row| (0..3).map(|k| matrix[row][k] * vector[k]).sum())
}

/// The inverse; every matrix here has one, being made of primaries that span a triangle.
pub(crate) fn inverse(m: &Matrix3) -> Matrix3 {
    let minor = |row: usize, column: usize| {
        let (r, c) = ([(row + 1) % 3, (row + 2) % 3], [(column + 1) % 3, (column + 2) % 3]);
        m[r[0]][c[0]] * m[r[1]][c[1]] - m[r[0]][c[1]] * m[r[1]][c[0]]
    };
    let determinant: f64 = (0..3).map(|column| m[0][column] * minor(0, column)).sum();
    std::array::from_fn(|row| std::array::from_fn(|column| minor(column, row) / determinant))
}

/// A linear map of three components with an offset.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Affine {
    pub(crate) matrix: Matrix3,
    pub(crate) offset: [f64; 3],
}

impl Affine {
    /// First `self`, then `next`.
    pub(crate) fn then(&self, next: &Self) -> Self {
        let moved = apply(&next.matrix, self.offset);
        Self {
            matrix: multiply(&next.matrix, &self.matrix),
            offset: std::array::from_fn(|row| moved[row] + next.offset[row]),
        }
    }

    pub(crate) fn inverse(&self) -> Self {
        let matrix = inverse(&self.matrix);
        Self { matrix, offset: apply(&matrix, self.offset).map(|value| -value) }
    }
}

/// Colour with nothing left open that the sums need.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Coding {
    matrix: ColorMatrix,
    range: ColorRange,
    /// Y'CbCr planes; without, R'G'B'.
    yuv: bool,
    depth: u8,
}

impl Coding {
    /// What the code values of a picture mean. Where the matrix isn't stated: BT.2020 with its primaries, BT.601 up to
    /// 576 lines, BT.709 above. Where the range isn't: video range for Y'CbCr, full for R'G'B'.
    pub(crate) fn of(format: PixelFormat, color: &Color, size: Size) -> Self {
        let matrix = match color.matrix {
            ColorMatrix::UNSPECIFIED if color.primaries == ColorPrimaries::BT2020 => ColorMatrix::BT2020,
            ColorMatrix::UNSPECIFIED if size.height <= 576 => ColorMatrix::SMPTE170M,
            ColorMatrix::UNSPECIFIED => ColorMatrix::BT709,
            ColorMatrix::BT470BG => ColorMatrix::SMPTE170M,
            stated => stated,
        };
        let yuv = format.is_yuv();
        let matrix = if yuv { matrix } else { ColorMatrix::RGB };
        let range = color.range.unwrap_or(if yuv { ColorRange::Video } else { ColorRange::Full });
        Self { matrix, range, yuv, depth: format.bit_depth() }
    }

    /// Whether code values of both mean the same, but for a power of two where the depth differs.
    pub(crate) fn same(&self, other: &Self) -> bool {
        let scaled = self.range == ColorRange::Video || self.depth == other.depth;
        self.matrix == other.matrix && self.range == other.range && self.yuv == other.yuv && scaled
    }

    /// The code values of black.
    pub(crate) fn black(&self) -> [f32; 3] {
        let unit = f32::from(1u16 << (self.depth - 8));
        let luma = if self.range == ColorRange::Video { 16.0 * unit } else { 0.0 };
        let other = if self.yuv && self.matrix != ColorMatrix::RGB { 128.0 * unit } else { luma };
        [luma, other, other]
    }

    /// From code values scaled to [`WORK_BITS`] to R'G'B' from 0 to 1.
    ///
    /// # Errors
    ///
    /// [`reelwright_media::ErrorKind::Unsupported`] for matrices that aren't linear in R'G'B'.
    pub(crate) fn to_rgb(self) -> Result<Affine> {
        let work = f64::from(1 << WORK_BITS);
        let steps = 2f64.powi(i32::from(self.depth));
        let (black, luma, chroma) = match self.range {
            ColorRange::Video => (work / 16.0, work * 219.0 / 256.0, work * 224.0 / 256.0),
            ColorRange::Full => (0.0, work * (steps - 1.0) / steps, work * (steps - 1.0) / steps),
        };
        let differences = self.yuv && self.matrix != ColorMatrix::RGB;
        let (zero, chroma) = if differences { (work / 2.0, chroma) } else { (black, luma) };
        let unit = |scale: f64, offset: f64| (1.0 / scale, -offset / scale);
        let parts = [unit(luma, black), unit(chroma, zero), unit(chroma, zero)];
        let mut scaled = Affine { matrix: IDENTITY, offset: parts.map(|part| part.1) };
        for (index, part) in parts.iter().enumerate() {
            scaled.matrix[index][index] = part.0;
        }
        let matrix = match (self.yuv, differences) {
            (false, _) => IDENTITY,
            // Stored as G, B, R.
            (true, false) => [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]],
            (true, true) => inverse(&differences_of(self.matrix)?),
        };
        Ok(scaled.then(&Affine { matrix, offset: [0.0; 3] }))
    }
}

/// From R'G'B' to Y'CbCr, luma from 0 to 1 and chroma from -0.5 to 0.5 (H.273, 8.3).
fn differences_of(matrix: ColorMatrix) -> Result<Matrix3> {
    let (red, blue) = match matrix {
        ColorMatrix::BT709 => (0.2126, 0.0722),
        ColorMatrix::FCC => (0.30, 0.11),
        ColorMatrix::BT470BG | ColorMatrix::SMPTE170M => (0.299, 0.114),
        ColorMatrix::SMPTE240M => (0.212, 0.087),
        ColorMatrix::BT2020 => (0.2627, 0.0593),
        other => {
            let name = other.name().map_or_else(|| other.0.to_string(), str::to_owned);
            return Err(Error::unsupported(format!(
                "colours coded with the matrix {name} can't be converted"
            )));
        }
    };
    let green = 1.0 - red - blue;
    let (cb, cr) = (0.5 / (1.0 - blue), 0.5 / (1.0 - red));
    Ok([
        [red, green, blue],
        [-red * cb, -green * cb, (1.0 - blue) * cb],
        [(1.0 - red) * cr, -green * cr, -blue * cr],
    ])
}
