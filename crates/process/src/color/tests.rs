//! Linear light and primaries against zimg.

use reelwright_media::{ColorPrimaries, PixelFormat, Size};

use super::matrix::{apply, multiply};
use super::primaries::{between, to_xyz};
use super::transfer::{HLG_GAMMA, NOMINAL_PEAK, hlg_to_scene, pq_to_light};
use crate::foreign::{filter, picture};

const SIDE: usize = 16;

/// Every pixel another colour, as R'G'B' in 8-bit codes.
fn colors() -> Vec<[u8; 3]> {
    (0..SIDE * SIDE)
        .map(|pixel| [pixel, pixel * 7 % 256, pixel * 31 % 256].map(|value| value as u8))
        .collect()
}

/// What zimg makes of [`colors`]: linear R, G, B.
fn foreign_light(chain: &str) -> Option<Vec<[f64; 3]>> {
    let size = Size::new(SIDE as u32, SIDE as u32);
    let planes =
        [1, 2, 0].map(|component| colors().iter().map(|color| color[component]).collect::<Vec<u8>>());
    let input = picture(PixelFormat::Gbr(8), size, &planes.concat());
    let bytes = filter(&input, chain, "gbrpf32le")?;
    let value = |at: usize| f64::from(f32::from_le_bytes(bytes[at * 4..][..4].try_into().unwrap()));
    let count = SIDE * SIDE;
    Some((0..count).map(|pixel| [value(pixel + 2 * count), value(pixel), value(pixel + count)]).collect())
}

/// Within what zimg, which counts in single precision, is itself off.
fn same(ours: impl Fn([f64; 3]) -> [f64; 3], theirs: &[[f64; 3]]) {
    for (color, theirs) in colors().into_iter().zip(theirs) {
        let ours = ours(color.map(|code| f64::from(code) / 255.0));
        for (ours, theirs) in ours.into_iter().zip(theirs) {
            assert!(
                (ours - theirs).abs() <= 1e-4 * theirs.abs().max(0.01),
                "{color:?}: {ours} here, {theirs} there"
            );
        }
    }
}

#[test]
fn pq_is_linearised_alike() {
    let chain = "zscale=min=gbr:rin=full:tin=smpte2084:pin=2020:t=linear:p=2020:m=gbr:r=full:npl=100:agamma=false,format=gbrpf32le";
    let Some(theirs) = foreign_light(chain) else { return };
    same(|signals| signals.map(|signal| pq_to_light(signal) / 100.0), &theirs);
}

#[test]
fn hlg_is_rendered_alike() {
    let chain = "zscale=min=gbr:rin=full:tin=arib-std-b67:pin=2020:t=linear:p=2020:m=gbr:r=full:npl=1000:agamma=false,format=gbrpf32le";
    let Some(theirs) = foreign_light(chain) else { return };
    let luminance = to_xyz(ColorPrimaries::BT2020).unwrap()[1];
    let rendered = |signals: [f64; 3]| {
        let scene = signals.map(hlg_to_scene);
        let gain: f64 = luminance
            .iter()
            .zip(scene)
            .map(|(weight, value)| weight * value)
            .sum::<f64>()
            .powf(HLG_GAMMA - 1.0);
        scene.map(|value| value * gain * NOMINAL_PEAK / 1000.0)
    };
    same(rendered, &theirs);
}

#[test]
fn primaries_are_converted_alike() {
    for (name, primaries) in [
        ("2020", ColorPrimaries::BT2020),
        ("smpte432", ColorPrimaries::P3_D65),
        ("170m", ColorPrimaries::SMPTE170M),
    ] {
        let chain = format!(
            "zscale=min=gbr:rin=full:tin=linear:pin={name}:t=linear:p=709:m=gbr:r=full,format=gbrpf32le"
        );
        let Some(theirs) = foreign_light(&chain) else { return };
        let matrix = between(primaries, ColorPrimaries::BT709).unwrap();
        same(|light| apply(&matrix, light), &theirs);
        let back = multiply(&matrix, &between(ColorPrimaries::BT709, primaries).unwrap());
        assert!((0..3).all(|row| (back[row][row] - 1.0).abs() < 1e-12));
    }
}
