//! The curves between signal and light, in double precision; what runs per pixel is made from them.

/// ITU-R BT.2408: the luminance of HDR reference white, which becomes SDR white, in cd/m².
pub(crate) const REFERENCE_WHITE: f64 = 203.0;
/// The display HLG is rendered for, and the peak of PQ pictures that don't state theirs, in cd/m².
pub(crate) const NOMINAL_PEAK: f64 = 1000.0;
/// The end of the PQ scale, in cd/m².
const PQ_PEAK: f64 = 10_000.0;

const PQ_M1: f64 = 2610.0 / 16384.0;
const PQ_M2: f64 = 2523.0 / 4096.0 * 128.0;
const PQ_C1: f64 = 3424.0 / 4096.0;
const PQ_C2: f64 = 2413.0 / 4096.0 * 32.0;
const PQ_C3: f64 = 2392.0 / 4096.0 * 32.0;

/// From a PQ signal (0 to 1) to cd/m² (SMPTE ST 2084; BT.2100 table 4).
pub(crate) fn pq_to_light(signal: f64) -> f64 {
    let power = signal.max(0.0).powf(1.0 / PQ_M2);
    PQ_PEAK * ((power - PQ_C1).max(0.0) / (PQ_C2 - PQ_C3 * power)).powf(1.0 / PQ_M1)
}

/// From cd/m² to a PQ signal.
pub(crate) fn light_to_pq(light: f64) -> f64 {
    let power = (light.max(0.0) / PQ_PEAK).powf(PQ_M1);
    ((PQ_C1 + PQ_C2 * power) / (1.0 + PQ_C3 * power)).powf(PQ_M2)
}

/// From an HLG signal to scene light, both 0 to 1 (BT.2100 table 5, inverse OETF).
pub(crate) fn hlg_to_scene(signal: f64) -> f64 {
    const A: f64 = 0.178_832_77;
    const B: f64 = 1.0 - 4.0 * A;
    let c = 0.5 - A * (4.0 * A).ln();
    let signal = signal.max(0.0);
    if signal <= 0.5 { signal * signal / 3.0 } else { (((signal - c) / A).exp() + B) / 12.0 }
}

/// The exponent of HLG's OOTF on a display of [`NOMINAL_PEAK`].
pub(crate) const HLG_GAMMA: f64 = 1.2;

/// From a BT.1886 signal to light, black at zero.
pub(crate) fn bt1886_to_light(signal: f64) -> f64 {
    signal.max(0.0).powf(2.4)
}

/// From light to a BT.1886 signal.
pub(crate) fn light_to_bt1886(light: f64) -> f64 {
    light.max(0.0).powf(1.0 / 2.4)
}

/// ITU-R BT.2390, 5.4.1: how a display of [`REFERENCE_WHITE`] shows light mastered for `peak`, both in cd/m², black at
/// zero: a shoulder in PQ space.
pub(crate) fn eetf(light: f64, peak: f64) -> f64 {
    let scale = light_to_pq(peak);
    let most = light_to_pq(REFERENCE_WHITE) / scale;
    let signal = (light_to_pq(light) / scale).min(1.0);
    if most >= 1.0 {
        return light.min(peak);
    }
    let knee = 1.5 * most - 0.5;
    if signal < knee {
        return light;
    }
    let t = (signal - knee) / (1.0 - knee);
    let (t2, t3) = (t * t, t * t * t);
    let bent = (2.0 * t3 - 3.0 * t2 + 1.0) * knee
        + (t3 - 2.0 * t2 + t) * (1.0 - knee)
        + (-2.0 * t3 + 3.0 * t2) * most;
    pq_to_light(bent * scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_points() {
        // BT.2408: reference white is 58 % PQ and 75 % HLG; BT.2100: HLG 50 % is 1/12 of scene light.
        assert!((light_to_pq(203.0) - 0.58).abs() < 0.001);
        assert!((light_to_pq(1000.0) - 0.7518).abs() < 0.0001);
        assert!((hlg_to_scene(0.5) - 1.0 / 12.0).abs() < 1e-12 && (hlg_to_scene(1.0) - 1.0).abs() < 1e-6);
        let white = NOMINAL_PEAK * hlg_to_scene(0.75).powf(HLG_GAMMA);
        assert!((white - 203.0).abs() < 1.0, "{white}");
        for light in [0.0, 0.01, 1.0, 203.0, 1000.0, 10_000.0] {
            assert!((pq_to_light(light_to_pq(light)) - light).abs() < 1e-6 * light.max(1.0));
        }
    }

    #[test]
    fn the_shoulder_meets_both_ends() {
        for peak in [400.0, 1000.0, 4000.0, 10_000.0] {
            assert!((eetf(peak, peak) - REFERENCE_WHITE).abs() < 1e-6);
            assert_eq!(eetf(10.0, peak), 10.0);
            let steps: Vec<f64> = (0..1000).map(|step| eetf(f64::from(step) * peak / 999.0, peak)).collect();
            assert!(steps.windows(2).all(|pair| pair[0] <= pair[1]));
        }
        assert_eq!(eetf(300.0, 150.0), 150.0);
    }
}
