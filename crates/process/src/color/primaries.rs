use reelwright_media::ColorPrimaries;

use super::matrix::{Matrix3, apply, inverse, multiply};

/// The chromaticities of red, green, blue and white (H.273, table 2).
fn chromaticities(primaries: ColorPrimaries) -> Option<[(f64, f64); 4]> {
    const D65: (f64, f64) = (0.3127, 0.3290);
    Some(match primaries {
        ColorPrimaries::BT709 => [(0.64, 0.33), (0.30, 0.60), (0.15, 0.06), D65],
        ColorPrimaries::BT470BG => [(0.64, 0.33), (0.29, 0.60), (0.15, 0.06), D65],
        ColorPrimaries::SMPTE170M | ColorPrimaries::SMPTE240M => {
            [(0.630, 0.340), (0.310, 0.595), (0.155, 0.070), D65]
        }
        ColorPrimaries::BT2020 => [(0.708, 0.292), (0.170, 0.797), (0.131, 0.046), D65],
        ColorPrimaries::P3_D65 => [(0.680, 0.320), (0.265, 0.690), (0.150, 0.060), D65],
        _ => return None,
    })
}

/// Whether colours lie beyond what SDR displays show, so that they can't stand for BT.709's without conversion.
pub(crate) fn is_wide(primaries: ColorPrimaries) -> bool {
    matches!(primaries, ColorPrimaries::BT2020 | ColorPrimaries::P3_D65)
}

/// From linear R, G, B to X, Y, Z with white at Y = 1.
pub(crate) fn to_xyz(primaries: ColorPrimaries) -> Option<Matrix3> {
    let [red, green, blue, white] = chromaticities(primaries)?.map(|(x, y)| [x / y, 1.0, (1.0 - x - y) / y]);
    let columns: Matrix3 = std::array::from_fn(|row| [red[row], green[row], blue[row]]);
    let scale = apply(&inverse(&columns), white);
    Some(std::array::from_fn(|row| std::array::from_fn(|column| columns[row][column] * scale[column])))
}

/// From linear light of one set of primaries to that of another; all of them share the white D65.
pub(crate) fn between(from: ColorPrimaries, to: ColorPrimaries) -> Option<Matrix3> {
    Some(multiply(&inverse(&to_xyz(to)?), &to_xyz(from)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_matrix() {
        // BT.2087: BT.2020 to BT.709.
        let wanted = [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]];
        let matrix = between(ColorPrimaries::BT2020, ColorPrimaries::BT709).unwrap();
        for (row, wanted) in matrix.iter().zip(wanted) {
            assert!(
                row.iter().zip(wanted).all(|(value, wanted)| (value - wanted).abs() < 1e-4),
                "{matrix:?}"
            );
        }
    }
}
