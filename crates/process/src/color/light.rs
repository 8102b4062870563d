use reelwright_media::{
    Color, ColorPrimaries, ContentLight, Error, MasteringDisplay, Result, TransferFunction,
};

use super::primaries::{between, is_wide, to_xyz};
use super::transfer::{
    HLG_GAMMA, NOMINAL_PEAK, REFERENCE_WHITE, bt1886_to_light, eetf, hlg_to_scene, light_to_bt1886,
    pq_to_light,
};

/// The brightest light a PQ picture was made with, in cd/m²: MaxCLL where known, else the mastering display's peak, else
/// 1000.
pub fn source_peak(mastering: Option<MasteringDisplay>, light: Option<ContentLight>) -> f64 {
    let stated = light.map(|light| f64::from(light.max)).filter(|&peak| peak > 0.0);
    let mastered =
        || mastering.map(|display| f64::from(display.max_luminance) / 10_000.0).filter(|&peak| peak > 0.0);
    stated.or_else(mastered).unwrap_or(NOMINAL_PEAK).min(10_000.0)
}

/// A conversion that has to go through linear light: HDR to SDR, or wide primaries to narrow ones.
///
/// HDR becomes SDR so: HLG is rendered for a display of 1000 cd/m² by the OOTF of BT.2100; the EETF of BT.2390 maps each
/// of R, G and B from the source's peak to 203 cd/m², the reference white of BT.2408, which becomes SDR white; primaries
/// are converted in linear light and clipped; the signal follows the inverse of BT.1886.
pub(crate) struct Light {
    decode: Table,
    hlg: Option<Ootf>,
    primaries: [[f32; 3]; 3],
    encode: Curve,
}

/// HLG's rendering and what the EETF makes of it.
struct Ootf {
    luminance: [f32; 3],
    gain: Curve,
    display: Curve,
}

impl Light {
    /// What has to be done between two colours; `None` where nothing has to. `peak` is the source's in cd/m².
    ///
    /// # Errors
    ///
    /// [`reelwright_media::ErrorKind::Misuse`] for a picture without a stated transfer function that is to become HDR,
    /// [`reelwright_media::ErrorKind::Unsupported`] for a conversion to HDR or between kinds of HDR.
    pub(crate) fn between(source: &Color, target: &Color, peak: f64) -> Result<Option<Self>> {
        if target.is_hdr() && source.transfer != target.transfer {
            let name = |color: &Color| color.transfer.name().unwrap_or("unnamed");
            if source.transfer == TransferFunction::UNSPECIFIED {
                let message =
                    format!("the picture doesn't say what its values mean, and {} is wanted", name(target));
                return Err(Error::misuse(message).with_hint(
                    "tag the picture with its colour: `PixelPool::tagged`, or `color` of the `PixelBuffer`",
                ));
            }
            return Err(Error::unsupported(format!(
                "{} can't be converted to {}",
                name(source),
                name(target)
            )));
        }
        if source.is_hdr() == target.is_hdr() {
            let differs = source.primaries != target.primaries
                && (is_wide(source.primaries) || is_wide(target.primaries));
            let stated = source.primaries != ColorPrimaries::UNSPECIFIED
                && target.primaries != ColorPrimaries::UNSPECIFIED;
            if !differs || !stated {
                return Ok(None);
            }
            if target.is_hdr() {
                return Err(Error::unsupported("the primaries of an HDR picture can't be changed"));
            }
            let primaries = single(source.primaries, target.primaries)?;
            return Ok(Some(Self {
                decode: Table::of(bt1886_to_light),
                hlg: None,
                primaries,
                encode: Curve::of(light_to_bt1886),
            }));
        }
        let wide = if source.primaries == ColorPrimaries::UNSPECIFIED {
            ColorPrimaries::BT2020
        } else {
            source.primaries
        };
        let primaries = single(wide, target.primaries)?;
        let encode = Curve::of(light_to_bt1886);
        let shown = move |light: f64, peak: f64| eetf(light, peak) / REFERENCE_WHITE;
        if source.transfer == TransferFunction::PQ {
            return Ok(Some(Self {
                decode: Table::of(|signal| shown(pq_to_light(signal), peak)),
                hlg: None,
                primaries,
                encode,
            }));
        }
        let xyz = to_xyz(wide).ok_or_else(|| unknown(wide))?;
        let hlg = Ootf {
            luminance: xyz[1].map(|value| value as f32),
            gain: Curve::of(|luminance| luminance.powf(HLG_GAMMA - 1.0)),
            display: Curve::of(|light| shown(light * NOMINAL_PEAK, NOMINAL_PEAK)),
        };
        Ok(Some(Self { decode: Table::of(hlg_to_scene), hlg: Some(hlg), primaries, encode }))
    }

    /// Converts R'G'B' signals from 0 to 1 in place. One short loop a step, which compilers turn into vectors.
    #[inline(always)]
    pub(crate) fn convert(&self, [red, green, blue]: [&mut [f32]; 3]) {
        let count = red.len().min(green.len()).min(blue.len());
        let (red, green, blue) = (&mut red[..count], &mut green[..count], &mut blue[..count]);
        for row in [&mut *red, &mut *green, &mut *blue] {
            row.iter_mut().for_each(|value| *value = self.decode.at(*value));
        }
        if let Some(hlg) = &self.hlg {
            let [r, g, b] = hlg.luminance;
            for index in 0..count {
                let gain = hlg.gain.at(r * red[index] + g * green[index] + b * blue[index]);
                red[index] *= gain;
                green[index] *= gain;
                blue[index] *= gain;
            }
            for row in [&mut *red, &mut *green, &mut *blue] {
                row.iter_mut().for_each(|value| *value = hlg.display.at(*value));
            }
        }
        let m = &self.primaries;
        for index in 0..count {
            let light = [red[index], green[index], blue[index]];
            red[index] = m[0][0] * light[0] + m[0][1] * light[1] + m[0][2] * light[2];
            green[index] = m[1][0] * light[0] + m[1][1] * light[1] + m[1][2] * light[2];
            blue[index] = m[2][0] * light[0] + m[2][1] * light[1] + m[2][2] * light[2];
        }
        for row in [red, green, blue] {
            row.iter_mut().for_each(|value| *value = self.encode.at(*value));
        }
    }
}

fn single(from: ColorPrimaries, to: ColorPrimaries) -> Result<[[f32; 3]; 3]> {
    let matrix = between(from, to).ok_or_else(|| unknown(from))?;
    Ok(matrix.map(|row| row.map(|value| value as f32)))
}

fn unknown(primaries: ColorPrimaries) -> Error {
    let name = primaries.name().map_or_else(|| primaries.0.to_string(), str::to_owned);
    Error::unsupported(format!("colours with the primaries {name} can't be converted"))
}

/// A function of a signal from 0 to 1: equal steps, straight lines between. Each entry is a value and the way to the
/// next.
struct Table(Box<[[f32; 2]; TABLE]>);

const TABLE: usize = 4096;

impl Table {
    fn of(function: impl Fn(f64) -> f64) -> Self {
        let mut entries = Box::new([[0.0; 2]; TABLE]);
        for (index, entry) in entries.iter_mut().enumerate() {
            let at = |index: usize| function(index as f64 / TABLE as f64);
            *entry = [at(index) as f32, (at(index + 1) - at(index)) as f32];
        }
        Self(entries)
    }

    #[inline(always)]
    fn at(&self, signal: f32) -> f32 {
        let place = (signal * TABLE as f32).max(0.0).min(TABLE as f32 - 0.5);
        // The whole number below, without a checked conversion; where two lines meet, either will do.
        let shifted = (place - 0.5) + WHOLE;
        let [value, way] = self.0[shifted.to_bits() as usize % TABLE];
        value + way * (place - (shifted - WHOLE))
    }
}

/// Added to a number not far from zero, leaves it, rounded, in the lowest bits.
const WHOLE: f32 = 12_582_912.0;

/// A function of light from 0 to 1: as many steps in each octave, straight lines between, so that the dark end, where
/// signals are steep, is as exact as the bright one.
struct Curve(Box<[[f32; 2]; CURVE]>);

const CURVE: usize = 2048;
/// Steps of an octave, as bits of the mantissa.
const STEP_BITS: u32 = 6;
const OCTAVES: u32 = (CURVE as u32) >> STEP_BITS;
/// The float 2^-32, where the curve begins, as bits.
const BEGIN: u32 = (127 - OCTAVES) << 23;
const END: u32 = 127 << 23;

impl Curve {
    fn of(function: impl Fn(f64) -> f64) -> Self {
        let mut entries = Box::new([[0.0; 2]; CURVE]);
        for (index, entry) in (0..).zip(entries.iter_mut()) {
            let at = |index: u32| function(f64::from(f32::from_bits(BEGIN + (index << (23 - STEP_BITS)))));
            *entry = [at(index) as f32, (at(index + 1) - at(index)) as f32];
        }
        Self(entries)
    }

    #[inline(always)]
    fn at(&self, light: f32) -> f32 {
        let bits = light.max(f32::from_bits(BEGIN)).min(f32::from_bits(END - 1)).to_bits() - BEGIN;
        let [value, way] = self.0[(bits >> (23 - STEP_BITS)) as usize % CURVE];
        let part = (bits & ((1 << (23 - STEP_BITS)) - 1)) as i32 as f32;
        value + way * part * (1.0 / (1 << (23 - STEP_BITS)) as f32)
    }
}
