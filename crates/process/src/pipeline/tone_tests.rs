//! HDR to SDR against the standards' formulas, written down here a second time, in double precision and per pixel.

use reelwright_media::{ColorPrimaries, ContentLight, MasteringDisplay, TransferFunction};

use super::*;
use crate::foreign::{middles, patches, sample};

fn pq_eotf(signal: f64) -> f64 {
    let (m1, m2, c1, c2, c3) = (0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875);
    let p = signal.clamp(0.0, 1.0).powf(1.0 / m2);
    10_000.0 * (f64::max(p - c1, 0.0) / (c2 - c3 * p)).powf(1.0 / m1)
}

fn pq_inverse(light: f64) -> f64 {
    let (m1, m2, c1, c2, c3) = (0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875);
    let y = (light / 10_000.0).powf(m1);
    ((c1 + c2 * y) / (1.0 + c3 * y)).powf(m2)
}

/// BT.2390 for a black of zero: from cd/m² to cd/m², 203 at most.
fn shown(light: f64, peak: f64) -> f64 {
    let (e, white) =
        (f64::min(pq_inverse(light) / pq_inverse(peak), 1.0), pq_inverse(203.0) / pq_inverse(peak));
    let ks = 1.5 * white - 0.5;
    let t = (e - ks) / (1.0 - ks);
    let spline = ks * (2.0 * t.powi(3) - 3.0 * t.powi(2) + 1.0)
        + (1.0 - ks) * (t.powi(3) - 2.0 * t.powi(2) + t)
        + white * (3.0 * t.powi(2) - 2.0 * t.powi(3));
    pq_eotf(if e < ks { e } else { spline } * pq_inverse(peak))
}

/// One pixel: 10-bit BT.2020 video range codes in, BT.709 video range codes of `depth` bits out.
fn reference(codes: [i32; 3], hlg: bool, peak: f64, depth: i32) -> [f64; 3] {
    let y = (f64::from(codes[0]) - 64.0) / 876.0;
    let [cb, cr] = [codes[1], codes[2]].map(|code| (f64::from(code) - 512.0) / 896.0);
    let (kr, kb) = (0.2627, 0.0593);
    let (r, b) = (y + 2.0 * (1.0 - kr) * cr, y + 2.0 * (1.0 - kb) * cb);
    let signals = [r, (y - kr * r - kb * b) / (1.0 - kr - kb), b];
    let light = if hlg {
        let scene = signals.map(|e| {
            let (a, b, c) = (0.17883277, 0.28466892, 0.55991073);
            let e = e.clamp(0.0, 1.0);
            if e <= 0.5 { e * e / 3.0 } else { (((e - c) / a).exp() + b) / 12.0 }
        });
        let luminance: f64 = 0.2627 * scene[0] + 0.6780 * scene[1] + 0.0593 * scene[2];
        scene.map(|e| 1000.0 * luminance.powf(0.2) * e)
    } else {
        signals.map(pq_eotf)
    };
    let [r, g, b] =
        light.map(|light| if peak > 203.0 { shown(light, peak) } else { light.min(peak) } / 203.0);
    let narrow = [
        1.660491 * r - 0.587641 * g - 0.072850 * b,
        -0.124550 * r + 1.132900 * g - 0.008349 * b,
        -0.018151 * r - 0.100579 * g + 1.118730 * b,
    ];
    let [r, g, b] = narrow.map(|light| light.clamp(0.0, 1.0).powf(1.0 / 2.4));
    let y = 0.2126 * r + 0.7152 * g + 0.0722 * b;
    let unit = f64::from(1 << (depth - 8));
    [
        (16.0 + 219.0 * y) * unit,
        (128.0 + 224.0 * (b - y) / 1.8556) * unit,
        (128.0 + 224.0 * (r - y) / 1.5748) * unit,
    ]
}

fn hdr(transfer: TransferFunction) -> PixelBuffer {
    let mut input = patches(PixelFormat::YUV420_10);
    input.color = Color {
        primaries: ColorPrimaries::BT2020,
        transfer,
        matrix: ColorMatrix::BT2020,
        range: Some(ColorRange::Video),
        siting: None,
    };
    input
}

fn compare(input: &PixelBuffer, peak: f64) {
    for (format, allowed) in [(PixelFormat::YUV420, 1.0), (PixelFormat::YUV420_10, 2.0)] {
        let config = PipelineConfig {
            target_color: Color::BT709,
            ..PipelineConfig::for_picture(input, format, input.size)
        };
        let output = Pipeline::new(config, Workers::new(2)).unwrap().process(input).unwrap();
        assert_eq!(output.color, Color::BT709);
        assert_eq!((output.mastering, output.content_light), (None, None));
        for (x, y) in middles() {
            let codes = [0, 1, 2].map(|plane| sample(input, plane, x, y));
            let hlg = input.color.transfer == TransferFunction::HLG;
            let wanted = reference(codes, hlg, peak, format.bit_depth().into());
            for (plane, wanted) in wanted.into_iter().enumerate() {
                let ours = sample(&output, plane, x, y);
                assert!(
                    (f64::from(ours) - wanted.round()).abs() <= allowed,
                    "{codes:?}: plane {plane} {ours}, not {wanted:.2}"
                );
            }
        }
    }
}

#[test]
fn pq_follows_the_stated_peak() {
    let mut input = hdr(TransferFunction::PQ);
    compare(&input, 1000.0);
    input.content_light = Some(ContentLight { max: 4000, max_frame_average: 400 });
    compare(&input, 4000.0);
    let mastering = MasteringDisplay {
        primaries: [(0, 0); 3],
        white: (0, 0),
        max_luminance: 6_000_000,
        min_luminance: 50,
    };
    input.mastering = Some(mastering);
    input.content_light = Some(ContentLight { max: 0, max_frame_average: 0 });
    compare(&input, 600.0);
    input.content_light = Some(ContentLight { max: 150, max_frame_average: 20 });
    compare(&input, 150.0);
}

#[test]
fn hlg_is_rendered_first() {
    compare(&hdr(TransferFunction::HLG), 1000.0);
}

#[test]
fn hdr_that_stays_hdr_keeps_its_codes() {
    let input = hdr(TransferFunction::HLG);
    let config = PipelineConfig::for_picture(&input, input.format, input.size);
    assert!(Pipeline::new(config, Workers::new(1)).unwrap().is_passthrough());
    let mut target = PipelineConfig::for_picture(&input, input.format, input.size);
    target.target_color.transfer = TransferFunction::PQ;
    assert!(Pipeline::new(target, Workers::new(1)).is_err());
}
